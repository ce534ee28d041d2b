"""The three sources in miniature: answers in their real formats, made from a few facts."""

from __future__ import annotations

import json
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from typing import Any
from urllib.parse import urlencode
from xml.sax.saxutils import escape

from domain import clock
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


CPSC_YEARS = range(1973, clock.today().year + 1)


def cpsc_url(year: int) -> str:
    return ("https://www.saferproducts.gov/RestWebServices/Recall?format=json"
            f"&RecallDateStart={year}-01-01&RecallDateEnd={year}-12-31")


def cpsc_recall(number: int, day: str, **changes: Any) -> dict[str, Any]:
    """A recall of air compressors, of a day."""
    empty: dict[str, Any] = {name: [] for name in (
        "Inconjunctions", "Images", "Injuries", "Retailers", "Importers", "Distributors", "ProductUPCs")}
    return empty | {
        "RecallID": number, "RecallNumber": "26901", "RecallDate": f"{day}T00:00:00", "Description": "Pancake compressors.",
        "URL": f"https://www.cpsc.gov/Recalls/2026/{number}", "Title": "Air Compressors Recalled Due to Fire Hazard",
        "ConsumerContact": "Call 800-555-0100.", "LastPublishDate": f"{day}T00:00:00", "SoldAtLabel": None,
        "Products": [{"Name": "Air compressors", "Description": "", "Model": "", "Type": "", "CategoryID": "",
                      "NumberOfUnits": "About 900"}],
        "Manufacturers": [{"Name": "Nordwind Ltd., of China", "CompanyID": ""}],
        "ManufacturerCountries": [{"Country": "China"}], "Hazards": [{"Name": "", "HazardType": "", "HazardTypeID": ""}],
        "Remedies": [{"Name": "Stop using them."}], "RemedyOptions": [{"Option": "Refund"}]} | changes


def cpsc_answer(*recalls: dict[str, Any]) -> Answer:
    return Answer(json.dumps(recalls).encode())


FR_FIELDS = ("abstract", "action", "agencies", "cfr_references", "citation", "comments_close_on", "correction_of", "dates",
             "docket_ids", "document_number", "effective_on", "html_url", "pdf_url", "publication_date",
             "regulation_id_numbers", "title", "topics", "type")
FR_NEXT = "https://www.federalregister.gov/api/v1/documents?page=2&per_page=1000"


def fr_url(first: str = "2016-01-01", last: str | None = None, today: date | None = None) -> str:
    """Documents of these days; without a last one all there are."""
    last = last or (timedelta(days=14) + (today or clock.today())).isoformat()
    return "https://www.federalregister.gov/api/v1/documents.json?" + urlencode([
        ("conditions[publication_date][gte]", first), ("conditions[publication_date][lte]", last),
        *(("conditions[type][]", kind) for kind in ("RULE", "PRORULE", "NOTICE")),
        *(("fields[]", name) for name in FR_FIELDS), ("order", "oldest"), ("per_page", 1000)])


def fr_document(number: str, day: str, **changes: Any) -> dict[str, Any]:
    """A rule on compressors."""
    empty: dict[str, Any] = {name: [] for name in ("cfr_references", "docket_ids", "regulation_id_numbers", "topics")}
    return dict.fromkeys(FR_FIELDS) | empty | {
        "agencies": [{"raw_name": "DEPARTMENT OF ENERGY", "name": "Energy Department", "id": 136, "parent_id": None,
                      "slug": "energy-department", "url": "https://www.federalregister.gov/agencies/energy-department",
                      "json_url": "https://www.federalregister.gov/api/v1/agencies/136"}],
        "document_number": number, "html_url": f"https://www.federalregister.gov/d/{number}", "publication_date": day,
        "title": "Test Procedure for Compressors", "type": "Rule"} | changes


def fr_page(count: int, *documents: dict[str, Any], following: str = "", pages: int = 0) -> Answer:
    """A page of documents; as the real one it has no results when there are none."""
    answer: dict[str, Any] = {"count": count, "description": "Documents published on or after 01/01/2016"}
    if documents:
        answer |= {"total_pages": pages or 1 + bool(following), "results": list(documents)}
    return Answer(json.dumps(answer | ({"next_page_url": following} if following else {})).encode())


def uk_url(page: int) -> str:
    return f"https://www.legislation.gov.uk/all/data.feed?results-count=100&sort=published&page={page}"


def uk_page(page: int, more: bool = False, **answer: Any) -> Answer:
    """A page of the feed without entries."""
    following = f'<link rel="next" href="{escape(uk_url(page + 1))}"/>' if more else ""
    return Answer(f"""<?xml version="1.0" encoding="utf-8"?><feed xmlns="http://www.w3.org/2005/Atom"
        xmlns:leg="http://www.legislation.gov.uk/namespaces/legislation"
        xmlns:ukm="http://www.legislation.gov.uk/namespaces/metadata"><id>https://www.legislation.gov.uk/all/data.feed</id>
        <link rel="self" href="{escape(uk_url(page))}"/>{following}<updated>3200-01-30T00:00:00</updated>
        <leg:page>{page}</leg:page></feed>""".encode(), "application/atom+xml;charset=UTF-8", **answer)


def uk_feed(page: int, *dated: str, more: bool = False, number: int = 0, **answer: Any) -> Answer:
    """A page of regulations published on these days; the first one bears ``number``, or 100 times the page."""
    entries = "".join(f"""<entry><id>http://www.legislation.gov.uk/id/uksi/2026/{place}</id><title>The Air Compressors
        Regulations 2026 ({place})</title><link href="http://www.legislation.gov.uk/uksi/2026/{place}/made"/><author><name/>
        </author><updated>{day}T09:00:00Z</updated><published>{day}T09:00:00Z</published><ukm:DocumentMainType
        Value="UnitedKingdomStatutoryInstrument"/><ukm:Year Value="2026"/><ukm:Number Value="{place}"/>
        <summary>On compressors.</summary></entry>""" for place, day in enumerate(dated, number or 100 * page))
    whole = uk_page(page, more, **answer)
    return replace(whole, body=whole.body.replace(b"</feed>", f"{entries}</feed>".encode()))


def kr_url(page: int) -> str:
    return f"https://sftc.seoul.go.kr/fe/si/recallDmstc/NR_list.do?pageIndex={page}"


def kr_page(page: int, total: int, *dated: str, number: int = 0, **answer: Any) -> Answer:
    """A page of the list with recalls announced on these days; the first one bears ``number``, or 100 times the page."""
    rows = "".join(
        f"<tr><td>{total - place}</td>" + "".join(f'<td><a href="#" onclick="viewDtail({place})">{text}</a></td>' for text in
                                                  ("전기 컴프레서", f"AC-{place}", "(주)푸른바람", "자발적리콜"))
        + f"<td>{day.replace('-', '.')}</td></tr>" for place, day in enumerate(dated, number or 100 * page))
    heads = "".join(f"<th>{name}</th>" for name in ("번호", "제품명", "모델명", "사업자명", "리콜종류", "공표일"))
    return Answer(f"""<!DOCTYPE html><html lang="ko"><head><title>국내 리콜정보 | 서울시</title></head><body>
        <p>전체 {total} 건</span>({page}/{-(-total // 10)} page)</p>
        <table><thead><tr>{heads}</tr></thead><tbody>{rows}</tbody></table></body></html>""".encode(),
                  "text/html;charset=UTF-8", **answer)


@dataclass
class Publisher:
    """A source, its entry address and all its answers when nothing is wrong. ``archive`` are those that need not be asked
    for again."""

    slug: str
    entry: str
    answers: dict[str, Answer] = field(default_factory=dict)
    archive: frozenset[str] = frozenset()


def publishers() -> list[Publisher]:
    return [
        Publisher("ca_recalls", CA_DUMP, {CA_DUMP: ca_dump(1, 2, 3)}),
        Publisher("eu_safety_gate", EU_INDEX, {
            EU_INDEX: eu_index(1001, 1002), eu_report_url(1001): eu_report(1001, "SR/1/26", "SR/2/26"),
            eu_report_url(1002): eu_report(1002, "SR/3/26")}),
        Publisher("wto_tbt_notifications", wto_url(1), {
            wto_url(1): wto_page(3, USA="2026-11-19", CHE="2026-11-18"), wto_url(2): wto_page(3, EU="2026-11-17")}),
        Publisher("us_cpsc_recalls", cpsc_url(CPSC_YEARS[-1]), {
            **{cpsc_url(year): cpsc_answer() for year in CPSC_YEARS},
            cpsc_url(CPSC_YEARS[-1]): cpsc_answer(*(cpsc_recall(day, f"{CPSC_YEARS[-1]}-01-0{day}") for day in (1, 2, 3)))},
            frozenset(map(cpsc_url, CPSC_YEARS[:-1]))),
        Publisher("us_federal_register", fr_url(), {
            fr_url(): fr_page(3, fr_document("2026-90001", "2026-11-18"), fr_document("2026-90002", "2026-11-19"),
                              following=FR_NEXT),
            FR_NEXT: fr_page(3, fr_document("2026-90003", "2026-11-20"))}),
        Publisher("uk_legislation", uk_url(1), {
            uk_url(1): uk_feed(1, "2026-11-19", "2026-11-18", more=True), uk_url(2): uk_feed(2, "2026-11-17")}),
        Publisher("kr_kats_recalls", kr_url(1), {
            kr_url(1): kr_page(1, 3, "2026-11-19", "2026-11-18"), kr_url(2): kr_page(2, 3, "2026-11-17")}),
    ]
