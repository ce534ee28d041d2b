"""How well a classifier does on labelled records. Counted here once, for the command, the tests and the proofs.

Relevance (any core type or none) is scored apart from the assignment of types; types that are acceptable cost nothing,
ambiguous records are left out, a finding counts from medium confidence on.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from domain.classification import Classification, Evidence
from domain.classify import classify
from domain.classify.phrases import Role
from domain.classify.reading import read
from domain.classify.record import notice_from
from domain.classify.sources import excluding_category
from domain.errors import InvalidValue
from domain.notice import Notice
from domain.product_type import PRODUCT_TYPES
from domain.source import SourceTier

Classifier = Callable[[Notice], Classification]
DO_NOT_PUBLISH = "do_not_publish"
"""What a record expects whose claim nobody should believe; it is never scored."""


@dataclass(frozen=True, slots=True)
class Record:
    """A labelled record: the notice it makes and what is expected of it."""

    id: str
    notice: Notice
    product_types: frozenset[str]
    acceptable: frozenset[str]
    regulations: frozenset[str]
    note: str = ""
    is_ambiguous: bool = False
    tier: SourceTier | None = None
    """How far its source may be believed, where the record says so; such records expect not to be published."""

    @property
    def is_negative(self) -> bool:
        """Whether it is none of our business: no product of ours, no rule that binds one."""
        return not self.product_types and not self.regulations and not self.acceptable

    @property
    def is_false_friend(self) -> bool:
        """Whether it is a negative that holds what the vocabulary calls a false friend: a trap, a category or source
        that excludes, codes of other goods."""
        reading = read(self.notice)
        return self.is_negative and bool(
            reading.head.all(Role.TRAP) or reading.body.all(Role.TRAP) or excluding_category(self.notice)
            or reading.codes.only_foreign())


@dataclass(frozen=True, slots=True)
class Fault:
    """One wrong or missing finding, with the reasons the classifier gave for or against it."""

    record: Record
    subject: str
    missing: bool
    evidence: tuple[Evidence, ...]


@dataclass(slots=True)
class Score:
    """Right findings and faults of one kind."""

    hits: int = 0
    false: int = 0
    missed: int = 0

    @property
    def precision(self) -> float:
        """Share of the findings that are right; 1 when there are none."""
        return self.hits / (self.hits + self.false) if self.hits + self.false else 1.0

    @property
    def recall(self) -> float:
        """Share of what is expected that was found; 1 when nothing is."""
        return self.hits / self.support if self.support else 1.0

    @property
    def support(self) -> int:
        """How often it was expected."""
        return self.hits + self.missed

    def add(self, found: Collection[str], expected: Collection[str], acceptable: Collection[str] = ()) -> None:
        """Count one record."""
        self.hits += len(set(found) & set(expected))
        self.false += len(set(found) - set(expected) - set(acceptable))
        self.missed += len(set(expected) - set(found))


@dataclass(slots=True)
class Report:
    """The scores of a set of records. ``accepted`` are negatives found relevant, ``false_friends_accepted`` those of them
    that are false friends; ``published`` are records that nobody should believe and that would be shown all the same."""

    records: int = 0
    ambiguous: int = 0
    relevance: Score = field(default_factory=Score)
    types: Score = field(default_factory=Score)
    regulations: Score = field(default_factory=Score)
    by_type: dict[str, Score] = field(default_factory=dict)
    faults: list[Fault] = field(default_factory=list)
    negatives: int = 0
    accepted: list[Record] = field(default_factory=list)
    false_friends: int = 0
    false_friends_accepted: list[Record] = field(default_factory=list)
    unbelieved: int = 0
    published: list[Record] = field(default_factory=list)

    def shortfalls(self, precision: float, recall: float) -> list[str]:
        """What does not hold: types under a floor, a false friend accepted, an unbelievable record published."""
        floors = (("precision", self.types.precision, precision), ("recall", self.types.recall, recall))
        found = [f"type {name} {value:.4f} is under {floor}" for name, value, floor in floors if value < floor]
        lists = (("accepted although a false friend", self.false_friends_accepted),
                 ("would be published although nobody should believe it", self.published))
        return found + [f"{record.id} {text}" for text, records in lists for record in records]


def record_of(values: Mapping[str, Any]) -> Record:
    """A record as written in a labelled file. Raises InvalidValue for one without text or expectation, of an unknown
    kind, or that expects a product type that does not exist."""
    identity = str(values.get("id") or "a record without an id")
    if not isinstance(values.get("text"), str) or not isinstance(values.get("product_types"), list):
        raise InvalidValue(f"{identity} has no text or no list of product_types")
    named = {key: frozenset(values.get(key) or ()) for key in ("product_types", "acceptable", "horizontal")}
    if unknown := sorted(named["product_types"] - PRODUCT_TYPES.keys()):
        raise InvalidValue(f"{identity} expects product types that do not exist: {', '.join(unknown)}")
    return Record(identity, notice_from(values), named["product_types"], named["acceptable"], named["horizontal"],
                  str(values.get("note") or ""), bool(values.get("ambiguous")), _tier(identity, values))


def _tier(identity: str, values: Mapping[str, Any]) -> SourceTier | None:
    if values.get("expected") != DO_NOT_PUBLISH:
        return None
    tier = values.get("source_tier") or SourceTier.UNVERIFIED
    if tier not in list(SourceTier):
        raise InvalidValue(f"{identity} has an unknown source_tier {tier!r}")
    return SourceTier(tier)


def evaluate(records: Iterable[Record], classifier: Classifier = classify) -> Report:
    """Classify every record and count."""
    report = Report()
    for record in records:
        if record.tier is not None:
            _count_unbelieved(report, record, classifier(record.notice))
        elif record.is_ambiguous:
            report.ambiguous += 1
        else:
            _count(report, record, classifier(record.notice))
    return report


def _count_unbelieved(report: Report, record: Record, found: Classification) -> None:
    report.unbelieved += 1
    if found.is_relevant and record.tier is not None and record.tier.stands_alone:
        report.published.append(record)


def _count(report: Report, record: Record, found: Classification) -> None:
    types, rules = found.sure_product_types(), found.sure_horizontal()
    report.records += 1
    report.relevance.add({"ours"} if types else (), {"ours"} if record.product_types else (),
                         {"ours"} if record.acceptable else ())
    report.types.add(types, record.product_types, record.acceptable)
    for name in types | record.product_types:
        report.by_type.setdefault(name, Score()).add(types & {name}, record.product_types & {name}, record.acceptable)
    report.regulations.add(rules, record.regulations, rules if record.product_types else record.acceptable)
    _note_faults(report, record, found)
    if record.is_negative:
        _count_negative(report, record, found)


def _note_faults(report: Report, record: Record, found: Classification) -> None:
    """Rules beside a product are a matter of taste in the labels: only those of records without one can be wrong."""
    types, rules = found.sure_product_types(), found.sure_horizontal()
    wrong = types - record.product_types - record.acceptable
    if not record.product_types:
        wrong |= rules - record.regulations - record.acceptable
    missing = (record.product_types - types) | (record.regulations - rules)
    for subjects, is_missing in ((wrong, False), (missing, True)):
        for name in sorted(subjects):
            report.faults.append(Fault(record, name, is_missing, tuple(
                line for line in found.evidence if line.subject == name)))


def _count_negative(report: Report, record: Record, found: Classification) -> None:
    report.negatives += 1
    is_false_friend = record.is_false_friend
    report.false_friends += is_false_friend
    if found.is_relevant:
        report.accepted.append(record)
        if is_false_friend:
            report.false_friends_accepted.append(record)
