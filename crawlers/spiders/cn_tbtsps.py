"""TBT notifications with their Chinese titles, from the list of China's notification and enquiry site: pages of JSON."""

from __future__ import annotations

from datetime import timedelta
from typing import Any, ClassVar

from scrapy import Request
from scrapy.http import Response

from crawlers.base import Output
from crawlers.bases.json_api import TEXT, JsonApiSpider, Record
from crawlers.bases.newest_first import NewestFirstSpider
from crawlers.text import line
from domain import clock
from domain.errors import InvalidValue
from domain.kinds import tbt_stage
from domain.market import INTERNATIONAL, market_from_name, market_from_wto_code
from domain.notice import Notice, NoticeKind
from domain.source import Expectation, Grade, Listing, Publisher, Source, SourceTier

LIST = "http://www.tbt-sps.gov.cn/tbt/find"
PAGE_SIZE = 20
HISTORY = timedelta(days=365)
"""How far back a first load goes; the WTO's own list has what is older."""
EVERYTHING = dict.fromkeys(("keyword", "productsCovered", "members", "hsCode", "purposeReason", "affectedcorrQt",
                            "responsibleorganization", "icsCode", "startTbdate", "endTbdate"), "")
FROM_ABROAD = 1

_ANSWER = Record({"data": dict})
_LIST = Record({"data": list})
_ITEM = Record(dict.fromkeys(("areaName", "tbtid", "tbdate", "tbtitle", "tbtno"), TEXT) | {"tbtype": object})
_BASE = 5
"""Parts of the symbol of a notification, the member's the fourth; what follows is an addendum, a corrigendum or the like."""


class CnTbtsps(JsonApiSpider, NewestFirstSpider):
    """Pages of twenty, newest first, of the notifications of other members. Their details are encrypted and left alone."""

    fields = _ITEM
    card: ClassVar[Source] = Source(
        slug="cn_tbtsps",
        title="TBT notifications in Chinese (China's TBT-SPS notification and enquiry site)",
        title_zh="中国 WTO/TBT-SPS 国家通报咨询网：TBT 通报（中文标题）",
        publisher=Publisher("Research institute of the General Administration of Customs (China's TBT-SPS enquiry point)",
                            "海关总署国际检验检疫标准与技术法规研究中心（中国 WTO/TBT-SPS 通报咨询中心）",
                            "http://www.tbt-sps.gov.cn/", "CN"),
        market="INT",
        url="http://www.tbt-sps.gov.cn/",
        hosts=("www.tbt-sps.gov.cn",),
        licence="Terms not stated; to be read with the publisher's permission only. Source: China's TBT-SPS enquiry point",
        listing=Listing.APPEND,
        expectation=Expectation(min_items=20, max_silence_days=15),
        parser_version=1,
        numbers=(r"G/TBT/N/(?!CHN/)[A-Z]{2,4}/\d+(?:/.+)?",),
        grade=Grade.DOCUMENTED,
        tier=SourceTier.MIRROR,
        summary_zh="WTO 其他成员 TBT 通报的中文标题、文号、通报成员与日期；全文与评议截止日期见 WTO ePing 来源。",
        summary="Chinese titles, symbols, members and dates of other WTO members' TBT notifications; texts and comment "
                "deadlines are in the source WTO ePing.",
        delay=10.0,
        caveats=(
            "To be switched on only with the publisher's permission.",
            "The list alone is read: the publisher encrypts the details on purpose, and they are left alone.",
            "The same notifications, with deadlines and codes, come from the WTO (ePing).",
            "Notifications of the last year are read, then what is new. SPS notifications and China's own are left out.",
            "The site does not offer encryption (TLS).",
        ),
        caveats_zh=(
            "须取得发布机构同意后方可启用。",
            "只读取列表：发布机构有意对详情加密，本系统不予解密。",
            "同一通报及其截止日期、编码见 WTO（ePing）来源。",
            "首次读取最近一年的通报，其后只读新增。不收录 SPS 通报和中国自己的通报。",
            "该网站不提供加密连接（TLS）。",
        ),
    )
    look_back = timedelta(days=30)

    def ask_page(self, number: int) -> Request:
        """The request for a page."""
        query = EVERYTHING | {"page": number, "rows": PAGE_SIZE, "type": FROM_ABROAD}
        return self.ask(LIST, self.read_page, entry=number == 1, json=query, number=number)

    def read_page(self, response: Response, number: int) -> Output:
        """One page, and the next one while there is something to find."""
        items = self.record(self.answer(response, _ANSWER)["data"], _LIST, response.url)["data"]
        records = self.each(response, items, lambda item: self._notice(item, response.url))
        ended = not items or self._is_history(records.notices)
        yield from self.turned(response, records, number, ended=ended, walked=ended and not self.job.options.since)

    def _is_history(self, notices: list[Notice]) -> bool:
        dates = [notice.published_on for notice in notices if notice.published_on]
        return bool(dates) and max(dates) < clock.today() - HISTORY

    def _notice(self, value: Any, url: str) -> Notice:
        item = self.record(value, _ITEM, url, "tbtno", "tbtid")
        symbol, member = line(item["tbtno"]), line(item["areaName"])
        if not symbol:
            raise InvalidValue(f"{item['tbtid']} has no symbol")
        parts = symbol.split("/")
        market = market_from_name(member) or (market_from_wto_code(parts[3]) if len(parts) >= _BASE else None)
        if market is None:
            self.warn(f"unknown member {member!r}", symbol)
        return Notice(
            source=self.card.slug, external_id=symbol, kind=NoticeKind.TBT_NOTIFICATION, market=market or INTERNATIONAL,
            title=line(item["tbtitle"]) or symbol, url=self.card.url, lang="zh",
            published_on=self.day_in(item, "tbdate"), notifying_country=market or "",
            stage=tbt_stage(symbol), identifiers=(symbol,),
            relates_to=("/".join(parts[:_BASE]),) if len(parts) > _BASE else (), raw=_ITEM.texts(item),
        )
