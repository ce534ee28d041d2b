"""Listings that show the newest first, page by page: walked to their end once, then only as far as something may change."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable
from datetime import date, timedelta
from typing import Any, ClassVar

from scrapy import Request
from scrapy.http import Response

from crawlers.base import Output, Records, SourceSpider
from domain.notice import Notice

WHOLE = "whole listing"
"""The unit that says that the listing was once walked to its end; before that no run stops early."""


class NewestFirstSpider(SourceSpider):
    """Asks for page after page, the first one being 1. A subclass says where a page is and reads it."""

    look_back: ClassVar[timedelta]
    """How far before the newest known notice a run looks again."""
    disorder: ClassVar[timedelta] = timedelta(0)
    """How much later than the notices above it one may be dated."""

    async def start(self) -> AsyncIterator[Request]:
        """The first page."""
        yield self.ask_page(1)

    def page_url(self, number: int) -> str:
        """Where a page is."""
        raise NotImplementedError

    def read_page(self, response: Response, number: int) -> Output:
        """A page, and what follows from it."""
        raise NotImplementedError

    def ask_page(self, number: int) -> Request:
        """The request for a page."""
        return self.ask(self.page_url(number), self.read_page, entry=number == 1, number=number)

    def turned(self, response: Response, records: Records, number: int, *, ended: bool, walked: bool) -> Output:
        """The records of a page, and the next page unless the listing has ``ended`` or nothing follows that is looked at;
        ``walked`` says that all of it was read."""
        yield self.page(response, records, unit=WHOLE if walked else "")
        if not ended and not (self.may_stop() and self.is_old(records.notices)):
            yield self.ask_page(number + 1)

    def may_stop(self) -> bool:
        """Whether a run need not walk the listing to its end: that was done once, or a part was asked for."""
        return bool(self.job.options.since) or WHOLE in self.job.units

    def is_old(self, notices: list[Notice]) -> bool:
        """Whether nothing follows a page of these notices that a run still looks at; see ``are_old``."""
        return self.are_old(notice.published_on for notice in notices)

    def are_old(self, published: Iterable[date | None]) -> bool:
        """Whether all of a page is dated before the day asked for, or else ``look_back`` before the newest notice known."""
        newest = self.job.run.newest_on
        since = self.job.options.since
        oldest = since - self.disorder if since else newest - self.look_back if newest else None
        dates = [day for day in published if day]
        return bool(oldest and dates and max(dates) < oldest)


class CountedListSpider(NewestFirstSpider):
    """Every page states how many records there are in all. One without any ends the run, incomplete if that is too early."""

    def listed(self, response: Response) -> tuple[list[Any], int]:
        """The records of a page, and how many there are in all. Raises SourceError for a page that cannot be used."""
        raise NotImplementedError

    def notice(self, record: Any, url: str) -> Notice:
        """The notice of a record. Raises InvalidValue for one that makes none."""
        raise NotImplementedError

    def read_page(self, response: Response, number: int) -> Output:
        """One page, and the next one while there is something to find."""
        listed, total = self.listed(response)
        account = self.job.account
        records = self.each(response, listed, lambda record: self.notice(record, response.url))
        account.got += len(listed)
        ended = not listed or account.got >= total
        if ended:
            account.stated = total
        walked = ended and account.got >= total > 0 and not (account.losses or account.bad or self.job.options.since)
        yield from self.turned(response, records, number, ended=ended, walked=walked)
