"""Change log between the stages: one row per consumer, done-marks instead of a high-water id."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, func, insert, or_, select, update
from sqlalchemy.orm import Session

from domain import clock
from domain.source import RunStatus
from storage.models import ChangeRow, SourceRunRow

INDEX = "index"
MATCH = "match"
CONSUMERS = (INDEX, MATCH)
NOTICE = "notice"
BULLETIN = "bulletin"
HEALTH = "health"


@dataclass(frozen=True, slots=True)
class Change:
    """Something for a consumer to do: ``alert`` says whether anybody may be mailed because of it."""

    id: int
    kind: str
    subject_id: int
    version: int
    alert: bool
    created_at: datetime


def rows(kind: str, subject_id: int, version: int, alert: bool, run_id: int | None,
         consumers: Sequence[str] = CONSUMERS) -> list[dict[str, Any]]:
    """Insertable rows of one change, one a consumer; only the matcher may alert."""
    now = clock.now()
    return [{"consumer": consumer, "kind": kind, "subject_id": subject_id, "version": version,
             "alert": alert and consumer == MATCH, "run_id": run_id, "created_at": now, "done_at": None}
            for consumer in consumers]


def add(session: Session, kind: str, subject_id: int, version: int = 1, *, alert: bool, run_id: int | None = None,
        consumers: Sequence[str] = CONSUMERS) -> None:
    """Log one change."""
    session.execute(insert(ChangeRow), rows(kind, subject_id, version, alert, run_id, consumers))


def read(session: Session, consumer: str, limit: int) -> list[Change]:
    """The oldest pending changes of a consumer.

    Alerts wait until their run has ended and is not held, so that the breaker sees a whole run before anyone is mailed.
    """
    query = select(ChangeRow).where(_pending(consumer)).order_by(ChangeRow.id).limit(limit)
    if consumer == MATCH:
        query = query.outerjoin(SourceRunRow, SourceRunRow.id == ChangeRow.run_id).where(
            or_(ChangeRow.alert.is_(False), ChangeRow.run_id.is_(None), _open_run()))
    return [Change(row.id, row.kind, row.subject_id, row.version, row.alert, row.created_at)
            for row in session.scalars(query)]


def _open_run() -> ColumnElement[bool]:
    return or_(SourceRunRow.released_at.is_not(None),
               SourceRunRow.status.not_in((RunStatus.RUNNING.value, RunStatus.HELD.value)))


def _pending(consumer: str) -> ColumnElement[bool]:
    return (ChangeRow.consumer == consumer) & ChangeRow.done_at.is_(None)


def overdue(session: Session, before: datetime) -> int:
    """How many changes have waited since before a moment although nothing holds them back."""
    taken = or_(ChangeRow.consumer != MATCH, ChangeRow.alert.is_(False), ChangeRow.run_id.is_(None), _open_run())
    return session.scalar(
        select(func.count()).select_from(ChangeRow).outerjoin(SourceRunRow, SourceRunRow.id == ChangeRow.run_id)
        .where(ChangeRow.done_at.is_(None), ChangeRow.created_at < before, taken)) or 0


def done(session: Session, change_ids: Iterable[int]) -> None:
    """Mark changes as taken."""
    ids = list(change_ids)
    for start in range(0, len(ids), 500):
        session.execute(update(ChangeRow).where(ChangeRow.id.in_(ids[start:start + 500])).values(done_at=clock.now()))


def of_version(session: Session, consumer: str, kind: str, subject_id: int, version: int) -> tuple[bool, bool]:
    """Whether a version of a subject may alert anybody, and whether a consumer has still to take it. One whose row is kept
    no longer was taken long ago."""
    row = session.execute(select(ChangeRow.alert, ChangeRow.done_at).where(
        ChangeRow.kind == kind, ChangeRow.subject_id == subject_id, ChangeRow.version == version,
        ChangeRow.consumer == consumer).order_by(ChangeRow.id.desc()).limit(1)).one_or_none()
    return (row.alert, row.done_at is None) if row else (False, False)


def drop_silent(session: Session, limit: int) -> int:
    """Mark the matcher's oldest pending changes that may not alert as done; gives how many."""
    chosen = select(ChangeRow.id).where(_pending(MATCH), ChangeRow.alert.is_(False)).order_by(ChangeRow.id).limit(limit)
    ids = session.scalars(chosen).all()
    done(session, ids)
    return len(ids)


def pending(session: Session, consumer: str) -> int:
    """How many changes wait for a consumer, those of running and held runs included."""
    return session.scalar(select(func.count()).select_from(ChangeRow).where(_pending(consumer))) or 0
