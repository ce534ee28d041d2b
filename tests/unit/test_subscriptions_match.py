"""The matcher finds exactly what the definition of criteria says, however many subscriptions there are."""

from __future__ import annotations

import time
from datetime import UTC, datetime

from hypothesis import given, settings
from hypothesis import strategies as st

from domain.classification import Classification, Confidence
from domain.criteria import Criteria, Facts, Scope, facts, matches
from domain.product_type import PRODUCT_TYPES
from domain.regulation import REGULATIONS
from domain.text import tokens
from storage.subscriptions import Active
from subscriptions.match import Watchers
from tests.builders import notice

TYPES = sorted(PRODUCT_TYPES)[:4]
RULES = sorted(REGULATIONS)[:3]
WORDS = ["solenoid valve", "valve", "电磁阀", "墨盒", "2011/65/EU", "!!!", "ink"]
MARKETS = ["EU", "US", "CA", "DE"]


def some(values: list[str]) -> st.SearchStrategy[frozenset[str]]:
    return st.frozensets(st.sampled_from(values), max_size=2)


CRITERIA = st.builds(
    Criteria, product_types=some(TYPES), regulations=some(RULES), markets=some(MARKETS), kinds=some(["recall", "standard"]),
    origins=some(["CN"]), hazards=some(["fire", "cuts"]), grades=some(["red", "plain"]), sources=some(["a", "b"]),
    years=some(["2025", "2026"]), words=st.lists(st.sampled_from(WORDS), max_size=2).map(tuple),
    any_words=st.lists(st.lists(st.sampled_from(WORDS), min_size=1, max_size=2).map(tuple), max_size=2).map(tuple),
    excluded=st.lists(st.sampled_from(WORDS), max_size=1).map(tuple), scope=st.sampled_from(Scope))
LEVELS = st.sampled_from(Confidence)
TEXT = st.lists(st.sampled_from(WORDS), max_size=4).map(" ".join).map(tokens).map(tuple)
FACTS = st.builds(
    Facts, product_types=st.dictionaries(st.sampled_from(TYPES), LEVELS, max_size=2),
    regulations=st.dictionaries(st.sampled_from(RULES), LEVELS, max_size=2), market=st.sampled_from(MARKETS),
    kind=st.sampled_from(["recall", "standard"]), origin=st.sampled_from(["CN", ""]), hazards=some(["fire", "cuts"]),
    grade=st.sampled_from(["red", "plain"]), source=st.sampled_from(["a", "b"]), year=st.sampled_from(["2025", ""]),
    comment_deadline=st.none(), title_tokens=TEXT, head=st.just(0), tokens=TEXT)


def watching(criteria: list[Criteria]) -> list[Active]:
    return [Active(number, number, each, None, datetime(2026, 1, 1, tzinfo=UTC)) for number, each in enumerate(criteria)]


@settings(max_examples=300)
@given(st.lists(CRITERIA, max_size=12), FACTS)
def test_the_matcher_equals_asking_every_subscription(criteria: list[Criteria], found: Facts) -> None:
    watchers = watching(criteria)
    wanted = [each.id for each in watchers if matches(each.criteria, found)]
    assert [each.id for each in Watchers(watchers).of(found)] == wanted


def test_thousands_of_subscriptions_are_matched_in_no_time() -> None:
    criteria = [Criteria(product_types=frozenset({name}), markets=frozenset({market})) for name in PRODUCT_TYPES
                for market in MARKETS for _ in range(50)]
    watchers = Watchers(watching(criteria))
    about = Classification({"air_compressor": Confidence.HIGH})
    found = [facts(notice(str(number), title=f"Air compressor {number}"), about) for number in range(200)]
    began = time.perf_counter()
    assert {len(watchers.of(each)) for each in found} == {100}, "of who asks for the EU and who for Germany"
    assert time.perf_counter() - began < 2
