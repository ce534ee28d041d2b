"""Words as the server can be asked for them, exactly.

Its phrases are exact up to two tokens, with traps excluded up to eight (see traps.py). It reads ten phrases of a query and
cannot exclude a phrase but for its traps. What cannot be said is looked up in the texts themselves, once a commit, and
said by ids.
"""

from __future__ import annotations

import re
import threading
from collections import OrderedDict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from domain.text import lone_letter
from indexer.backends.meilisearch import traps
from indexer.backends.meilisearch.documents import UNSURE
from indexer.backends.meilisearch.server import Server
from indexer.backends.meilisearch.texts import phrase, value, whole_text
from indexer.fields import WORDS
from indexer.query import Query
from storage.index_state import Generation

Phrase = tuple[str, ...]

EXACT_TOKENS = 2
MOST_PHRASES = 10
"""The server's limit; it leaves out further ones without a word."""
MOST_TOKENS = traps.LONGEST
"""Tokens of a phrase that are asked for; the rest is looked up."""
MOST_SIGNS = 980
"""Words, blanks, hyphens and quotation marks of a query; the server reads no further than 1,000."""
_SIGN = re.compile("[a-z0-9]+|.")
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
        phrases, letters = _parted(wanted.phrases)
        excluded, no_letters = _parted(wanted.excluded)
        asked, rest = phrases[:MOST_PHRASES], phrases[MOST_PHRASES:]
        q, unsaid = _excluding(_query(asked), excluded)
        wrong = self._wrong(state, asked, rest).union(*(self._with(state, each) for each in unsaid))
        filters = [f'letters = "{value(letter)}"' for letter in letters]
        filters += [f'letters != "{value(letter)}"' for letter in no_letters]
        filters += [f"id NOT IN [{','.join(map(str, sorted(wrong)))}]"] if wrong else []
        return Said(q, tuple(filters))

    def _wrong(self, state: Generation, asked: Sequence[Phrase], rest: Sequence[Phrase]) -> frozenset[int]:
        """What the server finds for the phrases asked for although it lacks one of them or of the rest."""
        found = [self._without(state, [each], [each], f"{UNSURE} = true") for each in asked
                 if EXACT_TOKENS < len(each) <= MOST_TOKENS and self._any_unsure(state)]
        found += [self._without(state, [each], [each]) for each in asked if len(each) > MOST_TOKENS]
        if rest:
            found.append(self._without(state, asked, rest))
        return frozenset().union(*found)

    def _any_unsure(self, state: Generation) -> bool:
        return bool(self._once((state, UNSURE), lambda: frozenset(
            number for number, _ in self._found(state, (), f"{UNSURE} = true", 1))))

    def _without(self, state: Generation, asked: Sequence[Phrase], phrases: Sequence[Phrase],
                 among: str = "") -> frozenset[int]:
        """The notices found for the phrases asked for, among some of them, that lack one of ``phrases``."""
        texts = [f" {phrase(each)} " for each in phrases]
        return self._once((state, among, *asked, "without", *phrases), lambda: frozenset(
            number for number, text in self._found(state, asked, among) if any(each not in text for each in texts)))

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

    def _found(self, state: Generation, asked: Sequence[Phrase], among: str = "",
               at_once: int = LOOKED_UP) -> Iterator[tuple[int, str]]:
        """The notices that the server finds for phrases, with their texts."""
        last, full = -1, True
        while full:
            (answer,) = self._server.ask([{
                "indexUid": self._uid(state.name), "q": _query(asked), "matchingStrategy": "all", "limit": at_once,
                "filter": [f"id > {last}", among], "sort": ["id:asc"], "attributesToRetrieve": ["id", WORDS]}])
            for hit in answer["hits"]:
                last = int(hit["id"])
                yield last, whole_text(hit[WORDS])
            full = len(answer["hits"]) == at_once


def _query(phrases: Iterable[Phrase]) -> str:
    """Phrases without their traps. What is excluded stands first: the server stops reading at the tenth phrase."""
    asked = [each[:MOST_TOKENS] for each in phrases]
    fallen = dict.fromkeys(f"-{traps.word(part)}" for each in asked for part in traps.parts(each))
    return " ".join((*fallen, *(f'"{phrase(each)}"' for each in asked)))


def _excluding(q: str, excluded: Sequence[Phrase]) -> tuple[str, list[Phrase]]:
    """A query that excludes phrases too, and those of them that it cannot exclude."""
    room = MOST_SIGNS - len(_SIGN.findall(q))
    said, unsaid = [q], list[Phrase]()
    for each in reversed(excluded):  # the shortest first: they find most
        signs = 3 if len(each) == 1 else 7
        if len(each) > EXACT_TOKENS or signs > room:
            unsaid.append(each)
        else:
            room -= signs
            said.append(f"-{phrase(each)}" if len(each) == 1 else f'-"{phrase(each)}"')
    return " ".join(reversed(said)), unsaid


def _parted(phrases: Iterable[Phrase]) -> tuple[list[Phrase], list[str]]:
    """Phrases, the longest first, for they find least; and the letters that are found wherever they stand."""
    letters = [each[0] for each in phrases if lone_letter(each)]
    return sorted((each for each in phrases if not lone_letter(each)), key=len, reverse=True), letters
