"""What the day makes of a comment deadline."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta
from enum import StrEnum

from domain import clock
from domain.vocabulary import Label

CLOSING = timedelta(days=14)
"""So long before its end a comment period is closing."""


class DeadlineState(StrEnum):
    """open 可评议, closing 14 天内截止 (open too), closed 已截止. What states no deadline is none of them."""

    OPEN = "open"
    CLOSING = "closing"
    CLOSED = "closed"


DEADLINE_STATES: Mapping[str, Label] = {
    DeadlineState.OPEN: Label("open", "可评议", "Open for comment"),
    DeadlineState.CLOSING: Label("closing", "14 天内截止", "Closing within 14 days"),
    DeadlineState.CLOSED: Label("closed", "评议已截止", "Closed"),
}
"""What each is called."""


def deadline_spans() -> dict[DeadlineState, tuple[date, date]]:
    """The first and the last deadline of each state today."""
    today = clock.today()
    return {DeadlineState.OPEN: (today, date.max), DeadlineState.CLOSING: (today, today + CLOSING),
            DeadlineState.CLOSED: (date.min, today - timedelta(days=1))}


def deadline_states(deadline: date | None) -> frozenset[str]:
    """The states of a deadline today; none without one. A deadline is open to the end of its day."""
    if deadline is None:
        return frozenset()
    return frozenset(state.value for state, (first, last) in deadline_spans().items() if first <= deadline <= last)
