"""From a notice that a publisher shows to its mails at the server, for one that meets 100 of 10,000 subscriptions.

    python -m tests.prove.latency --times 20

Everything is real: a crawl process started as the scheduler starts it, the worker with its own rhythm, a mail server on
loopback. The clock runs from the moment at which the source is polled, and the notice is there, until the server has
accepted the last of the 100 mails. Each is its reader's first for a while. It must hold that 95 of 100 times take less than
five seconds.
"""

from __future__ import annotations

import argparse
import signal
import subprocess
import sys
import tempfile
import time
from contextlib import ExitStack
from datetime import timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import insert, select

from domain import clock
from domain import criteria as criterias
from domain.criteria import Criteria
from storage import sources
from storage.models import AddressRow, EmailRow, PersonRow, SubscriptionRow
from storage.session import Database
from tests.conftest import Installed
from tests.mailbox import Mailbox
from tests.prove import place
from tests.prove.contention import running
from tests.prove.news import CA, Item, News
from tests.prove.report import say, share_of, spread, tell

OTHERS = ("solenoid_valve", "ink_cartridge", "toner_cartridge", "safety_valve", "pneumatic_cylinder")
MARKETS = ("EU", "US", "JP", "KR", "GB")
WORDS = ("lead", "fire", "RoHS", "leak", "noise", "battery", "label")
PATIENCE_SECONDS = 120


class Inbox(Mailbox):
    """Notes when it took each mail, and keeps none."""

    def __init__(self) -> None:
        super().__init__()
        self.taken: list[float] = []

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:
        self.taken.append(time.monotonic())
        return "250 taken"


def criteria(number: int, met: int) -> Criteria:
    """The first ``met`` want what will come, the others something else."""
    if number <= met:
        return Criteria(product_types=frozenset({"air_compressor"}))
    return Criteria(product_types=frozenset({OTHERS[number % len(OTHERS)]}), markets=frozenset({MARKETS[number % 5]}),
                    words=(f"{WORDS[number % len(WORDS)]} {number}",))


def subscribe(db: Database, count: int, met: int) -> None:
    """So many people with an active subscription each."""
    now = clock.now() - timedelta(days=1)
    ids = range(1, count + 1)
    rows: list[tuple[type, list[dict[str, Any]]]] = [
        (PersonRow, [{"id": 1000 + each, "created_at": now} for each in ids]),
        (AddressRow, [{"person_id": 1000 + each, "email": f"p{each}@firm.example", "verified_at": now} for each in ids]),
        (SubscriptionRow, [{"person_id": 1000 + each, "topic": "notices", "label": f"订阅 {each}", "state": "active",
                            "criteria": criterias.to_json(criteria(each, met)), "created_at": now, "confirmed_at": now}
                           for each in ids])]
    with db.write() as session:
        for table, values in rows:
            session.execute(insert(table), values)


def repeat(installed: Installed, db: Database, news: News, inbox: Inbox, met: int) -> dict[str, float]:
    """Seconds from one poll until the crawl has ended, the first mail and the last are accepted."""
    news.items[CA].append(Item(CA, news.items[CA][-1].number + 1))
    inbox.taken.clear()
    began = time.monotonic()
    crawl = installed.start("crawl-one", CA, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    crawl.wait(PATIENCE_SECONDS)
    crawled = time.monotonic()
    while len(inbox.taken) < met and time.monotonic() - began < PATIENCE_SECONDS:
        time.sleep(0.02)
    if len(inbox.taken) != met:
        sys.exit(f"{len(inbox.taken)} mails arrived, {met} were wanted")
    with db.write() as session:  # the next one is again the first for a while
        for row in session.scalars(select(EmailRow).where(EmailRow.created_at > clock.now() - timedelta(hours=1))):
            row.created_at -= timedelta(hours=2)
    return {"crawl": crawled - began, "first": inbox.taken[0] - began, "last": inbox.taken[-1] - began}


def prove(folder: Path, options: argparse.Namespace) -> int:
    with ExitStack() as stack:
        news, inbox = News(1), Inbox()
        stack.callback(news.close)
        stack.callback(inbox.close)
        installed = Installed(folder, GATEWAY_URL=news.url, CRAWL_DELAY="0", MAIL_URL=inbox.url, SECRET_KEY="s" * 40,
                              OPERATOR_EMAIL="operator@zone.example",
                              **({"DATABASE_URL": options.database} if options.database else {}))
        installed.run("init")
        db = Database(options.database) if options.database else installed.db
        stack.callback(db.close)
        sources.set_floor(db, CA, 1, "prove")
        installed.run("crawl", CA)
        subscribe(db, options.subscriptions, options.met)
        stack.enter_context(running(installed, "worker"))
        say("worker started")
        repeat(installed, db, news, inbox, options.met)  # the first compiles statements and fills caches
        times = []
        for number in range(options.times):
            times.append(repeat(installed, db, news, inbox, options.met))
            say(f"{number + 1} of {options.times}: {times[-1]['last']:.2f} s")
        on_postgres = db.is_postgres
    last = sorted(each["last"] for each in times)
    p95 = share_of(last, 95)
    figures = {"poll to crawl ended": spread(each["crawl"] for each in times),
               "poll to first mail accepted": spread(each["first"] for each in times),
               "poll to last mail accepted": spread(last)}
    return tell(f"Latency on {'PostgreSQL' if on_postgres else 'SQLite'}: a notice that meets {options.met} of "
                f"{options.subscriptions} subscriptions, crawl process start included", figures,
                [f"95 of 100 times took up to {p95:.2f} s, more than {options.limit:g}"] if p95 >= options.limit else [])


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="tests.prove.latency", description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--times", type=int, default=20)
    parser.add_argument("--subscriptions", type=int, default=10_000)
    parser.add_argument("--met", type=int, default=100)
    parser.add_argument("--limit", type=float, default=5.0, help="seconds that 95 of 100 times may take")
    place.add_options(parser)
    options = parser.parse_args(arguments)
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # whoever ends us ends what we started
    with tempfile.TemporaryDirectory() as folder, place.database(options) as options.database:
        return prove(Path(folder), options)


if __name__ == "__main__":
    sys.exit(main())
