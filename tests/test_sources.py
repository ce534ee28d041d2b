"""Every source and every case of it: format-true payloads through the whole production path, compared exactly."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from crawlers.cards import cards
from domain.source import Grade
from tests.replay import SOURCES, replay

CASES = sorted(file for file in SOURCES.glob("*/*.json") if "." not in file.stem)
PAYLOADS = sorted(file for file in SOURCES.glob("*/*.*") if "." in file.stem)
LARGEST = 20_000


@pytest.mark.parametrize("file", CASES, ids=[f"{file.parent.name}-{file.stem}" for file in CASES])
def test_a_source_reads_as_its_case_says(file: Path) -> None:
    case = json.loads(file.read_text(encoding="utf-8"))
    outcome = replay(file)
    assert not outcome["unknown"], "the spider asked for an address that the case does not have"
    assert not outcome["unused"], "the spider never asked for an answer of the case"
    if "expected" not in case:
        draft = file.with_suffix(".draft.json")
        draft.write_text(json.dumps(case | {"expected": outcome["found"]}, ensure_ascii=False, indent=1) + "\n",
                         encoding="utf-8")
        pytest.fail(f"no expectation yet: read and correct {draft.name}, then keep it as {file.name}")
    assert outcome["found"]["notices"] or case.get("empty"), "no notice was found"
    assert outcome["found"] == case["expected"]
    assert outcome["anew"] == {"same": len(outcome["found"]["notices"]), "revised": 0, "new": 0, "withdrawn": 0,
                               "unfound": 0}, "its captures, read again, do not give what the crawl gave"


def test_every_spider_has_a_case_and_every_case_a_spider() -> None:
    assert {card.slug for card in cards() if card.grade is not Grade.CARD_ONLY} == {file.parent.name for file in CASES}


def test_payloads_are_small_and_no_draft_is_left() -> None:
    assert [file.name for file in PAYLOADS if file.stat().st_size > LARGEST or file.name.endswith(".draft.json")] == []
