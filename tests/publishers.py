"""The three sources in miniature: answers in their real formats, made from a few facts."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any

from tests.replay import Answer

CA_DUMP = "https://recalls-rappels.canada.ca/sites/default/files/opendata-donneesouvertes/HCRSAMOpenData.json"
EU_INDEX = "https://ec.europa.eu/safety-gate-alerts/api/download/weeklyReport/list/xml/en"


def ca_dump(*numbers: int, title: str = "Air compressor recalled", **answer: Any) -> Answer:
    """The Canadian dump with these rows."""
    rows = [{"NID": str(number), "Title": f"{title} {number}",
             "URL": f"https://recalls-rappels.canada.ca/en/alert-recall/{number}", "Organization": "Consumer product safety",
             "Product": "Air compressor", "Issue": "Fire hazard", "What you should do": "", "Category": "Tools",
             "Recall class": "", "Last updated": "2026-11-18", "Archived": "0"} for number in numbers]
    return Answer(json.dumps(rows).encode(), **answer)


def eu_report_url(number: int) -> str:
    return ("https://ec.europa.eu/safety-gate-alerts/api/download/weeklyReport/detail/xml/"
            f"{number}?language=en&search=WEB_REPORT%7C:%7C{number}")


def eu_index(*numbers: int) -> Answer:
    """The index of weekly reports: the higher the number, the later its day of November 2026."""
    reports = "".join(
        f"<weeklyReport><reference>Report-{number}</reference><publicationDate>{number % 100:02d}/11/2026</publicationDate>"
        f"<URL><![CDATA[https://ec.europa.eu/safety-gate-alerts/api/download/weeklyReport/detail/xml/{number}"
        f"?language=en&search=WEB_REPORT|:|{number}]]></URL></weeklyReport>" for number in numbers)
    return Answer(f'<?xml version="1.0" encoding="UTF-8"?><Safety-Gate>{reports}</Safety-Gate>'.encode(), "application/xml")


def eu_report(number: int, *cases: str, addendum: str = "", **answer: Any) -> Answer:
    """A weekly report with alerts of these case numbers."""
    empty = "".join(f"<{name}/>" for name in ("type_numberOfModel", "batchNumber", "barcode", "URLrecall", "onlineTrader"))
    alerts = "".join(
        f"<notifications><order>{place}</order><caseNumber>{case}</caseNumber><reference>https://ec.europa.eu/safety-gate-"
        f"alerts/screen/webReport/alertDetail/{place}</reference><category>Machinery</category><product>Air compressor"
        f"</product><brand>Nordwind</brand><name>{case}</name>{empty}<riskType>Injuries</riskType><danger>It may burst."
        f"</danger><measures/><description>A compressor.</description><notifyingCountry>Finland</notifyingCountry>"
        f"<countryOfOrigin>Germany</countryOfOrigin><type>Consumer</type><level>Serious risk</level></notifications>"
        for place, case in enumerate(cases, 1))
    return Answer(f'<?xml version="1.0" encoding="UTF-8"?><Safety-Gate><report_language>en</report_language><report_date>'
                  f"{number % 100:02d}/11/2026</report_date><report_year>2026</report_year><report_week>1</report_week>"
                  f"<report_addendum><![CDATA[{addendum}]]></report_addendum>{alerts}</Safety-Gate>".encode(),
                  "application/xml", **answer)


def wto_url(page: int) -> str:
    return (f"https://eping.wto.org/api/v1/azureSearch/getAll?Language=1&DomainIds=1&Areas=TBT&Page={page}&PageSize=20"
            "&SortBy=distributionDate&SortDirection=desc&ForPublic=true")


def wto_page(total: int, **dates: str) -> Answer:
    """A page of notifications by member code and distribution date."""
    items: list[dict[str, Any]] = [{
        "id": place, "documentSymbol": f"G/TBT/N/{member}/{day.replace('-', '')}", "area": "TBT", "title": "Valves",
        "titlePlain": "Valves", "description": "", "descriptionPlain": "", "productsFreeText": "Solenoid valves",
        "productsFreeTextPlain": "Solenoid valves", "notifyingMember": member, "notifyingMemberCode": member,
        "notificationType": "Regular notification", "distributionDate": f"{day}T00:00:00", "commentDeadlineDate": None,
        "isOpenForComments": False, "objectives": [], "keywords": [], "hsCodes": [], "icsCodes": [],
        "linkToNotification": f"https://eping.wto.org/en/Notification/Details/{place}"}
        for place, (member, day) in enumerate(dates.items(), 1)]
    return Answer(json.dumps({"items": items, "totalCount": total, "endRow": len(items)}).encode())


@dataclass
class Publisher:
    """A source, its entry address and all its answers when nothing is wrong."""

    slug: str
    entry: str
    answers: dict[str, Answer] = field(default_factory=dict)


def publishers() -> list[Publisher]:
    return [
        Publisher("ca_recalls", CA_DUMP, {CA_DUMP: ca_dump(1, 2, 3)}),
        Publisher("eu_safety_gate", EU_INDEX, {
            EU_INDEX: eu_index(1001, 1002), eu_report_url(1001): eu_report(1001, "SR/1/26", "SR/2/26"),
            eu_report_url(1002): eu_report(1002, "SR/3/26")}),
        Publisher("wto_tbt_notifications", wto_url(1), {
            wto_url(1): wto_page(3, USA="2026-11-19", CHE="2026-11-18"), wto_url(2): wto_page(3, EU="2026-11-17")}),
    ]
