"""Tables of words and numbers as arrays that are read whole from a file and searched without unpacking them.

A table of every word with one letter left out finds the words a slip of the keyboard away: two words within one change of
each other (a letter more, less, another, or two swapped) have such a form in common.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from itertools import islice, takewhile
from typing import Any

import numpy as np
from numpy.typing import NDArray


class WordTable:
    """A vocabulary with counts, as arrays; safe to share between threads."""

    def __init__(self, arrays: Mapping[str, NDArray[Any]]) -> None:
        self._letters = arrays["letters"].tobytes()
        self._ends, self._counts = arrays["ends"], arrays["counts"]
        self._hashes, self._places = arrays["hashes"], arrays["places"]

    @classmethod
    def of(cls, counts: Mapping[str, int], depth: int = 1, floor: int = 0) -> WordTable:
        """A table of these words; ``depth`` is how many letters are left out, so how far ``near`` may look. Words of lower
        counts than ``floor`` are only counted, which is quicker to make."""
        return cls(word_arrays(counts, depth, floor))

    def count(self, word: str) -> int:
        """How many notices bear a word; 0 for an unknown one."""
        return next((int(self._counts[at]) for at in self._with([word]) if self._word(at) == word), 0)

    def near(self, word: str, distance: int = 1) -> list[str]:
        """All words within so many changes of one, itself included."""
        found = (self._word(at) for at in self._with(_shortened(word, distance)))
        return sorted(other for other in found if changes(word, other) <= distance)

    def counts(self) -> Counter[str]:
        """Every word with its count."""
        return Counter({self._word(at): int(count) for at, count in enumerate(self._counts)})

    def _with(self, forms: Iterable[str]) -> set[int]:
        keys = np.array([_hash(form) for form in forms], np.uint32)
        first, last = (np.searchsorted(self._hashes, keys, side) for side in ("left", "right"))
        return {int(place) for begin, end in zip(first, last, strict=True) for place in self._places[begin:end]}

    def _word(self, at: int) -> str:
        return _slice(self._letters, self._ends, at)


def word_arrays(counts: Mapping[str, int], depth: int = 1, floor: int = 0) -> dict[str, NDArray[Any]]:
    """The arrays of a WordTable."""
    words = sorted(counts)
    spelled = [word.encode() for word in words]
    keys, places = _keys(words, [counts[word] >= floor for word in words], depth)
    order = np.argsort(keys, kind="stable")
    return {"letters": _joined(spelled), "ends": _ends(spelled),
            "counts": np.array([counts[word] for word in words], np.uint32), "hashes": keys[order],
            "places": places[order]}


def _keys(words: Sequence[str], shortened: Sequence[bool], depth: int) -> tuple[NDArray[np.uint32], NDArray[np.uint32]]:
    """The hash of each form of each word, and the place of that word. With one letter left out, words of one length are
    hashed together, letter by letter: millions of forms in a second."""
    if depth > 1:
        pairs = [(_hash(form), at) for at, word in enumerate(words)
                 for form in (_shortened(word, depth) if shortened[at] else {word})]
        found = np.array(pairs, np.uint32).reshape(-1, 2)
        return found[:, 0], found[:, 1]
    keys, places = [np.empty(0, np.uint32)], [np.empty(0, np.uint32)]
    groups: dict[tuple[int, bool], list[int]] = {}
    for at, word in enumerate(words):
        groups.setdefault((len(word), shortened[at]), []).append(at)
    for (length, in_forms), members in groups.items():
        codes = np.frombuffer("".join(words[at] for at in members).encode("utf-32-le", "surrogatepass"), np.uint32)
        forms = _hashes(codes.reshape(len(members), length))
        forms = forms if in_forms else forms[:, :1]
        keys.append(forms.ravel())
        places.append(np.repeat(np.array(members, np.uint32), forms.shape[1]))
    return np.concatenate(keys), np.concatenate(places)


def _hashes(codes: NDArray[np.uint32]) -> NDArray[np.uint32]:
    """``_hash`` of words of one length, a row each, and of each word without its first letter, its second, and so on."""
    count, length = codes.shape
    before, after = (np.zeros((count, length + 1), np.uint32) for _ in range(2))
    power = np.array([pow(int(_BASE), at, 2**32) for at in range(length + 1)], np.uint32)
    for at in range(length):
        before[:, at + 1] = before[:, at] * _BASE + codes[:, at]
    for at in range(length - 1, -1, -1):
        after[:, at] = codes[:, at] * power[length - 1 - at] + after[:, at + 1]
    without = (before[:, at] * power[length - 1 - at] + after[:, at + 1] for at in range(length))
    return np.stack([before[:, length], *without], axis=1)


_BASE = np.uint32(0x9E3779B1)


def _hash(form: str) -> int:
    """A polynomial of the letters modulo 2³²: that of a word without a letter follows from those of its parts."""
    found, base = 0, int(_BASE)
    for letter in form:
        found = (found * base + ord(letter)) & 0xFFFFFFFF
    return found


def _shortened(word: str, depth: int) -> set[str]:
    """The word, and what is left of it without up to so many letters."""
    found = last = {word}
    for _ in range(depth):
        last = {each[:at] + each[at + 1:] for each in last for at in range(len(each))}
        found = found | last
    return found


def changes(one: str, other: str) -> int:
    """How many letters were added, left out, mistaken or swapped with the next between two words."""
    before, row = [0] * len(other), list(range(len(other) + 1))
    for at, letter in enumerate(one, 1):
        older, before, row = before, row, [at]
        for to, wanted in enumerate(other, 1):
            row.append(min(before[to] + 1, row[-1] + 1, before[to - 1] + (letter != wanted)))
            if at > 1 and to > 1 and letter == other[to - 2] and one[at - 2] == wanted:
                row[-1] = min(row[-1], older[to - 2] + 1)
    return row[-1]


class NumberTable:
    """The numbers that notices are cited by, in order, as they are written and as they are compared."""

    def __init__(self, arrays: Mapping[str, NDArray[Any]]) -> None:
        self._keys, self._key_ends = arrays["number_keys"].tobytes(), arrays["number_key_ends"]
        self._texts, self._text_ends = arrays["numbers"].tobytes(), arrays["number_ends"]

    def beginning(self, prefix: str, limit: int) -> list[str]:
        """The first numbers that begin so, the shorter of two that begin alike first."""
        first = bisect_left(range(len(self._key_ends)), prefix, key=self._key)
        found = takewhile(lambda at: self._key(at).startswith(prefix), range(first, len(self._key_ends)))
        return [_slice(self._texts, self._text_ends, at) for at in islice(found, limit)]

    def all(self) -> dict[str, str]:
        """Every number by its form for comparison."""
        return {self._key(at): _slice(self._texts, self._text_ends, at) for at in range(len(self._key_ends))}

    def _key(self, at: int) -> str:
        return _slice(self._keys, self._key_ends, at)


def number_arrays(numbers: Mapping[str, str]) -> dict[str, NDArray[Any]]:
    """The arrays of a NumberTable."""
    keys = sorted(numbers)
    spelled, written = [key.encode() for key in keys], [numbers[key].encode() for key in keys]
    return {"number_keys": _joined(spelled), "number_key_ends": _ends(spelled), "numbers": _joined(written),
            "number_ends": _ends(written)}


def _joined(texts: Sequence[bytes]) -> NDArray[Any]:
    return np.frombuffer(b"".join(texts), np.uint8)


def _ends(texts: Sequence[bytes]) -> NDArray[Any]:
    return np.cumsum([0, *map(len, texts)])[1:]


def _slice(texts: bytes, ends: NDArray[Any], at: int) -> str:
    return texts[int(ends[at - 1]) if at else 0:int(ends[at])].decode()
