"""The product's own search finds what a person judged right, and no false friend, over the hand-written corpus.

tests/features/test_real_days.py asks the same of the mirror, whose notices it loads.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest

from domain.criteria import Scope
from domain.product_type import PRODUCT_TYPES
from tests.conftest import Installed
from tests.relevance import corpus
from tests.relevance.claims import LEAST_QUERIES, assert_good_order, assert_no_false_friends
from tests.relevance.evaluate import ENGINES, corpus_queries, evaluation, mirror_queries, mirror_readings
from tests.relevance.evaluation import Evaluation
from tests.relevance.judge import Query, about_of
from tests.relevance.scoring import by_event, ndcg


@pytest.fixture(scope="module", params=ENGINES)
def searched(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Evaluation:
    folder: Path = tmp_path_factory.mktemp("relevance") / "corpus"
    return evaluation(Installed(corpus.kept(folder), **ENGINES[request.param]), corpus.readings())


def test_what_is_right_stands_on_top(searched: Evaluation) -> None:
    assert_good_order(searched, corpus_queries())


def test_no_name_of_a_product_type_finds_a_false_friend(searched: Evaluation) -> None:
    assert_no_false_friends(searched)


def test_false_friends_are_there_to_be_found() -> None:
    """Without them the corpus would prove nothing."""
    strangers = [notice for notice, about in corpus.corpus() if not PRODUCT_TYPES.keys() & about.keys()]
    assert len(strangers) > 80


def test_the_corpus_is_as_wide_as_the_vocabularies() -> None:
    notices = list(corpus.corpus())
    about = Counter(name for _, found in notices for name in found)
    assert len(notices) >= 300
    assert len({notice.lang for notice, _ in notices}) == 13
    assert not [name for name in PRODUCT_TYPES if not about[name]]


@pytest.mark.parametrize("asked", [corpus_queries, mirror_queries])
def test_there_are_enough_queries_and_none_twice(asked: Callable[[], list[Query]]) -> None:
    seen = Counter((query.typed, query.scope, query.sort) for query in asked())
    assert len(seen) >= LEAST_QUERIES
    assert not [typed for typed, times in seen.items() if times > 1]


def test_a_single_notice_that_is_right_was_read() -> None:
    """A rule that names a notice by its id says nothing when a letter of it is wrong."""
    for asked, read in ((corpus_queries(), corpus.readings()), (mirror_queries(), mirror_readings())):
        known = {external_id for _, external_id in read}
        named = {each for query in asked for rule in query.rules for each in rule.facts.get("id", ())}
        assert named <= known, sorted(named - known)


# How it is counted


def test_the_best_order_scores_one_and_a_worse_one_less() -> None:
    assert ndcg([3, 2, 1], [1, 2, 3]) == 1
    assert 0 < ndcg([1, 2, 3], [1, 2, 3]) < ndcg([3, 1, 2], [1, 2, 3]) < 1
    assert ndcg([0, 0], [3]) == 0


def test_what_is_missed_costs_as_much_as_what_is_wrong() -> None:
    assert ndcg([3], [3, 3]) == ndcg([3, 0], [3, 3]) < 1


def test_only_ten_can_be_asked_for() -> None:
    assert ndcg([3] * 10, [3] * 40) == 1


def test_an_event_of_two_publishers_counts_once() -> None:
    assert by_event([("a", 2), ("a", 3), ("b", 1)]) == {"a": 3, "b": 1}


def test_a_reading_of_an_unknown_name_is_refused() -> None:
    with pytest.raises(ValueError, match="toner_cartrige"):
        about_of("toner_cartrige")


def test_the_readings_of_the_mirror_can_be_read() -> None:
    assert len(mirror_readings()) > 1000


@pytest.mark.parametrize("scope", Scope)
def test_a_page_of_names_is_judged_to_the_last_hit(searched: Evaluation, scope: Scope) -> None:
    assert searched.name_pages(scope).unjudged == []
