"""All that is kept about one person: to be taken away, and to be erased (ADR 34)."""

from __future__ import annotations

from datetime import date, datetime
from enum import Enum
from typing import Any

from sqlalchemy import ColumnElement, delete, func, or_, select, update
from sqlalchemy.orm import Session

from domain import clock
from domain.errors import Conflict
from domain.subscription import SubscriptionState
from storage import audit, consents, edits
from storage.emails import EmailState
from storage.locks import alone
from storage.models import (
    AddressRow,
    AuditRow,
    Base,
    BounceRow,
    BulletinRow,
    ConsentRow,
    DecisionRow,
    EmailRow,
    FollowRow,
    GradeOverrideRow,
    MatchRow,
    MembershipRow,
    NoticeRow,
    OrganisationRow,
    PersonRow,
    ReminderRow,
    SignInRow,
    SubscriptionRow,
)
from storage.organisations import PEOPLE

ERASED = "the person's data were erased"
_OPEN = (EmailState.DUE.value, EmailState.PENDING.value, EmailState.SENDING.value)


def export(session: Session, person_id: int) -> dict[str, Any]:
    """Everything that is kept about a person, ready for JSON. Secrets and codes are left out, and so are the bodies of
    mails: the person has got them."""
    person = session.get_one(PersonRow, person_id)
    own = SubscriptionRow.person_id == person_id
    return {
        "exported_at": _plain(clock.now()),
        "person": _of(person, (
            "id name lang is_operator created_at time_zone quiet_from quiet_until told_of_outages totp_since erased_at")),
        "addresses": _all(session, AddressRow, AddressRow.person_id == person_id,
                          "email verified_at delivery soft_bounces held_until ended_why"),
        "memberships": _memberships(session, person_id),
        "consents": _all(session, ConsentRow, ConsentRow.person_id == person_id, "version given at"),
        "subscriptions": _all(session, SubscriptionRow, own, (
            "id topic label criteria state created_at confirmed_at ended_at ended_why frequency red_at_once paused_until "
            "reminds zone_id organisation_id shared_id")),
        "matches": _matches(session, person_id),
        "mails": _all(session, EmailRow, EmailRow.person_id == person_id, (
            "id purpose address subject message_id state created_at sent_at attempts last_error bounced_at")),
        "bounces": _all(session, BounceRow, BounceRow.address_id.in_(
            select(AddressRow.id).where(AddressRow.person_id == person_id)), "kind status told_by at received_at"),
        "follows": _all(session, FollowRow, FollowRow.person_id == person_id, "notice_id version since ended_at"),
        "reminders": _all(session, ReminderRow, ReminderRow.person_id == person_id,
                          "notice_id what on days created_at email_id dropped_why"),
        "sign_ins": _all(session, SignInRow, SignInRow.person_id == person_id, "kind created_at expires_at tries used_at"),
        "bulletins": _all(session, BulletinRow, BulletinRow.author_id == person_id,
                          "id title state created_at published_at"),
        "decisions": _all(session, DecisionRow, DecisionRow.person_id == person_id, (
            "notice_id undone product_types regulations reason decided_at")),
        "grade_overrides": _all(session, GradeOverrideRow, GradeOverrideRow.person_id == person_id,
                                "notice_id zone_id grade reason decided_at"),
        "audit": _all(session, AuditRow, or_(AuditRow.actor == _name(person_id), AuditRow.subject == _name(person_id)),
                      "at action subject details"),
    }


def erase(session: Session, person_id: int, why: str) -> None:
    """Remove what says who a person is, and what they were sent. What the association needs stays without it: the row of
    the person, what became of mails, consents, decisions and bulletins; of roles, that they were had. Raises Conflict for
    the last operator. Doing it again changes nothing."""
    alone(session, PEOPLE)
    person = session.get_one(PersonRow, person_id)
    if person.erased_at is not None:
        return
    if person.is_operator and not _other_operators(session, person_id):
        raise Conflict("the last operator cannot be erased")
    audit.add(session, _name(person_id), "erase_person", _name(person_id), {"why": why, "roles": [
        each["role"] for each in _memberships(session, person_id)] + ["operator"] * person.is_operator})
    consents.take_back(session, person_id)
    _forget_mails(session, person_id)
    _forget_addresses(session, person_id)
    session.execute(update(SubscriptionRow).where(
        SubscriptionRow.person_id == person_id, SubscriptionRow.state != SubscriptionState.ENDED.value).values(
            state=SubscriptionState.ENDED.value, ended_at=clock.now(), ended_why=ERASED))
    session.execute(update(SubscriptionRow).where(SubscriptionRow.person_id == person_id).values(label="", criteria={}))
    edits.forget(session, person_id)
    for table in (FollowRow, ReminderRow, SignInRow, MembershipRow):
        session.execute(delete(table).where(table.person_id == person_id))
    person.name, person.is_operator, person.erased_at = "", False, clock.now()
    person.time_zone = person.quiet_from = person.quiet_until = None
    person.totp_secret = person.totp_since = person.totp_last_step = None
    person.calendar_no += 1


def _forget_mails(session: Session, person_id: int) -> None:
    """The mails of a person keep their number, purpose, times and outcome. Those that have not left never will."""
    mine = EmailRow.person_id == person_id
    session.execute(update(EmailRow).where(mine, EmailRow.state.in_(_OPEN)).values(
        state=EmailState.FAILED.value, last_error=ERASED))
    session.execute(update(EmailRow).where(mine, EmailRow.state == EmailState.FAILED.value,
                                           EmailRow.last_error != ERASED).values(last_error="it could not be delivered"))
    session.execute(update(EmailRow).where(mine).values(
        address="", subject="", body_text="", body_html="", headers={}, attachments=None))


def _forget_addresses(session: Session, person_id: int) -> None:
    """Also where somebody's mailbox stands in mails that were written to them as an operator."""
    rows = session.scalars(select(AddressRow).where(AddressRow.person_id == person_id)).all()
    for row in rows:
        session.execute(update(EmailRow).where(EmailRow.address == row.email).values(
            address="", subject="", body_text="", body_html="", headers={}, attachments=None))
    session.execute(update(BounceRow).where(BounceRow.address_id.in_([row.id for row in rows])).values(address_id=None))
    session.execute(delete(AddressRow).where(AddressRow.person_id == person_id))


def _other_operators(session: Session, person_id: int) -> int:
    return session.scalar(select(func.count()).select_from(PersonRow).where(
        PersonRow.is_operator, PersonRow.id != person_id, PersonRow.erased_at.is_(None))) or 0


def _memberships(session: Session, person_id: int) -> list[dict[str, Any]]:
    rows = session.execute(select(OrganisationRow.name, MembershipRow.role).join(
        MembershipRow, MembershipRow.organisation_id == OrganisationRow.id).where(
            MembershipRow.person_id == person_id).order_by(MembershipRow.id))
    return [{"organisation": name, "role": role} for name, role in rows]


def _matches(session: Session, person_id: int) -> list[dict[str, Any]]:
    rows = session.execute(
        select(MatchRow, NoticeRow.source, NoticeRow.external_id).join(NoticeRow, NoticeRow.id == MatchRow.notice_id)
        .join(SubscriptionRow, SubscriptionRow.id == MatchRow.subscription_id)
        .where(SubscriptionRow.person_id == person_id).order_by(MatchRow.id))
    return [{"subscription": row.subscription_id, "notice": f"{source}:{external_id}", "version": row.version,
             "created_at": _plain(row.created_at), "mail": row.email_id, "dropped_why": row.dropped_why}
            for row, source, external_id in rows]


def _all(session: Session, table: type[Any], which: ColumnElement[bool], columns: str) -> list[dict[str, Any]]:
    return [_of(row, columns) for row in session.scalars(select(table).where(which).order_by(table.id))]


def _of(row: Base, columns: str) -> dict[str, Any]:
    return {name: _plain(getattr(row, name)) for name in columns.split()}


def _plain(value: object) -> object:
    if isinstance(value, (datetime, date)):
        return value.isoformat()
    return value.value if isinstance(value, Enum) else value


def _name(person_id: int) -> str:
    return f"person:{person_id}"
