"""Classifier: notice → product types and horizontal regulations, each with its confidence and the evidence that fired.

``reading`` finds what the vocabularies know, ``products`` and ``rules`` decide. No text is special-cased: what is wrong
is mended in the vocabulary.
"""

from __future__ import annotations

from collections.abc import Iterable

from domain.classification import Classification, Confidence
from domain.classify.phrases import Role
from domain.classify.products import judge
from domain.classify.reading import Reading, read
from domain.classify.record import notice_of
from domain.classify.rules import cited
from domain.notice import Notice

VERSION = 2
"""Grows with every change of rules or vocabulary that changes findings; stored findings of an older one are made anew."""


def classify(notice: Notice) -> Classification:
    """What a notice is about. Evidence is kept for findings and for vetoes (rule ``vetoed_by:…``) alike."""
    return conclude(read(notice))


def conclude(reading: Reading, ties: bool = True) -> Classification:
    """What a reading says. Without ``ties`` no type yields to another (to measure what that rule is worth)."""
    verdicts = judge(reading, ties)
    types = {verdict.subject: verdict.level for verdict in verdicts if verdict.level is not None}
    rules = cited(reading, [name for name, level in types.items() if level.at_least(Confidence.MEDIUM)])
    evidence = [line for verdict in verdicts for line in verdict.evidence]
    evidence += [line for _, lines in rules.values() for line in lines]
    return Classification(types, {name: level for name, (level, _) in rules.items()}, _adjacent(reading), tuple(evidence))


def classify_record(text: str, lang: str = "", market: str = "", source: str = "", kind: str = "", category: str = "",
                    hs: Iterable[str] = (), ics: Iterable[str] = ()) -> Classification:
    """As ``classify`` for a bare record whose first sentence is the title; every field but the text may be missing."""
    return classify(notice_of(text, lang, market, source, kind, category, hs, ics))


def _adjacent(reading: Reading) -> tuple[str, ...]:
    """Near neighbours named in the head or by a code: related reading, never a reason for an alert."""
    return tuple(sorted(reading.head.subjects(Role.ADJACENT) | reading.codes.adjacent()))
