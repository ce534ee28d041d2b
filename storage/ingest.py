"""A batch of notices → created, revised or unchanged; versions and changes in the same transaction."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from domain import clock
from domain import notice as notices
from domain.classification import Classification
from domain.decision import Decision
from domain.notice import Notice, NoticeStatus
from domain.source import Listing, RunKind
from storage import decisions
from storage.merge import Occasion, Written, merge
from storage.models import NoticeRow, ReadUnit
from storage.relations import relate
from storage.runs import Run
from storage.session import Database

BATCH = 500
"""Most notices of one write transaction on SQLite, where others wait for its end."""
POSTGRES_BATCH = 2_000
"""The same on PostgreSQL, where nobody does."""


@dataclass(frozen=True, slots=True)
class Reading:
    """A notice as read from a capture, with what was found in it, and the hash of its record if that says everything."""

    notice: Notice
    classification: Classification
    record_hash: str | None = None


@dataclass(frozen=True, slots=True)
class Unit:
    """The answer that readings came from; see storage.models.ReadUnit."""

    name: str
    sha256: str
    etag: str | None
    last_modified: str | None


@dataclass(slots=True)
class Outcome:
    """What became of a batch."""

    created: int = 0
    revised: int = 0
    unchanged: int = 0


@dataclass(frozen=True, slots=True)
class _Stored:
    id: int
    version: int
    material_version: int
    fingerprint: str
    record_hash: str | None
    status: str
    missing_run_id: int | None


def ingest(db: Database, run: Run, readings: Sequence[Reading], classifier_version: int, capture_id: int | None = None,
           unit: Unit | None = None, known: int = 0) -> Outcome:
    """Store the readings of one answer, at most a batch a transaction; ``unit`` is marked as read with the last of them.
    ``known`` counts the notices of the answer that need no reading: their records are what they were.

    A notice that stands twice among the readings is taken once, the first time.
    """
    unique = list({reading.notice.external_id: reading for reading in reversed(readings)}.values())[::-1]
    outcome = Outcome()
    occasion = Occasion(run.source.slug, classifier_version, capture_id, run.source.parser_version, run.id, clock.now())
    size = POSTGRES_BATCH if db.is_postgres else BATCH
    starts = range(0, len(unique), size) or range(1)
    for start in starts:
        with db.write() as session:
            _Batch(session, run, occasion, outcome).take(unique[start:start + size])
            if unit and start == starts[-1]:
                _mark_read(session, run, unit, len(unique) + known)
    return outcome


def mark_read(db: Database, run: Run, unit: Unit, items: int) -> None:
    """Note that all that follows from an answer of ``items`` notices is done: it need not be fetched or read again."""
    with db.write() as session:
        _mark_read(session, run, unit, items)


def _mark_read(session: Session, run: Run, unit: Unit, items: int) -> None:
    session.merge(ReadUnit(
        slug=run.source.slug, unit=unit.name, parser_version=run.source.parser_version, sha256=unit.sha256, etag=unit.etag,
        last_modified=unit.last_modified, items=items, run_id=run.id, read_at=clock.now()))


class _Batch:
    """One transaction's worth of readings: which are new, which differ, and what is to be kept of them."""

    def __init__(self, session: Session, run: Run, occasion: Occasion, outcome: Outcome) -> None:
        self.session, self.run, self.occasion, self.outcome = session, run, occasion, outcome

    def take(self, readings: Sequence[Reading]) -> None:
        """Sort the readings into new, different and unchanged, and write what differs."""
        stored = self._stored([reading.notice.external_id for reading in readings])
        written: list[Written] = []
        differing: list[tuple[Reading, dict[str, Any], str, _Stored]] = []
        back: list[int] = []
        same: list[dict[str, Any]] = []
        for reading in readings:
            data = notices.to_json(reading.notice)
            fingerprint = notices.fingerprint_of(data)
            before = stored.get(reading.notice.external_id)
            if before is None:
                written.append(self._new(reading, data, fingerprint))
            elif self._differs(fingerprint, before):
                differing.append((reading, data, fingerprint, before))
            else:
                self.outcome.unchanged += 1
                if before.missing_run_id is not None:
                    back.append(before.id)
                if before.record_hash != reading.record_hash:
                    same.append({"id": before.id, "record_hash": reading.record_hash})
        if same:
            self.session.execute(update(NoticeRow), same)
        if back and self.run.kind is RunKind.CRAWL:
            self.session.execute(update(NoticeRow).where(NoticeRow.id.in_(back)).values(missing_run_id=None))
        self.outcome.created += len(written)
        self.outcome.revised += len(differing)
        merge(self.session, self.occasion, [*written, *self._revised(differing)])
        revised = frozenset(reading.notice.external_id for reading, *_ in differing)
        fresh = revised.union(each.external_id for each in written)
        relate(self.session, self.run.source.slug, (
            reading.notice for reading in readings if reading.notice.external_id in fresh), revised)

    def _stored(self, external_ids: list[str]) -> dict[str, _Stored]:
        rows = self.session.execute(select(
            NoticeRow.external_id, NoticeRow.id, NoticeRow.version, NoticeRow.material_version, NoticeRow.fingerprint,
            NoticeRow.record_hash, NoticeRow.status, NoticeRow.missing_run_id,
        ).where(NoticeRow.source == self.run.source.slug, NoticeRow.external_id.in_(external_ids)))
        return {row[0]: _Stored(*row[1:]) for row in rows}

    def _differs(self, fingerprint: str, before: _Stored) -> bool:
        relisted = before.status == NoticeStatus.WITHDRAWN and self._shows_all()
        return fingerprint != before.fingerprint or relisted

    def _shows_all(self) -> bool:
        """Whether standing in the listing says that a notice is in force; an old report, or a listing captured long ago,
        only says that it once was."""
        return self.run.source.listing is Listing.FULL and self.run.kind is RunKind.CRAWL

    def _new(self, reading: Reading, data: dict[str, Any], fingerprint: str) -> Written:
        return self._written(reading, data, fingerprint, version=1, material_version=1, status=NoticeStatus.ACTIVE.value,
                             material=True, changed=[], alert=self._may_alert(reading.notice))

    def _revised(self, differing: list[tuple[Reading, dict[str, Any], str, _Stored]]) -> Iterator[Written]:
        if not differing:
            return
        ids = [before.id for *_, before in differing]
        rows = {row.id: row for row in self.session.execute(
            select(NoticeRow.id, NoticeRow.data, NoticeRow.withdrawn_at, NoticeRow.withdrawn_why).where(
                NoticeRow.id.in_(ids)).order_by(NoticeRow.id).with_for_update())}
        decided = decisions.standing(self.session, ids)  # only now: nobody decides about a row that is locked
        for reading, data, fingerprint, before in differing:
            row = rows[before.id]
            stays_withdrawn = before.status == NoticeStatus.WITHDRAWN and not self._shows_all()
            status = before.status if stays_withdrawn else NoticeStatus.ACTIVE.value
            changed = list(notices.changed_fields(row.data, data))
            if status != before.status:
                changed.append("status")
            material = "status" in changed or notices.is_material(tuple(changed), self.run.source.material_fields)
            version = before.version + 1
            yield self._written(
                reading, data, fingerprint, version=version, status=status, material=material, changed=changed,
                material_version=version if material else before.material_version, alert=material and self.run.alerting,
                withdrawn_at=row.withdrawn_at if stays_withdrawn else None,
                withdrawn_why=row.withdrawn_why if stays_withdrawn else None, decision=decided.get(before.id))

    def _written(self, reading: Reading, data: dict[str, Any], fingerprint: str, *, material_version: int,
                 withdrawn_at: datetime | None = None, withdrawn_why: str | None = None, decision: Decision | None = None,
                 **how: Any) -> Written:
        kept = decisions.kept(reading.classification, decision, material_version)
        return Written(
            external_id=reading.notice.external_id, fingerprint=fingerprint, record_hash=reading.record_hash,
            withdrawn_at=withdrawn_at, withdrawn_why=withdrawn_why, event_on=reading.notice.event_date,
            material_version=material_version, relevant=kept.relevant, data=data, classification=kept.classification,
            found=kept.found, review=kept.review, **how)

    def _may_alert(self, notice: Notice) -> bool:
        """A first version alerts unless the run may not, or the publisher re-publishes its archive."""
        if not self.run.alerting:
            return False
        event_on, newest = notice.event_date, self.run.newest_on
        return not (event_on and newest and newest - event_on > self.run.source.archive_after)
