"""How long what says anything about persons is kept (ADR 34): bodies of mails for 30 days, addresses until 28 days after
the last subscription has ended, what came back for a year and without an address."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, delete, exists, func, or_, select, update

from domain import clock
from domain.consent import ADDRESS_DAYS, BODY_DAYS
from domain.subscription import SubscriptionState
from storage import personal
from storage.emails import EmailState
from storage.models import (
    AddressRow,
    AttemptRow,
    BounceRow,
    BulletinRow,
    EmailRow,
    MembershipRow,
    PersonRow,
    SignInRow,
    SubscriptionRow,
)
from storage.session import Database

BODIES_KEPT = timedelta(days=BODY_DAYS)
ADDRESSES_KEPT = timedelta(days=ADDRESS_DAYS)
BOUNCES_KEPT = timedelta(days=365)
BOUNCE_ADDRESSES_KEPT = timedelta(days=90)
"""How long a bounce names its address: longer than any series of holds."""
ATTEMPTS_KEPT = timedelta(days=7)
"""Longer than any limit counts."""
SIGN_INS_KEPT = timedelta(days=30)
UNUSED = "28 days after the last subscription ended"
BATCH = 500
_OVER = (EmailState.SENT.value, EmailState.FAILED.value)


@dataclass(slots=True)
class Forgotten:
    """What was forgotten, or would be: bodies of mails, persons, bounces, attempts and ways to sign in."""

    bodies: int = 0
    persons: int = 0
    bounces: int = 0
    attempts: int = 0
    sign_ins: int = 0

    def text(self) -> str:
        """For people."""
        return (f"{self.bodies} bodies of mails, {self.persons} persons, {self.bounces} bounces, {self.attempts} attempts "
                f"and {self.sign_ins} sign-ins")


def forget_personal(db: Database, *, dry_run: bool = False) -> Forgotten:
    """Forget what says something about persons and is old enough; with ``dry_run`` only count it. Safe to be killed
    anywhere and to run beside everything else."""
    now = clock.now()
    found = Forgotten(bodies=_empty_bodies(db, now, dry_run), persons=_erase_unused(db, now, dry_run))
    if not dry_run:
        with db.write() as session:
            session.execute(update(BounceRow).where(
                BounceRow.received_at < now - BOUNCE_ADDRESSES_KEPT, BounceRow.address_id.is_not(None)).values(
                    address_id=None))
    found.bounces = _prune(db, BounceRow, BounceRow.received_at < now - BOUNCES_KEPT, dry_run)
    found.attempts = _prune(db, AttemptRow, AttemptRow.at < now - ATTEMPTS_KEPT, dry_run)
    found.sign_ins = _prune(db, SignInRow, SignInRow.expires_at < now - SIGN_INS_KEPT, dry_run)
    return found


def _empty_bodies(db: Database, now: datetime, dry_run: bool) -> int:
    """A mail that failed has no time of its end: it is not later than when it was to be tried next."""
    old = (EmailRow.state.in_(_OVER), func.coalesce(EmailRow.sent_at, EmailRow.not_before) < now - BODIES_KEPT,
           or_(EmailRow.body_text != "", EmailRow.body_html != ""))
    with db.read() as session:
        ids = list(session.scalars(select(EmailRow.id).where(*old).order_by(EmailRow.id)))
    for start in range(0, 0 if dry_run else len(ids), BATCH):
        with db.write() as session:
            session.execute(update(EmailRow).where(EmailRow.id.in_(ids[start:start + BATCH]), *old).values(
                body_text="", body_html="", attachments=None))
    return len(ids)


def _erase_unused(db: Database, now: datetime, dry_run: bool) -> int:
    """Persons whom nothing needs: no subscription that lives or ended lately, no role, no bulletin of theirs."""
    with db.read() as session:
        ids = list(session.scalars(select(PersonRow.id).where(*_unused(now)).order_by(PersonRow.id)))
    for person_id in () if dry_run else ids:
        with db.write() as session:
            if session.scalar(select(exists().where(PersonRow.id == person_id, *_unused(now)))):
                personal.erase(session, person_id, UNUSED)
    return len(ids)


def _unused(now: datetime) -> tuple[ColumnElement[bool], ...]:
    since = now - ADDRESSES_KEPT
    lives = (SubscriptionRow.person_id == PersonRow.id) & or_(
        SubscriptionRow.state != SubscriptionState.ENDED.value, SubscriptionRow.ended_at >= since)
    lately = (AddressRow.person_id == PersonRow.id) & (AddressRow.verified_at >= since)
    return (PersonRow.erased_at.is_(None), PersonRow.is_operator.is_(False), PersonRow.created_at < since,
            *(~exists().where(each) for each in (
                lives, lately, MembershipRow.person_id == PersonRow.id, BulletinRow.author_id == PersonRow.id)))


def _prune(db: Database, table: type[Any], condition: ColumnElement[bool], dry_run: bool) -> int:
    with db.read() as session:
        ids = list(session.scalars(select(table.id).where(condition).order_by(table.id)))
    for start in range(0, 0 if dry_run else len(ids), BATCH):
        with db.write() as session:
            session.execute(delete(table).where(table.id.in_(ids[start:start + BATCH])))
    return len(ids)
