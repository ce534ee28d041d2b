"""Everybody writes at once: two crawls that always find something new, the worker, and people at the portal.

    python -m tests.prove.contention --seconds 60 --writers 20

Everything is real: the processes of an installation, their SMTP server, browsers over HTTP. A writer subscribes, confirms
by the link in the mail, and unsubscribes from its alerts, with a pause for reading between two steps. It must hold that
nobody is told that the database is locked, no answer is a 5xx, nothing accepted is lost, and 95 of 100 writes are answered
within half a second.
"""

from __future__ import annotations

import argparse
import json
import queue
import random
import re
import signal
import sys
import tempfile
import threading
import time
from collections import Counter, defaultdict
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from email.message import EmailMessage
from pathlib import Path
from typing import Any

from sqlalchemy import func, select

from domain.consent import VERSION
from storage import sources
from storage.models import ChangeRow, NoticeVersionRow, SubscriptionRow
from storage.session import Database
from tests.conftest import Installed, unused_port
from tests.mailbox import Mailbox
from tests.prove import place
from tests.prove.big import SLUGS, BigPublishers
from tests.prove.report import say, share_of, spread, tell
from tests.prove.visitor import Visitor

WRITES = ("subscribe", "confirm", "unsubscribe")
TROUBLE = re.compile(r"database is locked|database table is locked|\b\w+ fails;", re.I)
LINK = re.compile(r"https?://[^/\s]+(/(?:confirm|unsubscribe)/\S+)")


class Inboxes(Mailbox):
    """A mail server that sorts what it takes by the writer it is for."""

    def __init__(self) -> None:
        super().__init__()
        self.links: dict[str, queue.SimpleQueue[str]] = defaultdict(queue.SimpleQueue)

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:
        answer = await super().handle_DATA(server, session, envelope)
        body = self.mails[-1].get_body(("plain",))
        assert isinstance(body, EmailMessage)
        link = LINK.search(body.get_content())
        if link:
            self.links[envelope.rcpt_tos[0].partition("-")[0]].put(link[1])
        return answer


class Writer(threading.Thread):
    """Somebody who subscribes again and again, each time under a new address."""

    def __init__(self, name: str, url: str, inboxes: Inboxes, pause: float, until: float) -> None:
        super().__init__(daemon=True)
        self.name, self.visitor, self.links, self.pause, self.until = name, Visitor(url), inboxes.links[name], pause, until
        self._random = random.Random(name)
        self._count = 0

    def run(self) -> None:
        while time.monotonic() < self.until:
            self.step()
            time.sleep(self._random.uniform(0, 2 * self.pause))

    def step(self) -> None:
        try:
            path = self.links.get_nowait()
        except queue.Empty:
            self.subscribe()
            return
        if path.startswith("/confirm/"):
            self.visitor.press(path, "confirm")
        elif self._random.random() < 0.5:
            self.visitor.post(path, "unsubscribe", **{"List-Unsubscribe": "One-Click"})
        else:
            page = self.visitor.get(path)
            ids = re.findall(r'name="id" value="(\d+)"', page.page)
            self.visitor.post(path, "unsubscribe", page.page, **({"id": ids[0]} if ids else {}))

    def subscribe(self) -> None:
        self._count += 1
        product = self._random.choice(("air_compressor", "solenoid_valve", "ink_cartridge"))
        self.visitor.press(f"/subscribe?product={product}", "subscribe", sent="1", notices="yes", product=product,
                           email=f"{self.name}-{self._count}@{self.name}-{self._count}.example", label="出口",
                            consent=VERSION)


class Crawls(threading.Thread):
    """One source crawled over and over, everything read again each time."""

    def __init__(self, installed: Installed, slug: str, log: Path, until: float) -> None:
        super().__init__(daemon=True)
        self.installed, self.slug, self.log, self.until = installed, slug, log, until
        self.reports: list[dict[str, Any]] = []

    def run(self) -> None:
        with self.log.open("a") as log:
            while time.monotonic() < self.until:
                crawl = self.installed.start("crawl-one", self.slug, "--full", stdout=-1, stderr=log)
                out = crawl.communicate()[0].strip().splitlines()
                self.reports.append(json.loads(out[-1]) if out else {"status": "died", "reason": "see its log"})


@contextmanager
def running(installed: Installed, *command: str) -> Iterator[None]:
    """A process of the installation, with a log of its own."""
    with (installed.folder / f"{command[0]}.log").open("a") as log:
        process = installed.start(*command, stderr=log, stdout=log)
        try:
            yield
        finally:
            process.terminate()
            process.wait(60)


def contend(folder: Path, options: argparse.Namespace) -> int:
    with ExitStack() as stack:
        inboxes, publishers = Inboxes(), BigPublishers(options.rows)
        stack.callback(inboxes.close)
        stack.callback(publishers.close)
        url = f"http://127.0.0.1:{unused_port()}"
        installed = Installed(
            folder, GATEWAY_URL=publishers.url, CRAWL_DELAY="0", MAIL_URL=inboxes.url, BASE_URL=url, SECRET_KEY="s" * 40,
            OPERATOR_EMAIL="operator@zone.example", **({"DATABASE_URL": options.database} if options.database else {}))
        db = loaded(installed, options.database)
        stack.callback(db.close)
        before = stored(db)
        stack.enter_context(running(installed, "worker"))
        stack.enter_context(running(installed, "web"))
        wait_for(url)
        say(f"{options.writers} writers, {len(SLUGS)} crawls and the worker for {options.seconds} s")
        until = time.monotonic() + options.seconds
        writers = [Writer(f"w{number}", url, inboxes, options.pause, until) for number in range(options.writers)]
        crawls = [Crawls(installed, slug, folder / "crawls.log", until) for slug in SLUGS]
        for thread in (*writers, *crawls):
            thread.start()
        for thread in (*writers, *crawls):
            thread.join()
        grown = {name: count - before[name] for name, count in stored(db).items()}
    return account(options, folder, writers, crawls, grown, db.is_postgres)


def loaded(installed: Installed, database: str) -> Database:
    """The first load, undisturbed."""
    say("first load")
    installed.run("init")
    db = Database(database) if database else installed.db
    for slug in SLUGS:
        sources.set_floor(db, slug, 1, "prove")
    installed.run("crawl", *SLUGS)
    return db


def wait_for(url: str) -> None:
    visitor = Visitor(url)
    for _ in range(300):
        if visitor.get("/sources").status == 200:
            return
        time.sleep(0.1)
    sys.exit("the portal did not start")


def stored(db: Database) -> dict[str, int]:
    counts = {"versions": NoticeVersionRow, "changes": ChangeRow, "subscriptions": SubscriptionRow}
    with db.read() as session:
        found = {name: session.scalar(select(func.count()).select_from(model)) or 0 for name, model in counts.items()}
        for state in ("active", "ended"):
            found[state] = session.scalar(select(func.count()).select_from(SubscriptionRow).where(
                SubscriptionRow.state == state)) or 0
    return found


def account(options: argparse.Namespace, folder: Path, writers: list[Writer], crawls: list[Crawls],
            grown: dict[str, int], on_postgres: bool) -> int:
    answers = [answer for writer in writers for answer in writer.visitor.answers]
    writes = [answer for answer in answers if answer.step in WRITES]
    taken = Counter(answer.step for answer in writes if answer.status == 200)
    reports = [report for crawl in crawls for report in crawl.reports]
    trouble = [line for log in sorted(folder.glob("*.log")) for line in log.read_text().splitlines() if TROUBLE.search(line)]
    p95 = share_of(sorted(answer.seconds for answer in writes), 95)
    figures = {
        "web writes": spread(answer.seconds for answer in writes),
        **{f"  {step}": spread(answer.seconds for answer in writes if answer.step == step) for step in WRITES},
        "web pages read": spread(answer.seconds for answer in answers if answer.step not in WRITES),
        "answers": dict(sorted(Counter(answer.status for answer in answers).items())),
        "crawls": dict(Counter(report["status"] for report in reports)),
        "notices stored": sum(report.get("created", 0) + report.get("revised", 0) for report in reports),
        "versions a second": round(grown["versions"] / options.seconds),
        "subscriptions kept": f"{grown['subscriptions']} of {taken['subscribe']} accepted",
        "lines of trouble in the logs": len(trouble),
    }
    broken = [
        (bool(trouble), f"the logs tell of trouble: {trouble[:3]}"),
        (any("database is locked" in answer.page for answer in answers), "an answer says that the database is locked"),
        (any(answer.status >= 500 or answer.status == 0 for answer in answers), "an answer is a 5xx, or there was none"),
        (grown["subscriptions"] < taken["subscribe"], "a subscription that was accepted is not there"),
        (grown["active"] + grown["ended"] < taken["confirm"], "a confirmation that was accepted is not there"),
        (not (taken["subscribe"] and taken["confirm"]), "nobody could subscribe and confirm"),
        (any(report["status"] not in ("ok", "held") for report in reports), f"a crawl did not end well: {reports[-1]}"),
        (p95 > options.limit, f"95 of 100 writes took up to {p95 * 1000:.0f} ms, more than {options.limit * 1000:.0f}"),
    ]
    title = (f"Contention on {'PostgreSQL' if on_postgres else 'SQLite'}: {options.seconds:g} s, {len(SLUGS)} crawls of big "
             f"publishers, worker, {len(writers)} writers with a mean pause of {options.pause} s")
    return tell(title, figures, [what for wrong, what in broken if wrong])


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="tests.prove.contention", description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--writers", type=int, default=20)
    parser.add_argument("--pause", type=float, default=0.5, help="mean seconds between two steps of a writer")
    parser.add_argument("--limit", type=float, default=0.5, help="seconds within which 95 of 100 writes must be answered")
    parser.add_argument("--rows", type=int, default=6000, help="size of the dump; the reports hold half of it")
    place.add_options(parser)
    options = parser.parse_args(arguments)
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # whoever ends us ends what we started
    with tempfile.TemporaryDirectory() as folder, place.database(options) as options.database:
        return contend(Path(folder), options)


if __name__ == "__main__":
    sys.exit(main())
