"""Hazards and risk levels, from the words of publishers to our ids."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import cache

from domain.text import normalise
from domain.vocabulary import Label, labels

HAZARDS: Mapping[str, Label] = labels("hazards", "hazards")
RISK_LEVELS: Mapping[str, Label] = labels("hazards", "risk_levels")
"""From the worst to the mildest, ``unknown`` last."""

_EMPTY = frozenset(("", "-", "--", "unknown", "none", "null"))


def hazards_from_raw(values: Iterable[str]) -> tuple[str, ...]:
    """Ids of the hazards that a publisher names, in the order of our list. An unknown word becomes ``other`` (keep the
    raw text beside it); blanks and dashes say nothing."""
    known = _by_source("hazards")
    found = {known.get(plain, "other") for plain in map(_plain, values) if plain not in _EMPTY}
    return tuple(name for name in HAZARDS if name in found)


def risk_level_from_raw(value: str) -> str:
    """The id of a risk level named in a publisher's words or by the beginning of a Safety Gate case number; ``unknown``
    when it says neither."""
    plain = _plain(value)
    known = _by_source("risk_levels")
    prefix = next((name for source, name in known.items() if source.endswith("/") and plain.startswith(source)), None)
    return known.get(plain) or prefix or "unknown"


def _plain(value: str) -> str:
    return normalise(value).strip(" .;:")


@cache
def _by_source(table: str) -> Mapping[str, str]:
    entries = HAZARDS if table == "hazards" else RISK_LEVELS
    return {_plain(word): each.id for each in entries.values() for word in (each.en, each.zh, *each.source)}
