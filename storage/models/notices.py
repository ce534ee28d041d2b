"""Notices and their versions."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import JSON, ForeignKey, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from storage.models.base import Base


class NoticeRow(Base):
    """The present reading of a notice. ``data`` is the whole Notice as JSON, ``classification`` what it is about: what the
    classifier found, or what an editor decided; ``found`` is then the classifier's finding. ``review`` says why an editor
    should look at it (domain.decision.Review). These, and ``relevant``, are made by storage.decisions.kept alone.

    ``material_version`` is the last version with a material change: what alerts are unique by. ``missing_run_id`` is the
    first complete run of a full listing that lacked it. ``record_hash`` is that of the publisher's record and the parser
    that read it, where a record says everything that its notice holds. ``grade`` is that of the day it was last looked
    at.
    """

    __tablename__ = "notices"
    __table_args__ = (
        UniqueConstraint("source", "external_id"),
        Index("ix_notices_source_event_on", "source", "event_on"),
        Index("ix_notices_source_relevant", "source", "relevant"),
        Index("ix_notices_event", "event"),
        Index("ix_notices_review", "review", sqlite_where=text("review IS NOT NULL"),
              postgresql_where=text("review IS NOT NULL")),
    )
    id: Mapped[int] = mapped_column(primary_key=True)
    source: Mapped[str] = mapped_column(ForeignKey("sources.slug"))
    external_id: Mapped[str]
    event: Mapped[str]
    version: Mapped[int]
    material_version: Mapped[int]
    fingerprint: Mapped[str]
    record_hash: Mapped[str | None]
    status: Mapped[str]
    withdrawn_at: Mapped[datetime | None]
    withdrawn_why: Mapped[str | None]
    missing_run_id: Mapped[int | None] = mapped_column(index=True)
    event_on: Mapped[date | None]
    relevant: Mapped[bool]
    data: Mapped[dict[str, Any]]
    classification: Mapped[dict[str, Any]]
    found: Mapped[dict[str, Any] | None] = mapped_column(JSON(none_as_null=True))
    review: Mapped[str | None]
    classifier_version: Mapped[int]
    capture_id: Mapped[int | None] = mapped_column(ForeignKey("captures.id"), index=True)
    first_seen_at: Mapped[datetime]
    changed_at: Mapped[datetime]
    indexed_at: Mapped[datetime | None]
    grade: Mapped[str | None]


class NoticeNameRow(Base):
    """A name by which notices are found to belong together (domain.relations): of the event they are about, or of the case
    that they are steps of."""

    __tablename__ = "notice_names"
    name: Mapped[str] = mapped_column(primary_key=True)
    notice_id: Mapped[int] = mapped_column(ForeignKey("notices.id"), primary_key=True, index=True)


class NoticeVersionRow(Base):
    """One reading of a notice; history is never rewritten."""

    __tablename__ = "notice_versions"
    notice_id: Mapped[int] = mapped_column(ForeignKey("notices.id"), primary_key=True)
    version: Mapped[int] = mapped_column(primary_key=True)
    fingerprint: Mapped[str]
    status: Mapped[str]
    material: Mapped[bool]
    changed: Mapped[list[str]]
    data: Mapped[dict[str, Any]]
    parser_version: Mapped[int]
    run_id: Mapped[int] = mapped_column(ForeignKey("source_runs.id"), index=True)
    capture_id: Mapped[int | None] = mapped_column(ForeignKey("captures.id"), index=True)
    seen_at: Mapped[datetime]
