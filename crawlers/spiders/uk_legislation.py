"""Legislation of the United Kingdom and its nations, as the National Archives publish it: one paged Atom feed."""

from __future__ import annotations

import re
from datetime import date, timedelta
from typing import ClassVar
from urllib.parse import urlencode

from crawlers.bases.feed import Entry, FeedSpider
from crawlers.fields import Fields
from crawlers.text import iso_day, line
from domain.errors import InvalidValue
from domain.notice import Notice, NoticeKind
from domain.source import Expectation, Listing, Publisher, Source

FEED = "https://www.legislation.gov.uk/all/data.feed"
PAGE_SIZE = 100

_ID = re.compile(r"https?://[^/]+/id/(?P<path>(?P<type>[a-z]+)/\S+)")
_SERIES = {"uksi": "SI", "wsi": "SI", "nisi": "SI", "ssi": "SSI", "nisr": "SR"}
"""How instruments are cited; those of Wales and Orders in Council for Northern Ireland count among the UK's."""
_GONE = re.compile(r"\((?:repealed|revoked)\b[^()]*\)$", re.I)
_WORDS = re.compile(r"(?<=[a-z])(?=[A-Z])")


class UkLegislation(FeedSpider):
    """All legislation by date of publication, the newest first; what bears no such date stands at the end."""

    card: ClassVar[Source] = Source(
        slug="uk_legislation",
        title="legislation.gov.uk: legislation of the United Kingdom",
        title_zh="英国法规网（legislation.gov.uk）：英国立法",
        publisher=Publisher("The National Archives (United Kingdom)", "英国国家档案馆",
                            "https://www.legislation.gov.uk/", "GB"),
        market="GB",
        url="https://www.legislation.gov.uk/new",
        hosts=("www.legislation.gov.uk",),
        licence="Open Government Licence v3.0 (© Crown copyright)",
        listing=Listing.APPEND,
        expectation=Expectation(min_items=100, max_silence_days=21),
        parser_version=1,
        numbers=(r"(?:SI|SSI|SR) \d{4}/\d+",),
        summary_zh="英国及苏格兰、威尔士、北爱尔兰的法律、行政法规（Statutory Instruments）和保留的欧盟法，含 RoHS、WEEE、"
                   "机械安全、承压设备等产品法规及其修订。",
        summary="Acts and statutory instruments of the United Kingdom, Scotland, Wales and Northern Ireland and retained EU "
                "law: among them RoHS, WEEE, machinery safety, pressure equipment, and what amends them.",
        caveats=(
            "All legislation is listed, most of it no product rule: road closures, courts, taxes.",
            "The feed holds titles and summaries, not the text: substances, products and the day of coming into force often "
            "stand only in the document.",
            "The date is that of publication on the site or of the latest correction slip, not the day a rule was made.",
            "Changes of entries published more than 30 days before the newest, repeals among them, are seen only by a full "
            "crawl; so are new entries without a publication date, mostly historical ones.",
            "“Repealed” is said only where the publisher's title says so; older instruments may be out of force unsaid.",
            "The Welsh text of bilingual instruments is kept with the original data; the English one is shown.",
        ),
        caveats_zh=(
            "列出全部立法，其中大部分不是产品法规，例如道路封闭、法院、税收。",
            "来源只有标题和摘要，没有正文：所涉物质、产品和生效日期常常只写在文件中。",
            "日期是在网站发布或最近一次勘误的日期，不是法规制定的日期。",
            "比最新一条早 30 天以上发布的条目，其变更（包括废止）只有完整采集才能发现；"
            "没有发布日期的新条目（多为历史文件）也是如此。",
            "只有发布机构的标题注明时才标为“废除”；较早的法规可能已失效而未注明。",
            "双语法规显示英文文本，威尔士文保留在原始数据中。",
        ),
    )
    custom_settings: ClassVar[dict[str, object]] = {  # type: ignore[misc]
        "RETRY_HTTP_CODES": [202, 408, 429, 500, 502, 503, 504, 522, 524],  # 202: an answer still being made, ask again
    }
    look_back = timedelta(days=30)
    namespaces: ClassVar[dict[str, str]] = {
        "http://www.legislation.gov.uk/namespaces/metadata": "ukm",
        "http://www.legislation.gov.uk/namespaces/legislation": "leg",
        "http://a9.com/-/spec/opensearch/1.1/": "openSearch",
    }
    head = Fields(("id", "link", "leg:page"), ("entry",), (
        "title", "updated", "leg:morePages", "leg:facets", "leg:title", "leg:text", "openSearch:Query",
        "openSearch:itemsPerPage", "openSearch:startIndex", "openSearch:totalResults"))  # approximate, or out of order
    fields = Fields(
        ("id", "title", "link", "updated", "summary", "ukm:DocumentMainType", "ukm:Year"),
        ("published", "category", "ukm:Number", "ukm:ISBN", "ukm:CreationDate", "ukm:Subject", "ukm:AlternativeNumber",
         "ukm:Supersedes"),
        ("author",))  # always empty
    usual = frozenset(("published", "ukm:Number"))
    page_number = "leg:page"
    more_pages = "leg:morePages"

    def page_url(self, number: int) -> str:
        """A page of everything, with the order said outright: that of web pages is another."""
        return f"{FEED}?{urlencode({'results-count': PAGE_SIZE, 'sort': 'published', 'page': number})}"

    def notice(self, entry: Entry, url: str) -> Notice:
        """The notice of an entry."""
        core = entry.core
        known = _ID.fullmatch(core.get("id", ""))
        if known is None:
            raise InvalidValue(f"the id is {core.get('id')!r}")
        titles = entry.by_language("title", "en")
        lang = "en" if "en" in titles else next(iter(titles), "en")
        title, summary = line(titles.get(lang)), entry.by_language("summary", "en").get(lang, "")
        page, papers = addresses(core.get("links", []))
        numbers = self._numbers(entry, known["type"])
        return Notice(
            source=self.card.slug, external_id=known[0], kind=NoticeKind.TECHNICAL_REGULATION, market="GB",
            title=title or next(iter(numbers), known["path"]), url=page, lang=lang,
            published_on=self._day(entry, "published"), updated_on=self._day(entry, "updated"),
            summary="" if line(summary) == title else summary, category=category(entry), notifying_country="GB",
            stage=stage(entry, title), identifiers=(*numbers, known["path"], *entry.values("ukm:ISBN", "Value")),
            relates_to=tuple(entry.values("ukm:Supersedes", "URI")), documents=papers,
            raw=self.fields.raw(entry.raw() | {"link": "\n".join((page, *papers))}),
        )

    def _day(self, entry: Entry, field: str) -> date | None:
        stated = str(entry.core.get(field, "")) if field in entry.elements else ""
        return self.dated(iso_day(stated), stated, field)

    @staticmethod
    def _numbers(entry: Entry, kind: str) -> list[str]:
        years, numbers = entry.values("ukm:Year", "Value"), entry.values("ukm:Number", "Value")
        if not years:
            raise InvalidValue(f"{entry.core.get('id')} states no year")
        return [f"{_SERIES[kind]} {years[0]}/{number}" for number in numbers if kind in _SERIES]


def addresses(links: list[dict[str, str]]) -> tuple[str, tuple[str, ...]]:
    """The page of a document and its PDF files; the other links are to the same text in other forms."""
    found = [(link.get("rel"), link.get("type"), link["href"]) for link in links if "href" in link]
    pages = [href for rel, form, href in found if (rel, form) == ("alternate", "text/html")]
    if not pages:
        raise InvalidValue("there is no link to a page")
    return pages[0], tuple(dict.fromkeys(href for _, form, href in found if form == "application/pdf"))


def document_type(entry: Entry) -> str:
    """The type in words: UnitedKingdomStatutoryInstrument is a United Kingdom Statutory Instrument."""
    return " ".join(_WORDS.sub(" ", name) for name in entry.values("ukm:DocumentMainType", "Value"))


def category(entry: Entry) -> str:
    """The type of a document and the subjects it is filed under."""
    subjects = entry.values("ukm:Subject", "Value")
    return " | ".join(filter(None, (document_type(entry), "; ".join(dict.fromkeys(subjects)))))


def stage(entry: Entry, title: str) -> str:
    """What the type or the title says of a rule's state; mostly nothing."""
    if " Draft " in document_type(entry):
        return "proposed"
    return "repealed" if _GONE.search(title) else ""
