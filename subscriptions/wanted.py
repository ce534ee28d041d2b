"""What criteria may be subscribed to, and what a subscription to them is called when nobody says so."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from domain import criteria as criterias
from domain.criteria import Criteria, Scope
from domain.errors import InvalidValue
from domain.text import tokens as word_tokens
from subscriptions.choice import MAX_LABEL
from subscriptions.describe import describe
from subscriptions.inert import one_line
from subscriptions.phrases import say

MAX_VALUES = 500
LONGEST_WORD = 1_000
"""Letters of a word or phrase; mails say its beginning."""


def checked_criteria(criteria: Criteria, lang: str) -> Criteria:
    """What of the criteria can be watched for, without words that say nothing. Raises InvalidValue when nothing narrows all
    sources, and for too much of it."""
    groups = [group for group in criteria.any_words if all(map(word_tokens, group))]  # a mere sign is in every text
    criteria = criterias.lasting(replace(
        criteria, words=_told(criteria.words), any_words=tuple(map(_told, groups)), excluded=_told(criteria.excluded)))
    if criteria.scope is Scope.ALL and replace(criteria, excluded=()).is_everything:
        raise InvalidValue(say("条件过宽：这会把所有来源的全部信息发给您。请至少选择一个产品类别、法规、目标市场或关键词，"
                               "或改用“与本行业相关”。", lang))
    too_many = len(criteria.any_words) > criterias.MOST_GROUPS or criterias.pairs(criteria) > criterias.MOST_PAIRS
    if too_many or criterias.size(criteria) > MAX_VALUES:
        raise InvalidValue(say("条件过多，请减少所选的值。", lang))
    return criteria


def _told(words: Sequence[str]) -> tuple[str, ...]:
    return tuple(one_line(word, LONGEST_WORD) for word in words if word_tokens(word))


def label_of(criteria: Criteria, lang: str) -> str:
    """What a subscription to notices is called by itself: its criteria."""
    return one_line(describe(criteria, lang), MAX_LABEL)
