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
from zlib import crc32

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
    hashes, places = list[int](), list[int]()
    for at, word in enumerate(words):
        forms = _shortened(word, depth) if counts[word] >= floor else {word}
        hashes += map(_hash, forms)
        places += [at] * len(forms)
    keys = np.array(hashes, np.uint32)
    order = np.argsort(keys, kind="stable")
    return {"letters": _joined(spelled), "ends": _ends(spelled),
            "counts": np.array([counts[word] for word in words], np.uint32), "hashes": keys[order],
            "places": np.array(places, np.uint32)[order]}


def _hash(form: str) -> int:
    return crc32(form.encode("utf-8", "surrogatepass"))


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
