"""Mails from the moment they are due until the server took them, or never will.

States: due → pending → sending → sent | failed. A ``due`` mail is owed and not yet written; ``pending`` waits for its time
(``not_before``); ``sending`` is in the hands of a worker; a mail that could not be delivered for now is pending again.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import func, insert, select, update
from sqlalchemy.orm import Session

from domain import clock
from storage.locks import alone
from storage.models import EmailRow

FIRST_SEAT = "worker"
"""Where the worker sits that may be the only one, and the name of the lock it holds; others have seats of their own."""
KEYS = "dedup keys"
UNWANTED = "the person unsubscribed"
"""Why a mail fails that nobody wants any more."""


class Purpose(StrEnum):
    """What a mail is for."""

    ALERT = "alert"
    BULLETIN = "bulletin"
    CONFIRM = "confirm"
    SIGN_IN = "sign_in"
    HELD = "held"
    HEALTH = "health"
    OUTAGE = "outage"
    REMINDER = "reminder"
    COLLEAGUE = "colleague"
    ADDRESS = "address"


class EmailState(StrEnum):
    """Where a mail stands; see the module."""

    DUE = "due"
    PENDING = "pending"
    SENDING = "sending"
    SENT = "sent"
    FAILED = "failed"


class ErrorClass(StrEnum):
    """Why a mail was not delivered at the last try: put off by the server; refused for good; the connection broke or hung;
    too long for the server; the address takes no mail; the server could not be used at all."""

    TEMPORARY = "temporary"
    PERMANENT = "permanent"
    BROKEN = "broken"
    TOO_LONG = "too_long"
    SUPPRESSED = "suppressed"
    UNREACHABLE = "unreachable"


@dataclass(frozen=True, slots=True)
class Attachment:
    """A text file that goes with a mail: its name, its MIME type (``text/calendar; method=PUBLISH``) and what it holds."""

    name: str
    type: str
    text: str


@dataclass(frozen=True, slots=True)
class Letter:
    """A written mail. ``headers`` are those beside From, To, Subject, Date and Message-ID."""

    person_id: int | None
    address: str
    purpose: Purpose
    message_id: str
    sender: str
    subject: str
    text: str
    html: str
    dedup_key: str | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    attachments: tuple[Attachment, ...] = ()


@dataclass(frozen=True, slots=True)
class Email:
    """A mail to deliver: what was written, when, and how often delivery was tried."""

    id: int
    letter: Letter
    attempts: int
    created_at: datetime


@dataclass(frozen=True, slots=True)
class Due:
    """A mail that is owed: ``subject_id`` is what it is about."""

    id: int
    person_id: int
    subject_id: int
    dedup_key: str


def add(session: Session, letter: Letter, digest_run_id: int | None = None) -> int | None:
    """Keep a mail that may go at once; gives its id, or None when one with its dedup_key is kept already."""
    return add_all(session, [letter], [digest_run_id]).get(letter.message_id)


def add_all(session: Session, letters: Sequence[Letter], digest_run_ids: Sequence[int | None]) -> dict[str, int]:
    """Keep mails that may go at once, each with its digest; gives their ids by Message-ID, save those whose dedup_key is
    kept already. At most 500 a call."""
    keys = [letter.dedup_key for letter in letters if letter.dedup_key]
    known = set[str | None]()
    if keys:
        alone(session, KEYS)
        known.update(session.scalars(select(EmailRow.dedup_key).where(EmailRow.dedup_key.in_(keys))))
    now = clock.now()
    rows = [{"person_id": letter.person_id, "purpose": letter.purpose.value, "dedup_key": letter.dedup_key,
             "created_at": now, "not_before": now, "state": EmailState.PENDING.value, "attempts": 0, "digest_run_id": run_id,
             **_written(letter)}
            for letter, run_id in zip(letters, digest_run_ids, strict=True)
            if letter.dedup_key is None or letter.dedup_key not in known]
    if not rows:
        return {}
    added = session.execute(insert(EmailRow).returning(EmailRow.message_id, EmailRow.id), rows,
                            execution_options={"render_nulls": True})  # one statement whoever the mail is to
    return {message_id: email_id for message_id, email_id in added}


def is_kept(session: Session, dedup_key: str) -> bool:
    """Whether a mail with this dedup_key is kept."""
    return session.scalar(select(EmailRow.id).where(EmailRow.dedup_key == dedup_key)) is not None


def newest_to(session: Session, address: str, purpose: Purpose) -> tuple[datetime, str] | None:
    """When the newest mail of a purpose was written to an address, and its dedup_key."""
    row = session.scalar(select(EmailRow).where(EmailRow.address == address, EmailRow.purpose == purpose.value)
                         .order_by(EmailRow.id.desc()).limit(1))
    return (row.created_at, row.dedup_key or "") if row else None


def _written(letter: Letter) -> dict[str, Any]:
    return {"address": letter.address, "message_id": letter.message_id, "subject": letter.subject,
            "body_text": letter.text, "body_html": letter.html, "headers": {"From": letter.sender, **letter.headers},
            "attachments": [asdict(each) for each in letter.attachments] or None}


def owe(session: Session, purpose: Purpose, subject_id: int, person_ids: Sequence[int]) -> int:
    """Note that each person is owed a mail about something, once and for all; gives how many are new."""
    alone(session, KEYS)
    keys = {_key(purpose, subject_id, person_id): person_id for person_id in person_ids}
    known = set(session.scalars(select(EmailRow.dedup_key).where(EmailRow.dedup_key.in_(keys))))
    now = clock.now()
    fresh = [EmailRow(person_id=person_id, address="", purpose=purpose.value, dedup_key=key, message_id=key, subject="",
                      body_text="", body_html="", headers={}, state=EmailState.DUE.value, created_at=now, not_before=now)
             for key, person_id in keys.items() if key not in known]
    session.add_all(fresh)
    return len(fresh)


def owed_to(session: Session, purpose: Purpose, subject_id: int) -> frozenset[int]:
    """The persons who got a mail about something, or are to get it."""
    found = session.scalars(select(EmailRow.person_id).where(
        EmailRow.dedup_key.like(f"{purpose.value}:{subject_id}:%"), EmailRow.state != EmailState.FAILED.value))
    return frozenset(person_id for person_id in found if person_id is not None)


def _key(purpose: Purpose, subject_id: int, person_id: int) -> str:
    return f"{purpose.value}:{subject_id}:{person_id}"


def due(session: Session, purpose: Purpose, limit: int) -> list[Due]:
    """The oldest mails owed, save those that were put off."""
    rows = session.scalars(select(EmailRow).where(
        EmailRow.state == EmailState.DUE.value, EmailRow.purpose == purpose.value, EmailRow.not_before <= clock.now(),
    ).order_by(EmailRow.id).limit(limit))
    return [Due(row.id, row.person_id, int(row.dedup_key.split(":")[1]), row.dedup_key)
            for row in rows if row.person_id is not None and row.dedup_key]


def put_off(session: Session, email_ids: Sequence[int], until: datetime) -> None:
    """Mails that are owed could not be written for now."""
    session.execute(update(EmailRow).where(EmailRow.id.in_(email_ids), EmailRow.state == EmailState.DUE.value).values(
        not_before=until, last_error="it could not be written"))


def write(session: Session, email_id: int, letter: Letter, not_before: datetime | None = None) -> None:
    """Fill in a mail that was owed; it may go at once, or from a moment on."""
    now = clock.now()
    session.execute(update(EmailRow).where(EmailRow.id == email_id, EmailRow.state == EmailState.DUE.value).values(
        state=EmailState.PENDING.value, created_at=now, not_before=max(now, not_before or now), last_error=None,
        **_written(letter)))


def mark_failed(session: Session, email_id: int, error: str, error_class: ErrorClass | None = None) -> None:
    """A mail can never be delivered."""
    row = session.get_one(EmailRow, email_id)
    row.state, row.last_error, row.attempts = EmailState.FAILED.value, error, row.attempts + 1
    row.error_class = error_class.value if error_class else None


def withhold(session: Session, person_id: int, purpose: Purpose, why: str) -> None:
    """Do not deliver mails of a purpose that have not left yet: the person no longer wants them."""
    waiting = (EmailState.DUE.value, EmailState.PENDING.value)
    session.execute(update(EmailRow).where(
        EmailRow.person_id == person_id, EmailRow.purpose == purpose.value, EmailRow.state.in_(waiting)).values(
            state=EmailState.FAILED.value, last_error=why))


def count_since(session: Session, person_id: int, purpose: Purpose, since: datetime) -> int:
    """How many mails of a purpose were written to a person since a moment."""
    return session.scalar(select(func.count()).select_from(EmailRow).where(
        EmailRow.person_id == person_id, EmailRow.purpose == purpose.value, EmailRow.created_at > since)) or 0


def newest(session: Session, purpose: Purpose, person_ids: Sequence[int]) -> dict[int, datetime]:
    """When the newest mail of a purpose was written to each of these persons."""
    found: dict[int, datetime] = {}
    for start in range(0, len(person_ids), 500):
        rows = session.execute(select(EmailRow.person_id, func.max(EmailRow.created_at)).where(
            EmailRow.person_id.in_(person_ids[start:start + 500]), EmailRow.purpose == purpose.value)
            .group_by(EmailRow.person_id))
        found.update((person_id, at) for person_id, at in rows if person_id is not None)
    return found


def counts(session: Session) -> dict[str, int]:
    """How many mails stand in each state."""
    rows = session.execute(select(EmailRow.state, func.count()).group_by(EmailRow.state))
    return {state: count for state, count in rows}
