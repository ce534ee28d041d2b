"""Documents as the server keeps them, and what it is told to do with them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

from indexer.backends.meilisearch import traps
from indexer.backends.meilisearch.texts import text, value
from indexer.document import Document
from indexer.fields import FACET_FIELDS, FILTER_FIELDS, HEAD, TEXTS, WORDS, field_values

MOST_HITS = 1_000_000_000
MOST_VALUES = 10_000
"""Counts of a facet are exact up to so many values; no facet comes near."""

TRAPS = "traps"
UNSURE = "unsure"
"""Whether a text has more traps than are written down."""

NEWEST = ("day:desc", "id:desc")
CUTOFF_MS = 8_000

SETTINGS: Mapping[str, Any] = {
    "searchableAttributes": [*TEXTS, TRAPS],
    "displayedAttributes": ["id", WORDS],
    "filterableAttributes": ["id", "deadline", UNSURE, *FACET_FIELDS, *FILTER_FIELDS],
    "sortableAttributes": ["id", "day", "deadline"],
    # what is asked by date is sorted first; the rest orders what is asked by relevance
    "rankingRules": ["sort", "attributeRank", "sure:desc", "day:desc", "id:desc"],
    # a word is found as it stands or not at all: the set of hits is that of domain.criteria
    "typoTolerance": {"enabled": False},
    "prefixSearch": "disabled",
    "stopWords": [], "synonyms": {}, "dictionary": [], "separatorTokens": [], "nonSeparatorTokens": [],
    "distinctAttribute": None,
    "proximityPrecision": "byWord",  # phrases
    "localizedAttributes": [{"attributePatterns": ["*"], "locales": ["eng"]}],  # or it guesses, and cuts German words up
    "pagination": {"maxTotalHits": MOST_HITS},  # or totals end at 1,000
    "faceting": {"maxValuesPerFacet": MOST_VALUES, "sortFacetValuesBy": {"*": "alpha"}},
    "facetSearch": False,
    "searchCutoffMs": CUTOFF_MS,  # an answer cut off is in no order; before this our own patience ends
}

def ordinal(day: date | None) -> int:
    """A day as the server sorts and filters it; 0 for none."""
    return day.toordinal() if day else 0


def fields(found: Document) -> dict[str, Any]:
    """A document as it is sent."""
    facts = found.facts
    fallen = traps.traps(facts.tokens)
    levels = (*facts.product_types.values(), *facts.regulations.values())
    return {
        "id": found.id, HEAD: text(facts.tokens[:facts.head]), WORDS: text(facts.tokens),
        TRAPS: sorted(map(traps.word, fallen or ())), UNSURE: fallen is None,
        **{name: sorted(map(value, values)) for name, values in field_values(found).items()},
        "deadline": ordinal(facts.comment_deadline), "day": ordinal(found.event_on),
        "sure": max((level.rank for level in levels), default=0),
    }
