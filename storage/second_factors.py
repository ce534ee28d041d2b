"""The second factor of persons: a sealed secret, since when it counts, and the last step at which it was used."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from domain import clock
from domain.errors import NotFound
from storage.models import PersonRow


@dataclass(frozen=True, slots=True)
class SecondFactor:
    """``since`` is None as long as it is not confirmed; ``last_step`` is the last one that let its person in."""

    sealed: str
    since: datetime | None
    last_step: int


def of(session: Session, person_id: int) -> SecondFactor | None:
    """The second factor of a person; None when they have none."""
    row = session.get(PersonRow, person_id)
    return _factor(row) if row else None


def taken(session: Session, person_id: int) -> SecondFactor | None:
    """As ``of``, for this transaction alone."""
    row = session.scalar(select(PersonRow).where(PersonRow.id == person_id).with_for_update())
    return _factor(row) if row else None


def _factor(row: PersonRow) -> SecondFactor | None:
    return SecondFactor(row.totp_secret, row.totp_since, row.totp_last_step or 0) if row.totp_secret else None


def begin(session: Session, person_id: int, sealed: str | None) -> None:
    """Keep a secret that is not confirmed yet in place of any other; None for none at all. Raises NotFound."""
    row = session.get(PersonRow, person_id)
    if row is None:
        raise NotFound(f"there is no person {person_id}")
    row.totp_secret, row.totp_since, row.totp_last_step = sealed, None, None


def use(session: Session, person_id: int, step: int) -> None:
    """A code of this step was right: it confirms the secret, and is right no second time."""
    row = session.get_one(PersonRow, person_id)
    row.totp_since, row.totp_last_step = row.totp_since or clock.now(), step
