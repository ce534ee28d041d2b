"""Classifying a bare record (one text, few facts), as in the labelled files and in ``zonewatch classify``."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

from domain.errors import InvalidValue
from domain.market import INTERNATIONAL
from domain.notice import Notice, NoticeKind

_SENTENCE_END = re.compile(r"(?<=[^\s.])\.\s+(?=[^a-z\s])|[。！？]\s*|(?<=[^\s.]{3})[!?]\s+|\s*\n\s*")
_ABBREVIATIONS = frozenset(("inc", "ltd", "co", "corp", "no", "nr", "mod", "vs", "st", "dr", "mr", "approx", "ca", "l", "p",
                            "gmbh", "s.a", "u.s", "u.s.a", "e.g", "i.e", "art", "fig", "vol", "ed", "inv", "pos", "spec"))
_PART = re.compile(r"(?:part|section|teil|partie|parte|deel|część|часть)\s+[\dIVX]", re.IGNORECASE)
_PART_END = re.compile(rf"\b{_PART.pattern}[\dIVX.-]*$", re.IGNORECASE)
_LONGEST_TITLE = 1000


NO_TITLE = "–"


def split_title(text: str) -> tuple[str, str]:
    """The first sentence of a text and the rest: in these records the title, then the body."""
    for end in _SENTENCE_END.finditer(text, 0, _LONGEST_TITLE):
        before = text[:end.start()].rsplit(maxsplit=1)
        if before and before[-1].strip("(\"'").casefold() not in _ABBREVIATIONS and not _is_within_title(text, end):
            return text[:end.start()].strip(), text[end.end():].strip()
    return text[:_LONGEST_TITLE].strip(), text[_LONGEST_TITLE:].strip()


def _is_within_title(text: str, end: re.Match[str]) -> bool:
    """Whether a stop parts a title from the number or the name of its part, as catalogues write: "Valves. Part 1. Terms"."""
    return _PART.match(text, end.end()) is not None or _PART_END.search(text, 0, end.start()) is not None


def notice_of(text: str, lang: str = "", market: str = "", source: str = "", kind: str = "", category: str = "",
              hs: Iterable[str] = (), ics: Iterable[str] = ()) -> Notice:
    """A notice made of a bare record. A record without text is judged by its codes
    alone. Raises InvalidValue for an unknown kind."""
    try:
        known = NoticeKind(kind or NoticeKind.OTHER)
    except ValueError as error:
        raise InvalidValue(f"unknown kind of notice {kind!r}: use one of {', '.join(NoticeKind)}") from error
    title, body = split_title(text)
    return Notice(source or "record", "record", known, market or INTERNATIONAL, title or NO_TITLE, "record:", lang=lang,
                  summary=body, category=category, hs_codes=tuple(hs), ics_codes=tuple(ics))


_FIELDS = ("text", "lang", "market", "source", "kind", "category")


def notice_from(values: Mapping[str, Any]) -> Notice:
    """A notice made of a record as files of JSON lines write it: text, lang, market, source, kind, category and codes
    ({"hs": [], "ics": []}); anything may be missing. Raises InvalidValue for an unknown kind."""
    codes = values.get("codes")
    hs, ics = (_listed(codes.get(system)) if isinstance(codes, dict) else () for system in ("hs", "ics"))
    return notice_of(**{name: str(values.get(name) or "") for name in _FIELDS}, hs=hs, ics=ics)


def _listed(codes: Any) -> tuple[str, ...]:
    """The codes of one system; a single one may stand without a list."""
    return tuple(map(str, codes)) if isinstance(codes, list) else (str(codes),) if codes else ()
