"""Typed text → criteria that a person can see and correct.

A term of the vocabularies, in any of their languages, typed with a slip or in pinyin too, becomes what it means; the longest
term at a place wins, and a false friend (气缸盖, tattoo ink) keeps its words as words. What remains is words, all of which
must occur. Quoted text and identifiers (G/TBT/N/EU/9101, 2011/65/EU, ISO 15552) are never interpreted, and -word excludes a
word. Weak words (ink) stay words; what they may mean is offered. In the scope of our industries weak terms of several words
or letters (pressure regulator, 单向阀) are taken at their meaning, which there they have, and so is one Chinese letter (阀),
short for the product types that it names. A rating beside a product (12V电磁阀) is left out:
notices seldom state it.

Several product types are alternatives, and so are product types and regulations: they are one field of Criteria.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from itertools import groupby
from typing import Literal

from domain.criteria import Criteria, Scope
from domain.notice import NoticeKind
from domain.product_type import PRODUCT_TYPES
from domain.text import has_cjk, lone_letter, tokens
from indexer.chips import Chip, chip
from indexer.identifiers import is_cartridge_code
from indexer.lexicon import Meaning, Sense
from indexer.reading import Change, Reading, read
from indexer.spelling import Vocabulary
from indexer.terms import Found, longest

LONGEST_TEXT = 1_000
"""Letters of typed text that are read; what comes after is shown as ignored."""


@dataclass(frozen=True, slots=True)
class Correction:
    """What was typed and what it was taken for, in Chinese and English: another word, or what it says in pinyin.
    ``quoted`` is the whole text with it in quotation marks, which takes it as it stands."""

    kind: Literal["spelling", "pinyin"]
    typed: str
    zh: str
    en: str
    quoted: str


@dataclass(frozen=True, slots=True)
class Understood:
    """The criteria to search with; a chip for everything typed, in the order of the text; chips for what weak words
    in it might have meant but were not taken to; what was not taken as it was typed; and those of ``chips`` that a Chinese
    sentence has around what it names, see ``held``."""

    criteria: Criteria
    chips: tuple[Chip, ...]
    offers: tuple[Chip, ...] = ()
    corrections: tuple[Correction, ...] = ()
    glued: tuple[Chip, ...] = ()


def understand(text: str, base: Criteria = Criteria(), known: Vocabulary = Vocabulary()) -> Understood:  # noqa: B008  # frozen
    """What a person typed, added to ``base``. Everything typed is in a chip, what is left out too. ``known`` are the words
    of the notices; without them nothing is corrected.

    In the scope of all sources a rule's name as publishers write it (RoHS) stays a word: there one looks for whatever
    mentions it, not only for what binds our products."""
    pieces = _settled(list(_pieces(text[:LONGEST_TEXT], _Reader(known, base.scope))), base.scope)
    if text[LONGEST_TEXT:]:
        pieces.append(_Piece("ignored", text[LONGEST_TEXT:]))
    taken = [(piece, _chip(piece)) for piece in pieces if piece.kind != "offer"]
    chips = [each for _, each in taken]
    offers = [chip(piece.offered, piece.values, piece.typed) for piece in pieces if piece.kind == "offer"]
    glued = (each for piece, each in taken if piece.glued and (piece.kind == "word" or set(piece.values) <= _RULES))
    return Understood(_criteria(base, chips), tuple(chips), tuple(offers), tuple(_corrections(text, pieces)), tuple(glued))


def _chip(piece: _Piece) -> Chip:
    return chip(piece.kind, piece.values or (piece.word or piece.typed,), piece.typed)


_RULES = {NoticeKind.STANDARD.value, NoticeKind.TECHNICAL_REGULATION.value}
"""Kinds that a sentence names without meaning them: which standards must it meet?"""


def held(found: Understood, finds: Callable[[Criteria], bool]) -> Understood:
    """What was understood, less what a Chinese sentence says around it where nothing meets all of it: who asks
    空气压缩机出口韩国要做安全认证吗 has named his product and his market, and foreign texts hold no 安全认证. That is
    ignored, visibly. Words between blanks, in quotation marks or beside a product alone (纹身墨水) stay."""
    named = {each.kind for each in found.chips if each.kind in _FIELDS}
    if len(named) < 2 or not found.glued or finds(found.criteria):
        return found
    criteria, gone = found.criteria, set[Chip]()
    for each in sorted(found.glued, key=lambda chip: chip.kind == "kind"):
        less = _without(criteria, each)
        if not finds(criteria) and less != criteria:
            criteria = less
            gone.add(each)
    chips = tuple(chip("ignored", (each.typed,), each.typed) if each in gone else each for each in found.chips)
    return replace(found, criteria=criteria, chips=chips)


def _without(criteria: Criteria, left_out: Chip) -> Criteria:
    if left_out.kind == "kind":
        return replace(criteria, kinds=criteria.kinds - set(left_out.values))
    return replace(criteria, words=tuple(word for word in criteria.words if word != left_out.value))


@dataclass(frozen=True, slots=True)
class _Piece:
    """A piece of the text; ``word`` is what to look for where it is a word, ``stated`` if that is not what was typed.
    ``changes`` say what was read otherwise, with places in the whole text; ``offered`` what kind of thing an offer is. One
    is ``glued`` where no blank parts it from the Chinese beside it."""

    kind: str
    typed: str
    values: tuple[str, ...] = ()
    stated: str | None = None
    changes: tuple[Change, ...] = ()
    glued: bool = False
    offered: str = "product_type"

    @property
    def word(self) -> str:
        return self.typed if self.stated is None else self.stated

    @property
    def is_open(self) -> bool:
        """Whether it is a word as it was typed."""
        return self.kind == "word" and self.stated is None


_FIELDS = {"product_type": "product_types", "regulation": "regulations", "market": "markets", "kind": "kinds",
           "hazard": "hazards", "year": "years"}


def _settled(pieces: list[_Piece], scope: Scope) -> list[_Piece]:
    """The pieces seen together: what says nothing beside the others is ignored."""
    if scope is Scope.ALL:
        pieces = [replace(piece, kind="word", values=()) if _is_written_name(piece) else piece for piece in pieces]
    products = {value for piece in pieces if piece.kind == "product_type" for value in piece.values}
    pieces = [_rated(piece, products) if piece.kind == "rating" else piece for piece in pieces]
    if any(piece.kind in _FIELDS for piece in pieces):
        pieces = [part for piece in pieces for part in (_without_connectors(piece) if piece.is_open else [piece])]
    pieces = [piece if tokens(piece.word) or piece.kind == "offer" else replace(piece, kind="ignored") for piece in pieces]
    if scope is Scope.RELEVANT:
        return [_named_by_letter(piece) if piece.kind == "word" else piece for piece in pieces]
    return pieces + [named for piece in pieces if (named := _named_by_letter(piece, "offer")) is not piece]


def _is_written_name(piece: _Piece) -> bool:
    return piece.kind == "regulation" and piece.typed.isascii() and not any(each.pinyin for each in piece.changes)


def _rated(piece: _Piece, products: set[str]) -> _Piece:
    """A rating says nothing beside a product, unless it may name a cartridge (285A)."""
    prints = any(PRODUCT_TYPES[each].industry == "printer_consumables" for each in products)
    left_out = products and not (prints and is_cartridge_code(piece.typed))
    return replace(piece, kind="ignored" if left_out else "word", values=(), stated=piece.typed)


def _named_by_letter(piece: _Piece, kind: str = "product_type") -> _Piece:
    """What one letter is short for: the product types whose names hold it. Quoted it is a letter."""
    if piece.kind != "word" or piece.word != piece.typed or not lone_letter(letter := tokens(piece.word)):
        return piece
    values = tuple(each.id for each in PRODUCT_TYPES.values() if letter[0] in each.name("zh"))
    return _Piece(kind, piece.typed, values) if values else piece


def _corrections(text: str, pieces: Iterable[_Piece]) -> Iterator[Correction]:
    for piece in pieces:
        for change in piece.changes:
            typed = text[change.start:change.end]
            meant = chip(piece.kind, piece.values, typed) if change.pinyin else chip("word", (change.taken,), typed)
            first, last = "「」" if '"' in text else '""'
            yield Correction("pinyin" if change.pinyin else "spelling", typed, meant.zh, meant.en,
                             f"{text[:change.start]}{first}{typed}{last}{text[change.end:]}")


def _criteria(base: Criteria, chips: Iterable[Chip]) -> Criteria:
    found = {name: set(getattr(base, name)) for name in _FIELDS.values()}
    lists = {"word": list(base.words), "excluded": list(base.excluded)}
    for each in chips:
        if each.kind in _FIELDS:
            found[_FIELDS[each.kind]].update(each.values)
        elif each.kind in lists and each.value not in lists[each.kind]:
            lists[each.kind].append(each.value)
    return replace(
        base, product_types=frozenset(found["product_types"]), regulations=frozenset(found["regulations"]),
        markets=frozenset(found["markets"]), kinds=frozenset(found["kinds"]), hazards=frozenset(found["hazards"]),
        years=frozenset(found["years"]), words=tuple(lists["word"]), excluded=tuple(lists["excluded"]))


# Reading: what is literal, what has a meaning, what remains

_QUOTED = "|".join(f"{first}[^{last}]*{last}" for first, last in ('""', "“”", "„“", "«»", "「」", "『』", "＂＂"))
_MINUS = r"(?<!\S)[-－−]"
_LITERAL = re.compile(rf"(?P<minus>{_MINUS})?(?P<quoted>{_QUOTED})|{_MINUS}(?P<bare>[^\s\-－−]\S*)")


@dataclass(frozen=True, slots=True)
class _Reader:
    """What a text is read with: the words of the notices, and the scope that is searched."""

    known: Vocabulary
    scope: Scope


def _pieces(text: str, reader: _Reader) -> Iterator[_Piece]:
    alone = len(re.findall(r"\w+", text)) == 1
    at = 0
    for literal in _LITERAL.finditer(text):
        yield from _interpreted(text, at, literal.start(), reader, alone)
        at = literal.end()
        quoted, bare = literal["quoted"], literal["bare"]
        excluded = bool(bare or literal["minus"])
        yield _Piece("excluded" if excluded else "word", literal.group(), stated=bare or quoted[1:-1])
    yield from _interpreted(text, at, len(text), reader, alone)


def _interpreted(whole: str, begin: int, end: int, reader: _Reader, alone: bool) -> Iterator[_Piece]:
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


def _meant(typed: str, meanings: list[Meaning]) -> _Piece | None:
    """The piece for a place of the text: its strongest sense with all the values that have it; None for false friends."""
    for sense in _ORDER:
        values = tuple(dict.fromkeys(value for each in meanings if each.sense is sense for value in each.values))
        if values and sense is Sense.WEAK:
            return _Piece("offer", typed, values)
        if values and sense is Sense.IDENTIFIER:
            return _Piece("word", typed, stated=values[-1])
        if values:
            return _Piece(sense.value, typed, values)
    return None


def _changed(piece: _Piece, text: str, first: int, last: int, offset: int, reading: Reading, place: _Place) -> _Piece:
    """The piece with what was read otherwise in it; pinyin with a slip is pinyin."""
    if any(place.first <= hit.first and hit.end <= place.end for hit in reading.pinyin):
        return replace(piece, changes=(Change(offset + first, offset + last, "", pinyin=True),))
    return _respelled(piece, text, first, last, reading.changes, offset)


def _alternatives(piece: _Piece, meanings: list[Meaning]) -> Iterator[_Piece]:
    """What pinyin says besides: xg is 硒鼓 and 香港."""
    for sense in (Sense.REGULATION, Sense.MARKET, Sense.KIND) if any(each.pinyin for each in piece.changes) else ():
        values = tuple(dict.fromkeys(value for each in meanings if each.sense is sense for value in each.values))
        if values and sense.value != piece.kind:
            yield _Piece("offer", piece.typed, values, offered=sense.value)


def _respelled(piece: _Piece, text: str, first: int, last: int, changes: Iterable[Change], offset: int) -> _Piece:
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


def _remaining(text: str, begin: int, end: int, changes: Iterable[Change], offset: int) -> Iterator[_Piece]:
    for found in _WORD.finditer(text, begin, end):
        is_glued = (begin and found.start() == begin) or (end < len(text) and found.end() == end)
        piece = _Piece("word", found.group(), glued=bool(is_glued) and has_cjk(found.group()))
        yield _respelled(piece, text, found.start(), found.end(), changes, offset)


def _is_glued(text: str, first: int, last: int) -> bool:
    """Whether a letter of Chinese stands beside a stretch of text."""
    return has_cjk(text[max(first - 1, 0):first]) or has_cjk(text[last:last + 1])


_CONNECTORS = re.compile(
    "(?:a|an|the|of|for|and|or|in|on|to|by|from|with|about|is|are|what|which|how|de|du|des|del|la|le|les|el|los|für|mit|von|der|"
    "das|und|pour|et|per|con|di)(?![a-z])|(?:的|和|与|及|之|或|在|对|于|等|有关|"
    "关于|相关|方面|最新|新|规定|要求|政策|信息|消息|动态|情况|实施|出口|进口|产品|有哪些|哪些|什么|如何|怎么|怎样|有没有|是否|需要|应该|"
    "必须|符合|满足|办理|环保要求|环保规定|认证要求|什么认证|哪些认证|哪些标准|有|要|到|在|做|被|了|过|是|吗|呢|请问|我们|公司|厂家|企业|销往|卖到)+",
    re.IGNORECASE)
_CJK_CONNECTORS = "的和与及之"
_EDGES = re.compile(
    "^(?:有哪些|有没有|有什么|有关|关于|相关|最新|什么|哪些|如何|怎么|怎样|需要|是否|出口|进口|请问|对|的|和|与|及|之)+|"
    "(?:有哪些|有什么|相关|方面|规定|要求|政策|信息|消息|动态|情况|什么|哪些|的|和|与|及|之|吗|呢)+$")


_CLAUSES = re.compile("(?<=[^的]的)")
_PHRASE = 4
"""Letters of a Chinese phrase that texts may well hold as it was typed."""


def _without_connectors(piece: _Piece) -> Iterator[_Piece]:
    """Beside something understood, words that only join or say nothing are left out: 电磁阀的最新召回, recall of toner. A
    longer Chinese phrase is taken apart at each 的."""
    if _CONNECTORS.fullmatch(piece.typed):
        yield replace(piece, stated="")
    elif not has_cjk(piece.typed):
        yield piece
    else:
        for part in _CLAUSES.split(piece.typed) if len(piece.typed) > _PHRASE else [piece.typed]:
            is_empty = _CONNECTORS.fullmatch(part)
            yield replace(piece, typed=part, stated="" if is_empty else _EDGES.sub("", part) or part.strip(_CJK_CONNECTORS))
