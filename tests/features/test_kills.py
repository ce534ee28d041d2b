"""kill -9 at each step, then start again: no notice and no alert is lost, what was just handed over may arrive twice."""

from __future__ import annotations

import http.cookiejar
import re
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.parse
import urllib.request
from collections import Counter
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from crawlers.cards import cards
from domain import clock
from domain.consent import VERSION
from domain.criteria import Criteria
from domain.organisation import Role
from domain.subscription import Topic
from storage import sources, subscriptions
from tests.conftest import ROOT, Installed
from tests.databases import copy
from tests.mailbox import Mailbox
from zonewatch.demo.sites import SampleSites, is_sampled
from zonewatch.settings import Settings
from zonewatch.wiring import Installation
from zonewatch.worker import Worker
from zonewatch.zones import appoint

PEOPLE = {"quality@pneumatics.example": "solenoid_valve", "quality@valves.example": "safety_valve",
          "quality@cartridges.example": "ink_cartridge"}
NOW = "2026-11-21T08:00:00+00:00"
SLUGS = ("ca_recalls", "eu_safety_gate", "wto_tbt_notifications")


class World:
    """Sample sites and two installations that are copied for the tests: ``prepared`` before the news, ``crawled`` with
    the news stored and nobody told."""

    def __init__(self, folder: Path) -> None:
        self.sites, self.folder = SampleSites(), folder
        first = self.installed(folder / "prepared", Mailbox())
        first.run("init")
        for card in cards():
            sources.set_floor(first.db, card.slug, 1, "test")
            if not is_sampled(card.slug):
                sources.pause(first.db, card.slug, "it has no sample site", "test")
        clock.fix(datetime.fromisoformat(NOW))
        for address, product_type in PEOPLE.items():
            person = appoint(first.db, address, "fenghua", Role.MEMBER, "Firm")
            with first.db.write() as session:
                subscriptions.activate(session, subscriptions.create(
                    session, person, Topic.NOTICES, product_type, Criteria(product_types=frozenset({product_type}))))
        clock.fix(None)
        first.run("crawl", *SLUGS)
        drain(first)
        self.sites.day = 2
        self.copy("crawled", Mailbox()).run("crawl", *SLUGS)

    def installed(self, folder: Path, mailbox: Mailbox) -> Installed:
        folder.mkdir(exist_ok=True)
        return Installed(folder, GATEWAY_URL=self.sites.url, CRAWL_DELAY="0", MAIL_URL=mailbox.url,
                         OPERATOR_EMAIL="operator@zone.example", NOW=NOW,
                         SECRET_KEY="s" * 40, BASE_URL="http://127.0.0.1:8000")

    def copy(self, name: str, mailbox: Mailbox, of: str = "prepared") -> Installed:
        copy(self.folder / of, self.folder / name)
        return self.installed(self.folder / name, mailbox)


def drain(installed: Installed) -> None:
    """What a worker does after a start, until nothing is left to do."""
    worker = Worker(Installation(Settings(installed.environment, installed.folder / ".env")))
    worker.recover()
    while worker.round():
        pass
    clock.fix(None)


def killed(installed: Installed, step: str, when: str, number: int, *command: str) -> None:
    """Run a command that dies by SIGKILL at a step."""
    done = subprocess.run([sys.executable, str(ROOT / "tests" / "killer.py"), step, when, str(number), *command],
                          env=installed.environment | {"PYTHONPATH": str(ROOT)}, cwd=installed.folder, text=True,
                          capture_output=True, timeout=60)
    assert done.returncode == -signal.SIGKILL, (step, done.returncode, done.stderr[-2000:])


def kept(installed: Installed) -> list[tuple[Any, ...]]:
    return installed.rows("select source, external_id, version, status, fingerprint from notices order by 1, 2")


def told(installed: Installed) -> list[tuple[Any, ...]]:
    return installed.rows("select a.email, n.external_id, m.material_version from matches m join notices n on n.id = "
                           "m.notice_id join emails e on e.id = m.email_id join addresses a on a.person_id = e.person_id "
                           "where e.state = 'sent' order by 1, 2, 3")


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    found = World(tmp_path_factory.mktemp("kills"))
    yield found
    found.sites.close()


@pytest.fixture
def mailbox() -> Iterator[Mailbox]:
    found = Mailbox()
    yield found
    found.close()


@pytest.fixture(scope="module")
def undisturbed(world: World) -> tuple[list[tuple[Any, ...]], list[tuple[Any, ...]]]:
    """What is kept and told when nobody kills anything."""
    mailbox = Mailbox()
    installed = world.copy("undisturbed", mailbox, "crawled")
    drain(installed)
    mailbox.close()
    assert {address for address, _, _ in told(installed)} == PEOPLE.keys()
    return kept(installed), told(installed)


CRAWL_STEPS = [
    ("storage.runs:start", "after", 1), ("storage.captures:CaptureStore.put", "after", 1),
    ("storage.captures:CaptureStore.put", "before", 2), ("storage.captures:record", "after", 2),
    ("storage.ingest:ingest", "before", 1), ("storage.ingest:merge", "after", 1), ("storage.ingest:merge", "before", 1),
    ("storage.ingest:ingest", "after", 1), ("storage.runs:withdraw", "before", 1), ("storage.runs:withdraw", "after", 1),
    ("storage.runs:finish", "before", 1), ("storage.runs:finish", "after", 1)]


@pytest.mark.parametrize(("step", "when", "number"), CRAWL_STEPS, ids=[f"{when} {step}" for step, when, _ in CRAWL_STEPS])
def test_a_killed_crawl_loses_nothing(world: World, mailbox: Mailbox, undisturbed: Any, tmp_path: Path, step: str,
                                      when: str, number: int) -> None:
    installed = world.copy(tmp_path.name, mailbox)
    killed(installed, step, when, number, "crawl-one", "eu_safety_gate")
    installed.run("crawl", *SLUGS)
    drain(installed)
    assert (kept(installed), told(installed)) == undisturbed
    assert installed.rows("select count(*) from source_runs where status = 'running'") == [(0,)]
    assert max(Counter(mail["Message-ID"] for mail in mailbox.mails).values()) == 1


WORKER_STEPS = [
    ("storage.notices:by_ids", "after", 1), ("storage.changes:done", "before", 1), ("storage.changes:done", "after", 1),
    ("storage.notices:mark_indexed", "after", 1), ("storage.matches:add", "before", 1), ("storage.matches:add", "after", 1),
    ("storage.emails:add_all", "after", 1), ("storage.matches:composed", "after", 1), ("storage.outbox:claim", "after", 1),
    ("subscriptions.channels.smtp:SmtpChannel.send", "before", 2),
    ("subscriptions.channels.smtp:SmtpChannel.send", "after", 1), ("storage.outbox:mark_sent", "before", 1),
    ("storage.outbox:mark_sent", "after", 1)]


@pytest.mark.parametrize(("step", "when", "number"), WORKER_STEPS, ids=[f"{when} {step}" for step, when, _ in WORKER_STEPS])
def test_a_killed_worker_loses_nothing_and_makes_at_most_one_more_copy_of_a_mail(
        world: World, mailbox: Mailbox, undisturbed: Any, tmp_path: Path, step: str, when: str, number: int) -> None:
    installed = world.copy(tmp_path.name, mailbox, "crawled")
    killed(installed, step, when, number, "worker")
    drain(installed)
    assert (kept(installed), told(installed)) == undisturbed
    arrived = Counter(mail["Message-ID"] for mail in mailbox.mails)
    assert len(arrived) == len(PEOPLE)
    assert max(arrived.values()) <= 2
    with_index = installed.json("search", "电磁阀")
    assert "SR/90011/26" in {hit["external_id"] for hit in with_index["hits"]}


class Browser:
    """Cookies and the token of the last form."""

    def __init__(self, port: int) -> None:
        self.base = f"http://127.0.0.1:{port}"
        self._opener = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(http.cookiejar.CookieJar()))

    def get(self, path: str) -> str:
        with self._opener.open(self.base + path, timeout=20) as answer:
            page: str = answer.read().decode()
        return page

    def post(self, path: str, page: str, **values: str) -> None:
        token = re.search(r'name="(csrf\w*)"[^>]*value="([^"]+)"', page)
        assert token, "the form has no token"
        body = urllib.parse.urlencode({**values, token[1]: token[2]}).encode()
        self._opener.open(self.base + path, body, timeout=20).close()


def wait_for(port: int) -> Browser:
    browser = Browser(port)
    for _ in range(300):
        try:
            browser.get("/sources")
        except urllib.error.URLError:
            time.sleep(0.1)
        else:
            return browser
    pytest.fail("the portal did not start")


@pytest.mark.parametrize(("step", "when"), [("storage.subscriptions:create", "after"), ("storage.emails:add", "after")])
def test_a_killed_portal_keeps_all_of_a_subscription_or_nothing(
        world: World, mailbox: Mailbox, tmp_path: Path, free_port: int, step: str, when: str) -> None:
    installed = world.copy(tmp_path.name, mailbox)
    form = "/subscribe?product_types=ink_cartridge"
    killer = [sys.executable, str(ROOT / "tests" / "killer.py"), step, when, "1", "web", "--port", str(free_port)]
    portal = subprocess.Popen(killer, env=installed.environment | {"PYTHONPATH": str(ROOT)}, cwd=installed.folder)
    browser = wait_for(free_port)
    with pytest.raises((urllib.error.URLError, ConnectionError)):
        browser.post(form, browser.get(form), email="new@firm.example", consent=VERSION)
    assert portal.wait(10) == -signal.SIGKILL
    counted = ("select (select count(*) from subscriptions where state = 'pending'), "
               "(select count(*) from emails where address = 'new@firm.example')")
    assert installed.rows(counted) == [(0, 0)]

    portal = installed.start("web", "--port", str(free_port))
    try:
        browser = wait_for(free_port)
        browser.post(form, browser.get(form), email="new@firm.example", consent=VERSION)
        assert installed.rows(counted) == [(1, 1)]
    finally:
        portal.terminate()
        assert portal.wait(10) is not None


def test_a_killed_scheduler_leaves_no_crawl_behind_and_the_next_one_catches_up(
        world: World, mailbox: Mailbox, undisturbed: Any, tmp_path: Path) -> None:
    installed = world.copy(tmp_path.name, mailbox)
    installed.set(NOW="2026-11-30T08:00:00+00:00")
    killed(installed, "zonewatch.crawls:_output", "before", 1, "scheduler")
    scheduler = installed.start("scheduler")
    try:
        for _ in range(300):
            ended = dict(installed.rows("select slug, max(id) from source_runs where status = 'ok' and started_at > "
                                         "'2026-11-29' group by slug"))
            if ended.keys() >= set(SLUGS):
                break
            time.sleep(0.1)
    finally:
        scheduler.terminate()
        assert scheduler.wait(40) is not None
    assert installed.rows("select count(*) from source_runs where status = 'running'") == [(0,)]
    drain(installed)
    assert [row[:2] for row in told(installed)] == [row[:2] for row in undisturbed[1]]


def test_a_parent_that_is_killed_takes_its_children_along(world: World, mailbox: Mailbox, tmp_path: Path,
                                                          free_port: int) -> None:
    installed = world.copy(tmp_path.name, mailbox)
    installed.set(BASE_URL=f"http://127.0.0.1:{free_port}")
    parent = installed.start("up")
    wait_for(free_port)
    parent.kill()
    parent.wait()
    for _ in range(200):
        try:
            urllib.request.urlopen(f"http://127.0.0.1:{free_port}/sources", timeout=5).close()
        except OSError:
            break
        time.sleep(0.1)
    again = installed.start("up")
    try:
        wait_for(free_port)
    finally:
        again.send_signal(signal.SIGINT)
        assert again.wait(40) == 0
