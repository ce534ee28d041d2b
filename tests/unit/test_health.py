"""Health: the state of a source, since when and why, however long ago it began, and the history of its states."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import delete

from domain import clock
from domain.health import Health, HealthState
from domain.source import Grade, Reason, RunKind, RunStatus
from storage import health, runs, sources
from storage.models import HealthRow, SourceRunRow
from storage.session import Database
from tests.builders import notice, source, store

NOON = datetime(2026, 11, 20, 4, tzinfo=UTC)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
EU = "eu_safety_gate"
CARD = source(EU, rhythm=12 * HOUR)
S = HealthState
ENDS = {
    S.HEALTHY: (RunStatus.OK, "ok"), S.INCOMPLETE: (RunStatus.INCOMPLETE, "listing_short"),
    S.BELOW_FLOOR: (RunStatus.INCOMPLETE, "below_floor"), S.BLOCKED: (RunStatus.BLOCKED, "html_instead"),
    S.FAILING: (RunStatus.FAILED, "timed_out"), S.HELD: (RunStatus.HELD, "breaker"),
}


@pytest.fixture(autouse=True)
def _noon(db: Database) -> None:
    clock.fix(NOON)
    sources.save_cards(db, [CARD])


def crawl(db: Database, state: HealthState = S.HEALTHY, **facts: str) -> int:
    """A crawl that ends so at this moment; gives its id."""
    status, code = ENDS[state]
    run = runs.start(db, CARD)
    runs.finish(db, run, status, Reason(code, facts), runs.Tally())
    return run.id


def wait(time: timedelta) -> datetime:
    clock.fix(clock.now() + time)
    return clock.now()


def now(db: Database) -> Health:
    with db.read() as session:
        return sources.view(session, EU).health


def told(db: Database) -> list[tuple[str, datetime]]:
    """The history, oldest first."""
    with db.read() as session:
        return [(each.state.value, each.since) for each in reversed(health.phases(session, EU))]


@dataclass(frozen=True)
class Past:
    """A run of the past, by the state it left the source in; None while it runs."""

    state: HealthState | None
    is_reparse: bool = False


def since_by_oracle(past: Sequence[Past]) -> tuple[HealthState, int | None]:
    """State, and the number of the run whose end began it: the first of the longest tail of crawls in one state."""
    ended = [(number, each.state) for number, each in enumerate(past) if each.state and not each.is_reparse]
    if not ended:
        return S.NEVER_RUN, None
    held = [number for number, state in ended if state is S.HELD]
    last = ended[-1][1]
    if held and last in (S.HEALTHY, S.HELD):
        return S.HELD, held[0]
    tail = [number for number, state in ended if all(later is last for at, later in ended if at >= number)]
    return last, tail[0]


@settings(max_examples=80, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(past=st.lists(st.builds(Past, st.sampled_from([*ENDS, S.HEALTHY, S.FAILING, None]), st.booleans()), max_size=12))
def test_a_state_began_with_the_first_of_the_crawls_that_ended_alike(db: Database, past: list[Past]) -> None:
    clock.fix(NOON)
    with db.write() as session:
        session.execute(delete(SourceRunRow))
        for number, each in enumerate(past):
            status, code = ENDS[each.state] if each.state else (RunStatus.RUNNING, "ok")
            session.add(SourceRunRow(
                slug=EU, kind=(RunKind.REPARSE if each.is_reparse else RunKind.CRAWL).value, status=status.value,
                reason_code=code, reason_facts={}, parser_version=1, alerting=True, partial=False, newest_on=None,
                started_at=NOON, ended_at=NOON - HOUR + timedelta(minutes=number) if each.state else None, details={}))
    state, number = since_by_oracle(past)
    found = now(db)
    assert (found.state, found.since) == (state, None if number is None else NOON - HOUR + timedelta(minutes=number))
    good = [at for at, each in enumerate(past) if each.state in (S.HEALTHY, S.HELD) and not each.is_reparse]
    assert found.last_success == (NOON - HOUR + timedelta(minutes=good[-1]) if good else None)


def test_since_is_the_beginning_however_many_crawls_ago(db: Database) -> None:
    crawl(db)
    began = wait(HOUR)
    for _ in range(120):
        crawl(db, S.FAILING)
        wait(HOUR)
    assert (now(db).state, now(db).since, now(db).last_success) == (S.FAILING, began, NOON)


def test_one_failure_is_told_apart_from_a_week_by_the_last_success_and_one_success_ends_it(db: Database) -> None:
    crawl(db)
    failed = wait(HOUR)
    crawl(db, S.FAILING)
    assert (now(db).state, now(db).since, now(db).last_success) == (S.FAILING, failed, NOON)
    back = wait(HOUR)
    crawl(db)
    assert (now(db).state, now(db).since) == (S.HEALTHY, back)


def test_case_34_a_source_is_silent_since_the_day_by_which_something_new_was_expected(db: Database) -> None:
    store(db, notice("first", published_on=NOON.date() - 40 * DAY), card=CARD)
    assert (now(db).state, now(db).since) == (S.SILENT, datetime(2026, 11, 10, tzinfo=UTC)), "30 days after the newest"
    wait(HOUR)
    crawl(db)
    assert now(db).since == datetime(2026, 11, 10, tzinfo=UTC), "more crawls do not make the silence younger"


def test_a_held_run_holds_the_source_until_it_is_released_whatever_comes_later(db: Database) -> None:
    crawl(db)
    held_at = wait(HOUR)
    held = crawl(db, S.HELD, count="80", limit="50")
    health.note(db)
    wait(HOUR)
    crawl(db)
    assert (now(db).state, now(db).since) == (S.HELD, held_at)
    assert "80 notices would alert" in now(db).reason.text()
    wait(HOUR)
    crawl(db, S.FAILING)
    with db.read() as session:
        view = sources.view(session, EU)
    assert (view.health.state, view.held) == (S.FAILING, 1), "what news may be missed by is told first"
    wait(HOUR)
    crawl(db)
    health.note(db)
    released = wait(HOUR)
    runs.release(db, held, "test")
    assert (now(db).state, now(db).since) == (S.HEALTHY, released)


def test_a_paused_source_says_the_operators_words_and_since_when(db: Database) -> None:
    crawl(db)
    paused = wait(HOUR)
    sources.pause(db, EU, "对方改版", "test")
    health.note(db)
    found = now(db)
    assert (found.state, found.since, found.reason.text("zh"), found.last_success) == (S.PAUSED, paused, "对方改版", NOON)
    resumed = wait(9 * DAY)
    sources.resume(db, EU, "test")
    assert (now(db).state, now(db).since) == (S.HEALTHY, resumed), "a pause is neither good nor overdue"


def test_a_missing_key_says_what_to_do(db: Database) -> None:
    run = runs.start(db, CARD)
    runs.finish(db, run, RunStatus.FAILED, Reason("missing_key", {"setting": "ZONEWATCH_KEY_EU"}), runs.Tally())
    assert (now(db).state, now(db).reason.text()) == (S.FAILING, "an API key is needed: set ZONEWATCH_KEY_EU")
    assert now(db).reason.text("zh") == "需要 API 密钥：请设置 ZONEWATCH_KEY_EU"


def test_when_nobody_crawls_any_more_a_source_is_overdue_since_its_crawl_was_due(db: Database) -> None:
    crawl(db)
    wait(24 * HOUR)
    assert now(db).state is S.HEALTHY
    wait(timedelta(minutes=1))
    found = now(db)
    assert (found.state, found.since, found.last_success) == (S.OVERDUE, NOON + 12 * HOUR, NOON)
    assert found.reason.text() == "a crawl is due every 12 hours, but none has begun: the scheduler does not seem to run"
    health.note(db)
    back = wait(HOUR)
    crawl(db)
    assert (now(db).state, now(db).since) == (S.HEALTHY, back), "two good crawls do not hide the gap between them"


def test_a_crawl_that_never_ends_is_overdue_and_not_taken_for_a_dead_scheduler(db: Database) -> None:
    runs.start(db, CARD)
    wait(25 * HOUR)
    assert (now(db).state, now(db).reason.code) == (S.OVERDUE, "unfinished")


def test_a_source_that_nobody_ever_began_to_crawl_is_overdue_once_it_was_known_for_long_enough(db: Database) -> None:
    assert (now(db).state, now(db).since) == (S.NEVER_RUN, None)
    health.note(db)
    wait(25 * HOUR)
    assert (now(db).state, now(db).since) == (S.OVERDUE, NOON + 12 * HOUR)


def test_a_source_crawled_every_hour_is_not_overdue_before_six(db: Database) -> None:
    sources.save_cards(db, [source(EU, rhythm=HOUR)])
    crawl(db)
    wait(6 * HOUR)
    assert now(db).state is S.HEALTHY
    wait(timedelta(seconds=1))
    assert now(db).state is S.OVERDUE


def test_a_source_that_does_not_run_by_itself_is_never_overdue(db: Database) -> None:
    sources.save_cards(db, [source(EU, grade=Grade.DOCUMENTED)])
    crawl(db)
    wait(20 * DAY)
    assert now(db).state is S.HEALTHY


def test_the_history_holds_a_row_for_every_change_of_state_or_reason(db: Database) -> None:
    crawl(db)
    assert (health.note(db), health.note(db)) == (1, 0)
    for state, code_changes in ((S.FAILING, 1), (S.FAILING, 0), (S.BLOCKED, 1), (S.HEALTHY, 1), (S.HEALTHY, 0)):
        wait(HOUR)
        crawl(db, state)
        assert health.note(db) == code_changes
    run = runs.start(db, CARD)
    runs.finish(db, run, RunStatus.FAILED, Reason("http_status", {"url": "u", "status": "500"}), runs.Tally())
    failed = clock.now()
    health.note(db)
    wait(HOUR)
    crawl(db, S.FAILING)
    assert health.note(db) == 1, "it fails for another reason"
    assert told(db) == [("healthy", NOON), ("failing", NOON + HOUR), ("blocked", NOON + 3 * HOUR),
                        ("healthy", NOON + 4 * HOUR), ("failing", failed)], "a reason is a detail"


def test_phases_end_where_the_next_one_begins_and_the_present_one_has_no_end(db: Database) -> None:
    crawl(db)
    health.note(db)
    failed = wait(HOUR)
    crawl(db, S.FAILING)
    health.note(db)
    with db.read() as session:
        present, before = health.phases(session, EU)
    assert (present.until, before.until, present.reason.code) == (None, failed, "timed_out")


def test_sources_that_may_miss_news_are_found_by_what_was_noted(db: Database) -> None:
    crawl(db, S.FAILING)
    health.note(db)
    with db.read() as session:
        assert health.unwell(session, {S.FAILING}, NOON - HOUR) == []
        [found] = health.unwell(session, {S.FAILING}, NOON)
    assert (found.slug, found.market, found.since) == (EU, "EU", NOON)


def test_a_history_lost_is_begun_anew_with_what_the_crawls_tell(db: Database) -> None:
    crawl(db, S.FAILING)
    wait(3 * HOUR)
    crawl(db, S.FAILING)
    health.note(db)
    with db.write() as session:
        session.execute(delete(HealthRow))
    health.note(db)
    assert told(db) == [("failing", NOON)]
