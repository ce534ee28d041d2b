"""The product's search against SQLite FTS5 on the same invented notices, tokens and questions.

    python -m bench.search [NOTICES]        (20,000 unless told)

Both answer a whole page: total, the twenty best in order, seven facet counts, and the twenty notices read from the store.
The peer keeps the facets in indexed columns and the tokens in an FTS5 table. Every pair of totals must agree. A ratio is
the peer's median divided by ours, in one run. Last line: JSON.
"""

from __future__ import annotations

import itertools
import json
import math
import sqlite3
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path

from bench.invented import RULES, SLUGS, card, invented
from domain.classification import Classification
from domain.classify import VERSION
from domain.criteria import BOUNDARY, Criteria, Facts, Scope, facts, matches, subjects
from domain.notice import Notice
from domain.product_type import PRODUCT_TYPES
from domain.source import Reason, RunStatus
from domain.text import tokens
from indexer import sync
from indexer.backends.tantivy import TantivyIndex
from indexer.service import SearchService
from storage import notices, runs, sources
from storage.ingest import Reading, ingest
from storage.session import Database

REPEATS = 15
FACETS = ("market", "kind", "year", "source", "grade")


def store(db: Database, everything: list[tuple[Notice, Classification]]) -> None:
    for slug in SLUGS:
        sources.save_cards(db, [card(slug)])
        run = runs.start(db, card(slug))
        ingest(db, run, [Reading(*each) for each in everything if each[0].source == slug], VERSION)
        runs.finish(db, run, RunStatus.OK, Reason("ok"), runs.Tally())


class Fts5:
    """The peer: one FTS5 table over the same tokens, facets in columns, subjects in a table of their own."""

    def __init__(self, path: Path) -> None:
        self.sql = sqlite3.connect(path, isolation_level=None)
        for pragma in ("journal_mode=wal", "synchronous=normal", "cache_size=-200000", "mmap_size=1000000000"):
            self.sql.execute(f"pragma {pragma}")
        self.sql.execute("create table n (id integer primary key, relevant int, market, kind, year, source, grade, day int)")
        self.sql.execute("create table s (id int, what, subject, floor int, primary key (what, subject, floor, id))")
        self.sql.execute("create virtual table f using fts5(title, words, content='', tokenize=\"unicode61 "
                         "remove_diacritics 0\")")

    def build(self, documents: Iterator[tuple[int, Facts, date | None]]) -> None:
        self.sql.execute("begin")
        for notice_id, found, day in documents:
            self.sql.execute("insert into n values (?, ?, ?, ?, ?, ?, ?, ?)", (
                notice_id, matches(Criteria(), found),
                found.market, found.kind, found.year, found.source, found.grade, day.toordinal() if day else 0))
            words = " ".join(found.tokens).replace(BOUNDARY, "fieldboundary")  # signs would let a phrase cross it
            self.sql.execute("insert into f (rowid, title, words) values (?, ?, ?)",
                             (notice_id, " ".join(found.title_tokens), words))
            self.sql.executemany("insert or ignore into s values (?, ?, ?, ?)", [
                (notice_id, what, name, scope is Scope.RELEVANT) for scope in Scope
                for what, levels in (("product_type", found.product_types), ("regulation", found.regulations))
                for name in subjects(levels, scope)])
        self.sql.execute("commit")
        self.sql.execute("insert into f (f) values ('optimize')")
        self.sql.execute("create index n_market on n (market, kind)")
        self.sql.execute("create index n_relevant on n (relevant, day)")
        self.sql.execute("analyze")

    def where(self, criteria: Criteria, without: str = "") -> tuple[str, list[str]]:
        """The condition, with the choice of one facet left out."""
        floor, clauses, values = int(criteria.scope is Scope.RELEVANT), ["1"], list[str]()
        if criteria.words:
            phrases = " AND ".join('words : "' + " ".join(tokens(word)) + '"' for word in criteria.words)
            clauses.append("n.id in (select rowid from f where f match ?)")
            values.append(phrases)
        named = [] if without == "subject" else sorted(criteria.product_types | criteria.regulations)
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

    def search(self, criteria: Criteria) -> tuple[int, list[int]]:
        where, values = self.where(criteria)
        (total,) = self.sql.execute(f"select count(*) from n where {where}", values).fetchone()
        if criteria.words:
            where = where.replace("n.id in (select rowid from f where f match ?)", "f match ?", 1)
            rows = self.sql.execute(f"select n.id from f join n on n.id = f.rowid where {where} "
                                    "order by bm25(f, 2, 1) limit 20", values)
        else:
            rows = self.sql.execute(f"select n.id from n where {where} order by day desc limit 20", values)
        ids = [row[0] for row in rows]
        for facet in FACETS:
            where, values = self.where(criteria, facet)
            self.sql.execute(f"select {facet}, count(*) from n where {where} group by 1", values).fetchall()
        where, values = self.where(criteria, "subject")
        for what in ("product_type", "regulation"):
            self.sql.execute(
                f"select subject, count(*) from s join n on n.id = s.id where what = '{what}' and floor = "
                f"{int(criteria.scope is Scope.RELEVANT)} and {where} group by 1", values).fetchall()
        return total, ids


def questions(everything: list[tuple[Notice, Classification]]) -> dict[str, list[Criteria]]:
    """Criteria by class of question: words that many, some or few notices hold, phrases, Chinese, subjects, filters."""
    counts: dict[str, int] = {}
    for each, _ in everything:
        for word in set(each.summary.split()) if each.lang == "en" else ():
            counts[word] = counts.get(word, 0) + 1
    common = sorted(counts, key=lambda word: (-counts[word], word))
    hot, some, rare = common[5:15], common[300:310], common[5000:5010]
    everywhere = [Criteria(words=(word,), scope=Scope.ALL) for word in hot]
    return {
        "rare word": [Criteria(words=(word,), scope=Scope.ALL) for word in rare],
        "word": [Criteria(words=(word,), scope=Scope.ALL) for word in some],
        "hot word": everywhere,
        "two words": [Criteria(words=pair, scope=Scope.ALL) for pair in zip(some, hot, strict=True)],
        "phrase": [Criteria(words=(f"{one} {other}",), scope=Scope.ALL) for one, other in itertools.pairwise(hot)],
        "Chinese word": [Criteria(words=(word,), scope=Scope.ALL) for word in ("电磁阀", "气缸", "墨盒", "硒鼓")],
        "product type": [Criteria(product_types=frozenset({name})) for name in list(PRODUCT_TYPES)[:10]],
        "regulation": [Criteria(regulations=frozenset({name})) for name in RULES[:10]],
        "type + market + kind": [Criteria(product_types=frozenset({name}), markets=frozenset({"EU"}),
                                          kinds=frozenset({"recall", "standard"})) for name in list(PRODUCT_TYPES)[:10]],
        "hot word + market": [Criteria(words=(word,), markets=frozenset({"US"})) for word in hot],
        "everything of ours": [Criteria()],
        "everything": [Criteria(scope=Scope.ALL)],
    }


def median_ms(ask: Callable[[Criteria], object], asked: list[Criteria]) -> float:
    seconds = []
    for _ in range(max(1, REPEATS // len(asked)) + 1):
        for criteria in asked:
            began = time.perf_counter()
            ask(criteria)
            seconds.append(time.perf_counter() - began)
    return statistics.median(seconds) * 1e3


def measure(folder: Path, count: int) -> dict[str, object]:
    everything = list(invented(count))
    db, index = Database(f"sqlite:///{folder / 'store.db'}"), TantivyIndex(folder / "index")
    db.migrate()
    store(db, everything)
    began = time.perf_counter()
    sync.sync(db, index)
    ours = time.perf_counter() - began
    peer = Fts5(folder / "fts5.db")
    began = time.perf_counter()
    with db.read() as session:
        peer.build((each.id, facts(each.notice, each.classification), each.notice.event_date)
                   for batch in notices.everything(session) for each in batch)
    theirs = time.perf_counter() - began
    service, ratios, figures = SearchService(db, index), {"index": theirs / ours}, {"index_seconds": ours}

    def ask_peer(criteria: Criteria) -> int:
        total, ids = peer.search(criteria)
        with db.read() as session:
            notices.by_ids(session, ids)
        return total

    print(f"{count} notices: indexed in {ours:.1f} s, FTS5 {theirs:.1f} s")
    for name, asked in questions(everything).items():
        for criteria in asked:
            totals = service.search(criteria).total, ask_peer(criteria)
            if totals[0] != totals[1]:
                raise SystemExit(f"totals differ for {criteria}: {totals}")
        mine, other = median_ms(service.search, asked), median_ms(ask_peer, asked)
        ratios[name], figures[f"{name}_ms"] = other / mine, mine
        print(f"{name:22} {mine:7.2f} ms   FTS5 {other:8.2f} ms   {other / mine:6.1f} x")
    return {"ratios": ratios, "figures": figures}


def main() -> None:
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 20_000
    with tempfile.TemporaryDirectory() as folder:
        found = measure(Path(folder), count)
    ratios: dict[str, float] = found["ratios"]  # type: ignore[assignment]
    figures: dict[str, float] = found["figures"]  # type: ignore[assignment]
    overall = math.exp(statistics.mean(math.log(ratio) for name, ratio in ratios.items() if name != "index"))
    print(json.dumps({
        "bench": "search", "ratios": {"sqlite_fts5": round(overall, 2)},
        "figures": {"notices": count, **{name: round(value, 2) for name, value in figures.items()},
                    **{f"ratio: {name}": round(value, 2) for name, value in ratios.items()}}}))


if __name__ == "__main__":
    main()
