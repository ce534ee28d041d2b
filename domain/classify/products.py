"""Which product types a notice is about. The order of evidence is the law of the house: a lower line never overturns
a higher one.

1. a category or source that excludes · 2. exact codes · 3. shared codes with a term in the head · 4. a category that
includes, with a term · 5. a strong term in the head · 6. a weak term with its context · 7. the body alone: a candidate
for a person, unless the title is of those that never name the product. Traps and negative words in the head veto all
but exact codes; in the body they only lower what is weak. When codes and title disagree, the title is believed, less.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from domain.classification import Confidence, Evidence
from domain.classify.phrases import Role
from domain.classify.reading import RULE_LIKE, Found, Part, Reading
from domain.classify.sense import LISTED, distinct, sense
from domain.classify.sources import excluding_category, including_category
from domain.product_type import PRECEDENCE, PRODUCT_TYPES, ProductType

HIGH, MEDIUM, LOW, REVIEW = Confidence.HIGH, Confidence.MEDIUM, Confidence.LOW, Confidence.REVIEW
_LOWER = {HIGH: MEDIUM, MEDIUM: LOW, LOW: REVIEW}


@dataclass(frozen=True, slots=True)
class Verdict:
    """What was decided about one product type. No level: found, but vetoed (the evidence says by what)."""

    subject: str
    level: Confidence | None
    evidence: tuple[Evidence, ...]
    weak_only: bool = False


def judge(reading: Reading, ties: bool = True) -> list[Verdict]:
    """Verdicts on every product type that anything speaks for; without ``ties`` no type yields to another."""
    verdicts = [_judge_type(PRODUCT_TYPES[subject], reading) for subject in _candidates(reading)]
    found = {verdict.subject: verdict for verdict in verdicts if verdict is not None}
    _refine_general(found, reading)
    _add_code_candidates(found, reading)
    return list(_apply_precedence(found) if ties else found.values())


def _candidates(reading: Reading) -> list[str]:
    """Types with a term in the notice or an exact code, in the order of the vocabulary."""
    named = reading.head.subjects(Role.STRONG, Role.WEAK, Role.QUALIFIED) | reading.body.subjects(Role.STRONG)
    named |= {each.id for each in PRODUCT_TYPES.values() if reading.codes and reading.codes.exact(each)}
    return [name for name in PRODUCT_TYPES if name in named]


def _judge_type(product_type: ProductType, reading: Reading) -> Verdict | None:
    if code := reading.codes.exact(product_type):
        return _verdict(product_type, HIGH, "exact_code", code=code)
    strong, weak = _head_terms(product_type, reading)
    if (strong or weak) and (veto := _veto(product_type, reading, (strong or weak)[0])):
        return veto
    strong, weak = _unvetoed(product_type, reading, strong), _unvetoed(product_type, reading, weak)
    if strong:
        return _judge_strong(product_type, reading, strong)
    if weak and (verdict := _judge_weak(product_type, reading, weak)):
        return verdict
    return _judge_body(product_type, reading)


def _head_terms(product_type: ProductType, reading: Reading) -> tuple[list[Found], list[Found]]:
    """Strong and weak terms in title and product; a qualified term is strong when its qualifier stands there too."""
    head, name = reading.head, product_type.id
    qualifiers = {found.mark.pair for found in head.get(Role.QUALIFIER, name)}
    qualified = [found for found in head.get(Role.QUALIFIED, name) if found.mark.pair in qualifiers]
    return head.get(Role.STRONG, name) + qualified, head.get(Role.WEAK, name)


def _veto(product_type: ProductType, reading: Reading, term: Found) -> Verdict | None:
    """What rules the type out although its term stands in the head: category, codes, a trap, a negative word."""
    if category := excluding_category(reading.notice):
        return _verdict(product_type, None, "vetoed_by:category", [term], where="category", code=category)
    if reading.codes.only_foreign():
        return _verdict(product_type, None, "vetoed_by:codes", [term], code=" ".join(reading.codes.hs + reading.codes.ics))
    for found in _vetoing(product_type, reading):
        if found.where == "title" or not reading.is_list:
            rule = found.mark.subject if found.mark.role is Role.TRAP else "negative"
            return _verdict(product_type, None, f"vetoed_by:{rule}", [found, term])
    return None


def _unvetoed(product_type: ProductType, reading: Reading, terms: list[Found]) -> list[Found]:
    """Terms without those of a list item that a trap or negative word spoils: it is another product of the list."""
    spoilt = {found.item for found in _vetoing(product_type, reading) if found.where == "product"}
    return [term for term in terms if term.where == "title" or term.item not in spoilt]


def _foreign(product_type: ProductType, part: Part) -> list[Found]:
    """Traps and negative words of a part, without the traps that say nothing against this very type."""
    traps = [found for found in part.all(Role.TRAP) if found.mark.subject not in product_type.despite]
    return traps + part.get(Role.NEGATIVE, product_type.id)


def _vetoing(product_type: ProductType, reading: Reading) -> list[Found]:
    """What in the head speaks against a type. A negative word joined to one of the industry does not: "hydraulic and
    pneumatic" is about both."""
    modifiers = reading.head.get(Role.MODIFIER, product_type.industry)
    return [found for found in _foreign(product_type, reading.head) if found.mark.role is Role.TRAP
            or not any(reading.joined(found, modifier) for modifier in modifiers)]


def _judge_strong(product_type: ProductType, reading: Reading, terms: list[Found]) -> Verdict:
    codes = reading.codes
    if code := codes.shared(product_type) or codes.wider(product_type):
        return _verdict(product_type, HIGH, "shared_code+title_term", terms, code=code)
    if category := including_category(reading.notice, product_type):
        return _verdict(product_type, MEDIUM, "category+title_term", terms, where="category", code=category)
    if codes and not codes.of_industry(product_type.industry):
        return _verdict(product_type, MEDIUM, "title_term;codes_disagree", terms,
                        code=" ".join(codes.hs + codes.ics))
    doubts = _body_doubts(product_type, reading)
    if doubts and not _body_supports(product_type, reading):
        return _verdict(product_type, LOW, "title_term;doubt_in_body", terms + doubts)
    return _verdict(product_type, MEDIUM, "title_term", terms)


def _judge_weak(product_type: ProductType, reading: Reading, terms: list[Found]) -> Verdict | None:
    """Weak terms, by what gives them their sense. One notch less for each doubt: foreign codes, traps in the body."""
    level, rule, support, code = sense(product_type, reading, terms)
    if level is None:
        return None
    doubts = _foreign(product_type, reading.body)
    if reading.codes and not reading.codes.of_industry(product_type.industry):
        level, rule = _LOWER.get(level), f"{rule};codes_disagree"
    if doubts and level in _LOWER:
        level, rule = _LOWER[level], f"{rule};doubt_in_body"
    return _verdict(product_type, level, rule, terms + support + doubts[:1], code=code, weak_only=rule != LISTED,
                    where="category" if "category" in rule else "codes")


def _judge_body(product_type: ProductType, reading: Reading) -> Verdict | None:
    """Terms in the body alone."""
    terms = reading.body.get(Role.STRONG, product_type.id)
    if not terms or excluding_category(reading.notice) or reading.codes.only_foreign():
        return None
    if _vetoing(product_type, reading):
        return None
    if reading.head.all(Role.UNTELLING):
        return _verdict(product_type, MEDIUM, "body_term;title_names_no_product", terms[:3])
    return _verdict(product_type, REVIEW, "body_term", terms[:1])


def _refine_general(found: dict[str, Verdict], reading: Reading) -> None:
    """Where the head says no more than the industry (print cartridge), the body says which type: if a code allows it,
    or if the notice is about a single product, which its body describes."""
    standing = [PRODUCT_TYPES[name] for name, verdict in found.items() if _stands(verdict)]
    rolled_up = {each.industry for each in standing if each.general} - {
        each.industry for each in standing if not each.general}
    for verdict in list(found.values()):
        product_type = PRODUCT_TYPES[verdict.subject]
        terms = reading.body.get(Role.STRONG, product_type.id)
        code = reading.codes.shared(product_type)
        told = code or reading.notice.kind not in RULE_LIKE
        if verdict.level is REVIEW and product_type.industry in rolled_up and terms and told:
            rule = "general_title+shared_code+body_term" if code else "general_title+body_term"
            found[verdict.subject] = _verdict(product_type, MEDIUM, rule, terms[:1], code=code)


def _add_code_candidates(found: dict[str, Verdict], reading: Reading) -> None:
    """A shared code alone makes the notice a candidate for its industry, nothing more."""
    if not reading.codes or excluding_category(reading.notice) or reading.codes.only_foreign():
        return
    if reading.head.all(Role.TRAP) or reading.head.all(Role.ADJACENT):
        return
    for general in (each for each in PRODUCT_TYPES.values() if each.general):
        code = next(filter(None, (reading.codes.shared(each) for each in PRODUCT_TYPES.values()
                                  if each.industry == general.industry)), "")
        taken = any(PRODUCT_TYPES[name].industry == general.industry for name in found)
        if code and not taken and not reading.head.get(Role.NEGATIVE, general.id):
            found[general.id] = _verdict(general, REVIEW, "shared_code", code=code)


def _apply_precedence(found: dict[str, Verdict]) -> Iterator[Verdict]:
    """A general type goes when a specific one of its industry stands; then the tie-breaks between types."""
    standing = [name for name, verdict in found.items() if _stands(verdict)]
    dropped = {name: rule.first for rule in PRECEDENCE if rule.first in standing for name in rule.drop_weak
               if name in found and found[name].weak_only}
    for name in standing:
        if not PRODUCT_TYPES[name].general and name not in dropped:
            dropped |= {each: name for each in found
                        if PRODUCT_TYPES[each].general and PRODUCT_TYPES[each].industry == PRODUCT_TYPES[name].industry}
    for name, verdict in found.items():
        yield _drop(verdict, dropped[name]) if name in dropped and verdict.level is not None else verdict


def _drop(verdict: Verdict, winner: str) -> Verdict:
    reason = Evidence(verdict.subject, f"dropped_for:{winner}", "precedence", winner)
    return Verdict(verdict.subject, None, (*verdict.evidence, reason))


def _stands(verdict: Verdict | None) -> bool:
    return verdict is not None and verdict.level is not None and verdict.level.at_least(MEDIUM)


def _body_doubts(product_type: ProductType, reading: Reading) -> list[Found]:
    return reading.body.get(Role.NEGATIVE, product_type.id)


def _body_supports(product_type: ProductType, reading: Reading) -> bool:
    name = product_type.id
    return bool(reading.body.get(Role.STRONG, name) or reading.body.get(Role.CONTEXT, name)
                or distinct(reading.head.get(Role.CONTEXT, name)))


def _verdict(product_type: ProductType, level: Confidence | None, rule: str, finds: Iterable[Found] = (), *,
             code: str = "", where: str = "codes", weak_only: bool = False) -> Verdict:
    """A verdict with its evidence: one line for each different term, one for the code or category."""
    lines = [Evidence(product_type.id, rule, found.where, found.mark.term) for found in finds]
    if code:
        lines.append(Evidence(product_type.id, rule, where, code))
    return Verdict(product_type.id, level, tuple(dict.fromkeys(lines)), weak_only)
