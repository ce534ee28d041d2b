"""Criteria taken apart for an engine, without any engine: phrases of tokens, values per field, what each facet counts."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Any

from domain.criteria import Criteria, Facts, Scope, subjects
from domain.deadline import DeadlineState, deadline_spans
from domain.market import MARKETS, related
from domain.product_type import PRODUCT_TYPES
from domain.text import tokens

FACETS = {
    "industry": ("product_types", "regulations"),
    "product_type": ("product_types", "regulations"),
    "regulation": ("product_types", "regulations"),
    "market": ("markets",),
    "kind": ("kinds",),
    "year": ("years",),
    "source": ("sources",),
    "grade": ("grades",),
    "hazard": ("hazards",),
    "deadline": ("deadlines",),
}
"""Facets and the fields of Criteria each of them chooses in. A facet counts as if nothing were chosen in its own fields
(product types and regulations are one field, the subject), so a count is the total that this value alone would have; an
industry stands for all its product types, a deadline for its DeadlineState."""

_VALUE_FIELDS = {"market": "markets", "kind": "kinds", "origin": "origins", "hazard": "hazards", "grade": "grades",
                 "source": "sources", "year": "years"}


@dataclass(frozen=True, slots=True)
class Query:
    """All ``phrases`` must stand in the tokens of a notice and none of ``excluded``; a phrase that is a
    ``lone_letter`` wherever the letter stands. Of each of ``groups`` one phrase must. Each of ``values`` is a field that
    must hold one of the values; the comment deadline must lie within one of ``deadlines``, first and last day.
    ``nothing`` is set where no notice can meet the criteria."""

    phrases: tuple[tuple[str, ...], ...]
    groups: tuple[tuple[tuple[str, ...], ...], ...]
    excluded: tuple[tuple[str, ...], ...]
    values: Mapping[str, frozenset[str]]
    deadlines: tuple[tuple[date, date], ...]
    product_types: frozenset[str]
    regulations: frozenset[str]
    scope: Scope
    nothing: bool

    @property
    def any_phrases(self) -> tuple[tuple[str, ...], ...]:
        """The phrases that must stand in a text and those that may."""
        return tuple(dict.fromkeys((*self.phrases, *(phrase for group in self.groups for phrase in group))))

    @property
    def has_subject(self) -> bool:
        """Whether a subject is named; without one the relevant scope asks for any."""
        return bool(self.product_types or self.regulations)


def query(criteria: Criteria) -> Query:
    """Criteria as an engine needs them. A word of signs alone is in every text, so excluding one leaves nothing, and a group
    with one asks for nothing; a group of a single phrase is that phrase."""
    excluded, spans = _phrases(criteria.excluded), _spans(criteria.deadlines)
    groups = [group for group in map(_phrases, criteria.any_words) if () not in group]
    phrases = (*_phrases(criteria.words), *(group[0] for group in groups if len(group) == 1))
    return Query(
        phrases=tuple(dict.fromkeys(each for each in phrases if each)),
        groups=tuple(group for group in groups if len(group) > 1), excluded=excluded, values=_values(criteria),
        deadlines=spans, product_types=criteria.product_types, regulations=criteria.regulations, scope=criteria.scope,
        nothing=() in excluded or () in groups or bool(criteria.deadlines and not spans))


def _values(criteria: Criteria) -> dict[str, frozenset[str]]:
    values = {name: getattr(criteria, field) for name, field in _VALUE_FIELDS.items() if getattr(criteria, field)}
    if criteria.markets:
        values["market"] = frozenset().union(*map(related, criteria.markets))
    return values


def _spans(states: frozenset[str]) -> tuple[tuple[date, date], ...]:
    return tuple(span for state, span in deadline_spans().items() if state in states)


def _phrases(words: tuple[str, ...]) -> tuple[tuple[str, ...], ...]:
    return tuple(dict.fromkeys(tuple(tokens(word)) for word in words))


def facet_criteria(criteria: Criteria, wanted: Collection[str] = tuple(FACETS)) -> dict[Criteria, list[str]]:
    """The criteria to count under, each with the facets that are counted so: one pass a group, mostly one or two."""
    groups: dict[Criteria, list[str]] = {}
    for facet in wanted:
        groups.setdefault(_without(criteria, FACETS[facet]), []).append(facet)
    return groups


def industries(found: Facts, scope: Scope) -> frozenset[str]:
    """The industries whose product types a notice is about, in a scope."""
    return frozenset(PRODUCT_TYPES[name].industry for name in subjects(found.product_types, scope) if name in PRODUCT_TYPES)


def _without(criteria: Criteria, fields: tuple[str, ...]) -> Criteria:
    chosen: dict[str, Any] = {name: frozenset() for name in fields if getattr(criteria, name)}
    return replace(criteria, **chosen) if chosen else criteria


def market_counts(published: Mapping[str, int], chosen: Collection[str] = ()) -> dict[str, int]:
    """Counts of the facet of markets from those of the markets that published the notices, of which each has one: so many
    would be found by asking for each of these, for a group of theirs, and for what is chosen."""
    groups = {group for group, market in MARKETS.items() if market.members and not related(group).isdisjoint(published)}
    counts = {market: sum(published.get(each, 0) for each in related(market)) for market in (*published, *groups, *chosen)}
    return {market: count for market, count in counts.items() if market and count}


DEADLINE_PARTS = ("closed", "closing", "later")
"""States of a deadline without overlaps, for engines that count no day twice."""


def deadline_days() -> list[tuple[date, date]]:
    """The first and the last day of each of DEADLINE_PARTS."""
    spans = deadline_spans()
    (_, end), closing = spans[DeadlineState.OPEN], spans[DeadlineState.CLOSING]
    return [spans[DeadlineState.CLOSED], closing, (closing[1] + timedelta(days=1), end)]


def deadline_counts(closed: int, closing: int, later: int) -> dict[str, int]:
    """Counts of deadline states from those of DEADLINE_PARTS: what is closing is open too."""
    counts = {DeadlineState.OPEN: closing + later, DeadlineState.CLOSING: closing, DeadlineState.CLOSED: closed}
    return {state.value: count for state, count in counts.items() if count}
