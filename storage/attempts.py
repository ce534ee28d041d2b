"""What was done how often: the memory of limits. Who did it stands here as a keyed hash only, and for two days at most."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from domain import clock
from storage.locks import alone
from storage.models import AttemptRow

KEPT = timedelta(days=2)
"""No window of a limit may be longer."""
LOCK = "attempts"


@dataclass(frozen=True, slots=True)
class Limit:
    """At most so many of ``what`` with one ``key`` within a time. ``key`` is a keyed hash of whom it counts."""

    what: str
    key: str
    most: int
    within: timedelta


def take(session: Session, limits: Sequence[Limit]) -> timedelta | None:
    """Count one attempt against all of these limits, in the caller's transaction; or, when one of them is reached, count
    nothing and give how long to wait."""
    alone(session, LOCK)
    now = clock.now()
    waits = [wait for limit in limits if (wait := _wait(session, limit, now)) is not None]
    if waits:
        return max(waits)
    counted = sorted({(each.what, each.key) for each in limits})
    session.add_all(AttemptRow(what=what, key=key, at=now) for what, key in counted)
    session.flush()
    return None


def _wait(session: Session, limit: Limit, now: datetime) -> timedelta | None:
    """How long until another one is within the limit; None when it is so already."""
    last_to_count = session.scalar(select(AttemptRow.at).where(
        AttemptRow.what == limit.what, AttemptRow.key == limit.key, AttemptRow.at > now - limit.within)
        .order_by(AttemptRow.at.desc()).offset(limit.most - 1).limit(1))
    return last_to_count + limit.within - now if last_to_count else None


def prune(session: Session) -> int:
    """Forget what no limit counts any more; gives how many."""
    return len(session.scalars(delete(AttemptRow).where(AttemptRow.at < clock.now() - KEPT).returning(AttemptRow.id)).all())
