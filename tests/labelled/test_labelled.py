"""How well the classifier does on the records labelled by the domain expert (../shared/domain/labelled).

Relevance (any core type or none) is scored apart from type assignment; types that are acceptable cost nothing, ambiguous
records are left out, a finding counts from medium confidence on. The table is printed (pytest -s shows it).
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest

from domain.classification import Classification
from domain.classify import classify_record
from tests.conftest import SHARED

FILES = ("standards", "notices_positive", "notices_negative", "constructed")
pytestmark = pytest.mark.mirror


@dataclass
class Score:
    """Hits, false alarms and misses, each with the records behind the last two."""

    hits: int = 0
    false: list[str] = field(default_factory=list)
    missed: list[str] = field(default_factory=list)

    @property
    def precision(self) -> float:
        return self.hits / max(1, self.hits + len(self.false))

    @property
    def recall(self) -> float:
        return self.hits / max(1, self.hits + len(self.missed))

    def add(self, record: dict[str, Any], found: set[str], expected: set[str], acceptable: set[str]) -> None:
        self.hits += len(found & expected)
        self.false += [f"{record['id']} {name}" for name in sorted(found - expected - acceptable)]
        self.missed += [f"{record['id']} {name}" for name in sorted(expected - found)]

    def row(self, title: str) -> str:
        return (f"{title:<28}{self.precision:>10.3f}{self.recall:>8.3f}{self.hits:>6}"
                f"{len(self.false):>7}{len(self.missed):>8}")


@dataclass(frozen=True)
class Outcome:
    record: dict[str, Any]
    found: Classification
    file: str


@pytest.fixture(scope="module")
def outcomes() -> list[Outcome]:
    return [Outcome(record, _classified(record), file) for file in FILES for record in _records(file)
            if not record.get("ambiguous")]


def _records(file: str) -> Iterator[dict[str, Any]]:
    with (SHARED / "domain" / "labelled" / f"{file}.jsonl").open(encoding="utf-8") as lines:
        yield from (json.loads(line) for line in lines if line.strip())


def _classified(record: dict[str, Any]) -> Classification:
    codes = record.get("codes") or {}
    facts = {name: record.get(name) or "" for name in ("lang", "market", "source", "kind", "category")}
    return classify_record(record["text"], **facts, hs=codes.get("hs") or (), ics=codes.get("ics") or ())


def _relevance(outcomes: list[Outcome]) -> Score:
    score = Score()
    for each in outcomes:
        ours = {"ours"} if each.record["product_types"] else set[str]()
        score.add(each.record, {"ours"} if each.found.sure_product_types() else set(), ours, set())
    return score


def _types(outcomes: list[Outcome]) -> Score:
    score = Score()
    for each in outcomes:
        score.add(each.record, set(each.found.sure_product_types()), set(each.record["product_types"]),
                  set(each.record.get("acceptable") or ()))
    return score


def _rules(outcomes: list[Outcome]) -> Score:
    """Rules beside a product are a matter of taste in the labels: only those of records without one can be false."""
    score = Score()
    for each in outcomes:
        found, expected = set(each.found.sure_horizontal()), set(each.record.get("horizontal") or ())
        score.add(each.record, found, expected, found if each.record["product_types"] else set())
    return score


def test_the_scores_hold(outcomes: list[Outcome]) -> None:
    relevance, types, rules = _relevance(outcomes), _types(outcomes), _rules(outcomes)
    print(f"\n{'':<28}{'precision':>10}{'recall':>8}{'hits':>6}{'false':>7}{'missed':>8}")
    print(relevance.row(f"relevance of {len(outcomes)} records"))
    print(types.row("product types"), rules.row("regulations"), sep="\n")
    for file in FILES:
        print(_types([each for each in outcomes if each.file == file]).row(f"  types in {file}"))
    for score in (relevance, types, rules):
        print("false:", *score.false, "· missed:", *score.missed)
    assert relevance.precision >= 0.98
    assert relevance.recall >= 0.98
    assert types.precision >= 0.98
    assert types.recall >= 0.95
    assert rules.precision >= 0.95
    assert rules.recall >= 0.95


def test_no_hard_negative_raises_an_alert(outcomes: list[Outcome]) -> None:
    negatives = [each for each in outcomes if not each.record["product_types"] and not each.record.get("horizontal")]
    false = [f"{each.record['id']}: {each.record['note']}" for each in negatives if each.found.is_relevant]
    print(f"\nhard negatives: {len(negatives)}, false alerts: {len(false)}")
    assert len(negatives) > 100
    assert false == []


def test_no_hard_negative_is_even_shown_as_to_be_checked(outcomes: list[Outcome]) -> None:
    shown = [each.record["id"] for each in outcomes if not each.record["product_types"]
             and any(level.rank > 0 for level in each.found.product_types.values())]
    assert shown == []


def test_near_neighbours_are_recognised(outcomes: list[Outcome]) -> None:
    expected = [(each, name) for each in outcomes for name in each.record.get("adjacent") or ()]
    missed = [f"{each.record['id']} {name}" for each, name in expected if name not in each.found.adjacent]
    print(f"\nadjacent types: {len(expected) - len(missed)} of {len(expected)}; missed: {', '.join(missed)}")
    assert len(missed) <= 0.1 * len(expected)
