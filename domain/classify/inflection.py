"""Inflected forms of vocabulary words, made once when the vocabulary is compiled, so that matching stays a lookup.

The rules are loose on purpose: a form that no language has never occurs in a text. Words are folded (no accents, see
``domain.text``), which also removes most stem changes (zawór/zaworu, sprężarka, Zylinder).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence

_CYRILLIC = re.compile("[а-я]")
_RU_ENDINGS = ("", "а", "у", "ом", "е", "ы", "и", "ов", "ам", "ами", "ах", "ей", "ь", "ю", "я", "ем", "ев", "ям", "ями",
               "ях", "ой", "ый", "ий", "ого", "его", "ому", "ему", "ым", "им", "ые", "ие", "ых", "их", "ыми", "ими", "ая",
               "ую", "ое")
_PL_ENDINGS = ("", "a", "u", "owi", "em", "ie", "y", "ow", "om", "ami", "ach", "i", "e", "o", "ego", "ej", "emu", "ym",
               "ych", "ymi", "im", "ich", "iem")
_LONG = 6


def forms(word: str, lang: str) -> frozenset[str]:
    """A folded word with its inflected forms in a language; for no language, plurals and what is safe in a long word."""
    if len(word) < 3 or not word.isalpha():
        return frozenset((word,))
    if _CYRILLIC.search(word):
        return frozenset((word, *_russian(word)))
    return frozenset((word, *_RULES.get(lang, _anyhow)(word)))


def inflected_places(term: Sequence[str], lang: str) -> frozenset[int]:
    """Which words of a term change: all where adjectives follow the noun, else the last; long ones of no language."""
    last = len(term) - 1
    return frozenset(place for place, word in enumerate(term)
                     if place == last or lang in _INFLECTS_EVERY_WORD or (not lang and len(word) >= _LONG))


def _anyhow(word: str) -> Iterable[str]:
    """Forms of a word whose language is not stated; short words could turn into others, so they get plurals only."""
    yield from _plural(word)
    if len(word) >= _LONG:
        for rule in (_german, _dutch, _french, _iberian, _italian):
            yield from rule(word)


def _plural(word: str) -> Iterable[str]:
    """English plurals both ways."""
    yield word + "s"
    if word.endswith(("s", "x", "ch", "sh", "z")):
        yield word + "es"
    if word.endswith("y"):
        yield word[:-1] + "ies"
    if word.endswith("ies"):
        yield word[:-3] + "y"
    if word.endswith("s") and not word.endswith("ss") and len(word) > 3:
        yield word[:-1]


def _german(word: str) -> Iterable[str]:
    yield from (word + ending for ending in ("e", "en", "n", "s", "es", "er", "ern", "em"))
    if word.endswith("en") and len(word) > 6:
        yield from (word[:-1], word[:-2])
    if word.endswith(("er", "es", "em", "e")) and len(word) > 6:
        stem = word[:-1] if word.endswith("e") else word[:-2]
        yield from (stem + ending for ending in ("", "e", "en", "er", "es", "em"))


def _dutch(word: str) -> Iterable[str]:
    yield from (word + ending for ending in ("en", "s", "e", "n"))
    yield word + word[-1] + "en"
    if word.endswith("en") and len(word) > 5:
        yield word[:-2]


def _french(word: str) -> Iterable[str]:
    yield from (word + ending for ending in ("s", "x", "e", "es"))
    if word.endswith(("s", "x")) and len(word) > 4:
        yield word[:-1]


def _iberian(word: str) -> Iterable[str]:
    """Spanish and Portuguese."""
    yield from (word + ending for ending in ("s", "es"))
    if word.endswith("o"):
        yield from (word[:-1] + ending for ending in ("a", "os", "as"))
    if word.endswith("ao"):
        yield word[:-2] + "oes"
    if word.endswith("el"):
        yield word[:-1] + "is"
    if word.endswith("l"):
        yield word[:-1] + "is"
    if word.endswith("es") and len(word) > 5:
        yield word[:-2]
    if word.endswith("s") and len(word) > 4:
        yield word[:-1]


def _italian(word: str) -> Iterable[str]:
    if word[-1] in "oaei" and len(word) > 3:
        yield from (word[:-1] + ending for ending in "oaei")
        if word.endswith(("cia", "gia")):
            yield word[:-2] + "e"
        if word.endswith(("co", "ca", "go", "ga")):
            yield from (word[:-1] + ending for ending in ("hi", "he"))


def _polish(word: str) -> Iterable[str]:
    stem = word[:-1] if word[-1] in "aeyio" and len(word) > 4 else word
    yield from (stem + ending for ending in _PL_ENDINGS)
    if stem.endswith("k") and word.endswith(("ka", "ki", "ke")):
        yield stem[:-1] + "ek"
    if word.endswith("ek"):
        yield from (word[:-2] + "k" + ending for ending in ("i", "a", "iem", "ow"))


def _russian(word: str) -> Iterable[str]:
    stem = re.sub("(?:ый|ий|ая|ое|ые|ие|[аяыиоеуюьй])$", "", word) if len(word) > 4 else word
    yield from (stem + ending for ending in _RU_ENDINGS)


_RULES: dict[str, Callable[[str], Iterable[str]]] = {
    "en": _plural, "de": _german, "nl": _dutch, "fr": _french, "es": _iberian, "pt": _iberian, "it": _italian, "pl": _polish,
}
_INFLECTS_EVERY_WORD = frozenset(("de", "fr", "es", "pt", "it", "pl", "ru"))
