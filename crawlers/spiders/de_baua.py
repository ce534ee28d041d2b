"""Germany's product warnings (BAuA), as a Bavarian consumer service merges them: JSON behind an app."""

from __future__ import annotations

import json
import re
from datetime import UTC, date, datetime, timedelta
from typing import Any, ClassVar
from zoneinfo import ZoneInfo

from scrapy import Request
from scrapy.http import Response

from crawlers.bases.json_api import TEXT, JsonApiSpider, Record
from crawlers.bases.newest_first import CountedListSpider
from crawlers.text import line, lines, stated
from domain.errors import InvalidValue
from domain.hazard import risk_level_from_raw
from domain.kinds import kind_of_alert
from domain.measure import in_order
from domain.notice import Notice
from domain.source import Expectation, Grade, Listing, Publisher, Source, SourceTier

WARNINGS = "https://megov.bayern.de/verbraucherschutz/baystmuv-verbraucherinfo/rest/api/warnings/merged"
PAGE_SIZE = 100

_ANSWER = Record({"response": dict})
_LIST = Record({"docs": list, "numFound": int}, {}, ("start", "maxScore", "numFoundExact"))
_WARNING = Record({"_type": str, "id": int, "title": TEXT, "publishedDate": int, "product": dict}, {
    "link": TEXT, "warning": TEXT, "rapexInformation": dict | None, "safetyInformation": dict | None}, ("archived",))
_PRODUCT = Record({}, dict.fromkeys((
    "designation", "brandName", "manufacturer", "model", "category", "countryOfOrigin", "affectedProducts",
    "shortDescription"), TEXT), ("_type", "imageUrls"))  # pictures are third parties'
_RAPEX = Record({}, {"alertNumber": TEXT, "message": TEXT}, ("_type",))
_SAFETY = Record({}, {"ordinance": TEXT}, ("_type",))
_RECORD_ID = re.compile(r"[?&]idDatarecord=(\d+)")
_EU_CASE = re.compile(r"(?:(?:[A-Z]{2,4}|A\d\d)/)?\d{3,6}/\d{2}")
_BERLIN = ZoneInfo("Europe/Berlin")
_COUNTRIES = {"volksrepublik china": "CN", "deutschland": "DE", "slowakische republik": "SK", "vereinigte staaten": "US",
              "türkei": "TR", "frankreich": "FR", "italien": "IT", "polen": "PL", "niederlande": "NL", "österreich": "AT",
              "vereinigtes königreich": "GB", "tschechische republik": "CZ", "spanien": "ES"}
_STEPS = (("rückruf", "recall_end_users"), ("rücknahme vom markt", "withdrawal"), ("einfuhr verweigert", "import_rejected"),
          ("zurückweisung", "import_rejected"), ("verkaufsverbot", "sales_ban"), ("untersagung", "sales_ban"),
          ("vernichtung", "destruction"))


class DeBaua(JsonApiSpider, CountedListSpider):
    """Pages of warnings about products, the newest first, asked for with a query in JSON and a key."""

    fields = _WARNING
    card: ClassVar[Source] = Source(
        slug="de_baua",
        title="BAuA product warnings (Germany, merged by the Bavarian consumer service)",
        title_zh="德国 BAuA 产品警示（巴伐利亚消费者服务汇总接口）",
        publisher=Publisher("Federal Institute for Occupational Safety and Health (BAuA, Germany)",
                            "德国联邦职业安全与健康研究所（BAuA）", "https://www.baua.de/", "DE"),
        market="DE",
        url="https://www.baua.de/",
        hosts=("megov.bayern.de",),
        licence="Not stated at the interface",
        listing=Listing.WINDOW,
        expectation=Expectation(min_items=20, max_silence_days=30),
        parser_version=1,
        grade=Grade.DOCUMENTED,
        tier=SourceTier.MIRROR,
        needs_key=True,
        summary_zh="德国产品警示与召回，多为 Safety Gate 通报的德文译文，附 Safety Gate 编号。",
        summary="Product warnings and recalls in Germany, mostly Safety Gate alerts in German, each with its number there.",
        caveats=(
            "Read after documentation and one sample; the interface has been reported as out of service since August 2023.",
            "It asks for a key that only its operator can give.",
            "Most warnings repeat alerts of Safety Gate, whose number is among the identifiers.",
            "No hazard codes are given. Food warnings and pictures are left out on purpose.",
        ),
        caveats_zh=(
            "按文档和一条样本编写；据报告该接口自 2023 年 8 月起停止服务。",
            "接口需要密钥，只有其运营方可以提供。",
            "多数警示重复 Safety Gate 的通报，其编号列在识别编号中。",
            "不提供危害代码。有意不收录食品警示和图片。",
        ),
    )
    look_back = timedelta(days=60)

    def page_url(self, number: int) -> str:
        """A page of the list; the interface itself reads its place from the query."""
        return f"{WARNINGS}?start={PAGE_SIZE * (number - 1)}"

    def ask_page(self, number: int) -> Request:
        """The request for a page."""
        query = {"products": {"rows": PAGE_SIZE, "sort": "publishedDate desc, title asc",
                              "start": PAGE_SIZE * (number - 1)}}
        return super().ask_page(number).replace(method="POST", body=json.dumps(query), headers={
            "Content-Type": "application/json", "Authorization": self.job.options.key})

    def listed(self, response: Response) -> tuple[list[Any], int]:
        """The warnings of a page."""
        found = self.frame(self.answer(response, _ANSWER)["response"], _LIST, response.url, "the list")
        return found["docs"], found["numFound"]

    def notice(self, value: Any, url: str) -> Notice:
        """The notice of a warning."""
        warning = self.record(value, _WARNING, url, "id")
        if warning["_type"] != ".ProductWarning":
            raise InvalidValue(f"{warning['id']} is a {warning['_type']!r}, product warnings were asked for")
        number = str(warning["id"])
        product, rapex, safety = (self.record(warning.get(name) or {}, fields, url, first) for name, fields, first in (
            ("product", _PRODUCT, "designation"), ("rapexInformation", _RAPEX, "alertNumber"),
            ("safetyInformation", _SAFETY, "ordinance")))
        case, told = line(rapex.get("alertNumber")), lines(rapex.get("message") or warning.get("warning"))
        if case and not _EU_CASE.fullmatch(case):
            self.warn("an alert number of another form", number)
        page, measures, origin = (warning.get("link") or "").strip(), steps(told), known(product, "countryOfOrigin")
        return Notice(
            source=self.card.slug, external_id=number, kind=kind_of_alert(measures), market="DE", lang="de",
            title=line(warning["title"]), url=page or self.card.url, published_on=day_of(warning["publishedDate"]),
            summary="\n".join(filter(None, (told, lines(product.get("affectedProducts"))))),
            product=known(product, "designation"), brand=known(product, "brandName"), model=known(product, "model"),
            category=line(product.get("category")),
            origin=_COUNTRIES.get(origin.lower()) or self.country(origin, number), notifying_country="DE",
            risk_level=risk_level_from_raw(case) if case else "", measures=measures,
            identifiers=tuple(filter(None, (case, *_RECORD_ID.findall(page)))),
            raw=_WARNING.texts({name: each for name, each in warning.items() if not isinstance(each, dict)})
            | texts("product", _PRODUCT, product) | texts("rapexInformation", _RAPEX, rapex)
            | texts("safetyInformation", _SAFETY, safety),
        )


def day_of(milliseconds: int) -> date:
    """The German calendar day of a moment: midnight there is the evening before in UTC."""
    try:
        return (datetime(1970, 1, 1, tzinfo=UTC) + timedelta(milliseconds=milliseconds)).astimezone(_BERLIN).date()
    except OverflowError:
        raise InvalidValue(f"publishedDate is {milliseconds}") from None


def known(product: dict[str, Any], field: str) -> str:
    """What is said of a product, or nothing where a word says that it is not known."""
    found = stated(product.get(field))
    return "" if found.lower() in ("unbekannt", "nicht bekannt") else found


def steps(message: str) -> tuple[str, ...]:
    """Ids of the measures that a message opens with: its first line names them."""
    first = message.partition("\n")[0].lower()
    return in_order(name for phrase, name in _STEPS if phrase in first)


def texts(name: str, fields: Record, values: dict[str, Any]) -> dict[str, str]:
    """The publisher's values of a part of a warning, as written."""
    return {f"{name}.{field}": text for field, text in fields.texts(values).items()}
