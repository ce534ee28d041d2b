"""Mails on their way out: taken by a worker, then marked by what became of them."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Row, case, exists, func, select, update
from sqlalchemy.orm import InstrumentedAttribute, Session

from domain import clock
from domain.organisation import AddressState
from domain.subscription import SubscriptionState, Topic
from storage import follows
from storage.emails import FIRST_SEAT, UNWANTED, Attachment, Email, EmailState, ErrorClass, Letter, Purpose
from storage.models import AddressRow, EmailRow, FollowRow, MatchRow, PersonRow, ReminderRow, SubscriptionRow
from storage.session import Database

URGENT = (Purpose.CONFIRM.value, Purpose.SIGN_IN.value, Purpose.ADDRESS.value)
"""Mails that a person waits for; they show whether mail arrives, so no bounce holds them back."""
NO_MAIL = "the address takes no mail"
"""Why a mail fails whose address is suspended or ended."""
NEXT_OUT = (EmailRow.not_before, EmailRow.id)
"""The order in which mails leave that nobody waits for."""
_WRITTEN = (EmailRow.id, EmailRow.person_id, EmailRow.address, EmailRow.purpose, EmailRow.message_id, EmailRow.headers,
            EmailRow.subject, EmailRow.body_text, EmailRow.body_html, EmailRow.dedup_key, EmailRow.attachments,
            EmailRow.attempts, EmailRow.created_at)
_CLOSED = (AddressState.SUSPENDED.value, AddressState.ENDED.value)


def claim(db: Database, limit: int, seat: str = FIRST_SEAT) -> list[Email]:
    """Take pending mails whose time has come, those that a person waits for first. They stay ``sending`` until they are
    marked; ``give_back`` frees those of a seat whose worker died.

    Mail to an address that is held back waits until then. Not taken, but failed, is mail to an address that takes none any
    more, and an alert whose subscriptions have all ended. When nothing waits, nothing is locked.
    """
    ready = _ready()
    with db.read() as session:
        if not session.scalar(select(exists().where(*ready))):
            return []
    with db.write() as session:
        rows = _next(session, (*ready, EmailRow.purpose.in_(URGENT)), (EmailRow.id,), limit)
        rows += _next(session, (*ready, EmailRow.purpose.not_in(URGENT)), NEXT_OUT, limit - len(rows))
        unwanted = _unwanted(session, [row.id for row in rows])
        closed = _closed(session, {row.address for row in rows if row.purpose not in URGENT})
        lost = {row.id for row in rows if row.address in closed and row.purpose not in URGENT} - unwanted
        taken = [row for row in rows if row.id not in unwanted and row.id not in lost]
        _set(session, [row.id for row in taken], state=EmailState.SENDING.value, claimed_by=seat)
        _set(session, unwanted, state=EmailState.FAILED.value, last_error=UNWANTED, error_class=None)
        _set(session, lost, state=EmailState.FAILED.value, last_error=NO_MAIL, error_class=ErrorClass.SUPPRESSED.value)
        return [_email(row) for row in taken]


def _set(session: Session, email_ids: Collection[int], **values: str | None) -> None:
    if email_ids:
        session.execute(update(EmailRow).where(EmailRow.id.in_(email_ids)).values(**values).execution_options(
            synchronize_session=False))


def _next(session: Session, wanted: tuple[ColumnElement[bool], ...], order: Sequence[InstrumentedAttribute[Any]], limit: int,
          ) -> list[Row[Any]]:
    """The first of the mails that are wanted, as ``_email`` takes them; both orders have an index, since many may wait."""
    return list(session.execute(select(*_WRITTEN).where(*wanted).order_by(*order).limit(limit)
                                .with_for_update(skip_locked=True)))


def _ready() -> tuple[ColumnElement[bool], ...]:
    now = clock.now()
    held = exists().where(AddressRow.email == EmailRow.address, AddressRow.held_until > now,
                          EmailRow.purpose.not_in(URGENT))
    return EmailRow.state == EmailState.PENDING.value, EmailRow.not_before <= now, ~held


def _closed(session: Session, addresses: Iterable[str]) -> set[str]:
    """Those of these addresses that take no mail any more."""
    return set(session.scalars(select(AddressRow.email).where(
        AddressRow.email.in_(list(addresses)), AddressRow.delivery.in_(_CLOSED))))


def _unwanted(session: Session, email_ids: Sequence[int]) -> set[int]:
    """Those of these mails that tell matches, but none of a subscription that is active, or reminders, but none of a notice
    that is followed any more, or are of a topic that their reader has no subscription to any more, or about outages of
    which their reader does not want to be told."""
    is_active = case((SubscriptionRow.state == SubscriptionState.ACTIVE.value, 1), else_=0)
    alerts = session.scalars(
        select(MatchRow.email_id).join(SubscriptionRow, SubscriptionRow.id == MatchRow.subscription_id)
        .where(MatchRow.email_id.in_(email_ids)).group_by(MatchRow.email_id).having(func.max(is_active) == 0))
    topic = case((EmailRow.purpose == Purpose.BULLETIN.value, Topic.BULLETINS.value), else_=Topic.NOTICES.value)
    reads = exists().where(SubscriptionRow.person_id == EmailRow.person_id, SubscriptionRow.topic == topic,
                           SubscriptionRow.state == SubscriptionState.ACTIVE.value)
    others = session.scalars(select(EmailRow.id).where(
        EmailRow.id.in_(email_ids), EmailRow.purpose.in_((Purpose.BULLETIN.value, Purpose.OUTAGE.value)), ~reads))
    unheard = session.scalars(
        select(EmailRow.id).join(PersonRow, PersonRow.id == EmailRow.person_id)
        .where(EmailRow.id.in_(email_ids), EmailRow.purpose == Purpose.OUTAGE.value, ~PersonRow.told_of_outages))
    followed = exists().where(FollowRow.person_id == ReminderRow.person_id, FollowRow.notice_id == ReminderRow.notice_id,
                              follows.lives())
    reminders = session.scalars(
        select(ReminderRow.email_id).where(ReminderRow.email_id.in_(email_ids)).group_by(ReminderRow.email_id)
        .having(func.max(case((followed, 1), else_=0)) == 0))
    return {each for each in (*alerts, *others, *unheard, *reminders) if each is not None}


def _email(row: Row[Any]) -> Email:
    headers = {name: value for name, value in row.headers.items() if name != "From"}
    letter = Letter(row.person_id, row.address, Purpose(row.purpose), row.message_id, row.headers["From"], row.subject,
                    row.body_text, row.body_html, row.dedup_key, headers,
                    tuple(Attachment(**each) for each in row.attachments or ()))
    return Email(row.id, letter, row.attempts, row.created_at)


def mark_sent(session: Session, email_ids: Sequence[int]) -> None:
    """The server accepted these mails."""
    session.execute(update(EmailRow).where(EmailRow.id.in_(email_ids)).values(
        state=EmailState.SENT.value, sent_at=clock.now(), last_error=None, error_class=None,
        attempts=EmailRow.attempts + 1).execution_options(synchronize_session=False))


def mark_postponed(session: Session, email_ids: Sequence[int], until: datetime, error: str, error_class: ErrorClass) -> None:
    """These mails could not be delivered for now. One that may have been taken in an earlier try stays ``broken``."""
    kept = case((EmailRow.error_class == ErrorClass.BROKEN.value, ErrorClass.BROKEN.value), else_=error_class.value)
    session.execute(update(EmailRow).where(EmailRow.id.in_(email_ids)).values(
        state=EmailState.PENDING.value, not_before=until, last_error=error, error_class=kept,
        attempts=EmailRow.attempts + 1).execution_options(synchronize_session=False))


def overdue(session: Session, before: datetime) -> int:
    """How many mails should have been written, or tried, before a moment, and were not."""
    waiting = (EmailState.DUE.value, EmailState.PENDING.value, EmailState.SENDING.value)
    held = exists().where(AddressRow.email == EmailRow.address, AddressRow.held_until > before)
    return session.scalar(select(func.count()).select_from(EmailRow).where(
        EmailRow.state.in_(waiting), EmailRow.not_before < before, ~held)) or 0


def is_ahead(session: Session, later_than: datetime) -> bool:
    """Whether a mail waits for longer than any wait is."""
    return bool(session.scalar(select(exists().where(_is_ahead(later_than)))))


def bring_forward(session: Session, later_than: datetime) -> int:
    """Let mails be tried at once that wait for longer than any wait is: the clock was put back. Gives how many."""
    return len(session.scalars(update(EmailRow).where(_is_ahead(later_than)).values(
        not_before=clock.now()).returning(EmailRow.id)).all())


def _is_ahead(later_than: datetime) -> ColumnElement[bool]:
    waits = EmailRow.state.in_((EmailState.DUE.value, EmailState.PENDING.value))
    return waits & (EmailRow.not_before > later_than)


def seats_sending(session: Session) -> list[str]:
    """The seats that have mails in hand."""
    return list(session.scalars(select(EmailRow.claimed_by).where(
        EmailRow.state == EmailState.SENDING.value, EmailRow.claimed_by.is_not(None)).distinct()))


def give_back(db: Database, seat: str, email_ids: Iterable[int] | None = None) -> int:
    """Let mails be taken again that a seat has in hand and is not sending: these, or all; gives how many. Call it for all
    only while holding the seat's lock: its worker died, so the server may have taken any of them (``broken``)."""
    query = update(EmailRow).where(EmailRow.state == EmailState.SENDING.value, EmailRow.claimed_by == seat)
    query = (query.values(state=EmailState.PENDING.value, error_class=ErrorClass.BROKEN.value) if email_ids is None
             else query.where(EmailRow.id.in_(list(email_ids))).values(state=EmailState.PENDING.value))
    with db.write() as session:
        return len(session.scalars(query.returning(EmailRow.id)).all())


def told_by(session: Session, email_id: int) -> list[int]:
    """The notices that a mail tells, by the order in which they matched."""
    return list(dict.fromkeys(session.scalars(
        select(MatchRow.notice_id).where(MatchRow.email_id == email_id).order_by(MatchRow.id))))


def tell_by(session: Session, email_id: int, other_id: int) -> None:
    """Let another mail tell the matches of this one."""
    session.execute(update(MatchRow).where(MatchRow.email_id == email_id).values(email_id=other_id))
