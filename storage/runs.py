"""Source runs: begun, ended with a verdict, recovered after a kill, held by the breaker and released."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from statistics import median
from typing import Any

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from domain import clock
from domain.errors import Conflict, NotFound
from domain.notice import NoticeStatus
from domain.source import Reason, RunKind, RunStatus, Source
from storage import audit, changes, notices
from storage.models import ChangeRow, NoticeRow, NoticeVersionRow, SourceRow, SourceRunRow
from storage.session import Database

BREAKER_FLOOR = 50
BREAKER_FACTOR, BREAKER_FACTOR_OF_A_DAY = 10, 4
BREAKER_DAYS = 90
VERDICT = "verdict before it was held"
_WELL = (RunStatus.OK.value, "ok", dict[str, str]())
MISSED_TWICE = "missed_twice"
"""Why a notice is withdrawn that two complete runs of a full listing lacked; other reasons are the publisher's words."""


@dataclass(frozen=True, slots=True)
class Run:
    """A running crawl, or a reading of captures anew. ``newest_on`` is the newest event date stored before it began,
    ``alerting`` whether its notices may alert at all."""

    id: int
    source: Source
    alerting: bool
    newest_on: date | None
    kind: RunKind = RunKind.CRAWL


@dataclass(slots=True)
class Tally:
    """Counts of a run as it goes."""

    seen: int = 0
    created: int = 0
    revised: int = 0
    unchanged: int = 0
    withdrawn: int = 0
    requests: int = 0
    details: dict[str, object] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class RunReport:
    """A run as people and ``--json`` see it. ``warnings`` counts what had no place in a notice, such as a new field."""

    id: int
    slug: str
    status: RunStatus
    reason: Reason
    started_at: datetime
    ended_at: datetime | None
    created: int
    revised: int
    unchanged: int
    withdrawn: int
    requests: int
    seen: int
    warnings: Mapping[str, int] = field(default_factory=dict)
    kind: RunKind = RunKind.CRAWL

    @property
    def seconds(self) -> float:
        """How long it took, to a hundredth; 0 while it runs."""
        return round((self.ended_at - self.started_at).total_seconds(), 2) if self.ended_at else 0.0


def start(db: Database, source: Source, kind: RunKind = RunKind.CRAWL) -> Run:
    """Begin a run. Its notices may alert only if an earlier crawl under the same parser version came to its own end with
    something stored: a first load, the first run of a new parser and a reading of captures anew stay silent."""
    with db.write() as session:
        alerting = kind is RunKind.CRAWL and _has_baseline(session, source)
        newest = notices.watermark(session, source.slug)
        row = SourceRunRow(slug=source.slug, kind=kind.value, status=RunStatus.RUNNING.value, reason_code="ok",
                           reason_facts={}, parser_version=source.parser_version, alerting=alerting, newest_on=newest,
                           started_at=clock.now(), details={}, partial=False)
        session.add(row)
        session.flush()
        return Run(row.id, source, alerting, newest, kind)


def _has_baseline(session: Session, source: Source) -> bool:
    """Whether the first load is over: a run ended ok, or two came to their own end above the floor (what the first of them
    could not read was tried again). A run asked for a part only (``--since``) says nothing about the rest."""
    ended = select(SourceRunRow.status, SourceRunRow.seen).where(
        SourceRunRow.slug == source.slug, SourceRunRow.kind == RunKind.CRAWL.value,
        SourceRunRow.parser_version == source.parser_version, SourceRunRow.partial.is_(False),
        SourceRunRow.reason_code != "below_floor", SourceRunRow.seen > 0)
    rows = session.execute(ended.where(SourceRunRow.status != RunStatus.RUNNING.value)).all()
    row = session.get(SourceRow, source.slug)
    floor = source.expectation.min_items if row is None or row.min_items is None else row.min_items
    incomplete = sum(status == RunStatus.INCOMPLETE.value and seen >= floor for status, seen in rows)
    return incomplete > 1 or any(status in (RunStatus.OK.value, RunStatus.HELD.value) for status, _ in rows)


def finish(db: Database, run: Run, status: RunStatus, reason: Reason, tally: Tally, *, partial: bool = False) -> RunReport:
    """End a run with its verdict; the breaker may turn it into ``held``. ``partial`` says that it was asked for a part of
    the source only."""
    with db.write() as session:
        row = session.get_one(SourceRunRow, run.id)
        for name in ("seen", "created", "revised", "unchanged", "withdrawn", "requests"):
            setattr(row, name, getattr(tally, name))
        row.details, row.partial = tally.details, partial
        _close(session, row, status, reason)
        return report(row)


def _close(session: Session, row: SourceRunRow, status: RunStatus, reason: Reason) -> None:
    if unusual := _unusual(session, row):
        row.details = {**row.details, VERDICT: [status.value, reason.code, dict(reason.facts)]}
        status, reason = RunStatus.HELD, unusual
    row.status, row.reason_code, row.reason_facts = status.value, reason.code, dict(reason.facts)
    row.ended_at = clock.now()


def _unusual(session: Session, run: SourceRunRow) -> Reason | None:
    """Why the breaker holds a run: it would alert on more than max(50, 10 × what is usual for a day), or on more than
    max(50, 4 × that) of a single day."""
    query = select(NoticeRow.event_on, func.count(ChangeRow.subject_id.distinct())).join(
        NoticeRow, NoticeRow.id == ChangeRow.subject_id).where(
        ChangeRow.run_id == run.id, ChangeRow.consumer == changes.MATCH, ChangeRow.alert.is_(True))
    counts = {row[0]: row[1] for row in session.execute(query.group_by(NoticeRow.event_on))}
    if (in_all := sum(counts.values())) <= BREAKER_FLOOR:
        return None
    usual = _usual(session, run)
    limit, of_a_day = (max(BREAKER_FLOOR, int(factor * usual)) for factor in (BREAKER_FACTOR, BREAKER_FACTOR_OF_A_DAY))
    if in_all > limit:
        return Reason("breaker", {"count": str(in_all), "limit": str(limit)})
    fullest = max(counts, key=lambda day: counts[day])
    if counts[fullest] > of_a_day:
        return Reason("breaker_day", {"count": str(counts[fullest]), "day": str(fullest or "–"), "limit": str(of_a_day)})
    return None


def _usual(session: Session, run: SourceRunRow) -> float:
    """The median number of notices that the source dated on one of its publishing days in the 90 days before the newest
    date stored when the run began; 0 when nothing is known."""
    if run.newest_on is None:
        return 0
    own = select(NoticeVersionRow.notice_id).where(NoticeVersionRow.run_id == run.id, NoticeVersionRow.version == 1)
    per_day = session.scalars(select(func.count()).select_from(NoticeRow).where(
        NoticeRow.source == run.slug, NoticeRow.event_on > run.newest_on - timedelta(days=BREAKER_DAYS),
        NoticeRow.event_on <= run.newest_on, NoticeRow.id.not_in(own)).group_by(NoticeRow.event_on)).all()
    return median(per_day) if per_day else 0


def recover(db: Database, slug: str) -> list[RunReport]:
    """Close the runs of a source whose process died; call it only while holding the source's crawl lock. What they had
    stored stays and alerts like that of any other run."""
    with db.write() as session:
        rows = session.scalars(select(SourceRunRow).where(
            SourceRunRow.slug == slug, SourceRunRow.status == RunStatus.RUNNING.value)).all()
        for row in rows:
            first = NoticeVersionRow.version == 1
            row.created = _versions(session, row.id, first)
            row.revised = _versions(session, row.id, ~first)
            _close(session, row, RunStatus.FAILED, Reason("interrupted"))
        return [report(row) for row in rows]


def unended(session: Session, before: datetime) -> list[str]:
    """The sources of runs that began before a moment and have no end."""
    return list(session.scalars(select(SourceRunRow.slug).where(
        SourceRunRow.status == RunStatus.RUNNING.value, SourceRunRow.started_at < before).distinct()))


def _versions(session: Session, run_id: int, condition: object) -> int:
    query = select(func.count()).select_from(NoticeVersionRow).where(NoticeVersionRow.run_id == run_id)
    return session.scalar(query.where(condition)) or 0  # type: ignore[arg-type]


def release(db: Database, run_id: int, actor: str) -> RunReport:
    """Let a held run alert; it stands again as it ended before the breaker. Raises NotFound, or Conflict when it is not
    held."""
    with db.write() as session:
        row = session.get(SourceRunRow, run_id, with_for_update=True)
        if row is None:
            raise NotFound(f"there is no run {run_id}")
        if row.status != RunStatus.HELD.value or row.released_at:
            raise Conflict(f"run {run_id} is not held (it is {row.status})")
        row.released_at = clock.now()
        row.status, row.reason_code, row.reason_facts = row.details.get(VERDICT, _WELL)
        audit.add(session, actor, "release_run", f"run:{run_id}", {"slug": row.slug})
        return report(row)


def held(session: Session) -> list[RunReport]:
    """Runs waiting for the operator."""
    return [report(row) for row in session.scalars(
        select(SourceRunRow).where(SourceRunRow.status == RunStatus.HELD.value).order_by(SourceRunRow.id))]


def latest(session: Session, slug: str, limit: int = 20, kind: RunKind | None = None) -> list[RunReport]:
    """The newest runs of a source, newest first; of one kind only, if one is named."""
    query = select(SourceRunRow).where(SourceRunRow.slug == slug).order_by(SourceRunRow.id.desc()).limit(limit)
    return [report(row) for row in session.scalars(query.where(SourceRunRow.kind == kind.value) if kind else query)]


def with_details(session: Session, slug: str, run_id: int) -> tuple[RunReport, Mapping[str, Any]]:
    """A run of a source, and what it kept beside its counts: ``lost`` pages and ``bad_records`` with their reasons. Raises
    NotFound."""
    row = session.get(SourceRunRow, run_id)
    if row is None or row.slug != slug:
        raise NotFound(f"{slug} has no run {run_id}")
    return report(row), row.details


def report(row: SourceRunRow) -> RunReport:
    """A row as people see it."""
    return RunReport(row.id, row.slug, RunStatus(row.status), Reason(row.reason_code, dict(row.reason_facts)),
                     row.started_at, row.ended_at, row.created, row.revised, row.unchanged, row.withdrawn, row.requests,
                     row.seen, row.details.get("warnings", {}), RunKind(row.kind))


def settle_missing(db: Database, run: Run, seen: set[str]) -> int:
    """After a complete run of a full listing: note what it lacked for the first time, withdraw what it lacked for the
    second time, clear what came back. Gives the number withdrawn."""
    with db.read() as session:
        stored = session.execute(select(NoticeRow.id, NoticeRow.external_id, NoticeRow.missing_run_id).where(
            NoticeRow.source == run.source.slug, NoticeRow.status == NoticeStatus.ACTIVE.value)).all()
    back = [row.id for row in stored if row.external_id in seen and row.missing_run_id is not None]
    first = [row.id for row in stored if row.external_id not in seen and row.missing_run_id is None]
    gone = [row.id for row in stored if row.external_id not in seen and row.missing_run_id is not None]
    _set_missing(db, back, None)
    _set_missing(db, first, run.id)
    return withdraw(db, run, gone, MISSED_TWICE)


def settle_unchanged(db: Database, run: Run) -> int:
    """After a full listing answered "not modified": it still lacks what it lacked before, and this is the second time."""
    with db.read() as session:
        gone = list(session.scalars(select(NoticeRow.id).where(
            NoticeRow.source == run.source.slug, NoticeRow.status == NoticeStatus.ACTIVE.value,
            NoticeRow.missing_run_id.is_not(None))))
    return withdraw(db, run, gone, MISSED_TWICE)


def _set_missing(db: Database, ids: list[int], run_id: int | None) -> None:
    for start_at in range(0, len(ids), 500):
        with db.write() as session:
            session.execute(update(NoticeRow).where(NoticeRow.id.in_(ids[start_at:start_at + 500]))
                            .values(missing_run_id=run_id))


def withdraw(db: Database, run: Run, notice_ids: list[int], why: str) -> int:
    """Mark notices as withdrawn: kept, shown as such, a material change. Gives how many were active before."""
    count = 0
    for start_at in range(0, len(notice_ids), 500):
        with db.write() as session:
            for row in session.scalars(select(NoticeRow).where(NoticeRow.id.in_(notice_ids[start_at:start_at + 500]),
                                                               NoticeRow.status == NoticeStatus.ACTIVE.value)):
                _withdraw(session, run, row, why)
                count += 1
    return count


def _withdraw(session: Session, run: Run, row: NoticeRow, why: str) -> None:
    now = clock.now()
    row.version += 1
    row.material_version = row.version
    row.status, row.withdrawn_at, row.withdrawn_why = NoticeStatus.WITHDRAWN.value, now, why
    row.changed_at, row.missing_run_id = now, None
    session.add(NoticeVersionRow(
        notice_id=row.id, version=row.version, fingerprint=row.fingerprint, status=row.status, material=True,
        changed=["status"], data=row.data, parser_version=run.source.parser_version, run_id=run.id,
        capture_id=row.capture_id, seen_at=now))
    changes.add(session, changes.NOTICE, row.id, row.version, alert=run.alerting, run_id=run.id)


def by_external_ids(session: Session, slug: str, external_ids: set[str]) -> dict[str, int]:
    """Ids of the stored notices of a source that bear these external ids."""
    wanted = sorted(external_ids)
    found: dict[str, int] = {}
    for start_at in range(0, len(wanted), 500):
        for row in session.execute(select(NoticeRow.external_id, NoticeRow.id).where(
                NoticeRow.source == slug, NoticeRow.external_id.in_(wanted[start_at:start_at + 500]))):
            found[row.external_id] = row.id
    return found


def is_paused(session: Session, slug: str) -> bool:
    """Whether the operator paused a source."""
    row = session.get(SourceRow, slug)
    return row is not None and row.paused_at is not None
