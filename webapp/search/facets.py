"""Facets beside the results: values with the number of notices each would find, as links that add or remove them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from domain.deadline import DEADLINE_STATES
from domain.grade import Grade
from domain.market import MARKETS, related
from domain.product_type import INDUSTRIES, types_of_industry
from indexer.query import FACETS
from indexer.service import Results
from webapp import labels
from webapp.i18n import N_, gettext
from webapp.search.addresses import Addresses
from webapp.search.forms import UNSTATED

SHOWN = 8
"""Values that stand open; the others are folded."""
ORDER = {
    "product": "product_type", "regulation": "regulation", "market": "market", "kind": "kind", "source": "source",
    "hazard": "hazard", "year": "year", "deadline": "deadline", "grade": "grade",
}
"""Parameters of facets in the order of the page, with the name the search service counts them under."""
TITLES = labels.CRITERIA | {"source": N_("发布机构")}
_GRADES = [grade.value for grade in Grade]
_STATES = [str(state) for state in DEADLINE_STATES]


@dataclass(frozen=True, slots=True)
class Values:
    """Values in a row: those that stand open and the folded rest. What is chosen always stands open."""

    first: Sequence[Value] = ()
    rest: Sequence[Value] = ()

    def __iter__(self) -> Iterator[Value]:
        yield from self.first
        yield from self.rest


@dataclass(frozen=True, slots=True)
class Value:
    """One value of a facet, or several under one name, then ``inner`` are these. ``count`` is None where nobody counts."""

    text: str
    count: int | None
    chosen: bool
    url: str
    inner: Values = field(default_factory=Values)

    @property
    def choices(self) -> int:
        """How many choices stand here: one that holds all below it is one."""
        return 1 if self.chosen else sum(each.choices for each in self.inner)


@dataclass(frozen=True, slots=True)
class Facet:
    """One facet; ``chosen`` says how many of its values are."""

    param: str
    title: str
    values: Values
    chosen: int


@dataclass(frozen=True, slots=True)
class Around:
    """What facets are made of: the results, the addresses around their search, what values are called, and by which
    publisher a source is published."""

    results: Results
    addresses: Addresses
    text: Callable[[str, str], str]
    publishers: Mapping[str, str]

    def value(self, param: str, name: str, count: int | None) -> Value:
        """A value that stands for itself."""
        return self.several(param, (name,), self.text(param, name), count)

    def several(self, param: str, names: tuple[str, ...], text: str, count: int | None) -> Value:
        """A value that stands for these."""
        return Value(text, count, self.addresses.is_chosen(param, *names), self.addresses.toggled(param, *names))


def facets(around: Around) -> list[Facet]:
    """The facets that have anything to choose: of a choice that would change nothing, none."""
    found = []
    for param, name in ORDER.items():
        values = _arranged(around, param, _counted(around, param, name))
        chosen = sum(each.choices for each in values)
        if chosen or _narrows(around.results, name, values):
            found.append(Facet(param, gettext(TITLES[param]), values, chosen))
    return found


def _narrows(results: Results, name: str, values: Values) -> bool:
    if any(getattr(results.criteria, each) for each in FACETS[name]):
        return bool(values.first)
    return any(each.count != results.total for value in values for each in (value, *value.inner))


def _counted(around: Around, param: str, name: str) -> dict[str, Value]:
    """Every value that would find something or is chosen."""
    counts = around.results.facets.get(name, {})
    wanted = dict.fromkeys((*(value for value, count in counts.items() if value and count), *around.addresses.chosen(param)))
    return {value: around.value(param, value, None if value == UNSTATED else counts.get(value, 0)) for value in wanted}


def _arranged(around: Around, param: str, values: Mapping[str, Value]) -> Values:
    if param == "product":
        return Values(list(_industries(around, values)))
    if param == "market":
        return _folded(_most_first(_groups(values)))
    if param == "source":
        return _folded(_most_first(_publishers(around, values)))
    if param == "year":
        return _folded([values[year] for year in sorted(values, key=lambda year: (year != UNSTATED, year), reverse=True)])
    if param in ("grade", "deadline"):
        order = _GRADES if param == "grade" else _STATES
        return _folded([values[name] for name in order if name in values])
    return _folded(_most_first(values.values()))


def _industries(around: Around, values: Mapping[str, Value]) -> Iterator[Value]:
    counts = around.results.facets.get("industry", {})
    for industry in INDUSTRIES:
        types = tuple(each.id for each in types_of_industry(industry))
        mine = [values[name] for name in types if name in values]
        if mine:
            yield _over(around.several("product", types, labels.industry(industry), counts.get(industry, 0)), mine)


def _groups(values: Mapping[str, Value]) -> Iterator[Value]:
    """Markets, those of a group below it: it finds them too, as they find it."""
    below = set[str]()
    for group in (name for name in values if name in MARKETS and MARKETS[name].members):
        mine = sorted(name for name in values if name != group and name in related(group))
        if mine:
            below.update((group, *mine))
            yield _over(values[group], [values[name] for name in mine])
    yield from (value for name, value in values.items() if name not in below)


def _publishers(around: Around, values: Mapping[str, Value]) -> Iterator[Value]:
    """A notice has one source, so those of a publisher are the sum over its sources. One of which a single source is known
    or holds anything stands in one line, but stands for all its sources."""
    groups: dict[str, list[str]] = {}
    for source in dict.fromkeys((*around.publishers, *values)):
        groups.setdefault(around.publishers.get(source, source), []).append(source)
    for publisher, sources in groups.items():
        mine = [values[source] for source in sources if source in values]
        if mine:
            whole = around.several("source", tuple(sources), publisher, sum(each.count or 0 for each in mine))
            below = len(mine) > 1 or (mine[0].chosen and not whole.chosen)
            yield _over(whole, mine) if below else whole


def _over(whole: Value, parts: Iterable[Value]) -> Value:
    """A value with its parts below it. Where the whole is chosen they stand as if none of them were."""
    shown = [part for part in parts if part.count or not whole.chosen]
    return replace(whole, inner=_folded(_most_first(shown), keep_chosen=not whole.chosen))


def _most_first(values: Iterable[Value]) -> list[Value]:
    """Choosing moves nothing: a facet counts as if nothing were chosen in it."""
    return sorted(values, key=lambda value: (-(value.count or 0), value.text))


def _folded(values: Sequence[Value], keep_chosen: bool = True) -> Values:
    """A single value too many is not worth folding."""
    if len(values) <= SHOWN + 1:
        return Values(values)
    is_open = [at < SHOWN or (keep_chosen and bool(value.choices)) for at, value in enumerate(values)]
    return Values([value for value, shown in zip(values, is_open, strict=True) if shown],
                  [value for value, shown in zip(values, is_open, strict=True) if not shown])
