"""All that the vocabularies want found in a text, compiled into one lexicon."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterable, Iterator
from functools import cache

from domain.classify.phrases import Lexicon, Mark, Role
from domain.product_type import ADJACENT_TYPES, INDUSTRIES, PRODUCT_TYPES, ProductType, Words
from domain.regulation import REGULATIONS
from domain.text import normalise
from domain.vocabulary import load


@cache
def lexicon() -> Lexicon:
    """The compiled lexicon, built at first use."""
    built = Lexicon()
    for mark in itertools.chain(_product_marks(), _trap_marks()):
        built.add(mark)
    for mark in _regulation_marks():
        built.add(mark, inflect=mark.role is Role.WORD)
    return built


def _product_marks() -> Iterator[Mark]:
    for each in PRODUCT_TYPES.values():
        yield from _term_marks(each)
        for role, terms in ((Role.CONTEXT, (*each.context, *each.decisive)), (Role.DECISIVE, each.decisive),
                            (Role.NEGATIVE, each.negative)):
            yield from _marks(role, each.id, terms)
        for number, (term, qualifier) in enumerate(each.qualified):
            yield Mark(Role.QUALIFIED, each.id, term, pair=number)
            yield Mark(Role.QUALIFIER, each.id, qualifier, pair=number)
    for industry in INDUSTRIES.values():
        yield from _marks(Role.MODIFIER, industry.id, industry.modifiers)
    for neighbour in ADJACENT_TYPES.values():
        yield from _by_language(Role.ADJACENT, neighbour.id, neighbour.terms)


def _term_marks(product_type: ProductType) -> Iterator[Mark]:
    """A term that stands in both lists, in any variant of Chinese or language, is a weak one."""
    weak = {normalise(term) for terms in product_type.weak.values() for term in terms}
    for mark in _by_language(Role.STRONG, product_type.id, product_type.terms):
        if normalise(mark.term) not in weak:
            yield mark
    yield from _by_language(Role.WEAK, product_type.id, product_type.weak)


def _by_language(role: Role, subject: str, table: Words) -> Iterator[Mark]:
    for lang, terms in table.items():
        for term in terms:
            yield Mark(role, subject, term, lang)


def _marks(role: Role, subject: str, terms: Iterable[str]) -> Iterator[Mark]:
    for term in terms:
        yield Mark(role, subject, term)


def _trap_marks() -> Iterator[Mark]:
    for trap in load("negatives")["traps"]:
        yield from _marks(Role.TRAP, trap["id"], trap["terms"])
    yield from _marks(Role.UNTELLING, "title", load("words")["untelling_titles"])


def _regulation_marks() -> Iterator[Mark]:
    for each in REGULATIONS.values():
        if each.applies_to:
            for number in each.numbers:
                yield from _marks(Role.NUMBER, each.id, _written_forms(number))
            yield from _marks(Role.NAME, each.id, each.names)
            yield from _marks(Role.WORD, each.id, each.needs_words)


_ACT_THEN_SUFFIX = re.compile(r"(\d+/\d+)/(?:EU|EC|EEC)")
_ACT_WITH_PREFIX = re.compile(r"\((?:EU|EC)\) (\d+/\d+)")
_TELLING_ACT = re.compile(r"\d{4}/\d{4}")
_UK_STATUTORY = re.compile(r"SI (\d{4})/(\d+)")
_BEFORE_ACT = ("no", "nr", "regulation", "verordnung", "règlement", "reglamento", "regolamento", "regulamento")


def _written_forms(number: str) -> Iterator[str]:
    """The ways in which languages write an official number: 2011/65/EU, 2011/65/UE; (EU) No 528/2012, (UE) n° 528/2012,
    第1907/2006号; S.I. 2012/3032, 2012 No. 3032."""
    yield number
    europe = load("words")["european"]
    if found := _ACT_THEN_SUFFIX.fullmatch(number):
        yield from (f"{found[1]}/{suffix}" for suffix in europe)
    elif found := _ACT_WITH_PREFIX.fullmatch(number):
        act = found[1]
        yield from (f"{prefix} {middle} {act}" for prefix in europe for middle in ("", "no", "nr", "n"))
        yield from (f"{act}/{suffix}" for suffix in europe)
        yield from (f"{word} {act}" for word in _BEFORE_ACT)
        if _TELLING_ACT.fullmatch(act):
            yield act
    elif found := _UK_STATUTORY.fullmatch(number):
        year, serial = found.groups()
        yield from (f"S.I. {year}/{serial}", f"{year} No. {serial}", f"{year}/{serial}")
