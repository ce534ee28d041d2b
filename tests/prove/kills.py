"""kill -9 again and again, at any moment, in any process of a running system whose mail server refuses a fifth of all mails.

    python -m tests.prove.kills --kills 200 --seed 1

Three publishers publish and amend all the time (tests.prove.news), ``zonewatch up`` runs over them with minutes made seconds
(tests.prove.hasty), persons with overlapping subscriptions wait for their alerts and for their digests, which are cut
every twenty seconds, some change what they ask for, and further ones come and go by the portal. In the end everything
settles, and what must have arrived is worked out by brute force from the stored versions: every expected (person, event,
material version) must have arrived, and none twice, save a mail with the same Message-ID whose worker was killed, or whose
answer was withheld, while it was handed over. Of a subscription that was edited, what it has asked for ever since is
expected.
"""

from __future__ import annotations

import argparse
import random
import signal
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import psutil
from sqlalchemy import func, select

from domain.criteria import Criteria, Scope
from domain.subscription import Frequency, Topic
from storage import organisations, sources, subscriptions
from storage.models import ChangeRow, EmailRow, MatchRow, SourceRunRow
from storage.session import Database
from tests.conftest import ROOT, Installed, unused_port
from tests.prove import changing, place
from tests.prove.audit import Audit, Kill
from tests.prove.changing import Changing
from tests.prove.comers import Comers
from tests.prove.hasty import SLUGS
from tests.prove.news import News
from tests.prove.refusing import Refusing
from tests.prove.report import say, tell
from tests.prove.system import OF_WORKER, TARGETS, System

PEOPLE: dict[str, tuple[Criteria, ...]] = {
    "compressors@firm.example": (Criteria(product_types=frozenset({"air_compressor"})),),
    "valves@firm.example": (Criteria(product_types=frozenset({"solenoid_valve"})),),
    "all@firm.example": (Criteria(),),
    "overlapping@firm.example": (
        Criteria(product_types=frozenset({"air_compressor", "solenoid_valve"})), Criteria(words=("compressor",)),
        Criteria(markets=frozenset({"CA"})), Criteria(sources=frozenset({"eu_safety_gate"}), scope=Scope.ALL)),
    "recalls@firm.example": (Criteria(kinds=frozenset({"recall"})),),
    "drafts@firm.example": (Criteria(kinds=frozenset({"tbt_notification"})), Criteria(words=("solenoid valves",))),
    "digest@firm.example": (Criteria(),),
    "digests@firm.example": (
        Criteria(product_types=frozenset({"air_compressor"})), Criteria(words=("compressor",)),
        Criteria(kinds=frozenset({"tbt_notification"}))),
    "both@firm.example": (Criteria(markets=frozenset({"CA"})), Criteria()),
    "red@firm.example": (Criteria(),),
    **dict.fromkeys(changing.PEOPLE, changing.CRITERIA[:1]),
}
TOLD: dict[str, tuple[tuple[Frequency, bool], ...]] = {
    "digest@firm.example": ((Frequency.DAILY, False),),
    "digests@firm.example": ((Frequency.DAILY, False), (Frequency.WEEKLY, False), (Frequency.MONTHLY, False)),
    "both@firm.example": ((Frequency.IMMEDIATE, False), (Frequency.DAILY, False)),
    "red@firm.example": ((Frequency.DAILY, True),),
    "changing-digest@firm.example": ((Frequency.DAILY, False),),
}
"""How often those are told who are not told at once: the frequency of each subscription, and whether red ones go at once."""
SETTLE_SECONDS = 240


@dataclass
class Survived:
    """What is left when it is over: the figures of the disturbance, what the audit needs, and what broke besides."""

    audit: Audit
    figures: dict[str, object]
    broken: list[str]
    on_postgres: bool


def prove(folder: Path, options: argparse.Namespace) -> int:
    left = survive(folder, options)
    told, broken = left.audit.verdict()
    return tell(f"Random kills on {'PostgreSQL' if left.on_postgres else 'SQLite'}: seed {options.seed}, "
                f"{options.refuse:.0%} of mails refused", left.figures | told, broken + left.broken)


def survive(folder: Path, options: argparse.Namespace) -> Survived:
    """Live through all the kills."""
    with ExitStack() as stack:
        news, mailbox = News(options.seed), Refusing(options.refuse, options.seed)
        stack.callback(news.close)
        stack.callback(mailbox.close)
        url = f"http://127.0.0.1:{unused_port()}"
        installed = Installed(
            folder, GATEWAY_URL=news.url, CRAWL_DELAY="0", MAIL_URL=mailbox.url, BASE_URL=url, SECRET_KEY="s" * 40,
            OPERATOR_EMAIL="operator@zone.example", **({"DATABASE_URL": options.database} if options.database else {}))
        installed.environment["PYTHONPATH"] = str(ROOT)
        db = prepared(installed, options.database)
        stack.callback(db.close)
        first_runs = newest_run(db)
        system, comers = System(installed, mailbox), Comers(url, mailbox, every=20 if options.kills > 20 else 3)
        minds = Changing(db, options.seed, every=3)
        stack.callback(system.end)
        began = time.monotonic()
        system.start()
        minds.start()
        kills = disturb(system, news, comers, options)
        minds.enough.set()
        minds.join()
        broken = [] if settle(db, comers) else [f"it did not settle within {SETTLE_SECONDS} s"]
        if status := system.stop():
            broken.append(f"it ended with status {status}")
        audit = Audit(db, news, mailbox, kills, first_runs, url)
        return Survived(audit, figures(kills, comers, time.monotonic() - began) | {"subscriptions edited": minds.changes},
                        [*broken, *besides(audit, installed, comers)], db.is_postgres)


def figures(kills: list[Kill], comers: Comers, seconds: float) -> dict[str, object]:
    by_target = Counter(kill.target for kill in kills)
    return {"kills": len(kills), **{f"  {name}": count for name, count in sorted(by_target.items())},
            "seconds": round(seconds), "came, left, gave up waiting": f"{len(comers.confirmed)}, {len(comers.left)}, "
                                                                      f"{len(comers.gave_up)} by the portal"}


def besides(audit: Audit, installed: Installed, comers: Comers) -> Iterator[str]:
    """What is wrong outside the mails."""
    found = installed.json("search", "", "--scope", "all", "--limit", "0")["total"]
    if found != audit.notices:
        yield f"the index holds {found} notices, the store {audit.notices}"
    if unknown := audit.unlike(comers.confirmed, comers.left):
        yield f"confirmed or left, and the store does not know: {unknown}"
    if alive := survivors(installed.folder):
        yield f"processes that nobody ended: {alive}"


def prepared(installed: Installed, url: str) -> Database:
    """The first load and the first persons, undisturbed."""
    installed.run("init")
    db = Database(url) if url else installed.db
    with db.read() as session:
        if session.scalar(select(func.count()).select_from(SourceRunRow)):
            sys.exit("the database must be empty")
    for slug in SLUGS:
        sources.set_floor(db, slug, 1, "prove")
    with db.write() as session:
        for address, wanted in PEOPLE.items():
            person = organisations.find_or_create_person(session, address)
            organisations.verify(session, person, address)
            often = TOLD.get(address, ((Frequency.IMMEDIATE, False),) * len(wanted))
            for number, (criteria, (frequency, red)) in enumerate(zip(wanted, often, strict=True)):
                made = subscriptions.create(session, person, Topic.NOTICES, f"{address} {number}", criteria)
                subscriptions.choose(session, made, f"{address} {number}", frequency, red, None)
                subscriptions.activate(session, made)
    installed.run("crawl", *SLUGS)
    return db


def newest_run(db: Database) -> int:
    with db.read() as session:
        return session.scalar(select(func.max(SourceRunRow.id))) or 0


def disturb(system: System, news: News, comers: Comers, options: argparse.Namespace) -> list[Kill]:
    """Kill while everything is going on."""
    chance = random.Random(options.seed)
    calm = threading.Event()

    def publish() -> None:
        while not calm.wait(chance.uniform(0.2, 1.2)):
            news.publish()

    publisher = threading.Thread(target=publish, daemon=True)
    publisher.start()
    comers.start()
    time.sleep(5)
    kills: list[Kill] = []
    while len(kills) < options.kills:
        time.sleep(chance.uniform(0, 2 * options.pause))
        target = chance.choice(TARGETS)
        if killed_at := system.kill(target, chance):
            kills.append(Kill(killed_at, target, target in OF_WORKER))
            if len(kills) % 10 == 0:
                say(f"{len(kills)} kills, {len(comers.mailbox.accepted)} mails")
    calm.set()
    comers.enough.set()
    return kills


def settle(db: Database, comers: Comers) -> bool:
    """Wait until all that was published is stored, and all that must be told is told."""
    say("no more kills and no more news; waiting for it to settle")
    comers.mailbox.share = 0.0
    comers.join(SETTLE_SECONDS)
    last = newest_run(db)
    until = time.monotonic() + SETTLE_SECONDS
    while time.monotonic() < until:
        if _all_read(db, last) and not _waiting(db):
            return True
        time.sleep(1)
    return False


def _all_read(db: Database, after: int) -> bool:
    """Whether every source was read well three times more: what is gone must be missed twice."""
    with db.read() as session:
        rows = session.execute(select(SourceRunRow.slug, func.count()).where(
            SourceRunRow.id > after, SourceRunRow.status == "ok").group_by(SourceRunRow.slug))
        well = {slug: count for slug, count in rows}
    return all(well.get(slug, 0) >= 3 for slug in SLUGS)


def _waiting(db: Database) -> int:
    """What still has to be done: changes, matches, mails."""
    counts = (
        select(func.count()).select_from(ChangeRow).where(ChangeRow.done_at.is_(None)),
        select(func.count()).select_from(MatchRow).where(MatchRow.email_id.is_(None), MatchRow.dropped_why.is_(None)),
        select(func.count()).select_from(EmailRow).where(EmailRow.state.in_(("due", "pending", "sending"))))
    with db.read() as session:
        return sum(session.scalar(each) or 0 for each in counts)


def survivors(folder: Path) -> list[str]:
    """Processes of the installation that are still there."""
    found = []
    for process in psutil.process_iter():
        try:
            if process.cwd() == str(folder.resolve()):
                found.append(" ".join(process.cmdline()[2:5]))
        except psutil.Error:
            continue
    return found


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="tests.prove.kills", description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kills", type=int, default=200)
    parser.add_argument("--seed", type=int, default=1, help="of the publishers, the kills and the mail server")
    parser.add_argument("--pause", type=float, default=1.5, help="mean seconds between two kills, beside the time they take")
    parser.add_argument("--refuse", type=float, default=0.2, help="share of mails that the mail server refuses")
    place.add_options(parser)
    options = parser.parse_args(arguments)
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # whoever ends us ends what we started
    with tempfile.TemporaryDirectory() as folder, place.database(options) as options.database:
        return prove(Path(folder), options)


if __name__ == "__main__":
    sys.exit(main())
