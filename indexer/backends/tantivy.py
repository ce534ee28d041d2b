"""The embedded engine. Queries are built by hand: nothing a person types ever reaches the engine's own query parser."""

from __future__ import annotations

import hashlib
import re
import shutil
import threading
import uuid
from collections.abc import Collection, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from itertools import chain
from pathlib import Path
from typing import Any

import tantivy
from tantivy import Occur

from domain.classification import Confidence
from domain.criteria import Criteria, Facts, Scope
from domain.deadline import DeadlineState, deadline_spans
from domain.text import lone_letter
from indexer.document import FORMAT, Document, number
from indexer.fields import FACET_FIELDS, FILTER_FIELDS, HEAD, TEXTS, WORDS, facet_field, field_values
from indexer.port import IndexMissing, Page, Sort
from indexer.query import DEADLINE_PARTS, FACETS, Query, deadline_counts, deadline_days, facet_criteria, market_counts, query
from storage import locks
from storage.index_state import Generation

HEAP = 80_000_000
"""Bytes the writer gathers before it writes a segment; it has one thread, so this is all it holds."""
LONGEST_TERM = 200
_SURROGATE = re.compile("[\ud800-\udfff]")
MOST_VALUES = 10_000
"""Counts of a facet are exact up to so many values; no facet comes near."""
MOST_HITS = 10_000
"""The deepest hit a page can show; the engine keeps all hits before it in memory."""



def _schema() -> tantivy.Schema:
    builder = tantivy.SchemaBuilder().add_integer_field("id", indexed=True, fast=True)
    for name in TEXTS:
        builder.add_text_field(name, tokenizer_name="whitespace", index_option="position")
    for name in (*FACET_FIELDS, *FILTER_FIELDS):
        builder.add_text_field(name, tokenizer_name="raw", index_option="basic", fast=name in FACET_FIELDS)
    builder.add_integer_field("deadline", indexed=True, fast=True)
    for name in ("newest", "closest"):
        builder.add_integer_field(name, fast=True)
    for name in ("freshness", "sure_and_fresh"):
        builder.add_float_field(name, fast=True)
    return builder.build()


SCHEMA = _schema()


class TantivyIndex:
    """An index in a folder, one sub-folder a generation. Safe to share between threads."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._guard = threading.Lock()
        self._opened: _Opened | None = None

    @contextmanager
    def exclusive(self, timeout: float = 0) -> Iterator[None]:
        """See SearchIndex."""
        with locks.exclusive_in(self.folder, "writer", timeout):
            yield

    def new_name(self) -> str:
        """See SearchIndex."""
        return f"{FORMAT}-{uuid.uuid4().hex[:12]}"

    def holds(self, generation: str) -> bool:
        """See SearchIndex."""
        try:
            self._open(generation)
        except IndexMissing:
            return False
        return True

    def build(self, generation: str, batches: Iterable[Sequence[Document]]) -> int:
        """See SearchIndex."""
        path = self.folder / generation
        path.mkdir(parents=True)
        count = 0
        with _telling(generation):
            writer = tantivy.Index(SCHEMA, path=str(path)).writer(HEAP, num_threads=1)
        for batch in batches:
            with _telling(generation):
                for each in batch:
                    writer.add_document(_engine_document(each))
            count += len(batch)
        with _telling(generation):
            writer.commit()
            writer.wait_merging_threads()
        return count

    def update(self, generation: str, documents: Sequence[Document], gone: Collection[int] = ()) -> None:
        """See SearchIndex."""
        with _telling(generation):
            writer = self._open(generation).writer(HEAP, num_threads=1)
            for notice_id in (*(each.id for each in documents), *gone):
                writer.delete_documents_by_term("id", notice_id)
            for each in documents:
                writer.add_document(_engine_document(each))
            writer.commit()
            writer.wait_merging_threads()  # or segments pile up, one a commit

    def remove_all_but(self, generations: Collection[str]) -> None:
        """See SearchIndex."""
        for path in self.folder.iterdir():
            if path.is_dir() and path.name not in generations:
                shutil.rmtree(path)

    def search(self, state: Generation, criteria: Criteria, sort: Sort = "relevance", offset: int = 0,
               limit: int = 20, facets: Collection[str] = tuple(FACETS)) -> Page:
        """See SearchIndex."""
        with _telling(state.name):
            searcher = self._searcher(state)
            total, ids = _hits(searcher, query(criteria), sort, offset, limit)
            return Page(total, ids, _facets(searcher, criteria, facets))

    def _open(self, generation: str) -> tantivy.Index:
        with _telling(generation):
            if not generation.startswith(f"{FORMAT}-"):
                raise ValueError("it is of another format")
            index = tantivy.Index.open(str(self.folder / generation))
            index.config_reader("manual")
            return index

    def _searcher(self, state: Generation) -> tantivy.Searcher:
        with self._guard:
            opened = self._opened
            if opened is None or opened.state.name != state.name:
                index = self._open(state.name)
                index.reload()
                self._opened = opened = _Opened(state, index, index.searcher())
            elif opened.state.commit_no != state.commit_no:
                opened.index.reload()
                self._opened = opened = _Opened(state, opened.index, opened.index.searcher())
            return opened.searcher


@contextmanager
def _telling(generation: str) -> Iterator[None]:
    """To the engine a lost or damaged file, or a full disk, is one of several errors or a panic; to us the generation
    cannot be used."""
    cure = "the worker or `zonewatch index` writes it anew"
    try:
        yield
    except (ValueError, OSError) as error:
        raise IndexMissing(f"the search index {generation} cannot be used; {cure} ({error})") from error
    except BaseException as error:
        if type(error).__name__ != "PanicException":  # it derives from BaseException and cannot be imported
            raise
        raise IndexMissing(f"the search index {generation} is damaged; {cure} ({error})") from error


@dataclass(frozen=True, slots=True)
class _Opened:
    state: Generation
    index: tantivy.Index
    searcher: tantivy.Searcher


# Documents


def _term(text: str) -> str:
    """A token or value as the engine can hold it: it drops very long terms and knows no lone surrogates."""
    if _holds([text]):
        return text
    return "\x1e" + hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def _holds(values: Collection[str]) -> bool:
    if max(map(len, values), default=0) > LONGEST_TERM:
        return False
    text = "".join(values)
    return text.isascii() or not _SURROGATE.search(text)


def _values(found: Document) -> dict[str, list[str]]:
    fields = {name: list(values) for name, values in field_values(found).items() if values}
    if _holds([*chain.from_iterable(fields.values())]):
        return fields
    return {name: _terms(values) for name, values in fields.items()}


def _terms(values: Iterable[str]) -> list[str]:
    found = list(values)
    return found if _holds(found) else [_term(value) for value in found]


_FIRST_DAY = date(1980, 1, 1).toordinal()
_FRESH_DAYS = 29_220  # eighty years
_FRESHEST = 0.08
"""By so much more the newest notice scores than an undated one: less than any step of ``_confidence``, so it
orders equals only."""


_SURE = {Confidence.HIGH: 4.0, Confidence.MEDIUM: 2.0}
"""By so much a notice about our industries scores higher where no subject is asked for."""


def _freshness(event_on: date | None, sure: float = 1.0) -> float:
    """What makes log2(2 + x), the factor by which the engine weights a score, grow with the date."""
    days = min(max(event_on.toordinal() - _FIRST_DAY, 0), _FRESH_DAYS) if event_on else 0
    return float(2 ** ((1 + _FRESHEST * days / _FRESH_DAYS) * sure) - 2)


def _sure(facts: Facts) -> float:
    levels = (*facts.product_types.values(), *facts.regulations.values())
    return max((_SURE.get(level, 1.0) for level in levels), default=1.0)


def _day(day: date | None) -> int:
    return day.toordinal() if day else 0


def _engine_document(found: Document) -> tantivy.Document:
    facts, words = found.facts, _terms(found.facts.tokens)
    fields: dict[str, Any] = {
        "id": found.id, HEAD: " ".join(words[:facts.head]), WORDS: " ".join(words), **_values(found),
        "newest": _day(found.event_on) << 40 | found.id, "deadline": _day(facts.comment_deadline),
        "closest": _day(facts.comment_deadline) << 40 | _day(found.event_on),
        "freshness": _freshness(found.event_on), "sure_and_fresh": _freshness(found.event_on, _sure(facts)),
    }
    return tantivy.Document.from_dict(fields, SCHEMA)


# Queries


def _any_of(field: str, values: Iterable[str], score: float = 0.0) -> tantivy.Query:
    terms = _terms(values)
    if len(terms) == 1:  # a single term is looked up, a set of them walks the dictionary
        found = tantivy.Query.term_query(SCHEMA, field, terms[0], index_option="basic")
    else:
        found = tantivy.Query.term_set_query(SCHEMA, field, terms)
    return tantivy.Query.const_score_query(found, score)


def _phrase(field: str, words: tuple[str, ...]) -> tantivy.Query:
    if lone_letter(words) and field == "words":
        return _any_of("letters", words, 1.0)
    terms = _terms(words)
    if len(terms) == 1:
        return tantivy.Query.term_query(SCHEMA, field, terms[0], index_option="freq")
    return tantivy.Query.phrase_query(SCHEMA, field, list(terms))


def _filter(wanted: Query) -> tantivy.Query:
    """Exactly the notices for which domain.criteria.matches holds."""
    if wanted.nothing:
        return tantivy.Query.empty_query()
    must = [_phrase("words", words) for words in wanted.phrases]
    must += [tantivy.Query.boolean_query([(Occur.Should, _phrase("words", words)) for words in group])
             for group in wanted.groups]
    must += [_any_of(field, values) for field, values in wanted.values.items()]
    must += [tantivy.Query.boolean_query([(Occur.Should, _within(*span)) for span in wanted.deadlines])
             for _ in wanted.deadlines[:1]]
    must += [subject for subject in [_subject(wanted)] if subject]
    clauses = [(Occur.Must, each) for each in must or [tantivy.Query.all_query()]]
    clauses += [(Occur.MustNot, _phrase("words", words)) for words in wanted.excluded]
    return tantivy.Query.boolean_query(clauses)


def _within(first: date, last: date) -> tantivy.Query:
    return tantivy.Query.range_query(SCHEMA, "deadline", tantivy.FieldType.Integer, _day(first), _day(last))


def _subject(wanted: Query) -> tantivy.Query | None:
    if wanted.has_subject:
        return tantivy.Query.boolean_query([
            (Occur.Should, _any_of(f"product_type_{wanted.scope}", wanted.product_types)),
            (Occur.Should, _any_of(f"regulation_{wanted.scope}", wanted.regulations))])
    return _any_of("confidence", [wanted.scope.floor]) if wanted.scope is Scope.RELEVANT else None


def _ranked(wanted: Query) -> tantivy.Query:
    """The same notices, scored: what bears a word as its number first; how well the words fit, most in the head; how sure
    the subject is, most in the title."""
    fits = _filter(wanted) if wanted.any_phrases else tantivy.Query.const_score_query(_filter(wanted), 3.0)
    clauses = [(Occur.Must, fits)]
    for words in wanted.any_phrases:
        clauses += [(Occur.Should, tantivy.Query.boost_query(_phrase("head", words), 2.0)),
                    (Occur.Should, _any_of("numbers", [number(words)], 100.0))]
    if wanted.has_subject:
        clauses += [(Occur.Should, _confidence(wanted)),
                    (Occur.Should, _any_of("subject_title", wanted.product_types | wanted.regulations, 1.5))]
    if wanted.product_types and wanted.regulations:  # who names a rule too is after what it says of the product
        clauses.append((Occur.Should, _any_of(f"regulation_{Scope.RELEVANT}", wanted.regulations, 30.0)))
    return tantivy.Query.boolean_query(clauses)


def _confidence(wanted: Query) -> tantivy.Query:
    """Without words: low 3, medium 6, high 12 points; 1.5 more where the title names the subject. A notice about a
    product that is asked for and under a rule that is asked for has the points of both."""
    return tantivy.Query.boolean_query([
        (Occur.Should, tantivy.Query.disjunction_max_query(
            [_any_of("subject_high", named, 9.0), _any_of(f"{field}_{Scope.RELEVANT}", named, 3.0)]))
        for field, named in (("product_type", wanted.product_types), ("regulation", wanted.regulations)) if named])


# Answers


def _hits(searcher: tantivy.Searcher, wanted: Query, sort: Sort, offset: int, limit: int) -> tuple[int, tuple[int, ...]]:
    offset, limit = max(offset, 0), max(min(limit, MOST_HITS - offset), 0)
    asked: dict[str, Any] = {"limit": max(limit, 1), "offset": offset if limit else 0}
    if sort == "deadline":
        return _by_deadline(searcher, wanted, offset, limit)
    if sort == "date":
        found = searcher.search(_filter(wanted), order_by_field="newest", **asked)
    else:
        weight = "freshness" if wanted.has_subject else "sure_and_fresh"
        found = searcher.search(_ranked(wanted), weight_by_field=weight, **asked)
    addresses = [address for _, address in found.hits[:limit]]
    total: int = found.count  # type: ignore[attr-defined]  # the stub forgets it
    return total, tuple(int(value or 0) for value in searcher.fast_field_values("id", addresses))


def _by_deadline(searcher: tantivy.Searcher, wanted: Query, offset: int, limit: int) -> tuple[int, tuple[int, ...]]:
    """Open comment periods by their end, then the rest from the newest deadline on: an engine that sorts by one field one
    way is asked twice."""
    is_open = _within(*deadline_spans()[DeadlineState.OPEN])
    total, ids = 0, list[int]()
    for occur, order in ((Occur.Must, tantivy.Order.Asc), (Occur.MustNot, tantivy.Order.Desc)):
        part = tantivy.Query.boolean_query([(Occur.Must, _filter(wanted)), (occur, is_open)])
        found = searcher.search(part, limit=max(limit - len(ids), 1), offset=max(offset - total, 0) if limit else 0,
                                order_by_field="closest", order=order)
        addresses = [address for _, address in found.hits[:limit - len(ids)]]
        ids += [int(value or 0) for value in searcher.fast_field_values("id", addresses)]
        total += found.count  # type: ignore[attr-defined]  # the stub forgets it
    return total, tuple(ids)


def _facets(searcher: tantivy.Searcher, criteria: Criteria, wanted: Collection[str]) -> dict[str, dict[str, int]]:
    counts: dict[str, dict[str, int]] = {}
    for under, names in facet_criteria(criteria, wanted).items():
        found = searcher.aggregate(_filter(query(under)), {name: _aggregation(name, criteria.scope) for name in names})
        for name in names:
            buckets = {bucket["key"]: bucket["doc_count"] for bucket in found[name]["buckets"]}
            counts[name] = _counts(name, buckets, criteria)
    return counts


def _counts(facet: str, buckets: dict[str, int], criteria: Criteria) -> dict[str, int]:
    if facet == "deadline":
        return deadline_counts(*(buckets[part] for part in DEADLINE_PARTS))
    if facet == "market":
        return market_counts(buckets, criteria.markets)
    return {key: count for key, count in buckets.items() if key}


def _aggregation(facet: str, scope: Scope) -> dict[str, Any]:
    if facet == "deadline":
        return {"range": {"field": facet, "ranges": [
            {"key": part, "from": _day(first), "to": _day(last) + 1}
            for part, (first, last) in zip(DEADLINE_PARTS, deadline_days(), strict=True)]}}
    return {"terms": {"field": facet_field(facet, scope), "size": MOST_VALUES}}
