"""Sources, their runs, what was fetched and what has been read of it."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any, ClassVar

from sqlalchemy import ForeignKey, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from storage.models.base import Base


class SourceRow(Base):
    """A source: its card as last seen (for rooms that may not import crawlers) and what the operator set. ``api_key`` is
    sealed (storage.keys); ``checked_at`` is when the operator saw that a spider made after documentation alone reads the
    real source."""

    __tablename__ = "sources"
    slug: Mapped[str] = mapped_column(primary_key=True)
    card: Mapped[dict[str, Any]]
    paused_at: Mapped[datetime | None]
    paused_why: Mapped[str | None]
    min_items: Mapped[int | None]
    api_key: Mapped[str | None]
    checked_at: Mapped[datetime | None]


class HealthRow(Base):
    """A state that a source was in, and from when on; the newest row of a source is its present one. ``readers_told_at`` is
    when those who rely on the source were told of the outage, or of its end."""

    __tablename__ = "health"
    __table_args__ = (Index("ix_health_slug_id", "slug", "id"),)
    id: Mapped[int] = mapped_column(primary_key=True)
    slug: Mapped[str] = mapped_column(ForeignKey("sources.slug"))
    state: Mapped[str]
    reason_code: Mapped[str]
    reason_facts: Mapped[dict[str, Any]]
    since: Mapped[datetime]
    noted_at: Mapped[datetime]
    readers_told_at: Mapped[datetime | None]


class SourceRunRow(Base):
    """One crawl of a source, or one reading of its captures anew (``kind``), and its statistics. ``alerting`` is false where
    house rules forbid alerts for the whole run, ``partial`` true when a part only was asked for (--since)."""

    NOT_OK: ClassVar[str] = "source_runs.status <> 'ok'"
    __tablename__ = "source_runs"
    __table_args__ = (
        Index("ix_source_runs_slug_started", "slug", "started_at"),
        Index("ix_source_runs_not_ok", "slug", "id", sqlite_where=text("status <> 'ok'"),
              postgresql_where=text("status <> 'ok'")),
    )
    id: Mapped[int] = mapped_column(primary_key=True)
    slug: Mapped[str] = mapped_column(ForeignKey("sources.slug"))
    kind: Mapped[str]
    status: Mapped[str] = mapped_column(index=True)
    reason_code: Mapped[str]
    reason_facts: Mapped[dict[str, Any]]
    parser_version: Mapped[int]
    alerting: Mapped[bool]
    partial: Mapped[bool]
    newest_on: Mapped[date | None]
    started_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]
    released_at: Mapped[datetime | None]
    seen: Mapped[int] = mapped_column(default=0)
    created: Mapped[int] = mapped_column(default=0)
    revised: Mapped[int] = mapped_column(default=0)
    unchanged: Mapped[int] = mapped_column(default=0)
    withdrawn: Mapped[int] = mapped_column(default=0)
    requests: Mapped[int] = mapped_column(default=0)
    details: Mapped[dict[str, Any]]


class Capture(Base):
    """One answer of a source as it came; the body is a compressed file under its SHA-256 in the captures URL. ``reader`` is
    the method of the spider that reads it, ``known`` what that method was told beside the answer."""

    __tablename__ = "captures"
    id: Mapped[int] = mapped_column(primary_key=True)
    run_id: Mapped[int] = mapped_column(ForeignKey("source_runs.id"), index=True)
    url: Mapped[str] = mapped_column(index=True)
    status: Mapped[int]
    headers: Mapped[dict[str, Any]]
    sha256: Mapped[str] = mapped_column(index=True)
    size: Mapped[int]
    reader: Mapped[str | None]
    known: Mapped[dict[str, Any] | None]
    fetched_at: Mapped[datetime]


class ReadUnit(Base):
    """An answer whose notices are all stored, under the parser that read it: what need not be fetched or read again.

    Written in the transaction that stores the unit's last notices, so a killed run never skips what it had not kept.
    """

    __tablename__ = "read_units"
    slug: Mapped[str] = mapped_column(ForeignKey("sources.slug"), primary_key=True)
    unit: Mapped[str] = mapped_column(primary_key=True)
    parser_version: Mapped[int]
    sha256: Mapped[str]
    etag: Mapped[str | None]
    last_modified: Mapped[str | None]
    items: Mapped[int]
    run_id: Mapped[int] = mapped_column(ForeignKey("source_runs.id"))
    read_at: Mapped[datetime]
