"""Coverage: which numbers of a must-know list are held, in which other edition, and which source would hold the rest.

A number is held where it stands as a phrase of normalised tokens, as ``domain.criteria.contains`` has it, in the external
id, an identifier or the title of a notice.
"""

from __future__ import annotations

import csv
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from itertools import islice

from domain.errors import InvalidValue
from domain.notice import NoticeKind
from domain.text import clean, tokens

UNVERIFIED = "expert"
"""The basis of a row that nobody has seen in a catalogue or at its publisher."""
COLUMNS = ("number", "title", "market", "kind", "basis")
"""The columns that are read; others may stand beside them."""
SHOWN = 20
"""Notices kept of a number; all are counted."""

_EDITION = re.compile(r"(?P<number>.+?)\s*[:-]\s*(?:19|20)\d\d(?:-\d\d)?")
_YEAR = re.compile(r"(?:19|20)\d\d")
_UNION_ACT = re.compile(r"\((?P<body>EU|EC|EEC|Euratom)\)\s*(?:No\.?\s*)?(?P<number>\d+/\d+)", re.I)


class Found(StrEnum):
    """What is known of a number. EXPECTED: not held, but a source is of a kind that would hold it."""

    HELD = "held"
    OTHER_EDITION = "other_edition"
    EXPECTED = "expected"
    NONE = "none"


@dataclass(frozen=True, slots=True)
class Wanted:
    """A row of a must-know list."""

    number: str
    title: str
    market: str
    kind: str
    basis: str

    @property
    def is_verified(self) -> bool:
        """Whether somebody has seen the number where it was published."""
        return self.basis != UNVERIFIED


@dataclass(frozen=True, slots=True)
class Bearer:
    """What a notice is known by."""

    source: str
    external_id: str
    title: str
    identifiers: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Hit:
    """A notice in which a number stands; ``is_own`` when the number is the notice's, not one that it only names."""

    notice: Bearer
    is_own: bool


@dataclass(slots=True)
class Hits:
    """The notices in which a number stands: how many, and the first of them, those of their own number before others."""

    count: int = 0
    own: list[Hit] = field(default_factory=list)
    named: list[Hit] = field(default_factory=list)

    def add(self, hit: Hit) -> None:
        """One more."""
        self.count += 1
        kept = self.own if hit.is_own else self.named
        if len(kept) < SHOWN:
            kept.append(hit)

    def shown(self) -> list[Hit]:
        """The first of them."""
        return [*self.own, *self.named][:SHOWN]


@dataclass(frozen=True, slots=True)
class Covered:
    """A row with what is known of it; ``sources`` are the slugs of those whose cards say that they hold such numbers."""

    wanted: Wanted
    held: Hits
    other_editions: Hits
    sources: tuple[str, ...]

    @property
    def found(self) -> Found:
        """The best that is known of the number."""
        if self.held.count:
            return Found.HELD
        if self.other_editions.count:
            return Found.OTHER_EDITION
        return Found.EXPECTED if self.sources else Found.NONE


def cover(wanted: Sequence[Wanted], notices: Iterable[Bearer], forms: Mapping[str, Sequence[str]]) -> list[Covered]:
    """All rows, in their order. ``forms`` are the regular expressions of each source's numbers. The notices are walked
    through once."""
    index = _Index(wanted)
    for notice in notices:
        index.look(notice)
    compiled = {slug: [re.compile(form) for form in each] for slug, each in forms.items()}
    return [Covered(row, index.held[row.number], index.editions[row.number], tuple(_holders(row.number, compiled)))
            for row in wanted]


def _holders(number: str, forms: Mapping[str, Sequence[re.Pattern[str]]]) -> Iterator[str]:
    written = clean(number)
    return (slug for slug, each in sorted(forms.items()) if any(form.fullmatch(written) for form in each))


# -- reading a list -------------------------------------------------------------------------------------------------------
def read(lines: Iterable[str], name: str) -> list[Wanted]:
    """The rows of a CSV file. Raises InvalidValue for one that is empty, lacks a column, or has a row that is no row; the
    message names the file by ``name``."""
    reader = csv.DictReader(lines, strict=True)
    try:
        missing = [column for column in COLUMNS if column not in (reader.fieldnames or ())]
        if not reader.fieldnames:
            raise InvalidValue(f"{name} is empty")
        if missing:
            raise InvalidValue(f"{name} has no column {', '.join(missing)}; wanted: {', '.join(COLUMNS)}")
        rows = [_row(row, f"{name} line {reader.line_num}") for row in reader]
    except csv.Error as error:
        raise InvalidValue(f"{name} line {reader.reader.line_num} is not CSV: {error}") from None
    if not rows:
        raise InvalidValue(f"{name} has a head and no rows")
    return rows


def _row(row: Mapping[str | None, str | None], where: str) -> Wanted:
    if None in row or None in row.values():
        raise InvalidValue(f"{where} has {'more' if None in row else 'fewer'} cells than the head")
    values = {column: " ".join((row[column] or "").split()) for column in COLUMNS}
    if not tokens(values["number"]):
        raise InvalidValue(f"{where} has no number")
    return Wanted(**values)


# -- finding many numbers at once -----------------------------------------------------------------------------------------
def spellings(number: str) -> tuple[str, ...]:
    """The ways in which a number is written: acts of the EU with and without "No"."""
    found = _UNION_ACT.fullmatch(clean(number))
    return (f"({found['body']}) {found['number']}", f"({found['body']}) No {found['number']}") if found else (number,)


def undated(number: str) -> str:
    """The number of a standard without the year of its edition."""
    found = _EDITION.fullmatch(clean(number))
    return found["number"] if found else number


@dataclass(frozen=True, slots=True)
class _Phrase:
    """A number as tokens, with the place of the one by which it is looked up. An ``is_open`` phrase is a standard's number
    without its year: what follows may be a year or a word, but not the number of a part."""

    number: str
    words: tuple[str, ...]
    anchor: int
    is_open: bool
    is_other_edition: bool

    def stands_in(self, text: Sequence[str], at: int) -> bool:
        """Whether the phrase stands where its anchor is at a place of a text."""
        start = at - self.anchor
        end = start + len(self.words)
        if start < 0 or tuple(text[start:end]) != self.words:
            return False
        following = next(islice(text, end, None), "")
        return not self.is_open or not following.isdigit() or _YEAR.fullmatch(following) is not None


class _Index:
    """The wanted numbers by one token of each, and what was found of them."""

    def __init__(self, wanted: Iterable[Wanted]) -> None:
        self.held: dict[str, Hits] = defaultdict(Hits)
        self.editions: dict[str, Hits] = defaultdict(Hits)
        self._phrases: dict[str, list[_Phrase]] = defaultdict(list)
        for phrase in {each: None for row in wanted for each in _phrases(row)}:
            self._phrases[phrase.words[phrase.anchor]].append(phrase)

    def look(self, notice: Bearer) -> None:
        """Take a notice: held where the number itself stands in it, else maybe in another edition."""
        ids = [tokens(text) for text in (notice.external_id, *notice.identifiers)]
        found = {phrase: None for text in (*ids, tokens(notice.title)) for phrase in self._in(text)}
        held = {phrase.number for phrase in found if not phrase.is_other_edition}
        seen: set[tuple[str, bool]] = set()
        for phrase in sorted(found, key=lambda each: not _is_own(each, ids)):
            key = phrase.number, phrase.is_other_edition
            if key in seen or (phrase.is_other_edition and phrase.number in held):
                continue
            seen.add(key)
            hits = self.editions if phrase.is_other_edition else self.held
            hits[phrase.number].add(Hit(notice, _is_own(phrase, ids)))

    def _in(self, text: Sequence[str]) -> Iterator[_Phrase]:
        for at, token in enumerate(text):
            for phrase in self._phrases.get(token, ()):
                if phrase.stands_in(text, at):
                    yield phrase


def _phrases(row: Wanted) -> Iterator[_Phrase]:
    is_standard = row.kind == NoticeKind.STANDARD
    base = undated(row.number) if is_standard else row.number
    for spelling in spellings(row.number):
        yield _phrase(row.number, spelling, is_open=is_standard and base == row.number, is_other_edition=False)
    if base != row.number:
        yield _phrase(row.number, base, is_open=True, is_other_edition=True)


def _phrase(number: str, spelling: str, *, is_open: bool, is_other_edition: bool) -> _Phrase:
    words = tuple(tokens(spelling))
    anchor = max(range(len(words)), key=lambda at: (_tells(words[at]), len(words[at])))
    return _Phrase(number, words, anchor, is_open, is_other_edition)


def _tells(token: str) -> int:
    """How well a token tells a number from other text: digits do, years less, letters least."""
    return 0 if not any(map(str.isdigit, token)) else 1 if _YEAR.fullmatch(token) else 2


def _is_own(phrase: _Phrase, ids: Iterable[Sequence[str]]) -> bool:
    """Whether a notice bears the number, or a part of it that is a number too ("1907/2006" of "(EC) No 1907/2006")."""
    return any(_is_part(tuple(each), phrase) for each in ids)


def _is_part(own: tuple[str, ...], phrase: _Phrase) -> bool:
    words = phrase.words
    if phrase.is_open and own[:len(words)] == words:
        own = own[:len(words)] if len(own) == len(words) + 1 and _YEAR.fullmatch(own[-1]) else own
    return own == words or (len(own) > 1 and all(map(str.isdigit, own)) and any(
        words[at:at + len(own)] == own for at in range(len(words) - len(own) + 1)))
