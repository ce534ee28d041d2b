"""What editors decide notices to be about. A decision stands over what the classifier finds, until it is undone."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum

from domain.classification import Classification, Confidence, Evidence

DECIDED = "decided"
"""The rule of the evidence that a decision leaves; its ``what`` is the reason."""
EDITOR = "editor"
"""Where such evidence comes from."""
REASONS = {
    "names_it": ("the text names this product", "原文写明此类产品"),
    "rule_binds": ("the rule binds our products", "该法规约束本行业产品"),
    "other_sense": ("the word means another product here", "词义不同，指的是其他产品"),
    "machine_only": ("about machines or devices, not about our products", "只涉及整机或设备，不涉及本行业产品"),
    "in_passing": ("our product is mentioned in passing only", "只是顺带提到，不是主题"),
    "other_field": ("from another field altogether", "属于其他行业"),
}
"""Reasons that are ready to choose; a reason is one of them, words of the editor, or both (see ``reason``)."""
UNDOING = {
    "mistaken": ("the decision was a mistake", "判定有误"),
    "text_changed": ("the text has changed since", "原文之后有变化"),
    "classifier_right": ("the classifier finds the right thing by now", "系统判定已正确"),
}
"""The same for undoing a decision."""
RATING = {
    "our_firms": ("firms of our zone make or export this", "本园区企业生产或出口此类产品"),
    "not_made_here": ("our zone does not make this", "本园区不生产此类产品"),
    "little_effect": ("little effect on our firms", "对本园区企业影响不大"),
    "confirmed": ("confirmed with the authority", "已向主管机构核实"),
}
"""The same for the grade that a zone gives a notice (storage.grade_overrides)."""
ENDING = {
    "settled": ("the matter is settled", "事情已处理完毕"),
    "system_right": ("the system's grade is right by now", "系统的级别已恰当"),
    "mistaken_grade": ("the rating was a mistake", "定级有误"),
}
"""The same for giving that up."""
_READY = {**REASONS, **UNDOING, **RATING, **ENDING}


class Review(StrEnum):
    """Why a notice waits for an editor: ``candidate``, something was found with low confidence or less; ``changed``, it was
    decided, but its text and what the classifier finds changed since; ``outdated``, it was decided to be about something
    that our vocabularies no longer know."""

    CANDIDATE = "candidate"
    CHANGED = "changed"
    OUTDATED = "outdated"


@dataclass(frozen=True, slots=True)
class Decision:
    """What a notice is about, nothing of ours when both sets are empty, and why. ``material_version`` of the notice and the
    classifier's ``levels`` are those that the editor had before them."""

    product_types: frozenset[str]
    regulations: frozenset[str]
    reason: str
    material_version: int
    levels: Mapping[str, str]


def reason(chosen: str, words: str) -> str:
    """A reason as it is kept: a key of one of the tables above, words of the editor, or both."""
    return ": ".join(filter(None, (chosen, words)))


def reason_parts(kept: str) -> tuple[str, str]:
    """The key and the words of a reason."""
    chosen, _, words = kept.partition(":")
    return (chosen, words.strip()) if chosen in _READY else ("", kept)


def reason_text(kept: str, lang: str) -> str:
    """A reason in ``zh`` or ``en``, with the editor's own words as they were written."""
    chosen, words = reason_parts(kept)
    ready, colon = (_READY[chosen][1] if chosen else "", "：") if lang.startswith("zh") else (
        _READY[chosen][0] if chosen else "", ": ")
    return colon.join(filter(None, (ready, words)))


def levels(found: Classification) -> dict[str, str]:
    """Every finding with its confidence, as a decision keeps them."""
    return {name: level.value for name, level in (*found.product_types.items(), *found.horizontal.items())}


def candidates(found: Classification) -> dict[str, Confidence]:
    """The findings that want an editor's eye: those of low confidence or less."""
    return {name: level for name, level in (*found.product_types.items(), *found.horizontal.items())
            if not level.at_least(Confidence.MEDIUM)}


def effective(found: Classification, decision: Decision | None) -> Classification:
    """What counts: the decision if there is one, else what the classifier found. Of the classifier's evidence only that for
    what was decided stays."""
    if decision is None:
        return found
    product_types, regulations = _known(decision)
    subjects = [*product_types, *regulations]
    evidence = [Evidence(each, DECIDED, EDITOR, decision.reason) for each in subjects or [""]]
    found_too = found.product_types.keys() | found.horizontal.keys()
    evidence += [each for each in found.evidence if each.subject in found_too and each.subject in subjects]
    return Classification(dict.fromkeys(product_types, Confidence.HIGH), dict.fromkeys(regulations, Confidence.HIGH),
                          found.adjacent, tuple(evidence))


def review(found: Classification, decision: Decision | None, material_version: int) -> Review | None:
    """Whether an editor should look at a notice, and why."""
    if decision is None:
        return Review.CANDIDATE if candidates(found) else None
    if sum(map(len, _known(decision))) < len(decision.product_types) + len(decision.regulations):
        return Review.OUTDATED
    if material_version > decision.material_version and levels(found) != decision.levels:
        return Review.CHANGED
    return None


def decided(found: Classification) -> Iterator[Evidence]:
    """What a decision left in a classification; a line without subject says that nothing of ours is meant."""
    return (each for each in found.evidence if each.rule == DECIDED)


def _known(decision: Decision) -> tuple[list[str], list[str]]:
    """What our vocabularies still know, in their order."""
    from domain.product_type import PRODUCT_TYPES  # most crawls meet no decision, and need no vocabulary
    from domain.regulation import REGULATIONS
    return ([each for each in PRODUCT_TYPES if each in decision.product_types],
            [each for each in REGULATIONS if each in decision.regulations])
