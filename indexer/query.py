"""Criteria taken apart for an engine, without any engine: phrases of tokens, values per field, what each facet counts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from domain.criteria import Criteria, Scope
from domain.text import tokens

FACETS = {
    "product_type": ("product_types", "regulations"),
    "regulation": ("product_types", "regulations"),
    "market": ("markets",),
    "kind": ("kinds",),
    "year": ("years",),
    "source": ("sources",),
    "grade": ("grades",),
}
"""Facets and the fields of Criteria each of them chooses in. A facet counts as if nothing were chosen in its own fields
(product types and regulations are one field, the subject), so a count is the total that this value alone would have."""

_VALUE_FIELDS = {"market": "markets", "kind": "kinds", "origin": "origins", "hazard": "hazards", "grade": "grades",
                 "source": "sources", "year": "years"}


@dataclass(frozen=True, slots=True)
class Query:
    """All ``phrases`` must stand in the tokens of a notice and none of ``excluded``; each of ``values`` is a field that
    must hold one of the values. ``nothing`` is set where no notice can meet the criteria."""

    phrases: tuple[tuple[str, ...], ...]
    excluded: tuple[tuple[str, ...], ...]
    values: Mapping[str, frozenset[str]]
    product_types: frozenset[str]
    regulations: frozenset[str]
    scope: Scope
    nothing: bool

    @property
    def has_subject(self) -> bool:
        """Whether a subject is named; without one the relevant scope asks for any."""
        return bool(self.product_types or self.regulations)


def query(criteria: Criteria) -> Query:
    """Criteria as an engine needs them. A word of signs alone is in every text, so excluding one leaves nothing."""
    excluded = _phrases(criteria.excluded)
    return Query(
        phrases=tuple(each for each in _phrases(criteria.words) if each), excluded=excluded,
        values={name: getattr(criteria, field) for name, field in _VALUE_FIELDS.items() if getattr(criteria, field)},
        product_types=criteria.product_types, regulations=criteria.regulations, scope=criteria.scope,
        nothing=() in excluded)


def _phrases(words: tuple[str, ...]) -> tuple[tuple[str, ...], ...]:
    return tuple(dict.fromkeys(tuple(tokens(word)) for word in words))


def facet_criteria(criteria: Criteria) -> dict[Criteria, list[str]]:
    """The criteria to count under, each with the facets that are counted so: one pass a group, mostly one or two."""
    groups: dict[Criteria, list[str]] = {}
    for facet, fields in FACETS.items():
        groups.setdefault(_without(criteria, fields), []).append(facet)
    return groups


def _without(criteria: Criteria, fields: tuple[str, ...]) -> Criteria:
    chosen: dict[str, Any] = {name: frozenset() for name in fields if getattr(criteria, name)}
    return replace(criteria, **chosen) if chosen else criteria
