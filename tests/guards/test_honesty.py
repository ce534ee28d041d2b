"""What honest sources hang on: every spider tells what its records hold, every attack case has its test."""

from __future__ import annotations

import ast
import re

import pytest

from crawlers.cards import cards, spider
from crawlers.fields import Fields
from tests.conftest import ROOT
from tests.prove.seen import fields

CASES = (*range(1, 58), 62)
"""Of the list of attack cases, those about fetching, parsing, storing and finding, and those about bounces and exports."""


@pytest.mark.parametrize("slug", [card.slug for card in cards()])
def test_a_spider_names_the_fields_of_its_records_by_which_a_renamed_one_is_found(slug: str) -> None:
    cls = spider(slug)
    said = [found for name in ("fields", "columns") if isinstance(found := getattr(cls, name, None), Fields)]
    own, _ = fields(slug)
    assert said or not own, "set ``fields`` to what the records given to ``each`` are known to hold"


def test_every_attack_case_that_is_answered_here_has_a_test() -> None:
    proved = {int(found[1]) for file in ROOT.joinpath("tests").rglob("test_*.py")
              for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))) if isinstance(node, ast.FunctionDef)
              if (found := re.match(r"test_case_(\d\d)_", node.name))}
    assert sorted(set(CASES) - proved) == []
