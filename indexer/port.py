"""What the rest of the house asks of a search engine; every engine answers the same, see tests/contract."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from typing import Literal, Protocol

from domain.criteria import Criteria
from domain.errors import ZonewatchError
from indexer.document import Document
from indexer.query import FACETS
from storage.index_state import Generation

Sort = Literal["relevance", "date", "deadline"]
"""relevance: best first, the newer of equals first. date: newest event first, undated ones last. deadline: comment periods
that are open, the first to end first; then the others, newest deadline first, those without one last and as by date."""


class IndexUnavailable(ZonewatchError):
    """The engine does not answer, refuses or fails: nothing is known of its index. Trying again later may help."""


class IndexMissing(IndexUnavailable):
    """The generation that the database names cannot be read; the next sync or rebuild writes it anew."""


@dataclass(frozen=True, slots=True)
class Page:
    """One page of answers: how many notices meet the criteria, the ids of this page in order, and per facet the number
    of notices a value would find (see indexer.query.FACETS). An engine may refuse to page deeper than 10,000 hits and
    then gives no ids."""

    total: int
    ids: tuple[int, ...]
    facets: Mapping[str, Mapping[str, int]] = field(default_factory=dict)


class SearchIndex(Protocol):
    """Documents in generations. Only one writer at a time, any number of readers in any process. Every method raises
    IndexUnavailable when there is an engine that does not answer."""

    def exclusive(self, timeout: float = 0) -> AbstractContextManager[None]:
        """Be the only writer for the block. Raises Conflict when another process still writes after ``timeout``."""

    def holds(self, generation: str) -> bool:
        """Whether a generation is there, readable and of the form this code writes."""

    def new_name(self) -> str:
        """A name for a new generation, never used before."""

    def build(self, generation: str, batches: Iterable[Sequence[Document]]) -> int:
        """Write a whole new generation; when this returns it is durable. Gives the number of documents."""

    def update(self, generation: str, documents: Sequence[Document], gone: Collection[int] = ()) -> None:
        """Put documents in the place of those with their ids, and remove ``gone``; durable when this returns. Raises
        IndexMissing."""

    def remove_all_but(self, generations: Collection[str]) -> None:
        """Remove every other generation, half-written ones included."""

    def search(self, state: Generation, criteria: Criteria, sort: Sort = "relevance", offset: int = 0,
               limit: int = 20, facets: Collection[str] = tuple(FACETS)) -> Page:
        """The notices for which ``domain.criteria.matches`` holds, at least as new as ``state``. Raises IndexMissing."""
