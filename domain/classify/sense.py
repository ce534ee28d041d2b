"""What gives a weak term, a word of several meanings, its sense: words of its industry, context, codes, company."""

from __future__ import annotations

from functools import cache

from domain.classification import Confidence
from domain.classify.phrases import Role
from domain.classify.reading import RULE_LIKE, Found, Part, Reading
from domain.classify.sources import including_category
from domain.product_type import ADJACENT_TYPES, PRODUCT_TYPES, ProductType
from domain.regulation import REGULATIONS
from domain.text import normalise

HIGH, MEDIUM, LOW, REVIEW = Confidence.HIGH, Confidence.MEDIUM, Confidence.LOW, Confidence.REVIEW
LISTED = "weak_term+listed_with"
"""The rule of a term that is a product of its own although weak: no other type takes it."""


def sense(product_type: ProductType, reading: Reading,
          terms: list[Found]) -> tuple[Confidence | None, str, list[Found], str]:
    """How far a weak term is explained: level, rule, the finds and the code that explain it."""
    head, body, codes, name = reading.head, reading.body, reading.codes, product_type.id
    if member := _listed_with(product_type, reading, terms):
        return MEDIUM, LISTED, [member], ""
    contexts = distinct(_outside(head.get(Role.CONTEXT, name), terms))
    shared = codes.shared(product_type)
    category = including_category(reading.notice, product_type)
    if contexts:
        modifiers = _placing(product_type, reading, terms)
        decisive = _outside(head.get(Role.DECISIVE, name), terms)
        if code := shared or codes.wider(product_type):
            return HIGH, "shared_code+weak_term+context", contexts, code
        if category:
            return MEDIUM, "category+weak_term+context", contexts, category
        if modifiers:
            return MEDIUM, "weak_term+modifier", modifiers, ""
        if decisive or len(contexts) > 1 or codes.of_industry(product_type.industry):
            return MEDIUM, "weak_term+contexts", decisive or contexts, ""
        if strong := body.get(Role.STRONG, name):
            return MEDIUM, "weak_term+context+body_term", contexts + strong[:1], ""
        if rules := _rules_for(product_type, reading):
            return MEDIUM, "weak_term+context+rule_for_type", contexts + rules[:1], ""
        if siblings := _siblings(product_type, head):
            return MEDIUM, "weak_term+context+sibling", contexts + siblings[:1], ""
        return LOW, "weak_term+context", contexts, ""
    return _sense_from_body(product_type, reading, shared, category)


def _placing(product_type: ProductType, reading: Reading, terms: list[Found]) -> list[Found]:
    """Words of the industry that place a weak term: those beside it, or anywhere in the head where no near neighbour
    stands that they may belong to (pneumatic nailers with a valve) or that they are (printers with ink)."""
    modifiers = _outside(reading.head.get(Role.MODIFIER, product_type.industry), terms)
    neighbours = _neighbours(product_type.industry)
    apart = not reading.head.subjects(Role.ADJACENT) & neighbours.keys()
    names = frozenset().union(*neighbours.values())
    return [found for found in modifiers if any(found.beside(term) for term in terms)
            or (apart and normalise(found.mark.term) not in names)]


@cache
def _neighbours(industry: str) -> dict[str, frozenset[str]]:
    """The near neighbours of an industry with their names."""
    return {each.id: frozenset(normalise(term) for terms in each.terms.values() for term in terms)
            for each in ADJACENT_TYPES.values() if each.industry == industry}


def _listed_with(product_type: ProductType, reading: Reading, terms: list[Found]) -> Found | None:
    """A strong term of another type of the industry that a weak one is enumerated with: toner in "ink cartridges and
    toner". Such a term is a product of its own, not a word about the other."""
    return next((strong for strong in _siblings(product_type, reading.head)
                 if any(reading.joined(term, strong) for term in terms)), None)


def _siblings(product_type: ProductType, part: Part) -> list[Found]:
    """Strong terms of the other types of the industry, the general one apart."""
    return [found for each in PRODUCT_TYPES.values()
            if each.industry == product_type.industry and each != product_type and not each.general
            for found in part.get(Role.STRONG, each.id)]


def _sense_from_body(product_type: ProductType, reading: Reading, shared: str,
                     category: str) -> tuple[Confidence | None, str, list[Found], str]:
    body, name = reading.body, product_type.id
    if strong := body.get(Role.STRONG, name):
        return MEDIUM, "weak_term+body_term", strong[:1], ""
    if rules := _rules_for(product_type, reading):
        return MEDIUM, "weak_term+rule_for_type", rules[:1], ""
    if decisive := body.get(Role.DECISIVE, name):
        return MEDIUM, "weak_term+body_context", decisive[:1], ""
    contexts = body.get(Role.CONTEXT, name)
    if category and contexts:
        return MEDIUM, "category+weak_term+body_context", contexts[:1], category
    if contexts and reading.notice.kind not in RULE_LIKE and (described := _siblings(product_type, body)):
        return MEDIUM, "weak_term+body_context+body_sibling", contexts[:1] + described[:1], ""
    if telling := reading.codes.telling(product_type):
        return MEDIUM, "telling_code+weak_term", [], telling
    if shared:
        return LOW, "shared_code+weak_term", [], shared
    return (REVIEW, "weak_term+body_context", contexts[:1], "") if contexts else (None, "", [], "")


def _rules_for(product_type: ProductType, reading: Reading) -> list[Found]:
    """Citations, in the head of a notice about rules, of a regulation that names this very type."""
    if reading.notice.kind not in RULE_LIKE:
        return []
    return [found for role in (Role.NUMBER, Role.NAME) for found in reading.head.all(role)
            if product_type.id in REGULATIONS[found.mark.subject].applies_to]


def _outside(finds: list[Found], terms: list[Found]) -> list[Found]:
    """Finds that are not part of the terms themselves: "air" in "air pump" explains nothing."""
    return [found for found in finds if not any(
        (found.where, found.item, found.hit.cjk) == (term.where, term.item, term.hit.cjk)
        and term.hit.start <= found.hit.start and found.hit.end <= term.hit.end for term in terms)]


def distinct(finds: list[Found]) -> list[Found]:
    """One find for each different place and term, without those inside a longer one."""
    longest = [found for found in finds if not any(
        found.where == other.where and found.item == other.item and found.hit.inside(other.hit) for other in finds)]
    places = {(found.where, found.item, found.hit.cjk, found.hit.start): found for found in longest}
    return list({found.mark.term.casefold(): found for found in places.values()}.values())
