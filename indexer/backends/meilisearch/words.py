"""Words as the server can be asked for them, exactly.

Its phrases are exact up to two tokens; of longer ones it knows that neighbours are neighbours somewhere. It reads ten
phrases of a query. What it cannot say is looked up in the texts themselves, once a commit, and said by ids.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from domain.text import lone_letter
from indexer.backends.meilisearch.documents import encoded, phrase, whole_text
from indexer.backends.meilisearch.server import Server
from indexer.fields import WORDS
from indexer.query import Query
from storage.index_state import Generation

Phrase = tuple[str, ...]

EXACT_TOKENS = 2
MOST_PHRASES = 10
"""The server's limit; it leaves out further ones without a word."""
MOST_TOKENS = 12
"""Tokens of a phrase that are asked for; the rest is looked up."""
MOST_EXCLUDED = 80
"""Phrases of up to two tokens that a query excludes: with ten others of twelve it stays within the server's 1,000 tokens,
each blank and quotation mark one."""
LOOKED_UP = 1_000
"""Documents a request."""
KEPT = 500


@dataclass(frozen=True, slots=True)
class Said:
    """Words as a query and as filters: together exact."""

    q: str
    filters: tuple[str, ...]


class Words:
    """Says the words of queries to one server. Safe to share between threads."""

    def __init__(self, server: Server, uid: Callable[[str], str]) -> None:
        self._server, self._uid = server, uid
        self._guard = threading.Lock()
        self._known: OrderedDict[Any, frozenset[int]] = OrderedDict()

    def say(self, state: Generation, wanted: Query) -> Said:
        """The words of a query."""
        wanted_phrases, wanted_letters = _parted(wanted.phrases)
        excluded, excluded_letters = _parted(wanted.excluded)
        asked, rest = wanted_phrases[:MOST_PHRASES], wanted_phrases[MOST_PHRASES:]
        short = [each for each in excluded if len(each) <= EXACT_TOKENS][:MOST_EXCLUDED]
        wrong = self._wrong(state, asked, rest).union(
            *(self._with(state, each) for each in excluded if each not in short))
        filters = [f'letters = "{encoded(letter)}"' for letter in wanted_letters]
        filters += [f'letters != "{encoded(letter)}"' for letter in excluded_letters]
        filters += [f"id NOT IN [{','.join(map(str, sorted(wrong)))}]"] if wrong else []
        return Said(" ".join((*(f'-"{phrase(each)}"' for each in short), _query(asked))), tuple(filters))

    def _wrong(self, state: Generation, asked: Sequence[Phrase], rest: Sequence[Phrase]) -> frozenset[int]:
        """What the server finds for the phrases asked for although it lacks one of them or of the rest."""
        found = [self._without(state, [each], [each]) for each in asked if len(each) > EXACT_TOKENS]
        if rest:
            found.append(self._without(state, asked, rest))
        return frozenset().union(*found)

    def _without(self, state: Generation, asked: Sequence[Phrase], phrases: Sequence[Phrase]) -> frozenset[int]:
        """The notices found for the phrases asked for that lack one of ``phrases``."""
        texts = [f" {phrase(each)} " for each in phrases]
        return self._once((state, "without", *asked, "of", *phrases), lambda: frozenset(
            number for number, text in self._found(state, asked) if any(each not in text for each in texts)))

    def _with(self, state: Generation, one: Phrase) -> frozenset[int]:
        """The notices that hold a phrase."""
        wanted = f" {phrase(one)} "
        return self._once((state, "with", one), lambda: frozenset(
            number for number, text in self._found(state, [one]) if wanted in text))

    def _once(self, key: Any, look: Callable[[], frozenset[int]]) -> frozenset[int]:
        with self._guard:
            known = self._known.get(key)
        if known is None:
            known = look()
            with self._guard:
                self._known[key] = known
                if len(self._known) > KEPT:
                    self._known.popitem(last=False)
        return known

    def _found(self, state: Generation, asked: Sequence[Phrase]) -> Iterator[tuple[int, str]]:
        """The notices that the server finds for phrases, with their texts."""
        last, full = -1, True
        while full:
            (answer,) = self._server.ask([{
                "indexUid": self._uid(state.name), "q": _query(asked), "matchingStrategy": "all", "limit": LOOKED_UP,
                "filter": f"id > {last}", "sort": ["id:asc"], "attributesToRetrieve": ["id", WORDS]}])
            for hit in answer["hits"]:
                last = int(hit["id"])
                yield last, whole_text(hit[WORDS])
            full = len(answer["hits"]) == LOOKED_UP


def _query(phrases: Iterable[Phrase]) -> str:
    return " ".join(f'"{phrase(each[:MOST_TOKENS])}"' for each in phrases)


def _parted(phrases: Iterable[Phrase]) -> tuple[list[Phrase], list[str]]:
    """Phrases, the longest first, for they find least; and the letters that are found wherever they stand."""
    letters = [each[0] for each in phrases if lone_letter(each)]
    return sorted((each for each in phrases if not lone_letter(each)), key=len, reverse=True), letters
