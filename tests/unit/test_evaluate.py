"""Scoring the classifier on labelled records, and the command that fails under a floor."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from domain.classify.ablation import Family, Plain, classify_plainly, classify_without
from domain.classify.evaluate import Score, evaluate, record_of
from domain.errors import InvalidValue
from zonewatch.cli import main

RIGHT = {"id": "right", "text": "Recall of air compressors", "kind": "recall", "product_types": ["air_compressor"]}
MISSED = {"id": "missed", "text": "Recall of thingamajigs", "kind": "recall", "product_types": ["toner_cartridge"]}
FALSE = {"id": "false", "text": "Recall of air compressors", "kind": "recall", "product_types": []}
TATTOO = {"id": "tattoo", "text": "Tattoo ink with nickel", "kind": "recall", "product_types": []}
INVENTED = {"id": "invented", "text": "Air compressor tanks may burst, says a page", "product_types": ["air_compressor"],
            "expected": "do_not_publish", "source_tier": "unverified"}


def run(folder: Path, *options: str, **records: dict[str, Any]) -> Result:
    for name, values in records.items():
        (folder / f"{name}.jsonl").write_text(json.dumps(values) + "\n", encoding="utf-8")
    return CliRunner().invoke(main, ["evaluate", str(folder), *options])


def test_a_score_says_which_findings_are_right_and_which_are_missing() -> None:
    score = Score()
    score.add({"a", "b", "c"}, {"a", "d"}, {"b"})
    assert (score.hits, score.false, score.missed, score.support) == (1, 1, 1, 2)
    assert (score.precision, score.recall) == (0.5, 0.5)
    assert Score().precision == Score().recall == 1.0


def test_every_error_comes_with_its_evidence() -> None:
    report = evaluate(map(record_of, (RIGHT, MISSED, FALSE)))
    wrong, missing = sorted(report.faults, key=lambda fault: fault.record.id)
    assert (wrong.record.id, wrong.subject, wrong.missing) == ("false", "air_compressor", False)
    assert [(line.rule, line.where, line.what) for line in wrong.evidence] == [("title_term", "title", "air compressor")]
    assert (missing.record.id, missing.subject, missing.missing, missing.evidence) == ("missed", "toner_cartridge", True, ())


def test_ambiguous_records_and_acceptable_types_cost_nothing() -> None:
    report = evaluate(map(record_of, (FALSE | {"ambiguous": True}, FALSE | {"acceptable": ["air_compressor"]})))
    assert (report.ambiguous, report.records, report.faults) == (1, 1, [])
    assert report.types.precision == report.relevance.precision == 1.0


def test_a_false_friend_is_a_negative_that_holds_a_trap() -> None:
    report = evaluate(map(record_of, (TATTOO, FALSE)))
    assert (report.negatives, report.false_friends) == (2, 1)
    assert report.false_friends_accepted == []
    assert [record.id for record in report.accepted] == ["false"]


def test_what_nobody_should_believe_is_published_only_on_a_tier_that_stands_alone() -> None:
    assert evaluate([record_of(INVENTED)]).published == []
    believed = record_of(INVENTED | {"source_tier": "official"})
    assert evaluate([believed]).published == [believed]


@pytest.mark.parametrize("wrong", [
    {"id": "a", "product_types": []}, {"id": "a", "text": "x"}, RIGHT | {"product_types": ["no_such_type"]},
    RIGHT | {"kind": "no_such_kind"}, INVENTED | {"source_tier": "no_such_tier"}])
def test_a_record_that_cannot_be_scored_is_refused_by_name(wrong: dict[str, Any]) -> None:
    with pytest.raises(InvalidValue):
        record_of(wrong)


def test_the_command_passes_when_all_is_right(tmp_path: Path) -> None:
    done = run(tmp_path, right=RIGHT, tattoo=TATTOO, invented=INVENTED)
    assert done.exit_code == 0, done.output
    assert "not to be believed: 1, published: 0" in done.output


def test_the_command_fails_under_a_floor_and_says_which(tmp_path: Path) -> None:
    done = run(tmp_path, right=RIGHT, missed=MISSED)
    assert done.exit_code == 1
    assert "type recall 0.5000 is under 0.97" in done.output
    assert "missed missed toner_cartridge" in done.output
    assert run(tmp_path, "--floor-recall", "0.5").exit_code == 0


def test_the_command_answers_in_json(tmp_path: Path) -> None:
    done = run(tmp_path, "--json", "--ablation", right=RIGHT, false=FALSE)
    answer = json.loads(done.stdout)
    assert answer["types"] == {"precision": 0.5, "recall": 1.0, "support": 1, "false": 1, "missed": 0}
    assert answer["errors"][0]["evidence"][0]["what"] == "air compressor"
    assert set(answer["ablation"]) == {*(f"without {family}" for family in Family), *Plain}


def test_a_file_that_is_no_json_is_told_in_one_line(tmp_path: Path) -> None:
    (tmp_path / "broken.jsonl").write_text("{", encoding="utf-8")
    done = run(tmp_path)
    assert (done.exit_code, done.output.count("\n")) == (2, 1)
    assert "broken.jsonl line 1" in done.output


@pytest.mark.parametrize(("family", "text", "category", "found"), [
    (Family.CATEGORIES, "Air compressor for toys", "Toys", {"air_compressor"}),
    (Family.TRAPS, "Air compressor for airsoft", "", {"air_compressor"}),
    (Family.NEGATIVES, "Solenoid valve for irrigation", "", {"solenoid_valve"}),
    (Family.CONTEXT, "Gift box with cylinder", "", {"pneumatic_cylinder"}),
])
def test_a_family_of_rules_can_be_switched_off(family: Family, text: str, category: str, found: set[str]) -> None:
    notice = record_of({"text": text, "category": category, "kind": "recall", "product_types": []}).notice
    assert evaluate([record_of({"text": text, "category": category, "product_types": []})]).types.false == 0
    assert classify_without(family, notice).sure_product_types() == found


def test_plain_matching_knows_no_context() -> None:
    notice = record_of({"text": "Gift box with cylinder", "product_types": []}).notice
    assert classify_plainly(Plain.ANY, notice).sure_product_types() == {"pneumatic_cylinder"}
    assert not classify_plainly(Plain.STRONG, notice).sure_product_types()
