"""What tests stand on: the source mirror, a browser, an installation of their own. What is absent is said loudly."""

from __future__ import annotations

import json
import os
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient
from hypothesis import settings
from sqlalchemy import text

from domain import clock
from storage.session import Database
from tests import dovecot, engines, forks, postgres
from tests.browser import scene
from tests.browser.portal import Portal
from tests.databases import SERVER, STORE, database, on_postgres, url_of

ONE_PASS = (
    "tests/attack", "tests/browser", "tests/contract", "tests/guards/test_web_routes.py", "tests/relevance",
    "tests/test_sources.py", "tests/unit/test_crawlers_", "tests/unit/test_evaluate.py", "tests/unit/test_indexer_sp",
    *(f"tests/features/test_{each}" for each in (
        "cli_coverage", "crawl_cn", "crawl_faults", "crawl_fetching", "crawl_gazettes", "crawl_kr", "crawl_mirror",
        "crawl_uk", "crawl_us", "demo", "prove", "real", "record_and_check", "search_server", "warc")))
"""What keeps notices only to look at something else, such as how a source is read or who may see a page, or (the demo) on
SQLite always: one pass says all about it."""
KEEPING = frozenset(("tmp_path", "tmp_path_factory"))
"""Fixtures by which a test gets a folder, and with it a database."""
ROOT = Path(__file__).resolve().parent.parent
SHARED = ROOT.parent / "shared"
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
PYWB = os.environ.get("ZONEWATCH_TEST_PYWB")
"""A Python with pywb, which wants other versions of our packages than we do."""
REQUIRED = frozenset(filter(None, os.environ.get("ZONEWATCH_TEST_REQUIRE", "").split(",")))
ABSENT = {name: reason for name, present, reason in (
    ("mirror", (SHARED / "mirror" / "serve.py").is_file(), "../shared is absent: tests over real captures do not run"),
    ("chromium", CHROMIUM is not None, "no chromium on this machine: browser tests do not run"),
    ("meilisearch", bool(engines.URL), "ZONEWATCH_TEST_MEILISEARCH_URL names no search server: only Tantivy is tested"),
    ("meilisearch_binary", bool(engines.BINARY),
     "ZONEWATCH_TEST_MEILISEARCH_BINARY names no program of a search server: none is killed"),
    ("dovecot", dovecot.BINARY is not None, "no dovecot on this machine: bounces are read from Maildirs only"),
    ("pywb", PYWB is not None, "ZONEWATCH_TEST_PYWB names no Python with pywb: WARC files are not replayed by it"),
) if not present}


settings.register_profile("zonewatch", deadline=None)  # a busy machine is no failure
settings.load_profile("zonewatch")


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--on-postgres", action="store_true", help="run the tests that keep anything on PostgreSQL")


def pytest_configure(config: pytest.Config) -> None:
    """In the pass on PostgreSQL the process that controls the others starts a server for all of them, unless the
    environment names one."""
    if not config.getoption("--on-postgres"):
        return
    os.environ[STORE] = "postgres"
    if SERVER not in os.environ:
        if postgres.binaries() is None:
            said = "no PostgreSQL on this machine: the pass on PostgreSQL does not run"
            pytest.exit(f"!!! {said} !!!", returncode=int("postgres" in REQUIRED))
        folder = Path(tempfile.mkdtemp(prefix="zonewatch-postgres-"))
        os.environ[SERVER] = postgres.start(folder)
        config.add_cleanup(lambda: _end(folder))


def _end(folder: Path) -> None:
    postgres.stop(folder)
    shutil.rmtree(folder)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """The pass on PostgreSQL leaves out what has no place to keep anything: the first pass has said all about it, save
    what only PostgreSQL can do."""
    kept = [item for item in items if _belongs(item)]
    config.hook.pytest_deselected(items=[item for item in items if item not in set(kept)])
    items[:] = kept


def _belongs(item: pytest.Item) -> bool:
    if not on_postgres():
        return item.get_closest_marker("postgres") is None
    if item.nodeid.startswith(ONE_PASS):
        return item.get_closest_marker("keeps") is not None
    return bool(KEEPING.intersection(getattr(item, "fixturenames", ())) or item.get_closest_marker("keeps"))


def pytest_report_header() -> list[str]:
    return [f"!!! {'FAILING' if name in REQUIRED else 'SKIPPING'}: {reason} !!!" for name, reason in ABSENT.items()]


def pytest_runtest_setup(item: pytest.Item) -> None:
    for name, reason in ABSENT.items():
        if item.get_closest_marker(name):
            if name in REQUIRED:
                pytest.fail(f"{reason}, and ZONEWATCH_TEST_REQUIRE names {name}")
            pytest.skip(reason)


@pytest.fixture(scope="module", autouse=True)
def _clean_server() -> Iterator[None]:
    yield
    engines.clean()


@pytest.fixture(autouse=True)
def _running_clock() -> Iterator[None]:
    yield
    clock.fix(None)


@pytest.fixture
def db(tmp_path: Path) -> Iterator[Database]:
    found = database(tmp_path)
    yield found
    found.close()


class Mirror:
    """The shared mirror as a process of its own."""

    def __init__(self, day: int) -> None:
        self.process = subprocess.Popen(
            [sys.executable, str(SHARED / "mirror" / "serve.py"), "--port", "0", "--day", str(day)],
            stdout=subprocess.PIPE, text=True)
        assert self.process.stdout
        found = re.search(r"http://127\.0\.0\.1:\d+", self.process.stdout.readline())
        assert found, "the mirror did not start"
        self.url = found[0]

    def day(self, day: int) -> None:
        self._post(f"day/{day}")

    def fault(self, *rules: str) -> None:
        self._post("fault", "\n".join(rules))

    def log(self) -> dict[str, Any]:
        with urllib.request.urlopen(f"{self.url}/__mirror/log") as answer:
            found: dict[str, Any] = json.load(answer)
        return found

    def _post(self, path: str, body: str = "") -> None:
        urllib.request.urlopen(urllib.request.Request(f"{self.url}/__mirror/{path}", body.encode(), method="POST")).close()

    def close(self) -> None:
        self.process.terminate()
        self.process.wait(10)


class Installed:
    """An installation in a folder, spoken to by its command line."""

    def __init__(self, folder: Path, **settings: str) -> None:
        self.folder = folder
        self.environment = {name: value for name, value in os.environ.items() if not name.startswith("ZONEWATCH_")}
        self.set(DATA_DIR=str(folder), **({"DATABASE_URL": url_of(folder)} if on_postgres() else {}), **settings)

    def set(self, **settings: str) -> None:
        self.environment.update({f"ZONEWATCH_{name}": value for name, value in settings.items()})

    @property
    def db(self) -> Database:
        """Its database, whether it is there yet or not."""
        return Database(url_of(self.folder))

    def rows(self, query: str, **values: object) -> list[tuple[Any, ...]]:
        """What an SQL query finds."""
        db = self.db
        with db.read() as session:
            found = [tuple(row) for row in session.execute(text(query), values)]
        db.close()
        return found

    def start(self, *arguments: str, **options: Any) -> subprocess.Popen[str]:
        return subprocess.Popen([sys.executable, "-m", "zonewatch", *arguments], env=self.environment, cwd=self.folder,
                                text=True, **options)

    def run(self, *arguments: str, status: int | None = 0) -> str:
        """Standard output of a command that must end with ``status`` (None: any)."""
        done = forks.zonewatch(arguments, self.environment, self.folder)
        assert status is None or done.returncode == status, f"{arguments}: {done.returncode}\n{done.stdout}\n{done.stderr}"
        return done.stdout

    def json(self, *arguments: str, status: int | None = 0) -> Any:
        return json.loads(self.run(*arguments, "--json", status=status))


@pytest.fixture(scope="module")
def portal(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Portal]:
    """The portal with the scene in it. A module whose tests change what they look at has one of its own."""
    found = Portal(tmp_path_factory.mktemp("portal"))
    scene.build(found)
    yield found
    found.db.close()


@pytest.fixture
def day_of_the_scene(portal: Portal) -> None:
    """Today is the day of the scene, also where its notices were stored by an earlier test."""
    clock.fix(scene.NOW)


@pytest.fixture
def reader(portal: Portal, day_of_the_scene: None) -> FlaskClient:
    """A browser in front of it."""
    return portal.client()


@pytest.fixture
def installed(tmp_path: Path) -> Installed:
    return Installed(tmp_path, OPERATOR_EMAIL="operator@zone.example")


@pytest.fixture(scope="session")
def mirror_session() -> Iterator[Mirror]:
    mirror = Mirror(1)
    yield mirror
    mirror.close()


@pytest.fixture
def mirror(mirror_session: Mirror) -> Iterator[Mirror]:
    """The mirror on day 1 without faults."""
    mirror_session.fault()
    mirror_session.day(1)
    yield mirror_session
    mirror_session.fault()


def unused_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port: int = free.getsockname()[1]
    return port


@pytest.fixture
def free_port() -> int:
    return unused_port()
