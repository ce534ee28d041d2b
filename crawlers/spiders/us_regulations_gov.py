"""Regulations.gov: rules, proposed rules and notices of US agencies in their dockets, from its API, which wants a key."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any, ClassVar
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from scrapy import Request
from scrapy.http import Response

from crawlers.base import Reader
from crawlers.bases.json_api import TEXT, Record
from crawlers.bases.spans import Listed, Span, SpanSpider
from crawlers.errors import shape
from crawlers.items import Withdrawal
from crawlers.text import line
from domain.notice import Notice, NoticeKind
from domain.source import Expectation, Listing, Publisher, Source

API = "https://api.regulations.gov/v4/documents"
PAGE_SIZE, MOST_PAGES = 250, 20
EASTERN = ZoneInfo("America/New_York")
"""The time of filters, and of the midnights that records state in UTC."""

_ANSWER = Record({"data": list, "meta": dict})
_META = Record({"totalElements": int, "hasNextPage": bool}, {}, (
    "aggregations", "filters", "firstPage", "hasPreviousPage", "lastPage", "numberOfElements", "pageNumber", "pageSize",
    "totalPages"))
_ITEM = Record({"id": str, "attributes": dict}, {}, ("type", "links"))
_DOCUMENT = Record(
    {"documentType": str, "lastModifiedDate": str, "withdrawn": bool, "agencyId": str}
    | dict.fromkeys(("commentEndDate", "docketId", "frDocNum", "postedDate", "subtype", "title"), TEXT), {},
    # whether the deadline is past today; the words searched for; a second id; mostly the day of posting
    ("openForComment", "highlightedContent", "objectId", "commentStartDate"))
_KINDS = {"Rule": NoticeKind.TECHNICAL_REGULATION, "Proposed Rule": NoticeKind.TECHNICAL_REGULATION,
          "Notice": NoticeKind.OTHER}


class UsRegulationsGov(SpanSpider):
    """Documents by the day they were last modified: a changed one moves to a later span, and nothing enters a past one."""

    whole_records = True
    fields = _ITEM
    card: ClassVar[Source] = Source(
        slug="us_regulations_gov",
        title="Regulations.gov: dockets of US agencies",
        title_zh="美国法规网（Regulations.gov）：联邦机构规章案卷",
        publisher=Publisher("US General Services Administration (eRulemaking Program)", "美国总务管理局（电子规章制定项目）",
                            "https://www.regulations.gov/", "US"),
        market="US",
        url="https://www.regulations.gov/",
        hosts=("api.regulations.gov",),
        licence="US government work, public domain; the API asks for a key of api.data.gov",
        listing=Listing.WINDOW,
        expectation=Expectation(min_items=200, max_silence_days=7),
        parser_version=1,
        numbers=(r"[A-Z]+(?:[-_][A-Z]+)*-\d{4}(?:-[A-Z]+)*-\d{4}(?:-\d{4})?",),
        summary_zh="美国联邦机构在案卷中公布的规章、规章草案和公告，含案卷号、评议截止日期和撤回状态。",
        summary="Rules, proposed rules and notices that US federal agencies post in their dockets, with docket numbers, "
                "comment deadlines and withdrawals.",
        delay=4.0,
        needs_key=True,
        caveats=(
            "Documents modified since 2023 are taken; comments of the public and supporting material are left out.",
            "Titles only: the list holds no abstract and no text, and cuts long titles.",
            "Most documents stand in the Federal Register too, under the number among their identifiers.",
            "A proposed rule is a draft, not law in force.",
            "Not all agencies publish their dockets here.",
        ),
        caveats_zh=(
            "收录 2023 年以来有改动的文件；不收录公众评议和支持材料。",
            "只有标题：列表不含摘要和正文，过长的标题会被截断。",
            "多数文件同时刊登于联邦公报，编号见其标识号。",
            "规章草案（Proposed Rule）不是现行法规。",
            "并非所有机构都在此公布案卷。",
        ),
    )
    parts = tuple(_KINDS)
    first, days = date(2023, 1, 1), 2 ** 13
    cap = MOST_PAGES * PAGE_SIZE + 1
    settles = timedelta(days=3)

    def ask(self, url: str, read: Reader, **how: Any) -> Request:
        """A request that bears the key, in a header: addresses are kept."""
        request = super().ask(url, read, **how)
        request.headers["X-Api-Key"] = self.job.options.key
        return request

    def span_url(self, span: Span, first: date, last: date) -> str:
        """The first page of the documents of a type."""
        return _address(span.part, f"{first} 00:00:00", f"{last} 23:59:59", 1)

    def listed(self, response: Response, span: Span, page: int) -> Listed:
        """A page of documents; the query of the next one differs in its number only."""
        answer = self.answer(response, _ANSWER)
        meta = self.frame(answer["meta"], _META, response.url, "meta")
        following = f"{response.url.rpartition('=')[0]}={page + 1}" if meta["hasNextPage"] else ""
        return Listed(meta["totalElements"], answer["data"], following)

    def withdrawals(self, records: list[Any]) -> tuple[Withdrawal, ...]:
        """The documents that their agency withdrew. They remain listed."""
        found = ((record["id"].strip(), _day(record["attributes"]["lastModifiedDate"])) for record in records
                 if _is_withdrawn(record))
        return tuple(Withdrawal(number, f"Regulations.gov: withdrawn, as of {day}", day) for number, day in found if day)

    def notice(self, value: Any, span: Span, url: str) -> Notice:
        """The notice of a document. Raises ShapeChanged for one that was not asked for."""
        number = self.record(value, _ITEM, url, "id")["id"].strip()
        document = self.record(value["attributes"], _DOCUMENT, url, "title")
        modified, kind = self.sure_day(document, "lastModifiedDate", number, _day), document["documentType"]
        one = timedelta(days=1)  # how exact the filter is at midnight nobody says
        if kind != span.part or not span.start - one <= modified <= span.end + one:
            raise shape(url, f"document {number} ({kind}, modified {modified}) was not asked for")
        return Notice(
            source=self.card.slug, external_id=number, kind=_KINDS[kind], market="US",
            title=line(document["title"]) or number, url=f"https://www.regulations.gov/document/{number}",
            published_on=self.day_in(document, "postedDate", _day), updated_on=modified,
            category=" | ".join(filter(None, map(line, (document["agencyId"], document["subtype"])))),
            stage="proposed" if kind == "Proposed Rule" else "",
            comment_deadline=self.day_in(document, "commentEndDate", _day),
            identifiers=(line(document["docketId"]), line(document["frDocNum"])), raw=_DOCUMENT.texts(document),
        )


def _address(kind: str, first: str, last: str, page: int) -> str:
    modified = "filter[lastModifiedDate]"
    return f"{API}?" + urlencode([
        ("filter[documentType]", kind), (f"{modified}[ge]", first), (f"{modified}[le]", last),
        ("sort", "lastModifiedDate,documentId"), ("page[size]", PAGE_SIZE), ("page[number]", page)])


def _day(moment: str | None) -> date | None:
    """The day in Washington of a moment in UTC: a comment period that ends at 04:59:59Z ends the day before."""
    try:
        found = datetime.strptime((moment or "").strip(), "%Y-%m-%dT%H:%M:%S%z")
    except ValueError:
        return None
    return found.astimezone(EASTERN).date()


def _is_withdrawn(record: Any) -> bool:
    document = record.get("attributes") if isinstance(record, dict) else None
    return isinstance(document, dict) and document.get("withdrawn") is True and isinstance(record.get("id"), str)
