"""Health of sources: what the store tells of it now, and the history of the states that were noted."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import groupby

from sqlalchemy import ColumnElement, Select, func, select, text
from sqlalchemy.orm import Session

from domain import clock
from domain.health import (
    OF_RUNS,
    Crawls,
    Expected,
    Health,
    HealthState,
    Pause,
    RunEnd,
    health,
    overdue_since,
    settled,
    state_of,
)
from domain.source import Grade, Reason, RunKind, RunStatus
from storage import audit, notices, runs
from storage.locks import alone
from storage.models import HealthRow, SourceRow, SourceRunRow
from storage.session import Database

MOST_ROWS = 200
"""Newest noted states of a source that are looked through for the beginning of something."""


@dataclass(frozen=True, slots=True)
class Noted:
    """A state that was noted, and since when it had lasted. ``told_at`` is when readers were told of the outage, or of its
    end."""

    id: int
    slug: str
    state: HealthState
    since: datetime
    reason: Reason
    noted_at: datetime
    told_at: datetime | None


@dataclass(frozen=True, slots=True)
class Phase:
    """A time that a source spent in one state, with the last reason given for it; ``until`` is None for the present."""

    state: HealthState
    since: datetime
    until: datetime | None
    reason: Reason


@dataclass(frozen=True, slots=True)
class Unwell:
    """A source that may miss news, with the market on its card."""

    slug: str
    market: str
    state: HealthState
    since: datetime


def present(session: Session, rows: Iterable[SourceRow]) -> dict[str, Health]:
    """The health of these sources at this moment, by slug."""
    noted = newest(session)
    held: dict[str, RunEnd] = {}
    for each in runs.held(session):
        if each.ended_at and each.kind is RunKind.CRAWL:
            held.setdefault(each.slug, RunEnd(each.status, each.reason, each.ended_at))
    return {row.slug: _present(session, row, held.get(row.slug), noted.get(row.slug)) for row in rows}


def _present(session: Session, row: SourceRow, held: RunEnd | None, noted: Noted | None) -> Health:
    if row.card["grade"] == Grade.CARD_ONLY:
        why, why_zh = row.card["caveats"][0], row.card["caveats_zh"][0]
        return Health(HealthState.NOT_CRAWLED, None, Reason("not_crawled", {"why": why, "why_zh": why_zh}))
    expected = Expected(int(row.card["max_silence_days"]), _rhythm(row))
    crawls = _crawls(session, row.slug, expected, held, noted)
    pause = Pause(row.paused_at, row.paused_why or "") if row.paused_at else None
    found = health(crawls, expected, notices.watermark(session, row.slug), clock.now(), pause)
    if noted is None or found.state not in OF_RUNS:
        return found
    return settled(found, noted.state, noted.since, _turned_at(session, crawls, noted))


def _rhythm(row: SourceRow) -> timedelta | None:
    """How often a source is to be crawled; None when the scheduler leaves it alone."""
    return timedelta(hours=float(row.card["rhythm_hours"])) if runs_by_itself(Grade(row.card["grade"]), row) else None


def runs_by_itself(grade: Grade, row: SourceRow | None) -> bool:
    """Whether the scheduler crawls a source of this grade: one that only follows documentation must have been checked."""
    return grade is Grade.PROVEN or (grade is Grade.DOCUMENTED and row is not None and row.checked_at is not None)


def _crawls(session: Session, slug: str, expected: Expected, held: RunEnd | None, noted: Noted | None) -> Crawls:
    own = select(SourceRunRow).where(SourceRunRow.slug == slug, SourceRunRow.kind == RunKind.CRAWL.value)
    begun = session.scalar(_last(own))
    last = session.scalar(_last(own.where(_ENDED))) if begun and begun.ended_at is None else begun
    begun_at = begun.started_at if begun else _known_since(session, slug, noted)
    if overdue_since(begun_at, expected, clock.now()):
        begun_at = max(filter(None, (begun_at, audit.newest(session, "resume_source", f"source:{slug}"))))
    if last is None or last.ended_at is None:
        return Crawls(begun_at=begun_at, is_running=begun is not None)
    end = RunEnd(RunStatus(last.status), Reason(last.reason_code, dict(last.reason_facts)), last.ended_at)
    state = state_of(end.status, last.reason_code)
    good = end.ended_at if state is HealthState.HEALTHY else session.scalar(_last(
        own.where(_ENDED, _in((HealthState.HEALTHY, HealthState.HELD)))).with_only_columns(SourceRunRow.ended_at))
    return Crawls(end, _streak_since(session, own, state), good, held, begun_at, begun is not last)


_ENDED = (SourceRunRow.status != RunStatus.RUNNING.value) & SourceRunRow.ended_at.is_not(None)


def _last(query: Select[SourceRunRow]) -> Select[SourceRunRow]:
    """The newest run. The index of a source's runs is in this order; by id alone, all runs would be gone through."""
    return query.order_by(SourceRunRow.started_at.desc(), SourceRunRow.id.desc()).limit(1)


def _in(states: Sequence[HealthState]) -> ColumnElement[bool]:
    """Whether a run ended in one of these states: ``domain.health.state_of`` in SQL."""
    below = (SourceRunRow.reason_code == "below_floor") & (SourceRunRow.status == RunStatus.INCOMPLETE.value)
    ended_so = ~below & SourceRunRow.status.in_([each.value for each in RunStatus if state_of(each, "") in states])
    return below | ended_so if HealthState.BELOW_FLOOR in states else ended_so


def _streak_since(session: Session, own: Select[SourceRunRow], state: HealthState) -> datetime | None:
    """The end of the first of the newest crawls that ended in this state one after the other."""
    others = own.where(_ENDED, ~_in((state,)))
    if state is HealthState.HEALTHY:  # years of runs that were well have an index of those that were not
        others = others.where(text(SourceRunRow.NOT_OK))
    other = others.order_by(SourceRunRow.id.desc()).limit(1).with_only_columns(SourceRunRow.id).scalar_subquery()
    return session.scalar(own.where(_ENDED, SourceRunRow.id > func.coalesce(other, 0))
                          .order_by(SourceRunRow.started_at, SourceRunRow.id).limit(1)
                          .with_only_columns(SourceRunRow.ended_at))


def _known_since(session: Session, slug: str, noted: Noted | None) -> datetime | None:
    """Since when a source that no crawl ever began is known to wait for its first one."""
    first = select(func.min(HealthRow.noted_at)).where(HealthRow.slug == slug)
    return session.scalar(first) if noted else None


def _turned_at(session: Session, crawls: Crawls, noted: Noted) -> datetime:
    """When a source came back from another state, as far as its crawls do not tell."""
    assert crawls.last
    turned = crawls.last.ended_at
    if noted.state is HealthState.HELD:
        released = session.scalar(select(func.max(SourceRunRow.released_at)).where(SourceRunRow.slug == noted.slug))
        turned = max(filter(None, (turned, released)))
    return turned if turned > noted.since else clock.now()


def note(db: Database) -> int:
    """Note the states of sources, or the reasons for them, that have changed since they were noted last; gives how many."""
    with db.read() as session:
        found = present(session, session.scalars(select(SourceRow).order_by(SourceRow.slug)))
        fresh = _changed(found, newest(session))
    if not fresh:
        return 0
    with db.write() as session:
        alone(session, "health")
        now = clock.now()
        fresh = _changed(found, newest(session))
        for slug in fresh:
            each = found[slug]
            session.add(HealthRow(slug=slug, state=each.state.value, reason_code=each.reason.code, noted_at=now,
                                  reason_facts=dict(each.reason.facts), since=each.since or now, readers_told_at=None))
        return len(fresh)


def _changed(found: Mapping[str, Health], noted: Mapping[str, Noted]) -> list[str]:
    return [slug for slug, each in found.items() if slug not in noted or _mark(each) != _mark(noted[slug])]


def _mark(each: Health | Noted) -> tuple[HealthState, str, str]:
    """What makes another row of the history: the figures and pages in a reason do not, the operator's words do."""
    return each.state, each.reason.code, each.reason.facts["why"] if each.reason.code == "paused" else ""


def newest(session: Session, upto: int | None = None) -> dict[str, Noted]:
    """What was noted last of each source, up to the row ``upto`` if one is named."""
    ids = select(func.max(HealthRow.id)).group_by(HealthRow.slug)
    return by_slug(session, ids if upto is None else ids.where(HealthRow.id <= upto))


def by_slug(session: Session, ids: Select[int]) -> dict[str, Noted]:
    """The rows with these ids, one a source."""
    return {row.slug: of_row(row) for row in session.scalars(select(HealthRow).where(HealthRow.id.in_(ids)))}


def of_source(session: Session, slug: str, limit: int = MOST_ROWS) -> list[Noted]:
    """What was noted of a source, newest first."""
    return [of_row(row) for row in session.scalars(
        select(HealthRow).where(HealthRow.slug == slug).order_by(HealthRow.id.desc()).limit(limit))]


def after(session: Session, row_id: int) -> list[Noted]:
    """Everything noted after a row, oldest first."""
    return [of_row(row) for row in session.scalars(
        select(HealthRow).where(HealthRow.id > row_id).order_by(HealthRow.id))]


def phases(session: Session, slug: str, limit: int = 10) -> list[Phase]:
    """The last times a source spent in one state each, newest first; changes of the reason alone do not count."""
    found: list[Phase] = []
    later: Noted | None = None
    for state, group in groupby(of_source(session, slug), key=lambda each: each.state):
        rows = list(group)
        first = rows[-1]
        until = None if later is None else later.since if later.since > first.since else later.noted_at
        found.append(Phase(state, first.since, until, rows[0].reason))
        later = first
    return found[:limit]


def unwell(session: Session, states: Iterable[HealthState], before: datetime) -> list[Unwell]:
    """The sources that were noted to be in one of these states since before a moment, the longest first."""
    ids = select(func.max(HealthRow.id)).group_by(HealthRow.slug)
    rows = session.execute(
        select(HealthRow.slug, SourceRow.card, HealthRow.state, HealthRow.since)
        .join(SourceRow, SourceRow.slug == HealthRow.slug)
        .where(HealthRow.id.in_(ids), HealthRow.state.in_([each.value for each in states]), HealthRow.since <= before)
        .order_by(HealthRow.since, HealthRow.slug))
    return [Unwell(slug, str(card["market"]), HealthState(state), since) for slug, card, state, since in rows]


def of_row(row: HealthRow) -> Noted:
    """A row as other rooms see it."""
    return Noted(row.id, row.slug, HealthState(row.state), row.since, Reason(row.reason_code, dict(row.reason_facts)),
                 row.noted_at, row.readers_told_at)
