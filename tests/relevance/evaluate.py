"""How well the product's own search does on judged queries: nDCG@10, and false friends on page 1.

    python -m tests.relevance.evaluate [--data DIR] [--worst N] [--show TEXT]

The hand-written corpus is searched always, the source mirror where it stands beside the project. DIR is a data folder that
holds the mirror's notices already (after a change of rules ``zonewatch index --rebuild`` it first); without one they are
crawled, which takes minutes. A Meilisearch server is evaluated too when ZONEWATCH_TEST_MEILISEARCH_URL and _KEY name one.
``--show`` prints the pages of the queries that hold a text instead of the report. Last line: JSON.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import tempfile
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from domain.criteria import Scope
from tests.conftest import ABSENT, Installed, Mirror
from tests.relevance import corpus
from tests.relevance.evaluation import Evaluation, Outcome, Verdicts
from tests.relevance.judge import HERE, About, Key, Query, queries, readings
from tests.relevance.scoring import DEPTH
from zonewatch.settings import Settings
from zonewatch.wiring import Installation

LAST_DAY = 10
"""The day on which the mirror holds most."""
MIRROR = HERE / "mirror"

ENGINES: dict[str, dict[str, str]] = {"tantivy": {}}
"""Search engines by their names, each with the settings of an installation that uses it."""
if SERVER := os.environ.get("ZONEWATCH_TEST_MEILISEARCH_URL"):
    ENGINES["meilisearch"] = {"SEARCH_URL": SERVER, "SEARCH_KEY": os.environ.get("ZONEWATCH_TEST_MEILISEARCH_KEY", "")}


def mirror_readings() -> dict[Key, About]:
    """What judged notices of the mirror are about."""
    return readings(MIRROR / "readings.tsv")


def mirror_queries() -> list[Query]:
    """The queries judged over the mirror."""
    return [*queries(HERE / "queries.tsv"), *queries(MIRROR / "queries.tsv")]


def corpus_queries() -> list[Query]:
    """The queries judged over the hand-written corpus."""
    return [*queries(HERE / "queries.tsv"), *queries(corpus.CORPUS / "queries.tsv")]


def evaluation(installed: Installed, found: Mapping[Key, About]) -> Evaluation:
    """The evaluation of the search of an installation, wired as in production, once its index holds all of its store."""
    installed.run("index")
    parts = Installation(Settings(installed.environment, installed.folder / ".env"))
    return Evaluation(parts.db, parts.search, found)


# The report


def report(name: str, subject: Evaluation, asked: Sequence[Query], worst: int) -> dict[str, object]:
    """Print how the queries did, the worst with what stood where, and give the figures."""
    outcomes = [subject.outcome(query) for query in asked]
    groups: dict[str, list[float]] = defaultdict(list)
    for each in outcomes:
        groups[each.query.group].append(each.score)
    print(f"\n== {name}: {len(outcomes)} queries, {len(subject.absent)} judged notices absent")
    for group, scores in groups.items():
        print(f"{group:<22}{len(scores):>4}{statistics.mean(scores):>8.3f}")
    for each in sorted(outcomes, key=lambda outcome: outcome.score)[:worst]:
        if each.score < 1:
            show(each)
    return {
        "queries": len(outcomes), "ndcg@10": round(statistics.mean(each.score for each in outcomes), 4),
        "unjudged": sorted({" ".join(key) for each in outcomes for key in each.unjudged}),
        "classes": {group: round(statistics.mean(scores), 3) for group, scores in groups.items()},
        "names": {scope.value: _told(subject.name_pages(scope), scope) for scope in Scope}}


def show(outcome: Outcome) -> None:
    """Print what stood where."""
    query = outcome.query
    print(f"\n{outcome.score:.3f}  {query.typed!r}  [{query.group}, {query.scope}, {query.sort}]")
    for grade, stored in outcome.page[:DEPTH]:
        print(f"   {'?' if grade is None else grade} {' '.join(stored.notice.key)[:50]:<50} {stored.notice.title[:70]}")
    for grade, key in outcome.missed[:3]:
        print(f"   missed {grade} {' '.join(key)}")


def _told(found: Verdicts, scope: Scope) -> dict[str, int]:
    kinds = {"false friends": found.false_friends, "other types": found.other_types, "unjudged": found.unjudged,
             "empty": found.empty}
    print(f"\nnames of product types, scope {scope}: {found.hits} hits on first pages")
    for kind, lines in kinds.items():
        for line in lines:
            print(f"   {kind}: {line[:140]}")
    return {"hits": found.hits, **{kind: len(lines) for kind, lines in kinds.items()}}


# The command line


def main() -> None:
    """Evaluate every engine over every collection that is there."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path)
    parser.add_argument("--worst", type=int, default=15)
    parser.add_argument("--show", default="")
    asked = parser.parse_args()
    figures = {}
    for name, folder, found, judged in _collections(asked.data):
        for engine, settings in ENGINES.items():
            subject = evaluation(Installed(folder, **settings), found)
            if asked.show:
                print(f"\n== {name}, {engine}")
                for query in judged:
                    if asked.show in query.typed:
                        show(subject.outcome(query))
            else:
                figures[f"{name}, {engine}"] = report(f"{name}, {engine}", subject, judged, asked.worst)
    if figures:
        print(json.dumps(figures, ensure_ascii=False))


def _collections(data: Path | None) -> Iterator[tuple[str, Path, Mapping[Key, About], list[Query]]]:
    with tempfile.TemporaryDirectory() as made:
        yield "corpus", corpus.kept(Path(made) / "corpus"), corpus.readings(), corpus_queries()
        if data or "mirror" not in ABSENT:
            yield "mirror", data.resolve() if data else crawled(Path(made) / "mirror"), mirror_readings(), mirror_queries()


def crawled(folder: Path) -> Path:
    """A data folder with all that the mirror holds on its last day."""
    folder.mkdir()
    served = Mirror(LAST_DAY)
    try:
        Installed(folder, GATEWAY_URL=served.url, CRAWL_DELAY="0", KEY_US_REGULATIONS_GOV="a key of the tests").run(
            "crawl", "--all", status=None)
    finally:
        served.close()
    return folder


if __name__ == "__main__":
    main()
