"""Product safety alerts, reports and recalls of the United Kingdom, from the search and content APIs of GOV.UK."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Iterator
from itertools import takewhile
from typing import Any, ClassVar
from urllib.parse import urlencode

from bs4 import BeautifulSoup, Tag
from scrapy import Request
from scrapy.http import Response

from crawlers.base import MANY, Output, Records
from crawlers.bases.html_list import text_of
from crawlers.bases.json_api import TEXT, JsonApiSpider, Record
from crawlers.bases.listed import Listed, ListedSpider
from crawlers.errors import shape
from crawlers.hazards import hazards
from crawlers.items import Withdrawal
from crawlers.text import barcodes, iso_day, line, lines, links, stated
from domain.hazard import risk_level_from_raw
from domain.measure import in_order
from domain.notice import Notice, NoticeKind
from domain.source import Expectation, Listing, Publisher, Source

SITE = "https://www.gov.uk"
FORMAT = "product_safety_alert_report_recall"
PAGE_SIZE = 500

_STATED = ("product_alert_type", "product_risk_level", "product_category")
_FACTS: dict[str, Any] = dict.fromkeys(_STATED, str) | {"product_measure_type": list}
_RESULT = Record({"title": str, "link": str, "public_timestamp": str} | _FACTS,
                 {"description": TEXT, "product_recall_alert_date": TEXT},
                 ("index", "es_score", "_id", "elasticsearch_type", "document_type"))
_ANSWER = Record({"results": _RESULT, "total": int, "start": int}, {},
                 ("aggregates", "suggested_queries", "suggested_autocomplete", "es_cluster"))
_ITEM = Record(
    {"base_path": str, "title": str, "document_type": str, "details": dict, "withdrawn_notice": dict | None}
    | dict.fromkeys(("content_id", "description", "first_published_at", "public_updated_at"), TEXT), {},
    ("analytics_identifier", "links", "locale", "phase", "publishing_app", "publishing_request_id",
     "publishing_scheduled_at", "rendering_app", "scheduled_publishing_delay_seconds", "schema_name", "updated_at"))
_ATTACHMENT = Record({"url": TEXT}, {"title": TEXT}, (
    "attachment_type", "content_id", "content_type", "created_at", "id", "updated_at", "accessible", "file_size", "filename",
    "alternative_format_contact_email", "number_of_pages", "locale"))
_DETAILS = Record({"body": str, "metadata": dict}, {"attachments": _ATTACHMENT},
                  ("change_history", "headers", "max_cache_time", "temporary_update_type"))
_METADATA = Record(_FACTS, {"product_recall_alert_date": TEXT}, ("bulk_published",))
_WITHDRAWN = Record({}, {"withdrawn_at": TEXT, "explanation": TEXT})
_KINDS = {"product-recall": NoticeKind.RECALL, "product-safety-report": NoticeKind.FOREIGN_NOTIFICATION,
          "product-safety-alert": NoticeKind.FOREIGN_NOTIFICATION}
_MEASURES = {
    "ban-marketing-of-product-and-accompanying-measures": "sales_ban", "destruction-of-the-product": "destruction",
    "import-rejected-at-border": "import_rejected", "marking-product-with-appropriate-warnings-on-risks": "marking",
    "making-marketing-of-product-subject-to-prior-conditions": "conditions", "modification-programme": "corrective_action",
    "recall-of-product-from-end-users": "recall_end_users", "removal-of-listing-by-online-marketplace": "listing_removed",
    "temporary-ban-on-supply-offer-and-display-of-product": "temporary_ban", "warning-consumers-of-risks": "warning",
    "withdrawal-of-product-from-market": "withdrawal", "other": "other"}
_RISKS = {"medium": "moderate", "not-provided": "unknown"}
_TITLE = re.compile(r"Product (?:Recall|Safety (?:Report|Alert))\s*:\s*(.+?)\s*(?:\(\d{4}-\d{4}\))?", re.I)
_PSD = re.compile(r"(?<![\d-])\d{4}-\d{4}(?![\d-])")
_PSD_STATED = re.compile(r"PSD notification number\W{0,5}(\d{4}-\d{4})(?!\d)", re.I)


class UkOpss(JsonApiSpider, ListedSpider):
    """The whole listing in every run, and the documents of which it says something new."""

    fields = _ITEM
    card: ClassVar[Source] = Source(
        slug="uk_opss",
        title="UK product safety alerts, reports and recalls (OPSS)",
        title_zh="英国产品安全警示、报告与召回（OPSS）",
        publisher=Publisher("Office for Product Safety and Standards (United Kingdom)", "英国产品安全与标准办公室（OPSS）",
                            "https://www.gov.uk/government/organisations/office-for-product-safety-and-standards", "GB"),
        market="GB",
        url="https://www.gov.uk/product-safety-alerts-reports-recalls",
        hosts=("www.gov.uk",),
        licence="Open Government Licence v3.0 (© Crown copyright); product photographs must not be re-used",
        listing=Listing.FULL,
        expectation=Expectation(min_items=3_000, max_silence_days=14),
        parser_version=1,
        summary_zh="英国的产品召回、安全警示和安全报告（其中许多为边境拒绝入境），2021 年至今，"
                   "附品牌、型号、条码、危害与依据的法规。",
        summary="Product recalls, safety alerts and safety reports of the United Kingdom since 2021, many about imports "
                "rejected at the border, with brand, model, barcode, hazard and the regulation breached.",
        caveats=(
            "The hazards are read from the text; the publisher gives a risk level, but no hazard codes.",
            "The date is that of the alert; where none is stated, that of its publication, which for alerts of 2021 may be "
            "March 2022.",
            "Corrections that leave the publisher's date of change as it was are seen only by a full crawl.",
            "No numbers of Safety Gate are given; cases of Northern Ireland also stand there.",
            "Photographs are linked, not kept.",
        ),
        caveats_zh=(
            "发布机构给出风险等级，但没有危害代码；危害由正文读出。",
            "日期为警示日期；未注明时为发布日期，2021 年的警示可能显示为 2022 年 3 月。",
            "未更新修改日期的更正，只有完整采集才能发现。",
            "不含 Safety Gate 编号；涉及北爱尔兰的案件也见于 Safety Gate。",
            "产品照片只提供链接，不收录。",
        ),
    )

    async def start(self) -> AsyncIterator[Request]:
        """The first page of the listing."""
        yield self._ask_page(0)

    def _ask_page(self, start: int) -> Request:
        query = urlencode({
            "filter_format": FORMAT, "order": "-public_timestamp", "count": PAGE_SIZE, "start": start,
            "fields": ",".join(("title", "link", "public_timestamp", "description", *_FACTS, "product_recall_alert_date"))})
        return self.ask(f"{SITE}/api/search.json?{query}", self.read_page, entry=start == 0, start=start)

    def read_page(self, response: Response, start: int) -> Output:
        """A page of the listing, the next one, and what is new on it."""
        answer = self.answer(response, _ANSWER)
        if answer["start"] != start:
            raise shape(response.url, f"it says that it begins at {answer['start']}, {start} was asked for")
        results, account = answer["results"] or [], self.job.account
        if len(results) >= MANY:
            _RESULT.check_all(set().union(*results), response.url)
        account.got, account.stated = account.got + len(results), answer["total"]
        if results and start + len(results) < answer["total"]:
            yield self._ask_page(start + len(results)).replace(priority=1)  # a listing moves while it is walked
        known, requests = self.sort_out(self._listed(results))
        yield self.page(response, known)
        yield from requests

    def _listed(self, results: list[dict[str, Any]]) -> Iterator[Listed]:
        since = self.job.options.since
        for result in results:
            changed = iso_day(result["public_timestamp"])
            if since is None or changed is None or changed >= since:
                values = {name: value for name, value in result.items() if name not in _RESULT.ignored}
                yield Listed(result["link"].strip(), f"{SITE}/api/content{result['link'].strip()}", values)

    def read_item(self, response: Response, listed: dict[str, Any]) -> Output:
        """A document; one that the publisher has withdrawn is no notice any more."""
        found = self.item(response, listed)
        gone = [(notice, ended) for notice in found.notices if (ended := iso_day(notice.raw.get("withdrawn_at")))]
        yield self.page(response, Records(bad=found.bad) if gone else found, withdrawals=tuple(
            Withdrawal(notice.external_id, f"GOV.UK, {ended}: {line(notice.raw.get('explanation'))}", ended)
            for notice, ended in gone))

    def notice(self, response: Response, listed: dict[str, Any]) -> Notice:
        """The notice of a document."""
        where, url = listed["link"].strip(), response.url
        item = self.answer(response, _ITEM)
        if (item["base_path"], item["document_type"]) != (where, FORMAT):
            raise shape(url, f"it is the {item['document_type']} {item['base_path']}")
        details = self.record(item["details"], _DETAILS, url, "title")
        facts = self.record(details["metadata"], _METADATA, url, "product_alert_type")
        gone = self.record(item["withdrawn_notice"] or {}, _WITHDRAWN, url, "withdrawn_at")
        soup = BeautifulSoup(details["body"], "lxml")
        told, rows, title = sections(soup), table(soup), line(item["title"])
        hazard = told.get("Hazard") or told.get("Summary", "")
        measures = in_order(self.meaning("measure", str(name), _MEASURES, where, "other")
                            for name in facts["product_measure_type"])
        product = _TITLE.fullmatch(title)
        papers = [each["url"] for each in details.get("attachments") or ()]
        return Notice(
            source=self.card.slug, external_id=where, kind=self._kind(facts, measures, where), market="GB", title=title,
            url=f"{SITE}{where}", published_on=iso_day(facts.get("product_recall_alert_date"))
            or iso_day(item["first_published_at"]), updated_on=iso_day(item["public_updated_at"]),
            summary="\n".join(filter(None, (rows.get("Product Description"), hazard, told.get("Corrective action")))),
            product=product[1] if product else title, brand=stated(rows.get("Brand")), model=named(rows, "model"),
            category=" | ".join(filter(None, (rows.get("Type"), facts["product_category"]))),
            origin=self.country(stated(rows.get("Country of Origin") or rows.get("Country of origin")), where),
            notifying_country="GB", hazards=hazards("", (hazard or line(item["description"]),)),
            risk_level=risk_level_from_raw(_RISKS.get(facts["product_risk_level"], facts["product_risk_level"])),
            measures=measures, identifiers=(
                *_PSD.findall(title), *_PSD_STATED.findall(soup.get_text(" ")),
                *barcodes(named(rows, "barcode", "gtin", "ean", "upc")), item["content_id"] or ""),
            documents=links(*papers), raw=_ITEM.raw(
                _ITEM.texts(item | {"details": None, "withdrawn_notice": None})
                | {"body": details["body"], "attachments": "; ".join(filter(None, papers))}
                | _METADATA.texts(facts) | _WITHDRAWN.texts(gone)),
        )

    def _kind(self, facts: dict[str, Any], measures: tuple[str, ...], where: str) -> NoticeKind:
        found = self.meaning("type of alert", facts["product_alert_type"], _KINDS, where, NoticeKind.FOREIGN_NOTIFICATION)
        rejected = found is NoticeKind.FOREIGN_NOTIFICATION and "import_rejected" in measures
        return NoticeKind.BORDER_ACTION if rejected else found


def sections(soup: BeautifulSoup) -> dict[str, str]:
    """The text below each heading, its tables left out."""
    found: dict[str, str] = {}
    for heading in soup.find_all(("h2", "h3")):
        below = takewhile(lambda part: getattr(part, "name", None) not in ("h2", "h3"), heading.next_siblings)
        texts = (lines(str(part)) for part in below if isinstance(part, Tag) and part.name != "table")
        found[text_of(heading)] = "\n".join(filter(None, texts))
    return found


def table(soup: BeautifulSoup) -> dict[str, str]:
    """What stands beside each label in the tables of a document."""
    found: dict[str, str] = {}
    for row in soup.find_all("tr"):
        label, *values = (text_of(cell) for cell in row.find_all(("th", "td")))
        value = " | ".join(filter(None, values))
        found[label] = f"{found[label]}; {value}" if label in found else value
    return found


def named(rows: dict[str, str], *names: str) -> str:
    """What stands beside the labels that begin with one of these names, such as "Model number"."""
    return "; ".join(stated(value) for label, value in rows.items() if label.lower().startswith(names) and stated(value))
