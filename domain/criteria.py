"""Criteria: what to match. A search and a subscription are the same thing said once or kept.

The index and the matcher both answer by the definitions here; ``matches`` is the oracle of both.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from datetime import date
from enum import StrEnum
from math import prod
from typing import Any

from domain.classification import Classification, Confidence
from domain.deadline import DeadlineState, deadline_states
from domain.errors import InvalidValue
from domain.grade import Graded, grade
from domain.market import related
from domain.notice import Notice
from domain.text import lone_letter, tokens

BOUNDARY = "\x1f"
"""Token between two fields: no phrase runs across it."""
MOST_GROUPS, MOST_PAIRS = 2, 100
"""Groups of words in ``any_words``, and pairs of a word of each: a search server is asked for every pair."""


class Scope(StrEnum):
    """relevant 与本行业相关: confidence at least medium. all 全部来源: whatever the sources hold."""

    RELEVANT = "relevant"
    ALL = "all"

    @property
    def floor(self) -> Confidence:
        """The least confidence at which a finding counts in this scope."""
        return Confidence.MEDIUM if self is Scope.RELEVANT else Confidence.LOW


@dataclass(frozen=True, slots=True)
class Criteria:
    """Within a field any value will do; all fields that are set must agree. ``product_types`` and ``regulations`` are
    one field, the subject: a notice about a product or under a rule. A market stands for all that holds there, see
    ``domain.market.related``. Every word must occur (a word of several tokens as a phrase), of each group of ``any_words``
    at least one, none of the excluded ones may. No subject in the relevant scope means any subject of our industries.
    ``deadlines`` holds DeadlineStates, which the day decides.
    """

    product_types: frozenset[str] = frozenset()
    regulations: frozenset[str] = frozenset()
    markets: frozenset[str] = frozenset()
    kinds: frozenset[str] = frozenset()
    origins: frozenset[str] = frozenset()
    hazards: frozenset[str] = frozenset()
    grades: frozenset[str] = frozenset()
    sources: frozenset[str] = frozenset()
    years: frozenset[str] = frozenset()
    deadlines: frozenset[str] = frozenset()
    words: tuple[str, ...] = ()
    any_words: tuple[tuple[str, ...], ...] = ()
    excluded: tuple[str, ...] = ()
    scope: Scope = Scope.RELEVANT

    @property
    def all_words(self) -> tuple[str, ...]:
        """The words that may have been found: those that must occur and those of the groups."""
        return tuple(dict.fromkeys((*self.words, *(word for group in self.any_words for word in group))))

    @property
    def is_everything(self) -> bool:
        """Whether nothing narrows these criteria but the scope."""
        return self == Criteria(scope=self.scope)


@dataclass(frozen=True, slots=True)
class Facts:
    """What criteria are matched against: the facets and tokens of one notice. The first ``head`` tokens are those of what
    names its subject: title, product, brand, model."""

    product_types: Mapping[str, Confidence]
    regulations: Mapping[str, Confidence]
    market: str
    kind: str
    origin: str
    hazards: frozenset[str]
    grade: str
    source: str
    year: str
    comment_deadline: date | None
    title_tokens: tuple[str, ...]
    head: int
    tokens: tuple[str, ...]


def facts(notice: Notice, found: Classification, graded: Graded | None = None) -> Facts:
    """The facts of a notice; ``tokens`` holds those of the title and of every other searched field. Without ``graded`` it
    has the grade of today, and of a source that stands alone."""
    title = tuple(tokens(notice.title))
    words = list(title)
    _extend(words, (notice.product, notice.brand, notice.model))
    head = len(words)
    for name in (notice.external_id, *notice.identifiers):
        _extend(words, _cited(name))
    for code in notice.hs_codes:
        _extend(words, (code, f"{code[:4]}.{code[4:6]}.{code[6:]}") if len(code) > 4 else (code,))
    _extend(words, (*notice.ics_codes, notice.category, notice.summary))
    return Facts(
        found.product_types, found.horizontal, notice.market, notice.kind.value, notice.origin,
        frozenset(notice.hazards), (graded or grade(notice, found)).grade.value, notice.source,
        str(notice.event_date.year) if notice.event_date else "", notice.comment_deadline, title,
        head, tuple(words),
    )


_JOINT = re.compile(r"\b(?:ISO|IEC)/(?:IEC|ISO|CIE|ASTM|TS|TR|PAS)\b")


def _cited(name: str) -> tuple[str, ...]:
    """How a number is cited: that of a joint standard (ISO/IEC 19752) by its first body too."""
    short = _JOINT.sub(lambda found: found[0][:3], name)
    return (name,) if short == name else (name, short)


def _extend(words: list[str], texts: Iterable[str]) -> None:
    for text in texts:
        if text:
            words.append(BOUNDARY)
            words.extend(tokens(text))


def subjects(levels: Mapping[str, Confidence], scope: Scope) -> frozenset[str]:
    """The findings that count in a scope."""
    return frozenset(name for name, level in levels.items() if level.at_least(scope.floor))


def matches(criteria: Criteria, found: Facts) -> bool:
    """Whether a notice with these facts meets the criteria."""
    return (_subject_fits(criteria, found)
            and _facets_fit(criteria, found)
            and all(contains(found.tokens, word) for word in criteria.words)
            and all(any(contains(found.tokens, word) for word in group) for group in criteria.any_words)
            and not any(contains(found.tokens, word) for word in criteria.excluded))


def _subject_fits(criteria: Criteria, found: Facts) -> bool:
    product_types = subjects(found.product_types, criteria.scope)
    regulations = subjects(found.regulations, criteria.scope)
    if criteria.product_types or criteria.regulations:
        return bool(criteria.product_types & product_types or criteria.regulations & regulations)
    return criteria.scope is Scope.ALL or bool(product_types or regulations)


def _facets_fit(criteria: Criteria, found: Facts) -> bool:
    single = ((criteria.kinds, found.kind), (criteria.origins, found.origin), (criteria.grades, found.grade),
              (criteria.sources, found.source), (criteria.years, found.year))
    return (all(value in wanted for wanted, value in single if wanted)
            and (not criteria.markets or not criteria.markets.isdisjoint(related(found.market)))
            and (not criteria.hazards or bool(criteria.hazards & found.hazards))
            and (not criteria.deadlines or bool(criteria.deadlines & deadline_states(found.comment_deadline))))


def contains(text: Sequence[str], word: str) -> bool:
    """Whether the tokens of a word stand in a row in a text. A word without tokens (only signs) is in every text, one
    Chinese, Japanese or Korean letter wherever that letter stands."""
    wanted = tuple(tokens(word))
    if len(wanted) < 2:
        return not wanted or wanted[0] in text or (lone_letter(wanted) and any(wanted[0] in each for each in text))
    last = len(text) - len(wanted)
    return any(text[at] == wanted[0] and tuple(text[at:at + len(wanted)]) == wanted for at in range(last + 1))


def lasting(criteria: Criteria) -> Criteria:
    """What of criteria can be watched for. News belongs to no year gone by, and a deadline comes nearer without any news:
    years go, and of the states of a deadline only the open one can be told of, when a comment period begins or changes."""
    is_open = criteria.deadlines & {DeadlineState.OPEN.value, DeadlineState.CLOSING.value}
    return replace(criteria, years=frozenset(),
                   deadlines=frozenset((DeadlineState.OPEN.value,)) if is_open else frozenset())


def pairs(criteria: Criteria) -> int:
    """How many ways there are to pick a word of each group."""
    return prod(map(len, criteria.any_words))


def size(criteria: Criteria) -> int:
    """How many values criteria hold."""
    lists = [getattr(criteria, spec.name) for spec in fields(criteria) if spec.name not in ("scope", "any_words")]
    return sum(map(len, (*lists, *criteria.any_words)))


def to_json(criteria: Criteria) -> dict[str, Any]:
    """Criteria as JSON-ready values, empty fields left out; ``from_json`` reads it back."""
    found: dict[str, Any] = {}
    for spec in fields(criteria):
        value = getattr(criteria, spec.name)
        if isinstance(value, Scope):
            found[spec.name] = value.value
        elif spec.name == "any_words" and value:
            found[spec.name] = [list(group) for group in value]
        elif value:
            found[spec.name] = sorted(value) if isinstance(value, frozenset) else list(value)
    return found


_LISTS = ("words", "excluded")
_NAMES = frozenset(spec.name for spec in fields(Criteria))


def from_json(values: Mapping[str, Any]) -> Criteria:
    """The criteria written by ``to_json``. Raises InvalidValue for an unknown field or scope, and for groups of words that
    are none."""
    unknown = sorted(values.keys() - _NAMES)
    if unknown:
        raise InvalidValue(f"unknown criteria: {', '.join(unknown)}")
    return Criteria(**{name: _read(name, value) for name, value in values.items()})


def _read(name: str, value: Any) -> Any:
    if name == "scope":
        if value not in list(Scope):
            raise InvalidValue(f"unknown scope {value!r}: want {' or '.join(Scope)}")
        return Scope(value)
    if name == "any_words":
        return _groups(value)
    return tuple(value) if name in _LISTS else frozenset(value)


def _groups(value: Any) -> tuple[tuple[str, ...], ...]:
    if not isinstance(value, list) or len(value) > MOST_GROUPS or not all(map(_is_group, value)):
        raise InvalidValue(f"any_words: want at most {MOST_GROUPS} lists of words, none of them empty")
    return tuple(map(tuple, value))


def _is_group(value: Any) -> bool:
    return isinstance(value, list) and bool(value) and all(isinstance(word, str) for word in value)


def misfits(criteria: Criteria, found: Facts) -> tuple[Criteria, ...]:
    """What of the criteria a notice with these facts does not meet: each part as criteria of its own, empty when it meets
    them all."""
    subject = Criteria(criteria.product_types, criteria.regulations, scope=criteria.scope)
    rest = (replace(Criteria(scope=Scope.ALL), **{spec.name: getattr(criteria, spec.name)}) for spec in fields(criteria)
            if spec.name not in ("product_types", "regulations", "scope"))
    return tuple(part for part in (subject, *rest) if not matches(part, found))
