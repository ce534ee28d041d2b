"""How well the classifier does on labelled records, through the scorer that ``zonewatch evaluate`` uses.

The records of the domain expert are copies of ../shared/domain/labelled (with their source_ref); unseen.jsonl was written
for the project before the rules were tuned on it. The tables are printed (pytest -s shows them).
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from domain.classify import classify
from domain.classify.ablation import Family, Plain, classify_plainly, classify_without
from domain.classify.evaluate import Record, Report, evaluate, record_of
from domain.product_type import PRODUCT_TYPES
from tests.conftest import SHARED
from zonewatch.cli.evaluate import FLOOR_PRECISION, FLOOR_RECALL, labelled

HERE = Path(__file__).parent
EXPERT = ("standards", "notices_positive", "notices_negative", "constructed", "unreliable")


def records(*files: str) -> Iterator[Record]:
    for file in files:
        with (HERE / f"{file}.jsonl").open(encoding="utf-8") as lines:
            yield from (record_of(json.loads(line)) for line in lines if line.strip())


@pytest.fixture(scope="module")
def expert() -> list[Record]:
    return list(records(*EXPERT))


@pytest.fixture(scope="module")
def report(expert: list[Record]) -> Report:
    return evaluate(expert)


def told(report: Report) -> str:
    return "\n".join(f"{each.record.id} {'missed' if each.missing else 'false'} {each.subject}" for each in report.faults)


def test_the_scores_of_the_experts_records_hold(report: Report) -> None:
    print(f"\n{report.records} records, types {report.types}, relevance {report.relevance}\n{told(report)}")
    assert report.shortfalls(FLOOR_PRECISION, FLOOR_RECALL) == []
    assert report.relevance.precision >= 0.99
    assert report.relevance.recall >= 0.99
    assert report.regulations.precision >= 0.95
    assert report.regulations.recall >= 0.95


def test_the_scores_of_the_unseen_records_hold() -> None:
    found = evaluate(records("unseen"))
    assert found.records > 300
    assert found.by_type.keys() == PRODUCT_TYPES.keys()
    assert found.shortfalls(FLOOR_PRECISION, FLOOR_RECALL) == [], told(found)


def test_no_hard_negative_raises_an_alert(report: Report) -> None:
    assert report.negatives > 100
    assert report.accepted == []


def test_no_global_false_friend_is_accepted(report: Report) -> None:
    assert report.false_friends > 60
    assert report.false_friends_accepted == []


def test_no_hard_negative_is_even_shown_as_to_be_checked(expert: list[Record]) -> None:
    negatives = [record for record in expert if not record.product_types and record.tier is None and not record.is_ambiguous]
    shown = [record.id for record in negatives
             if any(level.rank > 0 for level in classify(record.notice).product_types.values())]
    assert shown == []


def test_what_nobody_should_believe_is_not_published(report: Report) -> None:
    assert report.unbelieved == 2
    assert report.published == []


def test_near_neighbours_are_recognised() -> None:
    lines = [line for file in EXPERT for line in (HERE / f"{file}.jsonl").read_text(encoding="utf-8").splitlines()]
    expected = [(record_of(values), name) for values in map(json.loads, lines) if not values.get("ambiguous")
                for name in values.get("adjacent") or ()]
    missed = [f"{record.id} {name}" for record, name in expected if name not in classify(record.notice).adjacent]
    assert len(missed) <= 0.1 * len(expected), missed


def test_no_family_of_rules_does_harm(expert: list[Record], report: Report) -> None:
    for family in Family:
        found = evaluate(expert, lambda notice, family=family: classify_without(family, notice))
        assert found.types.precision <= report.types.precision, family
        assert found.types.recall <= report.types.recall, family


def test_the_rules_beat_plain_matching(expert: list[Record], report: Report) -> None:
    for plain in Plain:
        found = evaluate(expert, lambda notice, plain=plain: classify_plainly(plain, notice))
        assert found.false_friends_accepted
        assert found.types.precision < report.types.precision


@pytest.mark.mirror
def test_the_copies_are_those_of_the_expert() -> None:
    for file in EXPERT:
        assert (HERE / f"{file}.jsonl").read_bytes() == (SHARED / "domain" / "labelled" / f"{file}.jsonl").read_bytes()


def test_the_command_reads_the_same_records(expert: list[Record]) -> None:
    assert {record.id for record in labelled(HERE)} >= {record.id for record in expert}
