"""Mails handed over and mails from match to server, to Postfix's smtp-sink.

    python -m bench.mail [--mails 100000] [--handed 5000]

``built`` composes digests as the product does and as mails are usually written (bench.mail_build). ``send`` hands the
same mails over by the product's channel and by smtplib with a connection each, in turn. ``hundred_thousand`` starts two
workers on SQLite, of which one leads and both deliver, over matches of one notice a person that wait, until the server has
taken all. Last line: JSON.
"""

from __future__ import annotations

import argparse
import json
import os
import smtplib
import statistics
import subprocess
import sys
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from sqlalchemy import insert

from bench import mail_build
from bench.sink import smtp_sink
from domain import clock
from domain import criteria as criterias
from domain.criteria import Criteria
from storage import emails
from storage.emails import Email, EmailState, Letter, Purpose
from storage.models import AddressRow, MatchRow, PersonRow, SubscriptionRow
from storage.session import Database
from subscriptions.channels.smtp import SmtpChannel
from subscriptions.match import match
from subscriptions.mime import wire
from tests.builders import notice, store

SENDER = "alerts@portal.example"
BODY_BYTES = 5_000
NOTICES = 20
TIMES = 3
BATCH = 1_000
WORKERS = 2
LOOK_SECONDS = 0.5
PATIENCE_SECONDS = 1_000
TARGET_BUILT, TARGET_RATIO, TARGET_RATE = 10.0, 3.0, 800.0


def send(url: str, count: int) -> dict[str, Any]:
    """Mails a second over one connection, and over one each; medians of runs in turn."""
    letter = Letter(None, "li@firm.example", Purpose.ALERT, "<1@portal.example>", SENDER, "红色预警",
                    "正" * (BODY_BYTES // 3), "<p>" + "文" * (BODY_BYTES // 3))
    mail = wire(Email(1, letter, 0, datetime(2026, 11, 20, tzinfo=UTC)))
    kept, fresh = list[float](), list[float]()
    for _ in range(TIMES):
        kept.append(count / _handed(url, mail, count))
        fresh.append(count / _handed_each(url, mail, count))
    one, each = statistics.median(kept), statistics.median(fresh)
    return {"ratios": {"send_over_connection_each": round(one / each, 2)},
            "figures": {"send_bytes": len(mail), "send_kept_per_s": round(one), "send_connection_each_per_s": round(each)}}


def _handed(url: str, mail: bytes, count: int) -> float:
    channel = SmtpChannel(url)
    began = time.perf_counter()
    for number in range(count):
        channel.send(mail, SENDER, f"p{number}@firm.example")
    channel.close()
    return time.perf_counter() - began


def _handed_each(url: str, mail: bytes, count: int) -> float:
    """The everyday way: smtplib, a connection for each mail."""
    where = urlsplit(url)
    began = time.perf_counter()
    for number in range(count):
        with smtplib.SMTP(where.hostname or "", where.port or 25) as client:
            client.sendmail(SENDER, [f"p{number}@firm.example"], mail)
    return time.perf_counter() - began


def hundred_thousand(url: str, count: int, folder: Path) -> dict[str, Any]:
    """Mails a second from waiting match to the server's word, the start of the workers included."""
    db = Database(f"sqlite:///{folder / 'zonewatch.db'}")
    db.migrate()
    prepare(db, count)
    environment = os.environ | {"ZONEWATCH_DATA_DIR": str(folder), "ZONEWATCH_MAIL_URL": url, "ZONEWATCH_MAIL_FROM": SENDER,
                                "ZONEWATCH_BASE_URL": "https://portal.example", "ZONEWATCH_SECRET_KEY": "s" * 40}
    began = time.perf_counter()
    workers = [subprocess.Popen([sys.executable, "-m", "zonewatch", "worker"], env=environment) for _ in range(WORKERS)]
    try:
        states = dict[str, int]()
        while states != {EmailState.SENT.value: count}:
            if time.perf_counter() - began > PATIENCE_SECONDS:
                sys.exit(f"not all mails were sent: {states}")
            time.sleep(LOOK_SECONDS)
            with db.read() as session:
                states = emails.counts(session)
        took = time.perf_counter() - began
    finally:
        for worker in workers:
            worker.terminate()
        for worker in workers:
            worker.wait()
        db.close()
    return {"ratios": {}, "figures": {"mails": count, "composed_and_accepted_per_s": round(count / took)}}


def prepare(db: Database, count: int) -> None:
    """So many people with a subscription each, and a match each that waits."""
    clock.fix(datetime(2026, 11, 20, 4, tzinfo=UTC))
    store(db, notice("first"))
    found = store(db, *(notice(f"SR/{number}", title=f"Air compressor {number}") for number in range(NOTICES)))
    match(db)  # nobody watches yet: the matches are made below
    now, criteria = clock.now(), criterias.to_json(Criteria(product_types=frozenset({"air_compressor"})))
    for start in range(1, count + 1, BATCH):
        ids = range(start, min(start + BATCH, count + 1))
        rows: list[tuple[type, list[dict[str, Any]]]] = [
            (PersonRow, [{"id": each, "created_at": now} for each in ids]),
            (AddressRow, [{"person_id": each, "email": f"p{each}@firm.example", "verified_at": now} for each in ids]),
            (SubscriptionRow, [{"id": each, "person_id": each, "topic": "notices", "label": "空压机", "criteria": criteria,
                                "state": "active", "created_at": now, "confirmed_at": now} for each in ids]),
            (MatchRow, [{"subscription_id": each, "notice_id": found[each % NOTICES], "event": f"{each % NOTICES}@EU",
                         "material_version": 1, "version": 1, "created_at": now} for each in ids])]
        with db.write() as session:
            for table, values in rows:
                session.execute(insert(table), values)
    clock.fix(None)


def built() -> dict[str, Any]:
    """Mails composed against the way they are usually written; see ``bench.mail_build``."""
    try:
        ratios, figures = mail_build.run()
    finally:
        clock.fix(None)
    return {"ratios": ratios, "figures": figures}


def main() -> int:
    parser = argparse.ArgumentParser(prog="bench.mail", description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--mails", type=int, default=100_000, help="of the run through the stages")
    parser.add_argument("--handed", type=int, default=5_000, help="of each run of send")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder, smtp_sink() as url:
        found = [send(url, options.handed), hundred_thousand(url, options.mails, Path(folder)), built()]
    ratios = {name: ratio for each in found for name, ratio in each["ratios"].items()}
    figures = {name: figure for each in found for name, figure in each["figures"].items()}
    missed = [name for name, missing in (
        ("build", min(ratios[name] for name in found[2]["ratios"]) < TARGET_BUILT),
        ("send", ratios["send_over_connection_each"] < TARGET_RATIO),
        ("hundred_thousand", figures["composed_and_accepted_per_s"] < TARGET_RATE)) if missing]
    print("\n".join(f"{name:<34} {value}" for name, value in (figures | ratios).items()))
    print(f"MISSES ITS TARGET: {', '.join(missed)}" if missed else "all within the targets")
    print(json.dumps({"bench": "mail", "ratios": ratios, "figures": figures}))
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
