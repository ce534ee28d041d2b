"""Decisions of editors stand over the classifier, whatever comes in which order; nothing is forgotten, nobody is mailed."""

from __future__ import annotations

import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from alembic import command
from alembic.config import Config
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import text

from domain.classification import Classification, Confidence, Evidence
from domain.classify import VERSION
from domain.decision import Decision, Review, candidates, effective, reason, reason_parts, review
from domain.errors import Conflict, InvalidValue, NotFound
from domain.source import Listing
from storage import audit, changes, decisions, notices, organisations, reclassified, reviews, runs, sources
from storage.ingest import Reading, ingest
from storage.session import MIGRATIONS, Database
from tests.builders import notice, source, store
from tests.databases import database

HIGH, MEDIUM, LOW, REVIEW = Confidence.HIGH, Confidence.MEDIUM, Confidence.LOW, Confidence.REVIEW
INK = Classification({"ink_cartridge": REVIEW}, evidence=(Evidence("ink_cartridge", "body_term", "body", "ink cartridge"),))
VALVE = Classification({"solenoid_valve": MEDIUM}, {"eu_rohs": LOW})
NOTHING = Classification()
FINDINGS = (INK, VALVE, NOTHING)


class Desk:
    """An editor over a store with one notice, whose classifier finds what it is told to."""

    def __init__(self, db: Database, found: Classification = INK) -> None:
        self.db, self.card = db, source(listing=Listing.FULL)
        sources.save_cards(db, [self.card])
        with db.write() as session:
            self.editor = organisations.find_or_create_person(session, "editor@association.example", name="李编辑")
        self.read(found, "0")

    def read(self, found: Classification, text: str, **changed: Any) -> None:
        """A run of the source brings the notice with this text, in which this is found."""
        run = runs.start(self.db, self.card)
        ingest(self.db, run, [Reading(notice("1", hazards=(text,), **changed), found)], VERSION)
        with self.db.read() as session:
            self.id = runs.by_external_ids(session, self.card.slug, {"1"})["1"]

    def classify_anew(self, found: Classification, version: int = VERSION) -> list[reclassified.Shift]:
        with self.db.write() as session:
            shifts, busy = reclassified.keep(session, [(notices.by_id(session, self.id), found)], version)
        assert not busy
        return shifts

    def decide(self, *product_types: str, regulations: tuple[str, ...] = (), why: str = "names_it") -> None:
        decisions.decide(self.db, self.id, self.editor, self.dossier().stamp, product_types, regulations, why)

    def undo(self, why: str = "mistaken") -> None:
        decisions.undo(self.db, self.id, self.editor, self.dossier().stamp, why)

    def dossier(self) -> decisions.Dossier:
        with self.db.read() as session:
            return decisions.dossier(session, self.id)

    @property
    def classification(self) -> Classification:
        return self.dossier().stored.classification

    def queued(self) -> Review | None:
        with self.db.read() as session:
            found = reviews.queue(session)
        return found[0].why if found else None

    def pending(self, consumer: str) -> list[changes.Change]:
        with self.db.read() as session:
            return changes.read(session, consumer, 1000)


@pytest.fixture
def desk(db: Database) -> Desk:
    return Desk(db)


def test_a_decision_counts_at_once_with_high_confidence_and_says_so(desk: Desk) -> None:
    desk.decide("ink_cartridge", regulations=("eu_rohs",), why=reason("names_it", "见型号表"))
    found = desk.classification
    assert (found.product_types, found.horizontal) == ({"ink_cartridge": HIGH}, {"eu_rohs": HIGH})
    assert found.evidence[0] == Evidence("ink_cartridge", "decided", "editor", "names_it: 见型号表")
    assert found.evidence[2:] == INK.evidence, "what the classifier saw of it stays"
    assert desk.dossier().found == INK


def test_a_notice_that_is_not_about_ours_leaves_the_scope_and_the_queue(desk: Desk) -> None:
    desk.read(VALVE, "1")
    assert desk.classification.is_relevant
    desk.decide(why="other_sense")
    assert not desk.classification.is_relevant
    assert desk.classification.evidence == (Evidence("", "decided", "editor", "other_sense"),)
    assert desk.queued() is None


def test_history_is_only_ever_added_to(desk: Desk) -> None:
    desk.decide("ink_cartridge")
    desk.decide("toner_cartridge", why="other_sense")
    desk.undo()
    history = desk.dossier().history
    assert [(each.undone, each.product_types, each.reason, each.who) for each in history] == [
        (True, [], "mistaken", "李编辑"), (False, ["toner_cartridge"], "other_sense", "李编辑"),
        (False, ["ink_cartridge"], "names_it", "李编辑")]
    assert desk.classification == INK
    assert desk.dossier().standing is None
    assert desk.queued() is Review.CANDIDATE


def test_a_decision_changes_the_index_and_mails_nobody(desk: Desk) -> None:
    store(desk.db, notice("first", source="ca_recalls"))
    before = desk.pending(changes.MATCH)
    indexed = len(desk.pending(changes.INDEX))
    desk.decide("ink_cartridge")
    desk.undo()
    assert desk.pending(changes.MATCH) == before
    assert [(each.subject_id, each.alert) for each in desk.pending(changes.INDEX)[indexed:]] == [(desk.id, False)] * 2
    with desk.db.engine.connect() as connection:
        rows = connection.exec_driver_sql("SELECT actor, action, subject FROM audit ORDER BY id").all()
    assert [tuple(row) for row in rows] == [(f"person:{desk.editor}", action, f"notice:{desk.id}")
                                            for action in ("decide_notice", "undo_decision")]


def test_a_decision_needs_a_reason_and_the_state_that_the_editor_saw(desk: Desk) -> None:
    stamp = desk.dossier().stamp
    with pytest.raises(InvalidValue):
        desk.decide("ink_cartridge", why=" ")
    desk.decide("ink_cartridge")
    with pytest.raises(Conflict):
        decisions.decide(desk.db, desk.id, desk.editor, stamp, ["toner_cartridge"], [], "names_it")
    stamp = desk.dossier().stamp
    desk.read(INK, "1")
    with pytest.raises(Conflict):
        decisions.undo(desk.db, desk.id, desk.editor, stamp, "mistaken")
    with pytest.raises(NotFound):
        decisions.decide(desk.db, 999, desk.editor, stamp, [], [], "other_sense")


def test_what_is_not_decided_cannot_be_undone(desk: Desk) -> None:
    with pytest.raises(Conflict):
        desk.undo()


def test_a_decision_outlives_a_new_version_another_classifier_withdrawal_and_return(desk: Desk) -> None:
    desk.decide("toner_cartridge")
    decided = desk.classification.product_types
    desk.read(VALVE, "1")
    assert desk.classify_anew(NOTHING, VERSION + 1)[0].is_decided
    runs.withdraw(desk.db, runs.start(desk.db, desk.card), [desk.id], "the publisher says so")
    assert desk.classification.product_types == decided
    desk.read(VALVE, "1")
    assert desk.dossier().stored.status.value == "active"
    assert desk.classification.product_types == decided
    assert desk.dossier().found == VALVE


def test_a_decided_notice_waits_again_when_its_text_and_its_finding_changed(desk: Desk) -> None:
    desk.decide("ink_cartridge")
    desk.read(INK, "1")
    assert desk.queued() is None, "the same is found in the new text"
    desk.read(VALVE, "1", title="Another title")
    assert desk.queued() is Review.CHANGED, "the text changed since the decision, and what is found in it"
    assert desk.classification.product_types == {"ink_cartridge": HIGH}
    desk.decide("ink_cartridge", why="in_passing")
    assert desk.queued() is None


def test_a_decided_notice_waits_not_because_another_classifier_reads_the_same_text(desk: Desk) -> None:
    desk.decide("ink_cartridge")
    [shift] = desk.classify_anew(VALVE)
    assert (shift.before.product_types, desk.queued()) == (shift.after.product_types, None)
    desk.read(VALVE, "0", title="Only the title")
    assert desk.queued() is None, "not a material change"


def test_what_was_decided_about_a_type_that_is_no_more_waits_again() -> None:
    decision = Decision(frozenset({"gone_type", "ink_cartridge"}), frozenset(), "names_it", 1, {})
    assert review(NOTHING, decision, 1) is Review.OUTDATED
    assert effective(NOTHING, decision).product_types == {"ink_cartridge": HIGH}


def test_candidates_are_what_is_unsure() -> None:
    assert candidates(VALVE) == {"eu_rohs": LOW}
    assert review(VALVE, None, 1) is Review.CANDIDATE
    assert review(Classification({"ink_cartridge": HIGH}), None, 1) is None


@pytest.mark.parametrize(("kept", "parts"), [
    ("names_it: 见型号表", ("names_it", "见型号表")), ("names_it", ("names_it", "")), ("见型号表", ("", "见型号表")),
    ("注意: 见型号表", ("", "注意: 见型号表"))])
def test_a_reason_is_chosen_or_written_or_both(kept: str, parts: tuple[str, str]) -> None:
    assert reason(*parts) == kept
    assert reason_parts(kept) == parts


def test_findings_are_kept_only_for_the_version_that_was_classified(desk: Desk) -> None:
    with desk.db.read() as session:
        before = notices.by_id(session, desk.id)
    desk.read(VALVE, "1")
    with desk.db.write() as session:
        assert reclassified.keep(session, [(before, NOTHING)], VERSION) == ([], frozenset())
    assert desk.classification == VALVE


def test_a_decision_made_while_a_new_version_comes_is_not_lost(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """The crawl has looked at the notice when the editor's transaction ends."""
    begun, original = threading.Event(), audit.add

    def slowly(*args: Any, **kwargs: Any) -> None:
        begun.set()
        time.sleep(0.5)
        original(*args, **kwargs)

    monkeypatch.setattr(audit, "add", slowly)
    with ThreadPoolExecutor(2) as pool:
        deciding = pool.submit(desk.decide, "toner_cartridge")
        begun.wait(10)
        reading = pool.submit(desk.read, VALVE, "1")
        deciding.result()
        reading.result()
    assert set(desk.classification.product_types) == {"toner_cartridge"}
    assert desk.dossier().found == VALVE


@pytest.mark.postgres
def test_a_reclassification_waits_for_no_row_and_forgets_none(desk: Desk) -> None:
    with desk.db.write() as session:
        session.execute(text("SELECT id FROM notices FOR UPDATE"))
        with desk.db.write() as other:
            assert reclassified.keep(other, [(notices.by_id(other, desk.id), VALVE)], VERSION) == ([], {desk.id})
    assert desk.classify_anew(VALVE)


def test_notices_stored_before_there_were_decisions_wait_too(db: Database) -> None:
    Desk(db)
    store(db, notice("sure", title="A review of the low", summary='"low" "review"'))
    with db.engine.begin() as connection:
        config = Config()
        config.set_main_option("script_location", str(MIGRATIONS))
        config.attributes["connection"] = connection
        command.downgrade(config, "0004")
        command.upgrade(config, "head")
    with db.read() as session:
        [waiting] = reviews.queue(session)
    assert (waiting.why, waiting.levels) == (Review.CANDIDATE, {"ink_cartridge": "review"})


STEPS = st.lists(st.one_of(
    st.tuples(st.just("read"), st.sampled_from(range(len(FINDINGS))), st.sampled_from("abc")),
    st.tuples(st.just("reclassify"), st.sampled_from(range(len(FINDINGS))), st.just("")),
    st.tuples(st.just("decide"), st.sampled_from(["", "ink_cartridge", "toner_cartridge"]), st.just("")),
    st.tuples(st.just("undo"), st.just(0), st.just(""))), max_size=12)


@pytest.mark.keeps
@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(STEPS)
def test_whatever_the_order_what_counts_is_the_decision_or_else_the_finding(
        tmp_path_factory: pytest.TempPathFactory, steps: list[tuple[str, Any, str]]) -> None:
    db = database(Path(tmp_path_factory.mktemp("desk")))
    desk, found, text, decided = Desk(db), INK, "0", None
    for step, value, letter in steps:
        if step == "read":
            desk.read(FINDINGS[value], letter)
            if letter != text:  # what is as it was is not read again
                found, text = FINDINGS[value], letter
        elif step == "reclassify":
            found = FINDINGS[value]
            desk.classify_anew(found)
        elif step == "decide":
            desk.decide(*filter(None, [value]))
            decided = {value} - {""}
        elif decided is not None:
            desk.undo()
            decided = None
        now = desk.dossier()
        assert now.found == found
        if decided is None:
            assert now.stored.classification == found
            assert (desk.queued() is Review.CANDIDATE) == bool(candidates(found))
        else:
            assert now.stored.classification.product_types == dict.fromkeys(decided, HIGH)
            assert now.stored.classification.horizontal == {}
        with db.read() as session:
            assert bool(notices.newest_relevant(session, 10)) == now.stored.classification.is_relevant
    assert not any(each.alert for each in desk.pending(changes.MATCH)), "a first load, and nothing else may alert"
    db.close()
