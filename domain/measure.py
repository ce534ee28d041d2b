"""Measures taken by authorities and firms, read from the phrases of publishers."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from functools import cache

from domain.text import has_cjk, normalise
from domain.vocabulary import Label, labels, load

MEASURES: Mapping[str, Label] = labels("measures", "measures")


def in_order(names: Iterable[str]) -> tuple[str, ...]:
    """Ids of measures, each once, in the order of our list."""
    found = set(names)
    return tuple(name for name in MEASURES if name in found)


def measures_from_text(text: str) -> tuple[str, ...]:
    """Ids of the measures that a text states, in the order of our list; ``other`` when it states something we do not
    know, nothing when it is empty or says that nothing was done. Phrases may be glued together, as in Safety Gate."""
    plain = normalise(text)
    found = tuple(name for name, pattern in _patterns().items() if pattern.search(plain))
    if found or not plain or any(normalise(phrase) in plain for phrase in load("measures")["none"]):
        return found
    return ("other",)


@cache
def _patterns() -> Mapping[str, re.Pattern[str]]:
    return {each.id: re.compile("|".join(map(_pattern, each.source))) for each in MEASURES.values() if each.source}


def _pattern(phrase: str) -> str:
    """Phrases are found anywhere, single words only as whole words."""
    plain = normalise(phrase).rstrip(".")
    return re.escape(plain) if " " in plain or has_cjk(plain) else rf"\b{re.escape(plain)}\b"
