"""What a search may lack because a source has not been read for a while."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta

from domain import clock
from domain.criteria import Criteria
from domain.health import MISSED, HealthState
from domain.market import INTERNATIONAL, related
from storage import health
from storage.health import Unwell
from storage.session import Database
from webapp.present import HERE

DAY = timedelta(days=1)
"""What is shorter is not worth a reader's attention."""


@dataclass(frozen=True, slots=True)
class Gap:
    """A source that has missed news for the longest of those that a search could draw from, and how many ``more`` have."""

    slug: str
    source: str
    state: HealthState
    since: date
    more: int


def gap(db: Database, criteria: Criteria, total: int, source_titles: Mapping[str, str]) -> Gap | None:
    """What to say beside the results of a search that found nothing, or that asks for certain markets or sources."""
    if total and not (criteria.markets or criteria.sources):
        return None
    with db.read() as session:
        found = [each for each in health.unwell(session, MISSED, clock.now() - DAY) if _could_hold(each, criteria)]
    if not found:
        return None
    first = found[0]
    return Gap(first.slug, source_titles.get(first.slug, first.slug), first.state, first.since.astimezone(HERE).date(),
               len(found) - 1)


def _could_hold(source: Unwell, criteria: Criteria) -> bool:
    """Whether a source could publish what is searched for."""
    if criteria.sources and source.slug not in criteria.sources:
        return False
    return (not criteria.markets or source.market == INTERNATIONAL
            or not criteria.markets.isdisjoint(related(source.market)))
