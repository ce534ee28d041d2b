"""Words that stand in the notices, how many bear each, and those a slip of the keyboard away from what was typed.

A table of every word with one letter left out finds them: two words within one change of each other (a letter more, less,
another, or two swapped) have such a form in common. It is kept in files beside the index, one set a generation: the table,
written whole, and the words that came later, a line each. Whatever is missing or damaged only costs corrections.
"""

from __future__ import annotations

import logging
import os
import zipfile
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any
from zlib import crc32

import numpy as np
from numpy.typing import NDArray

from domain.text import has_cjk
from indexer.document import Document

log = logging.getLogger(__name__)

LONGEST_WORD = 40
HANDFUL = 5
"""Notices beyond which a word is one that people mean."""
LATER_BYTES = 200_000
"""Words that came later are merged into the table when their file grows beyond this."""


class WordTable:
    """A vocabulary with counts, as arrays; safe to share between threads."""

    def __init__(self, arrays: Mapping[str, NDArray[Any]]) -> None:
        self._letters = arrays["letters"].tobytes()
        self._ends, self._counts = arrays["ends"], arrays["counts"]
        self._hashes, self._places = arrays["hashes"], arrays["places"]

    @classmethod
    def of(cls, counts: Mapping[str, int], depth: int = 1) -> WordTable:
        """A table of these words; ``depth`` is how many letters are left out, so how far ``near`` may look."""
        return cls(_arrays(counts, depth))

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
        begin = int(self._ends[at - 1]) if at else 0
        return self._letters[begin:int(self._ends[at])].decode()


def _arrays(counts: Mapping[str, int], depth: int = 1) -> dict[str, NDArray[Any]]:
    words = sorted(counts)
    spelled = [word.encode() for word in words]
    hashes, places = list[int](), list[int]()
    for at, word in enumerate(words):
        forms = _shortened(word, depth)
        hashes += map(_hash, forms)
        places += [at] * len(forms)
    keys = np.array(hashes, np.uint32)
    order = np.argsort(keys, kind="stable")
    return {"letters": np.frombuffer(b"".join(spelled), np.uint8), "ends": np.cumsum([0, *map(len, spelled)])[1:],
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


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """The words of all notices. An empty one knows nothing, so it can say of no word that it is unknown."""

    tables: tuple[WordTable, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.tables)

    def count(self, word: str) -> int:
        """About how many notices bear a word; exact when the table was written."""
        return sum(table.count(word) for table in self.tables)

    def candidates(self, word: str) -> list[str]:
        """The words within one change of this one, itself included."""
        return sorted({other for table in self.tables for other in table.near(word)})


class SpellingFiles:
    """The vocabularies of index generations, in a folder. One writer at a time (the one of the index), any readers."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def write(self, generation: str, counts: Mapping[str, int]) -> None:
        """Keep the vocabulary of a generation, in the place of what was kept for it."""
        with _telling(generation):
            self.folder.mkdir(parents=True, exist_ok=True)
            part = self.folder / f"{generation}.part"
            with part.open("wb") as file:
                np.savez(file, allow_pickle=False, **_arrays(counts))
                file.flush()
                os.fsync(file.fileno())
            part.replace(self._table(generation))
            self._later(generation).unlink(missing_ok=True)

    def add(self, generation: str, documents: Iterable[Document]) -> None:
        """Let the words of new documents be known too; of frequent ones nothing is noted."""
        table = self._opened(generation)
        with _telling(generation):
            if table and (rare := [word for word in words(documents) if table.tables[0].count(word) <= HANDFUL]):
                with self._later(generation).open("a", encoding="utf-8") as file:
                    file.write("".join(f"{word}\n" for word in rare))
                if self._later(generation).stat().st_size > LATER_BYTES:
                    self.write(generation, table.tables[0].counts() + _lines(self._later(generation)))

    def read(self, generation: str) -> Vocabulary:
        """The vocabulary of a generation; an empty one, and a line in the log, when it cannot be read."""
        return self._opened(generation)

    def remove_all_but(self, generations: Collection[str]) -> None:
        """Remove every other vocabulary."""
        for path in self.folder.glob("*"):
            if path.stem not in generations:
                path.unlink(missing_ok=True)

    def _opened(self, generation: str) -> Vocabulary:
        return _open(self._table(generation), _stamp(self._table(generation)),
                     self._later(generation), _stamp(self._later(generation)))

    def _table(self, generation: str) -> Path:
        return self.folder / f"{generation}.npz"

    def _later(self, generation: str) -> Path:
        return self.folder / f"{generation}.txt"


def words(documents: Iterable[Document]) -> Iterator[str]:
    """The words of letters of alphabetic scripts in documents, each once a document."""
    for each in documents:
        yield from (word for word in set(each.facts.tokens)
                    if word.isalpha() and len(word) <= LONGEST_WORD and not has_cjk(word))


@contextmanager
def _telling(generation: str) -> Iterator[None]:
    """A search without corrections is better than an index that cannot be written."""
    try:
        yield
    except OSError as error:
        log.warning("the words of %s were not kept, so typing errors may stay: %s", generation, error)


_Stamp = tuple[int, int, int] | None


def _stamp(path: Path) -> _Stamp:
    """What changes when a file does."""
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_ino, found.st_size, found.st_mtime_ns


@lru_cache(maxsize=4)
def _open(path: Path, stamp: _Stamp, later: Path, later_stamp: _Stamp) -> Vocabulary:
    """The stamps are there to tell one state of the files from another."""
    tables = _loaded(path, stamp), (WordTable.of(_lines(later)) if later_stamp else None)
    return Vocabulary(tuple(each for each in tables if each)) if tables[0] else Vocabulary()


@lru_cache(maxsize=2)
def _loaded(path: Path, stamp: _Stamp) -> WordTable | None:
    try:
        with np.load(path) as file:
            return WordTable(dict(file))
    except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile) as error:
        log.warning("nothing typed is corrected until `zonewatch index --rebuild`: %s cannot be read (%s)", path.name, error)
        return None


def _lines(path: Path) -> Counter[str]:
    try:
        return Counter(path.read_text(encoding="utf-8", errors="replace").split())
    except OSError:
        return Counter()
