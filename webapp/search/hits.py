"""A notice as the list of results shows it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from domain.criteria import Criteria
from indexer.excerpt import Shown, shown
from storage.notices import StoredNotice
from webapp.i18n import lang
from webapp.sources.titles import SourceNames


@dataclass(frozen=True, slots=True)
class ShownHit:
    """A notice on the list."""

    stored: StoredNotice
    shown: Shown
    source: str
    publisher: str
    deadline: date | None


def shown_hit(stored: StoredNotice, criteria: Criteria, names: SourceNames) -> ShownHit:
    """A notice as the list shows it."""
    notice = stored.notice
    return ShownHit(stored, shown(notice, criteria, lang(), stored.classification),
                    names.titles.get(notice.source, notice.source),
                    names.publishers.get(notice.source, notice.source), notice.comment_deadline)
