"""How long what says anything about persons is kept (ADR 34): bodies of mails for 30 days, addresses until 28 days after
the last subscription has ended, what came back for a year and without an address."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, delete, exists, func, or_, select, update

from domain import clock
from domain.consent import ADDRESS_DAYS, BODY_DAYS
from domain.subscription import SubscriptionState
from storage import personal
from storage.emails import EmailState
from storage.models import (
    AddressRow,
    BounceRow,
    BulletinRow,
    EmailRow,
    MembershipRow,
    PersonRow,
    SubscriptionRow,
)
from storage.session import Database

BODIES_KEPT = timedelta(days=BODY_DAYS)
ADDRESSES_KEPT = timedelta(days=ADDRESS_DAYS)
BOUNCES_KEPT = timedelta(days=365)
BOUNCE_ADDRESSES_KEPT = timedelta(days=90)
"""How long a bounce names its address: longer than any series of holds."""
UNUSED = "28 days after the last subscription ended"
BATCH = 500
_OVER = (EmailState.SENT.value, EmailState.FAILED.value)


@dataclass(frozen=True, slots=True)
class Forgotten:
    """What was forgotten, or would be."""

    bodies: int = 0
    persons: int = 0
    bounces: int = 0

    def text(self) -> str:
        """For people."""
        return f"{self.bodies} bodies of mails, {self.persons} persons and {self.bounces} bounces"


def forget_personal(db: Database, *, dry_run: bool = False) -> Forgotten:
    """Forget what says something about persons and is old enough; with ``dry_run`` only count it. Safe to be killed
    anywhere and to run beside everything else."""
    now = clock.now()
    return Forgotten(_empty_bodies(db, now, dry_run), _erase_unused(db, now, dry_run), _forget_bounces(db, now, dry_run))


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


def _forget_bounces(db: Database, now: datetime, dry_run: bool) -> int:
    """First whose address it was, then all of it."""
    if not dry_run:
        with db.write() as session:
            session.execute(update(BounceRow).where(
                BounceRow.received_at < now - BOUNCE_ADDRESSES_KEPT, BounceRow.address_id.is_not(None)).values(
                    address_id=None))
    old = BounceRow.received_at < now - BOUNCES_KEPT
    with db.read() as session:
        ids = list(session.scalars(select(BounceRow.id).where(old).order_by(BounceRow.id)))
    for start in range(0, 0 if dry_run else len(ids), BATCH):
        with db.write() as session:
            session.execute(delete(BounceRow).where(BounceRow.id.in_(ids[start:start + BATCH])))
    return len(ids)
