"""Criteria in words."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from itertools import groupby

from domain.criteria import Criteria
from domain.product_type import INDUSTRIES, types_of_industry
from domain.text import has_cjk
from webapp import labels
from webapp.i18n import N_, gettext
from webapp.search.forms import GROUPS, UNSTATED, params

NAMES: Mapping[str, Callable[[str], str]] = {
    "product": labels.product_type, "regulation": labels.regulation, "market": labels.market_asked, "kind": labels.kind,
    "origin": labels.market, "hazard": labels.hazard, "grade": labels.grade, "deadline": labels.deadline,
}
"""How the values of a parameter are called; the others say themselves."""
_UNSTATED = {"year": N_("未注明日期"), "origin": N_("未注明原产地")}


@dataclass(frozen=True, slots=True)
class Chip:
    """A part of the criteria: its parameter, its values, and both in the reader's language. Several values stand in one
    chip where one word says them all."""

    param: str
    values: tuple[str, ...]
    label: str
    text: str


def chips(criteria: Criteria, source_titles: Mapping[str, str] | None = None) -> list[Chip]:
    """The chips of criteria in the order of their address; the scope is a switch, not a chip."""
    pairs = groupby((pair for pair in params(criteria) if pair[0] != "scope"), key=lambda pair: pair[0])
    return [chip(param, values, source_titles)
            for param, group in pairs for values in _together(param, [value for _, value in group])]


def name(criteria: Criteria, source_titles: Mapping[str, str] | None = None) -> str:
    """Criteria in one sentence, the scope included."""
    parts = [f"{each.label} {each.text}" for each in chips(criteria, source_titles)]
    return gettext("；").join([*parts, labels.worded(labels.SCOPES)(criteria.scope)])


def chip(param: str, values: tuple[str, ...], source_titles: Mapping[str, str] | None = None) -> Chip:
    """One chip with these values."""
    names = [name_of(param, value, source_titles) for value in values]
    industry = next((each for each in INDUSTRIES if param == "product" and set(values) == _types(each)), None)
    between = gettext(" 或 ") if param in GROUPS else gettext("、")
    return Chip(param, values, gettext(labels.CRITERIA[param]),
                labels.industry(industry) if industry else between.join(names))


def name_of(param: str, value: str, source_titles: Mapping[str, str] | None = None) -> str:
    """A value of a parameter in the reader's language."""
    if param == "source":
        return (source_titles or {}).get(value, value)
    if value == UNSTATED and param in _UNSTATED:
        return gettext(_UNSTATED[param])
    return NAMES[param](value) if param in NAMES else value


def foreign_to_most(criteria: Criteria) -> list[str]:
    """Words in Chinese letters that have no foreign one beside them: most publishers never write them."""
    must = [word for word in criteria.words if has_cjk(word)]
    return [*must, *(word for group in criteria.any_words if all(map(has_cjk, group)) for word in group)]


def _together(param: str, values: list[str]) -> Iterator[tuple[str, ...]]:
    """Values by chip: a whole industry is one, so is a group of words; any other value is one of its own."""
    if param in GROUPS:
        yield tuple(values)
        return
    left = list(values)
    for industry in INDUSTRIES if param == "product" else ():
        if _types(industry) <= set(left):
            yield tuple(value for value in left if value in _types(industry))
            left = [value for value in left if value not in _types(industry)]
    yield from ((value,) for value in left)


def _types(industry: str) -> set[str]:
    return {each.id for each in types_of_industry(industry)}
