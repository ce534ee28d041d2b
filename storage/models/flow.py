"""What passes between the stages: changes, matches, emails, tasks; the state of the index; the audit trail."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from storage.models.base import Base


class ChangeRow(Base):
    """One change waiting for, or taken by, one consumer; done-marks, not a high-water id."""

    __tablename__ = "changes"
    __table_args__ = (
        Index("ix_changes_pending", "consumer", "id", sqlite_where=text("done_at IS NULL"),
              postgresql_where=text("done_at IS NULL")),
    )
    id: Mapped[int] = mapped_column(primary_key=True)
    consumer: Mapped[str]
    kind: Mapped[str]
    subject_id: Mapped[int]
    version: Mapped[int]
    alert: Mapped[bool]
    run_id: Mapped[int | None] = mapped_column(ForeignKey("source_runs.id"), index=True)
    created_at: Mapped[datetime]
    done_at: Mapped[datetime | None]


class MatchRow(Base):
    """A notice met a subscription; once per event and material version, whatever is retried."""

    __tablename__ = "matches"
    __table_args__ = (
        UniqueConstraint("subscription_id", "event", "material_version", name="uq_matches_once"),
        Index("ix_matches_waiting", "subscription_id", sqlite_where=text("email_id IS NULL AND dropped_why IS NULL"),
              postgresql_where=text("email_id IS NULL AND dropped_why IS NULL")),
    )
    id: Mapped[int] = mapped_column(primary_key=True)
    subscription_id: Mapped[int] = mapped_column(ForeignKey("subscriptions.id"))
    notice_id: Mapped[int] = mapped_column(ForeignKey("notices.id"), index=True)
    event: Mapped[str]
    material_version: Mapped[int]
    version: Mapped[int]
    created_at: Mapped[datetime]
    email_id: Mapped[int | None] = mapped_column(ForeignKey("emails.id"), index=True)
    dropped_why: Mapped[str | None]


class EmailRow(Base):
    """A mail as composed. ``dedup_key`` keeps a step that is run twice from composing it twice; ``sent`` means accepted by
    the server. ``person_id`` is None for mail to the operator, ``claimed_by`` the seat of the worker that has it in hand."""

    __tablename__ = "emails"
    __table_args__ = (
        Index("ix_emails_state_not_before", "state", "not_before"),
        Index("ix_emails_state_purpose_not_before", "state", "purpose", "not_before"),
        Index("ix_emails_address_created", "address", "created_at"),
    )
    id: Mapped[int] = mapped_column(primary_key=True)
    person_id: Mapped[int | None] = mapped_column(ForeignKey("persons.id"), index=True)
    address: Mapped[str]
    purpose: Mapped[str]
    dedup_key: Mapped[str | None] = mapped_column(unique=True)
    message_id: Mapped[str] = mapped_column(unique=True)
    subject: Mapped[str]
    body_text: Mapped[str]
    body_html: Mapped[str]
    headers: Mapped[dict[str, Any]]
    state: Mapped[str]
    attempts: Mapped[int] = mapped_column(default=0)
    not_before: Mapped[datetime]
    last_error: Mapped[str | None]
    claimed_by: Mapped[str | None]
    created_at: Mapped[datetime]
    sent_at: Mapped[datetime | None]
    digest_run_id: Mapped[int | None] = mapped_column(ForeignKey("digest_runs.id"), index=True)
    attachments: Mapped[list[dict[str, Any]] | None]
    error_class: Mapped[str | None]
    bounced_at: Mapped[datetime | None]


class DigestRunRow(Base):
    """One digest: of a range, on a date of a time zone, once. Matches made before ``cut_at`` go with it; ``done_at`` is set
    when all its mails are written."""

    __tablename__ = "digest_runs"
    __table_args__ = (UniqueConstraint("range", "date", "time_zone", name="uq_digest_runs_once"),)
    id: Mapped[int] = mapped_column(primary_key=True)
    range: Mapped[str]
    date: Mapped[date]
    time_zone: Mapped[str]
    cut_at: Mapped[datetime]
    created_at: Mapped[datetime]
    done_at: Mapped[datetime | None]


class BounceRow(Base):
    """What came back for a mail: a bounce or a complaint; ``event_key`` keeps one that is told twice from counting twice."""

    __tablename__ = "bounces"
    id: Mapped[int] = mapped_column(primary_key=True)
    event_key: Mapped[str] = mapped_column(unique=True)
    email_id: Mapped[int | None] = mapped_column(ForeignKey("emails.id"), index=True)
    address_id: Mapped[int | None] = mapped_column(ForeignKey("addresses.id"), index=True)
    kind: Mapped[str]
    status: Mapped[str]
    told_by: Mapped[str]
    at: Mapped[datetime]
    received_at: Mapped[datetime]


class FollowRow(Base):
    """A person wants to be reminded of the deadlines of a notice. ``comment_on`` and ``effective_on`` are those that they
    know, ``since`` when they know them; nothing that changed until ``looked_at`` has moved them."""

    __tablename__ = "follows"
    __table_args__ = (UniqueConstraint("person_id", "notice_id"),)
    id: Mapped[int] = mapped_column(primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("persons.id"))
    notice_id: Mapped[int] = mapped_column(ForeignKey("notices.id"), index=True)
    subscription_id: Mapped[int | None] = mapped_column(ForeignKey("subscriptions.id"))
    comment_on: Mapped[date | None]
    effective_on: Mapped[date | None]
    since: Mapped[datetime]
    looked_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]


class ReminderRow(Base):
    """A follower is, or was, to be told of a deadline: ``what`` says of which, ``on`` when it is, ``days`` before it."""

    __tablename__ = "reminders"
    __table_args__ = (UniqueConstraint("person_id", "notice_id", "what", "on", "days", name="uq_reminders_once"),)
    id: Mapped[int] = mapped_column(primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("persons.id"))
    notice_id: Mapped[int] = mapped_column(ForeignKey("notices.id"), index=True)
    what: Mapped[str]
    on: Mapped[date]
    days: Mapped[int]
    created_at: Mapped[datetime]
    email_id: Mapped[int | None] = mapped_column(ForeignKey("emails.id"), index=True)
    dropped_why: Mapped[str | None]


class TaskRow(Base):
    """Work asked for by a person, taken by a worker or the scheduler."""

    __tablename__ = "tasks"
    id: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[str]
    payload: Mapped[dict[str, Any]]
    state: Mapped[str] = mapped_column(index=True)
    asked_by: Mapped[str]
    created_at: Mapped[datetime]
    taken_at: Mapped[datetime | None]
    done_at: Mapped[datetime | None]
    result: Mapped[str | None]


class IndexState(Base):
    """The generation of the search index that readers should use; ``commit_no`` grows with every commit to it."""

    __tablename__ = "index_state"
    id: Mapped[int] = mapped_column(primary_key=True)
    generation: Mapped[str]
    commit_no: Mapped[int]
    changed_at: Mapped[datetime]


class AuditRow(Base):
    """Who did what to what; only ever added to."""

    __tablename__ = "audit"
    id: Mapped[int] = mapped_column(primary_key=True)
    at: Mapped[datetime]
    actor: Mapped[str]
    action: Mapped[str]
    subject: Mapped[str]
    details: Mapped[dict[str, Any]]
