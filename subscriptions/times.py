"""Moments as mails say them."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

from subscriptions.phrases import is_chinese

HERE = ZoneInfo("Asia/Shanghai")
"""The time zone of the readers."""


def day(value: datetime, lang: str, zone: ZoneInfo = HERE) -> str:
    """The date of a moment where the readers, or one of them, are."""
    here = value.astimezone(zone)
    return f"{here:%Y-%m-%d}" if is_chinese(lang) else f"{here.day} {here:%b %Y}"


def moment(value: datetime, lang: str, zone: ZoneInfo = HERE) -> str:
    """A moment where the readers, or one of them, are."""
    return f"{day(value, lang, zone)}{'' if is_chinese(lang) else ','} {value.astimezone(zone):%H:%M}"
