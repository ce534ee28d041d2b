"""Singapore's safety alerts and recalls of consumer products: a page a category, with tables of notices on PDF."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from datetime import date
from typing import ClassVar
from urllib.parse import quote

from bs4 import BeautifulSoup, Tag
from scrapy import Request
from scrapy.http import Response

from crawlers.base import Output
from crawlers.bases.html_list import HtmlSpider, text_of, title_of
from crawlers.errors import html_instead, shape
from crawlers.fields import Fields
from crawlers.hazards import hazards
from crawlers.text import day, line
from domain.errors import InvalidValue
from domain.notice import Notice, NoticeKind
from domain.source import Expectation, Listing, Publisher, Source

SITE = "https://www.consumerproductsafety.gov.sg"
ALERTS = "/consumers/safety-alerts-and-recalls/"
FILES = "/files/"

_COLUMNS = Fields(("Date", "Title"))
_HEADING = re.compile(r"\W*product\s+(recalls|safety\s+alerts)\W*", re.I)
_DATE = re.compile(r"(?P<first>\d{1,2} [A-Za-z]+ \d{4})(?: \(updated on (?P<updated>\d{1,2} [A-Za-z]+ \d{4})\))?", re.I)
_MEASURES = {NoticeKind.RECALL: ("recall_end_users",), NoticeKind.FOREIGN_NOTIFICATION: ("warning",)}


@dataclass(frozen=True, slots=True)
class _Row:
    date: str
    title: str
    path: str
    heading: str


class SgCpso(HtmlSpider):
    """The index of categories, then each category's page."""

    fields = _COLUMNS
    card: ClassVar[Source] = Source(
        slug="sg_cpso",
        title="Consumer Product Safety Office of Singapore: safety alerts and recalls",
        title_zh="新加坡消费品安全办公室：安全警示与召回",
        publisher=Publisher("Consumer Product Safety Office (Singapore)", "新加坡消费品安全办公室（CPSO）",
                            "https://www.consumerproductsafety.gov.sg/", "SG"),
        market="SG",
        url=SITE + ALERTS,
        hosts=("www.consumerproductsafety.gov.sg",),
        licence="Terms of use of the Singapore government website; the notices on PDF are third parties'",
        listing=Listing.WINDOW,
        expectation=Expectation(min_items=150, max_silence_days=240),
        parser_version=1,
        summary_zh="新加坡消费品召回与安全警示（电器、移动电源、玩具、家具等），2018 年以来，标题与 PDF 链接。",
        summary="Recalls and safety alerts of consumer products in Singapore since about 2018 (electrical goods, power "
                "banks, toys, furniture and others): title and link to the notice on PDF.",
        caveats=(
            "Only date, title and category can be read; model, batch and origin stand in the PDF.",
            "Hazards are known only where the title names them.",
            "Notices that stand as text at the head of a page, and in no table, are left out; most appear in both.",
            "Circulars to suppliers and the list of controlled goods are left out.",
            "Entries that the publisher removes stay here.",
        ),
        caveats_zh=(
            "只能读取日期、标题和类别；型号、批号和原产地在 PDF 中。",
            "只有标题写明危害时才有危害信息。",
            "只以文字形式写在页首、不在表格中的通知未收录；多数通知两处都有。",
            "不收录致供应商的通函和受管制商品清单。",
            "发布机构删除的条目在此仍保留。",
        ),
    )

    async def start(self) -> AsyncIterator[Request]:
        """The index."""
        yield self.ask(SITE + ALERTS, self.read_index, entry=True)

    def read_index(self, response: Response) -> Output:
        """The categories."""
        soup = self.html(response)
        pages = {str(link["href"]): text_of(link) for link in soup.find_all("a", href=True)
                 if str(link["href"]).startswith(ALERTS) and str(link["href"]) != ALERTS}
        if not pages:
            ours = "safety alerts and recalls" in title_of(soup).lower()
            raise (shape(response.url, "it leads to no category") if ours else html_instead(response.url, response.body))
        for path, name in pages.items():
            yield self.ask(SITE + path, self.read_category, unit=path, name=name)

    def read_category(self, response: Response, name: str) -> Output:
        """The notices of a category."""
        soup = self.html(response)
        if name.casefold() not in title_of(soup).casefold():
            raise html_instead(response.url, response.body)
        rows = list(self._rows(soup, response.url))
        linked = len(soup.find_all("a", href=is_file))
        if linked and not rows:
            raise shape(response.url, f"it links to {linked} notices, but none stands in a table")
        if linked > len(rows):
            self.warn("a notice that stands in no table", response.url)
        notices = self.each(response, rows, lambda row: self._notice(row, name))
        yield self.page(response, notices, unit=response.meta["unit"])

    def _rows(self, soup: BeautifulSoup, url: str) -> Iterator[_Row]:
        for table in soup.find_all("table"):
            if not table.find("a", href=is_file):
                continue
            body = table.find("tbody")
            if body is None:
                raise shape(url, "the table has no <tbody>")
            first, *rows = table.find_all("tr") or [body]
            heads = [text_of(cell) for cell in first.find_all(("th", "td"))]
            self.warn_of_fields(_COLUMNS.check(dict.fromkeys(heads), url, "a table's head"), url)
            heading = table.find_previous(string=is_heading)
            for row in rows:
                yield self._row(row, heads, line(str(heading or "")), url)

    @staticmethod
    def _row(row: Tag, heads: list[str], heading: str, url: str) -> _Row:
        cells = [text_of(cell) for cell in row.find_all("td")]
        if len(cells) != len(heads):
            raise shape(url, f"a row has {len(cells)} cells, the table {len(heads)} columns")
        by_name, link = dict(zip(heads, cells, strict=True)), row.find("a", href=is_file)
        return _Row(by_name["Date"], by_name["Title"], str(link["href"]).strip() if link else "", heading)

    def _notice(self, row: _Row, category: str) -> Notice:
        if not row.path:
            raise InvalidValue(f"there is no notice behind {row.title!r}"[:200])
        kind, found = kind_of(row), _DATE.fullmatch(row.date)
        published = self.dated(english_day(found["first"]) if found else None, row.date, "Date")
        return Notice(
            source=self.card.slug, external_id=row.path, kind=kind, market="SG", title=row.title,
            url=SITE + quote(row.path, safe="/%"), published_on=published,
            updated_on=english_day(found["updated"] or "") if found else None,
            product=row.title if kind is NoticeKind.FOREIGN_NOTIFICATION else "", category=category, notifying_country="SG",
            hazards=hazards(row.title, ()), measures=_MEASURES[kind],
            raw={"Date": row.date, "Title": row.title, "file": row.path, "heading": row.heading, "category": category},
        )


def is_file(href: str | None) -> bool:
    """Whether a link leads to a notice."""
    return bool(href and href.strip().startswith(FILES))


def is_heading(text: str | None) -> bool:
    """Whether a text says what a table below it holds."""
    return bool(text and _HEADING.fullmatch(text))


def kind_of(row: _Row) -> NoticeKind:
    """What the table's heading says, else the file's name, else the title."""
    heading = _HEADING.fullmatch(row.heading)
    said = heading[1].lower() if heading else row.path.rpartition("/")[2].lower()
    if not re.search("recall|alert", said):
        said = row.title.lower()
    return NoticeKind.RECALL if "recall" in said else NoticeKind.FOREIGN_NOTIFICATION


def english_day(text: str) -> date | None:
    """The date in "2 Jun 2026" or "2 June 2026"."""
    return day(text, "%d %b %Y", "%d %B %Y")
