"""Why a notice is told: the subscriptions it met, and what in it met them."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from domain.classification import Evidence
from domain.criteria import Criteria, Facts, contains, subjects
from domain.decision import DECIDED
from domain.notice import Notice
from domain.text import has_cjk
from storage.notices import StoredNotice
from subscriptions import names
from subscriptions.inert import one_line
from subscriptions.news import Told
from subscriptions.phrases import say

MOST_ENDING = 3
"""Letters in which a word of the vocabulary and the publisher's may differ at the end (compressor, compressors)."""
MOST_REASONS = 4


@dataclass(frozen=True, slots=True)
class Why:
    """Subscriptions that a notice met for the same reasons."""

    labels: tuple[str, ...]
    reasons: tuple[str, ...]


_WHERE = {"title": "标题", "product": "产品名称", "codes": "HS/ICS 编码", "category": "来源类别", "body": "正文"}
"""Fields that evidence comes from, the most telling first."""


def grouped(told: Told, labels: Mapping[int, str], because: Callable[[Criteria], tuple[str, ...]]) -> tuple[Why, ...]:
    """The subscriptions that a notice met, those with the same reasons together. ``labels`` says what each is called, by
    id."""
    by_reasons: dict[tuple[str, ...], list[str]] = {}
    for each in told.subscriptions:
        by_reasons.setdefault(because(each.criteria), []).append(labels[each.id])
    return tuple(Why(tuple(dict.fromkeys(called)), found) for found, called in by_reasons.items())


def reasons(criteria: Criteria, stored: StoredNotice, found: Facts, lang: str) -> tuple[str, ...]:
    """What in a notice met criteria: the words they ask for and where these stand; products and rules with the evidence
    that the classifier saw."""
    picked = [_picked(group, found) for group in criteria.any_words]
    because = [_by_word(word, found, lang) for word in dict.fromkeys((*criteria.words, *picked))]
    because += [_by_finding(subject, stored, lang) for subject in _met(criteria, found)]
    return tuple(because[:MOST_REASONS])


def _met(criteria: Criteria, found: Facts) -> list[str]:
    """The findings that a subscription asks for; all that count when it asks neither for any nor for words."""
    present = subjects(found.product_types, criteria.scope) | subjects(found.regulations, criteria.scope)
    asked = criteria.product_types | criteria.regulations
    return sorted(present & asked if asked else frozenset() if criteria.all_words else present)


def _picked(group: Sequence[str], found: Facts) -> str:
    """The word of a group that a notice holds, one of the title if there is any."""
    held = [word for word in group if contains(found.tokens, word)]
    return next((word for word in held if contains(found.title_tokens, word)), held[0] if held else "")


def _by_word(word: str, found: Facts, lang: str) -> str:
    in_title = contains(found.title_tokens, word)
    return say("标题中的关键词“{word}”" if in_title else "正文中的关键词“{word}”", lang, word=one_line(word, 60))


def _by_finding(subject: str, stored: StoredNotice, lang: str) -> str:
    """A finding with its best evidence: from the title if there is any, in the publisher's own letters if they can be
    found again, the longest."""
    name = names.product_type if subject in stored.classification.product_types else names.regulation
    seen = [(list(_WHERE).index(each.where) if each.where in _WHERE else len(_WHERE), not written, -len(what), what, each)
            for each in stored.classification.evidence if each.subject == subject and not each.rule.startswith("vetoed")
            for written, what in [_as_written(each, stored.notice)]]
    if not seen:
        return name(subject, lang)
    *_, what, best = min(seen, key=lambda piece: piece[:4])
    if best.rule == DECIDED:
        return say("{name}：编辑判定", lang, name=name(subject, lang))
    return say("{name}：{where}中的“{what}”", lang, name=name(subject, lang), what=what,
               where=say(_WHERE.get(best.where, best.where), lang))


def _as_written(evidence: Evidence, notice: Notice) -> tuple[bool, str]:
    """Whether the evidence can be found again in its field, and how it is written there."""
    text = {"title": notice.title, "product": notice.product, "category": notice.category,
            "body": notice.summary}.get(evidence.where, "")
    for cut in range(MOST_ENDING + 1):
        stem = re.escape(evidence.what[:len(evidence.what) - cut])
        found = re.search(stem if has_cjk(stem) else rf"(?<!\w){stem}[^\W\d_]*", text, re.IGNORECASE)
        if found and len(evidence.what) > 2 * cut:
            return True, one_line(found.group(), 80)
    return False, one_line(evidence.what, 80)
