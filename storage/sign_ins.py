"""Ways in as kept: the link and the code of a mail, or a code on paper. Each is used once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from sqlalchemy import and_, delete, or_, select, update
from sqlalchemy.orm import Session

from domain import clock
from storage.models import MembershipRow, OrganisationRow, PersonRow, SignInRow

MAIL_KEPT, PAPER_KEPT = timedelta(days=1), timedelta(days=30)
"""How long one that has expired is kept: long enough to say so to whoever comes late."""


class Kind(StrEnum):
    """How a code reaches its reader."""

    MAIL = "mail"
    PAPER = "paper"


@dataclass(frozen=True, slots=True)
class SignIn:
    """A way in. ``person_id`` is None when it leads nowhere: nobody has confirmed the address that asked."""

    id: int
    person_id: int | None
    code_hash: str
    expires_at: datetime
    tries: int
    used_at: datetime | None

    @property
    def has_expired(self) -> bool:
        """Whether its time is over."""
        return clock.now() >= self.expires_at


@dataclass(frozen=True, slots=True)
class Handed:
    """A code on paper that was handed out and not used so far."""

    id: int
    name: str
    organisation: str
    zone_id: int
    created_at: datetime
    expires_at: datetime


def add(session: Session, kind: Kind, person_id: int | None, code_hash: str, life: timedelta,
        issued_by: int | None = None) -> int:
    """Keep a new way in, and end the person's earlier ones of this kind; gives its id."""
    now = clock.now()
    session.execute(update(SignInRow).where(
        SignInRow.person_id == (person_id or 0), SignInRow.kind == kind.value, SignInRow.used_at.is_(None)).values(
            used_at=now))
    row = SignInRow(person_id=person_id, kind=kind.value, code_hash=code_hash, issued_by=issued_by, created_at=now,
                    expires_at=now + life, tries=0)
    session.add(row)
    session.flush()
    return row.id


def by_id(session: Session, sign_in_id: int) -> SignIn | None:
    """A way in by mail."""
    row = session.get(SignInRow, sign_in_id)
    return _sign_in(row) if row and row.kind == Kind.MAIL.value else None


def taken(session: Session, sign_in_id: int) -> SignIn | None:
    """As ``by_id``, for this transaction alone."""
    row = session.scalar(select(SignInRow).where(
        SignInRow.id == sign_in_id, SignInRow.kind == Kind.MAIL.value).with_for_update())
    return _sign_in(row) if row else None


def by_paper(session: Session, code_hash: str) -> SignIn | None:
    """The way in that a code on paper is for, for this transaction alone."""
    row = session.scalar(select(SignInRow).where(
        SignInRow.code_hash == code_hash, SignInRow.kind == Kind.PAPER.value).with_for_update())
    return _sign_in(row) if row else None


def count_try(session: Session, sign_in_id: int) -> None:
    """Somebody typed a code."""
    session.execute(update(SignInRow).where(SignInRow.id == sign_in_id).values(tries=SignInRow.tries + 1))


def use(session: Session, sign_in_id: int) -> None:
    """It has let somebody in, or must let nobody in any more."""
    session.execute(update(SignInRow).where(SignInRow.id == sign_in_id, SignInRow.used_at.is_(None)).values(
        used_at=clock.now()))


def handed(session: Session, zone_ids: Sequence[int]) -> list[Handed]:
    """The codes on paper of these zones that still let somebody in, newest first."""
    rows = session.execute(
        select(SignInRow, PersonRow.name, OrganisationRow.name, OrganisationRow.zone_id)
        .join(PersonRow, PersonRow.id == SignInRow.person_id)
        .join(MembershipRow, MembershipRow.person_id == PersonRow.id)
        .join(OrganisationRow, OrganisationRow.id == MembershipRow.organisation_id)
        .where(SignInRow.kind == Kind.PAPER.value, SignInRow.used_at.is_(None), SignInRow.expires_at > clock.now(),
               OrganisationRow.zone_id.in_(zone_ids)).order_by(SignInRow.id.desc()))
    return [Handed(row.id, name, organisation, zone_id, row.created_at, row.expires_at)
            for row, name, organisation, zone_id in rows]


def prune(session: Session) -> int:
    """Delete what expired some time ago; gives how many."""
    now = clock.now()
    old = or_(*(and_(SignInRow.kind == kind.value, SignInRow.expires_at < now - kept)
                for kind, kept in ((Kind.MAIL, MAIL_KEPT), (Kind.PAPER, PAPER_KEPT))))
    return len(session.scalars(delete(SignInRow).where(old).returning(SignInRow.id)).all())


def _sign_in(row: SignInRow) -> SignIn:
    return SignIn(row.id, row.person_id, row.code_hash, row.expires_at, row.tries, row.used_at)
