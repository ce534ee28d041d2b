"""Search as other rooms use it: typed text is understood into criteria, criteria find notices."""

from __future__ import annotations

import time
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass

from domain.criteria import Criteria
from indexer.port import IndexMissing, IndexUnavailable, Page, SearchIndex, Sort
from indexer.query import FACETS
from indexer.reading import prepare
from indexer.spelling import SpellingFiles, Vocabulary
from indexer.suggest import Suggestion, suggest
from indexer.understand import Understood, held, understand
from storage import index_state, notices
from storage.index_state import Generation
from storage.notices import StoredNotice
from storage.session import Database

BATCH = 500
KEPT = 2_000
"""Notices that are kept at hand; one takes some five kilobytes."""


@dataclass(frozen=True, slots=True)
class Hit:
    """A notice that was found, as it stands in the store now."""

    stored: StoredNotice


@dataclass(frozen=True, slots=True)
class Results:
    """What a search found: ``total`` notices meet ``criteria``, ``hits`` are those of the page asked for, ``facets`` count
    by each of ``indexer.query.FACETS`` that was asked for, each as if nothing were chosen in it."""

    total: int
    seconds: float
    criteria: Criteria
    hits: list[Hit]
    facets: Mapping[str, Mapping[str, int]]


@dataclass(frozen=True, slots=True)
class Found:
    """How many notices meet some criteria, and the first of them, read from the store as they are asked for."""

    total: int
    stored: Iterator[StoredNotice]


class SearchService:
    """Search over one database and one index. Safe to share between threads."""

    def __init__(self, db: Database, index: SearchIndex, spelling: SpellingFiles | None = None) -> None:
        self._db, self._index, self._spelling, self._shelf = db, index, spelling, _Shelf(None)
        prepare()

    def understand(self, text: str, base: Criteria = Criteria()) -> Understood:  # noqa: B008  # frozen
        """What a person typed, as visible criteria added to ``base``; see indexer.understand."""
        return held(understand(text, base, self.words()), self._finds)

    def _finds(self, criteria: Criteria) -> bool:
        """Whether anything meets criteria; an index that cannot answer does not say that nothing does."""
        try:
            return self._page(criteria, "relevance", 0, 0, ()).total > 0
        except IndexUnavailable:
            return True

    def suggest(self, text: str) -> list[Suggestion]:
        """What a text that is being typed may become; see indexer.suggest."""
        return suggest(text, self.words())

    def words(self) -> Vocabulary:
        """The words of the notices, as far as they are kept."""
        state = self.state() if self._spelling else None
        return self._spelling.read(state.name) if self._spelling and state else Vocabulary()

    def search(self, criteria: Criteria, *, sort: Sort = "relevance", offset: int = 0, limit: int = 20,
               facets: Collection[str] = tuple(FACETS)) -> Results:
        """The notices that meet the criteria. Before anything was ever indexed nothing is found; raises IndexMissing when
        the index was lost and is not yet written anew."""
        began = time.perf_counter()
        page = self._page(criteria, sort, offset, limit, facets)
        stored = self._shelf.read(self._db, page.ids)
        hits = [Hit(stored[each]) for each in page.ids if each in stored]
        return Results(page.total, time.perf_counter() - began, criteria, hits, page.facets)

    def found(self, criteria: Criteria, *, sort: Sort = "relevance", limit: int) -> Found:
        """Many notices, up to ``limit``, for whom a page is too small; never more than some hundred of them at a time."""
        page = self._page(criteria, sort, 0, limit, ())
        return Found(page.total, self._stored(page.ids))

    def _stored(self, ids: Sequence[int]) -> Iterator[StoredNotice]:
        for start in range(0, len(ids), BATCH):
            wanted = ids[start:start + BATCH]
            with self._db.read() as session:
                stored = notices.by_ids(session, wanted)
            yield from (stored[each] for each in wanted if each in stored)

    def state(self) -> Generation | None:
        """The index as it is now: while it stays the same, so does what is found, but for criteria that look at the day."""
        return index_state.newest(self._db)

    def _page(self, criteria: Criteria, sort: Sort, offset: int, limit: int, facets: Collection[str]) -> Page:
        state = self.state()
        if state is None:
            return Page(0, ())
        if self._shelf.state != state:
            self._shelf = _Shelf(state)
        try:
            return self._index.search(state, criteria, sort, offset, limit, facets)
        except IndexMissing:
            newer = self.state()
            if newer is None or newer.name == state.name:
                raise
            return self._index.search(newer, criteria, sort, offset, limit, facets)  # it was replaced under our hands


class _Shelf:
    """Notices as they were read since the newest commit to the index, which follows every change of a notice."""

    def __init__(self, state: Generation | None) -> None:
        self.state = state
        self._kept: dict[int, StoredNotice] = {}

    def read(self, db: Database, ids: Sequence[int]) -> Mapping[int, StoredNotice]:
        """The notices that exist among these ids."""
        kept = self._kept  # another thread may put an empty one in its place meanwhile
        missing = [each for each in ids if each not in kept]
        if not missing:
            return kept
        if len(kept) > KEPT:
            kept, missing = {}, list(ids)
            self._kept = kept
        with db.read() as session:
            kept.update(notices.by_ids(session, missing))
        return kept
