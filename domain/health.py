"""Health of a source as readers see it: what is wrong, since when, and why."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
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
    PAUSED = "paused"
    HELD = "held"
    NOT_CRAWLED = "not_crawled"


@dataclass(frozen=True, slots=True)
class Health:
    """State of a source, since when it has been so, and the reason of the last run."""

    state: HealthState
    since: datetime | None
    reason: Reason


@dataclass(frozen=True, slots=True)
class RunEnd:
    """How a finished run ended."""

    status: RunStatus
    reason: Reason
    ended_at: datetime


_OF_STATUS = {RunStatus.INCOMPLETE: HealthState.INCOMPLETE, RunStatus.BLOCKED: HealthState.BLOCKED,
              RunStatus.FAILED: HealthState.FAILING, RunStatus.HELD: HealthState.HELD}


def _state(run: RunEnd) -> HealthState:
    if run.reason.code == "below_floor":
        return HealthState.BELOW_FLOOR
    return _OF_STATUS.get(run.status, HealthState.HEALTHY)


def health(runs: list[RunEnd], newest: date | None, max_silence_days: int, today: date,
           paused_at: datetime | None = None) -> Health:
    """Health from the finished runs (newest first) and the newest event date held.

    A source is silent when its last run was fine but nothing newer than ``max_silence_days`` is held.
    """
    if paused_at:
        return Health(HealthState.PAUSED, paused_at, Reason("ok"))
    if not runs:
        return Health(HealthState.NEVER_RUN, None, Reason("ok"))
    state = _state(runs[0])
    if state is HealthState.HEALTHY and newest and (today - newest).days > max_silence_days:
        return Health(HealthState.SILENT, runs[0].ended_at, Reason("silent", {"newest": newest.isoformat(),
                                                                              "days": str(max_silence_days)}))
    since = runs[0].ended_at
    for run in runs[1:]:
        if _state(run) is not state:
            break
        since = run.ended_at
    return Health(state, since, runs[0].reason)
