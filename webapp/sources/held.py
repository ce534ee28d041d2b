"""What a source has held for each industry so far, with the searches that find it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from domain.criteria import Criteria
from domain.product_type import types_of_industry
from domain.regulation import rules_of_industry
from storage.findings import Holding
from webapp.search.forms import address, params


@dataclass(frozen=True, slots=True)
class Held:
    """A holding; ``named_url`` finds what names a type, ``all_url`` that and what only stands under a rule: a search
    cannot ask for the second alone."""

    holding: Holding
    named_url: str
    all_url: str


def of_source(slug: str, holdings: Iterable[Holding]) -> list[Held]:
    """The holdings of a source with their addresses."""
    return [_held(slug, each) for each in holdings]


def _held(slug: str, holding: Holding) -> Held:
    sources, types = frozenset((slug,)), frozenset(each.id for each in types_of_industry(holding.industry))
    rules = frozenset(rules_of_industry(holding.industry))
    named, both = (address("/", [*params(criteria), ("sort", "date")]) for criteria in (
        Criteria(sources=sources, product_types=types), Criteria(sources=sources, product_types=types, regulations=rules)))
    return Held(holding, named, both)
