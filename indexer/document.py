"""Document: what the index holds of a notice. What is matched is defined once, by domain.criteria.facts."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from domain.criteria import Facts, facts
from storage.notices import StoredNotice

FORMAT = 1
"""Grows with every change of what documents hold or how an engine keeps them; other generations are built anew."""


@dataclass(frozen=True, slots=True)
class Document:
    """``facts`` decide whether a notice is found; ``title_subjects`` (product types and regulations that its title or
    product field names) and ``event_on`` only where it stands."""

    id: int
    facts: Facts
    title_subjects: frozenset[str]
    event_on: date | None


def document(stored: StoredNotice) -> Document:
    """The document of a stored notice. A withdrawn one stays searchable."""
    found = stored.classification
    in_title = frozenset(each.subject for each in found.evidence if each.where in ("title", "product"))
    return Document(stored.id, facts(stored.notice, found), in_title, stored.notice.event_date)
