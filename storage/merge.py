"""Write new readings of notices with their versions and changes: the fast way of each database, one meaning.

SQLite takes batches with ON CONFLICT through its driver; PostgreSQL takes a COPY into a staging table and one chained
statement. The ORM would spend most of the time of a first load on objects that nobody looks at.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass, fields
from datetime import date, datetime
from typing import Any

from sqlalchemy import Connection
from sqlalchemy.orm import Session

from storage import changes


@dataclass(frozen=True, slots=True)
class Written:
    """A reading to keep: the notice as it stands from now on, and what its version says of the change."""

    external_id: str
    version: int
    material_version: int
    fingerprint: str
    record_hash: str | None
    status: str
    withdrawn_at: datetime | None
    withdrawn_why: str | None
    event_on: date | None
    relevant: bool
    data: dict[str, Any]
    classification: dict[str, Any]
    found: dict[str, Any] | None
    review: str | None
    material: bool
    changed: list[str]
    alert: bool


@dataclass(frozen=True, slots=True)
class Occasion:
    """What all readings of a batch share."""

    source: str
    classifier_version: int
    capture_id: int | None
    parser_version: int
    run_id: int
    now: datetime


def merge(session: Session, occasion: Occasion, readings: Sequence[Written]) -> None:
    """Keep readings, each of another notice: new notices come to be, known ones change; each gets a version row and a
    change row a consumer. No two processes may do so for one source at a time."""
    if readings:
        connection = session.connection()
        (_merge_postgres if connection.dialect.name == "postgresql" else _merge_sqlite)(connection, occasion, readings)


_NOTICE = ("version", "material_version", "fingerprint", "record_hash", "status", "withdrawn_at", "withdrawn_why",
           "event_on", "relevant", "data", "classification", "found", "review",
           "classifier_version", "capture_id", "changed_at", "indexed_at", "missing_run_id")
_NEW = ("source", "external_id", "event", *_NOTICE, "first_seen_at")
_VERSION = ("notice_id", "version", "fingerprint", "status", "material", "changed", "data", "parser_version", "run_id",
            "capture_id", "seen_at")
_CHANGE = ("consumer", "kind", "subject_id", "version", "alert", "run_id", "created_at")
_UPDATE = ", ".join(f"{name} = excluded.{name}" for name in _NOTICE)


_encode = json.JSONEncoder(ensure_ascii=False).encode
_SURROGATES = re.compile("[\ud800-\udfff]")


def _text(value: object) -> str:
    text = _encode(value)
    if text.isascii() or not _SURROGATES.search(text):
        return text
    return json.dumps(value)  # half a sign, which UTF-8 cannot hold, stands there as its number


# -- SQLite -------------------------------------------------------------------------------------------------------------
def _insert(table: str, columns: Sequence[str]) -> str:
    return f"INSERT INTO {table} ({', '.join(columns)}) VALUES ({', '.join('?' * len(columns))})"


_SQLITE_NOTICE = f"{_insert('notices', ('id', *_NEW))} ON CONFLICT (source, external_id) DO UPDATE SET {_UPDATE}"
_SQLITE_VERSION = _insert("notice_versions", _VERSION)
_SQLITE_CHANGE = _insert("changes", _CHANGE)


def _merge_sqlite(connection: Connection, occasion: Occasion, readings: Sequence[Written]) -> None:
    ids = _ids(connection, occasion.source, readings)
    now = _moment(occasion.now)
    of_run = occasion.parser_version, occasion.run_id, occasion.capture_id, now
    rows, versions, log = [], [], []
    for each in readings:
        data, notice_id = _text(each.data), ids[each.external_id]
        rows.append((
            notice_id, occasion.source, each.external_id, _event(occasion, each), each.version, each.material_version,
            each.fingerprint, each.record_hash, each.status, _moment(each.withdrawn_at), each.withdrawn_why,
            each.event_on.isoformat() if each.event_on else None, each.relevant, data, _text(each.classification),
            _text(each.found) if each.found else None, each.review, occasion.classifier_version, occasion.capture_id,
            now, None, None, now))
        versions.append((notice_id, each.version, each.fingerprint, each.status, each.material, _text(each.changed), data,
                         *of_run))
        log += [(consumer, changes.NOTICE, notice_id, each.version, each.alert and consumer == changes.MATCH,
                 occasion.run_id, now) for consumer in changes.CONSUMERS]
    for statement, values in ((_SQLITE_NOTICE, rows), (_SQLITE_VERSION, versions), (_SQLITE_CHANGE, log)):
        connection.exec_driver_sql(statement, values)


def _ids(connection: Connection, source: str, readings: Sequence[Written]) -> dict[str, int]:
    """The ids of notices; new ones get the next. Nobody else writes: the transaction holds the database's only lock."""
    known: dict[str, int] = {}
    if any(each.version > 1 for each in readings):
        rows = connection.exec_driver_sql(
            "SELECT external_id, id FROM notices WHERE source = ? AND external_id IN (SELECT value FROM json_each(?))",
            (source, _text([each.external_id for each in readings])))
        known = {row.external_id: row.id for row in rows}
    following = connection.exec_driver_sql("SELECT coalesce(max(id), 0) FROM notices").scalar_one()
    new = [each.external_id for each in readings if each.external_id not in known]
    return known | {external_id: following + place for place, external_id in enumerate(new, 1)}


def _moment(value: datetime | None) -> str | None:
    """As storage.models.UtcDateTime keeps it."""
    return value.strftime("%Y-%m-%d %H:%M:%S.%f") if value else None


# -- PostgreSQL ---------------------------------------------------------------------------------------------------------
_STAGED = tuple(field.name for field in fields(Written))
_STAGING = """CREATE TEMP TABLE IF NOT EXISTS staged_notices (
    external_id text PRIMARY KEY, version int, material_version int, fingerprint text, record_hash text, status text,
    withdrawn_at timestamptz, withdrawn_why text, event_on date, relevant boolean, data json, classification json,
    found json, review text, material boolean, changed json, alert boolean) ON COMMIT DELETE ROWS"""
_COPY = f"COPY staged_notices ({', '.join(_STAGED)}) FROM STDIN"
_GIVEN = {"classifier_version": "%(classifier_version)s", "capture_id": "%(capture_id)s::int",
          "changed_at": "%(now)s", "indexed_at": "NULL::timestamptz", "missing_run_id": "NULL::int",
          "first_seen_at": "%(now)s", "source": "%(source)s::text", "event": "%(source)s::text || ':' || external_id",
          "notice_id": "merged.id", "parser_version": "%(parser_version)s", "run_id": "%(run_id)s", "seen_at": "%(now)s",
          "consumer": "consumer",
          "kind": f"'{changes.NOTICE}'", "subject_id": "merged.id", "created_at": "%(now)s",
          "alert": f"alert AND consumer = '{changes.MATCH}'"}


def _chosen(columns: Sequence[str]) -> str:
    return ", ".join(_GIVEN.get(name, name) for name in columns)


_MERGE = f"""
WITH merged AS (
    INSERT INTO notices ({', '.join(_NEW)}) SELECT {_chosen(_NEW)} FROM staged_notices
    ON CONFLICT (source, external_id) DO UPDATE SET {_UPDATE} RETURNING id, external_id
), versions AS (
    INSERT INTO notice_versions ({', '.join(_VERSION)})
    SELECT {_chosen(_VERSION)} FROM staged_notices JOIN merged USING (external_id)
)
INSERT INTO changes ({', '.join(_CHANGE)})
SELECT {_chosen(_CHANGE)} FROM staged_notices JOIN merged USING (external_id), unnest(%(consumers)s::text[]) AS consumer
"""


def _merge_postgres(connection: Connection, occasion: Occasion, readings: Sequence[Written]) -> None:
    driver: Any = connection.connection.driver_connection
    with driver.cursor() as cursor:
        cursor.execute(_STAGING)
        with cursor.copy(_COPY) as copy:
            for each in readings:
                copy.write_row(_copied(each))
        cursor.execute(_MERGE, {field.name: getattr(occasion, field.name) for field in fields(occasion)} | {
            "consumers": list(changes.CONSUMERS)})
        cursor.execute("DELETE FROM staged_notices")


def _copied(each: Written) -> list[Any]:
    """JSON values as text."""
    return [_text(value) if isinstance(value, dict | list) else value
            for value in (getattr(each, name) for name in _STAGED)]


def _event(occasion: Occasion, each: Written) -> str:
    return f"{occasion.source}:{each.external_id}"
