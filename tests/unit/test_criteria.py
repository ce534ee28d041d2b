"""What criteria mean, how they are kept, and what of them can be watched for."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.classification import Classification
from domain.criteria import Criteria, Scope, facts, from_json, lasting, matches, size, to_json
from domain.errors import InvalidValue
from domain.market import MARKETS, country_name, holds_in, market_asked, related
from domain.regulation import REGULATIONS, binding, rules_for
from tests.builders import notice

WORDS = st.text(min_size=1, max_size=8)


def meets(criteria: dict[str, Any], **changes: Any) -> bool:
    return matches(Criteria(**criteria, scope=Scope.ALL), facts(notice(**changes), Classification()))


# Groups of words

@pytest.mark.parametrize(("title", "wanted"), [
    ("Toner recall", True), ("Drum kit ban", True), ("Toner standard", False), ("Recall of toys", False),
    ("Recall: kit, drum", False)])
def test_of_two_groups_one_word_each_must_stand_there(title: str, wanted: bool) -> None:
    groups = (("toner", "drum kit"), ("recall", "ban"))
    assert meets({"any_words": groups}, title=title, product="") is wanted


def test_groups_and_words_and_excluded_ones_agree() -> None:
    criteria = {"words": ("cartridge",), "any_words": (("toner", "ink"),), "excluded": ("tattoo",)}
    assert meets(criteria, title="Ink cartridge")
    assert not meets(criteria, title="Tattoo ink cartridge")
    assert not meets(criteria, title="Ink")
    assert not meets({"any_words": ((),)}), "nothing is none of nothing"


@given(st.lists(st.lists(WORDS, min_size=1, max_size=3).map(tuple), max_size=2).map(tuple), st.lists(WORDS).map(tuple))
def test_criteria_are_read_back_as_they_were_kept(groups: tuple[tuple[str, ...], ...], words: tuple[str, ...]) -> None:
    criteria = Criteria(any_words=groups, words=words, markets=frozenset({"EU"}), years=frozenset({""}))
    kept = to_json(criteria)
    assert from_json(kept) == criteria
    assert ("any_words" in kept) == bool(groups)
    assert size(criteria) == len(words) + sum(map(len, groups)) + 2, "the scope is no value"


@pytest.mark.parametrize("groups", ["ab", [["a"], ["b"], ["c"]], [[]], ["ab"], [[1]], {"a": 1}, None])
def test_what_are_no_groups_of_words_is_refused(groups: Any) -> None:
    with pytest.raises(InvalidValue, match="any_words"):
        from_json({"any_words": groups})


# Markets

def test_a_group_stands_for_its_members_and_a_member_for_its_group() -> None:
    assert {each for each in MARKETS if meets({"markets": frozenset({"EU"})}, market=each)} == {
        "EU", "DE", "FR", "IT", "ES", "NL", "PL", "SE", "FI", "CZ", "SK", "HU", "NO"}
    assert {each for each in MARKETS if meets({"markets": frozenset({"DE"})}, market=each)} == {"DE", "EU"}
    assert {each for each in MARKETS if meets({"markets": frozenset({"SA", "US"})}, market=each)} == {"SA", "GCC", "US"}


@given(st.sampled_from([*MARKETS, "AT", "IS", "XK", ""]), st.sampled_from([*MARKETS, "AT", "IS", "XK", ""]))
def test_markets_stand_for_each_other_where_rules_of_one_hold_in_the_other(one: str, other: str) -> None:
    assert (other in related(one)) == (one in related(other)) == (holds_in(one, other) or holds_in(other, one))


def test_a_market_to_ask_for_says_what_it_takes_in() -> None:
    assert [market_asked(code) for code in ("EU", "DE", "NO", "SA", "US", "INT", "??")] == [
        "欧盟（含成员国）", "德国（含欧盟）", "挪威（含欧盟）", "沙特阿拉伯（含海湾合作委员会）", "美国", "国际", "??"]
    assert market_asked("DE", "en") == "Germany (with European Union)"
    for code in MARKETS:
        assert market_asked(code).startswith(country_name(code))


def test_rules_that_bind_are_those_of_the_markets_asked_for() -> None:
    every = binding(["air_compressor", "no_such_type"])
    assert every == frozenset(rules_for("air_compressor"))
    german = binding(["air_compressor"], ["DE"])
    assert german < every
    assert {REGULATIONS[name].market for name in german} <= {"EU", "DE", "INT"}
    assert "eu_machinery" in german
    assert binding([], ["EU"]) == frozenset()


# Subscriptions

@pytest.mark.parametrize(("asked", "left"), [
    ((), ()), (("open",), ("open",)), (("closing",), ("open",)), (("closed",), ()), (("closed", "open"), ("open",))])
def test_a_deadline_can_be_watched_for_only_as_it_opens(asked: tuple[str, ...], left: tuple[str, ...]) -> None:
    criteria = Criteria(deadlines=frozenset(asked), years=frozenset({"2026"}), words=("toner",))
    assert lasting(criteria) == Criteria(deadlines=frozenset(left), words=("toner",))
