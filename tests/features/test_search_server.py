"""The search server may be down, slow, full or not ours: search says so, changes wait, alerts go out."""

from __future__ import annotations

import threading
import time
from contextlib import nullcontext
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from domain.criteria import Criteria
from indexer import sync
from indexer.backends.meilisearch import MeilisearchIndex, server
from indexer.backends.meilisearch.documents import SETTINGS
from indexer.backends.meilisearch.keys import make_keys
from indexer.document import FORMAT
from indexer.port import IndexMissing, IndexUnavailable
from indexer.service import SearchService
from storage import changes, index_state
from storage.index_state import Generation
from storage.session import Database
from tests import engines
from tests.browser.portal import BASE_URL, SECRET, Portal
from tests.builders import notice, store
from tests.conftest import Installed, unused_port
from tests.features.alerts import World
from webapp import create_app
from webapp.services import Services
from zonewatch.doctor import Finding, findings
from zonewatch.settings import Settings
from zonewatch.wiring import Installation
from zonewatch.worker import Worker

STATE = Generation(f"{FORMAT}-0123456789ab", 1)


class Wrong(ThreadingHTTPServer):
    """Something that listens where a search server should be."""

    daemon_threads = True

    def __init__(self, status: int, body: bytes, seconds: float = 0) -> None:
        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                time.sleep(seconds)
                self.send_response(status)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            do_POST = do_PATCH = do_DELETE = do_GET

            def log_message(self, *_: object) -> None:
                pass

        super().__init__(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.serve_forever, daemon=True).start()
        self.url = f"http://127.0.0.1:{self.server_port}"


def index_at(url: str, key: str = "") -> MeilisearchIndex:
    return MeilisearchIndex(url, key, lambda _: nullcontext())


@pytest.fixture
def nobody() -> str:
    """An address at which nothing listens."""
    return f"http://127.0.0.1:{unused_port()}"


REFUSAL = b'{"message": "The provided API key is invalid.", "code": "invalid_api_key", "type": "auth", "link": ""}'
FULL = b'{"message": "No space left on device", "code": "no_space_left_on_device", "type": "system", "link": ""}'


@pytest.mark.parametrize(("status", "body", "seconds"), [
    (500, b"", 0), (502, b"<html>Bad gateway</html>", 0), (403, REFUSAL, 0), (507, FULL, 0), (200, b"<html>Hello</html>", 0),
    (200, b"{}", 0), (200, b"[]", 0), (200, b'{"results": []}', 0), (200, b"{}", 9)])
def test_a_server_that_fails_is_not_taken_for_a_lost_index(
        monkeypatch: pytest.MonkeyPatch, status: int, body: bytes, seconds: float) -> None:
    monkeypatch.setattr(server, "ANSWER_SECONDS", 0.5)
    wrong = Wrong(status, body, seconds)
    with pytest.raises(IndexUnavailable) as said:
        index_at(wrong.url).search(STATE, Criteria(words=("one two three",)))
    assert not isinstance(said.value, IndexMissing)
    wrong.shutdown()


def test_changes_wait_for_a_server_that_is_down(db: Database, nobody: str) -> None:
    store(db, notice("A"), notice("B"))
    with db.write() as session:
        index_state.flip(session, STATE.name)
    for work in (sync.sync, sync.rebuild):
        with pytest.raises(IndexUnavailable, match="cannot be reached"):
            work(db, index_at(nobody))
    with db.read() as session:
        assert changes.pending(session, changes.INDEX) == 2
        assert index_state.current(session) == STATE


def test_the_portal_says_that_search_is_down_and_shows_all_else(tmp_path: Path, nobody: str) -> None:
    portal = Portal(tmp_path)
    (kept,) = portal.store(notice())
    search = SearchService(portal.db, index_at(nobody))
    client = create_app(Services(portal.db, portal.captures, search, portal.subscriptions, portal.bulletins, SECRET,
                                 BASE_URL, portal.deadlines)).test_client()
    answer = client.get("/")
    assert answer.status_code == 503
    assert "检索服务暂时没有应答" in answer.text
    assert "重建" not in answer.text
    assert client.get(f"/notices/{kept}").status_code == 200


def test_alerts_go_out_while_the_server_is_down(here: World, installed: Installed, nobody: str) -> None:
    here.follow()
    store(here.db, notice("news"))
    installed.set(SEARCH_URL=nobody, MAIL_URL=here.mailbox.url, NOW="2026-11-20T05:00:00+00:00")
    worker = Worker(Installation(Settings(installed.environment, installed.folder / ".env")))
    for _ in range(3):
        worker.round()
    assert [str(mail["To"]) for mail in here.mailbox.mails] == ["li@firm.example"]
    with here.db.read() as session:
        assert changes.pending(session, changes.MATCH) == 0
        assert changes.pending(session, changes.INDEX) > 0


def test_an_engine_that_failed_is_left_alone_for_a_while(installed: Installed, monkeypatch: pytest.MonkeyPatch,
                                                         nobody: str) -> None:
    installed.set(SEARCH_URL=nobody)
    worker = Worker(Installation(Settings(installed.environment, installed.folder / ".env")))
    with pytest.raises(IndexUnavailable, match="cannot be reached"):
        worker.index()
    with pytest.raises(IndexUnavailable, match="a moment ago"):
        worker.index()
    monkeypatch.setattr("zonewatch.worker.ENGINE_SECONDS", 0)
    worker._next.clear()
    for _ in range(2):
        with pytest.raises(IndexUnavailable, match="cannot be reached"):
            worker.index()


def doctor(installed: Installed, **settings: str) -> Finding:
    installed.set(**settings)
    (said,) = (each for each in findings(Settings(installed.environment, installed.folder / ".env")) if "search" in each.text
               and "index yet" not in each.text)
    return said


def test_the_doctor_says_that_nobody_answers(installed: Installed, nobody: str) -> None:
    said = doctor(installed, SEARCH_URL=nobody)
    assert (said.level, said.text) == (Finding.WRONG, "search: the search server cannot be reached")


def test_keys_are_for_servers_only(installed: Installed) -> None:
    installed.run("search-keys", "--master-key", "x", status=2)


# With a server

needs_key = pytest.mark.skipif(bool(engines.URL and not engines.KEY),
                               reason="the server asks for no key: ZONEWATCH_TEST_MEILISEARCH_KEY is its master key")


@pytest.fixture
def real(tmp_path: Path) -> MeilisearchIndex:
    return engines.server_index(tmp_path)


@pytest.fixture
def built(real: MeilisearchIndex, db: Database) -> Generation:
    store(db, notice("A"), notice("B"))
    sync.sync(db, real)
    with db.read() as session:
        state = index_state.current(session)
    assert state
    return state


@pytest.mark.meilisearch
def test_the_server_keeps_the_settings_that_were_declared(real: MeilisearchIndex, built: Generation) -> None:
    with real.server.client() as client:
        kept = client.index(f"{real.prefix}-{built.name}").get_settings()
    unordered = ("filterableAttributes", "sortableAttributes", "displayedAttributes")
    for name, wanted in SETTINGS.items():
        if isinstance(wanted, dict):
            assert kept[name] | wanted == kept[name], name
        else:
            assert (sorted(kept[name]), sorted(wanted)) == (sorted(wanted), sorted(kept[name])) if name in unordered \
                else kept[name] == wanted, name


@pytest.mark.meilisearch
def test_a_task_that_fails_is_told_with_the_server_s_reason(real: MeilisearchIndex, built: Generation) -> None:
    with real.server.client() as client:
        task = client.index(f"{real.prefix}-{built.name}").add_documents([{"id": "no such id!"}])
    with pytest.raises(IndexUnavailable, match="no such id!"):
        real.server.wait([task], 60)


@pytest.mark.meilisearch
def test_a_build_that_fails_leaves_nothing_on_the_disk(real: MeilisearchIndex, built: Generation,
                                                       monkeypatch: pytest.MonkeyPatch, db: Database) -> None:
    monkeypatch.setattr("indexer.backends.meilisearch.fields", lambda _: {"id": "no such id!"})
    with pytest.raises(IndexUnavailable, match="no such id!"):
        sync.rebuild(db, real)
    until = time.monotonic() + 60
    while engines.indexes(real.prefix) != [f"{real.prefix}-{built.name}"]:
        assert time.monotonic() < until
        time.sleep(0.05)
    assert real.search(built, Criteria(words=("compressor",))).total == 2


@pytest.mark.meilisearch
def test_an_update_makes_no_generation_out_of_nothing(real: MeilisearchIndex) -> None:
    with pytest.raises(IndexMissing):
        real.update(STATE.name, [], [1])
    assert engines.indexes(real.prefix) == []


@pytest.mark.meilisearch
def test_a_generation_that_is_gone_is_written_anew(real: MeilisearchIndex, built: Generation, db: Database) -> None:
    real.remove_all_but([])
    service = SearchService(db, real)
    with pytest.raises(IndexMissing):
        service.search(Criteria())
    assert sync.sync(db, real) == 2
    assert service.search(Criteria(words=("compressor",))).total == 2


@pytest.mark.meilisearch
def test_what_others_keep_on_the_server_stays(real: MeilisearchIndex, built: Generation, tmp_path: Path) -> None:
    other = engines.server_index(tmp_path / "other")
    name = other.new_name()
    other.build(name, [])
    real.remove_all_but([])
    assert other.holds(name)


@pytest.mark.meilisearch
@needs_key
def test_each_key_may_do_its_work_and_nothing_else(real: MeilisearchIndex, built: Generation) -> None:
    keys = make_keys(engines.URL, engines.KEY)
    assert make_keys(engines.URL, engines.KEY) == keys, "asked again it makes no others"
    writer, reader = (MeilisearchIndex(engines.URL, key, lambda _: nullcontext(), real.prefix)
                      for key in (keys.write, keys.read))
    writer.rehearse()
    assert reader.search(built, Criteria(words=("compressor",))).total == 2
    for forbidden in (reader.rehearse, lambda: reader.update(built.name, [], [1]), lambda: reader.remove_all_but([]),
                      lambda: make_keys(engines.URL, keys.write)):
        with pytest.raises(IndexUnavailable, match="API key is invalid"):
            forbidden()


@pytest.mark.meilisearch
@needs_key
def test_the_doctor_tries_the_keys(installed: Installed) -> None:
    keys = make_keys(engines.URL, engines.KEY)
    assert doctor(installed, SEARCH_URL=engines.URL, SEARCH_KEY=engines.KEY).text.startswith(
        "the search server answers (Meilisearch 1.")
    assert doctor(installed, SEARCH_KEY=keys.write, SEARCH_READ_KEY=keys.read).level == Finding.GOOD
    assert "API key is invalid" in doctor(installed, SEARCH_KEY=keys.read).text
    assert keys.write in installed.run("search-keys", "--master-key", engines.KEY)


@pytest.mark.meilisearch
def test_an_installation_whose_setting_names_a_server_uses_it(installed: Installed) -> None:
    installed.set(SEARCH_URL=engines.URL, SEARCH_KEY=engines.KEY)
    found = Installation(Settings(installed.environment, installed.folder / ".env"))
    assert isinstance(found.index, MeilisearchIndex)
    assert isinstance(found.search._index, MeilisearchIndex)
