"""What a text that is being typed may become: product types, markets, rules, kinds of notices, numbers of notices."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from itertools import islice, takewhile

from domain.regulation import REGULATIONS
from domain.text import has_cjk, normalise
from indexer.chips import chip
from indexer.lexicon import Meaning, Sense, terms
from indexer.pinyin import romanised_terms
from indexer.spelling import Vocabulary

MOST = 8
_KINDS = (Sense.PRODUCT_TYPE, Sense.MARKET, Sense.REGULATION, Sense.KIND)
_NUMBERS = 4
"""Places that terms leave to numbers."""
_SHORTEST_NUMBER = 3
_ENOUGH = 200
"""Terms looked at among those that begin alike."""


@dataclass(frozen=True, slots=True)
class Suggestion:
    """A value of a kind (product_type, market, regulation, kind, or word for a number) with its name in Chinese and English.
    ``term`` is what begins as typed, ``before`` what stands before it in the text and stays."""

    kind: str
    values: tuple[str, ...]
    zh: str
    en: str
    term: str
    before: str = ""


@dataclass(frozen=True, slots=True, order=True)
class _Entry:
    key: str
    rank: int
    term: str
    kind: str
    values: tuple[str, ...]


def suggest(text: str, known: Vocabulary) -> list[Suggestion]:
    """Up to ``MOST`` suggestions for a text, or else for its last word, the best first."""
    text = " ".join(text.split())
    before, _, last = text.rpartition(" ")
    return _suggested(text, "", known) or (_suggested(last, before, known) if before else [])


def _suggested(typed: str, before: str, known: Vocabulary) -> list[Suggestion]:
    key = normalise(typed)
    if not key:
        return []
    entries = sorted(_beginning(key), key=_goodness(key))
    if has_cjk(key):
        entries += sorted((each for each in _entries() if key in each.key[1:]), key=_goodness(key))
    found = dict[tuple[str, tuple[str, ...]], Suggestion]()
    for each in entries:
        if (each.kind, each.values) not in found and len(found) < MOST:
            found[each.kind, each.values] = _named(each, before)
    numbers = known.numbers_like(typed, MOST) if len(key) >= _SHORTEST_NUMBER else []
    named = [Suggestion("word", (number,), number, number, number, before) for number in numbers]
    return [*list(found.values())[:MOST - min(len(named), _NUMBERS)], *named][:MOST]


def _goodness(key: str) -> Callable[[_Entry], tuple[object, ...]]:
    return lambda each: (each.key != key, each.rank, len(each.key), each.key)


def _beginning(key: str) -> Iterator[_Entry]:
    entries = _entries()
    first = bisect_left(entries, key, key=lambda each: each.key)
    return takewhile(lambda each: each.key.startswith(key), islice(entries, first, first + _ENOUGH))


def _named(entry: _Entry, before: str) -> Suggestion:
    named = chip(entry.kind, entry.values, entry.term)
    return Suggestion(entry.kind, entry.values, named.zh, named.en, entry.term, before)


@cache
def _entries() -> tuple[_Entry, ...]:
    """All terms by how they begin, their pinyin and initials too."""
    numbers = ((number, Meaning(Sense.REGULATION, (rule.id,))) for rule in REGULATIONS.values() if rule.applies_to
               for number in rule.numbers)
    every = [*((term, meaning, 0 if has_cjk(term) else 2 + (lang not in ("", "en"))) for term, lang, meaning in terms()),
             *((term, meaning, 1) for term, meaning in romanised_terms()),
             *((term, meaning, 2) for term, meaning in numbers)]
    return tuple(sorted(_Entry(normalise(term), _rank(meaning, source), term, kind.value, meaning.values)
                        for term, meaning, source in every for kind in [_kind(meaning)] if kind))


def _kind(meaning: Meaning) -> Sense | None:
    sense = Sense.PRODUCT_TYPE if meaning.sense is Sense.WEAK else meaning.sense
    return sense if sense in _KINDS else None


def _rank(meaning: Meaning, source: int) -> int:
    """Products first; of each kind, Chinese terms, their pinyin, English ones, others; weak ones a step later."""
    return _KINDS.index(_kind(meaning) or Sense.KIND) * 5 + source + (meaning.sense is Sense.WEAK)
