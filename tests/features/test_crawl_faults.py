"""When a source breaks: the run says so in words, stored notices stay, nothing is withdrawn."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from storage.models import NoticeRow
from tests.databases import database
from tests.publishers import (
    CA_DUMP,
    CPSC_YEARS,
    EU_INDEX,
    Publisher,
    ca_dump,
    cpsc_url,
    eu_index,
    eu_report,
    eu_report_url,
    fr_url,
    kr_page,
    kr_url,
    publishers,
    uk_page,
    uk_url,
    wto_page,
    wto_url,
)
from tests.replay import Answer, Gateway, crawl

NOTHING = {"ca_recalls": b"[]", "eu_safety_gate": b"<Safety-Gate></Safety-Gate>",
           "wto_tbt_notifications": b'{"items":[],"totalCount":0,"endRow":0}', "us_cpsc_recalls": b"[]",
           "us_federal_register": b'{"count":0,"description":"No documents found"}',
           "uk_legislation": uk_page(1).body, "kr_kats_recalls": kr_page(1, 0).body}
FIELD = {"ca_recalls": "Title", "eu_safety_gate": "publicationDate", "wto_tbt_notifications": "distributionDate",
         "us_cpsc_recalls": "RecallDate", "us_federal_register": "publication_date", "uk_legislation": "published",
         "kr_kats_recalls": "제품명"}
PAGE = b"<!DOCTYPE html><html><head><title>Technical difficulties</title></head><body>Try later.</body></html>"
ENTITY = b'<!DOCTYPE Safety-Gate [<!ENTITY xxe SYSTEM "file:///etc/passwd">]><Safety-Gate>&xxe;</Safety-Gate>'


def fault(kind: str, publisher: Publisher, answer: Answer) -> Answer:
    """An answer of a publisher with something wrong about it."""
    field = re.compile(rf"(?<=[\"<>/]){FIELD[publisher.slug]}(?=[\"<>])".encode())
    changes: dict[str, Any] = {
        "cut short": {"cut": 0.5}, "silence": {"hang": 0.2}, "garbage": {"body": bytes(range(128, 256)) * 16},
        "page": {"body": PAGE, "kind": "text/html"}, "page as data": {"body": b"\n" + PAGE},
        "nothing": {"body": NOTHING[publisher.slug]}, "another shape": {"body": field.sub(b"renamed", answer.body)},
        "forbidden": {"status": 403}, "gone": {"status": 404}}
    return replace(answer, **changes[kind])


SAID = {
    "cut short": ("failed", "cut_off", "broke off before its end"), "silence": ("failed", "closed", "without an answer"),
    "garbage": ("failed", "not_parsable", "did not answer with readable"),
    "page": ("blocked", "html_instead", "Technical difficulties"),
    "page as data": ("blocked", "html_instead", "Technical difficulties"),
    "nothing": ("incomplete", "below_floor", "saw 0 notices, expects at least 3"),
    "another shape": ("failed", "field_missing", "is missing"), "forbidden": ("blocked", "http_status", "status 403"),
    "gone": ("failed", "http_status", "status 404"),
}


class Loaded:
    """A source whose notices are stored."""

    def __init__(self, publisher: Publisher, folder: Path) -> None:
        self.publisher, self.folder = publisher, folder
        self.gateway = Gateway(dict(publisher.answers))
        assert crawl(folder, publisher.slug, self.gateway.url, floor=3)["status"] == "ok"
        self.before = self.stored()

    def stored(self) -> list[Any]:
        with database(self.folder).read() as session:
            return list(session.execute(select(NoticeRow.external_id, NoticeRow.status, NoticeRow.version,
                                               NoticeRow.missing_run_id).order_by(NoticeRow.id)))


@pytest.fixture(scope="module", params=publishers(), ids=lambda publisher: publisher.slug)
def loaded(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Loaded]:
    found = Loaded(request.param, tmp_path_factory.mktemp(request.param.slug))
    yield found
    found.gateway.close()


@pytest.mark.parametrize("kind", ["cut short", "silence", "garbage", "page", "nothing", "another shape"])
def test_a_broken_source_is_told_in_words_and_loses_no_notice(loaded: Loaded, kind: str) -> None:
    told_and_kept(loaded, kind)


@pytest.mark.parametrize("loaded", publishers()[:1], indirect=True, ids=lambda publisher: publisher.slug)
@pytest.mark.parametrize("kind", ["page as data", "forbidden", "gone"])
def test_so_are_refusals_which_no_source_treats_in_a_way_of_its_own(loaded: Loaded, kind: str) -> None:
    told_and_kept(loaded, kind)


def told_and_kept(loaded: Loaded, kind: str) -> None:
    publisher = loaded.publisher
    loaded.gateway.answers[publisher.entry] = fault(kind, publisher, publisher.answers[publisher.entry])
    report = crawl(loaded.folder, publisher.slug, loaded.gateway.url, full=True, floor=3)
    status, reason, words = SAID[kind]
    assert (report["status"], report["reason"]) == (status, reason), report["why"]
    assert words in report["why"]
    assert report["why_zh"] != report["why"]
    assert report["withdrawn"] == 0
    assert loaded.stored() == loaded.before


REPORTS = [1001, 1002, 1003, 1004, 1005, 1006]


@pytest.fixture
def reports() -> Iterator[Gateway]:
    gateway = Gateway({eu_report_url(number): eu_report(number, f"SR/{number}/26") for number in REPORTS})
    gateway.answers["https://ec.europa.eu/safety-gate-alerts/api/download/weeklyReport/list/xml/en"] = eu_index(*REPORTS)
    yield gateway
    gateway.close()


def test_one_lost_page_of_many_makes_a_run_incomplete_and_is_asked_for_again(reports: Gateway, tmp_path: Path) -> None:
    lost = eu_report_url(1001)
    whole, reports.answers[lost] = reports.answers[lost], Answer(status=500)
    report = crawl(tmp_path, "eu_safety_gate", reports.url, floor=0)
    assert (report["status"], report["created"], report["reason"]) == ("incomplete", 5, "pages_lost")
    assert report["why"] == f"1 of 7 pages could not be read; the first: {lost} answered with HTTP status 500"
    reports.answers[lost] = whole
    reports.addresses()
    report = crawl(tmp_path, "eu_safety_gate", reports.url, floor=0)
    assert (report["status"], report["created"]) == ("ok", 1)
    assert sorted(reports.addresses())[:5] == [eu_report_url(number) for number in (1001, 1003, 1004, 1005, 1006)]


def test_a_changed_shape_fails_the_run_even_on_one_page_of_many(reports: Gateway, tmp_path: Path) -> None:
    reports.answers[eu_report_url(1002)] = eu_report(1002)
    report = crawl(tmp_path, "eu_safety_gate", reports.url, floor=0)
    assert (report["status"], report["reason"], report["created"]) == ("failed", "field_missing", 5)
    assert "“notifications” is missing" in report["why"]


BAD = {
    "ca_recalls": (CA_DUMP, b"https://recalls-rappels.canada.ca/en/alert-recall/2", b"ftp://recalls-rappels.canada.ca/2"),
    "eu_safety_gate": (eu_report_url(1001), b"<reference>https://ec.europa.eu/safety-gate-alerts/screen/webReport/"
                       b"alertDetail/1</reference>", b"<reference/>"),
    "wto_tbt_notifications": (wto_url(1), b'"2026-11-18T00:00:00"', b"null"),
    "us_cpsc_recalls": (cpsc_url(CPSC_YEARS[-1]), b'"RecallID": 2', b'"RecallID": "2"'),
    "us_federal_register": (fr_url(), b'"2026-11-18"', b"null"),
    "uk_legislation": (uk_url(1), b'<link href="http://www.legislation.gov.uk/uksi/2026/101/made"/>', b"<link/>"),
    "kr_kats_recalls": (kr_url(1), b"2026.11.18", b"2026.11.31"),
}


@pytest.mark.parametrize("publisher", publishers(), ids=lambda publisher: publisher.slug)
def test_one_bad_record_loses_itself_and_is_tried_again(publisher: Publisher, tmp_path: Path) -> None:
    url, value, spoilt = BAD[publisher.slug]
    whole = replace(publisher.answers[url], etag='"same"')
    assert value in whole.body
    gateway = Gateway(publisher.answers | {url: replace(whole, body=whole.body.replace(value, spoilt))})
    for created in (2, 0):
        report = crawl(tmp_path, publisher.slug, gateway.url, floor=0)
        assert (report["status"], report["reason"], report["created"]) == ("incomplete", "records_lost", created)
        assert report["why"].startswith("1 records could not be read; first: ")
        assert report["why_zh"].startswith("有 1 条记录无法读取")
    gateway.answers[url] = whole
    gateway.addresses()
    report = crawl(tmp_path, publisher.slug, gateway.url, floor=3)
    assert (report["status"], report["created"]) == ("ok", 1)
    assert set(publisher.answers) - publisher.archive <= set(gateway.addresses())
    gateway.close()


def test_a_bad_record_settles_nothing(tmp_path: Path) -> None:
    gateway = Gateway({CA_DUMP: ca_dump(1, 2, 3)})
    crawl(tmp_path, "ca_recalls", gateway.url, floor=0)
    dump = ca_dump(1, 2)
    gateway.answers[CA_DUMP] = replace(dump, body=dump.body.replace(b'"NID": "2"', b'"NID": ""'))
    for _ in range(3):
        report = crawl(tmp_path, "ca_recalls", gateway.url, floor=0)
        assert (report["reason"], report["withdrawn"]) == ("records_lost", 0)
        assert f"first: {CA_DUMP} #2: " in report["why"]
    with database(tmp_path).read() as session:
        assert list(session.execute(select(NoticeRow.status, NoticeRow.missing_run_id))) == [("active", None)] * 3
    gateway.close()


@pytest.mark.parametrize(("rows", "bad", "said"), [
    (20, 3, ("incomplete", "records_lost", 17)), (20, 4, ("failed", "shape", 0)),
    (81, 4, ("incomplete", "records_lost", 77)),
])
def test_many_bad_records_are_a_changed_shape(tmp_path: Path, rows: int, bad: int, said: tuple[str, str, int]) -> None:
    dump = ca_dump(*range(rows))
    gateway = Gateway({CA_DUMP: replace(dump, body=dump.body.replace(b"https://", b"gopher://", bad))})
    report = crawl(tmp_path, "ca_recalls", gateway.url, floor=0)
    assert (report["status"], report["reason"], report["created"]) == said
    gateway.close()


@pytest.mark.parametrize(("name", "value"), [
    ("titlePlain", 5), ("hsCodes", "8414"), ("distributionDate", "soon"), ("area", "SPS"),
    ("linkToNotification", "see ePing"),
])
def test_a_wto_item_of_any_strange_kind_does_not_stop_the_paging(tmp_path: Path, name: str, value: object) -> None:
    first = json.loads(wto_page(3, USA="2026-11-19", CHE="2026-11-18").body)
    first["items"][0][name] = value
    gateway = Gateway({wto_url(1): Answer(json.dumps(first).encode()), wto_url(2): wto_page(3, EU="2026-11-17")})
    report = crawl(tmp_path, "wto_tbt_notifications", gateway.url, floor=0)
    assert (report["status"], report["reason"], report["created"]) == ("incomplete", "records_lost", 2)
    gateway.close()


def test_one_old_page_that_is_never_readable_does_not_fail_every_run_but_a_new_one_does(tmp_path: Path) -> None:
    numbers = range(1001, 1025)
    gateway = Gateway({EU_INDEX: eu_index(*numbers)} | {
        eu_report_url(number): eu_report(number, f"SR/{number}/26") for number in numbers})
    gateway.answers[eu_report_url(1002)] = Answer(b"<Safety-Gate", "application/xml")
    for created, asked in ((23, 25), (0, 6)):
        report = crawl(tmp_path, "eu_safety_gate", gateway.url, floor=0)
        assert (report["status"], report["reason"], report["created"]) == ("incomplete", "pages_lost", created)
        assert len(gateway.addresses()) == asked
    gateway.answers[eu_report_url(1024)] = Answer(b"<Safety-Gate", "application/xml")
    report = crawl(tmp_path, "eu_safety_gate", gateway.url, floor=0)
    assert (report["status"], report["reason"]) == ("failed", "not_parsable")
    gateway.close()


def test_who_is_turned_away_three_times_stops_asking(reports: Gateway, tmp_path: Path) -> None:
    reports.answers |= {eu_report_url(number): Answer(PAGE, "text/html") for number in REPORTS}
    report = crawl(tmp_path, "eu_safety_gate", reports.url, delay=0.2)
    assert (report["status"], report["reason"]) == ("blocked", "html_instead")
    assert len(reports.addresses()) <= 5


def test_external_entities_are_neither_read_nor_stored(reports: Gateway, tmp_path: Path) -> None:
    reports.answers |= {url: Answer(ENTITY, "application/xml") for url in reports.answers}
    report = crawl(tmp_path, "eu_safety_gate", reports.url)
    assert (report["status"], report["reason"]) == ("failed", "not_parsable")
    assert "DOCTYPE" in report["why"]
    assert "root:" not in report["log"] + report["why"]


def test_a_slip_of_our_own_fails_the_run_and_is_said_to_be_ours(reports: Gateway, tmp_path: Path) -> None:
    report = crawl(tmp_path, "eu_safety_gate", reports.url, floor=0, broken=True)
    assert (report["status"], report["reason"], report["created"]) == ("failed", "error", 0)
    assert report["why"] == "error in our own code: RuntimeError: a slip of ours"
