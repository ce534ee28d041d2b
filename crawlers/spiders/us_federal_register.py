"""The Federal Register: rules, proposed rules and notices of US agencies, from its API."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, ClassVar
from urllib.parse import urlencode

from scrapy import Request
from scrapy.http import Response

from crawlers.base import Output
from crawlers.bases.json_api import LIST, TEXT, JsonApiSpider, Record
from crawlers.errors import field_missing, shape
from crawlers.text import iso_day, line, links, plain
from domain import clock
from domain.errors import InvalidValue
from domain.measure import measures_from_text
from domain.notice import Notice, NoticeKind
from domain.source import Expectation, Listing, Publisher, Source
from domain.web_address import is_web_address

DOCUMENTS = "https://www.federalregister.gov/api/v1/documents.json"
PAGE_SIZE, CAP = 1000, 10_000
FIRST, DAYS = date(2016, 1, 1), 2 ** 14
"""Older notices are history, and older rules stand in the CFR. All documents lie in this span, which is halved again and
again at the same days, whenever it is asked for."""

AHEAD, SETTLES = timedelta(days=14), timedelta(days=30)
"""Issues are listed before their day. Documents are corrected in the days after it: a span is settled, and not read again,
this long after its end."""

TYPES = ("RULE", "PRORULE", "NOTICE")
FIELDS = ("abstract", "action", "agencies", "cfr_references", "citation", "comments_close_on", "correction_of", "dates",
          "docket_ids", "document_number", "effective_on", "html_url", "pdf_url", "publication_date",
          "regulation_id_numbers", "title", "topics", "type")
_ANSWER = Record({"count": int}, {"results": list, "total_pages": int, "next_page_url": TEXT},
                 ("description", "previous_page_url"))
_DOCUMENT = Record(
    {"document_number": str, "publication_date": str}
    | dict.fromkeys(("abstract", "action", "citation", "comments_close_on", "correction_of", "dates", "effective_on",
                     "html_url", "pdf_url", "title", "type"), TEXT)
    | dict.fromkeys(("docket_ids", "regulation_id_numbers", "topics"), LIST)
    | {"agencies": Record({"raw_name": TEXT}, {"name": TEXT}, ("id", "slug", "url", "json_url", "parent_id")),
       "cfr_references": Record({"title": object, "part": object}, {}, ("chapter", "citation_url"))})


@dataclass(frozen=True, slots=True)
class Span:
    """Days of publication from ``start`` on."""

    start: date
    days: int

    @classmethod
    def of(cls, plain: list[Any]) -> Span:
        """The span that ``plain`` gave."""
        return cls(date.fromisoformat(plain[0]), plain[1])

    @property
    def plain(self) -> list[Any]:
        """As JSON values."""
        return [self.start.isoformat(), self.days]

    @property
    def end(self) -> date:
        """The last day."""
        return self.start + timedelta(days=self.days - 1)

    @property
    def name(self) -> str:
        """The unit of a span that is settled."""
        return f"{self.start} {self.end}"

    def halves(self) -> tuple[Span, Span]:
        """The later half and the earlier one."""
        half = self.days // 2
        return Span(self.start + timedelta(days=half), half), Span(self.start, half)

    def holds(self, unit: str) -> bool:
        """Whether the span of a unit is a part of this one."""
        first, _, last = unit.partition(" ")
        return self.start.isoformat() <= first and last <= self.end.isoformat()


class UsFederalRegister(JsonApiSpider):
    """Spans of days, halved while the number of their documents reaches the cap, each read page by page. Settled ones
    that were read whole are left alone; the rest is read in every run."""

    fields = _DOCUMENT
    card: ClassVar[Source] = Source(
        slug="us_federal_register",
        title="US Federal Register: rules, proposed rules and notices",
        title_zh="美国联邦公报：规章、规章草案与公告",
        publisher=Publisher("Office of the Federal Register (NARA) with GPO", "美国联邦公报办公室（国家档案与文件管理局）",
                            "https://www.federalregister.gov/", "US"),
        market="US",
        url="https://www.federalregister.gov/documents/current",
        hosts=("www.federalregister.gov",),
        licence="US government work, public domain; the website is an informational edition, govinfo.gov has the legal one",
        listing=Listing.WINDOW,
        expectation=Expectation(min_items=1_000, max_silence_days=7),
        parser_version=1,
        summary_zh="美国联邦机构的最终规章、规章草案和公告，附评议截止与生效日期；"
                   "含 337 调查、反倾销反补贴、能效与化学品法规。",
        summary="Final rules, proposed rules and notices of US federal agencies with comment deadlines and effective dates; "
                "among them section 337 cases, anti-dumping and countervailing duties, efficiency standards, chemicals.",
        caveats=(
            "Rules, proposed rules and notices of all agencies since 2016 are taken; presidential documents are left out.",
            "Documents that the publisher has not categorised are left out.",
            "A proposed rule is a draft, not law in force.",
            "Title and abstract are read, not the full text; many notices have no abstract.",
            "Changes of documents more than one to three months old are seen only by a full crawl.",
            "Trade remedies and section 337 cases are told from other notices by docket numbers and words.",
        ),
        caveats_zh=(
            "收录 2016 年以来所有机构的规章、规章草案和公告；不收录总统文件。",
            "不收录发布机构未分类的文件。",
            "规章草案（Proposed Rule）不是现行法规。",
            "只读取标题和摘要，不读全文；许多公告没有摘要。",
            "发布超过一至三个月的文件，其改动只有完整采集才能发现。",
            "贸易救济和 337 调查依案号和用语从其他公告中识别。",
        ),
    )

    async def start(self) -> AsyncIterator[Request]:
        """The spans to read, the newest first."""
        for request in self._ask(Span(FIRST, DAYS)):
            yield request

    def _ask(self, span: Span) -> Iterator[Request]:
        since, ahead = self.job.options.since, clock.today() + AHEAD
        while span.days > 1 and span.halves()[0].start > ahead:
            span = span.halves()[1]
        if span.start > ahead or (since and span.end < since):
            return
        if span.name in self.job.units:
            self.job.account.known += 1
        elif any(map(span.holds, self.job.units)):
            for half in span.halves():
                yield from self._ask(half)
        else:
            day = "conditions[publication_date]"
            query = [(f"{day}[gte]", max(span.start, since or span.start)), (f"{day}[lte]", min(span.end, ahead)),
                     *(("conditions[type][]", kind) for kind in TYPES), *(("fields[]", field) for field in FIELDS),
                     ("order", "oldest"), ("per_page", PAGE_SIZE)]
            settled = span.end + SETTLES < clock.today()
            yield self.ask(f"{DOCUMENTS}?{urlencode(query)}", self.read_page, entry=not settled, archive=settled,
                           span=span.plain, unit_of=span.name if settled and not since else "")

    def read_page(self, response: Response, span: list[Any], unit_of: str, page: int = 1, held: int = 0) -> Output:
        """A page of a span, of which ``held`` documents are stored, and the next page; or the halves of a span that is too
        large."""
        answer, days = self.answer(response, _ANSWER), Span.of(span)
        if page == 1 and answer["count"] >= CAP:
            if days.days == 1:
                raise shape(response.url, f"a single day reaches the cap of {CAP} documents")
            yield from (request for half in days.halves() for request in self._ask(half))
            return
        if answer["count"] and (missing := {"results", "total_pages"} - answer.keys()):
            raise field_missing(response.url, min(missing), f"page {page}")
        account, is_last = self.job.account, page >= answer.get("total_pages", 0)
        if not is_last and not answer.get("next_page_url"):
            raise field_missing(response.url, "next_page_url", f"page {page}")
        if page == 1:
            account.stated = (account.stated or 0) + answer["count"]
        results = answer.get("results", [])
        account.got += len(results)
        documents = self.each(response, results, lambda document: self._notice(document, days, response.url))
        held += len(documents.notices)
        whole = is_last and held >= answer["count"] and not account.error
        yield self.page(response, documents, unit=unit_of if whole else "")
        if not is_last:
            request = self.ask(answer["next_page_url"], self.read_page, archive=response.meta["archive"], span=span,
                               unit_of=unit_of, page=page + 1, held=held)
            yield request.replace(priority=1)  # a span is read to its end before the next is begun

    def _notice(self, value: Any, span: Span, url: str) -> Notice:
        document = self.record(value, _DOCUMENT, url, "document_number")
        number, published = document["document_number"].strip(), iso_day(document["publication_date"])
        if not number or published is None:
            raise InvalidValue(f"document {number!r} is of {document['publication_date']!r}")
        if not span.start <= published <= span.end or document["type"] == "Presidential Document":
            # an unknown condition is ignored, and everything comes back
            raise shape(url, f"document {number} of {published} ({document['type']}) was not asked for")
        title, abstract, dockets = line(document["title"]), plain(document["abstract"]), texts(document["docket_ids"])
        address = (document["html_url"] or "").strip() or f"https://www.federalregister.gov/d/{number}"
        if not is_web_address(address):
            raise InvalidValue(f"html_url of {number} is {address!r}")
        offices = agencies(document["agencies"], url, number)
        kind = self._kind(document, "\n".join((title, abstract, *offices)), dockets)
        is_case = kind is NoticeKind.IP_EXCLUSION
        return Notice(
            source=self.card.slug, external_id=number, kind=kind, market="US",
            title=title or line(document["action"]) or number, url=address, published_on=published, summary=abstract,
            category=" | ".join(offices),
            measures=ordered(title) if is_case else (), stage=case_stage(title) if is_case else stage(document["type"]),
            comment_deadline=self._day(document, "comments_close_on"), effective_on=self._day(document, "effective_on"),
            identifiers=tuple(dict.fromkeys((
                *filter(None, (line(document["citation"]),)), *dockets, *texts(document["regulation_id_numbers"]),
                *_CASE.findall(f"{title} {abstract} {' '.join(dockets)}")))),
            relates_to=corrected(number, document["correction_of"] or ""), documents=links(document["pdf_url"]),
            raw=_DOCUMENT.texts(document | {"cfr_references": cfr_parts(document["cfr_references"])}),
        )

    def _day(self, document: dict[str, Any], field: str) -> date | None:
        return self.dated(iso_day(document[field]), document[field], field)

    def _kind(self, document: dict[str, Any], text: str, dockets: list[str]) -> NoticeKind:
        stated, number = document["type"], document["document_number"]
        if stated in ("Rule", "Proposed Rule"):
            return NoticeKind.TECHNICAL_REGULATION
        if stated is None:
            self.warn("a document without a type", number)
        elif stated not in ("Notice", "Sunshine Act Document"):
            raise InvalidValue(f"type of {number} is {stated!r}")
        if _IP_DOCKET.search(" ".join(dockets)) or (_COMMISSION.search(text) and _IP_WORDS.search(text)
                                                    and not _REMEDY.search(text)):
            return NoticeKind.IP_EXCLUSION
        remedy = _REMEDY.search(text) or _REMEDY_DOCKET.search(" ".join(dockets))
        return NoticeKind.TRADE_REMEDY if remedy else NoticeKind.OTHER


def texts(values: list[Any] | None) -> list[str]:
    """The texts in a list, on one line each."""
    return [text for text in map(line, filter(None, values or ())) if text]


def agencies(entries: list[dict[str, Any]] | None, url: str, number: str) -> list[str]:
    """The names of the agencies, each once; one that the publisher does not know has but a raw name. Raises ShapeChanged
    when a known one has no name."""
    for each in entries or ():
        if "slug" in each and "name" not in each:
            raise field_missing(url, "name", f"agencies of {number}")
    return texts(list(dict.fromkeys(each.get("name") or each["raw_name"] for each in entries or ())))


def cfr_parts(entries: list[dict[str, Any]] | None) -> list[str]:
    """The parts of the Code of Federal Regulations that a document acts on, as they are cited: 10 CFR 431."""
    return [f"{each['title']} CFR {each['part'] or ''}".strip() for each in entries or ()]


_CORRECTION = re.compile(r"[CR]\d+-(.+)")
_API_ADDRESS = re.compile(r"/documents/([^/?]+?)(?:\.json)?(?:\?|$)")


def corrected(number: str, correction_of: str) -> tuple[str, ...]:
    """The document that this one corrects or prints again: C1-2021-07543 → 2021-07543."""
    found = _API_ADDRESS.search(correction_of) or _CORRECTION.fullmatch(number)
    return (found[1],) if found else ()


def stage(stated: str | None) -> str:
    """The stage of a document: whether a rule is in force its effective date tells."""
    return "proposed" if stated == "Proposed Rule" else ""


_CASE = re.compile(r"\b(?:337|701|731|201)-TA-\d+\b")
_IP_DOCKET = re.compile(r"\b337-TA-\d")
_COMMISSION = re.compile(r"\bInternational Trade Commission\b|\bsection 337\b", re.I)
_IP_WORDS = re.compile(r"\bsection 337\b|\binitial determination|\bexclusion order|\binstitution of investigation"
                       r"|\b(?:advisory opinion|enforcement|modification|rescission) proceeding"
                       r"|\breceipt of (?:\w+ )*complaint|\bcomplaint was filed with\b|\bremedial orders?\b"
                       r"|\badministrative law judge\b|\bterminat(?:e|ing|ion of) the investigation\b", re.I)
_REMEDY = re.compile(r"\banti-?dumping\b|\bcountervailing\b|\bless[- ]than[- ]fair[- ]value\b"
                     r"|\bsafeguard (?:investigation|measure|action)s?\b", re.I)
_REMEDY_DOCKET = re.compile(r"\b[AC]-\d{3}-\d{3}\b|\b(?:701|731|201)-TA-\d")
_ORDERED = re.compile(r"\bissu(?:e|es|ed|ance of)\b(.*)", re.I)
_ORDERS = ("geo", "leo", "cdo", "civil_penalty")
_CASE_STAGES = (
    ("complaint", re.compile(r"\breceipt of (?:\w+ )*complaint", re.I)),
    ("modification", re.compile(r"\b(?:modification|rescission|enforcement|advisory opinion) proceeding"
                                r"|\b(?:rescind|modify)\b.*\border", re.I)),
    ("final_violation", re.compile(r"(?<!initial )determinations? (?:finding|of) (?:a |an )?violation"
                                   r"|\bissu(?:e|es|ance of)\b.*\b(?:exclusion|desist) order", re.I)),
    ("termination", re.compile(r"\btermination of (?:the |this )?investigation", re.I)),
    ("institution", re.compile(r"\binstitution of (?:the )?investigation", re.I)),
    ("review", re.compile(r"\bto review\b(?<!not to review)|\brequest for (?:\w+ )*(?:statements|submissions)", re.I)),
    ("initial_determination", re.compile(r"\binitial determination", re.I)),
)


def case_stage(title: str) -> str:
    """The stage of a section 337 case that a title tells; nothing when it tells none."""
    return next((name for name, words in _CASE_STAGES if words.search(title)), "")


def ordered(title: str) -> tuple[str, ...]:
    """Ids of the orders that a title says are issued; what a complainant asks for is none."""
    found = _ORDERED.search(title)
    return tuple(name for name in measures_from_text(found[1]) if name in _ORDERS) if found else ()
