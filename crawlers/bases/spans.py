"""Sources that answer about spans of days, up to a cap: spans are halved until each is below it, then read page by page."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, ClassVar

from scrapy import Request
from scrapy.http import Response

from crawlers.base import Output
from crawlers.bases.json_api import JsonApiSpider
from crawlers.errors import shape
from crawlers.items import Withdrawal
from domain import clock
from domain.notice import Notice


@dataclass(frozen=True, slots=True)
class Span:
    """Days from ``start`` on, of one ``part`` of a source that is asked part by part."""

    start: date
    days: int
    part: str = ""

    @property
    def end(self) -> date:
        """The last day."""
        return self.start + timedelta(days=self.days - 1)

    @property
    def name(self) -> str:
        """The unit of a span that is settled."""
        return f"{self.part} {self.start} {self.end}".strip()

    def halves(self) -> tuple[Span, Span]:
        """The later half and the earlier one."""
        half = self.days // 2
        return Span(self.start + timedelta(days=half), half, self.part), Span(self.start, half, self.part)

    def holds(self, unit: str) -> bool:
        """Whether the span of a unit is a part of this one."""
        *part, first, last = unit.rsplit(" ", 2)
        return "".join(part) == self.part and self.start.isoformat() <= first and last <= self.end.isoformat()


@dataclass(frozen=True, slots=True)
class Listed:
    """What a page of a span says: how many records the span holds, those of this page, and the next page if there is one."""

    count: int
    records: list[Any]
    following: str = ""


class SpanSpider(JsonApiSpider):
    """Spans of days, the newest first. All records lie in ``days`` (a power of two) from ``first`` on, a span that is halved
    again and again at the same days, whenever it is asked for. Settled spans that were read whole are left alone; the rest
    is read in every run."""

    first: ClassVar[date]
    days: ClassVar[int]
    cap: ClassVar[int]
    """Records of a span from which on not all of them can be had."""
    ahead: ClassVar[timedelta] = timedelta(0)
    """How long before its day a record may be listed."""
    settles: ClassVar[timedelta]
    """How long after its end a span is still read in every run."""
    parts: ClassVar[tuple[str, ...]] = ("",)

    def span_url(self, span: Span, first: date, last: date) -> str:
        """Where the first page of a span is, of which the days from ``first`` to ``last`` are wanted."""
        raise NotImplementedError

    def listed(self, response: Response, span: Span, page: int) -> Listed:
        """What a page says. Raises SourceError for one that cannot be used."""
        raise NotImplementedError

    def notice(self, value: Any, span: Span, url: str) -> Notice:
        """The notice of a record. Raises InvalidValue for one that makes none."""
        raise NotImplementedError

    def withdrawals(self, records: list[Any]) -> tuple[Withdrawal, ...]:
        """What a page of records says is withdrawn."""
        return ()

    async def start(self) -> AsyncIterator[Request]:
        """The spans to read."""
        for part in self.parts:
            for request in self._ask(Span(self.first, self.days, part)):
                yield request

    def _ask(self, span: Span) -> Iterator[Request]:
        since, ahead = self.job.options.since, clock.today() + self.ahead
        while span.days > 1 and span.halves()[0].start > ahead:
            span = span.halves()[1]
        if span.start > ahead or (since and span.end < since):
            return
        if span.name in self.job.units:
            self.job.account.known += 1
        elif any(map(span.holds, self.job.units)):
            for half in span.halves():
                yield from self._ask(half)
        else:
            settled = span.end + self.settles < clock.today()
            url = self.span_url(span, max(span.start, since or span.start), min(span.end, ahead))
            yield self.ask(url, self.read_page, entry=not settled, archive=settled, start=span.start.isoformat(),
                           days=span.days, part=span.part, unit_of=span.name if settled and not since else "")

    def read_page(self, response: Response, start: str, days: int, part: str, unit_of: str, page: int = 1,
                  held: int = 0) -> Output:
        """A page of a span, of which ``held`` records are stored, and the next page; or the halves of a span that is too
        large."""
        span = Span(date.fromisoformat(start), days, part)
        found = self.listed(response, span, page)
        if page == 1 and found.count >= self.cap:
            if days == 1:
                raise shape(response.url, f"a single day reaches the cap of {self.cap} documents")
            yield from (request for half in span.halves() for request in self._ask(half))
            return
        account = self.job.account
        if page == 1:
            account.stated = (account.stated or 0) + found.count
        account.got += len(found.records)
        records = self.each(response, found.records, lambda record: self.notice(record, span, response.url))
        held += len(records.notices) + len(records.known)
        whole = not found.following and held >= found.count and not account.error
        yield self.page(response, records, unit=unit_of if whole else "", withdrawals=self.withdrawals(found.records))
        if found.following:
            request = self.ask(found.following, self.read_page, archive=response.meta["archive"], start=start, days=days,
                               part=part, unit_of=unit_of, page=page + 1, held=held)
            yield request.replace(priority=1)  # a span is read to its end before the next is begun
