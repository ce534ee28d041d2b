"""What a digest calls itself, and the time that it is for."""

from __future__ import annotations

from zoneinfo import ZoneInfo

from domain.subscription import Frequency
from subscriptions.news import News
from subscriptions.phrases import say
from subscriptions.times import moment

NAMES = {Frequency.DAILY: "每日摘要", Frequency.WEEKLY: "每周摘要", Frequency.MONTHLY: "每月摘要"}
"""Phrases."""


def digest_name(news: News, lang: str) -> str:
    """The digests that a mail is, such as ``每日摘要``; empty when it is none."""
    return say("、", lang).join(say(NAMES[each.run.frequency], lang) for each in news.digests)


def digest_window(news: News, lang: str) -> str:
    """From when until when it was found what a digest tells, by the clock of the person; empty when it is none."""
    if not news.digests:
        return ""
    zone = ZoneInfo(news.person.time_zone)
    since, until = min(each.since for each in news.digests), max(each.run.cut_at for each in news.digests)
    return say("{since} 至 {until}", lang, since=moment(since, lang, zone), until=moment(until, lang, zone))
