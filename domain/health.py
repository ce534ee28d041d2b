"""Health of a source as readers see it: what is wrong, since when, and why."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum

from domain.source import Reason, RunStatus


class HealthState(StrEnum):
    """One word for the state of a source; every word has one way out for the operator."""

    HEALTHY = "healthy"
    NEVER_RUN = "never_run"
    INCOMPLETE = "incomplete"
    BELOW_FLOOR = "below_floor"
    SILENT = "silent"
    BLOCKED = "blocked"
    FAILING = "failing"
    OVERDUE = "overdue"
    PAUSED = "paused"
    HELD = "held"
    NOT_CRAWLED = "not_crawled"


_S = HealthState
MISSED = frozenset({_S.INCOMPLETE, _S.BELOW_FLOOR, _S.BLOCKED, _S.FAILING, _S.OVERDUE, _S.PAUSED})
"""States in which news of the publisher may pass readers by."""
WRONG = frozenset({*MISSED, _S.SILENT, _S.HELD}) - {_S.PAUSED}
"""States that the operator has to look at."""
_ORDER = (_S.OVERDUE, _S.FAILING, _S.BLOCKED, _S.BELOW_FLOOR, _S.INCOMPLETE, _S.HELD, _S.SILENT, _S.HEALTHY, _S.PAUSED,
          _S.NEVER_RUN)
LEAST_OVERDUE = timedelta(hours=6)
"""A source is not called overdue before this, however often it is to be crawled."""


@dataclass(frozen=True, slots=True)
class Health:
    """State of a source, since when it has been so, and why; ``last_success`` is the end of the newest crawl that read all
    there was to read."""

    state: HealthState
    since: datetime | None
    reason: Reason
    last_success: datetime | None = None


@dataclass(frozen=True, slots=True)
class RunEnd:
    """How a finished run ended."""

    status: RunStatus
    reason: Reason
    ended_at: datetime


@dataclass(frozen=True, slots=True)
class Crawls:
    """What the crawls of a source tell. ``last`` is the newest that has ended; ``since`` the end of the first of those that
    ended in its state one after the other, up to ``last``. ``held`` is the oldest that waits to be released. ``begun_at`` is
    the moment from which on the next one is counted: the newest beginning, or when crawling was resumed."""

    last: RunEnd | None = None
    since: datetime | None = None
    last_success: datetime | None = None
    held: RunEnd | None = None
    begun_at: datetime | None = None
    is_running: bool = False


@dataclass(frozen=True, slots=True)
class Expected:
    """What is expected of a source: something new every so many days, a crawl every ``rhythm`` (None: it does not run by
    itself)."""

    max_silence_days: int
    rhythm: timedelta | None = None


@dataclass(frozen=True, slots=True)
class Pause:
    """The operator stopped crawling, and said why."""

    at: datetime
    why: str


_OF_STATUS = {RunStatus.INCOMPLETE: _S.INCOMPLETE, RunStatus.BLOCKED: _S.BLOCKED, RunStatus.FAILED: _S.FAILING,
              RunStatus.HELD: _S.HELD}
OF_RUNS = frozenset({_S.HEALTHY, _S.INCOMPLETE, _S.BELOW_FLOOR, _S.BLOCKED, _S.FAILING})
"""States that the last crawl alone decides."""


def urgency(state: HealthState) -> int:
    """Where a state stands on a list: what needs attention most comes first, then what works, last what is not crawled."""
    return _ORDER.index(state) if state in _ORDER else len(_ORDER)


def state_of(status: RunStatus, reason_code: str) -> HealthState:
    """The state of a source whose last run ended so, if nothing else is to be said of it."""
    if status is RunStatus.INCOMPLETE and reason_code == "below_floor":
        return _S.BELOW_FLOOR
    return _OF_STATUS.get(status, _S.HEALTHY)


def health(crawls: Crawls, expected: Expected, newest: date | None, now: datetime, pause: Pause | None = None) -> Health:
    """Health from the crawls of a source and the newest event date held.

    A pause is told before everything else, and that nobody crawls before what the last crawl said. Alerts that wait make a
    source held until they are released, whatever good crawls came later. A source is silent when its last crawl was fine
    but nothing newer than ``max_silence_days`` is held.
    """
    state, since, reason = _told(crawls, expected, newest, now, pause)
    return Health(state, since, reason, crawls.last_success)


def _told(crawls: Crawls, expected: Expected, newest: date | None, now: datetime,
          pause: Pause | None) -> tuple[HealthState, datetime | None, Reason]:
    if pause:
        return _S.PAUSED, pause.at, Reason("paused", {"why": pause.why})
    if (due := overdue_since(crawls.begun_at, expected, now)) is not None:
        return _S.OVERDUE, due, _not_crawled(crawls, expected)
    if crawls.last is None:
        return _S.NEVER_RUN, None, Reason("ok")
    state = state_of(crawls.last.status, crawls.last.reason.code)
    if crawls.held and state in (_S.HEALTHY, _S.HELD):
        return _S.HELD, crawls.held.ended_at, crawls.held.reason
    if state is _S.HEALTHY and newest and (now.date() - newest).days > expected.max_silence_days:
        last_day = newest + timedelta(days=expected.max_silence_days)
        return _S.SILENT, datetime.combine(last_day, time(), UTC), Reason(
            "silent", {"newest": newest.isoformat(), "days": str(expected.max_silence_days)})
    return state, crawls.since, crawls.last.reason


def overdue_since(begun_at: datetime | None, expected: Expected, now: datetime) -> datetime | None:
    """When the crawl was due that nobody has begun for twice the rhythm of its source; None while all is in order."""
    if begun_at is None or expected.rhythm is None:
        return None
    return begun_at + expected.rhythm if now - begun_at > max(2 * expected.rhythm, LEAST_OVERDUE) else None


def _not_crawled(crawls: Crawls, expected: Expected) -> Reason:
    hours = (expected.rhythm or timedelta()) / timedelta(hours=1)
    return Reason("unfinished" if crawls.is_running else "overdue", {"hours": f"{hours:g}"})


def settled(found: Health, noted: HealthState, noted_since: datetime, turned_at: datetime) -> Health:
    """A health as of now, given the state that was noted last. Crawls that ended alike do not show what came between them,
    such as a pause or alerts that waited: then their state is no older than what was noted, and came back at
    ``turned_at``."""
    if found.state not in OF_RUNS or found.since is None:
        return found
    if noted is found.state:
        since = max(found.since, noted_since)
    elif noted is _S.HELD or found.since <= noted_since:
        since = turned_at
    else:
        since = found.since
    return Health(found.state, since, found.reason, found.last_success)
