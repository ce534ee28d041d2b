"""Facets beside the results: values with the number of notices each would find, as links that add or remove them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from domain.grade import Grade
from domain.product_type import INDUSTRIES, PRODUCT_TYPES
from webapp import labels
from webapp.i18n import gettext

SHOWN = 8
"""Values that stand open; the others are folded."""
ORDER = {
    "product": "product_type", "regulation": "regulation", "market": "market", "kind": "kind", "grade": "grade",
    "deadline": "deadline", "hazard": "hazard", "year": "year", "source": "source",
}
"""Parameters of facets in the order of the page, with the name the search service counts them under."""
_GRADES = [grade.value for grade in Grade]


@dataclass(frozen=True, slots=True)
class Value:
    """One value of a facet."""

    text: str
    count: int
    chosen: bool
    url: str


@dataclass(frozen=True, slots=True)
class Group:
    """Values under a heading (empty where a facet has only one group): those that stand open and the folded rest."""

    title: str
    first: Sequence[Value]
    rest: Sequence[Value]


@dataclass(frozen=True, slots=True)
class Facet:
    """One facet; ``chosen`` says how many of its values are."""

    param: str
    title: str
    groups: Sequence[Group]
    chosen: int


def facets(counts: Mapping[str, Mapping[str, int]], chosen: Callable[[str, str], bool], url: Callable[[str, str], str],
           text: Callable[[str, str], str]) -> list[Facet]:
    """The facets that have anything to choose. ``chosen`` says whether a value of a parameter is part of the search,
    ``url`` leads to the search with the value added or removed, ``text`` names it."""
    found = []
    for param, name in ORDER.items():
        values = {value: Value(text(param, value), count, chosen(param, value), url(param, value))
                  for value, count in counts.get(name, {}).items() if value and (count or chosen(param, value))}
        if values:
            groups = _by_industry(values) if param == "product" else [_group("", _sorted(param, values))]
            found.append(Facet(param, gettext(labels.CRITERIA[param]), groups,
                               sum(each.chosen for each in values.values())))
    return found


def _by_industry(values: Mapping[str, Value]) -> list[Group]:
    groups = []
    for industry in INDUSTRIES:
        mine = [value for name, value in values.items()
                if name in PRODUCT_TYPES and PRODUCT_TYPES[name].industry == industry]
        if mine:
            groups.append(_group(labels.industry(industry), _most_first(mine)))
    return groups


def _sorted(param: str, values: Mapping[str, Value]) -> list[Value]:
    if param == "year":
        return [values[year] for year in sorted(values, reverse=True)]
    if param == "grade":
        return [values[name] for name in sorted(values, key=_GRADES.index)]
    return _most_first(values.values())


def _most_first(values: Iterable[Value]) -> list[Value]:
    return sorted(values, key=lambda value: (not value.chosen, -value.count, value.text))


def _group(title: str, values: Sequence[Value]) -> Group:
    """A single value too many is not worth folding."""
    cut = SHOWN if len(values) > SHOWN + 1 else len(values)
    return Group(title, values[:cut], values[cut:])
