"""Product types: the classes a notice may be filed under, their industries, and near neighbours that are not ours."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from domain.vocabulary import load

Words = Mapping[str, tuple[str, ...]]
"""Terms by language (zh-Hans, zh-Hant, en, de, fr, es, it, pt, nl, pl, ja, ko, ru)."""


@dataclass(frozen=True, slots=True)
class Codes:
    """HS codes (digits only) and ICS codes (with dots) of a type: ``exact`` mean it and little else; ``telling`` ones
    are shared, yet give a weak term its sense."""

    hs_exact: tuple[str, ...] = ()
    hs_shared: tuple[str, ...] = ()
    ics_exact: tuple[str, ...] = ()
    ics_shared: tuple[str, ...] = ()
    telling: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ProductType:
    """One class of products. ``general`` marks the roll-up of an industry; ``regulations`` are those that matter for
    this type beyond the defaults of its industry. The word lists are explained in the vocabulary files."""

    id: str
    industry: str
    names: Mapping[str, str]
    terms: Words
    weak: Words
    codes: Codes
    general: bool = False
    keeps_inner: bool = False
    regulations: tuple[str, ...] = ()
    qualified: tuple[tuple[str, str], ...] = ()
    context: tuple[str, ...] = ()
    decisive: tuple[str, ...] = ()
    negative: tuple[str, ...] = ()
    despite: tuple[str, ...] = ()

    def name(self, lang: str = "zh") -> str:
        """Display name: zh-Hant as asked, else Simplified Chinese for ``zh…``, else English."""
        return _display(self.names, lang)


@dataclass(frozen=True, slots=True)
class AdjacentType:
    """A near neighbour: offered as related reading, never a reason for an alert."""

    id: str
    industry: str
    names: Mapping[str, str]
    terms: Words
    codes: Codes
    why: str

    def name(self, lang: str = "zh") -> str:
        """Display name in Chinese or English."""
        return _display(self.names, lang)


@dataclass(frozen=True, slots=True)
class Industry:
    """An industry of the zones; ``modifiers`` are the words that, beside a weak term, place it in this industry."""

    id: str
    names: Mapping[str, str]
    seat: Mapping[str, str]
    regulations: tuple[str, ...]
    modifiers: tuple[str, ...]

    def name(self, lang: str = "zh") -> str:
        """Display name in Chinese or English."""
        return _display(self.names, lang)


@dataclass(frozen=True, slots=True)
class Precedence:
    """When ``first`` stands, the types of ``drop_weak`` go if only weak terms speak for them."""

    first: str
    drop_weak: frozenset[str]


def name(product_type: str, lang: str = "zh") -> str:
    """Display name of a product type, adjacent type or industry; raises KeyError for an unknown id."""
    return (PRODUCT_TYPES.get(product_type) or ADJACENT_TYPES.get(product_type) or INDUSTRIES[product_type]).name(lang)


def types_of_industry(industry: str) -> tuple[ProductType, ...]:
    """The product types of an industry, in the order of its file, the general one first."""
    return tuple(each for each in PRODUCT_TYPES.values() if each.industry == industry)


def _display(names: Mapping[str, str], lang: str) -> str:
    if lang.lower() in ("zh-hant", "zh-tw", "zh-hk"):
        return names.get("zh-Hant", names["zh-Hans"])
    return names["zh-Hans"] if lang.startswith("zh") else names["en"]


def _words(table: Mapping[str, list[str]]) -> Words:
    return MappingProxyType({lang: tuple(terms) for lang, terms in table.items()})


def _codes(row: Mapping[str, Any]) -> Codes:
    return Codes(**{key: tuple(values) for key, values in row.get("codes", {}).items()})


def _product_type(row: Mapping[str, Any], industry: str) -> ProductType:
    return ProductType(
        row["id"], industry, MappingProxyType(row["name"]), _words(row["terms"]), _words(row.get("weak", {})), _codes(row),
        general=row.get("general", False), keeps_inner=row.get("keeps_inner", False),
        regulations=tuple(row.get("regulations", ())), qualified=tuple((a, b) for a, b in row.get("qualified", ())),
        context=tuple(row.get("context", ())), decisive=tuple(row.get("decisive", ())),
        negative=tuple(row.get("negative", ())), despite=tuple(row.get("despite", ())),
    )


_FILES = [load(file) for file in ("printer_consumables", "pneumatics")]

INDUSTRIES: Mapping[str, Industry] = MappingProxyType({
    row["id"]: Industry(row["id"], row["name"], row["seat"], tuple(row["regulations"]), tuple(row["modifiers"]))
    for row in (file["industry"] for file in _FILES)
})
PRODUCT_TYPES: Mapping[str, ProductType] = MappingProxyType({
    row["id"]: _product_type(row, file["industry"]["id"]) for file in _FILES for row in file["product_types"]
})
"""Every product type by id, in the order of the files."""
ADJACENT_TYPES: Mapping[str, AdjacentType] = MappingProxyType({
    row["id"]: AdjacentType(row["id"], file["industry"]["id"], row["name"], _words(row["terms"]), _codes(row), row["why"])
    for file in _FILES for row in file["adjacent_types"]
})
PRECEDENCE: tuple[Precedence, ...] = tuple(
    Precedence(row["if"], frozenset(row["drop_weak"])) for file in _FILES for row in file["precedence"])
