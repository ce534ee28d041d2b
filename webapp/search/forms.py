"""Addresses of searches: every field of Criteria has one parameter, so a search can be shared, kept and subscribed to."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, cast, get_args
from urllib.parse import urlencode

from werkzeug.datastructures import MultiDict

from domain.criteria import Criteria, Scope
from domain.errors import InvalidValue
from indexer.port import Sort
from indexer.understand import LONGEST_TEXT

Param = tuple[str, str]

SETS = {
    "product": "product_types", "regulation": "regulations", "market": "markets", "kind": "kinds", "origin": "origins",
    "hazard": "hazards", "grade": "grades", "source": "sources", "year": "years",
    "deadline": "deadlines",
}
"""Parameters whose values are chosen from lists, by the field of Criteria they fill."""
LISTS = {"word": "words", "not": "excluded"}
UNSTATED = "none"
"""How an address names the year of what bears no date."""
MAX_VALUES = 60
MAX_VALUE_LENGTH = 100
MAX_LETTERS = MAX_VALUES * MAX_VALUE_LENGTH
"""Of all words together, which are as many and as long as a typed text makes them: what it found can be kept."""
PAGE_SIZE = 20
MAX_PAGE = 500
MOST_ROWS = 10_000
"""Notices that a file holds at most."""


@dataclass(frozen=True, slots=True)
class SearchForm:
    """A search as its address says it: the text as typed, the criteria chosen beside it, order and page. ``sort`` is
    empty when the reader chose none; ``beyond`` is what was typed after the letters that are read."""

    text: str = ""
    criteria: Criteria = field(default_factory=Criteria)
    sort: Sort | Literal[""] = ""
    page: int = 1
    beyond: str = ""

    @property
    def offset(self) -> int:
        """How many hits stand on the pages before."""
        return (self.page - 1) * PAGE_SIZE

    def order(self, criteria: Criteria) -> Sort:
        """The order chosen, or the one that fits what was asked for: by relevance where words tell it."""
        return self.sort or ("relevance" if self.text or criteria.words else "date")


def search_form(args: MultiDict[str, str]) -> SearchForm:
    """The search that an address asks for. Raises InvalidValue for criteria too many or too long to be meant."""
    text = " ".join(args.get("q", "").split())
    sort = args.get("sort", "")
    return SearchForm(text[:LONGEST_TEXT], criteria_of(args),
                      cast(Any, sort if sort in get_args(Sort) else ""),
                      page_number(args.get("page", "")), text[LONGEST_TEXT:])


def page_number(text: str) -> int:
    """A page as an address says it; anything else is the first one."""
    is_number = text.isascii() and text.isdigit() and len(text) < 7
    return min(max(int(text), 1), MAX_PAGE) if is_number else 1


def criteria_of(args: MultiDict[str, str]) -> Criteria:
    """The criteria in these parameters. A value that no list holds stays and finds nothing: dropping it would widen the
    search behind the reader's back. Raises InvalidValue for too many or too long ones."""
    fields: dict[str, Any] = {}
    for param, name in (SETS | LISTS).items():
        values = tuple(dict.fromkeys(" ".join(value.split()) for value in args.getlist(param) if value.strip()))
        if _is_too_much(param, values):
            raise InvalidValue("检索条件过多或过长")
        fields[name] = values if param in LISTS else frozenset(values)
    fields["years"] = frozenset("" if year == UNSTATED else year for year in fields["years"])
    return Criteria(scope=Scope.ALL if args.get("scope") == Scope.ALL else Scope.RELEVANT, **fields)


def _is_too_much(param: str, values: Sequence[str]) -> bool:
    if param in LISTS:
        return sum(map(len, values)) > MAX_LETTERS
    return len(values) > MAX_VALUES or any(len(value) > MAX_VALUE_LENGTH for value in values)


def params(criteria: Criteria) -> list[Param]:
    """The parameters of criteria, always in the same order; ``criteria_of`` reads them back."""
    found = [(param, value or UNSTATED) for param, name in SETS.items() for value in sorted(getattr(criteria, name))]
    found += [(param, value) for param, name in LISTS.items() for value in getattr(criteria, name)]
    return found + ([("scope", criteria.scope.value)] if criteria.scope is Scope.ALL else [])


def form_params(form: SearchForm) -> list[Param]:
    """The parameters of a search except its page."""
    text = [("q", form.text)] if form.text else []
    return text + params(form.criteria) + ([("sort", form.sort)] if form.sort else [])


def address(path: str, pairs: Iterable[Param]) -> str:
    """A path with these parameters."""
    query = urlencode(list(pairs))
    return f"{path}?{query}" if query else path


def without_value(pairs: Iterable[Param], param: str, value: str) -> list[Param]:
    """The parameters with one value less."""
    return [pair for pair in pairs if pair != (param, value)]


def with_only(pairs: Iterable[Param], param: str, value: str) -> list[Param]:
    """The parameters with this one alone under its name; an empty value removes it."""
    return [*(pair for pair in pairs if pair[0] != param), *([(param, value)] if value else [])]
