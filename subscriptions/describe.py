"""Criteria in the words of a person: what a subscription is called when its owner gave it no name."""

from __future__ import annotations

from collections.abc import Callable, Collection

from domain.criteria import Criteria, Scope
from subscriptions import names
from subscriptions.inert import one_line
from subscriptions.phrases import say

MOST = 3
"""Values of one field that are named; the others are counted."""


def describe(criteria: Criteria, lang: str = "zh", most: int = MOST) -> str:
    """The criteria in one line, such as ``电磁阀 · 欧盟`` or ``Solenoid valve · European Union``. Of each field the first
    ``most`` values are named, in alphabetical order, and the others counted."""
    subjects = [*_named(criteria.product_types, names.product_type, lang),
                *_named(criteria.regulations, names.regulation, lang)]
    parts = [
        _listed(subjects, lang, most) or say("本行业全部信息" if criteria.scope is Scope.RELEVANT else "全部来源", lang),
        _listed([_quoted(word, lang) for word in criteria.words], lang, most),
        *(_listed([_quoted(word, lang) for word in group], lang, most, " 或 ") for group in criteria.any_words),
        _listed(_named(criteria.markets, names.market_asked, lang), lang, most),
        _listed(_named(criteria.kinds, names.kind, lang), lang, most),
        _with(say("原产地", lang), _listed(_named(criteria.origins, names.origin, lang), lang, most)),
        _listed(_named(criteria.hazards, names.hazard, lang), lang, most),
        _listed(_named(criteria.grades, names.grade, lang), lang, most),
        _listed(_named(criteria.deadlines, names.deadline, lang), lang, most),
        _with(say("来源", lang), _listed(sorted(criteria.sources), lang, most)),
        _listed([year or say("未注明日期", lang) for year in sorted(criteria.years)], lang, most),
        _with(say("不含", lang), _listed([_quoted(word, lang) for word in criteria.excluded], lang, most)),
    ]
    if subjects and criteria.scope is Scope.ALL:
        parts.append(say("全部来源", lang))
    return " · ".join(part for part in parts if part)


def _named(values: Collection[str], name: Callable[[str, str], str], lang: str) -> list[str]:
    return sorted(name(value, lang) for value in values)


def _quoted(word: str, lang: str) -> str:
    return say("“{word}”", lang, word=one_line(word, 60))


def _listed(values: list[str], lang: str, most: int, between: str = "、") -> str:
    text = say(between, lang).join(values[:most])
    return say("{list}等 {count} 项", lang, list=text, count=len(values)) if len(values) > most else text


def _with(label: str, text: str) -> str:
    return f"{label} {text}" if text else ""
