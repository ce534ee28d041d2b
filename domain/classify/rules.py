"""Which horizontal regulations a notice is about.

A notice about rules is about a regulation when it cites it; a notice about a single product only when a product type of
ours stands and the regulation reaches it: a USB charger recalled under RoHS is not our business. An official number
speaks for itself, a name or acronym only where the market of the notice, or one named in it, has that rule.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from functools import cache

from domain.classification import Confidence, Evidence
from domain.classify.phrases import Role
from domain.classify.reading import RULE_LIKE, Found, Reading
from domain.market import INTERNATIONAL, MARKETS, holds_in
from domain.notice import Notice, NoticeKind
from domain.regulation import REGULATIONS, Regulation
from domain.text import clean, fold

HIGH, MEDIUM, LOW = Confidence.HIGH, Confidence.MEDIUM, Confidence.LOW
_UNSAID = frozenset(("", INTERNATIONAL))
_NEUTRAL = _UNSAID | {"CN"}
_DRAFTS = frozenset((NoticeKind.TBT_NOTIFICATION, NoticeKind.TECHNICAL_REGULATION))
_ACTS = re.compile(r"\bamend|\bexempt|\brepeal|\bannex\b|\bimplement|\bsupplement|修订|修正|修改|豁免|附件|废止")

Finding = tuple[Confidence, tuple[Evidence, ...]]


def cited(reading: Reading, product_types: Collection[str]) -> dict[str, Finding]:
    """Regulations with confidence and evidence; ``product_types`` are those that stand at medium or above."""
    named = reading.head.subjects(Role.NUMBER, Role.NAME) | reading.body.subjects(Role.NUMBER, Role.NAME)
    findings = ((name, _judge(REGULATIONS[name], reading, product_types)) for name in REGULATIONS if name in named)
    found = {name: finding for name, finding in findings if finding is not None}
    return _implied(reading.notice, product_types) | found


def _implied(notice: Notice, product_types: Collection[str]) -> dict[str, Finding]:
    """Regulations that notices of this kind are about by nature, where they reach a standing product type."""
    kind = str(notice.kind)
    return {each.id: (MEDIUM, (Evidence(each.id, "kind_with_product", "kind", kind),)) for each in REGULATIONS.values()
            if kind in each.kinds and holds_in(each.market, notice.market) and any(map(each.binds, product_types))}


def _judge(regulation: Regulation, reading: Reading, product_types: Collection[str]) -> Finding | None:
    finds = [found for found in _citations(regulation, reading) if _counts(regulation, reading, found)]
    if not finds:
        return None
    bound = any(regulation.binds(each) for each in product_types)
    best = finds[0]
    if bound:
        level = HIGH if best.mark.role is Role.NUMBER and best.where != "body" else MEDIUM
        return _finding(regulation, level, "cited_with_product", best)
    if regulation.needs_product or reading.notice.kind not in RULE_LIKE:
        return None
    level, rule = _level(reading, best)
    if regulation.needs_words and not _has_word(regulation, reading):
        level, rule = LOW, f"{rule};no_word_of_ours"
    if level.at_least(MEDIUM) and reading.head.all(Role.TRAP):
        trap = reading.head.all(Role.TRAP)[0]
        return _finding(regulation, LOW, f"{rule};doubt:{trap.mark.subject}", best, trap)
    return _finding(regulation, level, rule, best)


def _citations(regulation: Regulation, reading: Reading) -> list[Found]:
    """Citations, the best first: numbers before names, the head before the body."""
    parts = (reading.head, reading.body)
    return [found for role in (Role.NUMBER, Role.NAME) for part in parts for found in part.get(role, regulation.id)]


def _counts(regulation: Regulation, reading: Reading, found: Found) -> bool:
    """Whether a citation can mean this market's rule."""
    market = reading.notice.market
    if holds_in(regulation.market, market):
        return True
    if found.mark.role is Role.NUMBER:
        return market in _NEUTRAL or found.where != "body"
    return market in _UNSAID and _names_market(regulation.market, reading)


def _level(reading: Reading, found: Found) -> tuple[Confidence, str]:
    notice, rule_market = reading.notice, REGULATIONS[found.mark.subject].market
    in_head = found.where != "body"
    if found.mark.role is Role.NAME:
        return (MEDIUM, "name_in_title") if in_head else (LOW, "name_in_body")
    if not holds_in(rule_market, notice.market) and notice.market not in _NEUTRAL:
        return LOW, "number_in_title;other_market"
    if in_head:
        return HIGH, "number_in_title"
    if notice.kind in _DRAFTS and _ACTS.search(fold(clean(notice.summary))):
        return MEDIUM, "number_in_body;acts_on_it"
    return LOW, "number_in_body"


def _has_word(regulation: Regulation, reading: Reading) -> bool:
    return bool(reading.head.get(Role.WORD, regulation.id) or reading.body.get(Role.WORD, regulation.id))


def _names_market(market: str, reading: Reading) -> bool:
    text = fold(clean(f"{reading.notice.title} {reading.notice.product} {reading.notice.summary}"))
    return _market_words(market).search(text) is not None


_MORE_NAMES = {"EU": ("eu", "europe", "european", "ce marking"), "US": ("us", "usa", "u.s."), "GB": ("uk",), "AE": ("uae",),
               "SA": ("saudi", "saso"), "EAEU": ("eaeu", "eurasian", "еаэс", "тр тс")}


@cache
def _market_words(market: str) -> re.Pattern[str]:
    names = [re.escape(fold(MARKETS[market].zh)), *(
        rf"\b{re.escape(word)}\b" for word in (fold(MARKETS[market].en), *_MORE_NAMES.get(market, ())))]
    return re.compile("|".join(names))


def _finding(regulation: Regulation, level: Confidence, rule: str, *finds: Found) -> Finding:
    lines = (Evidence(regulation.id, rule, found.where, found.mark.term) for found in finds)
    return level, tuple(dict.fromkeys(lines))
