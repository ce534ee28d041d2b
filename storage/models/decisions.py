"""Decisions of editors about what notices are about."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from storage.models.base import Base


class DecisionRow(Base):
    """A decision, or (``undone``) the end of the one before; only ever added to, the newest of a notice counts.

    ``version`` and ``material_version`` of the notice, and ``levels`` of the classifier, are those that the editor saw.
    """

    __tablename__ = "decisions"
    __table_args__ = (Index("ix_decisions_notice_id_id", "notice_id", "id"),)
    id: Mapped[int] = mapped_column(primary_key=True)
    notice_id: Mapped[int] = mapped_column(ForeignKey("notices.id"))
    undone: Mapped[bool]
    product_types: Mapped[list[str]]
    regulations: Mapped[list[str]]
    reason: Mapped[str]
    version: Mapped[int]
    material_version: Mapped[int]
    levels: Mapped[dict[str, Any]]
    person_id: Mapped[int] = mapped_column(ForeignKey("persons.id"))
    decided_at: Mapped[datetime]


class GradeOverrideRow(Base):
    """The grade that an editor gave a notice for their zone, or (no grade) the end of the one before; only ever added to,
    the newest of a zone and notice counts."""

    __tablename__ = "grade_overrides"
    __table_args__ = (Index("ix_grade_overrides_notice_id_zone_id", "notice_id", "zone_id"),)
    id: Mapped[int] = mapped_column(primary_key=True)
    zone_id: Mapped[int] = mapped_column(ForeignKey("zones.id"))
    notice_id: Mapped[int] = mapped_column(ForeignKey("notices.id"))
    grade: Mapped[str | None]
    reason: Mapped[str]
    person_id: Mapped[int] = mapped_column(ForeignKey("persons.id"))
    decided_at: Mapped[datetime]
