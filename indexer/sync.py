"""Keep the index in step with the store: changes one batch at a time, or everything anew.

Order makes it safe to be killed anywhere: the index is durable before the database hears of it, and changes are marked
done only then. What was done twice gives the same index.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

from indexer.document import Document, document
from indexer.port import IndexMissing, SearchIndex
from indexer.reclassify import reclassify
from indexer.spelling import Learned, SpellingFiles
from storage import changes, index_state, notices, relations
from storage.index_state import Generation
from storage.notices import StoredNotice
from storage.session import Database

log = logging.getLogger(__name__)

BATCH = 2_000
ROWS = 500
"""Most rows of one write transaction."""

_ALL = 1_000_000_000

Progress = Callable[[int], None]


def sync(db: Database, index: SearchIndex, limit: int = BATCH, spelling: SpellingFiles | None = None) -> int:
    """Index the oldest pending changes and give how many were taken; 0 means that the index is up to date. ``spelling``
    learns the words.

    Writes a whole new generation, and gives the number of its notices, when there is none that can be read. Raises
    Conflict while another process writes.
    """
    with index.exclusive():
        state = _state(db)
        try:
            if state and index.holds(state.name):
                return _take(db, index, state, limit, spelling)
            log.info("writing the search index anew: %s", f"{state.name} cannot be read" if state else "there is none")
        except IndexMissing as missing:
            log.warning("writing the search index anew: %s", missing)
        return _build(db, index, state, None, spelling)


def _take(db: Database, index: SearchIndex, state: Generation, limit: int, spelling: SpellingFiles | None) -> int:
    with db.read() as session:
        pending = changes.read(session, changes.INDEX, limit)
        ids = sorted({each.subject_id for each in pending if each.kind == changes.NOTICE})
        stored = notices.by_ids(session, ids)
    if pending:
        learned = Learned()
        documents = _read(stored.values(), learned)
        index.update(state.name, documents, gone=set(ids) - stored.keys())
        if spelling:
            spelling.add(state.name, learned)
        with db.write() as session:
            index_state.committed(session)
        _settle(db, [each.id for each in pending], _grades(documents))
    return len(pending)


def rebuild(db: Database, index: SearchIndex, progress: Progress | None = None,
            spelling: SpellingFiles | None = None) -> int:
    """Classify again what an older classifier read and name anew what belongs together (silently: no alert comes of it),
    then write a new generation and let readers use it; gives the number of notices. ``progress`` hears how many are
    written so far. Raises Conflict while another process writes.
    """
    with index.exclusive():
        reclassify(db, apply=True, only_outdated=True)
        relations.rebuild(db)
        return _build(db, index, _state(db), progress, spelling)


def _state(db: Database) -> Generation | None:
    with db.read() as session:
        return index_state.current(session)


def _build(db: Database, index: SearchIndex, before: Generation | None, progress: Progress | None,
           spelling: SpellingFiles | None) -> int:
    """The generation before stays until the next build: a reader may be about to open it."""
    kept = [before.name] if before else []
    index.remove_all_but(kept)
    with db.read() as session:
        pending = [each.id for each in changes.read(session, changes.INDEX, limit=_ALL)]
    name, graded, learned = index.new_name(), dict[int, str](), Learned()
    index.build(name, _documents(db, graded, learned, progress))
    if spelling:
        spelling.remove_all_but(kept)
        spelling.write(name, learned)
    with db.write() as session:
        index_state.flip(session, name)
    _settle(db, pending, graded)
    return len(graded)


def _documents(db: Database, graded: dict[int, str], learned: Learned, progress: Progress | None,
               ) -> Iterator[list[Document]]:
    """Documents of all notices; ``graded`` grows by those that were handed out, ``learned`` by what they teach."""
    with db.read() as session:
        for stored in notices.everything(session):
            documents = _read(stored, learned)
            graded.update(_grades(documents))
            yield documents
            if progress:
                progress(len(graded))


def _read(stored: Iterable[StoredNotice], learned: Learned) -> list[Document]:
    found = [(each, document(each)) for each in stored]
    learned.learn(found)
    return [each for _, each in found]


def _grades(documents: Iterable[Document]) -> dict[int, str]:
    return {each.id: each.facts.grade for each in documents}


def _settle(db: Database, change_ids: Sequence[int], graded: Mapping[int, str]) -> None:
    notice_ids = list(graded)
    for start in range(0, max(len(change_ids), len(notice_ids)), ROWS):
        with db.write() as session:
            changes.done(session, change_ids[start:start + ROWS])
            notices.mark_indexed(session, {each: graded[each] for each in notice_ids[start:start + ROWS]})
