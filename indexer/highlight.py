"""Why a notice was found, shown in its text: the words of the search, and what names the product types asked for."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence, Set
from dataclasses import dataclass
from enum import Enum, auto
from functools import lru_cache

from domain.criteria import Criteria
from domain.product_type import PRODUCT_TYPES
from domain.regulation import REGULATIONS
from domain.text import normalise
from indexer.lexicon import capitals, terms_of, weak_terms_of
from indexer.terms import Finder, Found, Units, in_place, longest, pattern, units


@dataclass(frozen=True, slots=True)
class Segment:
    """A piece of the text as it was written; a marked one is part of why it was found. ``gloss`` says in the reader's
    language what a term of another language means: Tintenpatrone 〔墨盒〕."""

    text: str
    marked: bool = False
    gloss: str | None = None


class _Role(Enum):
    WORD = auto()
    TERM = auto()
    WEAK_TERM = auto()
    FALSE_FRIEND = auto()


@dataclass(frozen=True, slots=True)
class _Reason:
    """Why a place might be marked: a ``word`` of the search, or a term of a product type or regulation in a language, which
    may have to be written with capitals; a weak one is kept as ``word``, normalised."""

    role: _Role
    subject: str = ""
    lang: str = ""
    written: str = ""
    word: str = ""


@dataclass(frozen=True, slots=True)
class Mark:
    """A place in a text to mark, with all its reasons."""

    start: int
    end: int
    reasons: list[_Reason]

    @property
    def words(self) -> set[str]:
        """The words of the search that it shows; SUBJECT for a name of what was asked for."""
        return {each.word if each.role is _Role.WORD else SUBJECT for each in self.reasons}


Terms = Set[tuple[str, str]]
"""Product types, each with a normalised term that stands for it."""
SUBJECT = ""
"""Stands among the words of a search for its product types and regulations."""


def highlight(text: str, criteria: Criteria, lang: str = "zh") -> list[Segment]:
    """The text cut into segments, which joined give the text again. ``lang`` is the reader's language, for glosses."""
    return segments(text, marks(text, criteria), lang)


def asked(criteria: Criteria) -> set[str]:
    """All that marks could show for these criteria; see ``Mark.words``."""
    return {*criteria.all_words, *([SUBJECT] if criteria.product_types or criteria.regulations else [])}


def segments(text: str, found: Sequence[Mark], lang: str = "zh", meant: Terms = frozenset()) -> list[Segment]:
    """The text cut at its marks. A weak term tells its meaning only when it is known to be ``meant`` so here."""
    pieces: list[Segment] = []
    at = 0
    for mark in found:
        if mark.start > at:
            pieces.append(Segment(text[at:mark.start]))
        pieces.append(Segment(text[mark.start:mark.end], True, _gloss(mark.reasons, lang, meant)))
        at = mark.end
    if at < len(text) or not pieces:
        pieces.append(Segment(text[at:]))
    return pieces


def marks(text: str, criteria: Criteria) -> list[Mark]:
    """The places of a text that show why it was found, from left to right."""
    subjects = criteria.product_types | criteria.regulations
    folded = None if subjects else in_place(text)
    if folded is not None:
        return _merged(Found(place.start(), place.end(), reason) for reason, wanted in _patterns(criteria.all_words)
                       for place in wanted.finditer(folded))
    finder = _finder(criteria.all_words, subjects)
    if not finder.may_find(text):
        return []
    found = units(text)
    return _merged(Found(found[hit.first].start, found[hit.end - 1].end, hit.meaning)
                   for hit in _that_count(text, found, finder.find(found)))


def _merged(hits: Iterable[Found[_Reason]]) -> list[Mark]:
    """The longest of hits that stand at offsets, one mark a place."""
    places: list[Mark] = []
    found = list(hits)
    for hit in longest(found) if len(found) > 1 else found:
        if places and places[-1].start == hit.first:
            places[-1].reasons.append(hit.meaning)
        else:
            places.append(Mark(hit.first, hit.end, [hit.meaning]))
    return places


def _that_count(text: str, found: Units, hits: list[Found[_Reason]]) -> list[Found[_Reason]]:
    """Without terms within a false friend, and without weak terms where the text has a better one."""
    friends = [hit for hit in hits if hit.meaning.role is _Role.FALSE_FRIEND]
    words = [hit for hit in hits if hit.meaning.role is _Role.WORD]
    terms = [hit for hit in hits if hit.meaning.role is _Role.TERM and _is_written(text, found, hit)]
    weak = [hit for hit in hits if hit.meaning.role is _Role.WEAK_TERM]
    sure, weak = ([hit for hit in some if not any(hit.inside(friend) for friend in friends)] for some in (terms, weak))
    return words + (sure or weak)


def _is_written(text: str, found: Units, hit: Found[_Reason]) -> bool:
    written = hit.meaning.written
    return not written or text[found[hit.first].start:found[hit.end - 1].end] in (written, written.upper())


def _gloss(reasons: list[_Reason], lang: str, meant: Terms) -> str | None:
    terms = [each for each in reasons if each.subject in PRODUCT_TYPES
             and (each.role is _Role.TERM or (each.role is _Role.WEAK_TERM and (each.subject, each.word) in meant))]
    reader = _language(lang)
    if not terms or any(_language(each.lang) == reader for each in terms):
        return None
    names = dict.fromkeys(_BRACKETS.sub("", PRODUCT_TYPES[each.subject].name(lang)) for each in terms)
    return ("、" if reader == "zh" else ", ").join(names)


_BRACKETS = re.compile(" ?[(（].*")
"""What a name explains in brackets is too long beside a term."""


def _language(tag: str) -> str:
    return tag.lower().partition("-")[0]


@lru_cache(maxsize=256)
def _patterns(words: tuple[str, ...]) -> list[tuple[_Reason, re.Pattern[str]]]:
    return [(_Reason(_Role.WORD, word=word), pattern(word)) for word in words]


@lru_cache(maxsize=256)
def _finder(words: tuple[str, ...], subjects: frozenset[str]) -> Finder[_Reason]:
    finder = Finder[_Reason]()
    for word in words:
        finder.add(word, _Reason(_Role.WORD, word=word), inflect=False, loose=True)
    for subject in subjects:
        finder.include(_terms(subject))
    return finder


@lru_cache(maxsize=256)
def _terms(subject: str) -> Finder[_Reason]:
    finder = Finder[_Reason]()
    if subject in PRODUCT_TYPES:
        product_type = PRODUCT_TYPES[subject]
        for term, lang in terms_of(product_type):
            finder.add(term, _Reason(_Role.TERM, subject, lang), lang)
        for term, lang in weak_terms_of(product_type):
            finder.add(term, _Reason(_Role.WEAK_TERM, subject, lang, word=normalise(term)), lang)
        for term in product_type.negative:
            finder.add(term, _Reason(_Role.FALSE_FRIEND))
    elif subject in REGULATIONS:
        rule = REGULATIONS[subject]
        for term in dict.fromkeys((*rule.names, *rule.numbers, *rule.aliases, rule.zh)):
            finder.add(term, _Reason(_Role.TERM, subject, written=capitals(term)), inflect=False)
    return finder
