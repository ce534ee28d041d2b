"""The US sources over time: what is read once, what is read again, what never alerts, what ends a run."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from crawlers.spiders.us_cpsc_recalls import year_in_turn
from storage import changes
from storage.models import ChangeRow, NoticeRow
from tests.databases import database
from tests.publishers import FR_NEXT, cpsc_answer, cpsc_recall, cpsc_url, fr_document, fr_page, fr_url
from tests.replay import Answer, Gateway, crawl

Serve = Callable[..., Gateway]
CPSC, FR = "us_cpsc_recalls", "us_federal_register"
TODAY = date(2026, 11, 20)
NOW = f"{TODAY}T08:00:00+00:00"
RECENT = [cpsc_recall(19001, "2026-11-12"), cpsc_recall(19002, "2026-11-13")]


def cpsc(serve: Serve, **recalls: list[dict[str, Any]]) -> Gateway:
    """The service with these recalls, by "of_YEAR"."""
    return serve({cpsc_url(year): cpsc_answer(*recalls.get(f"of_{year}", [])) for year in range(1973, 2027)})


def years(gateway: Gateway) -> list[int]:
    """The years asked for since the last time."""
    return sorted({int(url.partition("RecallDateStart=")[2][:4]) for url in gateway.addresses()})


def day_of(year: int) -> str:
    """A time at which it is the turn of a year."""
    later = (TODAY + timedelta(days=ahead) for ahead in range(40, 100))
    return f"{next(day for day in later if year_in_turn(day) == year)}T08:00:00+00:00"


def alerts(folder: Path) -> dict[str, list[bool]]:
    """For every notice whether each of its versions may alert."""
    found: dict[str, list[bool]] = {}
    with database(folder).read() as session:
        for name, alert in session.execute(select(NoticeRow.external_id, ChangeRow.alert).join(
                ChangeRow, ChangeRow.subject_id == NoticeRow.id).where(ChangeRow.consumer == changes.MATCH)
                .order_by(ChangeRow.version)):
            found.setdefault(name, []).append(alert)
    return found


def test_past_years_are_read_once_then_one_of_them_a_day(serve: Serve, tmp_path: Path) -> None:
    gateway = cpsc(serve, of_2026=RECENT, of_2001=[cpsc_recall(1904, "2001-05-10")])
    assert crawl(tmp_path, CPSC, gateway.url, floor=3, now=NOW)["created"] == 3
    assert years(gateway) == list(range(1973, 2027))
    report = crawl(tmp_path, CPSC, gateway.url, floor=2, now=NOW)
    assert (report["status"], report["created"], report["revised"]) == ("ok", 0, 0)
    assert years(gateway) == [year_in_turn(TODAY), 2026]
    assert crawl(tmp_path, CPSC, gateway.url, floor=3, now=NOW, full=True)["created"] == 0
    assert years(gateway) == list(range(1973, 2027))


def test_a_first_load_that_was_cut_short_is_completed_by_the_next_run(serve: Serve, tmp_path: Path) -> None:
    gateway = cpsc(serve, of_2026=RECENT, of_2001=[cpsc_recall(1904, "2001-05-10")])
    whole, gateway.answers[cpsc_url(2001)] = gateway.answers[cpsc_url(2001)], Answer(status=500)
    report = crawl(tmp_path, CPSC, gateway.url, floor=2, now=NOW)
    assert (report["status"], report["reason"], report["created"]) == ("incomplete", "pages_lost", 2)
    gateway.answers[cpsc_url(2001)] = whole
    gateway.addresses()
    report = crawl(tmp_path, CPSC, gateway.url, floor=2, now=NOW)
    assert (report["status"], report["created"]) == ("ok", 1)
    assert years(gateway) == sorted({2001, 2026, year_in_turn(TODAY)})


def test_an_archive_that_is_put_on_the_web_anew_never_alerts(serve: Serve, tmp_path: Path) -> None:
    old = cpsc_recall(1904, "2001-05-10", LastPublishDate="2001-05-10T00:00:00")
    gateway = cpsc(serve, of_2026=RECENT, of_2001=[old])
    assert crawl(tmp_path, CPSC, gateway.url, floor=3, now=NOW)["created"] == 3
    moved = old | {"LastPublishDate": "2026-12-30T00:00:00"}
    appeared = cpsc_recall(1905, "2001-05-11", LastPublishDate="2026-12-30T00:00:00")
    gateway.answers |= {cpsc_url(2001): cpsc_answer(moved, appeared),
                        cpsc_url(2026): cpsc_answer(*RECENT, cpsc_recall(19003, "2026-12-29"))}
    gateway.answers[cpsc_url(2027)] = cpsc_answer()
    report = crawl(tmp_path, CPSC, gateway.url, floor=3, now=day_of(2001))
    assert (report["status"], report["created"], report["revised"]) == ("ok", 2, 0)
    filled_in = moved | {"Products": [{**old["Products"][0], "Name": "Finish nailers"}], "RemedyOptions": []}
    gateway.answers[cpsc_url(2001)] = cpsc_answer(appeared, filled_in)
    report = crawl(tmp_path, CPSC, gateway.url, floor=3, now=day_of(2001))
    assert (report["status"], report["created"], report["revised"]) == ("ok", 0, 1)
    assert alerts(tmp_path) == {"1904": [False, False], "1905": [False], "19001": [False], "19002": [False], "19003": [True]}


def test_the_date_of_publication_alone_makes_no_revision(serve: Serve, tmp_path: Path) -> None:
    gateway = cpsc(serve, of_2026=RECENT)
    crawl(tmp_path, CPSC, gateway.url, floor=2, now=NOW)
    gateway.answers[cpsc_url(2026)] = cpsc_answer(
        *(recall | {"LastPublishDate": "2026-11-19T00:00:00"} for recall in reversed(RECENT)))
    report = crawl(tmp_path, CPSC, gateway.url, floor=2, now=NOW)
    assert (report["status"], report["revised"], report["unchanged"]) == ("ok", 0, 2)


def test_recalls_since_a_day_are_asked_for_by_their_year(serve: Serve, tmp_path: Path) -> None:
    gateway = cpsc(serve, of_2026=RECENT, of_2025=[cpsc_recall(18000, "2025-12-30"), cpsc_recall(17000, "2025-01-02")])
    report = crawl(tmp_path, CPSC, gateway.url, now=NOW, since="2025-12-01")
    assert (report["status"], report["created"]) == ("ok", 3)
    assert years(gateway) == [2025, 2026]
    assert crawl(tmp_path, CPSC, gateway.url, floor=4, now=NOW)["created"] == 1


EARLY, LATE = fr_url("2016-01-01", "2021-08-09"), fr_url("2021-08-10", today=TODAY)
ALL = fr_url(today=TODAY)
NEW = [fr_document("2026-90001", "2026-11-18"), fr_document("2026-90002", "2026-11-19")]
OLD = fr_document("E9-90001", "2019-03-05")


def large_register() -> dict[str, Answer]:
    """The whole reaches the cap; the earlier half has two pages."""
    return {ALL: fr_page(10_000, OLD, following=FR_NEXT, pages=10), LATE: fr_page(2, *NEW),
            EARLY: fr_page(2, OLD, following=FR_NEXT), FR_NEXT: fr_page(2, fr_document("E9-90002", "2019-03-06"), pages=2)}


def test_a_span_that_reaches_the_cap_is_halved_and_what_is_settled_is_read_once(serve: Serve, tmp_path: Path) -> None:
    gateway = serve(large_register())
    report = crawl(tmp_path, FR, gateway.url, floor=4, now=NOW)
    assert (report["status"], report["created"]) == ("ok", 4)
    assert sorted(gateway.addresses()) == sorted([ALL, LATE, EARLY, FR_NEXT])
    report = crawl(tmp_path, FR, gateway.url, floor=2, now=NOW)
    assert (report["status"], report["created"], report["revised"], report["unchanged"]) == ("ok", 0, 0, 2)
    assert gateway.addresses() == [LATE]
    assert crawl(tmp_path, FR, gateway.url, floor=4, now=NOW, full=True)["unchanged"] == 4


def test_a_span_counts_as_read_only_when_all_its_pages_are(serve: Serve, tmp_path: Path) -> None:
    gateway = serve(large_register())
    whole, gateway.answers[FR_NEXT] = gateway.answers[FR_NEXT], Answer(status=500)
    report = crawl(tmp_path, FR, gateway.url, floor=0, now=NOW)
    assert (report["status"], report["reason"], report["created"]) == ("incomplete", "pages_lost", 3)
    for address in (5, "ftp://www.federalregister.gov/d/1"):
        gateway.answers |= {FR_NEXT: whole, EARLY: fr_page(2, OLD | {"html_url": address}, following=FR_NEXT)}
        report = crawl(tmp_path, FR, gateway.url, floor=0, now=NOW)
        assert (report["status"], report["reason"]) == ("incomplete", "records_lost")
    gateway.answers[EARLY] = fr_page(2, OLD)
    report = crawl(tmp_path, FR, gateway.url, floor=0, now=NOW)
    assert (report["status"], report["reason"], report["created"]) == ("incomplete", "listing_short", 0)
    gateway.answers |= large_register()
    gateway.addresses()
    assert crawl(tmp_path, FR, gateway.url, floor=4, now=NOW)["status"] == "ok"
    assert EARLY in gateway.addresses()
    crawl(tmp_path, FR, gateway.url, floor=2, now=NOW)
    assert gateway.addresses() == [LATE]


def test_what_is_dated_since_a_day_is_asked_for_and_nothing_else(serve: Serve, tmp_path: Path) -> None:
    since = fr_url("2026-11-19", today=TODAY)
    gateway = serve(large_register() | {since: fr_page(1, NEW[1])})
    report = crawl(tmp_path, FR, gateway.url, now=NOW, since="2026-11-19")
    assert (report["status"], report["created"], gateway.addresses()) == ("ok", 1, [since])
    assert crawl(tmp_path, FR, gateway.url, floor=4, now=NOW)["created"] == 3


def test_a_register_without_documents_says_so_without_results(serve: Serve, tmp_path: Path) -> None:
    gateway = serve({ALL: fr_page(0)})
    assert crawl(tmp_path, FR, gateway.url, floor=0, now=NOW)["status"] == "ok"


def without(answer: Answer, *names: str) -> Answer:
    """An answer that lacks these fields."""
    found = {name: value for name, value in json.loads(answer.body).items() if name not in names}
    return replace(answer, body=json.dumps(found).encode())


FIRST = fr_page(3, *NEW, following=FR_NEXT)


@pytest.mark.parametrize(("answer", "reason", "words"), [
    (without(FIRST, "results"), "field_missing", "“results” is missing"),
    (without(FIRST, "total_pages"), "field_missing", "“total_pages” is missing"),
    (without(FIRST, "next_page_url"), "field_missing", "“next_page_url” is missing"),
    (without(FIRST, "count"), "field_missing", "“count” is missing"),
    (fr_page(3, *NEW, following="https://www.example.com/documents?page=2"), "shape", "no address of the source"),
    (fr_page(1, fr_document("2015-1", "2015-12-30")), "shape", "was not asked for"),
    (fr_page(1, fr_document("2026-9", "2026-11-18", type="Presidential Document")), "shape", "was not asked for"),
    (fr_page(1, fr_document("2026-9", "2026-11-18", agencies=[{"raw_name": "X", "slug": "x"}])), "field_missing", "“name”"),
    (replace(FIRST, body=b'{"count": "3"}'), "shape", "count of the answer is '3'"),
], ids=str)
def test_an_answer_that_is_not_what_was_asked_for_fails_the_run(
        serve: Serve, tmp_path: Path, answer: Answer, reason: str, words: str) -> None:
    report = crawl(tmp_path, FR, serve({ALL: answer}).url, floor=0, now=NOW)
    assert (report["status"], report["reason"]) == ("failed", reason), report["why"]
    assert words in report["why"]
