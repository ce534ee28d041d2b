"""What a notice was found to be about, how sure we are, and the evidence that fired."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any


class Confidence(StrEnum):
    """How sure a finding is; ``review`` is a candidate for a person, never shown as a finding and never an alert."""

    HIGH = "high"
    MEDIUM = "medium"
    LOW = "low"
    REVIEW = "review"

    @property
    def rank(self) -> int:
        """3 for high down to 0 for review."""
        return _RANKS[self]

    def at_least(self, floor: Confidence) -> bool:
        """Whether this is as sure as ``floor``."""
        return self.rank >= floor.rank


_RANKS = {Confidence.HIGH: 3, Confidence.MEDIUM: 2, Confidence.LOW: 1, Confidence.REVIEW: 0}


@dataclass(frozen=True, slots=True)
class Evidence:
    """One reason: which rule fired for which product type or regulation, in which field, on which term or code."""

    subject: str
    rule: str
    where: str
    what: str


@dataclass(frozen=True, slots=True)
class Classification:
    """Product types (core ones only) and horizontal regulations of a notice, each with its confidence."""

    product_types: Mapping[str, Confidence] = field(default_factory=dict)
    horizontal: Mapping[str, Confidence] = field(default_factory=dict)
    adjacent: tuple[str, ...] = ()
    evidence: tuple[Evidence, ...] = ()

    def sure_product_types(self, floor: Confidence = Confidence.MEDIUM) -> frozenset[str]:
        """Product types with at least this confidence."""
        return frozenset(name for name, level in self.product_types.items() if level.at_least(floor))

    def sure_horizontal(self, floor: Confidence = Confidence.MEDIUM) -> frozenset[str]:
        """Horizontal regulations with at least this confidence."""
        return frozenset(name for name, level in self.horizontal.items() if level.at_least(floor))

    @property
    def is_relevant(self) -> bool:
        """与本行业相关: a core product type or a horizontal rule, confidence at least medium."""
        return bool(self.sure_product_types() or self.sure_horizontal())


def to_json(found: Classification) -> dict[str, Any]:
    """A classification as JSON-ready values; ``from_json`` reads it back."""
    return {
        "product_types": {name: level.value for name, level in found.product_types.items()},
        "horizontal": {name: level.value for name, level in found.horizontal.items()},
        "adjacent": list(found.adjacent),
        "evidence": [[each.subject, each.rule, each.where, each.what] for each in found.evidence],
    }


def from_json(values: Mapping[str, Any]) -> Classification:
    """The classification written by ``to_json``."""
    return Classification(
        {name: Confidence(level) for name, level in values["product_types"].items()},
        {name: Confidence(level) for name, level in values["horizontal"].items()},
        tuple(values["adjacent"]),
        tuple(Evidence(*each) for each in values["evidence"]),
    )
