"""Gazettes: one answer a day of publication, of which the newest may still grow."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from datetime import date, timedelta
from typing import ClassVar

from scrapy import Request
from scrapy.http import Response

from crawlers.base import Output, SourceSpider
from domain import clock


class DailySpider(SourceSpider):
    """Asks for the answers of days, the newest first. Days of the last ``settles`` are read in every run; older ones until
    they were found to hold something, since an empty answer may also be one that failed. A subclass says where the answer
    of a day is and reads it; it marks one that holds something by the unit ``str(day)``."""

    first_load: ClassVar[timedelta] = timedelta(days=30)
    """How far back the first run goes."""
    settles: ClassVar[timedelta] = timedelta(days=10)
    """How long after its day something may still be added."""
    gives_up: ClassVar[timedelta] = timedelta(days=20)
    """How long a day that holds nothing is asked for."""

    def day_url(self, day: date) -> str:
        """Where the answer of a day is."""
        raise NotImplementedError

    def read_day(self, response: Response, day: str) -> Output:
        """The answer of a day, given as in ISO 8601."""
        raise NotImplementedError

    async def start(self) -> AsyncIterator[Request]:
        """The days to read."""
        today = clock.today()
        for day in self._days(today):
            yield self.ask(self.day_url(day), self.read_day, unit=str(day), archive=today - day > self.settles, day=str(day))

    def _days(self, today: date) -> Iterator[date]:
        since, units = self.job.options.since, self.job.units
        oldest = since or today - (self.gives_up if units else self.first_load)
        for age in range((today - oldest).days + 1):
            day = today - timedelta(days=age)
            if str(day) in units and day < today - self.settles and not since:
                self.job.account.known += 1
            else:
                yield day
