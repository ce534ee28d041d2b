"""Safety Gate: the EU's weekly reports on dangerous non-food products, as XML."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from functools import lru_cache
from typing import ClassVar
from urllib.parse import urlsplit

from lxml import etree
from scrapy import Request
from scrapy.http import Response

from crawlers.addendum import speaks_of_ends, withdrawn
from crawlers.base import Output, SourceSpider
from crawlers.errors import shape
from crawlers.fields import Fields
from crawlers.items import Withdrawal
from crawlers.text import barcodes, day, first_sentence, line, links, plain, stated
from domain.hazard import hazards_from_raw, risk_level_from_raw
from domain.kinds import kind_of_alert
from domain.market import market_from_name
from domain.measure import in_order, measures_from_text
from domain.notice import Notice
from domain.source import Expectation, Listing, Publisher, Source

INDEX = "https://ec.europa.eu/safety-gate-alerts/api/download/weeklyReport/list/xml/en"
REREAD = 4
"""The newest reports, which are still amended: read in every run."""

_INDEX = Fields(("reference", "publicationDate", "URL"))
_REPORT = Fields(("report_date", "notifications"), ("report_addendum",), ("report_language", "report_year", "report_week"))
_ALERT = Fields(
    ("caseNumber", "reference", "category", "product", "brand", "name", "type_numberOfModel", "batchNumber", "barcode",
     "riskType", "danger", "measures", "URLrecall", "description", "notifyingCountry", "countryOfOrigin", "type", "level",
     "onlineTrader"),
    ("companyRecallCode", "productionDates"),
    ("order", "pictures"),  # the place in the report, which moves; pictures are third parties'
)
_TITLE_FROM_TEXT = 100


class EuSafetyGate(SourceSpider):
    """Index of weekly reports → each report not read yet, newest first, and the newest few again."""

    fields = _ALERT
    card: ClassVar[Source] = Source(
        slug="eu_safety_gate",
        title="Safety Gate: EU rapid alert system for dangerous non-food products",
        title_zh="欧盟 Safety Gate（原 RAPEX）非食品类危险产品快速预警系统",
        publisher=Publisher("European Commission, DG Justice and Consumers", "欧盟委员会司法与消费者总司",
                            "https://ec.europa.eu/safety-gate-alerts/", "EU"),
        market="EU",
        url="https://ec.europa.eu/safety-gate-alerts/screen/webReport",
        hosts=("ec.europa.eu",),
        licence="CC BY 4.0 (Commission Decision 2011/833/EU); credit the European Commission. Pictures are third parties'.",
        listing=Listing.WINDOW,
        expectation=Expectation(min_items=50, max_silence_days=21),
        parser_version=2,
        numbers=(r"(?:(?:A1[12]|INFO|SR|OR)/)?\d{4,5}/\d{2}",),
        summary_zh="欧盟及欧洲经济区各国主管机关每周通报的危险非食品类产品：召回、下架、禁售、边境拒绝入境等。约半数原产地为中国。",
        summary="Dangerous non-food products notified by EU and EEA authorities, week by week: recalls, withdrawals, sales "
                "bans, rejections at the border. About half of them come from China.",
        rhythm=timedelta(hours=12),
        caveats=(
            "English texts only; the same alerts exist in all EU languages.",
            "The report's date is the only date of an alert: amendments of older alerts show no date of their own.",
            "Amendments are seen while a report is among the newest four; older ones by a full crawl.",
            "Pictures are left out on purpose: they belong to third parties.",
            "Two alerts of 2006 share the number 0259/06: the first one stands.",
        ),
        caveats_zh=(
            "只取英文文本；同一通报有欧盟各语言版本。",
            "周报日期是通报唯一的日期：旧通报的修订没有自己的日期。",
            "只有最近四期周报中的修订会被发现；更早的需做完整采集。",
            "有意不收录图片：版权属于第三方。",
            "2006 年有两条通报共用编号 0259/06：保留第一条。",
        ),
    )

    async def start(self) -> AsyncIterator[Request]:
        """The index."""
        yield self.ask(INDEX, self.read_index, entry=True)

    def read_index(self, response: Response) -> Output:
        """Reports to read, newest first; gaps between report numbers mean nothing."""
        reports = sorted(self._reports(response), reverse=True)
        since = self.job.options.since
        for place, report in enumerate(reports):
            if report.published >= since if since else place < REREAD or report.number not in self.job.units:
                yield self.ask(report.url, self.read_report, unit=report.number, archive=place >= REREAD)
            elif report.number in self.job.units:
                self.job.account.known += 1

    def _reports(self, response: Response) -> Iterator[_Report]:
        for node in self.xml(response, "Safety-Gate"):
            if node.tag != "weeklyReport":
                raise shape(response.url, f"a <{node.tag}> stands where a <weeklyReport> is expected")
            record = _values(node)
            self.warn_of_fields(_INDEX.check(record, response.url, f"<{node.tag}>"), response.url)
            published = day(record["publicationDate"], "%d/%m/%Y")
            if published is None:
                raise shape(response.url, f"publicationDate is {record['publicationDate']!r}")
            url = record["URL"].strip()
            yield _Report(published, url.partition("?")[0].rpartition("/")[2], url)

    def read_report(self, response: Response) -> Output:
        """The alerts of one week, and the older ones it withdraws."""
        root = self.xml(response, "Safety-Gate")
        fields = {str(node.tag): node for node in root}
        self.warn_of_fields(_REPORT.check(fields, response.url, f"<{root.tag}>"), response.url)
        published = day(root.findtext("report_date"), "%d/%m/%Y")
        if published is None:
            raise shape(response.url, f"report_date is {root.findtext('report_date')!r}")
        alerts = self.each(response, root.iterfind("notifications"),
                           lambda node: self._notice(node, published, response.url))
        addendum = plain(root.findtext("report_addendum"))
        gone = withdrawn(addendum)
        if not gone and speaks_of_ends(addendum):
            self.warn(f"no case number in: {' '.join(addendum.split())[:200]}")
        number = urlsplit(response.url).path.rpartition("/")[2]
        yield self.page(response, alerts, unit=number, withdrawals=tuple(
            Withdrawal(case, f"Safety Gate, {published:%d/%m/%Y}: {said}", published) for case, said in gone.items()))

    def _notice(self, node: etree._Element, published: date, url: str) -> Notice:
        record = _values(node)
        case = record.get("caseNumber", "").strip() or record.get("reference", "").strip().rpartition("/")[2]
        self.warn_of_fields(_ALERT.check(record, url, case), case)
        steps = split_measures(record["measures"])
        if not all(step.operator for step in steps):
            self.warn("measures without labels", case)
        found = measures(steps)
        product, brand, name = (stated(record[field]) for field in ("product", "brand", "name"))
        return Notice(
            source=self.card.slug, external_id=case, kind=kind_of_alert(found), market="EU",
            title=title(product, brand, name, record) or case, url=record["reference"].strip(), published_on=published,
            summary="\n".join(text for text in (plain(record["description"]), danger(record["danger"])) if text),
            product=product, brand=brand, model=stated(record["type_numberOfModel"]), category=line(record["category"]),
            origin=self._country(record["countryOfOrigin"]), notifying_country=self._country(record["notifyingCountry"]),
            hazards=hazards(record["riskType"]), risk_level=risk_level(record["level"], case),
            measures=found, effective_on=min(filter(None, map(self._since, steps)), default=None),
            identifiers=identifiers(record),
            documents=links(record["URLrecall"], record["description"], record["danger"], record["type_numberOfModel"],
                            record["batchNumber"]),
            raw=_ALERT.raw(record),
        )

    def _since(self, step: Step) -> date | None:
        return self.dated(step.since, step.stated_since, "Date of entry into force")

    def _country(self, name: str) -> str:
        found = country(name)
        if not found and stated(name):
            self.warn(f"unknown country {name.strip()!r}")
        return found


@dataclass(frozen=True, slots=True, order=True)
class _Report:
    published: date
    number: str
    url: str


@dataclass(frozen=True, slots=True)
class Step:
    """One measure: who took it or was ordered to, what it is, since when as stated and as a date."""

    operator: str
    category: str
    stated_since: str
    since: date | None


_STEP = re.compile(r"Type of economic operator (?:taking notified|to whom the) measure\(s\)(?: were ordered)?:"
                   r"(?P<operator>(?:(?!Category of m|Type of e).)*+)Category of measure\(s\):"
                   r"(?P<category>(?:(?!Date of e|Type of e).)*+)Date of entry into force:"
                   r"(?P<since>(?:(?!Type of economic operator).)*+)", re.S)  # each part ends where the next may begin


def split_measures(text: str) -> list[Step]:
    """The labelled phrases of ``measures``, which stand there without anything between them; text without labels is a
    step by nobody."""
    steps = [Step(found["operator"].strip(), plain(found["category"]), found["since"], day(found["since"], "%d/%m/%Y"))
             for found in _STEP.finditer(text)]
    rest = plain(_STEP.sub("", text))
    return [*steps, Step("", rest, "", None)] if rest else steps


def measures(steps: list[Step]) -> tuple[str, ...]:
    """Ids of the measures taken, in the order of our list."""
    return in_order(name for step in steps for name in _measures_of(step.category))


_measures_of = lru_cache(maxsize=4096)(measures_from_text)


@lru_cache(maxsize=1024)
def hazards(risk_type: str) -> tuple[str, ...]:
    """Ids of the hazards in "Burns, Fire"."""
    return hazards_from_raw(risk_type.split(","))


@lru_cache(maxsize=1024)
def country(name: str) -> str:
    """The code of a country; nothing for Unknown."""
    return market_from_name(name) or ""


def risk_level(level: str, case: str) -> str:
    """The level as stated, else as the case number's first letters say."""
    found = _level_of(level)
    return found if found != "unknown" else _level_of(case.partition("/")[0] + "/")


_level_of = lru_cache(maxsize=256)(risk_level_from_raw)


def identifiers(record: dict[str, str]) -> tuple[str, ...]:
    """Barcodes, which stand in free text, and the maker's own number of the recall."""
    return *barcodes(record["barcode"]), stated(record.get("companyRecallCode"))


def danger(text: str) -> str:
    """The danger, without the word "null" that opens those of 2011 to 2013."""
    return plain(text.removeprefix("null"))


def title(product: str, brand: str, name: str, record: dict[str, str]) -> str:
    """Product – brand – name, each once; without a product the name or the description's beginning, else model, category."""
    subject = product or name or first_sentence(record["description"], _TITLE_FROM_TEXT)
    parts = [subject] if subject else []
    for part in (brand, name):
        if part and part.casefold() not in " ".join(parts).casefold():
            parts.append(part)
    return " – ".join(parts) or stated(record["type_numberOfModel"]) or line(record["category"])


def _values(node: etree._Element) -> dict[str, str]:
    """The child elements of a record by name; one with elements of its own gives all their text."""
    found: dict[str, str] = {}
    for child in node:
        text = "".join(child.itertext()) if len(child) else child.text or ""  # type: ignore[arg-type]
        name = str(child.tag)
        found[name] = f"{found[name]}\n{text}" if name in found else text
    return found
