"""Criteria as searches of the server: filters, what stands before what, what is counted."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date

from domain.criteria import Scope
from domain.deadline import DeadlineState, deadline_spans
from indexer.backends.meilisearch.documents import NEWEST, ordinal
from indexer.backends.meilisearch.texts import value
from indexer.document import number
from indexer.fields import facet_field
from indexer.port import Sort
from indexer.query import Query, deadline_days

Filter = list[str | list[str]]
"""All must hold; of a list within it one."""


@dataclass(frozen=True, slots=True)
class Tier:
    """Some of the hits, in their order; all tiers together are all hits, each once."""

    filters: tuple[str, ...] = ()
    sort: tuple[str, ...] = ()


def any_of(field: str, values: Iterable[str]) -> str:
    """A filter: the field holds one of the values."""
    quoted = ",".join(f'"{value(each)}"' for each in sorted(values))
    return f"{field} IN [{quoted}]"


def filters(wanted: Query) -> Filter:
    """All that a query wants but words."""
    found: Filter = [any_of(field, values) for field, values in sorted(wanted.values.items())]
    if wanted.deadlines:
        found.append([within(*span) for span in wanted.deadlines])
    if wanted.has_subject:
        found.append([any_of(f"product_type_{wanted.scope}", wanted.product_types),
                      any_of(f"regulation_{wanted.scope}", wanted.regulations)])
    elif wanted.scope is Scope.RELEVANT:
        found.append(any_of("confidence", [wanted.scope.floor]))
    return found


def within(first: date, last: date) -> str:
    """A filter: the comment deadline lies between two days."""
    return f"deadline {ordinal(first)} TO {ordinal(last)}"


def tiers(wanted: Query, sort: Sort) -> list[Tier]:
    """The hits in their order, see indexer.port.Sort."""
    if sort == "date":
        return [Tier(sort=NEWEST)]
    if sort == "deadline":
        first, last = deadline_spans()[DeadlineState.OPEN]
        return [Tier((within(first, last),), ("deadline:asc", *NEWEST)),
                Tier((f"deadline < {ordinal(first)}",), ("deadline:desc", *NEWEST))]
    return _by_number(wanted, _by_subject(wanted))


def _by_number(wanted: Query, others: Sequence[Tier]) -> list[Tier]:
    """What bears a word as its number stands before all others."""
    if not wanted.any_phrases:
        return list(others)
    numbered = any_of("numbers", map(number, wanted.any_phrases))
    return [Tier((numbered,)), *(Tier((f"NOT {numbered}", *each.filters), each.sort) for each in others)]


def _by_subject(wanted: Query) -> list[Tier]:
    """Where a product and a rule are asked for, what is under the rule first, most of all if it is about the product. Then
    sure findings of what was asked for, within equals those that the title names. Without words the newest of equals
    comes first; with them the server's own order of words within a tier."""
    if not wanted.has_subject:
        return [Tier()]
    named = wanted.product_types | wanted.regulations
    high = any_of("subject_high", named)
    medium = " OR ".join((any_of(f"product_type_{Scope.RELEVANT}", wanted.product_types),
                          any_of(f"regulation_{Scope.RELEVANT}", wanted.regulations)))
    levels = [(high,), (f"NOT {high}", f"({medium})")]
    if wanted.scope is not Scope.RELEVANT:
        levels.append((f"NOT {high}", f"NOT ({medium})"))
    title = any_of("subject_title", named)
    sort = () if wanted.any_phrases else NEWEST
    return [Tier((*group, *level, place), sort) for group in _by_rule(wanted) for level in levels
            for place in (title, f"NOT {title}")]


def _by_rule(wanted: Query) -> list[tuple[str, ...]]:
    if not (wanted.product_types and wanted.regulations):
        return [()]
    product = any_of(f"product_type_{Scope.RELEVANT}", wanted.product_types)
    rule = any_of(f"regulation_{Scope.RELEVANT}", wanted.regulations)
    return [(rule, product), (rule, f"NOT {product}"), (f"NOT {rule}",)]


def counted(facets: Sequence[str], scope: Scope) -> list[str]:
    """The fields that count facets; deadlines are counted by ``deadline_parts``."""
    return [facet_field(facet, scope) for facet in facets if facet != "deadline"]


def deadline_parts() -> list[str]:
    """A filter for each of indexer.query.DEADLINE_PARTS."""
    return [within(*days) for days in deadline_days()]
