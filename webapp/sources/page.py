"""What the pages of sources show beside the rows of the store: what needs attention first, and how long states lasted."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from domain import clock
from domain.health import WRONG, HealthState, urgency
from storage.health import Phase
from storage.sources import SourceView


@dataclass(frozen=True, slots=True)
class Overview:
    """All sources, what needs attention first, and how many are fine, need attention, or are not crawled at present."""

    views: Sequence[SourceView]
    fine: int
    wrong: int
    idle: int


@dataclass(frozen=True, slots=True)
class PastState:
    """A state that a source was in; the present one has no end."""

    state: HealthState
    since: datetime
    is_present: bool
    lasted: timedelta
    reason: str


def overview(views: Sequence[SourceView]) -> Overview:
    """The list of sources."""
    states = [each.health.state for each in views]
    fine, wrong = states.count(HealthState.HEALTHY), sum(state in WRONG for state in states)
    ordered = sorted(views, key=lambda each: (urgency(each.health.state), each.slug))
    return Overview(ordered, fine, wrong, len(views) - fine - wrong)


def past_states(phases: Sequence[Phase], lang: str) -> list[PastState]:
    """The history of a source as readers see it, newest first."""
    return [PastState(each.state, each.since, each.until is None, max((each.until or clock.now()) - each.since, timedelta()),
                      each.reason.text(lang)) for each in phases]
