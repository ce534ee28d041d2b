"""Tables on web pages, read by BeautifulSoup: one page, or page after page until as many rows are read as are stated."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import ClassVar

from bs4 import BeautifulSoup, Tag
from scrapy.http import Response, TextResponse

from crawlers.base import Output, SourceSpider
from crawlers.bases.newest_first import NewestFirstSpider
from crawlers.errors import SourceError, html_instead, is_html, not_parsable, shape, too_large
from crawlers.fields import Fields
from crawlers.text import line
from domain.notice import Notice

LONGEST_PAGE = 4_000_000
"""Bytes; the tree of a page takes up to fifty times its size in memory. The largest known has 1.2 million."""


def text_of(element: Tag) -> str:
    """The text of an element on one line, its parts apart."""
    return line(element.get_text(" "))


def title_of(soup: BeautifulSoup) -> str:
    """The title of a page, or nothing."""
    return text_of(soup.title) if soup.title else ""


@dataclass(frozen=True, slots=True)
class Row:
    """A row of a table: the texts of its cells by column, the element, and the heading it stands under."""

    cells: dict[str, str]
    element: Tag
    section: str = ""


class HtmlSpider(SourceSpider):
    """A spider that reads web pages."""

    def html(self, response: Response) -> BeautifulSoup:
        """An answer as a web page. Raises NotParsable for one that is none, NoAnswer for one too large."""
        if not is_html(response) or not isinstance(response, TextResponse):
            raise not_parsable(response.url, "HTML", "it is no web page")
        if len(response.body) > LONGEST_PAGE:
            raise too_large(response.url, f"a page of {len(response.body):,} bytes, {LONGEST_PAGE:,} are read")
        return BeautifulSoup(self.text(response, "HTML"), "lxml")


class HtmlTableSpider(HtmlSpider):
    """Reads the table of a page."""

    columns: ClassVar[Fields]
    title: ClassVar[str]
    """What the title of every page of the list says, by which a page in its place is told apart."""
    has_sections: ClassVar[bool] = False
    """Whether a single cell as wide as the table is the heading of the rows below it."""

    def rows(self, soup: BeautifulSoup, url: str) -> list[Row]:
        """The rows of the table with our columns. Raises Blocked when the page is another one, ShapeChanged when it is
        ours but built otherwise."""
        headings, table = self._table(soup, url)
        self.warn_of_fields(self.columns.check(dict.fromkeys(headings), url, "the table's head"), url)
        self.columns.check_all(set(headings), url)
        bodies = table.find_all("tbody", recursive=False)
        if not bodies:
            raise shape(url, "the table has no <tbody>")
        rows = [row for body in bodies for row in body.find_all("tr", recursive=False)]
        if not rows and any(body.get_text(strip=True) for body in bodies):
            raise shape(url, "the table holds text, but no rows")
        return list(self._sectioned((row for row in rows if not row.find("th", recursive=False)), headings, url))

    def _sectioned(self, rows: Iterable[Tag], headings: list[str], url: str) -> Iterator[Row]:
        section = ""
        for row in rows:
            cells = row.find_all("td", recursive=False)
            if self.has_sections and len(cells) == 1 and cells[0].get("colspan") == str(len(headings)):
                section = cells[0].get_text(" ", strip=True)
            else:
                yield self._row(row, headings, section, url)

    def _table(self, soup: BeautifulSoup, url: str) -> tuple[list[str], Tag]:
        for table in soup.find_all("table"):
            headings = [heading.get_text(" ", strip=True) for heading in table.find_all("th")
                        if heading.find_parent("table") is table]
            if self.columns.required.intersection(headings):
                return headings, table
        raise self._another_page(soup, url)

    def _another_page(self, soup: BeautifulSoup, url: str) -> SourceError:
        if self.title in title_of(soup):
            return shape(url, "there is no table with the columns of the list")
        return html_instead(url, soup.encode())

    @staticmethod
    def _row(row: Tag, headings: list[str], section: str, url: str) -> Row:
        cells = [cell.get_text(" ", strip=True) for cell in row.find_all("td", recursive=False)]
        if len(cells) != len(headings):
            raise shape(url, f"a row has {len(cells)} cells, the table {len(headings)} columns")
        return Row(dict(zip(headings, cells, strict=True)), row, section)


class HtmlListSpider(HtmlTableSpider, NewestFirstSpider):
    """Pages of one table. An empty table before the stated number of rows is reached ends the run as incomplete: some sites
    stop answering deep in a list. A run then asks no further; what it read is stored. A first load is tried to its end
    twice (ADR 4); later runs go back to where they find nothing but what they know."""

    total: ClassVar[re.Pattern[str]]
    """How the page states its ``rows`` and its own number, ``page``."""

    def notice(self, row: Row, url: str) -> Notice:
        """The notice of a row. Raises InvalidValue for one that makes none."""
        raise NotImplementedError

    def read_page(self, response: Response, number: int) -> Output:
        """One page, and the next one while there is something to find."""
        soup = self.html(response)
        rows = self.rows(soup, response.url)
        total = self._total(soup, response.url, number if rows else None)
        account = self.job.account
        account.got += len(rows)
        records = self.each(response, rows, lambda row: self.notice(row, response.url))
        ended = not rows or account.got >= total
        if ended:
            account.stated = total
        walked = ended and account.got > 0 and not self.job.options.since
        yield from self.turned(response, records, number, ended=ended, walked=walked)

    def may_stop(self) -> bool:
        """As in the base, but a listing that cannot be had whole is walked to its end until notices may alert."""
        return super().may_stop() and (bool(self.job.options.since) or self.job.run.alerting)

    def _total(self, soup: BeautifulSoup, url: str, number: int | None) -> int:
        """How many rows are stated, on the page with this number (None: an empty one, which may call itself any)."""
        found = self.total.search(soup.get_text())
        if found is None:
            raise shape(url, "it does not state how many rows there are")
        rows = int(found["rows"].replace(",", ""))
        if rows and number is not None and int(found["page"]) != number:
            raise shape(url, f"it says that it is page {found['page']}, page {number} was asked for")
        return rows
