"""The index follows the store, whatever dies in between."""

from __future__ import annotations

import shutil
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from domain.classification import Classification
from domain.classify import VERSION
from domain.criteria import Criteria, Scope
from domain.errors import Conflict
from domain.notice import Notice
from domain.source import Listing
from indexer import sync
from indexer.backends.meilisearch import MeilisearchIndex
from indexer.port import IndexMissing, Page, SearchIndex
from indexer.service import SearchService
from storage import changes, index_state, notices, reclassified, runs
from storage.session import Database
from tests.builders import notice, source, store
from tests.databases import database, url_of
from tests.engines import EACH, ENGINES, indexes

ROOT = Path(__file__).parents[2]


class Installation:
    """A store and its index, as the worker sees them; ``search`` opens the index anew, as another process would."""

    def __init__(self, folder: Path, engine: str = "tantivy") -> None:
        self.db: Database = database(folder)
        self.folder, self.engine = folder, engine
        self.index = self.opened()

    def opened(self) -> SearchIndex:
        return ENGINES[self.engine](self.folder / "index")

    def sync(self) -> None:
        while sync.sync(self.db, self.index):
            pass

    def search(self, *words: str) -> set[str]:
        service = SearchService(self.db, self.opened())
        found = service.search(Criteria(words=words, scope=Scope.ALL), limit=100)
        assert found.total == len(found.hits)
        return {hit.stored.notice.external_id for hit in found.hits}

    def generation(self) -> index_state.Generation:
        with self.db.read() as session:
            found = index_state.current(session)
        assert found
        return found

    def is_settled(self) -> bool:
        with self.db.read() as session:
            held = [each for batch in notices.everything(session) for each in batch]
            return not changes.pending(session, changes.INDEX) and all(each.indexed_at for each in held)


    def generations(self) -> int:
        """How many generations are kept, half-written ones included."""
        if isinstance(self.index, MeilisearchIndex):
            return len(indexes(self.index.prefix))
        return len([path for path in (self.folder / "index").iterdir() if path.is_dir()])


@pytest.fixture(params=EACH)
def here(tmp_path: Path, request: pytest.FixtureRequest) -> Installation:
    return Installation(tmp_path, request.param)


@pytest.fixture
def embedded(tmp_path: Path) -> Installation:
    return Installation(tmp_path)


def test_before_anything_is_indexed_nothing_is_found(here: Installation) -> None:
    store(here.db, notice())
    assert here.search() == set()


def test_a_stored_notice_is_found_after_a_sync(here: Installation) -> None:
    store(here.db, notice("A"), notice("B", title="Toner cartridge"))
    here.sync()
    assert here.search() == {"A", "B"}
    assert here.search("toner") == {"B"}
    assert here.is_settled()


def test_new_and_revised_notices_are_found_without_a_new_generation(here: Installation) -> None:
    store(here.db, notice("A"), notice("B"))
    here.sync()
    before = here.generation()
    store(here.db, notice("A", title="Toner cartridge"), notice("C"))
    here.sync()
    assert here.search("toner") == {"A"}
    assert here.search() == {"A", "B", "C"}
    assert (here.generation().name, here.generation().commit_no) == (before.name, before.commit_no + 1)


def test_a_sync_takes_no_more_than_its_limit(here: Installation) -> None:
    store(here.db, notice("A"))
    here.sync()
    store(here.db, notice("B"), notice("C"), notice("D"))
    assert [sync.sync(here.db, here.index, limit=2) for _ in range(3)] == [2, 1, 0]


def test_an_open_reader_sees_every_commit_and_a_new_generation(here: Installation) -> None:
    service = SearchService(here.db, here.opened())
    for step, name in enumerate("ABC", 1):
        store(here.db, notice(name))
        here.sync()
        assert service.search(Criteria(scope=Scope.ALL)).total == step
    sync.rebuild(here.db, here.index)
    sync.rebuild(here.db, here.index)
    assert service.search(Criteria(scope=Scope.ALL)).total == 3


def test_a_withdrawn_notice_stays_searchable(here: Installation) -> None:
    card = source(listing=Listing.FULL)
    (kept,) = store(here.db, notice("A"), card=card)
    here.sync()
    runs.withdraw(here.db, runs.start(here.db, card), [kept], "the publisher withdrew it")
    here.sync()
    assert here.search() == {"A"}


def test_a_lost_index_folder_is_written_anew(embedded: Installation) -> None:
    store(embedded.db, notice("A"), notice("B"))
    embedded.sync()
    shutil.rmtree(embedded.folder / "index")
    with pytest.raises(IndexMissing):
        embedded.search()
    embedded.sync()
    assert embedded.search() == {"A", "B"}


def damage(path: Path, spoilt: bytes) -> None:
    """Put something else in the place of a file. What has it mapped keeps the old one: cutting that short under it would end
    this process (SIGBUS), whoever tests it."""
    path.with_name("spoilt").write_bytes(spoilt)
    path.with_name("spoilt").replace(path)


@pytest.mark.parametrize("suffix", ["meta.json", "*.term", "*.fast"])
def test_a_damaged_index_is_written_anew(embedded: Installation, suffix: str) -> None:
    store(embedded.db, notice("A"))
    embedded.sync()
    for path in (embedded.folder / "index" / embedded.generation().name).glob(suffix):
        damage(path, b"damaged")
    embedded.sync()
    assert embedded.search("compressor") == {"A"}


@pytest.mark.parametrize("spoilt", [b"", b"damaged", None])
@pytest.mark.parametrize("suffix", ["meta.json", "*.term", "*.store", "*.idx", "*.pos", "*.fast", "*"])
def test_whatever_is_damaged_search_says_so_or_is_right_and_a_rebuild_restores_all(
        embedded: Installation, suffix: str, spoilt: bytes | None) -> None:
    store(embedded.db, notice("A"), notice("B"))
    embedded.sync()
    for path in (embedded.folder / "index" / embedded.generation().name).glob(suffix):
        path.unlink() if spoilt is None else damage(path, spoilt)
    with suppress(IndexMissing):
        assert embedded.search("compressor") == {"A", "B"}
    with embedded.db.read() as session:
        alerts = changes.pending(session, changes.MATCH)
    assert sync.rebuild(embedded.db, embedded.index) == 2
    assert embedded.search("air compressor") == {"A", "B"}
    with embedded.db.read() as session:
        assert changes.pending(session, changes.MATCH) == alerts


def test_an_index_of_another_format_is_never_read_but_written_anew(
        embedded: Installation, monkeypatch: pytest.MonkeyPatch) -> None:
    store(embedded.db, notice("A"))
    embedded.sync()
    monkeypatch.setattr("indexer.backends.tantivy.FORMAT", 999)
    with pytest.raises(IndexMissing):
        embedded.search()
    embedded.sync()
    assert embedded.search() == {"A"}


def test_a_rebuild_classifies_again_what_an_older_classifier_read(here: Installation) -> None:
    (kept,) = store(here.db, notice("A", title="Toner cartridge", product="Toner cartridge", category="Other"))
    with here.db.write() as session:
        reclassified.keep(session, [(notices.by_id(session, kept), Classification())], classifier_version=-1)
    told: list[int] = []
    assert sync.rebuild(here.db, here.index, told.append) == 1
    with here.db.read() as session:
        assert "toner_cartridge" in notices.by_id(session, kept).classification.product_types
        assert reclassified.batch(session, 0, 10, outdated=VERSION) == []
    assert told == [1]


def test_a_rebuild_settles_what_was_pending_and_keeps_one_generation_before(here: Installation) -> None:
    store(here.db, notice("A"))
    for _ in range(3):
        sync.rebuild(here.db, here.index)
    assert here.is_settled()
    assert here.generations() == 2


def test_only_one_process_writes(here: Installation) -> None:
    with here.opened().exclusive(), pytest.raises(Conflict):
        sync.sync(here.db, here.index)


# Killed at any step

KILLED = """
import os, signal, sys
from pathlib import Path
from importlib import import_module
from indexer import sync
from storage.session import Database
from tests.engines import ENGINES

url, folder, engine, work, module, name, moment, call = sys.argv[1:]
owner = import_module(module)
if "." in name:
    owner, name = getattr(owner, name.split(".")[0]), name.split(".")[1]
original, calls = getattr(owner, name), 0

def dies(*args, **kwargs):
    global calls
    calls += 1
    if calls == int(call) and moment == "before":
        os.kill(os.getpid(), signal.SIGKILL)
    found = original(*args, **kwargs)
    if calls == int(call):
        os.kill(os.getpid(), signal.SIGKILL)
    return found

setattr(owner, name, dies)
getattr(sync, work)(Database(url), ENGINES[engine](Path(folder) / "index"))
"""

ENGINE_STEPS = {
    "tantivy": [
        ("indexer.backends.tantivy", "_engine_document", "after", 2),
        ("indexer.backends.tantivy", "TantivyIndex.update", "after", 1),
        ("indexer.backends.tantivy", "TantivyIndex.build", "after", 1),
    ],
    "meilisearch": [
        ("indexer.backends.meilisearch", "MeilisearchIndex._send", "before", 1),
        ("indexer.backends.meilisearch", "MeilisearchIndex._send", "after", 1),
        ("indexer.backends.meilisearch", "MeilisearchIndex._write", "after", 1),
        ("indexer.backends.meilisearch", "MeilisearchIndex.update", "after", 1),
        ("indexer.backends.meilisearch", "MeilisearchIndex.build", "after", 1),
    ],
}
STEPS = [
    ("indexer.sync", "document", "after", 2),
    ("storage.index_state", "flip", "before", 1),
    ("storage.index_state", "flip", "after", 1),
    ("indexer.sync", "_settle", "before", 1),
    ("storage.index_state", "committed", "before", 1),
    ("storage.changes", "done", "before", 1),
    ("storage.notices", "mark_indexed", "before", 1),
    ("storage.notices", "mark_indexed", "after", 1),
]
ONLY_IN_A_SYNC = {"TantivyIndex.update", "MeilisearchIndex.update", "committed"}
ONLY_IN_A_BUILD = {"TantivyIndex.build", "MeilisearchIndex.build", "MeilisearchIndex._write", "flip"}
KILLS = [pytest.param(engine, work, *step, marks=[pytest.mark.meilisearch] if engine == "meilisearch" else [])
         for engine, own in ENGINE_STEPS.items() for work in ("sync", "rebuild") for step in (*own, *STEPS)
         if step[1] not in (ONLY_IN_A_BUILD if work == "sync" else ONLY_IN_A_SYNC)]


@pytest.mark.parametrize(("engine", "work", "module", "name", "moment", "call"), KILLS)
def test_killed_at_any_step_nothing_is_lost(
        tmp_path: Path, engine: str, work: str, module: str, name: str, moment: str, call: int) -> None:
    here = Installation(tmp_path, engine)
    store(here.db, notice("A"), notice("B"))
    here.sync()
    store(here.db, *changed())
    what = (url_of(here.folder), str(here.folder), engine, work, module, name, moment, str(call))
    killed = subprocess.run([sys.executable, "-c", KILLED, *what],
                            cwd=ROOT, check=False, capture_output=True, text=True)
    assert killed.returncode == -9, killed.stderr
    assert here.search() >= {"A", "B"}, "readers go on while the writer is dead"
    here.sync()
    assert here.search() == {"A", "B", "C", "D"}
    assert here.search("toner") == {"A", "C"}
    assert here.is_settled()
    sync.rebuild(here.db, here.index)
    assert here.generations() == 2


def changed() -> tuple[Notice, ...]:
    return notice("A", title="Toner cartridge"), notice("C", title="Toner bottle"), notice("D")


# Searching while others write


class ReplacedMeanwhile:
    """An index that is rebuilt twice, by another process, after a reader asked which generation to use."""

    def __init__(self, here: Installation) -> None:
        self.here, self.index, self.calm = here, here.opened(), False

    def search(self, *args: Any, **kwargs: Any) -> Page:
        if not self.calm:
            self.calm = True
            for _ in range(2):
                sync.rebuild(self.here.db, self.here.opened())
        return self.index.search(*args, **kwargs)


def test_a_generation_that_vanishes_under_a_reader_costs_no_answer(here: Installation) -> None:
    store(here.db, notice("A"))
    here.sync()
    service = SearchService(here.db, ReplacedMeanwhile(here))  # type: ignore[arg-type]
    assert service.search(Criteria(scope=Scope.ALL)).total == 1


def test_a_rebuild_costs_readers_no_answer(here: Installation) -> None:
    store(here.db, notice("A"), notice("B"))
    here.sync()
    over = threading.Event()

    def ask() -> set[int]:
        service, totals = SearchService(here.db, here.opened()), set[int]()
        while not over.is_set():
            totals.add(service.search(Criteria(words=("compressor",), scope=Scope.ALL)).total)
        return totals

    with ThreadPoolExecutor(2) as pool:
        asked = [pool.submit(ask) for _ in range(2)]
        for _ in range(4):
            sync.rebuild(here.db, here.index)
        over.set()
        assert [each.result() for each in asked] == [{2}, {2}]


def test_many_threads_share_one_service_while_the_index_grows(here: Installation) -> None:
    store(here.db, notice("0"))
    here.sync()
    service = SearchService(here.db, here.index)

    def ask(_: int) -> int:
        found = service.search(Criteria(scope=Scope.ALL), limit=100)
        assert found.total == len(found.hits)
        return found.total

    with ThreadPoolExecutor(4) as pool:
        asked = [pool.submit(ask, number) for number in range(40)]
        for number in range(1, 5):
            store(here.db, notice(str(number)))
            here.sync()
        assert {each.result() for each in asked} <= {1, 2, 3, 4, 5}
    assert ask(0) == 5
