"""The hand-written corpus: invented notices in thirteen languages, each with what it is about."""

from __future__ import annotations

import shlex
from collections import defaultdict
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

from domain.notice import Notice, NoticeKind
from tests.builders import store
from tests.databases import database
from tests.relevance.judge import HERE, About, Key, about_of

CORPUS = HERE / "corpus"
_LISTS = {"hs": "hs_codes", "ics": "ics_codes", "hazards": "hazards", "number": "identifiers"}
_DATES = {"deadline": "comment_deadline", "effective": "effective_on"}


def corpus() -> Iterator[tuple[Notice, About]]:
    """All notices with their readings."""
    for file in sorted(CORPUS.glob("*.tsv")):
        if file.name != "queries.tsv":
            yield from _notices(file)


def readings() -> dict[Key, About]:
    """What each notice is about."""
    return {notice.key: about for notice, about in corpus()}


def kept(folder: Path) -> Path:
    """A new data folder that holds all notices."""
    folder.mkdir()
    db = database(folder)
    by_source: dict[str, list[Notice]] = defaultdict(list)
    for notice, _ in corpus():
        by_source[notice.source].append(notice)
    for notices in by_source.values():
        store(db, *notices)
    db.close()
    return folder


def _notices(file: Path) -> Iterator[tuple[Notice, About]]:
    """Lines that begin with ``=`` say source, kind, market and language of the lines below; the column ``more`` holds any
    other field as name=value, lists with commas."""
    common: dict[str, Any] = {}
    for line in file.read_text(encoding="utf-8").splitlines():
        if line.startswith("= "):
            common = dict(zip(("source", "kind", "market", "lang"), line[2:].split(), strict=True))
        elif line and not line.startswith("#"):
            external_id, day, title, product, more, about = line.split("\t")
            values = common | {"external_id": external_id, "title": title, "product": product,
                               "published_on": date.fromisoformat(day), "url": "https://publisher.example/notice"}
            values |= dict(_more(more))
            yield Notice(**(values | {"kind": NoticeKind(values["kind"])})), about_of(about)


def _more(text: str) -> Iterator[tuple[str, Any]]:
    for each in shlex.split(text):
        name, _, value = each.partition("=")
        if name in _LISTS:
            yield _LISTS[name], tuple(value.split(","))
        elif name in _DATES:
            yield _DATES[name], date.fromisoformat(value)
        else:
            yield name, value
