"""Chips: what was understood of a typed text, in words a person can check."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

from domain.hazard import HAZARDS
from domain.kinds import NOTICE_KINDS
from domain.market import MARKETS
from domain.product_type import INDUSTRIES, PRODUCT_TYPES, types_of_industry
from domain.regulation import REGULATIONS


@dataclass(frozen=True, slots=True)
class Chip:
    """One thing understood: its kind (product_type, regulation, market, kind, hazard, year, word, excluded or ignored), the
    ids or the word it stands for, its label in Chinese and English, and the text as typed. A term that names several things
    (RoHS) is one chip with several values."""

    kind: str
    values: tuple[str, ...]
    zh: str
    en: str
    typed: str

    @property
    def value(self) -> str:
        """The first value."""
        return self.values[0]


def chip(kind: str, values: tuple[str, ...], typed: str) -> Chip:
    """A chip with its labels."""
    return Chip(kind, values, _label(kind, values, "zh"), _label(kind, values, "en"), typed)


def _label(kind: str, values: tuple[str, ...], lang: str) -> str:
    for industry in INDUSTRIES.values():
        if kind == "product_type" and set(values) == {each.id for each in types_of_industry(industry.id)}:
            return industry.name(lang)
    names = [_name(kind, value, lang) for value in values]
    more = f" 等 {len(names)} 项" if lang == "zh" else f" and {len(names) - 3} more"
    return ("、" if lang == "zh" else ", ").join(names[:3]) + (more if len(names) > 3 else "")


def _name(kind: str, value: str, lang: str) -> str:
    tables: Mapping[str, Mapping[str, _Named]] = {
        "product_type": PRODUCT_TYPES, "regulation": REGULATIONS, "market": MARKETS, "kind": NOTICE_KINDS,
        "hazard": HAZARDS}
    return tables[kind][value].name(lang) if kind in tables else value


class _Named(Protocol):
    def name(self, lang: str = "zh") -> str: ...
