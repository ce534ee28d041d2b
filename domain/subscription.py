"""Who wants what, and the states of a subscription."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from domain.criteria import Criteria


class Topic(StrEnum):
    """What a subscription delivers: notices that meet criteria, or the bulletins of a zone."""

    NOTICES = "notices"
    BULLETINS = "bulletins"


class SubscriptionState(StrEnum):
    """pending: not yet confirmed by its address; active; ended: unsubscribed or expired."""

    PENDING = "pending"
    ACTIVE = "active"
    ENDED = "ended"


@dataclass(frozen=True, slots=True)
class Subscription:
    """A subscription as services pass it about."""

    id: int
    person_id: int
    topic: Topic
    label: str
    criteria: Criteria
    state: SubscriptionState
    zone_id: int | None = None
