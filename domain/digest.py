"""The calendar of digests: at which moments they are cut, where their readers are."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from domain.subscription import Frequency

HOME = "Asia/Shanghai"
"""The time zone of readers who have said no other, and whose zone says none."""
MORNING = time(8)


@dataclass(frozen=True, slots=True)
class Cut:
    """A digest is for what was found before ``at``; what is found at that moment waits for the next one."""

    frequency: Frequency
    on: date
    time_zone: str
    at: datetime


def newest(frequency: Frequency, time_zone: str, now: datetime) -> Cut:
    """The last cut that is not after ``now``. Where a clock jumps over eight o'clock, or a calendar over a whole day, the
    cut is when eight hours would have passed without the jump; where it shows eight o'clock twice, at the first.

    Raises ValueError for ``immediate``, which has no cuts."""
    on = _begin(frequency, now.astimezone(ZoneInfo(time_zone)).date() + timedelta(days=1))
    while (found := _cut(frequency, on, time_zone)).at > now:
        on = _begin(frequency, on - timedelta(days=1))
    return found


def following(frequency: Frequency, time_zone: str, now: datetime) -> Cut:
    """The first cut after ``now``. Raises ValueError for ``immediate``."""
    on = _begin(frequency, newest(frequency, time_zone, now).on)
    while (found := _cut(frequency, on, time_zone)).at <= now:
        on = _next(frequency, on)
    return found


def _cut(frequency: Frequency, on: date, time_zone: str) -> Cut:
    return Cut(frequency, on, time_zone, datetime.combine(on, MORNING, ZoneInfo(time_zone)).astimezone(UTC))


def _begin(frequency: Frequency, on: date) -> date:
    """The last day of a digest that is not after ``on``."""
    if frequency is Frequency.DAILY:
        return on
    if frequency is Frequency.WEEKLY:
        return on - timedelta(days=on.weekday())
    if frequency is Frequency.MONTHLY:
        return on.replace(day=1)
    raise ValueError(f"{frequency} has no cuts")


def _next(frequency: Frequency, on: date) -> date:
    """The day of the digest after the one of ``on``."""
    days = {Frequency.DAILY: 1, Frequency.WEEKLY: 7, Frequency.MONTHLY: 31}[frequency]
    return _begin(frequency, on + timedelta(days=days))
