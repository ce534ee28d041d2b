"""Hazards named in running English text, for publishers that give no codes."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from functools import lru_cache
from itertools import chain

from domain.hazard import HAZARDS, hazards_from_raw

_CAUSE = re.compile(r"\b(?:due to|because of)\b([^;]*)", re.I)
_STATED = re.compile(r"\b(?:pos(?:es?|ed|ing)|presents?|presenting|creat(?:es?|ing)|risks? of)\b([^.;]*)", re.I)
_FORMULA = re.compile(r"\bserious injur(?:y|ies)\b(?! hazard)|\binjur(?:y|ies)(?= (?:or|and) death\b)|\binjury(?= from\b)",
                      re.I)
_HAZARD_WORD = re.compile(r"[\w’'-]+")
_LONGEST_NAME = 3


def hazards(title: str, statements: Iterable[str]) -> tuple[str, ...]:
    """Ids of the hazards that the title gives as its cause, else those that the hazard statements name. "Risk of Serious
    Injury or Death from …" stands in nearly every title and says nothing."""
    statements = tuple(statements)
    found = _named(_CAUSE.findall(title)) or _named(chain.from_iterable(map(_STATED.findall, statements)))
    known = tuple(name for name in HAZARDS if name in found)
    return known or (("other",) if any(statements) else ())


def _named(texts: Iterable[str]) -> set[str]:
    found = (_HAZARD_WORD.findall(_FORMULA.sub(" ", text)) for text in texts)
    return {name for words in found for run in _runs(words) for name in _known(run)}


def _runs(words: list[str]) -> Iterator[str]:
    for length in range(1, _LONGEST_NAME + 1):
        yield from (" ".join(words[start:start + length]) for start in range(len(words) - length + 1))


@lru_cache(maxsize=8192)
def _known(words: str) -> tuple[str, ...]:
    """Ids of hazards that go by these words: Fire, Fire Hazard, Tip-Over, Falls."""
    for form in (words, f"{words} hazard", f"{words.removesuffix('s')} hazard"):
        if (found := hazards_from_raw((form,))) not in ((), ("other",)):
            return found
    return ()
