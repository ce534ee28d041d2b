"""``zonewatch reclassify``: what an edited vocabulary changes is shown first; kept, it reaches the index and no inbox."""

from __future__ import annotations

import signal
import subprocess
import sys
from typing import Any

import pytest
from sqlalchemy import text

from domain.criteria import Criteria
from indexer.backends.tantivy import TantivyIndex
from indexer.service import SearchService
from storage import changes, decisions, locks, notices, organisations, runs
from tests.conftest import ROOT, Installed
from tests.features.alerts import COMPRESSORS, NOON, World
from zonewatch.worker import LOCK

OLDER = """
import sys
from datetime import datetime
import domain.vocabulary

whole, gone = domain.vocabulary.load, sys.argv[3]

def load(name):
    found = dict(whole(name))
    if name == "pneumatics":
        found["product_types"] = [edited(row) for row in found["product_types"] if row["id"] != gone]
    return found

def edited(row):
    return {**row, **{words: {lang: [term for term in terms if gone not in term.casefold()]
                              for lang, terms in row.get(words, {}).items()} for words in ("terms", "weak")}}

domain.vocabulary.load = load
from domain import clock
from storage.session import Database
from tests.builders import notice, store

clock.fix(datetime.fromisoformat(sys.argv[2]))
store(Database(sys.argv[1]), *[
    notice(f"SR/{number}/26", published_on=clock.now().date(), category="", title="Air compressor 24 L" if number else "Toy",
           product="Air compressor" if number else "Toy", hs_codes=()) for number in range(41)])
"""
"""A crawl by an installation whose vocabulary lacks a product type, or all terms with a word."""
AIR = {f"SR/{number}/26" for number in range(1, 41)}


def crawl_with_older_vocabulary(here: World, gone: str) -> None:
    url = here.db.engine.url.render_as_string(hide_password=False)
    subprocess.run([sys.executable, "-c", OLDER, url, NOON.isoformat(), gone], cwd=ROOT, check=True)


def found_as_compressors(here: World, installed: Installed) -> set[str]:
    service = SearchService(here.db, TantivyIndex(installed.folder / "index"))
    hits = service.search(COMPRESSORS, limit=100).hits
    return {hit.stored.notice.external_id for hit in hits} - {"first"}


def stored(here: World) -> dict[str, Any]:
    """What is kept of every notice, by external id."""
    with here.db.read() as session:
        return {each.notice.external_id: (each.classification, each.overruled)
                for batch in notices.everything(session) for each in batch}


@pytest.mark.parametrize("gone", ["air_compressor", "compressor"], ids=["product_type", "terms"])
def test_case_40_an_edited_vocabulary_shows_its_effect_changes_the_index_and_mails_nobody(
        here: World, installed: Installed, gone: str) -> None:
    here.follow()
    here.follow("everything@firm.example", Criteria())
    crawl_with_older_vocabulary(here, gone)
    assert here.round() == [], "the older vocabulary knows nothing of it"
    installed.run("index")
    before = stored(here)

    shown = installed.json("reclassify", "--limit", "3")
    assert (shown["applied"], shown["notices"], shown["changed"]) == (False, 42, 40)
    assert (shown["gained"], shown["lost"]) == ({"air_compressor": 40}, {})
    assert shown["relevance"] == {"gained": 40, "lost": 0}
    assert len(shown["list"]) == 3
    first = shown["list"][0]
    assert (first["external_id"], first["after"]) == ("SR/1/26", {"air_compressor": "medium"})
    assert {"subject": "air_compressor", "rule": "title_term", "where": "title", "what": "air compressor"} in [
        {**each, "what": each["what"].casefold()} for each in first["evidence"]["after"]]
    assert stored(here) == before, "nothing is kept"
    assert found_as_compressors(here, installed) == set()

    assert installed.json("reclassify", "--apply")["applied"]
    assert found_as_compressors(here, installed) == AIR
    assert here.round() == []
    installed.run("index", "--rebuild")
    assert here.round() == []
    assert installed.json("reclassify")["changed"] == 0


def test_what_editors_decided_stands(here: World, installed: Installed) -> None:
    crawl_with_older_vocabulary(here, "air_compressor")
    with here.db.write() as session:
        editor = organisations.find_or_create_person(session, "editor@association.example")
    with here.db.read() as session:
        [decided] = runs.by_external_ids(session, "eu_safety_gate", {"SR/7/26"}).values()
        stamp = decisions.dossier(session, decided).stamp
    decisions.decide(here.db, decided, editor, stamp, ["safety_valve"], [], "other_sense")
    told = installed.run("reclassify", "--apply")
    assert "1 that editors decided are found otherwise; the decisions stand" in " ".join(told.split())
    with here.db.read() as session:
        found = decisions.dossier(session, decided)
    assert set(found.stored.classification.product_types) == {"safety_valve"}
    assert set(found.found.product_types) == {"air_compressor"}
    assert found_as_compressors(here, installed) == AIR - {"SR/7/26"}
    assert "decided by an editor; the classifier found air_compressor medium" in installed.run("explain", "SR/7/26")
    with here.db.write() as session:
        session.execute(text("UPDATE notices SET classifier_version = -1"))
    installed.run("index", "--rebuild")
    assert found_as_compressors(here, installed) == AIR - {"SR/7/26"}


KILLED = """
import os, signal, sys
from storage import reclassified
from storage.session import Database
import indexer.reclassify

indexer.reclassify.BATCH, original, calls = 5, reclassified.keep, []

def keep(*args):
    found = original(*args)
    calls.append(found)
    if len(calls) == 4:
        os.kill(os.getpid(), signal.SIGKILL)
    return found

reclassified.keep = keep
indexer.reclassify.reclassify(Database(sys.argv[1]), apply=True)
"""


def test_killed_half_way_and_run_again_it_comes_to_the_same_end(here: World, installed: Installed) -> None:
    crawl_with_older_vocabulary(here, "air_compressor")
    installed.run("index")
    killed = subprocess.run([sys.executable, "-c", KILLED, here.db.engine.url.render_as_string(hide_password=False)],
                            cwd=ROOT, check=False)
    assert killed.returncode == -signal.SIGKILL
    with here.db.read() as session:
        assert 0 < changes.pending(session, changes.INDEX) < 40
    installed.run("reclassify", "--apply")
    assert found_as_compressors(here, installed) == AIR
    assert all("air_compressor" in stored(here)[name][0].product_types for name in AIR)
    assert here.round() == []


def test_beside_a_running_worker_the_worker_indexes(here: World, installed: Installed) -> None:
    crawl_with_older_vocabulary(here, "air_compressor")
    installed.run("index")
    with locks.exclusive(here.db, LOCK):
        installed.run("reclassify", "--apply")
        assert installed.rows("SELECT kind, state FROM tasks") == [("index", "waiting")]
        assert all("air_compressor" in stored(here)[name][0].product_types for name in AIR)
    installed.run("index")
    assert found_as_compressors(here, installed) == AIR


def test_the_effect_is_told_in_lines(here: World, installed: Installed) -> None:
    crawl_with_older_vocabulary(here, "air_compressor")
    told = installed.run("reclassify", "--limit", "1")
    for words in ("40 are found to be about something else", "nothing is kept yet", "40 come into the scope",
                  "eu_safety_gate:SR/1/26", "air_compressor: – → medium", "and 39 more"):
        assert words in " ".join(told.split())
