"""Quiet hours: when a person wants no mail that can wait."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

DAY = 24 * 60


@dataclass(frozen=True, slots=True)
class Quiet:
    """From one minute of the day until another, half-open, by the clock of the person; they may lie around midnight.
    Raises ValueError for what is no minute of the day, and for hours that never end."""

    begin: int
    end: int

    def __post_init__(self) -> None:
        if not (0 <= self.begin < DAY and 0 <= self.end < DAY) or self.begin == self.end:
            raise ValueError(f"these are no quiet hours: {self.begin} to {self.end}")

    def until(self, time_zone: str, now: datetime) -> datetime | None:
        """When the quiet hours end that are at ``now``; None when there are none."""
        zone = ZoneInfo(time_zone)
        here = now.astimezone(zone)
        minute = here.hour * 60 + here.minute
        if self.begin < self.end:
            is_quiet, days = self.begin <= minute < self.end, 0
        else:
            is_quiet, days = minute >= self.begin or minute < self.end, int(minute >= self.begin)
        if not is_quiet:
            return None
        on = here.date() + timedelta(days=days)
        ends = datetime.combine(on, time(self.end // 60, self.end % 60), zone).astimezone(UTC)
        return max(ends, now)  # in an hour that a clock shows twice, the end may have been in the first
