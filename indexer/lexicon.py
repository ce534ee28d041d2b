"""What the words of a search may mean: product types, regulations, markets, kinds of notices, and false friends."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum
from functools import cache

from domain.market import INTERNATIONAL, MARKETS
from domain.notice import NoticeKind
from domain.product_type import ADJACENT_TYPES, INDUSTRIES, PRODUCT_TYPES, ProductType, types_of_industry
from domain.regulation import REGULATIONS, Regulation
from domain.text import normalise
from domain.vocabulary import load
from indexer.terms import Finder, units


class Sense(Enum):
    """What a piece of text stands for. A MODIFIER says nothing new beside a product of its industry (打印机墨盒); WEAK
    terms may mean a product type, FALSE_FRIENDs look like one and are none; a RATING (12V) seldom stands in a notice."""

    PRODUCT_TYPE = "product_type"
    REGULATION = "regulation"
    MARKET = "market"
    KIND = "kind"
    YEAR = "year"
    HAZARD = "hazard"
    RATING = "rating"
    IDENTIFIER = "identifier"
    MODIFIER = "modifier"
    WEAK = "weak"
    FALSE_FRIEND = "false_friend"


@dataclass(frozen=True, slots=True)
class Meaning:
    """One sense of a term with the ids it stands for. ``written`` is how it must be written when capitals matter."""

    sense: Sense
    values: tuple[str, ...] = ()
    written: str = ""


@cache
def lexicon() -> Finder[Meaning]:
    """The compiled terms, made at first use (a tenth of a second)."""
    finder = Finder[Meaning]()
    for term, lang, meaning in terms():
        finder.add(term, meaning, lang, inflect=meaning.sense not in (Sense.REGULATION, Sense.MARKET),
                   loose=_CLAUSES.search(term) is not None)
    return finder


def terms() -> Iterator[tuple[str, str, Meaning]]:
    """Every term with its language (empty where it does not matter) and what it means."""
    for each in PRODUCT_TYPES.values():
        yield from _of_product_type(each)
    for industry in INDUSTRIES.values():
        yield from ((term, "", Meaning(Sense.MODIFIER, (industry.id,))) for term in industry.modifiers)
    yield from ((term, "", Meaning(Sense.FALSE_FRIEND)) for term in _false_friends() if len(units(term)) > 1)
    for regulation in REGULATIONS.values():
        if regulation.applies_to:
            yield from ((term, "", Meaning(Sense.REGULATION, (regulation.id,), capitals(term)))
                        for term in _citations(regulation))
    yield from ((term, "", Meaning(Sense.MARKET, (market,), capitals(term))) for term, market in _market_names())
    for hazard, words in _HAZARD_WORDS.items():
        yield from ((term, "", Meaning(Sense.HAZARD, (hazard,))) for term in words)
    for kinds, words in _KIND_WORDS.items():
        yield from ((term, "", Meaning(Sense.KIND, tuple(kind.value for kind in kinds))) for term in words)


_CLAUSES = re.compile("[,，;；、]")
"""In the name of a type, which is typed as it stands on our pages: Air preparation (FRL, filter, lubricator)."""


def terms_of(product_type: ProductType) -> Iterator[tuple[str, str]]:
    """The terms that name a type by themselves, each with its language. One that is weak in any language is none, but the
    type's Chinese name, which readers see on every page."""
    weak = {normalise(term) for terms in product_type.weak.values() for term in terms}
    for lang, terms in product_type.terms.items():
        yield from ((term, lang) for term in terms if normalise(term) not in weak)
    for lang, name in product_type.names.items():
        short = re.sub("[（(].*", "", name)
        if "/" not in name and (lang.startswith("zh") or normalise(short) not in weak):
            yield short, lang


def weak_terms_of(product_type: ProductType) -> Iterator[tuple[str, str]]:
    """The terms that may name a type, each with its language."""
    return ((term, lang) for lang, terms in product_type.weak.items() for term in terms)


def _of_product_type(product_type: ProductType) -> Iterator[tuple[str, str, Meaning]]:
    """The general type of an industry stands for all types of it: to a classifier it is what is left over, to a searcher
    the whole."""
    ids = tuple(each.id for each in types_of_industry(product_type.industry)) if product_type.general else (product_type.id,)
    yield from ((term, lang, Meaning(Sense.PRODUCT_TYPE, ids)) for term, lang in terms_of(product_type))
    yield from ((term, "", Meaning(Sense.PRODUCT_TYPE, ids)) for term in _written_names(product_type))
    yield from ((term, lang, Meaning(Sense.WEAK, ids)) for term, lang in weak_terms_of(product_type))


def _written_names(product_type: ProductType) -> Iterator[str]:
    """The names of a type as our pages have them, and the names that a Chinese one joins: 减压阀/调压阀."""
    yield from product_type.names.values()
    for part in re.sub("[（(].*", "", product_type.name("zh")).split("/"):
        if len(part) > 1:
            yield part


def _false_friends() -> Iterator[str]:
    yield from _HOLDS_A_MARKET
    for trap in load("negatives")["traps"]:
        yield from trap["terms"]
    for each in PRODUCT_TYPES.values():
        yield from each.negative
    for neighbour in ADJACENT_TYPES.values():
        for terms in neighbour.terms.values():
            yield from terms


_NUMBER = re.compile(r"[\d/().:-]+(?:[A-Z]{2,3})?")
_ACRONYM = re.compile(r"[A-Za-z]*[A-Z][A-Za-z]*[A-Z][A-Za-z]*|(?:[A-Z]\.)+")


def _citations(regulation: Regulation) -> Iterator[str]:
    """What names a regulation. Mere numbers do not: 2011/65/EU is looked for as it is typed."""
    own = (*regulation.aliases, *regulation.names, regulation.zh)
    yield from (term for term in own if not _NUMBER.fullmatch(term) or term.isdigit())
    for acronym in _shared_acronyms():
        if any(_holds_word(term, acronym) for term in own):
            yield acronym


@cache
def _shared_acronyms() -> frozenset[str]:
    return frozenset(term for each in REGULATIONS.values() for term in each.aliases if _ACRONYM.fullmatch(term))


def _holds_word(term: str, acronym: str) -> bool:
    """Whether a longer name holds an acronym as a word of its own: 欧亚RoHS holds RoHS, K-REACH does not hold REACH."""
    return re.search(rf"(?<![A-Za-z-]){re.escape(acronym)}(?![A-Za-z-])", term) is not None


def capitals(term: str) -> str:
    """How a term must be written, for those that would mean something else in small letters, and for bare numbers."""
    return term if _ACRONYM.fullmatch(term) or term.isdigit() else ""


def _market_names() -> Iterator[tuple[str, str]]:
    names = [*_MARKET_WORDS, *((name, code) for name, code in load("countries")["aliases"].items())]
    for market in MARKETS.values():
        names += [(market.zh, market.id), (market.en, market.id)]
    return ((name, code) for name, code in names if code in MARKETS and code != INTERNATIONAL)


_MARKET_WORDS = (("US", "US"), ("EU", "EU"), ("欧洲", "EU"), ("沙特", "SA"), ("欧亚联盟", "EAEU"))
_HOLDS_A_MARKET = ("美国线规", "美国标准线规", "日本脑炎", "US Letter", "india rubber")
"""What is no market though its name holds one."""
_HAZARD_WORDS = {
    "fire": ("火灾", "起火", "着火", "自燃", "失火", "fire hazard", "risk of fire", "Brandgefahr"),
    "electric_shock": ("触电", "漏电", "电击", "electric shock", "shock hazard", "Stromschlag"),
    "explosion": ("爆炸", "爆裂", "炸裂", "explosion hazard", "Explosionsgefahr"),
    "burns": ("烧伤", "烫伤", "灼伤", "burn hazard"),
    "injuries": ("受伤", "人身伤害", "injury hazard", "Verletzungsgefahr"),
    "chemical": ("化学危害", "化学", "有害物质", "有毒", "chemical hazard"),
    "environment": ("环境危害",), "cuts": ("割伤", "laceration hazard"), "choking": ("哽塞", "choking hazard"),
    "hearing": ("听力损伤",), "emc": ("电磁干扰",),
}
_KIND_WORDS: dict[tuple[NoticeKind, ...], tuple[str, ...]] = {
    (NoticeKind.RECALL,): ("召回", "recall", "product recall", "Rückruf", "rappel", "リコール", "리콜"),
    (NoticeKind.FOREIGN_NOTIFICATION, NoticeKind.TBT_NOTIFICATION): ("通报", "国外通报"),
    (NoticeKind.TBT_NOTIFICATION,): ("TBT通报", "WTO通报", "技术性贸易措施通报", "TBT notification"),
    (NoticeKind.STANDARD,): ("标准", "standard"),
    (NoticeKind.TECHNICAL_REGULATION,): ("技术法规", "法规", "technical regulation"),
    (NoticeKind.BORDER_ACTION,): ("退货", "退运", "扣留", "拒绝入境", "入境拒绝"),
    (NoticeKind.TRADE_REMEDY,): ("贸易救济", "反倾销", "反补贴"),
    (NoticeKind.GUIDANCE,): ("应对指南",),
    (NoticeKind.BULLETIN,): ("简报",),
}
