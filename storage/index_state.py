"""Which generation of the search index readers should use, and its newest commit."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy.orm import Session

from domain import clock
from storage.models import IndexState
from storage.session import Database


@dataclass(frozen=True, slots=True)
class Generation:
    """A generation of the index and the number of commits made to it; caches key on both."""

    name: str
    commit_no: int


def current(session: Session) -> Generation | None:
    """The generation in use; None before the first build."""
    row = session.get(IndexState, 1)
    return Generation(row.generation, row.commit_no) if row else None


def newest(db: Database) -> Generation | None:
    """``current`` for those who ask at every search: past the ORM, which would take four times as long."""
    with db.engine.connect() as connection:
        row = connection.exec_driver_sql("SELECT generation, commit_no FROM index_state WHERE id = 1").first()
    return Generation(*row) if row else None


def flip(session: Session, name: str) -> None:
    """Let readers use another generation."""
    session.merge(IndexState(id=1, generation=name, commit_no=1, changed_at=clock.now()))


def committed(session: Session) -> None:
    """Note a commit to the generation in use."""
    row = session.get_one(IndexState, 1)
    row.commit_no += 1
    row.changed_at = clock.now()
