"""What people agreed to: the text on their data, by its version; only ever added to."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import Session

from domain import clock
from storage.models import ConsentRow


def agreed(session: Session, person_id: int) -> str:
    """The version that a person agreed to and has not taken back; empty for none."""
    row = _newest(session, person_id)
    return row.version if row and row.given else ""


def give(session: Session, person_id: int, version: str) -> None:
    """A person agrees to a version; agreeing again changes nothing."""
    if agreed(session, person_id) != version:
        session.add(ConsentRow(person_id=person_id, version=version, given=True, at=clock.now()))


def take_back(session: Session, person_id: int) -> None:
    """A person takes back what they agreed to."""
    if version := agreed(session, person_id):
        session.add(ConsentRow(person_id=person_id, version=version, given=False, at=clock.now()))


def _newest(session: Session, person_id: int) -> ConsentRow | None:
    return session.scalar(select(ConsentRow).where(ConsentRow.person_id == person_id)
                          .order_by(ConsentRow.id.desc()).limit(1))
