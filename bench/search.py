"""The product's search against SQLite FTS5 on the same invented notices, tokens and questions.

    python -m bench.search [NOTICES] [--keep FOLDER]        (100,000 unless told; a kept folder is not built again)

Both answer a whole page: the total, the twenty best or newest, facets that ignore their own choice, the twenty titles and
snippets with the words marked. The peer is what everyone starts with (bench/fts5.py). Each question is asked several times,
so that both sides answer from what they keep at hand; the first answers stand in the 95th percentile. Every pair of totals
must agree. A ratio is the peer's median divided by ours, in one run; of indexing, the peer's seconds divided by ours. A
Meilisearch server stands beside it, over HTTP, when ZONEWATCH_TEST_MEILISEARCH_URL is set. Last line: JSON.
"""

from __future__ import annotations

import argparse
import itertools
import json
import math
import os
import random
import resource
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import nullcontext
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

import tantivy

from bench.fts5 import PAGE, Fts5, Question, questions
from bench.invented import SLUGS, card, invented
from domain.classification import Classification
from domain.classify import VERSION
from domain.criteria import Criteria, Scope
from domain.notice import Notice
from domain.source import Reason, RunStatus
from indexer import sync
from indexer.backends.meilisearch import MeilisearchIndex
from indexer.backends.tantivy import SCHEMA, TantivyIndex
from indexer.excerpt import shown
from indexer.fields import TEXTS
from indexer.port import SearchIndex
from indexer.service import SearchService
from indexer.spelling import SpellingFiles
from storage import index_state, notices, runs, sources
from storage.ingest import Reading, ingest
from storage.session import Database

Asked = TypeVar("Asked")
BATCH = 2_000
BUDGET = 20.0
"""Seconds that one class of questions may take on one side."""


@dataclass
class Timed:
    """Milliseconds of every answer to one class of questions."""

    times: list[float] = field(default_factory=list)

    @property
    def median(self) -> float:
        return statistics.median(self.times)

    @property
    def p95(self) -> float:
        return sorted(self.times)[int(len(self.times) * 0.95)]


def store(db: Database, count: int) -> None:
    """Keep the invented notices as a crawl would."""
    sources.save_cards(db, [card(slug) for slug in SLUGS])
    begun = {slug: runs.start(db, card(slug)) for slug in SLUGS}
    for batch in _batches(invented(count)):
        for slug, run in begun.items():
            ingest(db, run, [Reading(*each) for each in batch if each[0].source == slug], VERSION)
    for run in begun.values():
        runs.finish(db, run, RunStatus.OK, Reason("ok"), runs.Tally())


def _batches(items: Iterator[tuple[Notice, Classification]]) -> Iterator[list[tuple[Notice, Classification]]]:
    while batch := list(itertools.islice(items, BATCH)):
        yield batch


def timed(ask: Callable[[Asked], object], asked: Sequence[Asked]) -> Timed:
    """Every question in turn, at least thrice and sixty answers in all, if the budget allows."""
    found, until = Timed(), time.perf_counter() + BUDGET
    for turn in range(max(3, math.ceil(60 / len(asked)))):
        for question in asked:
            began = time.perf_counter()
            ask(question)
            found.times.append((time.perf_counter() - began) * 1e3)
        if turn and time.perf_counter() > until:
            break
    return found


class Product:
    """The product's own search with the marks that its pages show."""

    def __init__(self, db: Database, index: SearchIndex, spelling: SpellingFiles | None = None) -> None:
        self.service = SearchService(db, index, spelling)

    def answer(self, asked: Question) -> int:
        found = self.service.search(asked.criteria, sort=asked.sort, offset=asked.offset, facets=asked.facets)
        for hit in found.hits:
            shown(hit.stored.notice, asked.criteria)
        return found.total


def typing_errors(words: Sequence[str]) -> list[str]:
    """A letter mistaken in the middle of each word."""
    some = random.Random(11)
    places = [(word, some.randrange(1, len(word) - 1)) for word in words]
    return [word[:at] + some.choice("qxwy") + word[at + 1:] for word, at in places]


def spelling_bench(product: Product, index: TantivyIndex, words: Sequence[str]) -> dict[str, float]:
    """A typed error understood and searched for against the engine's own fuzzy query for it, without facets and marks; the
    words within one change must be found by both."""
    service, everything = product.service, Criteria(scope=Scope.ALL)
    state = service.state()
    if state is None:
        raise SystemExit("there is no index")
    searcher = index._searcher(state)

    def ours(typed: str) -> int:
        return service.search(service.understand(typed, everything).criteria, facets=()).total

    def theirs(typed: str) -> int:
        fuzzy = [(tantivy.Occur.Should, tantivy.Query.fuzzy_term_query(SCHEMA, name, typed, 1)) for name in TEXTS]
        found = searcher.search(tantivy.Query.boolean_query(fuzzy), limit=20, count=True)
        ids = searcher.fast_field_values("id", [address for _, address in found.hits])
        with service._db.read() as session:
            notices.by_ids(session, [int(each or 0) for each in ids])
        return len(ids)

    errors = typing_errors(words)
    missed = [word for word, typed in zip(words, errors, strict=True) if word not in service.words().candidates(typed)]
    if missed:
        raise SystemExit(f"no candidates: {missed}")
    mine, other = (timed(ask, errors) for ask in (ours, theirs))
    print(f"{'typing error':46} {mine.median:8.2f} p95 {mine.p95:8.2f} ms   fuzzy query {other.median:4.2f} p95 "
          f"{other.p95:5.2f} ms {other.median / mine.median:7.1f} x", flush=True)
    return {"ratio": other.median / mine.median, "ms": mine.median, "p95 ms": mine.p95}


def server_bench(db: Database, peer: Fts5, asked: Mapping[str, Sequence[Question]]) -> dict[str, float]:
    """The same pages through a Meilisearch server, HTTP included; empty without one."""
    url = os.environ.get("ZONEWATCH_TEST_MEILISEARCH_URL")
    if not url:
        return {}
    key = os.environ.get("ZONEWATCH_TEST_MEILISEARCH_KEY", "")
    index = MeilisearchIndex(url, key, lambda _: nullcontext(), "zonewatch-bench")
    with db.read() as session:
        local = index_state.current(session)
    began = time.perf_counter()
    count = sync.sync(db, index)
    figures = {"notices per second": count / (time.perf_counter() - began)}
    product = Product(db, index)
    for name, questions_of in asked.items():
        for question in questions_of:
            if product.answer(question) != peer.answer(question):
                raise SystemExit(f"totals differ for {question}")
        found = timed(product.answer, questions_of)
        figures |= {f"{name}: ms": found.median, f"{name}: p95 ms": found.p95}
        print(f"{name:46} {found.median:8.2f} p95 {found.p95:8.2f} ms   Meilisearch, over HTTP", flush=True)
    index.remove_all_but([])
    with db.write() as session:
        index_state.flip(session, local.name if local else "")
    return figures


def built(folder: Path, count: int) -> tuple[Database, TantivyIndex, Product, Fts5, dict[str, float]]:
    """Both sides over the same notices, and what building them took."""
    has_store, has_index, has_peer = ((folder / name).exists() for name in ("store.db", "index", "fts5.db"))
    db, index, peer = Database(f"sqlite:///{folder / 'store.db'}"), TantivyIndex(folder / "index"), Fts5(folder / "fts5.db")
    spelling = SpellingFiles(folder / "spelling")
    figures: dict[str, float] = {}
    db.migrate()
    if not has_store:
        store(db, count)
    if not has_peer:
        began = time.perf_counter()
        with db.read() as session:
            peer.build(each for batch in notices.everything(session) for each in batch)
        figures["fts5_per_second"] = count / (time.perf_counter() - began)
    if not has_index:
        began = time.perf_counter()
        sync.sync(db, index, spelling=spelling)
        figures["notices_per_second"] = count / (time.perf_counter() - began)
        figures["peak_mib"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    size = sum(file.stat().st_size for file in (folder / "index").rglob("*") if file.is_file())
    return db, index, Product(db, index, spelling), peer, figures | {"bytes_per_notice": size / count}


def measure(folder: Path, count: int) -> dict[str, object]:
    db, index, product, peer, figures = built(folder, count)
    asked_of = questions(count)
    ratios: dict[str, float] = {}
    if {"notices_per_second", "fts5_per_second"} <= figures.keys():
        ratios["index"] = figures["notices_per_second"] / figures["fts5_per_second"]
    print(f"{count} notices", *(f"{name} {value:.0f}" for name, value in figures.items()))
    for name, asked in asked_of.items():
        for question in asked:
            totals = product.answer(question), peer.answer(question)
            if totals[0] != totals[1]:
                raise SystemExit(f"totals differ for {question}: {totals}")
        ours, theirs = timed(product.answer, asked), timed(peer.answer, asked)
        ratios[name] = theirs.median / ours.median
        figures |= {f"{name}: ms": ours.median, f"{name}: p95 ms": ours.p95}
        print(f"{name:46} {ours.median:8.2f} p95 {ours.p95:8.2f} ms   FTS5 {theirs.median:9.2f} p95 {theirs.p95:9.2f} ms "
              f"{ratios[name]:7.1f} x", flush=True)
    typed = spelling_bench(product, index, [question.criteria.words[0] for question in asked_of["word"]])
    ratios["typing error"] = typed.pop("ratio")
    figures |= {f"typing error: {name}": value for name, value in typed.items()}
    figures |= {f"meilisearch, {name}": value for name, value in server_bench(db, peer, asked_of).items()}
    return {"ratios": ratios, "figures": figures}


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("notices", nargs="?", type=int, default=100_000)
    parser.add_argument("--keep", type=Path)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        kept = given.keep or Path(folder)
        kept.mkdir(parents=True, exist_ok=True)
        found = measure(kept, given.notices)
    ratios: dict[str, float] = found["ratios"]  # type: ignore[assignment]
    figures: dict[str, float] = found["figures"]  # type: ignore[assignment]
    classes = [ratio for name, ratio in ratios.items() if name not in ("index", "typing error")]
    overall = math.exp(statistics.mean(map(math.log, classes)))
    print(json.dumps({
        "bench": "search",
        "ratios": {"sqlite_fts5": round(ratios[PAGE], 2), "fuzzy_query": round(ratios["typing error"], 2)},
        "figures": {"notices": given.notices, "geometric_mean": round(overall, 2),
                    **{name: round(value, 2) for name, value in figures.items()},
                    **{f"ratio: {name}": round(value, 2) for name, value in ratios.items()}}}))


if __name__ == "__main__":
    main()
