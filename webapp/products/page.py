"""What the pages of product types show: counts, each with the address of the search that finds exactly as many."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from domain.criteria import Criteria
from domain.kinds import NOTICE_KINDS
from domain.market import MARKETS, related
from domain.product_type import INDUSTRIES, types_of_industry
from domain.regulation import REGULATIONS, rules_for
from storage.findings import Finding
from webapp.present import today
from webapp.search.forms import address, params

YEARS = 5
NEWEST = 10


@dataclass(frozen=True, slots=True)
class Count:
    """A number of notices and the address of the search that finds them; without one where there is nothing to find."""

    number: int
    url: str


@dataclass(frozen=True, slots=True)
class Row:
    """A market with those of its group, its counts by kind in the order of the table's kinds, and their sum."""

    market: str
    counts: Sequence[Count]
    total: Count


@dataclass(frozen=True, slots=True)
class Table:
    """Counts by market (most first) and kind (in the order of our list); only those that have anything."""

    kinds: Sequence[str]
    rows: Sequence[Row]
    totals: Sequence[Count]
    total: Count


@dataclass(frozen=True, slots=True)
class Rule:
    """A horizontal rule, what stands under it in these years, and when the newest of that came."""

    id: str
    market: str
    count: Count
    newest_on: date | None


@dataclass(frozen=True, slots=True)
class Rules:
    """The rules that bind a type: those under which anything stands (most first), the others, and all that stands under
    them; ``named`` of it name the type as well and are in its table too."""

    used: Sequence[Rule]
    unused: Sequence[str]
    total: Count
    named: int


@dataclass(frozen=True, slots=True)
class ProductPage:
    """Everything the page of a type needs; ``ever`` counts all years and what bears no date, ``events`` what the notices of
    the table are about, ``newest`` are ids."""

    product_type: str
    years: Sequence[str]
    table: Table
    events: int
    by_year: Mapping[str, Count]
    ever: Count
    undated: Count
    newest: Sequence[int]
    rules: Rules


@dataclass(frozen=True, slots=True)
class Line:
    """A type on the overview: counts of what names it and of what stands under rules that bind it, the last notice that
    names it, from whatever year."""

    product_type: str
    named: Count
    ruled: Count
    last: Finding | None


@dataclass(frozen=True, slots=True)
class Group:
    """The types of an industry, and how many notices name any of them."""

    industry: str
    named: Count
    lines: Sequence[Line]


def recent_years() -> tuple[str, ...]:
    """The years that reach into the last five, oldest first. Whole years, as searches have them: no notice of the last five
    years is missing, and each count is the total of a search."""
    now = today().year
    return tuple(str(year) for year in range(now - YEARS, now + 1))


def overview(found: Sequence[Finding]) -> list[Group]:
    """All product types by industry."""
    years = frozenset(recent_years())
    recent = [each for each in found if each.year in years]
    groups = []
    for industry in INDUSTRIES:
        types = frozenset(each.id for each in types_of_industry(industry))
        groups.append(Group(industry, _count(sum(bool(types & each.product_types) for each in recent),
                                             product_types=types, years=years),
                            [_line(found, recent, each.id, years) for each in types_of_industry(industry)]))
    return groups


def _line(found: Sequence[Finding], recent: Sequence[Finding], product_type: str, years: frozenset[str]) -> Line:
    named = _naming(recent, product_type)
    dated = [each for each in _naming(found, product_type) if each.event_on]
    rules = frozenset(rules_for(product_type))
    return Line(product_type, _count(len(named), product_types=frozenset((product_type,)), years=years),
                _count(sum(bool(rules & each.regulations) for each in recent), regulations=rules, years=years),
                max(dated, key=_age, default=None))


def product_page(found: Sequence[Finding], product_type: str) -> ProductPage:
    """What has come for one type in the recent years."""
    years = recent_years()
    named, subject = _naming(found, product_type), {"product_types": frozenset((product_type,))}
    recent = [each for each in named if each.year in years]
    by_year = Counter(each.year for each in recent)
    return ProductPage(
        product_type, years, table(recent, years=frozenset(years), **subject), len({each.event for each in recent}),
        {year: _count(by_year[year], years=frozenset((year,)), **subject) for year in years},
        _count(len(named), **subject),
        _count(sum(not each.event_on for each in named), years=frozenset(("",)), **subject),
        [each.notice_id for each in sorted(recent, key=_age, reverse=True)[:NEWEST]],
        _rules([each for each in found if each.year in years], product_type, frozenset(years)))


def table(found: Iterable[Finding], **criteria: Any) -> Table:
    """These findings by market and kind; ``criteria`` are those of a search that finds them all. Where a group of markets
    published any of them its members are in its row, as they are in its search: no notice is in two rows."""
    found = list(found)
    published = frozenset(each.market for each in found)
    cells = Counter((_row_of(each.market, published), each.kind) for each in found)
    by_market, by_kind = Counter[str](), Counter[str]()
    for (market, kind), number in cells.items():
        by_market[market] += number
        by_kind[kind] += number
    kinds = [kind for kind in NOTICE_KINDS if by_kind[kind]]
    rows = [Row(market, [_count(cells[market, kind], markets=frozenset((market,)), kinds=frozenset((kind,)), **criteria)
                         for kind in kinds], _count(number, markets=frozenset((market,)), **criteria))
            for market, number in sorted(by_market.items(), key=lambda pair: (-pair[1], pair[0]))]
    return Table(kinds, rows, [_count(by_kind[kind], kinds=frozenset((kind,)), **criteria) for kind in kinds],
                 _count(cells.total(), **criteria))


def _row_of(market: str, published: frozenset[str]) -> str:
    groups = (each for each in related(market) & published if each in MARKETS and MARKETS[each].members)
    return next(groups, market)


def _rules(recent: Sequence[Finding], product_type: str, years: frozenset[str]) -> Rules:
    rules = frozenset(rules_for(product_type))
    under = [each for each in recent if rules & each.regulations]
    used = [_rule(name, under, years) for name in REGULATIONS if any(name in each.regulations for each in under)
            and name in rules]
    used.sort(key=lambda rule: -rule.count.number)
    told = {rule.id for rule in used}
    return Rules(used, [name for name in REGULATIONS if name in rules - told],
                 _count(len(under), regulations=rules, years=years), len(_naming(under, product_type)))


def _rule(name: str, under: Sequence[Finding], years: frozenset[str]) -> Rule:
    mine = [each for each in under if name in each.regulations]
    return Rule(name, REGULATIONS[name].market, _count(len(mine), regulations=frozenset((name,)), years=years),
                max((each.event_on for each in mine if each.event_on), default=None))


def _naming(found: Iterable[Finding], product_type: str) -> list[Finding]:
    return [each for each in found if product_type in each.product_types]


def _age(each: Finding) -> tuple[date, int]:
    return each.event_on or date.min, each.notice_id


def _count(number: int, **criteria: Any) -> Count:
    return Count(number, address("/", [*params(Criteria(**criteria)), ("sort", "date")]) if number else "")
