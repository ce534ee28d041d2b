"""How well the product's own search does on judged queries: nDCG@10, and false friends on page 1.

    python -m tests.relevance.evaluate [--data DIR] [--show TEXT]

Without the source mirror beside the project the hand-written corpus alone is searched. DIR is a data folder that holds the
mirror's notices and their index already (zonewatch index --rebuild); without one they are crawled, which takes minutes.
``--show`` prints the pages of the queries that hold a text. Last line: JSON.
"""

from __future__ import annotations

import argparse
import json
import statistics
import tempfile
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from domain.criteria import Criteria, Scope
from domain.product_type import PRODUCT_TYPES
from indexer.backends.tantivy import TantivyIndex
from indexer.port import SearchIndex
from indexer.service import Results, SearchService
from storage import notices, runs
from storage.notices import StoredNotice
from storage.session import Database
from tests.conftest import Installed, Mirror
from tests.relevance.judge import HERE, Judged, Key, Query, queries, readings
from tests.relevance.scoring import DEPTH, by_event, ndcg

PAGE = 20
LANGUAGES = ("zh", "en")
WORST = 15
LAST_DAY = 10
"""The day on which the mirror holds most."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a query found: its score, the page with the grade of each hit (None: nobody judged it), and the best that is
    right but does not stand among the first ten."""

    query: Query
    score: float
    page: Sequence[tuple[int | None, StoredNotice]]
    missed: Sequence[tuple[int, Key]]

    @property
    def unjudged(self) -> list[Key]:
        """Hits among the first ten that nobody judged, where anything is right."""
        return [stored.notice.key for grade, stored in self.page[:DEPTH] if grade is None and self.query.rules]


@dataclass
class Verdicts:
    """What stands on the first pages of the product types' names: how many hits, and those that should not."""

    hits: int = 0
    false_friends: list[str] = field(default_factory=list)
    other_types: list[str] = field(default_factory=list)
    unjudged: list[str] = field(default_factory=list)


class Evaluation:
    """Judged queries against one search over one store."""

    def __init__(self, db: Database, service: SearchService, readings: Mapping[Key, Mapping[str, int]]) -> None:
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
        """The first pages of all names of product types, each hit by its reading."""
        found = Verdicts()
        for product_type in PRODUCT_TYPES.values():
            for lang in LANGUAGES:
                name = product_type.name(lang)
                for hit in self._search(name, scope, "relevance").hits:
                    found.hits += 1
                    self._judge(found, name, product_type.id, hit.stored)
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
        criteria = self._service.understand(typed, Criteria(scope=scope)).criteria
        return self._service.search(criteria, sort=sort, limit=PAGE)  # type: ignore[arg-type]  # as a file of queries has it

    def _grade(self, query: Query, stored: StoredNotice) -> int | None:
        known = self._judged.get(stored.notice.key)
        return None if known is None else query.grade_of(known[1])


def _judged(db: Database, readings: Mapping[Key, Mapping[str, int]]) -> Iterator[tuple[Key, tuple[StoredNotice, Judged]]]:
    """The judged notices that the store holds."""
    by_source: dict[str, set[str]] = defaultdict(set)
    for source, external_id in readings:
        by_source[source].add(external_id)
    with db.read() as session:
        ids = [each for source, wanted in by_source.items() for each in runs.by_external_ids(session, source, wanted).values()]
        for stored in notices.by_ids(session, ids).values():
            yield stored.notice.key, (stored, Judged(stored.notice, readings[stored.notice.key]))


# The report


def report(name: str, evaluation: Evaluation, queries: Sequence[Query]) -> dict[str, object]:
    """Print how the queries did, and give the figures."""
    outcomes = [evaluation.outcome(query) for query in queries]
    print(f"\n== {name}: {len(outcomes)} queries")
    groups: dict[str, list[float]] = defaultdict(list)
    for each in outcomes:
        groups[each.query.group].append(each.score)
    for group, scores in groups.items():
        print(f"{group:<22}{len(scores):>4}{statistics.mean(scores):>8.3f}")
    for each in sorted(outcomes, key=lambda outcome: outcome.score)[:WORST]:
        if each.score < 1:
            show(each)
    figures: dict[str, object] = {
        "queries": len(outcomes), "ndcg@10": round(statistics.mean(each.score for each in outcomes), 4),
        "unjudged in the first ten": sum(len(each.unjudged) for each in outcomes),
        "judged but absent": len(evaluation.absent),
        "classes": {group: round(statistics.mean(scores), 3) for group, scores in groups.items()}}
    for scope in Scope:
        figures[f"names, scope {scope}"] = _told(evaluation.name_pages(scope), scope)
    return figures


def show(outcome: Outcome) -> None:
    """Print what stood where."""
    query = outcome.query
    print(f"\n{outcome.score:.3f}  {query.typed!r}  [{query.group}, {query.scope}, {query.sort}]")
    for grade, stored in outcome.page[:DEPTH]:
        print(f"   {'?' if grade is None else grade} {' '.join(stored.notice.key)[:50]:<50} {stored.notice.title[:70]}")
    for grade, key in outcome.missed[:3]:
        print(f"   missed {grade} {' '.join(key)}")


def _told(found: Verdicts, scope: Scope) -> dict[str, int]:
    for title, lines in (("false friend", found.false_friends), ("other type", found.other_types), ("unjudged", found.unjudged)):
        for line in lines:
            print(f"{title} ({scope}) {line[:150]}")
    return {"hits": found.hits, "false friends": len(found.false_friends), "other types": len(found.other_types),
            "unjudged": len(found.unjudged)}


MIRROR = HERE / "mirror"


def mirror(db: Database, index: SearchIndex) -> tuple[Evaluation, list[Query]]:
    """What is judged of the source mirror, over a store and an index that hold it."""
    return (Evaluation(db, SearchService(db, index), readings(MIRROR / "readings.tsv")),
            [*queries(HERE / "queries.tsv"), *queries(MIRROR / "queries.tsv")])


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path)
    parser.add_argument("--show", default="")
    asked = parser.parse_args()
    with open_mirror(asked.data) as (db, index):
        evaluation, judged = mirror(db, index)
        if asked.show:
            for query in judged:
                if asked.show in query.typed:
                    show(evaluation.outcome(query))
            return
        print(json.dumps({"mirror": report("mirror", evaluation, judged)}, ensure_ascii=False))


@contextmanager
def open_mirror(data: Path | None) -> Iterator[tuple[Database, TantivyIndex]]:
    """Store and index of a data folder, or of one made for the purpose."""
    with tempfile.TemporaryDirectory() as made:
        folder = data or crawled(Path(made))
        db = Database(f"sqlite:///{folder / 'zonewatch.db'}")
        yield db, TantivyIndex(folder / "index")
        db.close()


def crawled(folder: Path) -> Path:
    """A data folder with all that the mirror holds on its last day."""
    served = Mirror(LAST_DAY)
    try:
        installed = Installed(folder, GATEWAY_URL=served.url, CRAWL_DELAY="0", KEY_US_REGULATIONS_GOV="a key of the tests")
        installed.run("crawl", "--all", status=None)
        installed.run("index")
    finally:
        served.close()
    return folder


if __name__ == "__main__":
    main()
