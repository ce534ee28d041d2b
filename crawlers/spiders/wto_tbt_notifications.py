"""TBT notifications of WTO members, from the JSON behind the ePing site."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import timedelta
from typing import Any, ClassVar
from urllib.parse import quote, urlencode

from scrapy.http import Response

from crawlers.bases.json_api import LIST, TEXT, JsonApiSpider, Record
from crawlers.bases.newest_first import CountedListSpider
from crawlers.text import line, links, plain
from domain.errors import InvalidValue
from domain.kinds import objectives_from_raw, tbt_stage
from domain.market import INTERNATIONAL, group_of, market_from_name, market_from_wto_code
from domain.notice import Notice, NoticeKind
from domain.source import Expectation, Listing, Publisher, Source

SEARCH = "https://eping.wto.org/api/v1/azureSearch/getAll"
PAGE_SIZE = 20

_ANSWER = Record({"items": list, "totalCount": int}, ignored=("endRow",))
_ITEM = Record(
    dict.fromkeys(("id", "area", "title", "description", "productsFreeText", "notifyingMember", "notificationType"), object)
    | dict.fromkeys(("documentSymbol", "titlePlain", "descriptionPlain", "productsFreeTextPlain", "notifyingMemberCode",
                     "distributionDate", "commentDeadlineDate", "linkToNotification"), TEXT)
    | dict.fromkeys(("objectives", "keywords", "hsCodes", "icsCodes"), LIST),
    dict.fromkeys(("proposedEntryIntoForceDate", "dolLink", "notifiedDocumentLink"), TEXT),
    # says only whether the deadline is past today; the formatted twins of the plain texts; of SPS notifications only
    ("isOpenForComments", "title", "description", "productsFreeText", "spsKeywords"),
)
_SYMBOL = re.compile(r"G/TBT/N/[A-Z]+/\d+(?:/[A-Z][a-z]+\.\s?\d+)*")


class WtoTbtNotifications(CountedListSpider, JsonApiSpider):
    """Pages of twenty, newest first, until the stated total is reached or all is older than what may still change."""

    fields = _ITEM
    look_back = timedelta(days=90)  # while comments are open, deadlines change
    card: ClassVar[Source] = Source(
        slug="wto_tbt_notifications",
        title="WTO TBT notifications (ePing)",
        title_zh="WTO/TBT 通报（ePing 平台）",
        publisher=Publisher("World Trade Organization", "世界贸易组织", "https://eping.wto.org/", "INT"),
        market="INT",
        url="https://eping.wto.org/en/Search/Index",
        hosts=("eping.wto.org",),
        licence="WTO data, to be used with attribution; terms not stated at the interface",
        listing=Listing.APPEND,
        expectation=Expectation(min_items=20, max_silence_days=10),
        parser_version=2,  # a joint notification stands under its group
        numbers=(r"G/TBT/N/[A-Z]{2,4}/\d+(?:/.+)?",),
        summary_zh="WTO 成员依《技术性贸易壁垒协定》通报的技术法规与合格评定程序草案，含评议截止日期、HS 与 ICS 编码。",
        summary="Drafts of technical regulations and conformity assessment procedures that WTO members notify under the TBT "
                "Agreement, with comment deadlines, HS and ICS codes.",
        rhythm=timedelta(hours=12),
        caveats=(
            "A notification is a draft, not law in force.",
            "Changed deadlines of notifications more than 90 days older than the newest are seen only by a full crawl.",
            "HS codes are typed by the notifying members and sometimes wrong.",
            "Substances and models often stand only in the attached document.",
            "A joint notification stands under the group of markets that most of its members belong to, else under the "
            "member that sent it; all members are among its symbols.",
            "SPS (food and plant health) notifications are left out on purpose.",
        ),
        caveats_zh=(
            "通报是草案，不是现行法规。",
            "比最新通报早 90 天以上的通报，其截止日期的变更只有完整采集才能发现。",
            "HS 编码由通报成员填写，有时有误。",
            "所涉物质和型号常常只写在附件中。",
            "联合通报归在多数成员所属的市场集团下（如海合会、欧亚经济联盟）；没有这样的集团时归在提交成员的市场下。各成员见各自的文号。",
            "有意不收录 SPS（食品与动植物卫生）通报。",
        ),
    )

    def page_url(self, number: int) -> str:
        """A page of TBT notifications."""
        query = urlencode({
            "Language": 1, "DomainIds": 1, "Areas": "TBT", "Page": number, "PageSize": PAGE_SIZE,
            "SortBy": "distributionDate", "SortDirection": "desc", "ForPublic": "true"})
        return f"{SEARCH}?{query}"

    def listed(self, response: Response) -> tuple[list[Any], int]:
        """The notifications of a page."""
        answer = self.answer(response, _ANSWER)
        return answer["items"], answer["totalCount"]

    def notice(self, value: Any, url: str) -> Notice:
        """The notice of a notification."""
        item = self.record(value, _ITEM, url, "documentSymbol", "id")
        symbol = (item["documentSymbol"] or "").strip() or str(item["id"] or "")
        if item["area"] != "TBT":
            raise InvalidValue(f"{symbol} is of the area {item['area']!r}, TBT was asked for")
        symbols, member = symbols_in(symbol), self._member(item)
        return Notice(
            source=self.card.slug, external_id=symbol, kind=NoticeKind.TBT_NOTIFICATION,
            market=group_of(members(symbols)) or member, title=line(item["titlePlain"]) or symbol,
            url=item["linkToNotification"] or f"https://eping.wto.org/en/Search/Index?documentSymbol={quote(symbol)}",
            published_on=self.sure_day(item, "distributionDate", symbol), summary=plain(item["descriptionPlain"]),
            product=line(item["productsFreeTextPlain"]),
            category="; ".join(names(item["keywords"])), hs_codes=hs_codes(item["hsCodes"]),
            ics_codes=codes(item["icsCodes"]), notifying_country="" if member == INTERNATIONAL else member,
            objectives=objectives_from_raw(names(item["objectives"])),
            stage=tbt_stage(symbol.partition(",")[0]), comment_deadline=self.day_in(item, "commentDeadlineDate"),
            effective_on=self.day_in(item, "proposedEntryIntoForceDate"), identifiers=symbols, relates_to=base(symbols),
            documents=links(item.get("dolLink"), item.get("notifiedDocumentLink")), raw=raw(item),
        )

    def _member(self, item: dict[str, Any]) -> str:
        """The notifying member; of a joint notification the member that sent it."""
        code, name = line(item["notifyingMemberCode"]), " ".join(names([item["notifyingMember"]]))
        found = market_from_wto_code(code) or market_from_name(name)
        if found is None:
            self.warn(f"unknown member {code!r} ({name!r})")
        return found or INTERNATIONAL


def symbols_in(text: str) -> tuple[str, ...]:
    """The document symbols in a text, without the blanks that stray into them."""
    return tuple(dict.fromkeys("".join(symbol.split()) for symbol in _SYMBOL.findall(text)))


def members(symbols: Iterable[str]) -> list[str]:
    """The members of these symbols, those that we know."""
    return list(filter(None, map(market_from_wto_code, dict.fromkeys(symbol.split("/")[3] for symbol in symbols))))


def names(entries: list[Any] | None) -> list[str]:
    """The names in a list of objects, or of plain texts."""
    found = (entry.get("name") if isinstance(entry, dict) else entry for entry in entries or ())
    return [text for text in (line(name) for name in found if isinstance(name, str)) if text]


def codes(entries: list[Any] | None) -> tuple[str, ...]:
    """The codes out of "844331 - Machines which …"."""
    return tuple(dict.fromkeys(name.partition(" - ")[0].strip() for name in names(entries)))


def hs_codes(entries: list[Any] | None) -> tuple[str, ...]:
    """HS codes without the dots that some members write."""
    return tuple(dict.fromkeys(code.replace(".", "") for code in codes(entries)))


def base(symbols: tuple[str, ...]) -> tuple[str, ...]:
    """The notifications that addenda, corrigenda, revisions and supplements belong to."""
    return tuple("/".join(symbol.split("/")[:5]) for symbol in symbols if symbol.count("/") > 4)


def raw(item: dict[str, Any]) -> dict[str, str]:
    """The publisher's values as texts; lists by their names."""
    texts = {name: "; ".join(names(value)) if isinstance(value, list) else value if isinstance(value, str) else
             "" if value is None else str(value) for name, value in item.items()}
    return _ITEM.raw(texts)
