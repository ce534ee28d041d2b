"""Horizontal regulations: rules that name no product of ours, yet bind whole groups of them."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from domain.market import INTERNATIONAL, related
from domain.product_type import PRODUCT_TYPES, types_of_industry
from domain.vocabulary import load


@dataclass(frozen=True, slots=True)
class Regulation:
    """One rule of one market.

    ``applies_to`` names industries and product types; empty marks a false lead, which is never recorded. ``numbers``
    and ``names`` are how texts cite it, ``aliases`` what a searcher types for it; notices of its ``kinds`` are about it
    by nature. A rule that ``needs_product`` binds
    only through a product named in the notice; one with ``needs_words`` is a low finding without one of them.
    """

    id: str
    market: str
    title: str
    zh: str
    applies_to: frozenset[str]
    condition: str = ""
    numbers: tuple[str, ...] = ()
    names: tuple[str, ...] = ()
    aliases: tuple[str, ...] = ()
    kinds: frozenset[str] = frozenset()
    needs_words: tuple[str, ...] = ()
    needs_product: bool = False

    def name(self, lang: str = "zh") -> str:
        """The rule's name in Chinese for ``zh`` and its variants, else its English title."""
        return self.zh if lang.startswith("zh") else self.title

    def binds(self, product_type: str) -> bool:
        """Whether the rule reaches a product type, by name or through its industry."""
        return product_type in self.applies_to or PRODUCT_TYPES[product_type].industry in self.applies_to


REGULATIONS: Mapping[str, Regulation] = MappingProxyType({
    row["id"]: Regulation(
        row["id"], row["market"], row["title"], row["zh"], frozenset(row["applies_to"]), row.get("condition", ""),
        tuple(row.get("numbers", ())), tuple(row.get("names", ())), tuple(row.get("aliases", ())),
        frozenset(row.get("kinds", ())), tuple(row.get("needs_words", ())), row.get("needs_product", False))
    for row in load("regulations")["regulations"]
})
"""Every regulation by id."""


def types_bound_by(regulation: str) -> tuple[str, ...]:
    """Ids of the product types that a regulation reaches, for the list shown beside it."""
    return tuple(each for each in PRODUCT_TYPES if REGULATIONS[regulation].binds(each))


def rules_for(product_type: str) -> tuple[str, ...]:
    """Ids of the regulations that reach a product type."""
    return tuple(name for name, rule in REGULATIONS.items() if rule.binds(product_type))


def binding(product_types: Iterable[str], markets: Collection[str] = ()) -> frozenset[str]:
    """Ids of the regulations that reach any of these product types, in these markets where some are named; international
    ones hold in each."""
    reached = frozenset(name for each in product_types if each in PRODUCT_TYPES for name in rules_for(each))
    wanted = frozenset().union(*map(related, markets), (INTERNATIONAL,))
    return frozenset(name for name in reached if not markets or REGULATIONS[name].market in wanted)


def rules_of_industry(industry: str) -> tuple[str, ...]:
    """Ids of the regulations that reach any product type of an industry."""
    return tuple(name for name, rule in REGULATIONS.items()
                 if any(rule.binds(each.id) for each in types_of_industry(industry)))
