"""What the notices teach about their words and numbers: how many bear a word, what is a slip of the keyboard away from it.

It is kept in files beside the index, one set a generation: the tables, written whole, and what came later, a line each.
Whatever is missing or damaged only costs corrections.
"""

from __future__ import annotations

import logging
import os
import re
import zipfile
from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import chain, islice
from pathlib import Path

import numpy as np

from domain.text import clean, has_cjk, tokens
from indexer.document import Document, number
from indexer.tables import NumberTable, WordTable, number_arrays, word_arrays
from storage.notices import StoredNotice

log = logging.getLogger(__name__)

LONGEST_WORD = 40
LONGEST_NUMBER = 60
HANDFUL = 5
"""Notices beyond which a word is one that people mean."""
LATER_BYTES = 200_000
"""What came later is merged into the table when its file grows beyond this."""
_CITED = re.compile(r"^(?!\d+$)[^|]*\d[^|]*$")
"""A number that people cite: no barcode or row of a database, no list of names."""


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """The words of all notices. An empty one knows nothing, so it can say of no word that it is unknown."""

    tables: tuple[WordTable, ...] = ()
    numbers: tuple[NumberTable, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.tables)

    def count(self, word: str) -> int:
        """About how many notices bear a word; exact when the table was written."""
        return sum(table.count(word) for table in self.tables)

    def candidates(self, word: str) -> list[str]:
        """The words within one change of this one, itself included."""
        return sorted({other for table in self.tables for other in table.near(word)})

    def numbers_like(self, text: str, limit: int) -> list[str]:
        """Numbers that begin as typed, however they are spaced and punctuated."""
        prefix = number(tokens(text))
        found = (each for table in self.numbers for each in table.beginning(prefix, limit))
        return list(islice(dict.fromkeys(found), limit)) if prefix else []


_PAIRS = "\u1100"
"""Tokens of scripts without blanks, of which there are many, begin with this letter or a later one."""


@dataclass(frozen=True, slots=True)
class Learned:
    """What notices teach: tokens of letters with the number of notices that bear each, and the numbers they are cited by,
    each by its form for comparison."""

    tokens: Counter[str] = field(default_factory=Counter)
    numbers: dict[str, str] = field(default_factory=dict)

    @property
    def counts(self) -> Counter[str]:
        """The words of alphabetic scripts, with the number of notices that bear each."""
        return Counter({word: count for word, count in self.tokens.items()
                        if len(word) <= LONGEST_WORD and not has_cjk(word)})

    def learn(self, read: Sequence[tuple[StoredNotice, Document]]) -> None:
        """Take in notices with their documents; many at a time, since adding to a large count costs more than counting."""
        held = Counter(chain.from_iterable(set(document.facts.tokens) for _, document in read))
        self.tokens.update({token: count for token, count in held.items() if token < _PAIRS and token.isalpha()})
        for stored, _ in read:
            for text in (stored.notice.external_id, *stored.notice.identifiers):
                if len(text) <= LONGEST_NUMBER and _CITED.search(text) and (key := number(tokens(text))):
                    self.numbers.setdefault(key, clean(text))


class SpellingFiles:
    """The vocabularies of index generations, in a folder. One writer at a time (the one of the index), any readers."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def write(self, generation: str, learned: Learned) -> None:
        """Keep the vocabulary of a generation, in the place of what was kept for it."""
        with _telling(generation):
            self.folder.mkdir(parents=True, exist_ok=True)
            part = self.folder / f"{generation}.part"
            with part.open("wb") as file:
                np.savez(file, allow_pickle=False, **word_arrays(learned.counts), **number_arrays(learned.numbers))
                file.flush()
                os.fsync(file.fileno())
            part.replace(self._table(generation))
            self._later(generation).unlink(missing_ok=True)

    def add(self, generation: str, learned: Learned) -> None:
        """Let what new notices teach be known too; of frequent words nothing is noted."""
        table, later = self._table(generation), self._later(generation)
        known = _loaded(table, _stamp(table))
        if known is None:
            return
        rare = (word for word, count in learned.counts.items() if known.tables[0].count(word) <= HANDFUL
                for _ in range(count))
        with _telling(generation):
            with later.open("a", encoding="utf-8") as file:
                file.write("".join(f"{word}\n" for word in rare))
                file.write("".join(f"{key}\t{text}\n" for key, text in learned.numbers.items()))
            if later.stat().st_size > LATER_BYTES:
                more = _lines(later)
                self.write(generation, Learned(known.tables[0].counts() + more.counts,
                                               {**known.numbers[0].all(), **more.numbers}))

    def read(self, generation: str) -> Vocabulary:
        """The vocabulary of a generation; an empty one, and a line in the log, when it cannot be read."""
        table, later = self._table(generation), self._later(generation)
        return _open(table, _stamp(table), later, _stamp(later))

    def remove_all_but(self, generations: Collection[str]) -> None:
        """Remove every other vocabulary."""
        for path in self.folder.glob("*"):
            if path.stem not in generations:
                path.unlink(missing_ok=True)

    def _table(self, generation: str) -> Path:
        return self.folder / f"{generation}.npz"

    def _later(self, generation: str) -> Path:
        return self.folder / f"{generation}.txt"


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
    kept = _loaded(path, stamp)
    if kept is None or later_stamp is None:
        return kept or Vocabulary()
    more = _lines(later)
    return Vocabulary((*kept.tables, WordTable.of(more.counts, floor=HANDFUL)),
                      (*kept.numbers, NumberTable(number_arrays(more.numbers))))


@lru_cache(maxsize=2)
def _loaded(path: Path, stamp: _Stamp) -> Vocabulary | None:
    try:
        with np.load(path) as file:
            arrays = dict(file)
        return Vocabulary((WordTable(arrays),), (NumberTable(arrays),))
    except (OSError, ValueError, KeyError, EOFError, RuntimeError, zipfile.BadZipFile) as error:
        log.warning("nothing typed is corrected until `zonewatch index --rebuild`: %s cannot be read (%s)", path.name, error)
        return None


def _lines(path: Path) -> Learned:
    found = Learned()
    with suppress(OSError):
        for line in path.read_text(encoding="utf-8", errors="replace").splitlines():
            first, tab, second = line.partition("\t")
            if tab:
                found.numbers[first] = second
            else:
                found.tokens[first] += 1
    return found
