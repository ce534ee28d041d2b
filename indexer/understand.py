"""Typed text → criteria that a person can see and correct.

A term of the vocabularies, in any of their languages, typed with a slip or in pinyin too, becomes what it means; the longest
term at a place wins, and a false friend (气缸盖, tattoo ink) keeps its words as words. What remains is words, all of which
must occur. Quoted text and identifiers (G/TBT/N/EU/9101, 2011/65/EU, ISO 15552) are never interpreted, and -word excludes a
word. Weak words (ink) stay words; what they may mean is offered. In the scope of our industries weak terms of several words
or letters (pressure regulator, 单向阀) are taken at their meaning, which there they have, and so is one Chinese letter (阀),
short for the product types that it names. A rating beside a product (12V电磁阀) is left out: notices seldom state it. Beside
something understood, words that only join (的最新, of) are left out too, and ``held`` lets go of what a sentence says around
what it names.

Several product types are alternatives, and so are product types and regulations: they are one field of Criteria.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Literal

from domain.criteria import Criteria, Scope
from domain.notice import NoticeKind
from domain.product_type import PRODUCT_TYPES
from domain.text import has_cjk, lone_letter, tokens
from indexer.chips import Chip, chip
from indexer.identifiers import is_cartridge_code
from indexer.pieces import Piece, cut
from indexer.spelling import Vocabulary

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
    pieces = _settled(list(cut(text[:LONGEST_TEXT], known, base.scope)), base.scope)
    if text[LONGEST_TEXT:]:
        pieces.append(Piece("ignored", text[LONGEST_TEXT:]))
    taken = [(piece, _chip(piece)) for piece in pieces if piece.kind != "offer"]
    chips = [each for _, each in taken]
    offers = [chip(piece.offered, piece.values, piece.typed) for piece in pieces if piece.kind == "offer"]
    glued = (each for piece, each in taken if piece.glued and _may_go(each, base))
    return Understood(_criteria(base, chips), tuple(chips), tuple(offers), tuple(_corrections(text, pieces)), tuple(glued))


def _chip(piece: Piece) -> Chip:
    return chip(piece.kind, piece.values or (piece.word or piece.typed,), piece.typed)


_FIELDS = {"product_type": "product_types", "regulation": "regulations", "market": "markets", "kind": "kinds",
           "hazard": "hazards", "year": "years"}
_RULES = {NoticeKind.STANDARD.value, NoticeKind.TECHNICAL_REGULATION.value}
"""Kinds that a sentence names without meaning them: which standards must it meet?"""


def _may_go(said: Chip, base: Criteria) -> bool:
    """Whether a sentence may say this without meaning it; what was chosen beside it is meant."""
    if said.kind == "word":
        return said.value not in base.words
    return set(said.values) <= _RULES and base.kinds.isdisjoint(said.values)


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
        if less != criteria:
            criteria = less
            gone.add(each)
            if finds(criteria):
                break
    chips = tuple(chip("ignored", (each.typed,), each.typed) if each in gone else each for each in found.chips)
    return replace(found, criteria=criteria, chips=chips)


def _without(criteria: Criteria, left_out: Chip) -> Criteria:
    if left_out.kind == "kind":
        return replace(criteria, kinds=criteria.kinds - set(left_out.values))
    return replace(criteria, words=tuple(word for word in criteria.words if word != left_out.value))


def _settled(pieces: list[Piece], scope: Scope) -> list[Piece]:
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


def _is_written_name(piece: Piece) -> bool:
    return piece.kind == "regulation" and piece.typed.isascii() and not any(each.pinyin for each in piece.changes)


def _rated(piece: Piece, products: set[str]) -> Piece:
    """A rating says nothing beside a product, unless it may name a cartridge (285A)."""
    prints = any(PRODUCT_TYPES[each].industry == "printer_consumables" for each in products)
    left_out = products and not (prints and is_cartridge_code(piece.typed))
    return replace(piece, kind="ignored" if left_out else "word", values=(), stated=piece.typed)


def _named_by_letter(piece: Piece, kind: str = "product_type") -> Piece:
    """What one letter is short for: the product types whose names hold it. Quoted it is a letter."""
    if piece.kind != "word" or piece.word != piece.typed or not lone_letter(letter := tokens(piece.word)):
        return piece
    values = tuple(each.id for each in PRODUCT_TYPES.values() if letter[0] in each.name("zh"))
    return Piece(kind, piece.typed, values) if values else piece


def _corrections(text: str, pieces: Iterable[Piece]) -> Iterator[Correction]:
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


def _without_connectors(piece: Piece) -> Iterator[Piece]:
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
