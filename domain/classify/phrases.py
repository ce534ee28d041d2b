"""Finding many phrases in a text at once: whole words of alphabetic scripts, substrings in Chinese, Japanese, Korean."""

from __future__ import annotations

import itertools
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from enum import Enum, auto

from domain.classify.inflection import forms, inflected_places
from domain.text import CJK, clean, fold, has_cjk
from domain.vocabulary import load


class Role(Enum):
    """What a phrase says when it is found."""

    STRONG = auto()
    WEAK = auto()
    QUALIFIED = auto()
    QUALIFIER = auto()
    CONTEXT = auto()
    MODIFIER = auto()
    DECISIVE = auto()
    NEGATIVE = auto()
    TRAP = auto()
    ADJACENT = auto()
    NUMBER = auto()
    NAME = auto()
    WORD = auto()
    UNTELLING = auto()


@dataclass(frozen=True, slots=True)
class Mark:
    """One meaning of a phrase: its role, for which subject (type, regulation, trap), as written, in which language.
    ``pair`` joins a qualified term with its qualifier."""

    role: Role
    subject: str
    term: str
    lang: str = ""
    pair: int = 0


@dataclass(slots=True)
class Phrase:
    """A phrase to look for and all it may mean. ``rest`` holds the forms of the words after the first; ``cased`` is
    how it must be written when capitals matter."""

    rest: tuple[frozenset[str], ...]
    cased: str
    length: int
    marks: list[Mark] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Hit:
    """A phrase found: where (units are words, or letters in CJK text) and what it may mean."""

    start: int
    end: int
    cjk: bool
    marks: tuple[Mark, ...]

    def inside(self, other: Hit) -> bool:
        """Whether a longer hit covers this one."""
        return (self.cjk == other.cjk and other.start <= self.start and self.end <= other.end
                and self.end - self.start < other.end - other.start)


LONGEST = 32
"""No phrase is longer (in words or letters); what covers a hit begins at most so far before it."""


BREAK = ""
"""Stands among the words where a clause ends: no phrase reaches across."""

_WORDS = re.compile(rf"[,;:!?。、{CJK}]+|\.(?=\s|$)|((?<=\d)/(?=\d)|[^\W\d_{CJK}]{{2,}}+(?=\d{{3}})|[^\W_{CJK}]+)")
_CJK_GAPS = re.compile(rf"(?<=[{CJK}])[\s・·]+(?=[{CJK}])")
_HYPHENATED = re.compile(r"(?<![^\W\d_])([^\W\d_]{3,}+)-(?=([^\W\d_]{3,}+))")
_ACRONYM = re.compile(r"[A-Z]{2,5}s?|[A-Z]-[A-Z]{2,5}")
_STEM = 5


def words(folded: str) -> list[str]:
    """The words of folded text in order, with ``BREAK`` for the end of a clause and ``/`` between two numbers."""
    return _WORDS.findall(folded)


def without_gaps(folded: str) -> str:
    """CJK text without the blanks and middle dots between its letters; hits in it count its letters."""
    return _CJK_GAPS.sub("", folded)


class Lexicon:
    """Compiled phrases. ``add`` them all, then ``find``."""

    def __init__(self) -> None:
        self._spaced: dict[str, list[Phrase]] = defaultdict(list)
        self._stems: dict[str, list[tuple[str, Phrase]]] = defaultdict(list)
        self._cjk: dict[str, list[tuple[str, Phrase]]] = defaultdict(list)
        self._known: dict[object, Phrase] = {}

    def add(self, mark: Mark, inflect: bool = True) -> None:
        """Look for a mark's term from now on. A trailing ``*`` makes a word a stem."""
        folded = fold(clean(mark.term))
        if folded.endswith("*"):
            self._add_stem(folded[:-1], mark)
        elif has_cjk(folded):
            self._add_cjk(without_gaps(folded), mark)
        else:
            for spelling in _spellings(words(folded)):
                self._add_spaced(spelling, mark, inflect)

    def find(self, text: str) -> list[Hit]:
        """Every phrase in a text, overlapping ones too."""
        return self.find_in(clean(text))

    def find_in(self, cleaned: str) -> list[Hit]:
        """As ``find``, for text already cleaned."""
        folded = fold(cleaned)
        found = list(self._find_spaced(folded, cleaned))
        if has_cjk(folded):
            found.extend(self._find_cjk(without_gaps(folded)))
        return found

    def _add_spaced(self, spelling: list[str], mark: Mark, inflect: bool) -> None:
        cased = mark.term if _ACRONYM.fullmatch(mark.term) else ""
        inflected = frozenset() if cased or not inflect else inflected_places(spelling, mark.lang)
        choices = [forms(word, mark.lang) if place in inflected else frozenset((word,))
                   for place, word in enumerate(spelling)]
        key = (tuple(choices), cased)
        phrase = self._known.get(key)
        if phrase is None:
            phrase = self._known[key] = Phrase(tuple(choices[1:]), cased, len(choices))
            for first in choices[0]:
                self._spaced[first].append(phrase)
        phrase.marks.append(mark)

    def _add_stem(self, stem: str, mark: Mark) -> None:
        self._stems[stem[:_STEM]].append((stem, Phrase((), "", 1, [mark])))

    def _add_cjk(self, term: str, mark: Mark) -> None:
        phrase = self._known.get(term)
        if phrase is None:
            phrase = self._known[term] = Phrase((), "", len(term))
            self._cjk[term[0]].append((term, phrase))
        phrase.marks.append(mark)

    def _find_spaced(self, folded: str, cleaned: str) -> Iterator[Hit]:
        found = words(folded)
        spaced, stems = self._spaced, self._stems
        joined = set(_HYPHENATED.findall(folded)) if "-" in folded else set()
        for start, word in enumerate(found):
            for phrase in spaced.get(word, ()):
                if _continues(found, start, phrase) and _written(phrase, cleaned):
                    yield Hit(start, start + phrase.length, False, tuple(phrase.marks))
            for stem, phrase in stems.get(word[:_STEM], ()):
                if word.startswith(stem):
                    yield Hit(start, start + 1, False, tuple(phrase.marks))
            if joined and start + 1 < len(found) and (word, found[start + 1]) in joined:
                for phrase in spaced.get(word + found[start + 1], ()):
                    if phrase.length == 1:
                        yield Hit(start, start + 2, False, tuple(phrase.marks))

    def _find_cjk(self, text: str) -> Iterator[Hit]:
        for start, letter in enumerate(text):
            for term, phrase in self._cjk.get(letter, ()):
                if text.startswith(term, start) and not _cuts_word(text, start, term):
                    yield Hit(start, start + phrase.length, True, tuple(phrase.marks))


def _continues(found: list[str], start: int, phrase: Phrase) -> bool:
    if start + phrase.length > len(found):
        return False
    return all(found[start + place] in choice for place, choice in enumerate(phrase.rest, start=1))


def _written(phrase: Phrase, cleaned: str) -> bool:
    """Whether capitals are as they must be: REACH is a law, reach is a word, and KEEP OUT OF REACH says nothing."""
    if not phrase.cased:
        return True
    if cleaned.isascii() and cleaned.isupper() and cleaned.count(" ") > 1:
        return False
    return re.search(rf"(?<![^\W{CJK}]){re.escape(phrase.cased)}(?![^\W{CJK}])", cleaned) is not None


def _cuts_word(text: str, start: int, term: str) -> bool:
    """Whether a term that begins or ends with a Latin letter would cut a longer word: PU管 in CPU管."""
    end = start + len(term)
    before, after = text[start - 1:start], text[end:end + 1]
    return (_is_spaced_letter(term[0]) and _is_spaced_letter(before)) or (
        _is_spaced_letter(term[-1]) and _is_spaced_letter(after))


def _is_spaced_letter(letter: str) -> bool:
    return letter.isalnum() and not has_cjk(letter)


def _spellings(term: list[str]) -> Iterable[list[str]]:
    """The term in every spelling that the vocabulary calls the same: inkjet, ink jet."""
    groups = [[words(variant) for variant in group] for group in load("words")["variants"]]
    for group in groups:
        for one, other in itertools.permutations(group, 2):
            for start in range(len(term) - len(one) + 1):
                if term[start:start + len(one)] == one:
                    yield term[:start] + other + term[start + len(one):]
    yield term
