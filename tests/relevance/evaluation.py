"""Judged queries against the product's own search: how good each page is, and what stands on it that should not."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

from domain import clock
from domain.criteria import Criteria, Scope
from domain.product_type import PRODUCT_TYPES
from indexer.service import Results, SearchService
from storage import notices, runs
from storage.notices import StoredNotice
from storage.session import Database
from tests.relevance.judge import About, Judged, Key, Query
from tests.relevance.scoring import DEPTH, by_event, ndcg

NOW = datetime(2026, 11, 30, 8, tzinfo=UTC)
"""When the queries are asked: the mirror's last day. It decides which comment periods are open."""
PAGE = 20
LANGUAGES = ("zh", "en")


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a query found: its score, the page with the grade of each hit (None: nobody judged it), and what is right but
    does not stand among the first ten, best first."""

    query: Query
    score: float
    page: Sequence[tuple[int | None, StoredNotice]]
    missed: Sequence[tuple[int, Key]]

    @property
    def unjudged(self) -> list[Key]:
        """Hits among the first ten that nobody judged."""
        return [stored.notice.key for grade, stored in self.page[:DEPTH] if grade is None]


@dataclass
class Verdicts:
    """What stands on the first pages of the product types' names: how many hits, and those that should not: notices that
    are none of ours, those about another product of ours, and those that nobody judged. ``empty`` are names that find
    nothing although something is right."""

    hits: int = 0
    false_friends: list[str] = field(default_factory=list)
    other_types: list[str] = field(default_factory=list)
    unjudged: list[str] = field(default_factory=list)
    empty: list[str] = field(default_factory=list)


class Evaluation:
    """One search over one store of judged notices."""

    def __init__(self, db: Database, service: SearchService, readings: Mapping[Key, About]) -> None:
        self._service = service
        self._judged = dict(_judged(db, readings))
        self.absent = sorted(readings.keys() - self._judged.keys())

    def outcome(self, query: Query) -> Outcome:
        """Score one query. Where nothing is right the score is 1 if nothing comes, else 0."""
        results = self._search(query.typed, query.scope, query.sort)
        page = [(self._grade(query, hit.stored), hit.stored) for hit in results.hits]
        right = {key: (stored.event, grade) for key, (stored, judged) in self._judged.items()
                 if (grade := query.grade_of(judged))}
        if not right:
            return Outcome(query, float(not results.total), page, [])
        found = by_event((stored.event, grade or 0) for grade, stored in page)
        first = set(list(found)[:DEPTH])
        missed = sorted(((grade, key) for key, (event, grade) in right.items() if event not in first), reverse=True)
        return Outcome(query, ndcg(list(found.values()), by_event(right.values()).values()), page, missed)

    def name_pages(self, scope: Scope) -> Verdicts:
        """The first pages of the Chinese and English names of all product types, each hit by its reading."""
        found = Verdicts()
        for product_type in PRODUCT_TYPES.values():
            for lang in LANGUAGES:
                name = product_type.name(lang)
                hits = self._search(name, scope, "relevance").hits
                found.hits += len(hits)
                for hit in hits:
                    self._judge(found, name, product_type.id, hit.stored)
                if not hits and any(judged.names(product_type.id) for _, judged in self._judged.values()):
                    found.empty.append(name)
        return found

    def _judge(self, found: Verdicts, name: str, product_type: str, stored: StoredNotice) -> None:
        line = f"{name}: {' '.join(stored.notice.key)} {stored.notice.title}"
        known = self._judged.get(stored.notice.key)
        if known is None:
            found.unjudged.append(line)
        elif not known[1].is_ours:
            found.false_friends.append(line)
        elif not known[1].names(product_type):
            found.other_types.append(line)

    def _search(self, typed: str, scope: Scope, sort: str) -> Results:
        clock.fix(NOW)
        criteria = self._service.understand(typed, Criteria(scope=scope)).criteria
        return self._service.search(criteria, sort=sort, limit=PAGE)  # type: ignore[arg-type]  # as the file of queries says

    def _grade(self, query: Query, stored: StoredNotice) -> int | None:
        known = self._judged.get(stored.notice.key)
        return None if known is None else query.grade_of(known[1])


def _judged(db: Database, readings: Mapping[Key, About]) -> Iterator[tuple[Key, tuple[StoredNotice, Judged]]]:
    """The judged notices that the store holds."""
    by_source: dict[str, set[str]] = defaultdict(set)
    for source, external_id in readings:
        by_source[source].add(external_id)
    with db.read() as session:
        ids = [each for source, wanted in by_source.items()
               for each in runs.by_external_ids(session, source, wanted).values()]
        for stored in notices.by_ids(session, ids).values():
            yield stored.notice.key, (stored, Judged(stored.notice, readings[stored.notice.key]))
