"""Reminders: a follower is to be told that a deadline is near. Kept once, then told in a mail or dropped with a reason."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from datetime import date

from sqlalchemy import select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from domain import clock
from domain.deadline import DeadlineKind
from storage.models import ReminderRow

BATCH = 500


@dataclass(frozen=True, slots=True)
class Step:
    """What a reminder is of: the step of ``days`` before a deadline of a notice. A person is reminded of it once."""

    person_id: int
    notice_id: int
    what: DeadlineKind
    on: date
    days: int


@dataclass(frozen=True, slots=True)
class Reminder:
    """A reminder that waits to be told."""

    id: int
    step: Step


def unknown(session: Session, steps: Sequence[Step]) -> list[Step]:
    """Those of these steps that have no reminder yet."""
    known: set[tuple[object, ...]] = set()
    persons = sorted({each.person_id for each in steps})
    for start in range(0, len(persons), BATCH):
        rows = session.execute(select(
            ReminderRow.person_id, ReminderRow.notice_id, ReminderRow.what, ReminderRow.on, ReminderRow.days).where(
                ReminderRow.person_id.in_(persons[start:start + BATCH]), ReminderRow.on >= min(each.on for each in steps)))
        known.update(map(tuple, rows))
    return [each for each in steps
            if (each.person_id, each.notice_id, each.what.value, each.on, each.days) not in known]


def add(session: Session, steps: Iterable[Step]) -> None:
    """Keep reminders; those that exist are passed over."""
    insert = postgresql.insert if session.get_bind().dialect.name == "postgresql" else sqlite.insert
    now = clock.now()
    rows = [{**asdict(each), "what": each.what.value, "created_at": now} for each in steps]
    if rows:
        session.execute(insert(ReminderRow).on_conflict_do_nothing(), rows)


def persons_waiting(session: Session) -> list[int]:
    """Persons with reminders that wait to be told."""
    return list(session.scalars(select(ReminderRow.person_id).where(
        ReminderRow.email_id.is_(None), ReminderRow.dropped_why.is_(None)).distinct().order_by(ReminderRow.person_id)))


def waiting(session: Session, person_id: int) -> list[Reminder]:
    """The reminders of a person that wait to be told, the nearest deadline first."""
    rows = session.scalars(select(ReminderRow).where(
        ReminderRow.person_id == person_id, ReminderRow.email_id.is_(None), ReminderRow.dropped_why.is_(None)).order_by(
            ReminderRow.on, ReminderRow.days, ReminderRow.id))
    return [Reminder(row.id, Step(row.person_id, row.notice_id, DeadlineKind(row.what), row.on, row.days)) for row in rows]


def told(session: Session, reminder_ids: Sequence[int], email_id: int) -> bool:
    """Bind reminders to the mail that tells them; False when one of them waits no more."""
    bound = session.scalars(update(ReminderRow).where(
        ReminderRow.id.in_(reminder_ids), ReminderRow.email_id.is_(None), ReminderRow.dropped_why.is_(None),
    ).values(email_id=email_id).returning(ReminderRow.id)).all()
    return len(bound) == len(reminder_ids)


def drop(session: Session, reminder_ids: Sequence[int], why: str) -> None:
    """Let reminders go untold."""
    session.execute(update(ReminderRow).where(ReminderRow.id.in_(reminder_ids), ReminderRow.email_id.is_(None)).values(
        dropped_why=why))
