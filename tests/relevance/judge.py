"""What a person judged: readings of notices, and queries with rules that say which notices they are after.

A reading says what one notice is about, with grades (3 its subject, 2 one of several, 1 touched on), once for all queries.
A query says by rules over readings what is right for it, so that a set of forty equal standards is judged whole. Facts
of the publisher (market, kind, year) are taken as they are stored.
"""

from __future__ import annotations

import csv
import shlex
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from domain.criteria import Scope
from domain.notice import Notice
from domain.product_type import PRODUCT_TYPES, types_of_industry
from domain.regulation import REGULATIONS

HERE = Path(__file__).parent
Key = tuple[str, str]
About = Mapping[str, int]
"""What a notice is about, with grades."""

TOPICS = frozenset((HERE / "topics.txt").read_text(encoding="utf-8").split())
"""What notices are about beside our product types and rules: false friends, neighbours, substances, matters of rules."""
OURS = frozenset((*PRODUCT_TYPES, *REGULATIONS))
_FACTS = frozenset(("market", "kind", "year", "source", "hazard", "id"))


@dataclass(frozen=True, slots=True)
class Judged:
    """A notice with its reading; about nothing means that it is none of ours."""

    notice: Notice
    about: About

    @property
    def is_ours(self) -> bool:
        """Whether a product type or rule of ours is in it."""
        return not OURS.isdisjoint(self.about)

    def names(self, product_type: str) -> bool:
        """Whether it is about a product type, or about any of the industry that a general type stands for."""
        return _grade(self.about, product_type) > 0


@dataclass(frozen=True, slots=True)
class Rule:
    """Notices about all of ``names`` that have all of ``facts`` are right to a grade."""

    grade: int
    names: tuple[str, ...]
    facts: Mapping[str, frozenset[str]] = field(default_factory=dict)

    def grade_of(self, judged: Judged) -> int:
        """How right a notice is by this rule: never more than it is about what is asked for."""
        found = judged.notice
        facts: dict[str, frozenset[str]] = {
            "market": frozenset((found.market,)), "kind": frozenset((found.kind.value,)),
            "source": frozenset((found.source,)), "hazard": frozenset(found.hazards),
            "id": frozenset((found.external_id,)), "year": frozenset((str(found.event_date)[:4],))}
        if any(facts[name].isdisjoint(wanted) for name, wanted in self.facts.items()):
            return 0
        return min([self.grade, *(_grade(judged.about, name) for name in self.names)])


def _grade(about: About, name: str) -> int:
    """The general type of an industry stands for all types of it, to a reader as to a searcher."""
    members: tuple[str, ...] = (name,)
    if name in PRODUCT_TYPES and PRODUCT_TYPES[name].general:
        members = tuple(each.id for each in types_of_industry(PRODUCT_TYPES[name].industry))
    return max(about.get(each, 0) for each in members)


@dataclass(frozen=True, slots=True)
class Query:
    """What is typed, in which scope and order, and what is right. No rules: nothing may be found."""

    group: str
    typed: str
    scope: Scope
    sort: Any
    rules: tuple[Rule, ...]

    def grade_of(self, judged: Judged) -> int:
        """How right a notice is, 0 to 3."""
        return max((rule.grade_of(judged) for rule in self.rules), default=0)


def queries(path: Path) -> list[Query]:
    """The queries of a file of tab-separated lines: class, typed, scope, sort, right."""
    return [Query(group, typed, Scope(scope), sort, tuple(_rules(right)))
            for group, typed, scope, sort, right in _lines(path)]


def _rules(text: str) -> Iterator[Rule]:
    """``3 toner_cartridge market:US|EU ; 2 toner_powder`` – grade, names, facts; ``nothing`` for no rules."""
    for part in text.split(" ; ") if text != "nothing" else ():
        grade, *conditions = shlex.split(part)
        facts = dict(each.split(":", 1) for each in conditions if each.partition(":")[0] in _FACTS)
        names = tuple(each for each in conditions if each.partition(":")[0] not in _FACTS)
        for name in names:
            _must_be_known(name)
        yield Rule(int(grade), names, {name: frozenset((values,)) if name == "id" else frozenset(values.split("|"))
                                       for name, values in facts.items()})


def readings(path: Path) -> dict[Key, About]:
    """The readings of a file of tab-separated lines: source, external id, what it is about, remark (may be missing)."""
    found: dict[Key, About] = {}
    for source, external_id, about, *_ in _lines(path):
        if (source, external_id) in found:
            raise ValueError(f"{path.name} judges {source} {external_id} twice")
        found[source, external_id] = about_of(about)
    return found


def about_of(text: str) -> About:
    """``toner_cartridge:2 eu_rohs`` as grades; ``-`` for a notice that is none of ours."""
    found: dict[str, int] = {}
    for each in text.split() if text != "-" else ():
        name, _, grade = each.partition(":")
        _must_be_known(name)
        found[name] = int(grade or 3)
    return found


def _must_be_known(name: str) -> None:
    if name not in OURS and name not in TOPICS:
        raise ValueError(f"{name} is no product type, rule or topic")


def _lines(path: Path) -> Iterator[list[str]]:
    with path.open(encoding="utf-8", newline="") as lines:
        for row in csv.reader(lines, delimiter="\t", quoting=csv.QUOTE_NONE):
            if row and not row[0].startswith("#"):
                yield row
