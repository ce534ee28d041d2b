"""Who wants what, and the states of a subscription."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from domain.criteria import Criteria, Facts, misfits


class Topic(StrEnum):
    """What a subscription delivers: notices that meet criteria, or the bulletins of a zone."""

    NOTICES = "notices"
    BULLETINS = "bulletins"


class SubscriptionState(StrEnum):
    """pending: not yet confirmed by its address; active; ended: unsubscribed or expired."""

    PENDING = "pending"
    ACTIVE = "active"
    ENDED = "ended"


class Frequency(StrEnum):
    """How often a subscription is told: at once, or in a digest at eight in the morning of each day, Monday, or first of the
    month."""

    IMMEDIATE = "immediate"
    DAILY = "daily"
    WEEKLY = "weekly"
    MONTHLY = "monthly"


@dataclass(frozen=True, slots=True)
class Subscription:
    """A subscription as services pass it about. ``red_at_once``: a red notice waits neither for the digest nor for the end
    of quiet hours; ``paused_until``: nothing goes before, and nothing is lost; ``reminds``: what it matches is followed, for
    reminders of deadlines; ``shared_id`` is a colleague's that this one joined."""

    id: int
    person_id: int
    topic: Topic
    label: str
    criteria: Criteria
    state: SubscriptionState
    zone_id: int | None = None
    organisation_id: int | None = None
    frequency: Frequency = Frequency.IMMEDIATE
    red_at_once: bool = False
    paused_until: datetime | None = None
    reminds: bool = False
    shared_id: int | None = None

    def is_due(self, found_at: datetime, now: datetime, cut_at: datetime | None) -> bool:
        """Whether what was found for it is to be told now; ``cut_at`` is the last cut of its digest. What was found during a
        pause is told after it: at once, or with the first digest."""
        if self.is_paused(now):
            return False
        if self.frequency is Frequency.IMMEDIATE:
            return True
        return cut_at is not None and found_at < cut_at and not self.is_paused(cut_at)

    def is_paused(self, at: datetime) -> bool:
        """Whether it is paused at a moment."""
        return self.paused_until is not None and at < self.paused_until


@dataclass(frozen=True, slots=True)
class Edit:
    """When the owner of a subscription changed its criteria, and what they were before."""

    at: datetime
    before: Criteria


def asked_at(criteria: Criteria, edits: Sequence[Edit], at: datetime) -> Criteria:
    """What a subscription asked for at a moment, by its criteria of today and its edits, oldest first."""
    return next((each.before for each in edits if at <= each.at), criteria)


def strays(before: Criteria, criteria: Criteria, found: Facts) -> bool:
    """Whether a notice that met criteria is no longer asked for since these were changed. Only what was changed counts: a
    notice whose grade the calendar has moved meanwhile is told all the same."""
    return not set(misfits(criteria, found)) <= set(misfits(before, found))
