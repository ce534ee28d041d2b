"""Poland's registers of dangerous products and of products that miss essential requirements."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Iterator
from typing import Any, ClassVar
from urllib.parse import urlencode, urljoin

from bs4 import Tag
from scrapy import Request
from scrapy.http import Response

from crawlers.base import Output
from crawlers.bases.html_list import HtmlSpider, text_of
from crawlers.bases.listed import Listed, ListedSpider
from crawlers.errors import html_instead, shape
from crawlers.text import barcodes, iso_day
from domain.notice import Notice, NoticeKind
from domain.source import Expectation, Grade, Listing, Publisher, Source

SITE = "http://publikacje.uokik.gov.pl/hermes3_pub/"
REGISTERS = {"ProduktNiebezpieczny": "produkt niebezpieczny",
             "WyrobNiezgodnyZZasadniczymiWymaganiami": "wyrób niezgodny z zasadniczymi wymaganiami"}
"""What the site calls a register, and what it holds: dangerous products; products not conforming to essential
requirements, machines and pressure equipment among them."""

_ENTERED = re.compile(r"Data wpisu\s*:?\s*(\d{4}-\d\d-\d\d)", re.I)
_BARCODE_LABEL = re.compile(r"\bEAN\b|kreskow", re.I)
_ID_PLACE = 3
"""Where the number of an entry stands in its cell, behind the heading: labels there are not known."""


class PlUokik(HtmlSpider, ListedSpider):
    """The list of each register, the newest entries first, and the page of each entry of which it says something new."""

    card: ClassVar[Source] = Source(
        slug="pl_uokik",
        title="UOKiK registers of dangerous and non-compliant products (Poland)",
        title_zh="波兰 UOKiK 危险产品与不合格产品登记册",
        publisher=Publisher("Office of Competition and Consumer Protection (UOKiK, Poland)",
                            "波兰竞争与消费者保护局（UOKiK）", "https://uokik.gov.pl/", "PL"),
        market="PL",
        url="https://uokik.gov.pl/",
        hosts=("publikacje.uokik.gov.pl",),
        licence="Public information of the Republic of Poland; terms not stated",
        listing=Listing.WINDOW,
        expectation=Expectation(min_items=10, max_silence_days=90),
        parser_version=1,
        grade=Grade.DOCUMENTED,
        summary_zh="波兰关于危险产品和不符合基本要求产品（机械、承压设备、电气产品等）的决定，波兰文。",
        summary="Polish decisions on dangerous products and on products that miss essential requirements (machines, "
                "pressure equipment, electrical goods), in Polish.",
        caveats=(
            "Read after the description of other clients of the site; not yet checked against real answers.",
            "Only what the first page of each register lists is read.",
            "The rows of an entry differ between the registers; they are shown with the publisher's labels.",
            "The site is not encrypted. Recent recall notices appear as news on uokik.gov.pl and are left out.",
            "A changed entry is seen only by a full crawl, unless its name or date changes.",
        ),
        caveats_zh=(
            "按其他客户端对该网站的描述编写，尚未用真实应答核对。",
            "只读取各登记册首页所列条目。",
            "两个登记册的条目行各不相同，按发布机构的标签原样显示。",
            "该网站未加密。较新的召回公告以新闻形式发布在 uokik.gov.pl，此处不收录。",
            "条目内容的改动，除非名称或日期也改动，否则只有完整采集才能发现。",
        ),
    )

    async def start(self) -> AsyncIterator[Request]:
        """The registers."""
        for register in REGISTERS:
            query = urlencode({"Typ": register, "DataWpisuOd": "", "DataWpisuDo": "", "NumerIdentyfikacyjny": "",
                               "NazwaProduktu": "", "KodWyrobu": "", "Sort": "DataDokonaniaWpisu_DESC"})
            yield self.ask(f"{SITE}Rejestr.ashx?{query}", self.read_register, entry=True, register=register)

    def read_register(self, response: Response, register: str) -> Output:
        """The entries that a register lists."""
        soup = self.html(response)
        table = soup.find("table", id="rejestrTable")
        if table is None:
            ours = b"hermes3_pub" in response.body
            raise (shape(response.url, "there is no register") if ours else html_instead(response.url, response.body))
        known, requests = self.sort_out(self._listed(table, register, response.url))
        yield self.page(response, known)
        yield from requests

    @staticmethod
    def _listed(table: Tag, register: str, url: str) -> Iterator[Listed]:
        for row in table.find_all("tr"):
            cells = row.find_all("td", recursive=False)
            if not cells:
                continue  # the head
            link = cells[1].select_one("h2 a[href]") if len(cells) > 1 else None
            parts = [text_of(part) for part in cells[1].find_all(recursive=False)] if link else []
            entered = _ENTERED.search(text_of(cells[1])) if link else None
            if link is None or entered is None or len(parts) <= _ID_PLACE:
                raise shape(url, f"an entry without name, number or date: {text_of(row)[:100]}")
            page = urljoin(SITE, str(link["href"]).strip())
            yield Listed(parts[_ID_PLACE].rpartition(":")[2].strip(), page, {
                "id": parts[_ID_PLACE], "name": text_of(link), "entered": entered[1], "register": register,
                "page": page})

    def notice(self, response: Response, listed: dict[str, Any]) -> Notice:
        """The notice of an entry."""
        table = self.html(response).find("table", id="wpis")
        if table is None:
            ours = b"hermes3_pub" in response.body
            raise (shape(response.url, "there is no entry") if ours else html_instead(response.url, response.body))
        said = rows(table)
        codes = " ".join(text for label, text in said.items() if _BARCODE_LABEL.search(label))
        number = listed["id"].rpartition(":")[2].strip()
        return Notice(
            source=self.card.slug, external_id=number, kind=NoticeKind.FOREIGN_NOTIFICATION, market="PL",
            title=listed["name"], url=listed["page"], lang="pl", published_on=iso_day(listed["entered"]),
            product=listed["name"], category=REGISTERS[listed["register"]], notifying_country="PL",
            summary="\n".join(f"{label.rstrip(':')}: {text}" for label, text in said.items() if text),
            identifiers=(number, *barcodes(codes)),
            raw={name: str(value) for name, value in listed.items()} | said,
        )


def rows(table: Tag) -> dict[str, str]:
    """What stands beside each label of an entry; tables inside it hold pictures."""
    found: dict[str, str] = {}
    for row in table.find_all("tr"):
        cells = row.find_all(("th", "td"), recursive=False)
        if row.find_parent("table") is table and len(cells) > 1:
            label, text = text_of(cells[0]), text_of(cells[1])
            found[label] = f"{found[label]}; {text}" if label in found else text
    return found
