"""How good a page is: graded nDCG@10 over events, and what stands on a page that should not."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence

DEPTH = 10


def ndcg(found: Sequence[int], right: Iterable[int]) -> float:
    """Discounted gain of the grades found, in their order, over that of the best order of all that are right."""
    ideal = _gain(sorted(right, reverse=True)[:DEPTH])
    return _gain(found[:DEPTH]) / ideal


def _gain(grades: Sequence[int]) -> float:
    return sum((2 ** grade - 1) / math.log2(place + 2) for place, grade in enumerate(grades))


def by_event(grades: Iterable[tuple[str, int]]) -> Mapping[str, int]:
    """Grades of events in their order: what several publishers say of one event counts once, whether a page folds it or
    not."""
    found: dict[str, int] = {}
    for event, grade in grades:
        found[event] = max(grade, found.get(event, 0))
    return found
