"""Words as the server can be asked for them, exactly.

Its phrases are exact up to two tokens, with traps excluded up to eight (see traps.py). It reads ten phrases of a query. It
can exclude a phrase, but not a phrase save for its traps: that is said only where no text has one, as a count shows. It has
no words of which one will do: what finds any of several is several queries, each with one of them. What cannot be said is
looked up in the texts themselves, once a commit, and said by ids.
"""

from __future__ import annotations

import re
import threading
from collections import OrderedDict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from itertools import product
from typing import Any, TypeVar

from domain.text import lone_letter
from indexer.backends.meilisearch import traps
from indexer.backends.meilisearch.documents import UNSURE
from indexer.backends.meilisearch.server import Server
from indexer.backends.meilisearch.texts import MARK, phrase, value, whole_text
from indexer.fields import WORDS
from indexer.query import Query
from storage.index_state import Generation

Phrase = tuple[str, ...]

EXACT_TOKENS = 2
MOST_PHRASES = 10
"""The server's limit; it leaves out further ones without a word."""
MOST_TOKENS = traps.LONGEST
"""Tokens of a phrase that can be said; of a longer one the beginning and the end are, and the rest is looked up."""
MOST_SIGNS = 980
"""Words, blanks, hyphens and quotation marks of a query; the server reads no further than 1,000."""
NOWHERE = MARK
"""A word that no text holds: the server ranks a query without any otherwise, and then joins it with no other."""
_SIGN = re.compile("[a-z0-9]+|.")
LOOKED_UP = 1_000
"""Documents a request."""
IDS = 500
"""Ids of one filter: the time that the server takes for one grows with their square."""
KEPT = 500

T = TypeVar("T")


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
        self._known = OrderedDict[Any, Any]()

    def say(self, state: Generation, wanted: Query) -> list[Said]:
        """The words of a query; what any of these finds is what it wants."""
        if not wanted.groups:
            return [self._say(state, wanted)]
        said = [self._say(state, replace(wanted, phrases=tuple(dict.fromkeys((*wanted.phrases, *picked)))))
                for picked in product(*wanted.groups)]
        return [replace(each, q=each.q or f"-{NOWHERE}") for each in said]

    def _say(self, state: Generation, wanted: Query) -> Said:
        phrases, letters = _parted(wanted.phrases)
        excluded, no_letters = _parted(wanted.excluded)
        most = sum(len(_said(phrases[:number])) <= MOST_PHRASES for number in range(1, len(phrases) + 1))
        asked, rest = phrases[:most], phrases[most:]
        q, unsaid = _excluding(_query(asked), excluded, partial(self._may_exclude, state))
        wrong = self._wrong(state, asked, rest).union(*(self._with(state, each) for each in unsaid))
        filters = [f'letters = "{value(letter)}"' for letter in letters]
        filters += [f'letters != "{value(letter)}"' for letter in no_letters]
        ids = list(map(str, sorted(wrong)))
        filters += [f"id NOT IN [{','.join(ids[at:at + IDS])}]" for at in range(0, len(ids), IDS)]
        return Said(q, tuple(filters))

    def _may_exclude(self, state: Generation, one: Phrase) -> bool:
        """Whether the server finds a phrase only where it stands."""
        if len(one) <= EXACT_TOKENS or len(one) > MOST_TOKENS:
            return len(one) <= EXACT_TOKENS
        return self._once((state, "only", one), lambda: self._finds_only(state, one))

    def _finds_only(self, state: Generation, one: Phrase) -> bool:
        among = {"indexUid": self._uid(state.name), "matchingStrategy": "all", "hitsPerPage": 0}
        seems = {**among, "q": f'"{phrase(one)}"'}
        answers = self._server.ask([seems, {**among, "q": _query([one])}, {**seems, "filter": f"{UNSURE} = true"}])
        found, sure, unsure = (answer["totalHits"] for answer in answers)
        return bool(found == sure and not unsure)

    def _wrong(self, state: Generation, asked: Sequence[Phrase], rest: Sequence[Phrase]) -> frozenset[int]:
        """What the server finds for the phrases asked for although it lacks one of them or of the rest."""
        found = [self._without(state, [each], [each], f"{UNSURE} = true") for each in asked
                 if EXACT_TOKENS < len(each) <= MOST_TOKENS and self._any_unsure(state)]
        found += [self._without(state, [each], [each]) for each in asked if len(each) > MOST_TOKENS]
        if rest:
            found.append(self._without(state, asked, rest))
        return frozenset().union(*found)

    def _any_unsure(self, state: Generation) -> bool:
        return self._once((state, UNSURE), lambda: any(True for _ in self._found(state, (), f"{UNSURE} = true", 1)))

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

    def _once(self, key: Any, look: Callable[[], T]) -> T:
        with self._guard:
            if key in self._known:
                found: T = self._known[key]
                return found
        found = look()
        with self._guard:
            self._known[key] = found
            if len(self._known) > KEPT:
                self._known.popitem(last=False)
        return found

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


def _said(phrases: Iterable[Phrase]) -> list[Phrase]:
    """What is said of phrases, whatever stands beside them."""
    return [part for each in phrases
            for part in ((each,) if len(each) <= MOST_TOKENS else (each[:MOST_TOKENS], each[-MOST_TOKENS:]))]


def _query(phrases: Iterable[Phrase]) -> str:
    """Phrases without their traps. What is excluded stands first: the server stops reading at the tenth phrase."""
    asked = _said(phrases)
    fallen = dict.fromkeys(f"-{traps.word(part)}" for each in asked for part in traps.parts(each))
    return " ".join((*fallen, *(f'"{phrase(each)}"' for each in asked)))


def _excluding(q: str, excluded: Sequence[Phrase], may: Callable[[Phrase], bool]) -> tuple[str, list[Phrase]]:
    """A query that excludes phrases too, and those of them that it cannot exclude."""
    room = MOST_SIGNS - len(_SIGN.findall(q))
    said, unsaid = [q], list[Phrase]()
    for each in reversed(excluded):  # the shortest first: they find most
        signs = 3 if len(each) == 1 else 2 * len(each) + 3
        if signs > room or not may(each):
            unsaid.append(each)
        else:
            room -= signs
            said.append(f"-{phrase(each)}" if len(each) == 1 else f'-"{phrase(each)}"')
    return " ".join(reversed(said)), unsaid


def _parted(phrases: Iterable[Phrase]) -> tuple[list[Phrase], list[str]]:
    """Phrases, the longest first, for they find least; and the letters that are found wherever they stand."""
    letters = [each[0] for each in phrases if lone_letter(each)]
    return sorted((each for each in phrases if not lone_letter(each)), key=len, reverse=True), letters
