"""What the day makes of a deadline: its states, the moment at which it has passed, when followers are reminded of it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

from domain import clock
from domain.market import INTERNATIONAL, MARKETS, country_name
from domain.vocabulary import Label

CLOSING = timedelta(days=14)
"""So long before its end a comment period is closing."""
STEPS = (30, 14, 7, 3)
"""So many days before a deadline its followers are reminded."""
_FIRST, _LAST = date(1900, 1, 1), date(9000, 1, 1)
"""Days beyond these are mistakes of a publisher, whose moments cannot be computed everywhere."""


class DeadlineKind(StrEnum):
    """The dates of a notice that followers are reminded of: comment 评议截止, effective 生效日期."""

    COMMENT = "comment"
    EFFECTIVE = "effective"


class DeadlineState(StrEnum):
    """open 可评议, closing 14 天内截止 (open too), closed 已截止. What states no deadline is none of them."""

    OPEN = "open"
    CLOSING = "closing"
    CLOSED = "closed"


DEADLINE_STATES: Mapping[str, Label] = {
    DeadlineState.OPEN: Label("open", "可评议", "Open for comment"),
    DeadlineState.CLOSING: Label("closing", "14 天内截止", "Closing within 14 days"),
    DeadlineState.CLOSED: Label("closed", "评议已截止", "Closed"),
}
"""What each is called."""


def deadline_spans() -> dict[DeadlineState, tuple[date, date]]:
    """The first and the last deadline of each state today."""
    today = clock.today()
    return {DeadlineState.OPEN: (today, date.max), DeadlineState.CLOSING: (today, today + CLOSING),
            DeadlineState.CLOSED: (date.min, today - timedelta(days=1))}


def deadline_states(deadline: date | None) -> frozenset[str]:
    """The states of a deadline today; none without one. A deadline is open to the end of its day."""
    if deadline is None:
        return frozenset()
    return frozenset(state.value for state, (first, last) in deadline_spans().items() if first <= deadline <= last)


def closes_at(day: date, market: str) -> datetime:
    """The moment at which a comment deadline has passed: the end of its day where the market is governed. Of a market whose
    time we do not know, the end of the day in UTC."""
    return datetime.combine(min(max(day, _FIRST), _LAST), time(), _zone(market) or UTC) + timedelta(days=1)


def _zone(market: str) -> ZoneInfo | None:
    return ZoneInfo(MARKETS[market].time_zone) if market in MARKETS else None


def days_left(day: date, what: DeadlineKind, market: str, zone: ZoneInfo) -> int:
    """The days to a deadline as a reader counts them, 0 on its last one; negative once it has passed. Where the market's day
    ends after the reader's, the morning after is still the last day of a comment deadline."""
    now = clock.now()
    left = (day - now.astimezone(zone).date()).days
    if what is DeadlineKind.EFFECTIVE:
        return left
    return max(left, 0) if now < closes_at(day, market) else min(left, -1)


def reminder(on: date, today: date, since: date) -> int | None:
    """The step that a follower is to be reminded of, if it has not been told yet: the last one reached. None before the
    first, and where it was reached no later than the day since when they know the deadline. What was missed is told by
    the last step reached alone."""
    reached = [step for step in STEPS if since < on - timedelta(days=step) <= today <= on]
    return min(reached, default=None)


_PLACES = {INTERNATIONAL: Label(INTERNATIONAL, "日内瓦", "Geneva")}
"""Where markets that are no place are governed."""
_ZONES = {"Asia/Shanghai": Label("Asia/Shanghai", "北京时间", "Beijing time")}


def closing_text(day: date, market: str, zone: ZoneInfo, lang: str) -> str:
    """A comment deadline in the time of its market and of a reader in ``zone``, in Chinese or English."""
    place = _PLACES[market].name(lang) if market in _PLACES else country_name(market, lang)
    ends_at = closes_at(day, market)
    here = ends_at.astimezone(zone)
    name = _ZONES[zone.key].name(lang) if zone.key in _ZONES else f"{zone.key} {'时间' if _is_chinese(lang) else 'time'}"
    if _is_chinese(lang):
        until = f"{day.isoformat()}（{place}当地时间 24:00 前"
        same, then = f"，与{name}相同", f"，即{name} {_date(here, day, lang)} {here:%H:%M}"
    else:
        until = f"{day.day} {day:%b %Y} (until the end of the day, {place}"
        same, then = f", the same as {name}", f", that is {here:%H:%M} on {_date(here, day, lang)}, {name}"
    if _zone(market) is not None and _FIRST <= day <= _LAST:
        until += same if here.replace(tzinfo=None) == ends_at.replace(tzinfo=None) else then
    return until + ("）" if _is_chinese(lang) else ")")


def _is_chinese(lang: str) -> bool:
    return lang.startswith("zh")


def _date(here: datetime, day: date, lang: str) -> str:
    """A date near a day, with its year where that is another."""
    if _is_chinese(lang):
        return f"{f'{here.year} 年 ' if here.year != day.year else ''}{here.month} 月 {here.day} 日"
    return f"{here.day} {here:%b}{f' {here.year}' if here.year != day.year else ''}"
