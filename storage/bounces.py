"""What came back for mails, and what follows for their addresses (ADR 34)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256

from sqlalchemy import exists, func, or_, select, update
from sqlalchemy.orm import Session

from domain import clock
from domain.bounce import HOLDS, NO_MAILBOX, QUIET, SPAM, TOO_OFTEN, BounceKind, Told, kind_of, status_of
from domain.organisation import AddressState, OrganisationKind, mailbox
from domain.subscription import SubscriptionState
from storage import emails
from storage.emails import Email, EmailState, Purpose
from storage.locks import alone
from storage.models import (
    AddressRow,
    BounceRow,
    EmailRow,
    MembershipRow,
    OrganisationRow,
    SubscriptionRow,
)

BOUNCES = "bounces"
UNKNOWN_SHOWN = 20
_WAITING = (EmailState.DUE.value, EmailState.PENDING.value)
_ENDS = {BounceKind.HARD: NO_MAILBOX, BounceKind.COMPLAINT: SPAM}
_SENT_ANEW = frozenset(each.value for each in Purpose) - {
    Purpose.CONFIRM.value, Purpose.SIGN_IN.value, Purpose.ADDRESS.value}
"""Mails that are of use later too: a soft bounce does not lose them."""
_DEAD = (AddressState.SUSPENDED.value, AddressState.ENDED.value)


@dataclass(frozen=True, slots=True)
class Noted:
    """A bounce as kept, for the operator; it names no address."""

    kind: str
    status: str
    told_by: str
    received_at: datetime


@dataclass(frozen=True, slots=True)
class Standing:
    """How mail to a person's address fares, and ``why`` nothing goes there any more."""

    email: str
    state: AddressState
    held_until: datetime | None
    why: str


@dataclass(frozen=True, slots=True)
class Overview:
    """How mail fares: addresses by state, what came back within a month by kind, and the newest that nobody understood."""

    addresses: dict[str, int]
    kinds: dict[str, int]
    unknown: Sequence[Noted]


def note(session: Session, told: Told, told_by: str) -> BounceKind | None:
    """Keep an event and draw its consequences; gives what it was taken for, None when it was known already.

    It counts only when both Message-ID and recipient are those of a mail of ours: nobody else knows them together. What
    was told late changes nothing that was learned since."""
    alone(session, BOUNCES)
    key = told.key[:200]
    if session.scalar(select(BounceRow.id).where(BounceRow.event_key == key)) is not None:
        return None
    email = _email(session, told)
    address = _address(session, email) if email else None
    kind = told.kind if email else BounceKind.UNKNOWN
    now = clock.now()
    at = min(told.at, now)
    counts = address is not None and email is not None and _counts(session, address, email, kind, at)
    session.add(BounceRow(event_key=key, email_id=email.id if email else None, kind=kind.value, status=told.status[:100],
                          address_id=address.id if address else None, told_by=told_by, at=at, received_at=now))
    if email is not None and kind is not BounceKind.DELIVERED:
        email.bounced_at = email.bounced_at or at
    if counts and address is not None and email is not None:
        _follow(session, address, email, kind, at)
    return kind


def note_unknown(session: Session, key: str, why: str, told_by: str) -> bool:
    """Keep that something came back which says nothing that we understand; gives whether it is new."""
    return note(session, Told(key, (), (), BounceKind.UNKNOWN, why, clock.now()), told_by) is not None


def refused(session: Session, email: Email, answer: str, is_gone: bool = False) -> BounceKind | None:
    """The server refused a mail for good while it was offered: the answer may say that there is no such mailbox, and
    ``is_gone`` says that the server will take no mail to it."""
    status = status_of(answer)
    kind = BounceKind.HARD if is_gone else kind_of(status, answer)
    key = f"smtp:{email.id}:{email.attempts}:{sha256(answer.encode()).hexdigest()[:16]}"
    return note(session, Told(key, (email.letter.message_id,), (email.letter.address,), kind, status,
                              clock.now()), "smtp")


def mend(session: Session, person_id: int, email: str) -> None:
    """A person has shown that mail reaches an address: what came back before counts no more."""
    for row in session.scalars(select(AddressRow).where(AddressRow.person_id == person_id)):
        if mailbox(row.email) == mailbox(email) and row.delivery != AddressState.GOOD.value:
            row.delivery, row.soft_bounces, row.held_until, row.ended_why = AddressState.GOOD.value, 0, None, None
            row.verified_at = clock.now()


def standing(session: Session, person_id: int) -> Standing | None:
    """How mail to the address of a person fares; of several, to the one that fares best. A hold that is over is none."""
    rows = session.scalars(select(AddressRow).where(
        AddressRow.person_id == person_id, AddressRow.verified_at.is_not(None)).order_by(AddressRow.id)).all()
    row = min(rows, key=lambda each: list(AddressState).index(AddressState(each.delivery)), default=None)
    if row is None:
        return None
    is_over = row.held_until is not None and row.held_until <= clock.now()
    state = AddressState.GOOD if row.delivery == AddressState.HELD.value and is_over else AddressState(row.delivery)
    return Standing(row.email, state, row.held_until, row.ended_why or "")


def settle(session: Session) -> int:
    """Let addresses be good again whose hold is over and to which a mail has gone since that did not come back; gives how
    many. Call it daily."""
    now = clock.now()
    rows = session.scalars(select(AddressRow).where(AddressRow.delivery == AddressState.HELD.value,
                                                    AddressRow.held_until <= now)).all()
    fine = [row for row in rows if row.held_until and _has_got_mail(session, row, row.held_until, now)]
    for row in fine:
        row.delivery, row.soft_bounces, row.held_until = AddressState.GOOD.value, 0, None
    return len(fine)


def overview(session: Session) -> Overview:
    """For the operator's page."""
    month = clock.now() - timedelta(days=30)
    unknown = session.scalars(select(BounceRow).where(BounceRow.kind == BounceKind.UNKNOWN.value)
                              .order_by(BounceRow.id.desc()).limit(UNKNOWN_SHOWN))
    return Overview(
        {state: count for state, count in session.execute(
            select(AddressRow.delivery, func.count()).group_by(AddressRow.delivery))},
        {kind: count for kind, count in session.execute(
            select(BounceRow.kind, func.count()).where(BounceRow.received_at > month).group_by(BounceRow.kind))},
        [Noted(row.kind, row.status, row.told_by, row.received_at) for row in unknown])


def _email(session: Session, told: Told) -> EmailRow | None:
    """The mail that an event is about. Each mail of ours has one recipient."""
    boxes = {mailbox(each) for each in told.recipients}
    rows = session.scalars(select(EmailRow).where(EmailRow.message_id.in_(told.message_ids[:20])))
    return next((row for row in rows if row.address and mailbox(row.address) in boxes), None)


def _address(session: Session, email: EmailRow) -> AddressRow | None:
    return session.scalar(select(AddressRow).where(AddressRow.email == email.address).with_for_update())


def _counts(session: Session, address: AddressRow, email: EmailRow, kind: BounceKind, at: datetime) -> bool:
    """Whether an event says something newer than what is known: the reader has not shown since that mail reaches them,
    and no mail is known to have arrived after it. A complaint is the reader's own word."""
    if kind is BounceKind.COMPLAINT:
        return address.verified_at is None or at >= address.verified_at
    if address.verified_at is not None and kind is not BounceKind.DELIVERED and (
            email.created_at < address.verified_at and at < address.verified_at + QUIET):
        return False
    later = [BounceKind.DELIVERED] if kind is not BounceKind.DELIVERED else [BounceKind.SOFT, BounceKind.HARD]
    return not session.scalar(select(exists().where(
        BounceRow.address_id == address.id, BounceRow.kind.in_([each.value for each in later]), BounceRow.at > at)))


def _follow(session: Session, address: AddressRow, email: EmailRow, kind: BounceKind, at: datetime) -> None:
    if kind in _ENDS and address.delivery != AddressState.ENDED.value:
        _end(session, address, AddressState.ENDED, _ENDS[kind])
        _stop_subscriptions(session, address.person_id, _ENDS[kind])
    elif kind is BounceKind.SOFT and address.delivery not in _DEAD:
        _hold(session, address, at)
        _send_anew(email, address)
    elif kind is BounceKind.DELIVERED and address.delivery == AddressState.HELD.value:
        address.delivery, address.soft_bounces, address.held_until = AddressState.GOOD.value, 0, None


def _hold(session: Session, address: AddressRow, at: datetime) -> None:
    """The next hold, twice as long as the one before; what comes back during a hold was sent before it. A mail that
    arrived after the last hold lets the count begin anew."""
    if address.held_until is not None and at <= address.held_until:
        return
    if address.held_until is not None and _has_got_mail(session, address, address.held_until, at):
        address.soft_bounces = 0
    address.soft_bounces += 1
    if address.soft_bounces > len(HOLDS):
        _end(session, address, AddressState.SUSPENDED, TOO_OFTEN)
        return
    address.delivery, address.held_until = AddressState.HELD.value, at + HOLDS[address.soft_bounces - 1]


def _has_got_mail(session: Session, address: AddressRow, since: datetime, until: datetime) -> bool:
    """Whether a mail went to an address after a moment that did not come back for as long as servers try."""
    return bool(session.scalar(select(exists().where(
        EmailRow.address == address.email, EmailRow.state == EmailState.SENT.value, EmailRow.bounced_at.is_(None),
        EmailRow.sent_at > since, EmailRow.sent_at <= until - QUIET))))


def _send_anew(email: EmailRow, address: AddressRow) -> None:
    """A mail that the mailbox could not take goes once more when the hold is over, unless it is of no use any more."""
    if email.state != EmailState.SENT.value or email.purpose not in _SENT_ANEW or not email.body_text:
        return
    if address.delivery == AddressState.HELD.value and address.held_until:
        email.state, email.not_before = EmailState.PENDING.value, address.held_until
        email.sent_at = email.bounced_at = None
    email.last_error = "it came back; the mailbox could not take it"


def _end(session: Session, address: AddressRow, state: AddressState, why: str) -> None:
    """Nothing more goes to an address; what waits for it fails."""
    address.delivery, address.ended_why, address.held_until = state.value, why, None
    ours = EmailRow.address == address.email
    if not _has_another(session, address):
        ours = or_(ours, (EmailRow.person_id == address.person_id) & (EmailRow.address == ""))
    session.execute(update(EmailRow).where(ours, EmailRow.state.in_(_WAITING)).values(
        state=EmailState.FAILED.value, last_error=why))


def _has_another(session: Session, address: AddressRow) -> bool:
    return bool(session.scalar(select(exists().where(
        AddressRow.person_id == address.person_id, AddressRow.id != address.id, AddressRow.verified_at.is_not(None),
        AddressRow.delivery.not_in(_DEAD)))))


def _stop_subscriptions(session: Session, person_id: int, why: str) -> None:
    """End what a person asked for when no address of theirs is left, and have a colleague told of it."""
    if session.scalar(select(exists().where(AddressRow.person_id == person_id, AddressRow.verified_at.is_not(None),
                                            AddressRow.delivery.not_in(_DEAD)))):
        return
    active = session.scalars(select(SubscriptionRow).where(
        SubscriptionRow.person_id == person_id, SubscriptionRow.state == SubscriptionState.ACTIVE.value)).all()
    session.execute(update(SubscriptionRow).where(
        SubscriptionRow.person_id == person_id, SubscriptionRow.state != SubscriptionState.ENDED.value).values(
            state=SubscriptionState.ENDED.value, ended_at=clock.now(), ended_why=why))
    colleague = second_person(session, person_id) if active else None
    if colleague is not None:
        emails.owe(session, Purpose.COLLEAGUE, person_id, [colleague])


def second_person(session: Session, person_id: int) -> int | None:
    """Who of a person's firm is told when mail to them fails: the next member, by id, whom mail reaches."""
    firms = select(MembershipRow.organisation_id).join(
        OrganisationRow, OrganisationRow.id == MembershipRow.organisation_id).where(
            MembershipRow.person_id == person_id, OrganisationRow.kind == OrganisationKind.ENTERPRISE.value)
    members = session.scalars(select(MembershipRow.person_id).where(
        MembershipRow.organisation_id.in_(firms), MembershipRow.person_id != person_id, exists().where(
            AddressRow.person_id == MembershipRow.person_id, AddressRow.verified_at.is_not(None),
            AddressRow.delivery == AddressState.GOOD.value)).order_by(MembershipRow.person_id)).all()
    return next((each for each in members if each > person_id), members[0] if members else None)


def left_behind(session: Session, person_id: int) -> list[int]:
    """The subscriptions that ended because mail to a person fails, by id."""
    return list(session.scalars(select(SubscriptionRow.id).where(
        SubscriptionRow.person_id == person_id, SubscriptionRow.ended_why.in_(_ENDS.values()),
        SubscriptionRow.confirmed_at.is_not(None)).order_by(SubscriptionRow.id)))
