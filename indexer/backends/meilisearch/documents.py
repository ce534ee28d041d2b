"""Documents as the server keeps them. It must never cut, fold or guess: tokens and values reach it in a form that it
compares whole."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from functools import lru_cache
from hashlib import sha256
from typing import Any

from indexer.document import Document
from indexer.fields import FACET_FIELDS, FILTER_FIELDS, HEAD, TEXTS, WORDS, field_values

MARK = "zz"
LONGEST = 60
"""Signs of a token or value: written out, four letters a sign, two of them still fit the server's keys of 511 bytes."""
LONGEST_TEXT = 60_000
"""Tokens of one text: the server reads no further than 65,536."""
OVERLAP = 2
"""Tokens that a part of a longer text shares with the part before: the server looks for phrases three tokens at a time."""
MOST_HITS = 1_000_000_000
MOST_VALUES = 10_000
"""Counts of a facet are exact up to so many values; no facet comes near."""

NEWEST = ("day:desc", "id:desc")
CUTOFF_MS = 8_000

SETTINGS: Mapping[str, Any] = {
    "searchableAttributes": list(TEXTS),
    "displayedAttributes": ["id", WORDS],
    "filterableAttributes": ["id", "deadline", *FACET_FIELDS, *FILTER_FIELDS],
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

_PLAIN = re.compile(rf"(?!{MARK})[a-z0-9_]{{1,{LONGEST}}}")
_TO_LETTERS = str.maketrans("0123456789abcdef", "abcdefghijklmnop")
_TO_DIGITS = str.maketrans("abcdefghijklmnop", "0123456789abcdef")


@lru_cache(maxsize=200_000)
def encoded(text: str) -> str:
    """A token or value in small letters, digits and underscores, different for different texts: as it is when it is so
    already, else its UTF-16 in letters, and a hash when it is very long."""
    if _PLAIN.fullmatch(text):
        return text
    data = text.encode("utf-16-be", "surrogatepass")
    if len(data) > 2 * LONGEST:
        return f"{MARK}z{sha256(data).hexdigest().translate(_TO_LETTERS)}"
    return MARK + data.hex().translate(_TO_LETTERS)


def decoded(text: str) -> str:
    """What was encoded; a hash stays one."""
    if not text.startswith(MARK) or text.startswith(f"{MARK}z"):
        return text
    return bytes.fromhex(text.removeprefix(MARK).translate(_TO_DIGITS)).decode("utf-16-be", "surrogatepass")


def phrase(tokens: Iterable[str]) -> str:
    """Tokens in a row."""
    return " ".join(map(encoded, tokens))


def ordinal(day: date | None) -> int:
    """A day as the server sorts and filters it; 0 for none."""
    return day.toordinal() if day else 0


def fields(found: Document) -> dict[str, Any]:
    """A document as it is sent."""
    facts = found.facts
    levels = (*facts.product_types.values(), *facts.regulations.values())
    return {
        "id": found.id, HEAD: _text(found.head), WORDS: _text(facts.tokens),
        **{name: sorted(map(encoded, values)) for name, values in field_values(found).items()},
        "deadline": ordinal(facts.comment_deadline), "day": ordinal(found.event_on),
        "sure": max((level.rank for level in levels), default=0),
    }


def _text(tokens: Sequence[str]) -> str | dict[str, str]:
    if len(tokens) <= LONGEST_TEXT:
        return phrase(tokens)
    step = LONGEST_TEXT - OVERLAP
    return {str(number): phrase(tokens[number * step:number * step + LONGEST_TEXT])
            for number in range(-(-(len(tokens) - OVERLAP) // step))}


def whole_text(kept: str | Mapping[str, str]) -> str:
    """The tokens of a document that was sent, blanks around each."""
    if isinstance(kept, str):
        return f" {kept} "
    parts = [kept[number] for number in sorted(kept, key=int)]
    rest = (part.split(" ", OVERLAP)[OVERLAP] for part in parts[1:])
    return f" {' '.join((parts[0], *rest))} "
