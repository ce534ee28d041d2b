"""China's national standards (GB), from the public disclosure system: lists by keyword, and a page for each standard."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Iterator
from datetime import timedelta
from typing import Any, ClassVar
from urllib.parse import quote, urlencode

from bs4 import BeautifulSoup
from scrapy import Request
from scrapy.http import Response

from crawlers.base import Output
from crawlers.bases.html_list import HtmlListSpider, Row, title_of
from crawlers.bases.standards import MATERIAL
from crawlers.errors import html_instead, shape
from crawlers.fields import Fields
from crawlers.text import line
from domain.errors import InvalidValue
from domain.notice import Notice, NoticeKind
from domain.source import Expectation, Listing, Publisher, Source

LIST = "https://openstd.samr.gov.cn/bzgk/std/std_list"
DETAIL = "https://openstd.samr.gov.cn/bzgk/std/newGbInfo?hcno={}"
PAGE_SIZE = 10
KEYWORDS = ("鼓粉盒", "墨盒", "墨粉", "色调剂", "打印机", "静电复印", "喷墨", "色带", "气动", "气缸", "电磁阀", "压缩空气",
            "空气压缩机", "GB/T 1.1")

_HCNO = re.compile(r"showInfo\('([0-9A-F]{32})'\)")
_FACTS = Fields(("中国标准分类号（CCS）", "国际标准分类号（ICS）", "发布日期", "实施日期", "主管部门", "归口部门"),
                ("发布单位", "备注"))
_HEAD = Fields(("中文标准名称", "英文标准名称", "标准状态"))
_STAGES = {"现行": "published", "即将实施": "adopted", "废止": "withdrawn"}
_REPLACED = re.compile(r"代替(?P<numbers>[^；;。]+)")
_BETWEEN = re.compile(r"[,，、]\s*(?=GB)")


class CnOpenstd(HtmlListSpider):
    """Each keyword's list, page after page; a standard's own page is read when its row in a list says something new."""

    card: ClassVar[Source] = Source(
        slug="cn_openstd",
        title="National standards of China (GB), public disclosure system of SAMR",
        title_zh="国家标准全文公开系统（市场监管总局、国家标准委）",
        publisher=Publisher("State Administration for Market Regulation, Standardization Administration of China",
                            "国家市场监督管理总局、国家标准化管理委员会", "https://openstd.samr.gov.cn/", "CN"),
        market="CN",
        url="https://openstd.samr.gov.cn/bzgk/std/",
        hosts=("openstd.samr.gov.cn",),
        licence="Catalogue data of the authorities, shown with a link; terms not stated. The texts of standards are not "
                "taken.",
        listing=Listing.WINDOW,
        expectation=Expectation(min_items=30, max_silence_days=400),
        parser_version=1,
        numbers=(r"GB(?:/[TZ])? ?\d.*",),
        summary_zh="中国国家标准目录数据：标准号、中英文名称、状态（现行、即将实施、废止）、ICS 与 CCS 分类、"
                   "发布与实施日期、所代替的标准。按关键词检索打印耗材与气动两个行业。",
        summary="Catalogue data of China's national standards: number, title in Chinese and English, status, ICS and CCS "
                "codes, dates of issue and entry into force, what they replace; found by keywords of the two industries.",
        rhythm=timedelta(days=7),
        delay=5.0,
        material_fields=MATERIAL,
        caveats=(
            f"The system is searched by keyword; these are asked for: {', '.join(KEYWORDS)}. Other standards are missing.",
            "Drafts, sector standards (JB/T, QB/T) and local standards are not in this system.",
            "A standard's own page is read again when its state or a date changes in the list.",
            "What a standard replaces is read from its remarks, where they say so.",
            "Catalogue data and links only.",
        ),
        caveats_zh=(
            f"该系统按关键词检索，本来源检索以下词语：{'、'.join(KEYWORDS)}。其他标准不在其中。",
            "该系统不含草案、行业标准（JB/T、QB/T 等）和地方标准。",
            "列表中的状态或日期有变化时，才重新读取该标准的详情页。",
            "所代替的标准取自“备注”，仅在备注写明时才有。",
            "只收录目录数据和链接。",
        ),
    )
    columns = Fields(("标准号", "标准名称", "类别", "状态", "发布日期", "实施日期"), ("是否采标", "语种"), ("序号", "操作"))
    title = "国家标准全文"
    total = re.compile(r"共\s*(?P<rows>\d+)\s*条标准\s*(?P<page>\d+)\s*/\s*\d+")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.asked: set[str] = set()

    async def start(self) -> AsyncIterator[Request]:
        """The first page for each keyword."""
        for keyword in KEYWORDS:
            yield self.ask(f"{LIST}?p.p2={quote(keyword, safe='')}", self.read_list, entry=keyword == KEYWORDS[0],
                           keyword=keyword, number=1)

    def read_list(self, response: Response, keyword: str, number: int) -> Output:
        """A page of the standards that a keyword finds: those to read, and the next page."""
        soup, account = self.html(response), self.job.account
        if self._holds_nothing(soup):
            self.warn("a keyword finds nothing", keyword)
            return
        rows, total = self.rows(soup, response.url), self._total(soup, response.url, number)
        account.got += len(rows)
        account.stated = (account.stated or 0) + (total if number == 1 else 0)
        yield from self._ask_standards(rows, response.url)
        if rows and number * PAGE_SIZE < total:
            query = urlencode({"page": number + 1, "pageSize": PAGE_SIZE, "p.p2": keyword})
            yield self.ask(f"{LIST}?{query}", self.read_list, keyword=keyword, number=number + 1)

    def _holds_nothing(self, soup: BeautifulSoup) -> bool:
        return self.title in title_of(soup) and soup.find("table") is not None and not soup.find(["th", "td"])

    def _ask_standards(self, rows: list[Row], url: str) -> Iterator[Request]:
        for row in rows:
            ids = set(_HCNO.findall(str(row.element)))
            if len(ids) != 1:
                raise shape(url, f"the row of {row.cells['标准号']} leads to {len(ids)} standards")
            hcno, cells = ids.pop(), self.columns.raw(row.cells).items()
            unit = " ".join((hcno, *(row.cells[name] for name in ("状态", "发布日期", "实施日期"))))
            if hcno in self.asked:
                continue
            self.asked.add(hcno)
            if not self.is_read(unit):
                yield self.ask(DETAIL.format(hcno), self.read_standard, unit=unit, hcno=hcno, cells=list(map(list, cells)))

    def read_standard(self, response: Response, hcno: str, cells: list[list[str]]) -> Output:
        """A standard by its own page; ``cells`` are those of its row in the list, by column."""
        soup = self.html(response)
        facts = {each.get_text(" ", strip=True): content.get_text(" ", strip=True)
                 for each in soup.find_all("div", class_="title")
                 if (content := each.find_next_sibling("div", class_="content"))}
        if not _FACTS.required & facts.keys():
            raise html_instead(response.url, response.body)
        heads = dict(head for cell in soup.select("table.tdlist td") if (head := named(cell.get_text(" ", strip=True))))
        for fields, found in ((_FACTS, facts), (_HEAD, heads)):
            self.warn_of_fields(fields.check(found, response.url, hcno), hcno)
        records = self.each(response, [None], lambda _: self._notice(hcno, dict(cells), facts | heads))
        yield self.page(response, records, unit=response.meta["unit"])

    def _notice(self, hcno: str, cells: dict[str, str], facts: dict[str, str]) -> Notice:
        number = line(cells.get("标准号"))
        if not number:
            raise InvalidValue(f"{hcno} has no number")
        return Notice(
            source=self.card.slug, external_id=hcno, kind=NoticeKind.STANDARD, market="CN",
            title=f"{number} {facts['中文标准名称']}", url=DETAIL.format(hcno), lang="zh",
            published_on=self.day_in(facts, "发布日期"), effective_on=self.day_in(facts, "实施日期"),
            summary=facts["英文标准名称"],
            category=" | ".join(filter(None, (cells.get("类别", ""), facts["归口部门"]))), notifying_country="CN",
            ics_codes=tuple(facts["国际标准分类号（ICS）"].replace(",", " ").split()),
            stage=self.meaning("state", facts["标准状态"], _STAGES, number, ""),
            identifiers=(number,), relates_to=replaced(facts.get("备注", "")),
            raw=cells | {name: text for name, text in facts.items() if text},
        )


def named(text: str) -> tuple[str, str] | None:
    """The name and the value in "标准状态： 现行"."""
    name, colon, value = text.partition("：")
    return (name.strip(), value.strip()) if colon and name.strip() in _HEAD.known else None


def replaced(remarks: str) -> tuple[str, ...]:
    """The standards that one replaces: "2005-03-01实施,代替GB/T 5606.1-1996"."""
    found = _REPLACED.search(remarks)
    return tuple(filter(None, map(str.strip, _BETWEEN.split(found["numbers"])))) if found else ()
