"""Crawling again: what need not be asked or read, what is gone, what a killed run leaves, what the operator forbids."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, select

from crawlers.run import CrawlOptions
from crawlers.run import crawl as crawl_here
from domain.errors import InvalidValue, NotFound
from storage import runs, sources
from storage.captures import CaptureStore
from storage.locks import exclusive
from storage.models import Capture, NoticeRow, SourceRunRow
from storage.session import Database
from tests.databases import database
from tests.publishers import CA_DUMP, EU_INDEX, ca_dump, eu_index, eu_report, eu_report_url, wto_page, wto_url
from tests.replay import Gateway, crawl, start

Serve = Callable[..., Gateway]
CA, EU, WTO = "ca_recalls", "eu_safety_gate", "wto_tbt_notifications"
WEEKS = [1001, 1002, 1003, 1004, 1005, 1006]


def weeks(serve: Serve, *numbers: int, **addenda: str) -> Gateway:
    return serve({EU_INDEX: eu_index(*numbers)} | {
        eu_report_url(number): eu_report(number, f"SR/{number}/26", addendum=addenda.get(f"of_{number}", ""))
        for number in numbers})


def count(folder: Path, model: Any) -> int:
    with database(folder).read() as session:
        return session.scalar(select(func.count()).select_from(model)) or 0


def states(folder: Path) -> dict[str, str]:
    with database(folder).read() as session:
        return {row.external_id: row.status for row in session.scalars(select(NoticeRow))}


def test_an_answer_that_was_not_modified_is_not_sent_again(serve: Serve, tmp_path: Path) -> None:
    gateway = serve({CA_DUMP: ca_dump(1, 2, 3, etag='"first"')})
    crawl(tmp_path, CA, gateway.url, floor=3)
    report = crawl(tmp_path, CA, gateway.url, floor=3)
    assert (report["status"], report["created"], report["revised"], report["seen"]) == ("ok", 0, 0, 3)
    assert gateway.asked[-1][2]["If-None-Match"] == '"first"'
    assert count(tmp_path, Capture) == 1


def test_the_same_bytes_are_not_read_again(serve: Serve, tmp_path: Path) -> None:
    gateway = serve({CA_DUMP: ca_dump(1, 2, 3)})
    crawl(tmp_path, CA, gateway.url, floor=3)
    report = crawl(tmp_path, CA, gateway.url, floor=3, broken=True)
    assert (report["status"], report["unchanged"], report["seen"]) == ("ok", 3, 3)


def test_a_dump_that_is_stored_part_by_part_counts_as_one_answer(serve: Serve, tmp_path: Path) -> None:
    parts = {"crawlers.bases.dump.BATCH": 2}
    gateway = serve({CA_DUMP: ca_dump(1, 2, 3, 4, 5)})
    report = crawl(tmp_path, CA, gateway.url, floor=5, constants=parts)
    assert (report["status"], report["created"], report["seen"]) == ("ok", 5, 5)
    report = crawl(tmp_path, CA, gateway.url, floor=5, broken=True)
    assert (report["status"], report["unchanged"], report["seen"]) == ("ok", 5, 5)
    gateway.answers[CA_DUMP] = ca_dump(1, 2, 3, 5)
    report = crawl(tmp_path, CA, gateway.url, floor=4, constants=parts)
    assert (report["status"], report["unchanged"], report["seen"]) == ("ok", 4, 4)
    assert crawl(tmp_path, CA, gateway.url, floor=4, full=True, constants=parts)["withdrawn"] == 1


def test_a_full_crawl_reads_everything_again(serve: Serve, tmp_path: Path) -> None:
    gateway = serve({CA_DUMP: ca_dump(1, 2, 3, etag='"first"')})
    crawl(tmp_path, CA, gateway.url, floor=3)
    report = crawl(tmp_path, CA, gateway.url, floor=3, full=True)
    assert (report["status"], report["unchanged"]) == ("ok", 3)
    assert "If-None-Match" not in gateway.asked[-1][2]
    assert count(tmp_path, Capture) == 2


@pytest.mark.parametrize("third", [ca_dump(1), ca_dump(1, title="Air compressor, amended")])
def test_what_two_complete_listings_lack_is_gone_what_one_lacks_is_not(serve: Serve, tmp_path: Path, third: Any) -> None:
    gateway = serve({CA_DUMP: ca_dump(1, 2)})
    crawl(tmp_path, CA, gateway.url, floor=1)
    gateway.answers[CA_DUMP] = ca_dump(1)
    assert crawl(tmp_path, CA, gateway.url, floor=1)["withdrawn"] == 0
    assert states(tmp_path) == {"1": "active", "2": "active"}
    gateway.answers[CA_DUMP] = third
    assert crawl(tmp_path, CA, gateway.url, floor=1)["withdrawn"] == 1
    assert states(tmp_path) == {"1": "active", "2": "withdrawn"}


def test_a_run_that_dies_before_it_settles_leaves_its_listing_to_be_read_again(serve: Serve, tmp_path: Path) -> None:
    gateway = serve({CA_DUMP: ca_dump(1, 2, etag='"first"')})
    crawl(tmp_path, CA, gateway.url, floor=1)
    gateway.answers[CA_DUMP] = ca_dump(1, 3, etag='"second"')
    with pytest.raises(AssertionError):
        crawl(tmp_path, CA, gateway.url, floor=1, dies=True)
    assert states(tmp_path) == {"1": "active", "2": "active", "3": "active"}
    assert crawl(tmp_path, CA, gateway.url, floor=1)["withdrawn"] == 0
    assert gateway.asked[-1][2]["If-None-Match"] == '"first"'
    assert crawl(tmp_path, CA, gateway.url, floor=1)["withdrawn"] == 1
    assert gateway.asked[-1][2]["If-None-Match"] == '"second"'
    assert states(tmp_path) == {"1": "active", "2": "withdrawn", "3": "active"}


@pytest.mark.parametrize("options", [{"floor": 2}, {"floor": 0, "since": "2026-11-18"}])
def test_a_listing_that_settled_nothing_is_read_again(serve: Serve, tmp_path: Path, options: dict[str, Any]) -> None:
    gateway = serve({CA_DUMP: ca_dump(1, etag='"first"')})
    crawl(tmp_path, CA, gateway.url, **options)
    assert crawl(tmp_path, CA, gateway.url, floor=0)["seen"] == 1
    assert "If-None-Match" not in gateway.asked[-1][2]


def test_of_a_listing_only_what_is_dated_since_a_day_can_be_asked_for(serve: Serve, tmp_path: Path) -> None:
    dump = ca_dump(1, 2, 3)
    dump.body = dump.body.replace(b"2026-11-18", b"2026-11-16", 1).replace(b"2026-11-18", b"", 1)
    gateway = serve({CA_DUMP: dump})
    report = crawl(tmp_path, CA, gateway.url, since="2026-11-17")
    assert (report["status"], report["created"], list(states(tmp_path))) == ("ok", 1, ["3"])
    assert crawl(tmp_path, CA, gateway.url, floor=3)["created"] == 2


def test_what_comes_back_in_time_was_never_gone(serve: Serve, tmp_path: Path) -> None:
    gateway = serve({CA_DUMP: ca_dump(1, 2)})
    for numbers in ((1, 2), (1,), (1, 2, 3), (1, 3)):
        gateway.answers[CA_DUMP] = ca_dump(*numbers)
        assert crawl(tmp_path, CA, gateway.url, floor=1)["withdrawn"] == 0
    assert set(states(tmp_path).values()) == {"active"}


def test_a_listing_below_its_floor_withdraws_nothing(serve: Serve, tmp_path: Path) -> None:
    gateway = serve({CA_DUMP: ca_dump(1, 2, 3)})
    crawl(tmp_path, CA, gateway.url, floor=2)
    gateway.answers[CA_DUMP] = ca_dump(1)
    for _ in range(3):
        assert crawl(tmp_path, CA, gateway.url, floor=2)["reason"] == "below_floor"
    assert set(states(tmp_path).values()) == {"active"}


def test_known_reports_are_left_alone_but_for_the_newest_four(serve: Serve, tmp_path: Path) -> None:
    gateway = weeks(serve, *WEEKS)
    assert crawl(tmp_path, EU, gateway.url, floor=0)["created"] == 6
    assert len(gateway.addresses()) == 7
    assert crawl(tmp_path, EU, gateway.url, floor=0)["created"] == 0
    assert set(gateway.addresses()) == {EU_INDEX, *map(eu_report_url, WEEKS[2:])}
    later = weeks(serve, *WEEKS, 1008)
    assert crawl(tmp_path, EU, later.url, floor=0)["created"] == 1
    assert set(later.addresses()) == {EU_INDEX, *map(eu_report_url, [*WEEKS[3:], 1008])}


def test_a_part_can_be_asked_for_by_date(serve: Serve, tmp_path: Path) -> None:
    gateway = weeks(serve, *WEEKS)
    report = crawl(tmp_path, EU, gateway.url, since="2026-11-05")
    assert (report["status"], report["created"]) == ("ok", 2)
    assert set(gateway.addresses()) == {EU_INDEX, *map(eu_report_url, WEEKS[4:])}


def test_a_report_withdraws_what_it_names_if_it_is_older_and_stored(serve: Serve, tmp_path: Path) -> None:
    said = "Notifications SR/1001/26, SR/1003/26 and SR/9999/26 have been withdrawn."
    gateway = weeks(serve, *WEEKS[:3], of_1002=said)
    report = crawl(tmp_path, EU, gateway.url, floor=0)
    assert (report["status"], report["created"], report["withdrawn"]) == ("ok", 3, 1)
    assert states(tmp_path) == {"SR/1001/26": "withdrawn", "SR/1002/26": "active", "SR/1003/26": "active"}
    report = crawl(tmp_path, EU, gateway.url, floor=0, full=True)
    assert (report["withdrawn"], states(tmp_path)["SR/1001/26"]) == (0, "withdrawn")


def test_a_long_listing_is_walked_to_its_end_once_then_to_what_may_still_change(serve: Serve, tmp_path: Path) -> None:
    gateway = serve({wto_url(1): wto_page(3, USA="2026-11-19"), wto_url(2): wto_page(3, CHE="2026-08-01"),
                     wto_url(3): wto_page(3, EU="2024-11-17")})
    assert crawl(tmp_path, WTO, gateway.url, floor=0)["created"] == 3
    assert gateway.addresses() == [wto_url(1), wto_url(2), wto_url(3)]
    assert crawl(tmp_path, WTO, gateway.url, floor=0)["status"] == "ok"
    assert gateway.addresses() == [wto_url(1), wto_url(2)]


def test_a_listing_that_was_never_walked_to_its_end_is_not_cut_short(serve: Serve, tmp_path: Path) -> None:
    gateway = serve({wto_url(1): wto_page(3, USA="2026-11-19"), wto_url(2): wto_page(3, CHE="2025-08-01")})
    report = crawl(tmp_path, WTO, gateway.url, floor=0)
    assert (report["status"], report["reason"]) == ("incomplete", "pages_lost")
    gateway.answers[wto_url(3)] = wto_page(3, EU="2024-11-17")
    report = crawl(tmp_path, WTO, gateway.url, floor=0)
    assert (report["status"], report["created"]) == ("ok", 1)


def test_a_killed_run_is_closed_by_the_next_which_takes_up_its_work(serve: Serve, tmp_path: Path) -> None:
    gateway = weeks(serve, *WEEKS)
    held = gateway.answers[eu_report_url(1001)]
    held.hang = 60  # type: ignore[union-attr]
    process = start(tmp_path, EU, gateway.url, floor=0)
    wait_for(lambda: len(known_units(tmp_path)) == 5)
    process.kill()
    process.communicate()
    held.hang = 0  # type: ignore[union-attr]
    gateway.addresses()
    report = crawl(tmp_path, EU, gateway.url, floor=0)
    assert (report["status"], report["created"]) == ("ok", 1)
    assert eu_report_url(1002) not in gateway.addresses()
    with database(tmp_path).read() as session:
        killed = runs.latest(session, EU)[1]
    assert (killed.status, killed.reason.code, killed.created) == ("failed", "interrupted", 5)


def test_a_run_that_is_told_to_stop_ends_as_interrupted(serve: Serve, tmp_path: Path) -> None:
    gateway = weeks(serve, *WEEKS)
    process = start(tmp_path, EU, gateway.url, delay=0.5, floor=0)
    wait_for(lambda: len(known_units(tmp_path)) >= 1)
    process.terminate()
    out, log = process.communicate(timeout=20)
    assert '"reason": "interrupted"' in out, log
    assert count(tmp_path, NoticeRow) < 6


def wait_for(ready: Callable[[], bool]) -> None:
    for _ in range(200):
        if ready():
            return
        time.sleep(0.05)
    pytest.fail("it did not come to that")


def known_units(folder: Path) -> dict[str, Any]:
    from crawlers.cards import spider

    with database(folder).read() as session:
        return dict(sources.units(session, spider(EU).card))


def test_a_dry_run_tells_what_is_new_and_stores_nothing(serve: Serve, tmp_path: Path) -> None:
    gateway = serve({CA_DUMP: ca_dump(1, 2)})
    crawl(tmp_path, CA, gateway.url, floor=0)
    before = [count(tmp_path, model) for model in (NoticeRow, Capture, SourceRunRow)]
    gateway.answers[CA_DUMP] = ca_dump(2, 3, 4)
    report = crawl(tmp_path, CA, gateway.url, floor=0, dry_run=True)
    assert (report["id"], report["status"], report["seen"], report["created"]) == (0, "ok", 3, 2)
    assert [count(tmp_path, model) for model in (NoticeRow, Capture, SourceRunRow)] == before


def test_a_paused_source_is_not_asked(serve: Serve, tmp_path: Path) -> None:
    gateway = serve({CA_DUMP: ca_dump(1)})
    crawl(tmp_path, CA, gateway.url, floor=0)
    gateway.asked.clear()
    sources.pause(database(tmp_path), CA, "under repair", "test")
    assert crawl(tmp_path, CA, gateway.url)["error"] == "Conflict"
    assert gateway.asked == []


def test_a_source_is_crawled_by_one_process_at_a_time(serve: Serve, tmp_path: Path) -> None:
    gateway = serve({CA_DUMP: ca_dump(1)})
    with exclusive(database(tmp_path), f"crawl-{CA}"):
        assert crawl(tmp_path, CA, gateway.url)["error"] == "Conflict"
    assert gateway.asked == []
    assert crawl(tmp_path, CA, gateway.url, floor=0)["status"] == "ok"


def test_the_pace_of_a_card_is_replaced_only_behind_a_gateway(db: Database, tmp_path: Path) -> None:
    captures = CaptureStore(str(tmp_path / "captures"))
    with pytest.raises(InvalidValue, match="gateway"):
        crawl_here(CA, db, captures, CrawlOptions(None, 0.0, "https://zone.example"))
    with pytest.raises(NotFound):
        crawl_here("atlantis", db, captures, CrawlOptions(None, None, "https://zone.example"))
