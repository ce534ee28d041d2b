"""The review queue: notices that wait for an editor."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy import case, select
from sqlalchemy.orm import Session

from domain.decision import Review
from storage.models import NoticeRow


@dataclass(frozen=True, slots=True)
class Waiting:
    """A notice that waits: why, and what the classifier finds in it, with the confidence of each."""

    notice_id: int
    source: str
    why: Review
    levels: Mapping[str, str]


def queue(session: Session) -> list[Waiting]:
    """All notices that wait, the newest event first. One query by an index that holds no others."""
    found = [case((NoticeRow.found.is_not(None), NoticeRow.found[part]), else_=NoticeRow.classification[part])
             for part in ("product_types", "horizontal")]
    rows = session.execute(select(NoticeRow.id, NoticeRow.source, NoticeRow.review, *found).where(
        NoticeRow.review.is_not(None)).order_by(NoticeRow.event_on.desc().nulls_last(), NoticeRow.id.desc()))
    return [Waiting(notice_id, source, Review(why), {**types, **rules}) for notice_id, source, why, types, rules in rows]


def why(session: Session, notice_id: int) -> Review | None:
    """Why a notice waits; None when it does not."""
    found = session.scalar(select(NoticeRow.review).where(NoticeRow.id == notice_id))
    return Review(found) if found else None
