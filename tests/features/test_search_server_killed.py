"""The search server itself is killed while it writes, and comes back: the old generation answers, a rebuild restores all."""

from __future__ import annotations

import os
import signal
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext, suppress
from pathlib import Path

import pytest

from domain.criteria import Criteria, Scope
from indexer import sync
from indexer.backends.meilisearch import MeilisearchIndex
from indexer.port import IndexUnavailable
from indexer.service import SearchService
from storage import changes
from storage.session import Database
from tests.builders import notice, store
from tests.conftest import unused_port
from tests.engines import BINARY

pytestmark = pytest.mark.meilisearch_binary
KEY = "a master key of the tests"


class Server:
    """A server of the test's own, in a folder."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.port = folder, unused_port()
        self.index = MeilisearchIndex(f"http://127.0.0.1:{self.port}", KEY, lambda _: nullcontext())
        self.start()

    def start(self) -> None:
        self.process = subprocess.Popen(
            [BINARY, "--http-addr", f"127.0.0.1:{self.port}", "--master-key", KEY, "--no-analytics", "--env", "production",
             "--db-path", "data", "--max-indexing-memory", "500MiB", "--max-indexing-threads", "1"],
            cwd=self.folder, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        until = time.monotonic() + 30
        while True:
            try:
                self.index.version()
                return
            except IndexUnavailable:
                assert time.monotonic() < until, "the server did not start"
                time.sleep(0.1)

    def kill(self) -> None:
        os.kill(self.process.pid, signal.SIGKILL)
        self.process.wait()


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    found = Server(tmp_path)
    yield found
    found.kill()


def total(db: Database, server: Server) -> int:
    return SearchService(db, server.index).search(Criteria(words=("compressor",), scope=Scope.ALL)).total


@contextmanager
def killed(server: Server, seconds: float) -> Iterator[None]:
    """The server dies so long after the block began, and is back after it. Whatever is at work may fail."""
    timer = threading.Timer(seconds, server.kill)
    timer.start()
    with suppress(IndexUnavailable):
        yield
    timer.join()
    server.start()


@pytest.mark.parametrize("seconds", [0.0, 0.1, 0.3, 0.6, 1.0])
def test_a_server_killed_at_any_moment_loses_nothing(server: Server, db: Database, seconds: float) -> None:
    store(db, *(notice(f"{number}") for number in range(500)))
    sync.sync(db, server.index)
    with killed(server, seconds):
        sync.rebuild(db, server.index)
    assert total(db, server) == 500, "the generation before answers, or the new one"
    store(db, *(notice(f"{number}") for number in range(490, 510)))
    with killed(server, seconds / 4):
        sync.sync(db, server.index)
    while sync.sync(db, server.index):
        pass
    assert total(db, server) == 510
    with db.read() as session:
        assert changes.pending(session, changes.INDEX) == 0
    sync.rebuild(db, server.index)
    assert total(db, server) == 510


def test_while_the_server_is_dead_search_says_so(server: Server, db: Database) -> None:
    store(db, notice())
    sync.sync(db, server.index)
    server.kill()
    with pytest.raises(IndexUnavailable, match="cannot be reached"):
        total(db, server)
    server.start()
    assert total(db, server) == 1
