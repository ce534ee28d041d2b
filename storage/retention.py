"""How long what is kept besides notices is kept (ADR 17).

A capture that a version of a notice points to stays as long as the notice. Others stay for a month; of each question that a
source is asked the newest answer, and the newest of a run that ended well, stay for a year, since they are what is read
anew. Rows go first and bytes after them: a crash in between leaves bytes that nothing points to, which the next time finds.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import islice
from typing import TypeVar

from sqlalchemy import ColumnElement, delete, exists, select
from sqlalchemy.orm import Session

from domain import clock
from domain.errors import Conflict
from domain.source import RunStatus
from storage import captures
from storage.captures import BYTES, CaptureStore
from storage.locks import alone, exclusive, of_crawl
from storage.models import Capture, ChangeRow, NoticeRow, NoticeVersionRow, SourceRow, SourceRunRow, TaskRow
from storage.session import Database

KEPT = timedelta(days=30)
"""How long captures that nothing points to are kept, and changes and tasks that are done."""
NEWEST_KEPT = timedelta(days=365)
"""How long the newest answer to a question is kept in any case."""
BATCH = 500
FILES = 50
"""Bodies that are removed within one transaction."""
_ENDED = ("done", "failed")
_T = TypeVar("_T")


@dataclass(slots=True)
class Pruned:
    """What was removed, or would be: captures, their bodies with the bytes these took, changes, tasks. ``busy`` are sources
    that were being crawled, whose captures the next time is for."""

    captures: int = 0
    bodies: int = 0
    size: int = 0
    changes: int = 0
    tasks: int = 0
    busy: list[str] = field(default_factory=list)

    def text(self) -> str:
        """For people."""
        said = (f"{self.captures} captures, {self.bodies} bodies ({self.size / 1e6:.1f} MB), {self.changes} changes and "
                f"{self.tasks} tasks that are done")
        return f"{said}; left for the next time: {', '.join(self.busy)}" if self.busy else said


def prune(db: Database, store: CaptureStore, *, dry_run: bool = False) -> Pruned:
    """Remove what need not be kept any longer; with ``dry_run`` only count it. Safe to be killed anywhere and to run beside
    everything else."""
    found = Pruned()
    with db.read() as session:
        slugs = list(session.scalars(select(SourceRow.slug).order_by(SourceRow.slug)))
    doomed: set[int] = set()
    for slug in slugs:
        if dry_run:
            doomed.update(_unneeded(db, slug))
            continue
        try:
            with exclusive(db, of_crawl(slug)):
                found.captures += _remove_captures(db, _unneeded(db, slug))
        except Conflict:
            found.busy.append(slug)
    found.captures += len(doomed)
    for part in _parts(store.everything(), BATCH):
        _prune_bodies(db, store, dict(part), doomed, found, dry_run)
    before = clock.now() - KEPT
    found.changes = _prune_rows(db, ChangeRow, ChangeRow.done_at < before, dry_run)
    found.tasks = _prune_rows(db, TaskRow, TaskRow.state.in_(_ENDED) & (TaskRow.done_at < before), dry_run)
    return found


def _unneeded(db: Database, slug: str) -> list[int]:
    """Captures of a source that no notice points to, that are old enough, and not the newest answer to a question."""
    now = clock.now()
    with db.read() as session:
        old = set(session.scalars(select(Capture.id).join(SourceRunRow, SourceRunRow.id == Capture.run_id).where(
            SourceRunRow.slug == slug, Capture.fetched_at < now - KEPT, _pointed_to_by_none())))
        if old:
            old -= _newest(session, slug, now - NEWEST_KEPT)
    return sorted(old)


def _pointed_to_by_none() -> ColumnElement[bool]:
    return ~exists().where(NoticeRow.capture_id == Capture.id) & ~exists().where(NoticeVersionRow.capture_id == Capture.id)


def _newest(session: Session, slug: str, since: datetime) -> set[int]:
    """The newest answer to each question, and the newest of a run that ended well: the one of a run that did not may be an
    excuse, or broken."""
    well = set(session.scalars(select(SourceRunRow.id).where(
        SourceRunRow.slug == slug, SourceRunRow.status == RunStatus.OK.value)))
    newest: dict[bytes, int] = {}
    newest_well: dict[bytes, int] = {}
    for each in captures.candidates(session, slug, since):
        newest.setdefault(each.key, each.id)
        if each.run_id in well:
            newest_well.setdefault(each.key, each.id)
    return {*newest.values(), *newest_well.values()}


def _remove_captures(db: Database, ids: list[int]) -> int:
    for part in _parts(ids, BATCH):
        with db.write() as session:
            session.execute(delete(Capture).where(Capture.id.in_(part)))
    return len(ids)


def _prune_bodies(db: Database, store: CaptureStore, sizes: dict[str, int], doomed: set[int], found: Pruned,
                  dry_run: bool) -> None:
    """Of these bodies, remove those that no capture has."""
    with db.read() as session:
        rows = session.execute(select(Capture.sha256, Capture.id).where(Capture.sha256.in_(sizes)))
        used = {sha256 for sha256, capture_id in rows if capture_id not in doomed}
    for part in _parts([sha256 for sha256 in sizes if sha256 not in used], FILES):
        removed = part if dry_run else _remove_bodies(db, store, part)
        found.bodies += len(removed)
        found.size += sum(sizes[sha256] for sha256 in removed)


def _remove_bodies(db: Database, store: CaptureStore, hashes: list[str]) -> list[str]:
    """A crawl that is about to note one of them makes sure of it afterwards (storage.captures.record)."""
    with db.write() as session:
        alone(session, BYTES)
        used = set(session.scalars(select(Capture.sha256).where(Capture.sha256.in_(hashes))))
        removed = [sha256 for sha256 in hashes if sha256 not in used]
        for sha256 in removed:
            store.remove(sha256)
    return removed


def _prune_rows(db: Database, table: type[ChangeRow] | type[TaskRow], condition: ColumnElement[bool], dry_run: bool) -> int:
    with db.read() as session:
        ids = list(session.scalars(select(table.id).where(condition).order_by(table.id)))
    for part in _parts(() if dry_run else ids, BATCH):
        with db.write() as session:
            session.execute(delete(table).where(table.id.in_(part)))
    return len(ids)


def _parts(values: Iterable[_T], size: int) -> Iterator[list[_T]]:
    rest = iter(values)
    while part := list(islice(rest, size)):
        yield part
