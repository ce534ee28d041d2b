"""Laws and regulations of Taiwan, from the open data of its Ministry of Justice: two ZIP files with all of them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any, ClassVar

from lxml import etree
from scrapy.http import Response

from crawlers.bases.dump import DumpSpider
from crawlers.bases.zipped_xml import ZippedXmlSpider
from crawlers.fields import Fields
from crawlers.text import bounded, day, line, links
from domain.errors import InvalidValue
from domain.notice import MATERIAL_FIELDS, Notice, NoticeKind
from domain.source import Expectation, Listing, Publisher, Source

SHOWN_ARTICLES, LONGEST_SHOWN = 2, 1_500
"""The first articles say what a rule is for and what it applies to."""

_LAW = Fields(
    ("法規性質", "法規名稱", "法規網址", "法規類別", "最新異動日期", "法規內容"),
    ("生效日期", "生效內容", "廢止註記", "英文法規名稱", "附件", "沿革內容", "前言"),
    ("是否英譯註記",))  # said by the English name
_PCODE = re.compile(r"[?&]pcode=([A-Z]\d{7})(?:&|$)", re.I)
_ENTRY = re.compile(r"(?:^|\n)\s*\d+\.")
_NUMBER = re.compile(r"(?:（\d+）)?[^\W\d日]{1,16}字第[\dA-Z]+號")
_DAY = re.compile(r"\d{8}")
_UNDECIDED = "99991231"
_REPEALED = "廢止法規"


class TwMojLaw(DumpSpider, ZippedXmlSpider):
    """All laws, and all orders; both files are made anew every week."""

    whole_records = True
    fields = _LAW
    dumps = {"laws": "https://law.moj.gov.tw/api/ch/law/xml", "orders": "https://law.moj.gov.tw/api/ch/order/xml"}
    read_download = DumpSpider.read_dump  # as captures of before call it
    card: ClassVar[Source] = Source(
        slug="tw_moj_law",
        title="Laws and Regulations Database of Taiwan",
        title_zh="台湾全国法规资料库：法律与命令",
        publisher=Publisher("Ministry of Justice (Taiwan)", "台湾法务主管部门", "https://law.moj.gov.tw/", "TW"),
        market="TW",
        url="https://law.moj.gov.tw/",
        hosts=("law.moj.gov.tw",),
        licence="Open Government Data License Taiwan 1.0 (政府資料開放授權條款 第1版)",
        listing=Listing.FULL,
        expectation=Expectation(min_items=10_000, max_silence_days=30),
        parser_version=1,
        numbers=(r"[A-Z]\d{7}",),
        summary_zh="台湾法律和命令全集（繁体中文）：商品检验、商品标示、度量衡、化学物质、机械设备器具安全等，含最新修订及沿革。",
        summary="All laws and orders of Taiwan in Traditional Chinese, each with its newest amendment and its history: "
                "among them inspection and labelling of commodities, metrology, chemicals, and safety of machinery.",
        rhythm=timedelta(days=2),
        material_fields=MATERIAL_FIELDS | {"published_on"},
        caveats=(
            "All laws and orders are listed, most of them no product rule; local rules and many administrative rules are "
            "not in this database.",
            "The date is that of the newest change. An amendment is a new version of the same notice.",
            "The summary holds the newest entry of the history and the first two articles; the text stands on the "
            "publisher's page.",
            "Repealed rules stay in the list and are marked as such.",
            "The lists of goods subject to inspection are announcements of the BSMI, which are not in here.",
            "Files attached to a rule are linked, not read. The English translations are left out: they lag behind.",
        ),
        caveats_zh=(
            "列出全部法律和命令，其中大部分不是产品法规；地方法规和许多行政规则不在此库。",
            "日期是最新异动日期；修订表现为同一信息的新版本。",
            "摘要为沿革的最新一条和前两条条文；全文见发布机构网页。",
            "已废止的法规仍在清单中，并标明“废除”。",
            "应施检验商品的品目清单由标准检验局公告，不在此库。",
            "附件只列链接，不读取内容。有意不收录英文译本：其更新滞后。",
        ),
    )

    def records(self, response: Response) -> Iterator[dict[str, Any]]:
        """The rules of a file."""
        return map(values, self.elements(response, "LAWS", "法規"))

    def notice(self, rule: dict[str, Any], url: str) -> Notice:
        """The notice of a rule."""
        where = line(rule.get("法規名稱"))
        self.warn_of_fields(_LAW.check(rule, url, where), where)
        known = _PCODE.search(rule["法規網址"].strip())
        if known is None:
            raise InvalidValue(f"法規網址 of {where!r} is {rule['法規網址']!r}")
        newest = newest_entry(rule.get("沿革內容", ""))
        told = (newest, unbroken(rule.get("生效內容", "")), line(rule.get("英文法規名稱")),
                *rule["法規內容"][:SHOWN_ARTICLES])
        gone = line(rule.get("廢止註記")) or rule["法規類別"].startswith(_REPEALED)
        raw = {name: value for name, value in rule.items() if isinstance(value, str)}
        return Notice(
            source=self.card.slug, external_id=known[1].upper(), kind=NoticeKind.TECHNICAL_REGULATION, market="TW",
            title=where, url=rule["法規網址"].strip(), lang="zh-Hant", published_on=self._day(rule, "最新異動日期"),
            summary="\n".join(bounded(text, LONGEST_SHOWN) for text in told if text),
            category=" | ".join(filter(None, (line(rule["法規性質"]), line(rule["法規類別"])))), notifying_country="TW",
            stage="repealed" if gone else "", effective_on=self._day(rule, "生效日期"),
            identifiers=tuple(_NUMBER.findall(newest)), documents=links(rule.get("附件")),
            raw=_LAW.raw(raw),
        )

    def _day(self, rule: dict[str, Any], field: str) -> date | None:
        """A date; a day that is still to be set is written as the last of all days."""
        stated = line(rule.get(field))
        found = day(stated, "%Y%m%d") if _DAY.fullmatch(stated) else None
        return None if stated == _UNDECIDED else self.dated(found, stated, field)


def values(rule: etree._Element) -> dict[str, Any]:
    """The fields of a rule: its articles as a list, without chapter heads; all else as text."""
    return {str(field.tag): list(articles(field)) if field.tag == "法規內容" else "\n".join(
        filter(None, (str(text).strip() for text in field.itertext()))) for field in rule}


def articles(content: etree._Element) -> Iterator[str]:
    """The articles in order, each behind its number."""
    for article in content.iterfind("條文"):
        number, text = line(article.findtext("條號")), (article.findtext("條文內容") or "").strip()
        yield f"{number} {unbroken(text)}".strip()


def unbroken(text: str) -> str:
    """A text whose lines are broken and padded anywhere, also within words and numbers: blanks mean nothing in it."""
    return "".join(text.split())


def newest_entry(history: str) -> str:
    """The last of the numbered entries of a history."""
    return unbroken(_ENTRY.split(history)[-1])
