"""Addresses of searches: every field of Criteria has one parameter, so a search can be shared, kept and subscribed to."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, Literal, cast, get_args
from urllib.parse import urlencode

from werkzeug.datastructures import MultiDict

from domain.criteria import MOST_PAIRS, Criteria, Scope, pairs
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
"""Parameters of words or phrases, several in one on lines of their own; of GROUPS each is a group of words of which any will
do."""
GROUPS = ("any", "any2")
UNSTATED = "none"
"""How an address names the year of what bears no date and the origin of what states none."""
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
        return self.sort or ("relevance" if self.text or criteria.all_words else "date")


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
    fields: dict[str, Any] = {name: frozenset(_chosen(args, param)) for param, name in SETS.items()}
    for name in ("years", "origins"):
        fields[name] = frozenset("" if value == UNSTATED else value for value in fields[name])
    fields |= {name: _words(args, param) for param, name in LISTS.items()}
    found = Criteria(scope=Scope.ALL if args.get("scope") == Scope.ALL else Scope.RELEVANT,
                     any_words=tuple(group for group in (_words(args, param) for param in GROUPS) if group), **fields)
    if pairs(found) > MOST_PAIRS:
        raise InvalidValue("两组“任一文字”过多：两组的词数相乘不能超过 100")
    return found


def _chosen(args: MultiDict[str, str], param: str) -> tuple[str, ...]:
    values = _tidy(args.getlist(param))
    if len(values) > MAX_VALUES or any(len(value) > MAX_VALUE_LENGTH for value in values):
        raise InvalidValue("检索条件过多或过长")
    return values


def _words(args: MultiDict[str, str], param: str) -> tuple[str, ...]:
    words = _tidy(line for value in args.getlist(param) for line in value.splitlines())
    if sum(map(len, words)) > MAX_LETTERS:
        raise InvalidValue("检索条件过多或过长")
    return words


def _tidy(values: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(" ".join(value.split()) for value in values if value.strip()))


def params(criteria: Criteria) -> list[Param]:
    """The parameters of criteria, always in the same order; ``criteria_of`` reads them back."""
    found = [(param, value or UNSTATED) for param, name in SETS.items() for value in sorted(getattr(criteria, name))]
    found += [(param, value) for param, name in LISTS.items() for value in getattr(criteria, name)]
    found += [(param, value) for param, group in zip(GROUPS, criteria.any_words, strict=False) for value in group]
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
