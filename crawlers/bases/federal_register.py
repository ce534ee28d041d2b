"""Documents of the US Federal Register, from its API: all of them, or those that conditions choose."""

from __future__ import annotations

import re
from datetime import date, timedelta
from typing import Any, ClassVar
from urllib.parse import urlencode

from scrapy.http import Response

from crawlers.bases.json_api import LIST, TEXT, Record
from crawlers.bases.spans import Listed, Span, SpanSpider
from crawlers.errors import field_missing, shape
from crawlers.text import iso_day, line, links, plain
from domain.errors import InvalidValue
from domain.measure import measures_from_text
from domain.notice import Notice, NoticeKind
from domain.web_address import is_web_address

DOCUMENTS = "https://www.federalregister.gov/api/v1/documents.json"
PAGE_SIZE = 1000
TYPES = ("RULE", "PRORULE", "NOTICE")
FIELDS = ("abstract", "action", "agencies", "cfr_references", "citation", "comments_close_on", "correction_of", "dates",
          "docket_ids", "document_number", "effective_on", "html_url", "pdf_url", "publication_date",
          "regulation_id_numbers", "title", "topics", "type")


class FederalRegisterSpider(SpanSpider):
    """Rules, proposed rules and notices that meet ``conditions``. Older ones than 2016 are history, and older rules stand in
    the CFR. Issues are listed before their day, and documents are corrected in the days after it."""

    conditions: ClassVar[tuple[tuple[str, str], ...]] = ()
    first, days, cap = date(2016, 1, 1), 2 ** 14, 10_000
    ahead, settles = timedelta(days=14), timedelta(days=30)
    envelope = Record({"count": int}, {"results": list, "total_pages": int, "next_page_url": TEXT},
                      ("description", "previous_page_url"))
    fields = Record(
        {"document_number": str, "publication_date": str}
        | dict.fromkeys(("abstract", "action", "citation", "comments_close_on", "correction_of", "dates", "effective_on",
                         "html_url", "pdf_url", "title", "type"), TEXT)
        | dict.fromkeys(("docket_ids", "regulation_id_numbers", "topics"), LIST)
        | {"agencies": Record({"raw_name": TEXT}, {"name": TEXT}, ("id", "slug", "url", "json_url", "parent_id")),
           "cfr_references": Record({"title": object, "part": object}, {}, ("chapter", "citation_url"))})

    def span_url(self, span: Span, first: date, last: date) -> str:
        """Documents by day of publication."""
        day = "conditions[publication_date]"
        return f"{DOCUMENTS}?" + urlencode([
            (f"{day}[gte]", first), (f"{day}[lte]", last), *(("conditions[type][]", kind) for kind in TYPES),
            *self.conditions, *(("fields[]", field) for field in FIELDS), ("order", "oldest"), ("per_page", PAGE_SIZE)])

    def listed(self, response: Response, span: Span, page: int) -> Listed:
        """A page of an answer."""
        answer = self.answer(response, self.envelope)
        if answer["count"] and (missing := {"results", "total_pages"} - answer.keys()):
            raise field_missing(response.url, min(missing), f"page {page}")
        is_last = page >= answer.get("total_pages", 0)
        if not is_last and not answer.get("next_page_url"):
            raise field_missing(response.url, "next_page_url", f"page {page}")
        return Listed(answer["count"], answer.get("results", []), "" if is_last else answer["next_page_url"])

    def notice(self, value: Any, span: Span, url: str) -> Notice:
        """The notice of a document. Raises ShapeChanged for one that was not asked for."""
        document = self.record(value, self.fields, url, "document_number")
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
            comment_deadline=self.day_in(document, "comments_close_on"), effective_on=self.day_in(document, "effective_on"),
            identifiers=(line(document["citation"]), *dockets, *texts(document["regulation_id_numbers"]),
                         *_CASE.findall(f"{title} {abstract} {' '.join(dockets)}")),
            relates_to=corrected(number, document["correction_of"] or ""), documents=links(document["pdf_url"]),
            raw=self.fields.texts(document | {"cfr_references": cfr_parts(document["cfr_references"])}),
        )

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
_ORDERED = re.compile(r"\bissu(?:e|es|ed|ing|ance of)\b(.*)", re.I)
_ORDERS = ("geo", "leo", "cdo", "civil_penalty")
_CASE_STAGES = (
    ("complaint", re.compile(r"\breceipt of (?:\w+ )*complaint", re.I)),
    ("modification", re.compile(r"\b(?:modification|rescission|enforcement|advisory opinion) proceeding"
                                r"|\b(?:rescind|modify)\b.*\border", re.I)),
    ("final_violation", re.compile(r"(?<!initial )(?<!summary )(?:determination|decision)s? "
                                   r"(?:finding|of) (?:a |an )?violation"
                                   r"|\bissu(?:e|es|ing|ance of)\b.*\b(?:exclusion|desist) order", re.I)),
    ("termination", re.compile(r"\btermination of (?:the |this )?investigation", re.I)),
    ("institution", re.compile(r"\binstitution of (?:the )?investigation|\bnotice of institution\b", re.I)),
    ("review", re.compile(r"\bto review\b(?<!not to review)|\brequest for (?:\w+ )*(?:statements?|submissions?)", re.I)),
    ("initial_determination", re.compile(r"\binitial determination", re.I)),
)


def case_stage(title: str) -> str:
    """The stage of a section 337 case that a title tells; nothing when it tells none."""
    return next((name for name, words in _CASE_STAGES if words.search(title)), "")


def ordered(title: str) -> tuple[str, ...]:
    """Ids of the orders that a title says are issued; what a complainant asks for is none."""
    found = _ORDERED.search(title)
    return tuple(name for name in measures_from_text(found[1]) if name in _ORDERS) if found else ()
