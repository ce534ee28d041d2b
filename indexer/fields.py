"""What an engine keeps of a document, declared once for all engines. How it writes a token or a value is its own affair."""

from __future__ import annotations

from collections.abc import Iterable

from domain.classification import Confidence
from domain.criteria import Facts, Scope, subjects
from domain.text import letters
from indexer.document import Document
from indexer.query import industries

HEAD, WORDS = "head", "words"
TEXTS = (HEAD, WORDS)
"""Fields of tokens in their order, in which phrases are found."""
SCOPED = ("industry", "product_type", "regulation")
"""Facets kept once a scope, see ``facet_field``."""
FACET_FIELDS = (*(f"{name}_{scope}" for name in SCOPED for scope in Scope),
                "market", "kind", "year", "source", "grade", "hazard")
"""Fields of values that are compared whole and counted."""
FILTER_FIELDS = ("origin", "confidence", "subject_high", "subject_title", "letters", "numbers")
"""Fields of values that are compared whole only."""


MOST_ENDINGS = 10
"""Tokens of a number that is found by its ends."""


def facet_field(facet: str, scope: Scope) -> str:
    """The field that holds a facet's values in a scope."""
    return f"{facet}_{scope}" if facet in SCOPED else facet


def field_values(found: Document) -> dict[str, frozenset[str]]:
    """The values of each facet and filter field of a document."""
    facts = found.facts
    fields = {
        "letters": letters(facts.tokens), "numbers": _endings(found.numbers), "hazard": facts.hazards,
        **{name: frozenset((getattr(facts, name),)) for name in ("market", "kind", "origin", "grade", "source", "year")},
        **_subject_values(facts, found.title_subjects),
    }
    for scope in Scope if facts.product_types or facts.regulations else ():
        fields[f"industry_{scope}"] = industries(facts, scope)
        fields[f"product_type_{scope}"] = subjects(facts.product_types, scope)
        fields[f"regulation_{scope}"] = subjects(facts.regulations, scope)
    return fields


def _endings(numbers: Iterable[str]) -> frozenset[str]:
    """A number whole and by its ends: who types EU/9101 means the notification before its addendum."""
    found = set(numbers)
    for each in numbers:
        words = each.split()
        found.update(" ".join(words[at:]) for at in range(1, len(words)) if len(words) <= MOST_ENDINGS)
    return frozenset(found)


def _subject_values(facts: Facts, in_title: frozenset[str]) -> dict[str, frozenset[str]]:
    levels = {**facts.regulations, **facts.product_types}
    if not levels:
        return {}
    found = (*facts.product_types.values(), *facts.regulations.values())
    return {"subject_high": frozenset(name for name, level in levels.items() if level is Confidence.HIGH),
            "subject_title": in_title & levels.keys(),
            "confidence": frozenset(floor.value for floor in Confidence if any(level.at_least(floor) for level in found))}
