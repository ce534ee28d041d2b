"""The search server. It decides nothing about words: everything reaches it in a form that it compares whole, and what it
cannot answer exactly is looked up (see words.py)."""

from __future__ import annotations

import json
import re
import uuid
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, suppress
from dataclasses import replace
from functools import partial
from itertools import chain

from meilisearch.models.task import TaskInfo

from domain.criteria import Criteria, Facts
from indexer.backends.meilisearch.asking import NO_HITS, Answer, Asked, ask
from indexer.backends.meilisearch.documents import SETTINGS, fields
from indexer.backends.meilisearch.searches import Filter, counted, deadline_parts, filters, tiers
from indexer.backends.meilisearch.server import SEND_SECONDS, Server
from indexer.backends.meilisearch.texts import decoded
from indexer.backends.meilisearch.words import Said, Words
from indexer.document import FORMAT, Document
from indexer.fields import facet_field
from indexer.port import IndexMissing, IndexUnavailable, Page, Sort
from indexer.query import FACETS, Query, deadline_counts, facet_criteria, market_counts, query
from storage.index_state import Generation

MOST_HITS = 10_000
"""The deepest hit a page can show."""
MOST_BYTES = 24_000_000
"""Documents of one request. The server takes up to 100 MB, and is fastest when it gets much at once."""
MOST_INDEXES = 10_000
UPDATE_SECONDS = 60.0
BUILD_SECONDS = 3_600.0
"""How long a task may take; what waits behind others in the server's queue counts in."""
UNFINISHED = "-unfinished"
"""End of the name of a generation that is being written; the last step of a build takes it away."""

_Answers = Sequence[Answer]
_NAME = re.compile(rf"{FORMAT}-[0-9a-f]+")


class MeilisearchIndex:
    """Generations as indexes of a server, one each. Safe to share between threads.

    ``turn`` gives the writer's lock, which must hold between all processes that write to this server. ``prefix`` begins
    the names of its indexes: whoever shares a server takes another one, for indexes of the prefix that are not in use are
    removed.
    """

    def __init__(self, url: str, key: str, turn: Callable[[float], AbstractContextManager[object]],
                 prefix: str = "zonewatch") -> None:
        self.server = Server(url, key)
        self.prefix, self._turn = prefix, turn
        self._words = Words(self.server, self._uid)

    @contextmanager
    def exclusive(self, timeout: float = 0) -> Iterator[None]:
        """See SearchIndex."""
        with self._turn(timeout):
            yield

    def new_name(self) -> str:
        """See SearchIndex."""
        return f"{FORMAT}-{uuid.uuid4().hex[:12]}"

    def holds(self, generation: str) -> bool:
        """See SearchIndex."""
        try:
            with self.server.client() as client:
                client.get_raw_index(self._uid(generation))
        except IndexMissing:
            return False
        return True

    def build(self, generation: str, batches: Iterable[Sequence[Document]]) -> int:
        """See SearchIndex."""
        uid, part = self._uid(generation), self._uid(generation) + UNFINISHED
        try:
            count = self._write(part, batches)
        except BaseException:
            with suppress(IndexUnavailable), self.server.client() as client:
                client.delete_index(part)  # now, not with the next build: it may be what fills the disk
            raise
        with self.server.client() as client:
            self._done(client.index(part).update(new_uid=uid))
        return count

    def _write(self, uid: str, batches: Iterable[Sequence[Document]]) -> int:
        with self.server.client() as client:
            self._done(client.create_index(uid, {"primaryKey": "id"}))
            self._done(client.index(uid).update_settings(dict(SETTINGS)))
        tasks, count = self._send(uid, chain.from_iterable(batches))
        self.server.wait(tasks, BUILD_SECONDS)
        (answer,) = self.server.ask([{"indexUid": uid, "hitsPerPage": 0}])
        if answer["totalHits"] != count:
            raise IndexUnavailable(f"the search server holds {answer['totalHits']} notices of {count}")
        return count

    def update(self, generation: str, documents: Sequence[Document], gone: Collection[int] = ()) -> None:
        """See SearchIndex. Raises IndexUnavailable too; what came of the update is then open, and it must be repeated."""
        uid = self._uid(generation)
        with self.server.client() as client:
            client.get_raw_index(uid)  # documents for an index that is not there would make one
        tasks, _ = self._send(uid, documents)
        if gone:
            with self.server.client(SEND_SECONDS) as client:
                tasks.append(client.index(uid).delete_documents(filter=f"id IN [{','.join(map(str, gone))}]"))
        self.server.wait(tasks, UPDATE_SECONDS)

    def remove_all_but(self, generations: Collection[str]) -> None:
        """See SearchIndex."""
        ours = re.compile(rf"{re.escape(self.prefix)}-\d+-[0-9a-f]+({UNFINISHED})?")
        kept = {f"{self.prefix}-{name}" for name in generations}
        with self.server.client() as client:
            found = [each.uid for each in client.get_indexes({"limit": MOST_INDEXES})["results"]]
            tasks = [client.delete_index(uid) for uid in found if ours.fullmatch(uid) and uid not in kept]
        for task in tasks:
            with suppress(IndexMissing):  # it was being removed already
                self._done(task)

    def version(self) -> str:
        """The server's version; empty when the key may not ask for it. Raises IndexUnavailable when nobody answers."""
        with self.server.client() as client:
            client.health()
        with suppress(IndexUnavailable), self.server.client() as client:
            return str(client.get_version()["pkgVersion"])
        return ""

    def rehearse(self) -> None:
        """Write, change, find and remove a generation of one document, as its key allows. Raises IndexUnavailable."""
        name = self.new_name()
        facts = Facts({}, {}, "", "", "", frozenset(), "", "", "", None, (), 0, ("word",))
        try:
            self.build(name, [[Document(1, facts, frozenset(), frozenset(), None)]])
            self.search(Generation(name, 1), Criteria(words=("word",)))
            self.update(name, [], [1])
        finally:
            for uid in (self._uid(name), self._uid(name) + UNFINISHED):
                with suppress(IndexMissing), self.server.client() as client:
                    self._done(client.delete_index(uid))

    def rehearse_searching(self) -> None:
        """Search as the key allows, whatever is there. Raises IndexUnavailable."""
        with suppress(IndexMissing):
            self.search(Generation(self.new_name(), 1), Criteria())

    def search(self, state: Generation, criteria: Criteria, sort: Sort = "relevance", offset: int = 0,
               limit: int = 20, facets: Collection[str] = tuple(FACETS)) -> Page:
        """See SearchIndex."""
        offset, limit = max(offset, 0), max(min(limit, MOST_HITS - offset), 0)
        wanted = query(criteria)
        page = _PageOf(self._uid(state.name), self._words.say(state, wanted))
        page.want_hits(wanted, sort, offset, limit)
        for under, names in facet_criteria(criteria, facets).items():
            page.want_counts(query(under), names, criteria.markets)
        return page.read(self.server)

    def _uid(self, generation: str) -> str:
        """The name of a generation's index. Raises IndexMissing when it is of another form."""
        if not _NAME.fullmatch(generation):
            raise IndexMissing(f"the search index {generation} is of another format")
        return f"{self.prefix}-{generation}"

    def _done(self, task: TaskInfo) -> None:
        self.server.wait([task], BUILD_SECONDS)

    def _send(self, uid: str, documents: Iterable[Document]) -> tuple[list[TaskInfo], int]:
        """Hand documents to the server, which writes them later; gives its tasks and the number of documents."""
        tasks, count = list[TaskInfo](), 0
        for lines in _requests(documents):
            with self.server.client(SEND_SECONDS) as client:
                tasks.append(client.index(uid).add_documents_raw(b"\n".join(lines), "id", "application/x-ndjson"))
            count += len(lines)
        return tasks, count


def _requests(documents: Iterable[Document]) -> Iterator[list[bytes]]:
    """Documents as lines of JSON, so many at once as one request may carry."""
    lines, size = list[bytes](), 0
    for each in documents:
        line = json.dumps(fields(each), separators=(",", ":")).encode()
        if lines and size + len(line) > MOST_BYTES:
            yield lines
            lines, size = [], 0
        lines.append(line)
        size += len(line)
    if lines:
        yield lines


class _PageOf:
    """The searches of one page, asked together: one request for a first page, two for a later one whose hits stand in
    tiers; where any of several words will do a request for each search."""

    def __init__(self, uid: str, said: Sequence[Said]) -> None:
        self._uid, self._said = uid, said
        self._searches = list[Asked]()
        self._hits = list[Asked]()
        self._offset = self._limit = 0
        self._counts = dict[str, Callable[[_Answers], dict[str, int]]]()

    def want_hits(self, wanted: Query, sort: Sort, offset: int, limit: int) -> None:
        """Ask for hits. A tier says how many it has; a page that begins further down asks for those first."""
        self._offset, self._limit = offset, limit
        if wanted.nothing:
            return
        which = NO_HITS if offset else {"page": 1, "hitsPerPage": limit}
        self._hits = [Asked([*filters(wanted), *tier.filters], tier.sort, which) for tier in tiers(wanted, sort)]
        self._searches += self._hits

    def want_counts(self, wanted: Query, facets: Sequence[str], markets: Collection[str]) -> None:
        """Ask for the counts of facets among what a query wants; ``markets`` are those chosen."""
        if wanted.nothing:
            self._counts |= dict.fromkeys(facets, lambda _: {})
            return
        narrowed = filters(wanted)
        at = self._count(narrowed, tuple(counted(facets, wanted.scope)))
        for facet in facets:
            self._counts[facet] = partial(_values, at, facet_field(facet, wanted.scope))
        if "market" in facets:
            self._counts["market"] = partial(_markets, at, markets)
        if "deadline" in facets:
            parts = [self._count([*narrowed, part]) for part in deadline_parts()]
            self._counts["deadline"] = partial(_states, parts)

    def _count(self, narrowed: Filter, fields: tuple[str, ...] = ()) -> int:
        """Where the answer to a search without hits will stand."""
        self._searches.append(Asked(narrowed, which=NO_HITS, counted=fields))
        return len(self._searches) - 1

    def read(self, server: Server) -> Page:
        """Ask, and make a page of the answers."""
        answers = ask(server, self._uid, self._said, self._searches)
        totals = [answer["totalHits"] for answer in answers[:len(self._hits)]]
        found = answers[:len(self._hits)]
        if self._offset and self._limit:
            found = ask(server, self._uid, self._said, self._further(totals))
        ids = tuple(int(hit["id"]) for answer in found for hit in answer["hits"])[:self._limit]
        return Page(sum(totals), ids, {facet: read(answers) for facet, read in self._counts.items()})

    def _further(self, totals: Sequence[int]) -> list[Asked]:
        """Searches for the hits of a page that begins further down."""
        searches, skipped = list[Asked](), self._offset
        room = self._limit
        for wanted, total in zip(self._hits, totals, strict=True):
            length = min(max(total - skipped, 0), room)
            if length:
                searches.append(replace(wanted, which={"offset": skipped, "limit": length}))
            skipped, room = max(skipped - total, 0), room - length
        return searches


def _values(at: int, field: str, answers: _Answers) -> dict[str, int]:
    counts = answers[at]["facetDistribution"].get(field, {})
    return {value: count for value, count in ((decoded(key), count) for key, count in counts.items()) if value}


def _markets(at: int, chosen: Collection[str], answers: _Answers) -> dict[str, int]:
    return market_counts(_values(at, "market", answers), chosen)


def _states(parts: Sequence[int], answers: _Answers) -> dict[str, int]:
    return deadline_counts(*(answers[part]["totalHits"] for part in parts))
