"""Work asked for by a person, taken by a worker or the scheduler."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy import exists, select, update
from sqlalchemy.orm import Session

from domain import clock
from storage.models import TaskRow
from storage.session import Database

REBUILD = "rebuild"
CRAWL = "crawl"
INDEX = "index"
MATCH = "match"
SEND = "send"
WORKER_KINDS = (REBUILD, INDEX, MATCH, SEND)


@dataclass(frozen=True, slots=True)
class Task:
    """A task that was taken."""

    id: int
    kind: str
    payload: dict[str, Any]


def ask(session: Session, kind: str, asked_by: str, payload: dict[str, Any] | None = None) -> int:
    """Ask for work; gives the task's id."""
    row = TaskRow(kind=kind, payload=payload or {}, state="waiting", asked_by=asked_by, created_at=clock.now())
    session.add(row)
    session.flush()
    return row.id


def take(db: Database, kinds: tuple[str, ...]) -> Task | None:
    """Claim the oldest waiting task of these kinds; None when nothing waits. A task stays ``taken`` until ``finish``;
    ``give_back`` returns those of a dead process."""
    with db.read() as session:
        if not session.scalar(select(exists().where(TaskRow.state == "waiting", TaskRow.kind.in_(kinds)))):
            return None  # most of the time; nothing is locked
    with db.write() as session:
        row = session.scalar(select(TaskRow).where(TaskRow.state == "waiting", TaskRow.kind.in_(kinds))
                             .order_by(TaskRow.id).limit(1).with_for_update(skip_locked=True))
        if row is None:
            return None
        row.state, row.taken_at = "taken", clock.now()
        return Task(row.id, row.kind, row.payload)


def finish(db: Database, task: Task, result: str, failed: bool = False) -> None:
    """End a task with a result a person can read."""
    with db.write() as session:
        row = session.get_one(TaskRow, task.id)
        row.state, row.done_at, row.result = "failed" if failed else "done", clock.now(), result


def give_back(db: Database, kinds: tuple[str, ...]) -> None:
    """Let tasks be taken again whose process died; call it only while holding the role's lock."""
    with db.write() as session:
        session.execute(update(TaskRow).where(TaskRow.state == "taken", TaskRow.kind.in_(kinds)).values(state="waiting"))
