"""A notice as the classifier reads it: what was found in its head (title and product) and in its body."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache

from domain.classify.codes import NoticeCodes, codes_of
from domain.classify.lexicon import lexicon
from domain.classify.phrases import LONGEST, Hit, Mark, Role, without_gaps, words
from domain.notice import Notice, NoticeKind
from domain.product_type import PRODUCT_TYPES
from domain.text import clean, fold, has_cjk, normalise, tokens
from domain.vocabulary import load

_TERMS = frozenset((Role.STRONG, Role.WEAK, Role.QUALIFIED, Role.ADJACENT))
_VETOES = frozenset((Role.NEGATIVE, Role.TRAP))
_HIDABLE = _TERMS | _VETOES
_EXPLAINING = frozenset((Role.CONTEXT, Role.MODIFIER))
_CONSUMING = _TERMS - {Role.QUALIFIED} | _VETOES | _EXPLAINING
_COMMON_SCRIPTS = frozenset(("", "en", "zh-Hans", "zh-Hant", "ja", "ko", "ru"))
_UNKNOWN_LANGUAGES = frozenset(("", "und", "mul"))
_LONG_WORD = 10
_HEAD_LIMIT, _BODY_LIMIT = 5_000, 100_000

RULE_LIKE = frozenset((
    NoticeKind.TECHNICAL_REGULATION, NoticeKind.TBT_NOTIFICATION, NoticeKind.STANDARD, NoticeKind.GUIDANCE,
    NoticeKind.IP_EXCLUSION, NoticeKind.TRADE_REMEDY, NoticeKind.ENFORCEMENT_NEWS, NoticeKind.BULLETIN, NoticeKind.OTHER))
"""Kinds that speak of rules; the others are about single products."""


@dataclass(frozen=True, slots=True)
class Found:
    """A mark found in a part of a notice. ``item`` numbers the items of a product list."""

    mark: Mark
    hit: Hit
    where: str
    item: int = 0

    def beside(self, other: Found) -> bool:
        """Whether two finds stand next to each other, with at most one word or letter between."""
        if (self.where, self.item, self.hit.cjk) != (other.where, other.item, other.hit.cjk):
            return False
        first, second = sorted((self.hit, other.hit), key=lambda hit: hit.start)
        return 0 <= second.start - first.end <= 1


class Part:
    """Finds of one part of a notice, by role and subject."""

    def __init__(self, finds: Iterable[Found]) -> None:
        """One find a place is enough, though several terms (singular, plural) may meet there."""
        self._finds: dict[tuple[Role, str], list[Found]] = defaultdict(list)
        seen = set()
        for found in finds:
            place = (found.mark.role, found.mark.subject, found.mark.pair, found.where, found.item, found.hit.cjk,
                     found.hit.start, found.hit.end)
            if place not in seen:
                seen.add(place)
                self._finds[found.mark.role, found.mark.subject].append(found)

    def get(self, role: Role, subject: str) -> list[Found]:
        """Finds of one role for one subject."""
        return self._finds.get((role, subject), [])

    def finds(self) -> Iterator[Found]:
        """Every find."""
        for finds in self._finds.values():
            yield from finds

    def all(self, role: Role) -> list[Found]:
        """Finds of one role for any subject."""
        return [found for (each, _), finds in self._finds.items() if each is role for found in finds]

    def subjects(self, *roles: Role) -> set[str]:
        """Subjects for which something of these roles was found."""
        return {subject for role, subject in self._finds if role in roles}


@dataclass(frozen=True, slots=True)
class Reading:
    """All that was found in a notice."""

    notice: Notice
    head: Part
    body: Part
    codes: NoticeCodes
    head_texts: Mapping[tuple[str, int], str]
    """The texts of the head as they were read, by field and number of the item."""

    @property
    def is_list(self) -> bool:
        """Whether the product field names several products."""
        return ("product", 1) in self.head_texts

    def joined(self, one: Found, other: Found) -> bool:
        """Whether two finds of the head are members of one enumeration, with a word such as "and" between them."""
        if (one.where, one.item, one.hit.cjk) != (other.where, other.item, other.hit.cjk):
            return False
        first, second = sorted((one.hit, other.hit), key=lambda hit: hit.start)
        gap = second.start - first.end
        return 0 < gap <= _LONGEST_JOINER and _units(
            self.head_texts[one.where, one.item], one.hit.cjk)[first.end:second.start] in _joiners()


def read(notice: Notice, longest: bool = True) -> Reading:
    """Find everything the vocabularies know in a notice. The brand is no evidence: Chicago Pneumatic makes batteries.

    Of a monstrous text only the beginning is read (5,000 characters of title and product, 100,000 of the body). Not
    ``longest``: a phrase within a longer one counts too (to measure what that rule is worth).
    """
    texts = {(where, number): text for where, number, text in _head_texts(notice)}
    head = [found for (where, number), text in texts.items()
            for found in _finds(lexicon().find_in(text), notice.lang, where, number, longest)]
    body = _finds(lexicon().find(notice.summary[:_BODY_LIMIT]), notice.lang, "body", 0, longest)
    return Reading(notice, Part(head), Part(body), codes_of(notice), texts)


_LONGEST_JOINER = 2


@cache
def _joiners() -> frozenset[tuple[str, ...]]:
    """Words that join the members of an enumeration, as units of a text: words, or letters of CJK text."""
    found = map(normalise, load("words")["joiners"])
    return frozenset(tuple(word) if has_cjk(word) or not word.isalpha() else (word,) for word in found)


def _units(text: str, cjk: bool) -> tuple[str, ...]:
    folded = fold(text)
    return tuple(without_gaps(folded)) if cjk else tuple(words(folded))


def _head_texts(notice: Notice) -> Iterator[tuple[str, int, str]]:
    yield "title", 0, _without_brand(clean(notice.title[:_HEAD_LIMIT]), clean(notice.brand))
    for number, item in enumerate(_items(notice)):
        yield "product", number, item


_LIST_MARK = re.compile(r"[;,、]")


def _items(notice: Notice) -> list[str]:
    """The product field, cut into the items of a list where the notice is about rules."""
    product = clean(notice.product[:_HEAD_LIMIT])
    if notice.kind in RULE_LIKE:
        return [item for item in _LIST_MARK.split(product) if item.strip()]
    return [product] if product else []


def _without_brand(title: str, brand: str) -> str:
    """The title without a brand in brackets at its end or one of several words anywhere."""
    if not brand:
        return title
    bracketed = f"({brand})"
    if bracketed in title:
        return title.replace(bracketed, " | ")
    return title.replace(brand, " | ") if len(tokens(brand)) > 1 and not _names_product(brand) else title


def _names_product(brand: str) -> bool:
    """Whether a "brand" is really the name of a product of ours, as careless data has it."""
    return any(mark.role is Role.STRONG for hit in lexicon().find_in(brand) for mark in hit.marks)


def _finds(hits: list[Hit], lang: str, where: str, item: int, longest: bool) -> list[Found]:
    """The marks of hits that stand: readable in the notice's language and not part of a longer phrase."""
    readable = [(hit, [mark for mark in hit.marks if _is_readable(mark, hit, lang)]) for hit in hits]
    if not longest:
        return [Found(mark, hit, where, item) for hit, marks in readable for mark in marks]
    consuming: dict[tuple[bool, int], list[tuple[Hit, list[Mark]]]] = defaultdict(list)
    for hit, marks in readable:
        if any(mark.role in _CONSUMING for mark in marks):
            consuming[hit.cjk, hit.start].append((hit, marks))
    found = []
    for hit, marks in readable:
        if not any(mark.role in _HIDABLE for mark in marks):
            found += [Found(mark, hit, where, item) for mark in marks]
            continue
        near = [each for start in range(hit.start - LONGEST, hit.start + 1) if (hit.cjk, start) in consuming
                for each in consuming[hit.cjk, start] if each[0].end > hit.start]
        around = [others for other, others in near if hit.inside(other)]
        claimed = any(mark.role in _VETOES for mark in marks) and any(_claims(other, others, hit) for other, others in near)
        found += [Found(mark, hit, where, item) for mark in marks if not any(_hides(others, mark) for others in around)
                  and not (claimed and mark.role in _VETOES)]
    return found


def _is_readable(mark: Mark, hit: Hit, lang: str) -> bool:
    """Whether a term counts in a notice of this language: its own, English and other scripts always do; a foreign one
    only if it is long enough to mean nothing else (ribbon is Portuguese for a printer ribbon, and English)."""
    if mark.role not in _TERMS or mark.lang in _COMMON_SCRIPTS:
        return True
    base = lang.lower().partition("-")[0]
    if mark.lang == base or base in _UNKNOWN_LANGUAGES:
        return True
    return mark.role is not Role.WEAK and (hit.end - hit.start > 1 or len(mark.term) >= _LONG_WORD)


def _claims(other: Hit, marks: list[Mark], veto: Hit) -> bool:
    """Whether a product's name that begins before a veto ends within it, and so takes its first word: in "cilindros
    neumáticos de doble efecto" nobody speaks of tyres."""
    return other.start < veto.start and any(mark.role is Role.STRONG for mark in marks)


def _hides(longer: list[Mark], mark: Mark) -> bool:
    """Whether a longer phrase around a mark takes its meaning: toner in "facial toner", ink in ink-jet,
    气缸 in 气缸盖."""
    if mark.role in _VETOES:
        return any(other.role is Role.STRONG for other in longer)
    if mark.role not in _TERMS or any(
            other.role is Role.STRONG and PRODUCT_TYPES[other.subject].keeps_inner for other in longer):
        return False
    if mark.role is Role.ADJACENT:
        return any(other.role in _TERMS for other in longer)
    return mark.role is Role.WEAK or any(other.role not in _EXPLAINING for other in longer)
