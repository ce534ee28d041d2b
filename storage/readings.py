"""Stored notices as a new reading of their captures is compared with."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from domain.notice import NoticeStatus
from storage.captures import Rank
from storage.models import Capture, NoticeRow, NoticeVersionRow
from storage.runs import MISSED_TWICE


@dataclass(frozen=True, slots=True)
class Standing:
    """A stored notice: what it means, and how recent the capture is that it was read from (None when it has none)."""

    id: int
    fingerprint: str
    rank: Rank | None

    def outranks(self, rank: Rank) -> bool:
        """Whether it was read from a newer capture."""
        return self.rank is not None and self.rank > rank


@dataclass(frozen=True, slots=True)
class Withdrawn:
    """A notice that was withdrawn by words of its publisher."""

    external_id: str
    why: str


def standing(session: Session, slug: str, external_ids: Collection[str]) -> dict[str, Standing]:
    """The stored notices of a source among these external ids, at most 500 of them."""
    rows = session.execute(
        select(NoticeRow.external_id, NoticeRow.id, NoticeRow.fingerprint, Capture.id, Capture.run_id)
        .outerjoin(Capture, Capture.id == NoticeRow.capture_id)
        .where(NoticeRow.source == slug, NoticeRow.external_id.in_(external_ids)))
    return {external_id: Standing(notice_id, fingerprint, None if capture_id is None else (run_id, -capture_id))
            for external_id, notice_id, fingerprint, capture_id, run_id in rows}


def data(session: Session, notice_ids: Collection[int]) -> Mapping[int, dict[str, Any]]:
    """Notices as ``domain.notice.to_json`` gives them, at most 500."""
    rows = session.execute(select(NoticeRow.id, NoticeRow.data).where(NoticeRow.id.in_(notice_ids)))
    return {notice_id: values for notice_id, values in rows}


def unread(session: Session, slug: str, read: Collection[str]) -> dict[int | None, set[str]]:
    """The external ids of a source that are not among those read, by the capture that their notices came from."""
    found: dict[int | None, set[str]] = {}
    for external_id, capture_id in session.execute(select(NoticeRow.external_id, NoticeRow.capture_id).where(
            NoticeRow.source == slug).execution_options(yield_per=1000)):
        if external_id not in read:
            found.setdefault(capture_id, set()).add(external_id)
    return found


def withdrawable(session: Session, slug: str, external_id: str, stated_on: date, run_id: int) -> int | None:
    """The notice that a statement in an answer of a run withdraws: in force, not published after the statement, and not
    found to be in force again by a later run."""
    row = session.execute(select(NoticeRow.id, NoticeRow.event_on).where(
        NoticeRow.source == slug, NoticeRow.external_id == external_id,
        NoticeRow.status == NoticeStatus.ACTIVE.value)).one_or_none()
    if row is None or (row.event_on and row.event_on > stated_on):
        return None
    later = session.scalars(select(NoticeVersionRow.changed).where(
        NoticeVersionRow.notice_id == row.id, NoticeVersionRow.run_id > run_id))
    return None if any("status" in changed for changed in later) else row.id


def withdrawn_by_word(session: Session, slug: str) -> list[Withdrawn]:
    """The notices of a source that its publisher said to be withdrawn."""
    return [Withdrawn(external_id, why) for external_id, why in session.execute(
        select(NoticeRow.external_id, NoticeRow.withdrawn_why).where(
            NoticeRow.source == slug, NoticeRow.status == NoticeStatus.WITHDRAWN.value,
            NoticeRow.withdrawn_why != MISSED_TWICE).order_by(NoticeRow.id)) if why]
