"""Document: what the index holds of a notice. What is matched is defined once, by domain.criteria.facts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from domain.classification import Classification
from domain.criteria import Facts, facts
from domain.grade import Graded
from domain.notice import Notice
from domain.text import tokens
from storage.notices import StoredNotice

FORMAT = 4
"""Grows with every change of what documents hold or how an engine keeps them; other generations are built anew."""


@dataclass(frozen=True, slots=True)
class Document:
    """``facts`` decide whether a notice is found; the others only where it stands: ``numbers`` are the names it is cited by,
    each as its tokens joined, ``title_subjects`` the product types and regulations that its title or product field names."""

    id: int
    facts: Facts
    numbers: frozenset[str]
    title_subjects: frozenset[str]
    event_on: date | None


def document(stored: StoredNotice) -> Document:
    """The document of a stored notice, with its grade of today. A withdrawn one stays searchable."""
    return of_notice(stored.id, stored.notice, stored.classification, stored.grade)


def of_notice(notice_id: int, notice: Notice, found: Classification, graded: Graded | None = None) -> Document:
    """The document of a reading of a notice; without ``graded`` as domain.criteria.facts has it."""
    stated = facts(notice, found, graded)
    in_title = frozenset(each.subject for each in found.evidence if each.where in ("title", "product"))
    return Document(notice_id, stated, _numbers(notice), in_title, notice.event_date)


def _numbers(notice: Notice) -> frozenset[str]:
    return frozenset(name for each in (notice.external_id, *notice.identifiers) if (name := number(tokens(each))))


def number(found: Sequence[str]) -> str:
    """A name that notices are cited by, from its tokens: equal however it is spaced and punctuated."""
    return " ".join(found)
