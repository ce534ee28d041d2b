"""Bulletins of a zone."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from storage.models.base import Base


class BulletinRow(Base):
    """A bulletin of a zone's association."""

    __tablename__ = "bulletins"
    id: Mapped[int] = mapped_column(primary_key=True)
    zone_id: Mapped[int] = mapped_column(ForeignKey("zones.id"), index=True)
    author_id: Mapped[int] = mapped_column(ForeignKey("persons.id"))
    title: Mapped[str]
    comment: Mapped[str]
    state: Mapped[str]
    created_at: Mapped[datetime]
    published_at: Mapped[datetime | None]


class BulletinItemRow(Base):
    """A notice picked for a bulletin, in the editor's order."""

    __tablename__ = "bulletin_items"
    bulletin_id: Mapped[int] = mapped_column(ForeignKey("bulletins.id"), primary_key=True)
    notice_id: Mapped[int] = mapped_column(ForeignKey("notices.id"), primary_key=True)
    position: Mapped[int]
