"""What is kept and for how long: a notice can always show its bytes, the rest goes, and a crash leaves nothing that claims
what is not there."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from domain import clock
from domain.classify import VERSION, classify
from domain.notice import Notice
from domain.source import Reason, RunStatus
from storage import captures, changes, notices, retention, runs, sources, tasks
from storage.captures import CaptureStore
from storage.ingest import Reading, ingest
from storage.locks import exclusive
from storage.models import Capture, ChangeRow, TaskRow
from storage.retention import Pruned, prune
from storage.session import Database
from tests.builders import notice, source

TODAY = datetime(2026, 11, 21, 8, tzinfo=UTC)


class Kept:
    """A source whose runs may lie in the past."""

    def __init__(self, folder: Path, db: Database) -> None:
        self.db, self.store, self.card = db, CaptureStore(str(folder / "captures")), source()
        sources.save_cards(db, [self.card])

    def answer(self, days_ago: float, url: str, body: str, *found: Notice, status: RunStatus = RunStatus.OK) -> int:
        """An answer of a run so many days ago, and the notices that were read from it."""
        clock.fix(TODAY - timedelta(days=days_ago))
        run = runs.start(self.db, self.card)
        capture_id = captures.record(self.db, run.id, url, 200, {}, self.store.put(body.encode()), len(body), "read", {})
        ingest(self.db, run, [Reading(each, classify(each)) for each in found], VERSION, capture_id)
        runs.finish(self.db, run, status, Reason("ok"), runs.Tally(seen=1))
        clock.fix(TODAY)
        return capture_id

    def captures(self) -> set[int]:
        with self.db.read() as session:
            return set(session.scalars(select(Capture.id)))

    def bodies(self) -> int:
        return sum(1 for _ in self.store.everything())


@pytest.fixture
def kept(tmp_path: Path, db: Database) -> Kept:
    return Kept(tmp_path, db)


def test_what_a_version_of_a_notice_was_read_from_stays_as_long_as_the_notice(kept: Kept) -> None:
    first = kept.answer(500, "https://publisher.example/a", "first", notice())
    second = kept.answer(400, "https://publisher.example/b", "second", notice(title="Amended"))
    prune(kept.db, kept.store)
    assert kept.captures() == {first, second}
    with kept.db.read() as session:
        for version in notices.versions(session, 1):
            assert version.capture_id
            assert kept.store.get(captures.by_id(session, version.capture_id).sha256)


def test_other_answers_go_after_a_month_but_for_the_newest_and_the_newest_of_a_good_run(kept: Kept) -> None:
    page = "https://publisher.example/list"
    kept.answer(90, page, "old")
    good = kept.answer(80, page, "good")
    kept.answer(70, page, "excuse 1", status=RunStatus.BLOCKED)
    last = kept.answer(60, page, "excuse 2", status=RunStatus.BLOCKED)
    kept.answer(400, "https://publisher.example/asked-once-long-ago", "once")
    recent = kept.answer(29, "https://publisher.example/other", "other"), kept.answer(
        28, "https://publisher.example/other", "other again")
    said = prune(kept.db, kept.store, dry_run=True)
    assert (said.captures, said.bodies, len(kept.captures()), kept.bodies()) == (3, 3, 7, 7)
    assert prune(kept.db, kept.store) == said
    assert kept.captures() == {good, last, *recent}
    assert kept.bodies() == 4
    assert prune(kept.db, kept.store) == Pruned()


def test_bytes_stay_while_any_capture_has_them(kept: Kept) -> None:
    kept.answer(90, "https://publisher.example/list", "the same")
    kept.answer(60, "https://publisher.example/list", "the same")
    removed = prune(kept.db, kept.store)
    assert (removed.captures, removed.bodies, kept.bodies()) == (1, 0, 1)


def test_a_crash_between_rows_and_bytes_leaves_bytes_which_the_next_time_removes(
        kept: Kept, monkeypatch: pytest.MonkeyPatch) -> None:
    kept.answer(90, "https://publisher.example/list", "old")
    kept.answer(60, "https://publisher.example/list", "new")

    def dies(*_: Any) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(retention, "_prune_bodies", dies)
        with pytest.raises(KeyboardInterrupt):
            prune(kept.db, kept.store)
    assert (len(kept.captures()), kept.bodies()) == (1, 2)
    assert prune(kept.db, kept.store).bodies == 1


def test_bytes_that_vanish_before_their_capture_is_noted_are_kept_again(kept: Kept) -> None:
    """A crawl keeps a body, notes it, and makes sure of it: it may have been removed in between."""
    run = runs.start(kept.db, kept.card)
    body = b"a body that lay there before"
    sha256 = kept.store.put(body)
    assert prune(kept.db, kept.store).bodies == 1
    captures.record(kept.db, run.id, "https://publisher.example/list", 200, {}, sha256, len(body))
    kept.store.ensure(sha256, body)
    assert kept.store.get(sha256) == body
    assert prune(kept.db, kept.store).bodies == 0


def test_a_source_under_crawl_is_left_for_the_next_time(kept: Kept) -> None:
    kept.answer(90, "https://publisher.example/list", "old")
    kept.answer(60, "https://publisher.example/list", "new")
    with exclusive(kept.db, "crawl-eu_safety_gate"):
        assert prune(kept.db, kept.store) == Pruned(busy=["eu_safety_gate"])
    assert prune(kept.db, kept.store).captures == 1


def test_changes_and_tasks_that_are_done_go_after_a_month_and_what_waits_stays(kept: Kept) -> None:
    kept.answer(60, "https://publisher.example/list", "old", notice("a"))
    kept.answer(50, "https://publisher.example/list", "new", notice("b"))
    with kept.db.write() as session:
        changes.done(session, [each.id for each in changes.read(session, changes.INDEX, 10)])
        tasks.ask(session, tasks.MATCH, "test")
        tasks.ask(session, tasks.INDEX, "test")
    task = tasks.take(kept.db, (tasks.INDEX,))
    assert task
    tasks.finish(kept.db, task, "done")
    assert (prune(kept.db, kept.store).changes, prune(kept.db, kept.store).tasks) == (0, 0)
    clock.fix(TODAY + timedelta(days=31))
    removed = prune(kept.db, kept.store)
    assert (removed.changes, removed.tasks) == (2, 1)
    with kept.db.read() as session:
        assert set(session.scalars(select(ChangeRow.consumer))) == {changes.MATCH}
        assert session.scalars(select(TaskRow.kind)).all() == [tasks.MATCH]


def test_files_of_others_in_the_folder_are_left_alone(kept: Kept) -> None:
    other = Path(kept.store.path("0" * 64)).parent / "notes.gz"
    other.parent.mkdir(parents=True)
    other.write_text("mine")
    prune(kept.db, kept.store)
    assert other.exists()
