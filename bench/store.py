"""The product's ingest against the per-item pipeline everyone starts with, and against the raw driver, on both databases.

    python -m bench.store [NOTICES] [--postgres URL]

The same invented notices, classified beforehand, are stored as new, then once more with every fiftieth changed. All three
ways keep the notice, a version for what is new or differs, and a change row a consumer, and make the same JSON and
fingerprints. PostgreSQL commits durably, as it does where nobody turned that off. ``item``: the ORM pipeline that selects,
inserts or updates and commits for each item. ``raw``: the driver's ``executemany`` with ON CONFLICT in batches (COPY and one
statement on PostgreSQL), told beforehand what is new, so that it never reads. A ratio is the peer's seconds divided by ours,
both passes together. Rows are counted after each way.
Last line: JSON.
"""

from __future__ import annotations

import argparse
import json
import sqlite3
import tempfile
import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import Any

from sqlalchemy import func, select

from bench.invented import card, invented
from domain import classification as classifications
from domain import clock
from domain import notice as notices
from domain.classify import VERSION
from storage import changes, runs, sources
from storage.ingest import BATCH, Reading, ingest
from storage.models import ChangeRow, NoticeRow, NoticeVersionRow
from storage.runs import Run
from storage.session import Database
from tests import postgres

SLUG = "eu_first"
CHANGED = 50
"""Every so manieth notice differs in the second pass."""
Way = Callable[[Database, Run, Sequence[Reading]], None]


def readings(count: int) -> list[Reading]:
    return [Reading(replace(notice, source=SLUG), found) for notice, found in invented(count)]


def with_changes(before: Sequence[Reading]) -> list[Reading]:
    return [replace(each, notice=replace(each.notice, summary=f"{each.notice.summary} (corrected)"))
            if place % CHANGED == 0 else each for place, each in enumerate(before)]


def product(db: Database, run: Run, batch: Sequence[Reading]) -> None:
    ingest(db, run, batch, VERSION)


def item(db: Database, run: Run, batch: Sequence[Reading]) -> None:
    for each in batch:
        with db.write() as session:
            fingerprint = notices.fingerprint(each.notice)
            row = session.scalar(select(NoticeRow).where(NoticeRow.source == SLUG,
                                                         NoticeRow.external_id == each.notice.external_id))
            if row is not None and row.fingerprint == fingerprint:
                continue
            if row is None:
                row = NoticeRow(source=SLUG, external_id=each.notice.external_id, event=each.notice.external_id, version=0,
                                first_seen_at=clock.now())
                session.add(row)
            row.version += 1
            row.material_version, row.fingerprint, row.status = row.version, fingerprint, "active"
            row.event_on, row.relevant = each.notice.event_date, each.classification.is_relevant
            row.data, row.classification = notices.to_json(each.notice), classifications.to_json(each.classification)
            row.classifier_version, row.changed_at = VERSION, clock.now()
            session.flush()
            session.add(NoticeVersionRow(
                notice_id=row.id, version=row.version, fingerprint=fingerprint, status="active", material=True, changed=[],
                data=row.data, parser_version=1, run_id=run.id, seen_at=clock.now()))
            for consumer in changes.CONSUMERS:
                session.add(ChangeRow(consumer=consumer, kind=changes.NOTICE, subject_id=row.id, version=row.version,
                                      alert=False, run_id=run.id, created_at=clock.now()))


COLUMNS = ("id", "source", "external_id", "event", "version", "material_version", "fingerprint", "status", "event_on",
           "relevant", "data", "classification", "classifier_version", "first_seen_at", "changed_at")
KEPT = ("version", "material_version", "fingerprint", "event_on", "relevant", "data", "classification", "changed_at")
VERSIONS = ("notice_id", "version", "fingerprint", "status", "material", "changed", "data", "parser_version", "run_id",
            "seen_at")
CHANGES = ("consumer", "kind", "subject_id", "version", "alert", "run_id", "created_at")


def raw_rows(run: Run, batch: Sequence[Reading], first: int, version: int) -> tuple[list[Any], list[Any], list[Any]]:
    """Rows of the three tables. In the second pass only the fingerprints of what did not change are made."""
    rows, versions, log, now = [], [], [], clock.now().isoformat(" ")
    for place, each in enumerate(batch, first):
        values = notices.to_json(each.notice)
        fingerprint = notices.fingerprint_of(values)
        if version > 1 and (place - 1) % CHANGED:
            continue
        data = json.dumps(values, ensure_ascii=False)
        found = json.dumps(classifications.to_json(each.classification), ensure_ascii=False)
        day = each.notice.event_date
        rows.append((place, SLUG, each.notice.external_id, each.notice.external_id, version, version, fingerprint, "active",
                     day.isoformat() if day else None, each.classification.is_relevant, data, found, VERSION, now, now))
        versions.append((place, version, fingerprint, "active", True, "[]", data, 1, run.id, now))
        log += [(consumer, changes.NOTICE, place, version, False, run.id, now) for consumer in changes.CONSUMERS]
    return rows, versions, log


def upsert(columns: Sequence[str], values: str) -> str:
    kept = ", ".join(f"{name} = excluded.{name}" for name in KEPT)
    return f"INSERT INTO notices ({', '.join(columns)}) {values} ON CONFLICT (source, external_id) DO UPDATE SET {kept}"


class RawSqlite:
    """The standard library's driver, nothing between."""

    def __init__(self) -> None:
        self.version = 0

    def __call__(self, db: Database, run: Run, batch: Sequence[Reading]) -> None:
        self.version += 1
        connection = sqlite3.connect(str(db.engine.url.database), isolation_level=None)
        connection.execute("PRAGMA synchronous=NORMAL")
        for start in range(0, len(batch), BATCH):
            rows, versions, log = raw_rows(run, batch[start:start + BATCH], start + 1, self.version)
            connection.execute("BEGIN IMMEDIATE")
            connection.executemany(upsert(COLUMNS, f"VALUES ({', '.join('?' * len(COLUMNS))})"), rows)
            for table, columns, values in (("notice_versions", VERSIONS, versions), ("changes", CHANGES, log)):
                connection.executemany(
                    f"INSERT INTO {table} ({', '.join(columns)}) VALUES ({', '.join('?' * len(columns))})", values)
            connection.execute("COMMIT")
        connection.close()


class RawPostgres:
    """psycopg's COPY: notices through a staging table, versions and changes straight in."""

    def __init__(self) -> None:
        self.version = 0

    def __call__(self, db: Database, run: Run, batch: Sequence[Reading]) -> None:
        import psycopg
        self.version += 1
        address = db.engine.url.set(drivername="postgresql").render_as_string(hide_password=False)
        with psycopg.connect(address) as connection, connection.cursor() as cursor:
            cursor.execute("CREATE TEMP TABLE raw_notices (LIKE notices) ON COMMIT DELETE ROWS")
            for start in range(0, len(batch), BATCH):
                rows, versions, log = raw_rows(run, batch[start:start + BATCH], start + 1, self.version)
                for table, columns, values in (("raw_notices", COLUMNS, rows), ("notice_versions", VERSIONS, versions),
                                               ("changes", CHANGES, log)):
                    if table == "notice_versions":
                        cursor.execute(upsert(COLUMNS, f"SELECT {', '.join(COLUMNS)} FROM raw_notices"))
                    with cursor.copy(f"COPY {table} ({', '.join(columns)}) FROM STDIN") as copy:
                        for each in values:
                            copy.write_row(each)
                connection.commit()


def seconds(url: str, way: Way, passes: Sequence[Sequence[Reading]]) -> list[float]:
    """Seconds of each pass into an empty database; raises SystemExit when it kept something else than it should."""
    db = Database(url)
    db.migrate()
    sources.save_cards(db, [card(SLUG)])
    run, found = runs.start(db, card(SLUG)), []
    for each in passes:
        began = time.perf_counter()
        way(db, run, each)
        found.append(time.perf_counter() - began)
    with db.read() as session:
        counts = [session.scalar(select(func.count()).select_from(table))
                  for table in (NoticeRow, NoticeVersionRow, ChangeRow)]
    versions = len(passes[0]) + -(-len(passes[0]) // CHANGED)
    if counts != [len(passes[0]), versions, 2 * versions]:
        raise SystemExit(f"{way}: kept {counts}")
    db.close()
    return found


def measure(name: str, address: Callable[[str], str], raw: Way, count: int) -> dict[str, Any]:
    new = readings(count)
    passes = (new, with_changes(new))
    figures: dict[str, Any] = {}
    taken: dict[str, float] = {}
    for label, way in (("item", item), ("raw", raw), ("ingest", product)):
        first, second = seconds(address(label), way, passes)
        taken[label] = first + second
        figures |= {f"{name}_{label}_new_per_s": round(count / first),
                    f"{name}_{label}_2pc_changed_per_s": round(count / second)}
        print(f"{name:9} {label:7} new {count / first:8.0f}/s   2 % changed {count / second:8.0f}/s")
    return {"figures": figures, "ratios": {f"{name}_per_item": round(taken["item"] / taken["ingest"], 1),
                                           f"{name}_raw_driver": round(taken["raw"] / taken["ingest"], 2)}}


def main() -> None:
    parser = argparse.ArgumentParser(description="ingest against the per-item pipeline and the raw driver")
    parser.add_argument("count", nargs="?", type=int, default=10_000)
    parser.add_argument("--postgres", help="address of a server; without it one is started, if it is installed")
    options = parser.parse_args()
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        found = [measure("sqlite", lambda label: f"sqlite:///{folder / label}.db", RawSqlite(), options.count)]
        if server := options.postgres or (postgres.binaries() and stack.enter_context(
                postgres.running(Path(tempfile.mkdtemp(prefix="zonewatch-bench-")), postgres.USUAL))):
            found.append(measure("postgres", lambda label: postgres.fresh(str(server), f"bench_{label}"), RawPostgres(),
                                 options.count))
    print(json.dumps({"bench": "store", "ratios": {name: ratio for each in found for name, ratio in each["ratios"].items()},
                      "figures": {"notices": options.count} | {
                          name: figure for each in found for name, figure in each["figures"].items()}}))


if __name__ == "__main__":
    main()
