"""India's products under compulsory certification: the table of quality control orders of the Bureau of Indian Standards."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import date, timedelta
from typing import ClassVar

from scrapy.http import Response

from crawlers.bases.dump import DumpSpider
from crawlers.bases.html_list import HtmlTableSpider, Row
from crawlers.errors import shape
from crawlers.fields import Fields
from crawlers.text import day, line, links
from domain.errors import InvalidValue
from domain.notice import MATERIAL_FIELDS, Notice, NoticeKind
from domain.source import Expectation, Listing, Publisher, Source

LIST = "https://www.bis.gov.in/product-certification/products-under-compulsory-certification/"

_STANDARD = re.compile(r"\bIS(?:\s?/\s?(?:ISO|IEC|ISO/IEC))?\s*:?\s*\d+")
_ORDER = re.compile(r"\b(?P<series>G\.?\s?S\.?\s?R|S\.?\s?O)\b\.?\s*(?:No\.?\s*)?(?P<number>\d+)\s*\(\s?E\s?\)", re.I)
_DATE = re.compile(r"\b(?P<day>\d{1,2})(?:st|nd|rd|th)?[\s./-]+(?P<month>\d{1,2}|[A-Za-z]{3,9})[\s.,/-]+(?P<year>\d{4})\b")
_ENDED = re.compile(r"\bde-?notified\b|\bwas rescinded\b", re.I)


class InBisQco(DumpSpider, HtmlTableSpider):
    """One page. A standard may stand in several rows, for several products or under several orders: it is one notice."""

    card: ClassVar[Source] = Source(
        slug="in_bis_qco",
        title="India: products under compulsory BIS certification (quality control orders)",
        title_zh="印度标准局（BIS）强制认证产品清单（质量控制令 QCO）",
        publisher=Publisher("Bureau of Indian Standards", "印度标准局（BIS）", "https://www.bis.gov.in/", "IN"),
        market="IN",
        url=LIST,
        hosts=("www.bis.gov.in",),
        licence="© Bureau of Indian Standards; terms of reuse not stated at the page; orders are in the Gazette of India",
        listing=Listing.FULL,
        expectation=Expectation(min_items=500, max_silence_days=365),
        parser_version=1,
        # as far as an order of the list (Scheme I) makes it compulsory
        numbers=(r"IS(?: ?/ ?(?:ISO|IEC))* ?:? ?\d.*", r"(?:S\.O\.|G\.S\.R\.) ?\d+ ?\(E\)"),
        summary_zh="印度质量控制令规定须经 BIS 强制认证的产品：标准号、产品、所依据的命令及其日期，含已取消强制认证的产品。",
        summary="Products that India's quality control orders put under compulsory BIS certification: standard, product, "
                "order and its date; de-notified products as well.",
        rhythm=timedelta(days=7),
        delay=5.0,
        archive_after=timedelta(days=365),
        material_fields=MATERIAL_FIELDS | {"stage", "summary"},  # another order is news: it amends, extends or ends
        caveats=(
            "The dates are those of the orders, not of their coming into force, which differs for large, small and micro "
            "firms and stands only in the order.",
            "Products under Scheme II (electronics, printers among them) and Scheme X (machinery, compressors among it) "
            "stand in other lists, which are not read.",
            "One notice is one Indian Standard with all its products and orders; standard numbers are as the Bureau writes "
            "them, with or without year.",
            "“De-notified” is told from the words of the table.",
        ),
        caveats_zh=(
            "日期为命令的日期，不是生效日期；大型、小型和微型企业的生效日期不同，只写在命令中。",
            "第二类方案（电子产品，含打印机）和 X 方案（机械，含压缩机）在其他清单中，本来源不读取。",
            "一条信息对应一项印度标准及其全部产品和命令；标准号按标准局写法，可能不带年份。",
            "“取消强制认证”依表中用语判断。",
        ),
    )
    dumps = {"list": LIST}
    read_list = DumpSpider.read_dump  # as captures of before call it
    columns = Fields(("Sl. No.", "IS No.", "Product", "Notification"), (),
                     ("Sl. No.",))  # the place in the list, which moves
    title = "Compulsory Certification"
    has_sections = True

    def records(self, response: Response) -> Iterable[tuple[str, list[Row]]]:
        """The standards, each with its rows."""
        standards: dict[str, list[Row]] = {}
        rows = self.rows(self.html(response), response.url)
        if len(rows) > 2 * len({(row.cells["IS No."], row.cells["Product"]) for row in rows}):
            raise shape(response.url, "its rows are repeated")
        for row in rows:
            standards.setdefault(" ".join(row.cells["IS No."].split()), []).append(row)
        return standards.items()

    def notice(self, standard: tuple[str, list[Row]], url: str) -> Notice:
        """The notice of a standard."""
        number, rows = standard
        if not number:
            raise InvalidValue(f"{len(rows)} rows have no IS number, the first: {' | '.join(rows[0].cells.values())}"[:200])
        values = {name: _once(line(row.cells[name]) for row in rows) for name in ("Product", "Notification")}
        orders, sections = "\n".join(values["Notification"]), _once(line(row.section) for row in rows)
        dates = sorted(self._dates(orders, number))
        return Notice(
            source=self.card.slug, external_id=number, kind=NoticeKind.TECHNICAL_REGULATION, market="IN",
            title=" – ".join(filter(None, (number, "; ".join(values["Product"])))), url=LIST,
            published_on=dates[0] if dates else None, updated_on=dates[-1] if dates[1:] else None,
            summary=orders, product="; ".join(values["Product"]), category="; ".join(sections), notifying_country="IN",
            stage="repealed" if all(map(_is_ended, rows)) else "",
            identifiers=(*_STANDARD.findall(number), *(
                f"{'S.O.' if found['series'][0] in 'Ss' else 'G.S.R.'} {found['number']}(E)"
                for found in _ORDER.finditer(orders))),
            documents=links(*(str(link["href"]) for row in rows for link in row.element.find_all("a", href=True))),
            raw=self.columns.raw({"IS No.": number, "Section": "\n".join(sections)}
                                 | {name: "\n".join(texts) for name, texts in values.items()}),
        )

    def _dates(self, orders: str, number: str) -> set[date]:
        """The dates in the prose of orders, the day before the month: 17 Feb 2003, 9th September, 2020, 05.12.2019."""
        found = {each[0]: _day(each) for each in _DATE.finditer(orders)}
        if not found:
            self.warn("an order without a date", number)
        return {each for text, each in found.items() if self.dated(each, text, "Notification")}  # type: ignore[misc]


def _once(texts: Iterable[str]) -> list[str]:
    return [text for text in dict.fromkeys(texts) if text]


def _day(found: re.Match[str]) -> date | None:
    month = found["month"] if found["month"].isdigit() else found["month"][:3]
    return day(f"{found['day']} {month} {found['year']}", "%d %m %Y" if month.isdigit() else "%d %b %Y")


def _is_ended(row: Row) -> bool:
    return any(map(_ENDED.search, (row.section, row.cells["Product"], row.cells["Notification"])))
