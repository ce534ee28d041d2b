"""Captures read anew: the same parser changes nothing, another one what it reads otherwise; nobody hears of it, nothing is
lost by it, and no older answer wins over a newer one."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from scrapy.http import Response
from sqlalchemy import select

from crawlers.base import Output, SourceSpider
from crawlers.difference import Difference
from crawlers.reparse import reparse
from crawlers.spiders.ca_recalls import CaRecalls
from crawlers.spiders.eu_safety_gate import EuSafetyGate
from domain import clock
from domain.criteria import Criteria
from domain.errors import Conflict
from domain.notice import Notice
from domain.source import Reason, RunKind, RunStatus
from indexer.backends.tantivy import TantivyIndex
from indexer.service import SearchService
from indexer.sync import sync
from storage import captures, changes, notices, runs, sources
from storage.captures import CaptureStore
from storage.locks import exclusive
from storage.models import Capture, ChangeRow, NoticeRow
from storage.retention import prune
from storage.session import Database
from tests.databases import database
from tests.features.alerts import EVERYTHING_OF_OURS, World, world
from tests.moody import MoodyMailbox
from tests.publishers import CA_DUMP, EU_INDEX, ca_dump, eu_index, eu_report, eu_report_url
from tests.replay import Answer, Gateway, crawl

Serve = Callable[..., Gateway]
CA, EU = "ca_recalls", "eu_safety_gate"
NEW_VERSION = EuSafetyGate.card.parser_version + 1


class WithMarket(EuSafetyGate):
    """Today's parser, which reads one field otherwise."""

    card = replace(EuSafetyGate.card, parser_version=NEW_VERSION)

    def _notice(self, node: Any, published: Any, url: str) -> Notice:
        found = super()._notice(node, published, url)
        return replace(found, brand=found.brand.upper(), hazards=("fire",) if found.external_id.endswith("1/26") else
                       found.hazards)


def weeks(serve: Serve, **reports: Answer) -> Gateway:
    numbers = [int(name.removeprefix("of_")) for name in reports]
    return serve({EU_INDEX: eu_index(*numbers)} | {
        eu_report_url(number): report for number, report in zip(numbers, reports.values(), strict=True)})


def anew(folder: Path, spider: type[SourceSpider], **options: Any) -> Difference:
    return reparse(spider, database(folder), CaptureStore(str(folder / "captures")), **options)


def stored(folder: Path) -> dict[str, NoticeRow]:
    with database(folder).read() as session:
        return {row.external_id: row for row in session.scalars(select(NoticeRow))}


def remove_bytes(folder: Path, url: str) -> None:
    store = CaptureStore(str(folder / "captures"))
    with database(folder).read() as session:
        for sha256 in session.scalars(select(Capture.sha256).where(Capture.url == url)):
            Path(store.path(sha256)).unlink()


@pytest.fixture
def loaded(serve: Serve, tmp_path: Path) -> Path:
    """Two reports with three alerts."""
    gateway = weeks(serve, of_1001=eu_report(1001, "SR/0001/26", "SR/0002/26"), of_1002=eu_report(1002, "SR/0003/26"))
    assert crawl(tmp_path, EU, gateway.url, floor=1)["status"] == "ok"
    return tmp_path


def test_the_same_parser_reads_the_same(loaded: Path) -> None:
    found = anew(loaded, EuSafetyGate)
    assert (found.captures, found.same, found.is_none, found.status) == (3, 3, True, RunStatus.OK)
    assert found.unfound.count == found.gone.count == found.unreadable.count == 0


def test_another_parser_shows_what_it_reads_otherwise_and_stores_nothing(loaded: Path) -> None:
    before = {name: row.version for name, row in stored(loaded).items()}
    found = anew(loaded, WithMarket)
    assert (found.same, found.revised, found.new.count) == (0, 3, 0)
    assert found.fields == {"brand": 3, "hazards": 1}
    assert [(each.external_id, each.old, each.new) for each in found.changes["hazards"]] == [
        ("SR/0001/26", "injuries", "fire")]
    assert {name: row.version for name, row in stored(loaded).items()} == before
    with database(loaded).read() as session:
        assert [run.kind for run in runs.latest(session, EU)] == [RunKind.CRAWL]


def test_what_is_applied_is_a_run_of_its_own_kind_with_versions_that_name_the_parser(loaded: Path) -> None:
    found = anew(loaded, WithMarket, apply=True)
    with database(loaded).read() as session:
        run = runs.latest(session, EU)[0]
        row = stored(loaded)["SR/0001/26"]
        version = notices.versions(session, row.id)[0]
        last_crawl = sources.last_started(session)[EU]
    assert (run.id, run.kind, run.status, run.revised, run.requests) == (found.run, RunKind.REPARSE, RunStatus.OK, 3, 0)
    assert (version.parser_version, version.run_id, version.changed) == (NEW_VERSION, run.id, ("brand", "hazards"))
    assert row.classifier_version
    assert last_crawl.kind is RunKind.CRAWL
    assert anew(loaded, WithMarket).is_none


@pytest.fixture
def followed(loaded: Path, mailbox: MoodyMailbox) -> Iterator[World]:
    """An address that wants everything of ours, beside the reports."""
    with world(loaded, mailbox) as here:
        here.follow(criteria=EVERYTHING_OF_OURS)
        here.round()
        yield here


def test_what_is_applied_mails_nobody_and_is_found_by_search(followed: World, loaded: Path) -> None:
    index = TantivyIndex(loaded / "index")
    sync(followed.db, index)
    search = SearchService(followed.db, index)
    fire = Criteria(hazards=frozenset({"fire"}))
    assert search.search(fire).total == 0
    anew(loaded, WithMarket, apply=True)
    with followed.db.read() as session:
        assert changes.pending(session, changes.MATCH) == 3
        assert session.scalars(select(ChangeRow.id).where(ChangeRow.alert.is_(True))).all() == []
    followed.wait()
    assert followed.round() == []
    while sync(followed.db, index):
        pass
    assert search.search(fire).total == 1


def test_an_older_answer_never_wins_over_a_newer_one(serve: Serve, tmp_path: Path) -> None:
    """An alert that moves from one report to another: the report that lost it is older than the one that has it now."""
    gateway = weeks(serve, of_1001=eu_report(1001, "SR/0001/26", "SR/0002/26"), of_1002=eu_report(1002, "SR/0003/26"))
    crawl(tmp_path, EU, gateway.url, floor=1)
    gateway.answers[eu_report_url(1002)] = eu_report(1002, "SR/0003/26", "SR/0002/26")
    gateway.answers[eu_report_url(1001)] = Answer(status=404)
    crawl(tmp_path, EU, gateway.url, floor=1)
    assert stored(tmp_path)["SR/0002/26"].version == 2
    assert anew(tmp_path, EuSafetyGate).is_none
    assert anew(tmp_path, WithMarket).revised == 3


def test_what_only_an_old_answer_holds_is_read_from_it_and_what_is_gone_stays_gone(serve: Serve, tmp_path: Path) -> None:
    gateway = serve({CA_DUMP: ca_dump(1, 2)})
    crawl(tmp_path, CA, gateway.url, floor=1)
    for title in ("Air compressor, amended", "Air compressor, amended again"):
        gateway.answers[CA_DUMP] = ca_dump(1, title=title)
        crawl(tmp_path, CA, gateway.url, floor=1)
    assert stored(tmp_path)["2"].status == "withdrawn"
    found = anew(tmp_path, CaRecalls)
    assert (found.captures, found.same, found.is_none, found.unsaid.count) == (2, 2, True, 0)

    class Louder(CaRecalls):
        card = CaRecalls.card

        def notice(self, row: Any, url: str) -> Notice:
            return replace(super().notice(row, url), brand="Read anew")

    assert anew(tmp_path, Louder, apply=True).revised == 2
    rows = stored(tmp_path)
    assert [(name, rows[name].status, rows[name].data["brand"]) for name in ("1", "2")] == [
        ("1", "active", "Read anew"), ("2", "withdrawn", "Read anew")]


def test_nothing_is_withdrawn_because_a_parser_or_a_capture_lacks_it(loaded: Path) -> None:
    class Blind(EuSafetyGate):
        card = EuSafetyGate.card

        def read_report(self, response: Response) -> Output:
            page, *_ = super().read_report(response)
            yield replace(page, notices=[each for each in page.notices if each.external_id != "SR/0002/26"])

    remove_bytes(loaded, eu_report_url(1002))
    found = anew(loaded, Blind, apply=True)
    assert [each.what for each in found.gone.examples] == [eu_report_url(1002)]
    assert sorted(each.what for each in found.unfound.examples) == ["SR/0002/26", "SR/0003/26"]
    assert (found.same, found.is_none) == (1, True)
    assert {row.status for row in stored(loaded).values()} == {"active"}


def test_of_an_answer_that_cannot_be_read_the_one_before_it_counts(serve: Serve, tmp_path: Path) -> None:
    gateway = serve({CA_DUMP: ca_dump(1, 2)})
    crawl(tmp_path, CA, gateway.url, floor=1)
    gateway.answers[CA_DUMP] = Answer(b"<html><title>Access denied</title></html>", "text/html")
    assert crawl(tmp_path, CA, gateway.url, floor=1)["status"] == "blocked"
    found = anew(tmp_path, CaRecalls)
    assert (found.same, found.is_none, found.unreadable.count) == (2, True, 1)
    assert "Access denied" in found.unreadable.examples[0].why
    assert found.status is RunStatus.INCOMPLETE


def test_a_withdrawal_that_only_todays_parser_reads_is_applied_and_alerts_nobody(loaded: Path) -> None:
    db, store = database(loaded), CaptureStore(str(loaded / "captures"))
    body = eu_report(1002, "SR/0003/26", addendum="Notification SR/0001/26 has been withdrawn.").body
    run = runs.start(db, EuSafetyGate.card)  # of a parser that did not read what is withdrawn
    captures.record(db, run.id, eu_report_url(1002), 200, {"Content-Type": "application/xml"}, store.put(body), len(body),
                    "read_report", {})
    runs.finish(db, run, RunStatus.OK, Reason("ok"), runs.Tally())
    assert [each.what for each in anew(loaded, EuSafetyGate).withdrawn.examples] == ["SR/0001/26"]
    assert stored(loaded)["SR/0001/26"].status == "active"
    assert anew(loaded, EuSafetyGate, apply=True).withdrawn.count == 1
    assert stored(loaded)["SR/0001/26"].withdrawn_why.startswith("Safety Gate, 02/11/2026")
    with db.read() as session:
        assert not session.scalars(select(ChangeRow.id).where(ChangeRow.alert.is_(True))).all()
    assert anew(loaded, EuSafetyGate).is_none


def test_a_withdrawal_that_todays_parser_does_not_read_is_told_and_stays(serve: Serve, tmp_path: Path) -> None:
    class Deaf(EuSafetyGate):
        card = EuSafetyGate.card

        def read_report(self, response: Response) -> Output:
            for page in super().read_report(response):
                yield replace(page, withdrawals=())

    gateway = weeks(serve, of_1001=eu_report(1001, "SR/0001/26"), of_1002=eu_report(
        1002, "SR/0003/26", addendum="Notification SR/0001/26 has been withdrawn."))
    crawl(tmp_path, EU, gateway.url, floor=1)
    assert stored(tmp_path)["SR/0001/26"].status == "withdrawn"
    assert anew(tmp_path, EuSafetyGate).is_none
    assert [each.what for each in anew(tmp_path, Deaf, apply=True).unsaid.examples] == ["SR/0001/26"]
    assert stored(tmp_path)["SR/0001/26"].status == "withdrawn"


def test_a_source_under_crawl_is_not_reparsed_into_the_store(loaded: Path) -> None:
    db: Database = database(loaded)
    with exclusive(db, f"crawl-{EU}"), pytest.raises(Conflict):
        anew(loaded, WithMarket, apply=True)
    assert stored(loaded)["SR/0001/26"].version == 1


def test_a_reader_that_is_no_more_is_told(loaded: Path) -> None:
    with database(loaded).write() as session:
        for row in session.scalars(select(Capture).where(Capture.url != EU_INDEX)):
            row.reader = "read_notifications"
    found = anew(loaded, EuSafetyGate)
    assert found.unreadable.count == 2
    assert "read_notifications" in found.unreadable.examples[0].why
    assert (found.unfound.count, found.is_none) == (3, True)


def test_a_slip_of_ours_ends_the_run_as_failed_and_keeps_the_rest(loaded: Path) -> None:
    class Slips(WithMarket):
        card = WithMarket.card

        def _notice(self, node: Any, published: Any, url: str) -> Notice:
            if url == eu_report_url(1002):
                raise ZeroDivisionError("a slip of ours")
            return super()._notice(node, published, url)

    found = anew(loaded, Slips, apply=True)
    assert (found.status, found.reason.code, found.revised) == (RunStatus.FAILED, "error", 2)
    with database(loaded).read() as session:
        assert runs.latest(session, EU)[0].status is RunStatus.FAILED


def test_after_years_of_removal_every_notice_can_still_be_read_anew(serve: Serve, tmp_path: Path) -> None:
    gateway = serve({CA_DUMP: ca_dump(1, 2)})
    for numbers in ((1, 2), (1,), (1,), (1, 3), (1, 3)):
        gateway.answers[CA_DUMP] = ca_dump(*numbers)
        crawl(tmp_path, CA, gateway.url, floor=1)
    clock.fix(clock.now() + timedelta(days=800))
    assert prune(database(tmp_path), CaptureStore(str(tmp_path / "captures"))).captures == 3
    found = anew(tmp_path, CaRecalls)
    assert (found.same, found.is_none, found.gone.count, found.unfound.count) == (3, True, 0, 0)
