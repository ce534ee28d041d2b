"""Named queries on notices."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import Integer, Row, cast, exists, func, or_, select, update
from sqlalchemy.orm import Session

from domain import classification as classifications
from domain import clock
from domain import notice as notices
from domain.classification import Classification
from domain.errors import NotFound
from domain.grade import Graded, grade
from domain.notice import Notice, NoticeStatus
from domain.source import SourceTier
from storage.models import NoticeRow, NoticeVersionRow, SourceRow


@dataclass(frozen=True, slots=True)
class StoredNotice:
    """The present reading of a notice with what the store knows about it; ``tier`` is that of its source. ``overruled`` is
    the classifier's finding where an editor's decision stands over it, ``zone_grade`` the grade of the zone for which it
    was read, where that gave one (storage.grade_overrides)."""

    id: int
    notice: Notice
    classification: Classification
    event: str
    version: int
    material_version: int
    status: NoticeStatus
    withdrawn_at: datetime | None
    withdrawn_why: str | None
    capture_id: int | None
    first_seen_at: datetime
    changed_at: datetime
    indexed_at: datetime | None
    overruled: Classification | None = None
    tier: SourceTier = SourceTier.OFFICIAL
    zone_grade: Graded | None = None

    @property
    def grade(self) -> Graded:
        """Red, yellow or plain today, with its reason."""
        return self.zone_grade or grade(self.notice, self.classification, tier=self.tier)


@dataclass(frozen=True, slots=True)
class NoticeVersion:
    """One reading in the history of a notice."""

    version: int
    status: NoticeStatus
    material: bool
    changed: tuple[str, ...]
    notice: Notice
    parser_version: int
    run_id: int
    capture_id: int | None
    seen_at: datetime


_STORED = (NoticeRow.id, NoticeRow.data, NoticeRow.classification, NoticeRow.event, NoticeRow.version,
           NoticeRow.material_version, NoticeRow.status, NoticeRow.withdrawn_at, NoticeRow.withdrawn_why,
           NoticeRow.capture_id, NoticeRow.first_seen_at, NoticeRow.changed_at, NoticeRow.indexed_at,
           NoticeRow.found)


def stored(session: Session, rows: Iterable[NoticeRow | Row[Any]]) -> list[StoredNotice]:
    """Rows as dataclasses; a plain row holds the columns of ``_STORED``, which costs half of an object."""
    tiers = _tiers(session)
    return [_stored(row, tiers) for row in rows]


def _tiers(session: Session) -> Mapping[str, SourceTier]:
    """The tier of every source, asked once a session."""
    found: Mapping[str, SourceTier] | None = session.info.get("tiers")
    if found is None:
        rows = session.execute(select(SourceRow.slug, SourceRow.card["tier"].as_string()))
        found = session.info["tiers"] = {slug: SourceTier(tier) for slug, tier in rows}
    return found


def _stored(row: NoticeRow | Row[Any], tiers: Mapping[str, SourceTier]) -> StoredNotice:
    return StoredNotice(
        row.id, notices.from_json(row.data), classifications.from_json(row.classification), row.event, row.version,
        row.material_version, NoticeStatus(row.status), row.withdrawn_at, row.withdrawn_why, row.capture_id,
        row.first_seen_at, row.changed_at, row.indexed_at, classifications.from_json(row.found) if row.found else None,
        tiers[row.data["source"]])


def by_id(session: Session, notice_id: int) -> StoredNotice:
    """A notice. Raises NotFound."""
    row = session.get(NoticeRow, notice_id)
    if row is None:
        raise NotFound(f"there is no notice {notice_id}")
    return stored(session, [row])[0]


def by_ids(session: Session, notice_ids: Sequence[int]) -> dict[int, StoredNotice]:
    """The notices that exist among these ids."""
    found: dict[int, StoredNotice] = {}
    for start in range(0, len(notice_ids), 500):
        rows = session.execute(select(*_STORED).where(NoticeRow.id.in_(notice_ids[start:start + 500])))
        found.update((each.id, each) for each in stored(session, rows))
    return found


def versions(session: Session, notice_id: int) -> list[NoticeVersion]:
    """The history of a notice, newest first."""
    return [NoticeVersion(row.version, NoticeStatus(row.status), row.material, tuple(row.changed),
                          notices.from_json(row.data), row.parser_version, row.run_id, row.capture_id, row.seen_at)
            for row in session.scalars(select(NoticeVersionRow).where(NoticeVersionRow.notice_id == notice_id)
                                       .order_by(NoticeVersionRow.version.desc()))]


def of_event(session: Session, event: str) -> list[StoredNotice]:
    """All notices about one event."""
    return stored(session, session.scalars(select(NoticeRow).where(NoticeRow.event == event).order_by(NoticeRow.id)))


def everything(session: Session, batch: int = 1000) -> Iterator[list[StoredNotice]]:
    """All notices in batches, by id; a batch is read when it is asked for."""
    last = 0
    while rows := session.execute(select(*_STORED).where(NoticeRow.id > last).order_by(NoticeRow.id).limit(batch)).all():
        last = rows[-1].id
        yield stored(session, rows)


def count(session: Session) -> int:
    """How many notices there are."""
    return session.scalar(select(func.count()).select_from(NoticeRow)) or 0


def mark_indexed(session: Session, graded: Mapping[int, str]) -> None:
    """Note the grade that the index holds of these notices, by id, and the first moment at which they could be found."""
    for value in sorted(set(graded.values())):
        ids = [notice_id for notice_id, each in graded.items() if each == value]
        for start in range(0, len(ids), 500):
            session.execute(update(NoticeRow).where(
                NoticeRow.id.in_(ids[start:start + 500]),
                or_(NoticeRow.grade.is_distinct_from(value), NoticeRow.indexed_at.is_(None)),
            ).values(grade=value, indexed_at=func.coalesce(NoticeRow.indexed_at, clock.now())))


def newest_relevant(session: Session, limit: int) -> list[StoredNotice]:
    """The newest notices of our industries by event date."""
    return stored(session, session.scalars(select(NoticeRow).where(NoticeRow.relevant.is_(True)).order_by(
        NoticeRow.event_on.desc(), NoticeRow.id.desc()).limit(limit)))


def watermark(session: Session, source: str) -> date | None:
    """The newest event date stored of a source; dates in the future, which are mistakes, do not count."""
    return session.scalar(select(func.max(NoticeRow.event_on)).where(
        NoticeRow.source == source, NoticeRow.event_on <= tomorrow()))


def holds_any(session: Session, source: str) -> bool:
    """Whether anything of a source is stored."""
    return bool(session.scalar(select(exists().where(NoticeRow.source == source))))


def markets(session: Session, source: str) -> frozenset[str]:
    """The markets of the notices of a source. Reads all of them."""
    return frozenset(session.scalars(select(NoticeRow.data["market"].as_string()).where(
        NoticeRow.source == source).distinct()))


def count_since(session: Session, source: str, since: datetime) -> tuple[int, int]:
    """How many notices of a source were first seen since a moment, and how many of those concern our industries."""
    found, relevant = session.execute(select(func.count(), func.sum(cast(NoticeRow.relevant, Integer))).where(
        NoticeRow.source == source, NoticeRow.first_seen_at >= since)).one()
    return found, relevant or 0


def record_hashes(session: Session, source: str) -> dict[str, str]:
    """The external id behind each record of a source that was read and stands as it did then, by the record's hash."""
    rows = session.execute(select(NoticeRow.record_hash, NoticeRow.external_id).where(
        NoticeRow.source == source, NoticeRow.record_hash.is_not(None), NoticeRow.missing_run_id.is_(None),
        NoticeRow.status == NoticeStatus.ACTIVE.value))
    return {record_hash: external_id for record_hash, external_id in rows if record_hash}


def tomorrow() -> date:
    """The latest date that can be today somewhere."""
    return clock.today() + timedelta(days=1)
