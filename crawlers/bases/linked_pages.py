"""Lists of links with their dates, the newest first, each to a page of its own that is read once."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Iterator
from typing import Any, ClassVar
from urllib.parse import urljoin

from bs4 import BeautifulSoup, Tag
from scrapy import Request
from scrapy.http import Response

from crawlers.base import Output, Records
from crawlers.bases.html_list import HtmlSpider
from crawlers.bases.newest_first import WHOLE
from crawlers.errors import html_instead, shape
from crawlers.text import iso_day


class LinkedPagesSpider(HtmlSpider):
    """Lists are walked to their end once, then as far as they show what was not read. A subclass says where they are and
    reads the pages."""

    lists: ClassVar[tuple[str, ...]]
    place: ClassVar[str]
    """What holds the rows of a list (a CSS selector); a page without it is another page."""
    number: ClassVar[re.Pattern[str]]
    """How the address of a linked page ends, with the publisher's id in it."""
    following: ClassVar[str] = ""
    """The link to the next page of a list (a CSS selector); without one a list is its first page."""

    async def start(self) -> AsyncIterator[Request]:
        """The first page of each list."""
        for url in self.lists:
            yield self.ask(url, self.read_list, entry=True)

    def read_linked(self, response: Response, number: str, title: str, listed_on: str) -> Output:
        """A linked page, with what the list says of it."""
        raise NotImplementedError

    def read_list(self, response: Response) -> Output:
        """A page of a list: what it leads to that was not read, and the next page while there is something to find."""
        soup = self.html(response)
        entries = [self._entry(row, response.url) for row in self._rows(soup, response)]
        fresh = [entry for entry in entries if not self.is_read(entry["number"]) and self._wanted(entry)]
        for entry in fresh:
            yield self.ask(entry.pop("url"), self.read_linked, unit=entry["number"], **entry)
        if self.following:
            yield from self._onward(response, soup, bool(fresh))

    def _rows(self, soup: BeautifulSoup, response: Response) -> Iterator[Tag]:
        places = soup.select(self.place)
        if not places:
            raise html_instead(response.url, response.body)
        rows = [row for place in places for row in place.find_all("li")]
        if not rows and any(place.get_text(strip=True) for place in places):
            raise shape(response.url, "the list holds text, but no rows")
        return iter(rows)

    def _onward(self, response: Response, soup: BeautifulSoup, found: bool) -> Output:
        following, since = soup.select_one(self.following), self.job.options.since
        if following and (found or not (since or WHOLE in self.job.units)):
            yield self.ask(urljoin(response.url, str(following["href"])), self.read_list)
        elif not following and not since:
            yield self.page(response, Records(), unit=WHOLE)

    def _entry(self, row: Tag, url: str) -> dict[str, Any]:
        link, stated = row.find("a", href=True), row.find("span")
        found = self.number.search(str(link["href"])) if link else None
        if link is None or found is None or stated is None:
            raise shape(url, f"a row leads to no page of ours, or has no date: {row.get_text(' ', strip=True)[:80]}")
        return {"number": found[1], "url": urljoin(url, str(link["href"])),
                "title": str(link.get("title") or link.get_text()), "listed_on": stated.get_text(strip=True)}

    def _wanted(self, entry: dict[str, Any]) -> bool:
        since, listed = self.job.options.since, iso_day(entry["listed_on"])
        return since is None or listed is None or listed >= since
