"""Searches as the server takes them, and its answers in one form."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from indexer.backends.meilisearch.searches import Filter
from indexer.backends.meilisearch.server import Server
from indexer.backends.meilisearch.words import Said

Answer = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Asked:
    """A search without its words: filters, order, which of the hits, and the fields to count."""

    filters: Filter
    sort: tuple[str, ...] = ()
    which: Mapping[str, int] = field(default_factory=dict)
    counted: tuple[str, ...] = ()


NO_HITS = {"page": 1, "hitsPerPage": 0}
"""Only the total, which is exact where a page is asked for."""


def ask(server: Server, uid: str, said: Sequence[Said], searches: Sequence[Asked]) -> Sequence[Answer]:
    """The answers to searches with these words. Where any of several words will do each search is a request of its own, in
    which the server joins what each of them finds."""
    if len(said) == 1:
        return server.ask([{**_query(uid, said[0], each), **each.which, "facets": list(each.counted)} for each in searches])
    return [_joined(server, uid, said, each) for each in searches]


def _query(uid: str, said: Said, asked: Asked) -> dict[str, Any]:
    return {"indexUid": uid, "q": said.q, "matchingStrategy": "all", "filter": [*asked.filters, *said.filters],
            "sort": list(asked.sort), "attributesToRetrieve": ["id"]}


def _joined(server: Server, uid: str, said: Sequence[Said], asked: Asked) -> Answer:
    answer = server.ask_joined([_query(uid, each, asked) for each in said],
                               {**asked.which, "facetsByIndex": {uid: list(asked.counted)}})
    return {**answer, "facetDistribution": answer["facetsByIndex"][uid]["distribution"]}
