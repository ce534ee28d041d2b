"""Chinese terms as they are typed in Latin letters: whole (qigang, qi gang, qigang oumeng) or by initials (qg)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache

from pypinyin import lazy_pinyin

from indexer.lexicon import Meaning, Sense, terms
from indexer.terms import Finder

_HAN = re.compile("[\u4e00-\u9fff]{2,}")
_SHORTEST = 4
"""Letters of a pinyin that is told from a word."""
_MOST_SPLIT = 5
"""Syllables up to which blanks may stand between any of them."""
_GRUNTS = ("m", "n", "ng", "hm", "hng")
_SENSES = {Sense.PRODUCT_TYPE: Sense.PRODUCT_TYPE, Sense.WEAK: Sense.PRODUCT_TYPE, Sense.REGULATION: Sense.REGULATION,
           Sense.MARKET: Sense.MARKET, Sense.KIND: Sense.KIND, Sense.MODIFIER: Sense.MODIFIER}
"""What a term means in pinyin. One that is weak in characters is taken: nobody looks for its pinyin in a text."""
_SHORT_NAMES = (Sense.PRODUCT_TYPE, Sense.REGULATION, Sense.MARKET, Sense.KIND)


@dataclass(frozen=True, slots=True)
class Romanised:
    """What letters may stand for; ``whole`` for full pinyin, else they are initials."""

    meaning: Meaning
    whole: bool


@cache
def romanised() -> Finder[Romanised]:
    """The pinyin and initials of the Chinese terms."""
    finder = Finder[Romanised]()
    for spoken, meaning, is_short in _spoken():
        for typed in _typed(spoken):
            finder.add(typed, Romanised(meaning, True), inflect=False)
        if is_short:
            finder.add("".join(each[0] for each in spoken), Romanised(meaning, False), inflect=False)
    return finder


@cache
def spellings() -> frozenset[str]:
    """Every term's pinyin in one word."""
    return frozenset(word for spoken, _, _ in _spoken() for word in _typed(spoken) if " " not in word)


def romanised_terms() -> Iterator[tuple[str, Meaning]]:
    """Every term's pinyin in one word and its initials, with what it means."""
    for spoken, meaning, is_short in _spoken():
        yield "".join(spoken), meaning
        if is_short:
            yield "".join(each[0] for each in spoken), meaning


@cache
def _spoken() -> tuple[tuple[tuple[str, ...], Meaning, bool], ...]:
    """Syllables of the terms, what they mean, and whether their initials are known."""
    found: dict[tuple[tuple[str, ...], Meaning], bool] = {}
    for term, lang, meaning in terms():
        if meaning.sense in _SENSES and lang in ("", "zh-Hans") and _HAN.fullmatch(term):
            spoken = tuple(lazy_pinyin(term))
            plain = Meaning(_SENSES[meaning.sense], meaning.values)
            short = meaning.sense in _SHORT_NAMES and (len(term) > 2 or meaning.sense is not Sense.REGULATION)
            found[spoken, plain] = short or found.get((spoken, plain), False)
    return tuple((spoken, meaning, short) for (spoken, meaning), short in found.items())


def _typed(spoken: tuple[str, ...]) -> Iterator[str]:
    """Every way to set blanks between the syllables; ü is typed v or u."""
    if sum(map(len, spoken)) < _SHORTEST:
        return
    gaps = len(spoken) - 1
    ways = range(2 ** gaps) if len(spoken) <= _MOST_SPLIT else (0, 2 ** gaps - 1)
    for spelled in {spoken, tuple(each.replace("v", "u") for each in spoken)}:
        for way in ways:
            yield "".join(each + (" " if way >> at & 1 else "") for at, each in enumerate(spelled)).strip()


@cache
def syllables() -> frozenset[str]:
    """The syllables of Chinese."""
    found = lazy_pinyin("".join(map(chr, range(0x4E00, 0x9FA6))), errors="ignore")
    return frozenset(each for each in found if each.isascii() and each.isalpha() and each not in _GRUNTS)


def is_pinyin(word: str) -> bool:
    """Whether a word reads as two or more Chinese syllables. One without a consonant stands only at the beginning, as
    otherwise an apostrophe parts it."""
    ends = {0: 0}
    for end in range(1, len(word) + 1):
        for begin in range(max(0, end - 6), end):
            if begin in ends and word[begin:end] in syllables() and not (begin and word[begin] in "aeo"):
                ends[end] = ends[begin] + 1
                break
    return ends.get(len(word), 0) > 1


def parts(word: str) -> list[str]:
    """A word cut into pinyin of several terms (qigangoumeng); empty when it is no such word."""
    known, best = spellings(), {0: list[str]()}
    for end in range(_SHORTEST, len(word) + 1):
        for begin in range(end - _SHORTEST, -1, -1):
            if begin in best and word[begin:end] in known:
                best[end] = [*best[begin], word[begin:end]]
                break
    return best.get(len(word), [])
