"""Storing: new, different and unchanged are told apart; history and changes are written with them or not at all."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from domain.classify import VERSION, classify
from domain.notice import NoticeKind, NoticeStatus, fingerprint
from domain.source import Listing, Reason, RunStatus
from storage import changes, notices, runs, sources
from storage.ingest import Outcome, Reading, Unit, ingest
from storage.session import Database
from tests.builders import notice, source, store
from tests.databases import database


def take(db: Database, run: runs.Run, *found: object, unit: Unit | None = None) -> Outcome:
    return ingest(db, run, [Reading(each, classify(each)) for each in found], VERSION, unit=unit)


def alerting(db: Database) -> set[int]:
    with db.read() as session:
        return {change.subject_id for change in changes.read(session, changes.MATCH, 10_000) if change.alert}


@pytest.fixture
def db(tmp_path: Path) -> Database:
    return database(tmp_path)


def test_the_same_notice_again_is_unchanged(db: Database) -> None:
    store(db, notice())
    run = runs.start(db, source())
    assert take(db, run, notice()) == Outcome(unchanged=1)


def test_order_and_blanks_are_not_a_change() -> None:
    one = notice(hazards=("fire", "burns"), summary="It may  burst. ")
    assert fingerprint(one) == fingerprint(notice(hazards=("burns", "fire"), summary="It may burst."))
    assert fingerprint(one) != fingerprint(notice(hazards=("fire",), summary="It may burst."))


def test_a_first_load_alerts_nobody_and_the_next_run_does(db: Database) -> None:
    store(db, notice("SR/1/26"))
    assert alerting(db) == set()
    [new] = store(db, notice("SR/2/26"))
    assert alerting(db) == {new}


def test_a_first_load_that_was_killed_still_counts_as_none(db: Database) -> None:
    card = source()
    sources.save_cards(db, [card])
    take(db, runs.start(db, card), notice("SR/1/26"))
    [report] = runs.recover(db, card.slug)
    assert (report.status, report.reason.code, report.created) == (RunStatus.FAILED, "interrupted", 1)
    store(db, notice("SR/1/26"), notice("SR/2/26"))
    assert alerting(db) == set()


def end(db: Database, status: RunStatus, code: str = "ok", *, partial: bool = False, seen: int = 9) -> runs.RunReport:
    sources.save_cards(db, [source()])
    facts = {"lost": "1", "asked": "9", "url": "u", "why": "w", "why_zh": "w"}
    return runs.finish(db, runs.start(db, source()), status, Reason(code, facts), runs.Tally(seen=seen), partial=partial)


def test_a_first_load_is_over_when_a_whole_run_went_well_or_two_came_to_their_end(db: Database) -> None:
    for status, code, partial, alerting_next in (
            (RunStatus.FAILED, "interrupted", False, False), (RunStatus.OK, "ok", True, False),
            (RunStatus.INCOMPLETE, "below_floor", False, False), (RunStatus.INCOMPLETE, "pages_lost", False, False),
            (RunStatus.INCOMPLETE, "pages_lost", False, True)):
        end(db, status, code, partial=partial)
        assert runs.start(db, source()).alerting is alerting_next, (status, code)


def test_the_first_run_of_a_new_parser_alerts_nobody(db: Database) -> None:
    store(db, notice("SR/1/26"))
    store(db, notice("SR/2/26"), card=source(parser_version=2))
    assert alerting(db) == set()
    [third] = store(db, notice("SR/3/26"), card=source(parser_version=2))
    assert alerting(db) == {third}


def test_an_archive_published_again_alerts_nobody(db: Database) -> None:
    store(db, notice("SR/1/26", published_on=date(2026, 11, 13)))
    old, recent = store(db, notice("SR/2/26", published_on=date(2026, 11, 13) - timedelta(days=91)),
                        notice("SR/3/26", published_on=date(2026, 11, 13) - timedelta(days=90)))
    assert alerting(db) == {recent}
    assert old not in alerting(db)


def test_only_a_material_change_alerts(db: Database) -> None:
    [first] = store(db, notice())
    store(db, notice(title="Air compressor - Portable 24 litres"))
    assert alerting(db) == set()
    store(db, notice(title="Air compressor - Portable 24 litres", kind=NoticeKind.RECALL))
    assert alerting(db) == {first}
    with db.read() as session:
        history = notices.versions(session, first)
    assert [(each.version, each.material, each.changed) for each in history] == [
        (3, True, ("kind",)), (2, False, ("title",)), (1, True, ())]


def test_a_run_that_would_alert_too_much_is_held_until_released(db: Database) -> None:
    store(db, notice("SR/0/26"))
    store(db, *[notice(f"SR/{number}/26") for number in range(1, 52)])
    assert alerting(db) == set()
    with db.read() as session:
        [held] = runs.held(session)
    assert held.reason.facts == {"count": "51", "limit": "50"}
    runs.release(db, held.id, "test")
    assert len(alerting(db)) == 51


def test_a_released_run_stands_again_as_it_ended(db: Database) -> None:
    store(db, notice("SR/0/26"))
    run = runs.start(db, source())
    take(db, run, *[notice(f"SR/{number}/26") for number in range(1, 60)])
    held = runs.finish(db, run, RunStatus.FAILED, Reason("interrupted"), runs.Tally(seen=59))
    assert held.status is RunStatus.HELD
    released = runs.release(db, held.id, "test")
    assert (released.status, released.reason.code) == (RunStatus.FAILED, "interrupted")


def test_a_source_used_to_many_notices_a_day_is_not_held(db: Database) -> None:
    store(db, *[notice(f"SR/{number}/26") for number in range(70)])
    store(db, *[notice(f"SR/{number}/26", published_on=date(2026, 11, 20)) for number in range(100, 380)])
    assert len(alerting(db)) == 280
    several_days = [notice(f"SR/{number}/26", published_on=date(2026, 11, 21 + number % 4)) for number in range(500, 1200)]
    store(db, *several_days)
    assert len(alerting(db)) == 280 + 700


def test_a_day_of_more_than_four_usual_ones_is_held(db: Database) -> None:
    store(db, *[notice(f"SR/{number}/26") for number in range(70)])
    store(db, *[notice(f"SR/{number}/26", published_on=date(2026, 11, 20)) for number in range(100, 381)])
    assert alerting(db) == set()
    with db.read() as session:
        [held] = runs.held(session)
    assert held.reason.facts == {"count": "281", "day": "2026-11-20", "limit": "280"}


def test_alerts_of_a_running_run_wait_for_its_end(db: Database) -> None:
    store(db, notice("SR/1/26"))
    run = runs.start(db, source())
    take(db, run, notice("SR/2/26"))
    assert alerting(db) == set()
    runs.finish(db, run, RunStatus.FAILED, Reason("interrupted"), runs.Tally())
    assert len(alerting(db)) == 1


def test_a_notice_is_withdrawn_when_two_complete_full_runs_lack_it(db: Database) -> None:
    card = source(listing=Listing.FULL)
    [gone, stays] = store(db, notice("1"), notice("2"), card=card)
    assert runs.settle_missing(db, runs.start(db, card), {"2"}) == 0
    assert runs.settle_missing(db, runs.start(db, card), {"2"}) == 1
    with db.read() as session:
        assert notices.by_id(session, gone).status is NoticeStatus.WITHDRAWN
        assert notices.by_id(session, stays).status is NoticeStatus.ACTIVE
        assert notices.by_id(session, gone).notice.title


def test_a_notice_that_comes_back_in_between_is_not_withdrawn(db: Database) -> None:
    card = source(listing=Listing.FULL)
    store(db, notice("1"), notice("2"), card=card)
    for seen, withdrawn in (({"2"}, 0), ({"1", "2"}, 0), ({"2"}, 0), ({"2"}, 1)):
        assert runs.settle_missing(db, runs.start(db, card), seen) == withdrawn


def test_a_notice_that_is_read_again_is_no_longer_missing_whatever_becomes_of_the_run(db: Database) -> None:
    card = source(listing=Listing.FULL)
    store(db, notice("1"), notice("2"), card=card)
    runs.settle_missing(db, runs.start(db, card), {"2"})
    take(db, runs.start(db, card), notice("1"), notice("2"))  # and the run is killed before it settles
    assert runs.settle_unchanged(db, runs.start(db, card)) == 0


def test_a_withdrawn_notice_that_a_full_listing_shows_again_is_active_and_a_change(db: Database) -> None:
    card = source(listing=Listing.FULL)
    [one] = store(db, notice("1"), card=card)
    run = runs.start(db, card)
    runs.withdraw(db, run, [one], "the publisher says so")
    assert take(db, runs.start(db, card), notice("1")).revised == 1
    with db.read() as session:
        found = notices.by_id(session, one)
    assert (found.status, found.material_version) == (NoticeStatus.ACTIVE, 3)


def test_an_old_report_read_again_does_not_revive_what_its_publisher_withdrew(db: Database) -> None:
    [one] = store(db, notice("1"))
    runs.withdraw(db, runs.start(db, source()), [one], "the publisher says so")
    assert take(db, runs.start(db, source()), notice("1")).unchanged == 1
    assert take(db, runs.start(db, source()), notice("1", summary="Amended.")).revised == 1
    with db.read() as session:
        found = notices.by_id(session, one)
    assert (found.status, found.withdrawn_why) == (NoticeStatus.WITHDRAWN, "the publisher says so")


def test_a_unit_is_read_only_when_its_last_notice_is_stored(db: Database) -> None:
    card = source()
    sources.save_cards(db, [card])
    unit = Unit("Report-1", "a" * 64, None, None)
    take(db, runs.start(db, card), *[notice(f"SR/{number}/26") for number in range(1201)], unit=unit)
    with db.read() as session:
        assert sources.units(session, card)["Report-1"].items == 1201
        assert sources.units(session, source(parser_version=2)) == {}


IDS = st.sampled_from([f"SR/{number}/26" for number in range(6)])
BATCHES = st.lists(st.lists(st.tuples(IDS, st.sampled_from(["a", "b", "c"])), max_size=8), max_size=6)


@settings(max_examples=30, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(BATCHES)
def test_any_sequence_of_batches_is_stored_as_a_dictionary_would(tmp_path_factory: pytest.TempPathFactory,
                                                                 batches: list[list[tuple[str, str]]]) -> None:
    db, model = database(tmp_path_factory.mktemp("store")), {}
    card = source()
    sources.save_cards(db, [card])
    for batch in batches:
        first = dict(reversed(batch))
        expected = Outcome(created=len(first.keys() - model.keys()),
                           revised=sum(model.get(name, text) != text for name, text in first.items()))
        expected.unchanged = len(first) - expected.created - expected.revised
        run = runs.start(db, card)
        assert take(db, run, *[notice(name, summary=text) for name, text in batch]) == expected
        model.update(first)
    with db.read() as session:
        stored = {each.notice.external_id: each for found in notices.everything(session) for each in found}
        assert {name: each.notice.summary for name, each in stored.items()} == model
        assert all(len(notices.versions(session, each.id)) == each.version for each in stored.values())
        assert changes.pending(session, changes.INDEX) == sum(each.version for each in stored.values())
    db.close()
