"""The peer of the search bench, what everyone starts with, and what both sides are asked.

An FTS5 table over the product's own tokens beside indexed columns, GROUP BY for the facets, and a regular expression that
marks the texts it keeps.
"""

from __future__ import annotations

import itertools
import random
import re
import sqlite3
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from bench.invented import RULES, invented, vocabulary
from domain.criteria import BOUNDARY, Criteria, Scope, facts, matches, subjects
from domain.market import related
from domain.product_type import PRODUCT_TYPES
from domain.text import tokens
from indexer.port import Sort
from storage.notices import StoredNotice

THREE = ("product_type", "market", "kind")
PAGE = "page: hot word + market, 3 facets, snippets"
SNIPPET = 160
SAMPLE = 20_000
"""Notices whose words the questions are drawn from."""


@dataclass(frozen=True)
class Question:
    """A page to answer; without facets where none are asked for."""

    criteria: Criteria
    sort: Sort = "relevance"
    offset: int = 0
    facets: tuple[str, ...] = ()


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
        markets = frozenset[str]().union(*map(related, criteria.markets))
        for column, chosen in (("market", markets), ("kind", criteria.kinds)):
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
    for each, _ in invented(min(count, SAMPLE)):
        if each.lang == "en":
            held.update(set(each.summary.replace(".", "").split()))
    sample = min(count, SAMPLE)
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
