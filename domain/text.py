"""The one normaliser. Index, matcher, criteria and classifier all read text through it, so they agree on what is equal.

``normalise`` decides what is the same text: Unicode NFKC, case folded, accents of Latin letters and Russian ё folded
(Électrovanne = electrovanne, Türventil = turventil), Traditional Chinese turned into Simplified, invisible and direction
marks removed, hyphens, apostrophes and slashes unified, blanks squeezed. ``tokens`` cuts normalised text into the units
that words are matched on.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Sequence
from functools import lru_cache

import opencc

CJK = ("\u1100-\u11ff\u2e80-\u2fdf\u3005-\u3007\u3021-\u3029\u3031-\u3035\u3038-\u303c\u3040-\u30fa\u30fc-\u312f"
       "\u3130-\u318f\u31a0-\u31bf\u31f0-\u31ff\u3400-\u4dbf\u4e00-\u9fff\ua960-\ua97f\uac00-\ud7ff\uf900-\ufaff"
       "\U00020000-\U0003ffff")
"""Letters written without blanks between words (Han, kana, Hangul, Bopomofo), as the inside of a regex class."""

_LETTER_MARKS = "\u0300-\u036f\u0591-\u05c7\u064b-\u065f\u0900-\u0963\u0966-\u0eff\u1000-\u109f\u1780-\u17d3"
_PLAIN_TOKEN = re.compile(r"[a-z]+|\d+")
_SPACED_TOKEN = re.compile(rf"(?:[^\W\d_]|[{_LETTER_MARKS}])+|\d+")
_MIXED_TOKEN = re.compile(rf"[{CJK}]+|(?:[^\W\d_{CJK}]|[{_LETTER_MARKS}])+|\d+")
_ANY_CJK = re.compile(f"[{CJK}]")

_MARKS = re.compile("[™℠®©]")
UNSEEN = ("\u0000-\u0008\u000e-\u001b\u007f-\u0084\u0086-\u009f\u00ad\u061c\u180e\u200b-\u200f\u202a-\u202e\u2060-\u206f"
          "\ufeff\ufff9-\ufffb\ud800-\udfff\U000e0000-\U000e0fff")
"""Signs that nobody sees, as the inside of a regex class: controls, soft hyphens, marks of no width, marks that turn the
direction of the text around them, halves of signs, tags. The one list of all rooms."""
PARTING = "\u000b\u000c\u001c-\u001f\u0085"
"""Controls that part words, likewise: ``str.split`` takes them for blanks."""

_INVISIBLE = re.compile(f"[{UNSEEN}\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180d\u180f\u3164\ufe00-\ufe0f\uffa0"
                        "\ufff0-\ufff8]+")
"""For matching also the fillers and the variants of signs, which change how a text looks but not what it says."""
_UNIFIED = {**dict.fromkeys("\u2010\u2011\u2012\u2013\u2014\u2015\u2212\u2e3a\u2e3b\ufe58\ufe63", "-"),
            **dict.fromkeys("\u2018\u2019\u201b\u02bc\u00b4", "'"), **dict.fromkeys("\u2044\u2215\u29f8", "/")}
_VARIANTS = re.compile(f"[{''.join(_UNIFIED)}]")
_UNCLEAN = re.compile("|".join((_MARKS.pattern, _VARIANTS.pattern, _INVISIBLE.pattern)))
_ACCENTED = re.compile("[\u00c0-\u024f\u0300-\u036f\u0451\u1e00-\u1eff]")


def _unify(found: re.Match[str]) -> str:
    return _UNIFIED[found.group()]


def _folded_letters() -> dict[int, str]:
    table = {ord(letter): plain for letter, plain in zip(
        "ßæœøđðþłıħŧŋƒё", ("ss", "ae", "oe", "o", "d", "d", "th", "l", "i", "h", "t", "n", "f", "е"), strict=True)}
    for code in (*range(0xC0, 0x250), *range(0x1E00, 0x1F00)):
        plain = unicodedata.normalize("NFKD", chr(code))
        if plain[0].isascii() and plain[0].isalpha():
            table.setdefault(code, "".join(c for c in plain if not unicodedata.combining(c)).casefold())
    return table


_FOLD = _folded_letters()


def _fold(letter: str) -> str:
    """A Latin letter without its accent; a combining accent that stands alone vanishes."""
    return _FOLD.get(ord(letter), "" if unicodedata.combining(letter) else letter)


@lru_cache(maxsize=1)
def _to_simplified() -> opencc.OpenCC:
    return opencc.OpenCC("t2s")


def has_cjk(text: str) -> bool:
    """Whether the text holds a letter of Chinese, Japanese or Korean."""
    return not text.isascii() and _ANY_CJK.search(text) is not None


def clean(text: str) -> str:
    """The text as a person sees it, in one form (NFKC): nothing invisible, one kind of hyphen, apostrophe, slash and
    blank, ends trimmed. Case, accents and Chinese script stay."""
    if not text.isascii():
        if _UNCLEAN.search(text):
            text = _MARKS.sub(" ", _VARIANTS.sub(_unify, _INVISIBLE.sub("", text)))
        text = _VARIANTS.sub(_unify, unicodedata.normalize("NFKC", text))
    elif not text.isprintable():
        text = _INVISIBLE.sub("", text)
    return " ".join(text.split())


def fold(text: str) -> str:
    """Cleaned text with case, accents and Chinese script folded away (the second half of ``normalise``)."""
    if text.isascii():
        return text.lower()
    text = text.casefold()
    if _ACCENTED.search(text):
        text = unicodedata.normalize("NFC", text)
        for letter in set(_ACCENTED.findall(text)):
            text = text.replace(letter, _fold(letter))
        text = " ".join(text.split())
    if _ANY_CJK.search(text):
        text = _to_simplified().convert(text)
    return text


def normalise(text: str) -> str:
    """The form in which two texts that mean the same are equal. Never longer in meaning, never shown to a person."""
    return fold(clean(text))


def tokens(text: str) -> list[str]:
    """The units that words are matched on, in the order of the text.

    Runs of letters of alphabetic scripts and runs of digits stand each alone, so that ISO15552 equals ISO 15552, 12V
    equals 12 V, and 285A is part of CE285A. A run of Chinese, Japanese or Korean letters becomes its overlapping pairs
    (气缸盖 → 气缸, 缸盖), a run of one letter that letter. Any part of an identifier such as 2011/65/EU or
    G/TBT/N/EU/9101 is found by its tokens in sequence.
    """
    text = normalise(text)
    if text.isascii():
        return _PLAIN_TOKEN.findall(text)
    if not has_cjk(text):
        return _SPACED_TOKEN.findall(text)
    found: list[str] = []
    for run in _MIXED_TOKEN.findall(text):
        if len(run) > 1 and _ANY_CJK.match(run):
            found.extend(map(str.__add__, run, run[1:]))
        else:
            found.append(run)
    return found


def lone_letter(found: Sequence[str]) -> bool:
    """Whether tokens are nothing but one letter of a script without blanks, which a text may hold within its pairs."""
    return len(found) == 1 and len(found[0]) == 1 and has_cjk(found[0])


def letters(found: Iterable[str]) -> frozenset[str]:
    """The letters of scripts without blanks in the tokens of a text."""
    text = "".join(found)
    return frozenset() if text.isascii() else frozenset(_ANY_CJK.findall(text))
