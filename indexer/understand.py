"""Typed text → criteria that a person can see and correct.

A term of the vocabularies, in any of their languages, becomes what it means; the longest term at a place wins, and a
false friend (气缸盖, tattoo ink) keeps its words as words. What remains is words, all of which must occur. Quoted text and
identifiers (G/TBT/N/EU/9101, 2011/65/EU, ISO 15552) are never interpreted, and -word excludes a word. Weak words (ink,
阀) stay words; what they may mean is offered.

Several product types are alternatives, and so are product types and regulations: they are one field of Criteria.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import groupby
from typing import Protocol

from domain.criteria import Criteria, Scope
from domain.kinds import NOTICE_KINDS
from domain.market import MARKETS
from domain.product_type import INDUSTRIES, PRODUCT_TYPES, types_of_industry
from domain.regulation import REGULATIONS
from domain.text import tokens
from indexer.lexicon import Meaning, Sense, lexicon
from indexer.terms import Found, Units, longest, units

LONGEST_TEXT = 1_000
"""Letters of typed text that are read; what comes after is shown as ignored."""


@dataclass(frozen=True, slots=True)
class Chip:
    """One thing understood: its kind (product_type, regulation, market, kind, year, word, excluded or ignored), the ids
    or the word it stands for, its label in Chinese and English, and the text as typed. A term that names several things
    (RoHS) is one chip with several values."""

    kind: str
    values: tuple[str, ...]
    zh: str
    en: str
    typed: str

    @property
    def value(self) -> str:
        """The first value."""
        return self.values[0]


@dataclass(frozen=True, slots=True)
class Understood:
    """The criteria to search with; a chip for everything typed, in the order of the text; and chips for what weak words
    in it might have meant but were not taken to."""

    criteria: Criteria
    chips: tuple[Chip, ...]
    offers: tuple[Chip, ...] = ()


def understand(text: str, base: Criteria = Criteria()) -> Understood:  # noqa: B008  # frozen
    """What a person typed, added to ``base``. Everything typed is in a chip, what is left out too.

    In the scope of all sources a rule's name as publishers write it (RoHS) stays a word: there one looks for whatever
    mentions it, not only for what binds our products."""
    text, beyond = text[:LONGEST_TEXT], text[LONGEST_TEXT:]
    pieces = list(_pieces(text))
    if base.scope is Scope.ALL:
        pieces = [replace(piece, kind="word", values=()) if piece.kind == "regulation" and piece.typed.isascii() else piece
                  for piece in pieces]
    if any(piece.kind in _FIELDS for piece in pieces):
        pieces = [_without_connectors(piece) for piece in pieces]
    pieces = [piece if tokens(piece.word) else replace(piece, kind="ignored") for piece in pieces]
    if beyond:
        pieces.append(_Piece("ignored", beyond))
    chips = [_chip(piece.kind, piece.values or (piece.word or piece.typed,), piece.typed)
             for piece in pieces if piece.kind != "offer"]
    offers = [_chip("product_type", piece.values, piece.typed) for piece in pieces if piece.kind == "offer"]
    return Understood(_criteria(base, chips), tuple(chips), tuple(offers))


@dataclass(frozen=True, slots=True)
class _Piece:
    """A piece of the text; ``word`` is what to look for where it is a word."""

    kind: str
    typed: str
    values: tuple[str, ...] = ()
    stated: str | None = None

    @property
    def word(self) -> str:
        return self.typed if self.stated is None else self.stated


_FIELDS = {"product_type": "product_types", "regulation": "regulations", "market": "markets", "kind": "kinds",
           "year": "years"}


def _criteria(base: Criteria, chips: Iterable[Chip]) -> Criteria:
    found = {name: set(getattr(base, name)) for name in _FIELDS.values()}
    lists = {"word": list(base.words), "excluded": list(base.excluded)}
    for chip in chips:
        if chip.kind in _FIELDS:
            found[_FIELDS[chip.kind]].update(chip.values)
        elif chip.kind in lists and chip.value not in lists[chip.kind]:
            lists[chip.kind].append(chip.value)
    return replace(
        base, product_types=frozenset(found["product_types"]), regulations=frozenset(found["regulations"]),
        markets=frozenset(found["markets"]), kinds=frozenset(found["kinds"]), years=frozenset(found["years"]),
        words=tuple(lists["word"]), excluded=tuple(lists["excluded"]))


# Reading: what is literal, what has a meaning, what remains

_QUOTED = "|".join(f"{first}[^{last}]*{last}" for first, last in ('""', "“”", "„“", "«»", "「」", "『』", "＂＂"))
_MINUS = r"(?<!\S)[-－−]"
_LITERAL = re.compile(rf"(?P<minus>{_MINUS})?(?P<quoted>{_QUOTED})|{_MINUS}(?P<bare>[^\s\-－−]\S*)")


def _pieces(text: str) -> Iterator[_Piece]:
    alone = len(_words(text)) == 1
    at = 0
    for literal in _LITERAL.finditer(text):
        yield from _interpreted(text[at:literal.start()], alone)
        at = literal.end()
        quoted, bare = literal["quoted"], literal["bare"]
        excluded = bool(bare or literal["minus"])
        yield _Piece("excluded" if excluded else "word", literal.group(), stated=bare or quoted[1:-1])
    yield from _interpreted(text[at:], alone)


def _words(text: str) -> list[str]:
    return re.findall(r"\w+", text)


def _interpreted(text: str, alone: bool) -> Iterator[_Piece]:
    """``alone`` says that the whole query is one word, which then may be an acronym in small letters."""
    found = units(text)
    hits = [hit for hit in lexicon().find(found) if _is_meant(hit.meaning, _typed(text, found, hit), alone)]
    at = 0
    for place in _places([*hits, *_identifiers(text, found)]):
        begin, end = found[place.first].start, found[place.end - 1].end
        piece = _meant(text[begin:end], place.meanings)
        if piece and piece.kind == "offer":
            yield piece
        elif piece:
            yield from _remaining(text[at:begin])
            yield piece
            at = end
    yield from _remaining(text[at:])


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
            each.sense is Sense.PRODUCT_TYPE and PRODUCT_TYPES[each.values[0]].industry in industries
            for each in other.meanings)


def _places(hits: list[Found[Meaning]]) -> list[_Place]:
    places: list[_Place] = []
    for (first, end), group in groupby(longest(hits), key=lambda hit: (hit.first, hit.end)):
        place = _Place(first, end, [hit.meaning for hit in group])
        while places and places[-1].modifies(place):
            place.first = places.pop().first
        places.append(place)
    return places


def _typed(text: str, found: Units, hit: Found[Meaning]) -> str:
    return text[found[hit.first].start:found[hit.end - 1].end]


_PLAIN_WORDS = frozenset(("reach", "saber", "pops"))


def _is_meant(meaning: Meaning, typed: str, alone: bool) -> bool:
    """Whether capitals are as they must be: REACH is a law, reach is a word; US is a market, us is not. A bare number
    names a rule (337) only if nothing else was typed."""
    written = meaning.written
    if written.isdigit():
        return alone
    if not written or typed == written or typed.isupper():
        return True
    if meaning.sense is Sense.MARKET:
        return len(written) > 2
    return alone or (len(written) > 3 and written.lower() not in _PLAIN_WORDS)


_ORDER = (Sense.PRODUCT_TYPE, Sense.REGULATION, Sense.MARKET, Sense.KIND, Sense.YEAR, Sense.IDENTIFIER, Sense.WEAK)


def _meant(typed: str, meanings: list[Meaning]) -> _Piece | None:
    """The piece for a place of the text: its strongest sense with all the values that have it; None for false friends."""
    for sense in _ORDER:
        values = dict.fromkeys(value for each in meanings if each.sense is sense for value in each.values)
        if values and sense is Sense.WEAK:
            return _Piece("offer", typed, tuple(values))
        if values:
            return _Piece("word", typed) if sense is Sense.IDENTIFIER else _Piece(sense.value, typed, tuple(values))
    return None


_BODIES = (r"(?:ISO|IEC|CISPR|DIN|EN|BS|GB|JB|QB|HG|SN|JIS|ANSI|ASTM|NFPA|SAE|UL|CSA|NF|UNE|UNI|KS|NBR|GOST|ГОСТ|VDMA|"
           r"(?-i:IS|AS))(?:/[A-Z]{1,5})?")
_IDENTIFIER = re.compile(
    rf"(?<![^\W_])(?:(?:{_BODIES}[ -])*{_BODIES}[ -]?(?:[A-Z] ?)?\d[\d.]*\d(?:[:/–-]\w+)*"
    r"|(?=[\w/.:-]*\d)[A-Z0-9]+(?:[/.:-][A-Z0-9]+)+)", re.IGNORECASE | re.ASCII)
_YEAR = re.compile(r"(?<!\d)((?:19|20)\d\d)\s?年(?:度)?")


def _identifiers(text: str, found: Units) -> Iterator[Found[Meaning]]:
    for pattern, sense in ((_IDENTIFIER, Sense.IDENTIFIER), (_YEAR, Sense.YEAR)):
        for match in pattern.finditer(text):
            inside = [number for number, unit in enumerate(found) if match.start() <= unit.start < match.end()]
            if inside and found[inside[0]].start == match.start() and found[inside[-1]].end == match.end():
                value = match[1] if sense is Sense.YEAR else match.group()
                yield Found(inside[0], inside[-1] + 1, Meaning(sense, (value,)))


_BETWEEN = re.compile(r"[\s，。；、！？]+|[,;!?](?!\d)|(?<!\d)[,;!?]")
_CONNECTORS = re.compile(
    "a|an|the|of|for|and|or|in|on|to|by|from|with|about|(?:的|和|与|及|之|或|在|对|于|等|有关|关于|相关|方面|最新|新|规定|要求|政策|"
    "信息|消息|动态|情况|实施|出口|进口|产品|有哪些|哪些|什么|如何|怎么)+", re.IGNORECASE)
_CJK_CONNECTORS = "的和与及之"


def _remaining(text: str) -> Iterator[_Piece]:
    yield from (_Piece("word", word) for word in _BETWEEN.split(text) if word)


def _without_connectors(piece: _Piece) -> _Piece:
    """Beside something understood, words that only join or say nothing are left out: 电磁阀的最新召回, recall of toner."""
    if piece.kind != "word" or piece.stated is not None:
        return piece
    is_empty = _CONNECTORS.fullmatch(piece.typed)
    return replace(piece, stated="" if is_empty else piece.typed.strip(_CJK_CONNECTORS))


# Labels


def _chip(kind: str, values: tuple[str, ...], typed: str) -> Chip:
    return Chip(kind, values, _label(kind, values, "zh"), _label(kind, values, "en"), typed)


def _label(kind: str, values: tuple[str, ...], lang: str) -> str:
    for industry in INDUSTRIES.values():
        if kind == "product_type" and set(values) == {each.id for each in types_of_industry(industry.id)}:
            return industry.name(lang)
    names = [_name(kind, value, lang) for value in values]
    more = f" 等 {len(names)} 项" if lang == "zh" else f" and {len(names) - 3} more"
    return ("、" if lang == "zh" else ", ").join(names[:3]) + (more if len(names) > 3 else "")


def _name(kind: str, value: str, lang: str) -> str:
    tables: Mapping[str, Mapping[str, _Named]] = {
        "product_type": PRODUCT_TYPES, "regulation": REGULATIONS, "market": MARKETS, "kind": NOTICE_KINDS}
    return tables[kind][value].name(lang) if kind in tables else value


class _Named(Protocol):
    def name(self, lang: str = "zh") -> str: ...
