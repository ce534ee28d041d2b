"""What is claimed of search over judged notices, whichever collection holds them."""

from __future__ import annotations

import statistics
from collections.abc import Sequence

from domain.criteria import Scope
from tests.relevance.evaluation import Evaluation
from tests.relevance.judge import Query

LEAST_NDCG = 0.90
LEAST_QUERIES = 120


def assert_good_order(searched: Evaluation, asked: Sequence[Query]) -> None:
    """The mean nDCG@10 is high enough, over hits that somebody judged. A failure names the worst queries."""
    assert not searched.absent, searched.absent
    outcomes = [searched.outcome(query) for query in asked]
    unjudged = {each.query.typed: each.unjudged for each in outcomes if each.unjudged}
    assert not unjudged, unjudged
    mean = statistics.mean(each.score for each in outcomes)
    worst = [f"{each.score:.2f} {each.query.typed}" for each in sorted(outcomes, key=lambda each: each.score)[:40]]
    assert mean >= LEAST_NDCG, (round(mean, 4), worst)


def assert_no_false_friends(searched: Evaluation) -> None:
    """The first pages of the product types' names hold none; and they are not empty where there is something to find."""
    found = searched.name_pages(Scope.RELEVANT)
    assert not found.false_friends, found.false_friends
    assert not found.unjudged, found.unjudged
    assert not found.empty, found.empty
