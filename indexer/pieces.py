"""A typed text in pieces: what is literal, what has a meaning, what remains as words."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from itertools import groupby

from domain.criteria import Scope
from domain.product_type import PRODUCT_TYPES
from domain.text import has_cjk
from indexer.lexicon import Meaning, Sense
from indexer.reading import Change, Reading, read
from indexer.spelling import Vocabulary
from indexer.terms import Found, longest


@dataclass(frozen=True, slots=True)
class Piece:
    """A piece of text: a product_type, regulation, market, kind, hazard, year, rating, word, excluded, or an offer, which
    a word beside it may mean. ``word`` is what to look for, ``stated`` if that is not what was typed. ``changes`` say what
    was read otherwise, with places in the whole text; ``offered`` what kind of thing an offer is. One is ``glued`` where no
    blank parts it from the Chinese beside it."""

    kind: str
    typed: str
    values: tuple[str, ...] = ()
    stated: str | None = None
    changes: tuple[Change, ...] = ()
    glued: bool = False
    offered: str = "product_type"

    @property
    def word(self) -> str:
        """What to look for."""
        return self.typed if self.stated is None else self.stated

    @property
    def is_open(self) -> bool:
        """Whether it is a word as it was typed."""
        return self.kind == "word" and self.stated is None


_QUOTED = "|".join(f"{first}[^{last}]*{last}" for first, last in ('""', "“”", "„“", "«»", "「」", "『』", "＂＂"))
_MINUS = r"(?<!\S)[-－−]"
_LITERAL = re.compile(rf"(?P<minus>{_MINUS})?(?P<quoted>{_QUOTED})|{_MINUS}(?P<bare>[^\s\-－−]\S*)")


@dataclass(frozen=True, slots=True)
class _Reader:
    """What a text is read with: the words of the notices, and the scope that is searched."""

    known: Vocabulary
    scope: Scope


def cut(text: str, known: Vocabulary, scope: Scope) -> Iterator[Piece]:
    """The pieces of a text in order, an offer before the words that it explains. ``known`` are the words of the notices; in
    the scope of our industries weak terms of several words or letters mean their product types."""
    reader = _Reader(known, scope)
    alone = len(re.findall(r"\w+", text)) == 1
    at = 0
    for literal in _LITERAL.finditer(text):
        yield from _interpreted(text, at, literal.start(), reader, alone)
        at = literal.end()
        quoted, bare = literal["quoted"], literal["bare"]
        excluded = bool(bare or literal["minus"])
        yield Piece("excluded" if excluded else "word", literal.group(), stated=bare or quoted[1:-1])
    yield from _interpreted(text, at, len(text), reader, alone)


def _interpreted(whole: str, begin: int, end: int, reader: _Reader, alone: bool) -> Iterator[Piece]:
    """The pieces of a stretch of the text; ``alone`` as in ``read``."""
    text = whole[begin:end]
    reading = read(text, reader.known, alone)
    at = 0
    for place in _places([*reading.hits, *reading.offers]):
        first, last = reading.found[place.first].start, reading.found[place.end - 1].end
        piece = _meant(text[first:last], place.meanings)
        if piece and piece.kind == "offer" and reader.scope is Scope.RELEVANT and _tells(piece.typed, place):
            piece = replace(piece, kind=piece.offered)
        if piece and piece.kind == "offer":
            yield piece
        elif piece:
            yield from _remaining(text, at, first, reading.changes, begin)
            piece = replace(piece, glued=_is_glued(text, first, last))
            piece = _changed(piece, text, first, last, begin, reading, place)
            yield piece
            yield from _alternatives(piece, place.meanings)
            at = last
    yield from _remaining(text, at, len(text), reading.changes, begin)


def _tells(typed: str, place: _Place) -> bool:
    """Whether a weak term is long enough to mean a product where only notices of our industries are searched."""
    return place.end - place.first > 1 or len(typed) >= _LONG_TERM


_LONG_TERM = 10


@dataclass(slots=True)
class _Place:
    """All meanings of one place in the text, as units from ``first`` to ``end``."""

    first: int
    end: int
    meanings: list[Meaning]

    def modifies(self, other: _Place) -> bool:
        """Whether it says nothing beside a product that follows at once: the printer of a printer cartridge."""
        industries = {value for each in self.meanings if each.sense is Sense.MODIFIER for value in each.values}
        return self.end == other.first and any(
            each.sense in (Sense.PRODUCT_TYPE, Sense.WEAK) and PRODUCT_TYPES[each.values[0]].industry in industries
            for each in other.meanings)


def _places(hits: list[Found[Meaning]]) -> list[_Place]:
    places: list[_Place] = []
    for (first, end), group in groupby(longest(hits), key=lambda hit: (hit.first, hit.end)):
        place = _Place(first, end, [hit.meaning for hit in group])
        while places and places[-1].modifies(place):
            place.first = places.pop().first
        places.append(place)
    return places


_ORDER = (Sense.PRODUCT_TYPE, Sense.REGULATION, Sense.MARKET, Sense.KIND, Sense.HAZARD, Sense.YEAR, Sense.RATING,
          Sense.IDENTIFIER, Sense.WEAK)


def _meant(typed: str, meanings: list[Meaning]) -> Piece | None:
    """The piece for a place of the text: its strongest sense with all the values that have it; None for false friends."""
    for sense in _ORDER:
        values = tuple(dict.fromkeys(value for each in meanings if each.sense is sense for value in each.values))
        if values and sense is Sense.WEAK:
            return Piece("offer", typed, values)
        if values and sense is Sense.IDENTIFIER:
            return Piece("word", typed, stated=values[-1])
        if values:
            return Piece(sense.value, typed, values)
    return None


def _changed(piece: Piece, text: str, first: int, last: int, offset: int, reading: Reading, place: _Place) -> Piece:
    """The piece with what was read otherwise in it; pinyin with a slip is pinyin."""
    if any(place.first <= hit.first and hit.end <= place.end for hit in reading.pinyin):
        return replace(piece, changes=(Change(offset + first, offset + last, "", pinyin=True),))
    return _respelled(piece, text, first, last, reading.changes, offset)


def _alternatives(piece: Piece, meanings: list[Meaning]) -> Iterator[Piece]:
    """What pinyin says besides: xg is 硒鼓 and 香港."""
    for sense in (Sense.REGULATION, Sense.MARKET, Sense.KIND) if any(each.pinyin for each in piece.changes) else ():
        values = tuple(dict.fromkeys(value for each in meanings if each.sense is sense for value in each.values))
        if values and sense.value != piece.kind:
            yield Piece("offer", piece.typed, values, offered=sense.value)


def _respelled(piece: Piece, text: str, first: int, last: int, changes: Iterable[Change], offset: int) -> Piece:
    inside = [each for each in changes if first <= each.start and each.end <= last]
    if not inside:
        return piece
    stated, at = "", first
    for each in inside:
        stated, at = stated + text[at:each.start] + each.taken, each.end
    moved = (replace(each, start=each.start + offset, end=each.end + offset) for each in inside)
    return replace(piece, stated=stated + text[at:last], changes=tuple(moved))


_BETWEEN = re.compile(r"[\s，。；、！？]+|[,;!?](?!\d)|(?<!\d)[,;!?]")
_WORD = re.compile(rf"(?:(?!{_BETWEEN.pattern}).)+", re.DOTALL)


def _remaining(text: str, begin: int, end: int, changes: Iterable[Change], offset: int) -> Iterator[Piece]:
    for found in _WORD.finditer(text, begin, end):
        is_glued = (begin and found.start() == begin) or (end < len(text) and found.end() == end)
        piece = Piece("word", found.group(), glued=bool(is_glued) and has_cjk(found.group()))
        yield _respelled(piece, text, found.start(), found.end(), changes, offset)


def _is_glued(text: str, first: int, last: int) -> bool:
    """Whether a letter of Chinese stands beside a stretch of text."""
    return has_cjk(text[max(first - 1, 0):first]) or has_cjk(text[last:last + 1])
