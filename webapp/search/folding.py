"""Several notices of one event on a page of results: one stands for all, the others are folded under it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from domain.criteria import Criteria
from webapp.search.hits import ShownHit


@dataclass(frozen=True, slots=True)
class Folded:
    """The hit of an event that ranks best, and the others of that event on the page, each of another source."""

    hit: ShownHit
    others: Sequence[ShownHit]


def folded(hits: Sequence[ShownHit], criteria: Criteria) -> list[Folded]:
    """The hits of a page by event, in the order of the best of each. Who chose sources sees all that they hold."""
    if criteria.sources:
        return [Folded(hit, ()) for hit in hits]
    events: dict[str, list[ShownHit]] = {}
    for hit in hits:
        events.setdefault(hit.stored.event, []).append(hit)
    return [Folded(first, others) for first, *others in events.values()]
