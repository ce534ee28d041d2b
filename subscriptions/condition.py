"""What mails say of the condition of sources: to the operator state by state, to readers in plain words."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from domain import clock
from domain.health import HealthState
from storage.health import Noted
from storage.outages import Outage
from storage.publishers import SourceName
from subscriptions import names
from subscriptions.inert import one_line, web_link
from subscriptions.phrases import is_chinese
from subscriptions.times import moment


@dataclass(frozen=True, slots=True)
class Report:
    """Sources that the operator has to look at, by what is new about them: those that broke (or are in another state now),
    recovered, and are as they were. ``changes`` counts, by source, the states noted since the last report, ``upto`` which
    is the last of those."""

    broken: tuple[Noted, ...]
    recovered: tuple[Noted, ...]
    still: tuple[Noted, ...]
    changes: Mapping[str, int]
    upto: int


@dataclass(frozen=True, slots=True)
class StateLine:
    """A source in the operator's mail. ``changes`` is how often its state changed since the last one."""

    title: str
    slug: str
    state: str
    since: str
    why: str
    page_url: str
    changes: int


@dataclass(frozen=True, slots=True)
class OutageLine:
    """A source that readers may miss news of, or did: ``words`` are the operator's where it was paused, ``days`` how long it
    lasted until now or, when it is over, until ``until``."""

    title: str
    publisher: str
    market: str
    since: str
    until: str
    days: int
    why: str
    words: str
    official_url: str
    page_url: str
    news_url: str
    caught_up: int
    relevant: int


def state_line(noted: Noted, changes: int, sources: Mapping[str, SourceName], base_url: str, lang: str) -> StateLine:
    """A source for the operator."""
    title, _ = called(noted.slug, sources, lang)
    return StateLine(title, noted.slug, names.state(noted.state, lang), moment(noted.since, lang),
                     one_line(noted.reason.text(lang), 300), f"{base_url}/sources/{noted.slug}", changes)


def outage_line(outage: Outage, sources: Mapping[str, SourceName], base_url: str, lang: str) -> OutageLine:
    """A source for readers."""
    title, publisher = called(outage.slug, sources, lang)
    return OutageLine(
        title, publisher, names.place(outage.market, lang), moment(outage.since, lang),
        moment(outage.until, lang) if outage.until else "", ((outage.until or clock.now()) - outage.since).days,
        names.why_missed(outage.state, lang),
        one_line(outage.reason.text(lang), 300) if outage.state is HealthState.PAUSED else "",
        web_link(outage.url), f"{base_url}/sources/{outage.slug}",
        f"{base_url}/?source={outage.slug}&scope=all&sort=date", outage.caught_up, outage.relevant)


def called(slug: str, sources: Mapping[str, SourceName], lang: str) -> tuple[str, str]:
    """The title of a source and its publisher."""
    name = sources.get(slug)
    if name is None:
        return slug, ""
    return (name.title_zh, name.publisher_zh) if is_chinese(lang) else (name.title, name.publisher)
