"""A batch of notices → created, revised or unchanged; versions and changes in the same transaction."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import insert, select, update
from sqlalchemy.orm import Session

from domain import classification as classifications
from domain import clock
from domain import notice as notices
from domain.classification import Classification
from domain.notice import Notice, NoticeStatus
from domain.source import Listing
from storage import changes
from storage.models import ChangeRow, NoticeRow, NoticeVersionRow, ReadUnit
from storage.runs import Run
from storage.session import Database

BATCH = 500
"""Most notices of one write transaction."""


@dataclass(frozen=True, slots=True)
class Reading:
    """A notice as read from a capture, with what was found in it."""

    notice: Notice
    classification: Classification


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
    status: str
    missing_run_id: int | None


def ingest(db: Database, run: Run, readings: Sequence[Reading], classifier_version: int, capture_id: int | None = None,
           unit: Unit | None = None) -> Outcome:
    """Store the readings of one answer, at most BATCH a transaction; ``unit`` is marked as read with the last of them.

    A notice that stands twice among the readings is taken once, the first time.
    """
    unique = list({reading.notice.external_id: reading for reading in reversed(readings)}.values())[::-1]
    outcome = Outcome()
    starts = range(0, len(unique), BATCH) or range(1)
    for start in starts:
        with db.write() as session:
            batch = _Batch(session, run, classifier_version, capture_id, outcome)
            batch.take(unique[start:start + BATCH])
            if unit and start == starts[-1]:
                _mark_read(session, run, unit, len(unique))
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
    """One transaction's worth of readings."""

    def __init__(self, session: Session, run: Run, classifier_version: int, capture_id: int | None,
                 outcome: Outcome) -> None:
        self.session, self.run, self.outcome = session, run, outcome
        self.classifier_version, self.capture_id = classifier_version, capture_id
        self.now: datetime = clock.now()

    def take(self, readings: Sequence[Reading]) -> None:
        """Sort the readings into new, different and unchanged, and write what differs."""
        stored = self._stored(reading.notice.external_id for reading in readings)
        created: list[tuple[Reading, str]] = []
        revised: list[tuple[Reading, str, _Stored]] = []
        back: list[int] = []
        for reading in readings:
            before = stored.get(reading.notice.external_id)
            fingerprint = notices.fingerprint(reading.notice)
            if before is None:
                created.append((reading, fingerprint))
            elif self._differs(fingerprint, before):
                revised.append((reading, fingerprint, before))
            else:
                self.outcome.unchanged += 1
                if before.missing_run_id is not None:
                    back.append(before.id)
        if back:
            self.session.execute(update(NoticeRow).where(NoticeRow.id.in_(back)).values(missing_run_id=None))
        self._create(created)
        self._revise(revised)

    def _stored(self, external_ids: Iterable[str]) -> dict[str, _Stored]:
        rows = self.session.execute(select(
            NoticeRow.external_id, NoticeRow.id, NoticeRow.version, NoticeRow.material_version, NoticeRow.fingerprint,
            NoticeRow.status, NoticeRow.missing_run_id,
        ).where(NoticeRow.source == self.run.source.slug, NoticeRow.external_id.in_(list(external_ids))))
        return {row[0]: _Stored(*row[1:]) for row in rows}

    def _differs(self, fingerprint: str, before: _Stored) -> bool:
        relisted = before.status == NoticeStatus.WITHDRAWN and self._shows_all()
        return fingerprint != before.fingerprint or relisted

    def _shows_all(self) -> bool:
        """Whether standing in the listing says that a notice is in force; an old report only says that it once was."""
        return self.run.source.listing is Listing.FULL

    def _create(self, created: list[tuple[Reading, str]]) -> None:
        if not created:
            return
        self.outcome.created += len(created)
        rows = [self._values(reading, fingerprint) | {
            "source": reading.notice.source, "external_id": reading.notice.external_id,
            "event": f"{reading.notice.source}:{reading.notice.external_id}", "version": 1, "material_version": 1,
            "first_seen_at": self.now} for reading, fingerprint in created]
        self.session.execute(insert(NoticeRow), rows)
        ids = {row.external_id: row.id for row in self.session.execute(
            select(NoticeRow.external_id, NoticeRow.id).where(
                NoticeRow.source == self.run.source.slug,
                NoticeRow.external_id.in_([row["external_id"] for row in rows])))}
        self._log([(ids[row["external_id"]], 1, row, True, [], self._may_alert(reading.notice))
                   for row, (reading, _) in zip(rows, created, strict=True)])

    def _revise(self, revised: list[tuple[Reading, str, _Stored]]) -> None:
        if not revised:
            return
        self.outcome.revised += len(revised)
        before_data: dict[int, dict[str, Any]] = {row.id: row.data for row in self.session.execute(
            select(NoticeRow.id, NoticeRow.data).where(NoticeRow.id.in_([before.id for _, _, before in revised])))}
        log = []
        for reading, fingerprint, before in revised:
            values = self._values(reading, fingerprint)
            if before.status == NoticeStatus.WITHDRAWN and not self._shows_all():
                del values["status"], values["withdrawn_at"], values["withdrawn_why"]
            changed = list(notices.changed_fields(before_data[before.id], values["data"]))
            if values.setdefault("status", before.status) != before.status:
                changed.append("status")
            material = "status" in changed or notices.is_material(tuple(changed), self.run.source.material_fields)
            version = before.version + 1
            values |= {"version": version, "material_version": version if material else before.material_version}
            self.session.execute(update(NoticeRow).where(NoticeRow.id == before.id).values(**values))
            log.append((before.id, version, values, material, changed, material and self.run.alerting))
        self._log(log)

    def _values(self, reading: Reading, fingerprint: str) -> dict[str, Any]:
        return {
            "fingerprint": fingerprint, "status": NoticeStatus.ACTIVE.value, "withdrawn_at": None, "withdrawn_why": None,
            "missing_run_id": None, "event_on": reading.notice.event_date, "relevant": reading.classification.is_relevant,
            "data": notices.to_json(reading.notice), "classification": classifications.to_json(reading.classification),
            "classifier_version": self.classifier_version, "capture_id": self.capture_id, "changed_at": self.now,
            "indexed_at": None,
        }

    def _may_alert(self, notice: Notice) -> bool:
        """A first version alerts unless the run may not, or the publisher re-publishes its archive."""
        if not self.run.alerting:
            return False
        event_on, newest = notice.event_date, self.run.newest_on
        return not (event_on and newest and newest - event_on > self.run.source.archive_after)

    def _log(self, entries: list[tuple[int, int, dict[str, Any], bool, list[str], bool]]) -> None:
        self.session.execute(insert(NoticeVersionRow), [
            {"notice_id": notice_id, "version": version, "fingerprint": values["fingerprint"], "status": values["status"],
             "material": material, "changed": changed, "data": values["data"],
             "parser_version": self.run.source.parser_version, "run_id": self.run.id, "capture_id": self.capture_id,
             "seen_at": self.now} for notice_id, version, values, material, changed, _ in entries])
        self.session.execute(insert(ChangeRow), [
            row for notice_id, version, _, _, _, alert in entries
            for row in changes.rows(changes.NOTICE, notice_id, version, alert, self.run.id)])
