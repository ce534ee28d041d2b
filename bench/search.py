"""The product's search against SQLite FTS5 on the same invented notices, tokens and questions.

    python -m bench.search [NOTICES] [--keep FOLDER]        (100,000 unless told; a kept folder is not built again)

Both answer a whole page: the total, the twenty best or newest, facets that ignore their own choice, the twenty titles and
snippets with the words marked. The peer is what everyone starts with: an FTS5 table beside indexed columns, GROUP BY, and a
regular expression over the texts it keeps. Every pair of totals must agree. A ratio is the peer's median divided by ours, in
one run; of indexing, the peer's seconds divided by ours. A Meilisearch server stands beside it, over HTTP, when
ZONEWATCH_TEST_MEILISEARCH_URL is set. Last line: JSON.
"""

from __future__ import annotations

import argparse
import itertools
import json
import math
import random
import re
import resource
import sqlite3
import statistics
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from bench.invented import RULES, SLUGS, card, invented, vocabulary
from domain.classification import Classification
from domain.classify import VERSION
from domain.criteria import BOUNDARY, Criteria, Scope, facts, matches, subjects
from domain.notice import Notice
from domain.product_type import PRODUCT_TYPES
from domain.source import Reason, RunStatus
from domain.text import tokens
from indexer import sync
from indexer.backends.tantivy import TantivyIndex
from indexer.excerpt import shown
from indexer.port import Sort
from indexer.service import SearchService
from indexer.spelling import SpellingFiles
from storage import notices, runs, sources
from storage.ingest import Reading, ingest
from storage.notices import StoredNotice
from storage.session import Database

THREE = ("product_type", "market", "kind")
PAGE = "page: hot word + market, 3 facets, snippets"
SNIPPET = 160
BATCH = 2_000
BUDGET = 20.0
"""Seconds that one class of questions may take on one side."""


@dataclass(frozen=True)
class Question:
    """A page to answer; without facets where none are asked for."""

    criteria: Criteria
    sort: Sort = "relevance"
    offset: int = 0
    facets: tuple[str, ...] = ()


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


class Fts5:
    """The peer: one FTS5 table over the same tokens; texts and facets in columns, subjects in a table of their own."""

    def __init__(self, path: Path) -> None:
        self.sql = sqlite3.connect(path, isolation_level=None)
        for pragma in ("journal_mode=wal", "synchronous=normal", "cache_size=-400000", "mmap_size=4000000000"):
            self.sql.execute(f"pragma {pragma}")

    def build(self, documents: Iterator[StoredNotice]) -> None:
        self.sql.execute("create table n (id integer primary key, relevant int, market, kind, year, day int, "
                         "title, summary)")
        self.sql.execute("create table s (id int, floor int, subject, primary key (floor, subject, id)) without rowid")
        self.sql.execute("create virtual table f using fts5(title, words, content='', tokenize=\"unicode61 "
                         "remove_diacritics 0\")")
        self.sql.execute("begin")
        for each in documents:
            self._add(each)
        self.sql.execute("commit")
        self.sql.execute("insert into f (f) values ('optimize')")
        for name, columns in (("market", "market, kind"), ("relevant", "relevant, day"), ("day", "day")):
            self.sql.execute(f"create index n_{name} on n ({columns})")
        self.sql.execute("create index s_id on s (id, floor)")
        self.sql.execute("analyze")

    def _add(self, each: StoredNotice) -> None:
        found, notice = facts(each.notice, each.classification), each.notice
        day = notice.event_date.toordinal() if notice.event_date else 0
        self.sql.execute("insert into n values (?, ?, ?, ?, ?, ?, ?, ?)", (
            each.id, matches(Criteria(), found), found.market, found.kind, found.year, day, notice.title, notice.summary))
        words = " ".join(found.tokens).replace(BOUNDARY, "fieldboundary")  # signs would let a phrase cross it
        self.sql.execute("insert into f (rowid, title, words) values (?, ?, ?)", (
            each.id, " ".join(found.title_tokens), words))
        self.sql.executemany("insert or ignore into s values (?, ?, ?)", [
            (each.id, scope is Scope.RELEVANT, name) for scope in Scope
            for levels in (found.product_types, found.regulations) for name in subjects(levels, scope)])

    def where(self, criteria: Criteria, without: str = "") -> tuple[str, list[str]]:
        """The condition, with the choice of one facet left out."""
        floor, clauses, values = int(criteria.scope is Scope.RELEVANT), ["1"], list[str]()
        if criteria.words:
            clauses.append("f match ?")
            values.append(" AND ".join('words : "' + " ".join(tokens(word)) + '"' for word in criteria.words))
        named = [] if without == "product_type" else sorted(criteria.product_types | criteria.regulations)
        if named:
            marks = ", ".join("?" * len(named))
            clauses.append(f"n.id in (select id from s where floor = {floor} and subject in ({marks}))")
            values += named
        elif floor:
            clauses.append("n.relevant")
        for column, chosen in (("market", criteria.markets), ("kind", criteria.kinds)):
            if chosen and without != column:
                clauses.append(f"n.{column} in ({', '.join('?' * len(chosen))})")
                values += sorted(chosen)
        return " and ".join(clauses), values

    def answer(self, asked: Question) -> int:
        """The total; the page, its snippets and facets are made and thrown away."""
        criteria = asked.criteria
        source = "f join n on n.id = f.rowid" if criteria.words else "n"
        where, values = self.where(criteria)
        (total,) = self.sql.execute(f"select count(*) from {source} where {where}", values).fetchone()
        order = "bm25(f, 2, 1)" if criteria.words and asked.sort == "relevance" else "day desc"
        rows = self.sql.execute(f"select n.id, n.title, n.summary from {source} where {where} order by {order} "
                                f"limit 20 offset {asked.offset}", values).fetchall()
        self._marked(criteria.words, rows)
        for facet in asked.facets:
            self._counts(facet, source, criteria)
        return int(total)

    def _counts(self, facet: str, source: str, criteria: Criteria) -> list[tuple[str, int]]:
        where, values = self.where(criteria, facet)
        if facet == "product_type":
            source, column = f"{source} join s on s.id = n.id", "s.subject"
            where += f" and s.floor = {int(criteria.scope is Scope.RELEVANT)}"
        else:
            column = f"n.{facet}"
        return self.sql.execute(f"select {column}, count(*) from {source} where {where} group by 1", values).fetchall()

    def _marked(self, words: Sequence[str], rows: Sequence[tuple[int, str, str]]) -> list[str]:
        pattern = re.compile("|".join(map(re.escape, words)) or "$^", re.I)
        marked = []
        for _, title, summary in rows:
            found = pattern.search(summary)
            start = max(0, found.start() - 60) if found else 0
            marked += [pattern.sub(r"<b>\g<0></b>", text) for text in (title, summary[start:start + SNIPPET])]
        return marked


def questions(count: int) -> dict[str, list[Question]]:
    """Questions by class: words that many, some or few notices hold, phrases, Chinese, subjects, filters, orders."""
    held: Counter[str] = Counter()
    for each, _ in invented(min(count, 20_000)):
        if each.lang == "en":
            held.update(set(each.summary.replace(".", "").split()))
    sample = min(count, 20_000)
    hot = [word for word, times in held.most_common(60) if times > sample // 10][:20]
    some = random.Random(7).sample(sorted(word for word, times in held.items() if 20 <= times <= 400 and len(word) > 4), 60)
    chinese = [word for word in vocabulary("zh")[60:1500] if len(word) == 2][:60]
    types, rules = list(PRODUCT_TYPES)[:10], RULES[:10]

    def all_of(word: str, **wanted: object) -> Criteria:
        return Criteria(words=(word,), scope=Scope.ALL, **wanted)  # type: ignore[arg-type]

    market = {"markets": frozenset({"US"})}
    return {
        PAGE: [Question(all_of(word, **market), facets=THREE) for word in hot],
        "page: word, 3 facets, snippets": [Question(all_of(word), facets=THREE) for word in some],
        "word": [Question(all_of(word)) for word in some],
        "hot word": [Question(all_of(word)) for word in hot],
        "two words": [Question(Criteria(words=pair, scope=Scope.ALL)) for pair in zip(some, itertools.cycle(hot))],
        "phrase": [Question(all_of(f"{one} {other}")) for one, other in itertools.pairwise(hot)],
        "Chinese word": [Question(all_of(word)) for word in chinese],
        "word + type + market": [Question(Criteria(words=(word,), product_types=frozenset({name}), **market))
                                 for word, name in zip(some, itertools.cycle(types))],
        "hot word + type + market": [Question(Criteria(words=(word,), product_types=frozenset({name}), **market))
                                     for word, name in zip(hot, itertools.cycle(types))],
        "product type": [Question(Criteria(product_types=frozenset({name})), "date", facets=THREE) for name in types],
        "regulation": [Question(Criteria(regulations=frozenset({name})), "date", facets=THREE) for name in rules],
        "3 facets, word": [Question(all_of(word), facets=THREE) for word in some],
        "3 facets, hot word": [Question(all_of(word), facets=THREE) for word in hot],
        "3 facets, everything": [Question(Criteria(scope=Scope.ALL), "date", facets=THREE)],
        "hot word by date": [Question(all_of(word), "date") for word in hot],
        "hot word, 200th page": [Question(all_of(word), offset=3_980) for word in hot],
    }


def timed(ask: Callable[[Question], object], asked: Sequence[Question]) -> Timed:
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

    def __init__(self, db: Database, index: TantivyIndex) -> None:
        self.service = SearchService(db, index)

    def answer(self, asked: Question) -> int:
        found = self.service.search(asked.criteria, sort=asked.sort, offset=asked.offset, facets=asked.facets)
        for hit in found.hits:
            shown(hit.stored.notice, asked.criteria)
        return found.total


def built(folder: Path, count: int) -> tuple[Product, Fts5, dict[str, float]]:
    """Both sides over the same notices, and what building them took."""
    has_store, has_index, has_peer = ((folder / name).exists() for name in ("store.db", "index", "fts5.db"))
    db, index, peer = Database(f"sqlite:///{folder / 'store.db'}"), TantivyIndex(folder / "index"), Fts5(folder / "fts5.db")
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
        sync.sync(db, index, spelling=SpellingFiles(folder / "spelling"))
        figures["notices_per_second"] = count / (time.perf_counter() - began)
        figures["peak_mib"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    size = sum(file.stat().st_size for file in (folder / "index").rglob("*") if file.is_file())
    return Product(db, index), peer, figures | {"bytes_per_notice": size / count}


def measure(folder: Path, count: int) -> dict[str, object]:
    product, peer, figures = built(folder, count)
    ratios: dict[str, float] = {}
    if {"notices_per_second", "fts5_per_second"} <= figures.keys():
        ratios["index"] = figures["notices_per_second"] / figures["fts5_per_second"]
    print(f"{count} notices", *(f"{name} {value:.0f}" for name, value in figures.items()))
    for name, asked in questions(count).items():
        for question in asked:
            totals = product.answer(question), peer.answer(question)
            if totals[0] != totals[1]:
                raise SystemExit(f"totals differ for {question}: {totals}")
        ours, theirs = timed(product.answer, asked), timed(peer.answer, asked)
        ratios[name] = theirs.median / ours.median
        figures |= {f"{name}: ms": ours.median, f"{name}: p95 ms": ours.p95}
        print(f"{name:46} {ours.median:8.2f} p95 {ours.p95:8.2f} ms   FTS5 {theirs.median:9.2f} p95 {theirs.p95:9.2f} ms "
              f"{ratios[name]:7.1f} x", flush=True)
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
    overall = math.exp(statistics.mean(math.log(ratio) for name, ratio in ratios.items() if name != "index"))
    print(json.dumps({
        "bench": "search", "ratios": {"sqlite_fts5": round(ratios[PAGE], 2)},
        "figures": {"notices": given.notices, "geometric_mean": round(overall, 2),
                    **{name: round(value, 2) for name, value in figures.items()},
                    **{f"ratio: {name}": round(value, 2) for name, value in ratios.items()}}}))


if __name__ == "__main__":
    main()
