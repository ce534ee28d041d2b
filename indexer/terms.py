"""Vocabulary terms in a text, with the place where they stand in it as it was written.

Alphabetic terms are found as whole words in any inflected form, Chinese, Japanese and Korean ones as substrings; case,
accents, full width and the Chinese script make no difference (see domain.text).
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from itertools import groupby, pairwise, permutations
from typing import Generic, NamedTuple, TypeVar

from domain.classify.inflection import forms, inflected_places
from domain.text import CJK, has_cjk, normalise
from domain.vocabulary import load

_UNIT = re.compile(rf"[{CJK}]|[^\W\d_{CJK}]+|\d+")
_MARKS = "\u0300-\u036f\u3099\u309a\uff9e\uff9f"
_CLUSTER = re.compile(rf"[\0-\x7f]+(?![{_MARKS}])|[^{_MARKS}]?[{_MARKS}]*", re.DOTALL)
_CJK = re.compile(f"[{CJK}]")
_CLAUSE_END = re.compile(r"[,;:!?。、]|\.\s")

_FEW = 8
"""Terms that are looked for one by one sooner than a text is cut."""

T = TypeVar("T")


class Unit(NamedTuple):
    """A word, or one letter of Chinese, Japanese or Korean: its normalised text, where it stands in the text as written,
    and the normalised signs between it and the unit before."""

    text: str
    start: int
    end: int
    gap: str

    @property
    def is_cjk(self) -> bool:
        """Whether it is a letter of a script without blanks."""
        return _CJK.match(self.text) is not None


class Units(list[Unit]):
    """The units of a text in order."""

    @cached_property
    def places(self) -> Mapping[str, list[int]]:
        """Where units stand that are alike."""
        found = defaultdict(list)
        for place, unit in enumerate(self):
            found[unit.text].append(place)
        return found


@lru_cache(maxsize=20_000)
def _folded(cluster: str) -> str:
    """One letter with its marks, normalised; between two others, because normalising trims the ends of a text."""
    return normalise(f"a{cluster}a")[1:-1]


class _Letters(dict[int, str]):
    """Signs that stay one sign when they are normalised alone; an ODD one does not, or marks the sign before it."""

    def __missing__(self, code: int) -> str:
        sign = chr(code)
        folded = sign.lower() if sign.isascii() else "" if sign in _ALL_MARKS else _folded(sign)
        self[code] = folded if len(folded) == 1 else _ODD
        return self[code]


_ODD = "\0"
_ALL_MARKS = frozenset(chr(code) for code in (*range(0x300, 0x370), 0x3099, 0x309A, 0xFF9E, 0xFF9F))
_LETTERS = _Letters({0: _ODD})


def in_place(text: str) -> str | None:
    """The text normalised sign by sign, each in its place; nothing where some sign is odd."""
    folded = text.lower() if text.isascii() else text.translate(_LETTERS)
    return None if _ODD in folded else folded


def units(text: str) -> Units:
    """The units of a text."""
    if (folded := in_place(text)) is not None:
        return _cut(folded, range(len(text)), range(1, len(text) + 1))
    pieces: list[str] = []
    begins: list[int] = []
    stops: list[int] = []
    for found in _CLUSTER.finditer(text):
        start, end = found.span()
        cluster = found.group()
        if cluster.isascii():
            pieces.append(cluster.lower())
            begins.extend(range(start, end))
            stops.extend(range(start + 1, end + 1))
        elif piece := _folded(cluster):
            pieces.append(piece)
            begins.extend([start] * len(piece))
            stops.extend([end] * len(piece))
    return _cut("".join(pieces), begins, stops)


def _cut(folded: str, starts: Sequence[int], ends: Sequence[int]) -> Units:
    found, last = Units(), 0
    for match in _UNIT.finditer(folded):
        first, end = match.span()
        found.append(Unit(match.group(), starts[first], ends[end - 1], folded[last:first]))
        last = end
    return found


@dataclass(frozen=True, slots=True)
class Found(Generic[T]):
    """A term that stands at the units ``first`` to ``end`` (exclusive), and what it means."""

    first: int
    end: int
    meaning: T

    def inside(self, other: Found[T]) -> bool:
        """Whether a longer find covers this one."""
        return other.first <= self.first and self.end <= other.end and self.end - self.first < other.end - other.first


@dataclass(frozen=True, slots=True)
class _Term(Generic[T]):
    """``second`` holds every form of its second word, nothing when it has none."""

    words: tuple[str, ...]
    second: frozenset[str]
    inflected: frozenset[int]
    lang: str
    loose: bool
    meaning: T


class Finder(Generic[T]):
    """Terms to look for; ``add`` them all, then ``find``."""

    def __init__(self) -> None:
        self._terms: dict[str, list[_Term[T]]] = defaultdict(list)

    def add(self, term: str, meaning: T, lang: str = "", inflect: bool = True, loose: bool = False) -> None:
        """Look for a term from now on. ``loose`` lets it run across the end of a clause, as the words of a search do. A
        trailing ``*`` is read as the plain word."""
        for words in _spellings(tuple(unit.text for unit in units(term))):
            if words:
                inflected = inflected_places(words, lang) if inflect else frozenset[int]()
                first, *more = (frozenset(forms(word, lang) if place in inflected else (word,))
                                for place, word in enumerate(words[:2]))
                made = _Term(words, more[0] if more else frozenset(), inflected, lang, loose, meaning)
                for form in first:
                    self._terms[form].append(made)

    def include(self, other: Finder[T]) -> None:
        """Look for the terms of another finder too."""
        for key, terms in other._terms.items():
            self._terms[key].extend(terms)

    def may_find(self, text: str) -> bool:
        """Whether any term might stand in a text; a look that costs a tenth of cutting it into units and finding."""
        folded = in_place(text)
        if folded is None:
            return True
        if len(self._terms) <= _FEW:
            return any(first in folded for first in self._terms)
        return not self._terms.keys().isdisjoint(_UNIT.findall(folded))

    def words(self) -> frozenset[str]:
        """The words of letters of alphabetic scripts in the terms."""
        return frozenset(word for terms in self._terms.values() for term in terms for word in term.words
                         if word.isalpha() and not has_cjk(word))

    def find(self, found: Units) -> list[Found[T]]:
        """Every term in a text cut into units, overlapping ones too, in no order."""
        places, last = found.places, len(found) - 1
        kept = []
        for word in self._terms.keys() & places.keys():
            for first in places[word]:
                after = found[first + 1].text if first < last else ""
                kept += [Found(first, first + len(term.words), term.meaning) for term in self._terms[word]
                         if not term.second or (after in term.second and _goes_on(term, found, first))]
        return kept


def _goes_on(term: _Term[T], found: Sequence[Unit], first: int) -> bool:
    """Whether the words after the first of a term stand behind it."""
    if first + len(term.words) > len(found):
        return False
    for place in range(1, len(term.words)):
        unit, word = found[first + place], term.words[place]
        if unit.text != word and not (place in term.inflected and unit.text in _forms(word, term.lang)):
            return False
        if not (_closes_up(unit, found[first + place - 1]) if term.loose else _continues(unit)):
            return False
    return True


_forms = lru_cache(maxsize=20_000)(forms)


def _continues(unit: Unit) -> bool:
    return not unit.gap or not _CLAUSE_END.search(unit.gap)


def _closes_up(unit: Unit, before: Unit) -> bool:
    """Words of a search may have any signs between them, the letters of one Chinese word none."""
    return not unit.gap or not (unit.is_cjk and before.is_cjk)


def pattern(word: str) -> re.Pattern[str]:
    """What finds a word in a text that is normalised ``in_place``: the places that a finder of it finds, ``loose`` and not
    inflected, but for those that overlap an earlier one. The quick way where there are many texts and few words."""
    spellings = sorted(_spellings(tuple(unit.text for unit in units(word))), key=len, reverse=True)
    return re.compile("|".join(_spelled(words) for words in spellings if words) or "(?!)")


def _spelled(words: tuple[str, ...]) -> str:
    """The look behind the first word stands after it: a pattern that begins with letters is looked for much faster."""
    first, last = _kind(words[0]), _kind(words[-1])
    begin = re.escape(words[0]) + (f"(?<!{first}{re.escape(words[0])})" if first else "")
    rest = (_gap(_kind(one), _kind(other)) + re.escape(other) for one, other in pairwise(words))
    return begin + "".join(rest) + (f"(?!{last})" if last else "")


def _gap(one: str, other: str) -> str:
    """What may stand between two words of these kinds: nothing within Chinese, at least a sign between two of a kind."""
    return r"[\W_]*" if one != other else r"[\W_]+" if one else ""


def _kind(word: str) -> str:
    """The signs that go on a word of this kind, as a regex class; those of scripts without blanks stand alone."""
    return "" if _CJK.match(word) else r"\d" if word.isdigit() else rf"[^\W\d_{CJK}]"


def longest(found: Iterable[Found[T]]) -> list[Found[T]]:
    """Those that no longer one covers, from left to right, without overlaps; several meanings of one place stay."""
    kept: list[Found[T]] = []
    reach = taken = 0
    for (first, end), group in groupby(sorted(found, key=_place), key=lambda each: (each.first, each.end)):
        if end > reach and first >= taken:
            kept.extend(group)
            taken = end
        reach = max(reach, end)
    return kept


def _place(found: Found[T]) -> tuple[int, int]:
    return found.first, -found.end


def _spellings(words: tuple[str, ...]) -> Iterator[tuple[str, ...]]:
    """The words in every spelling that the vocabulary calls the same: inkjet, ink jet."""
    yield words
    for group in _variants():
        for one, other in permutations(group, 2):
            for at in range(len(words) - len(one) + 1):
                if words[at:at + len(one)] == one:
                    yield words[:at] + other + words[at + len(one):]


@lru_cache(maxsize=1)
def _variants() -> list[list[tuple[str, ...]]]:
    return [[tuple(normalise(variant).split()) for variant in group] for group in load("words")["variants"]]
