"""What a crawl left behind, for the fault table: notices, alerts, and which fields of a spider stood in the answers."""

from __future__ import annotations

import re
import shutil
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import select, update

from crawlers.cards import spider
from crawlers.fields import Fields
from domain import clock
from storage import changes
from storage.captures import CaptureStore
from storage.models import Capture, ChangeRow, NoticeRow
from tests import databases
from tests.prove.relay import pattern

TAGS = ("table", "tbody", "tr", "th", "td")
Kept = tuple[str, str, bool]
"""Status and fingerprint of a notice, and whether a complete listing lacked it."""


@dataclass(frozen=True, slots=True)
class Stored:
    """The notices of a source by id, and the ids of those that would alert now."""

    notices: Mapping[str, Kept]
    alerts: frozenset[str]

    def wrongs(self, before: Stored, without: Stored, *, invented: bool) -> list[str]:
        """What is here though it was neither there before nor comes on the faultless day. ``invented``: notices that the
        publisher made up are stored (nobody can tell), but must not alert."""
        wrong = {name: kept for name, kept in self.notices.items()
                 if kept not in (before.notices.get(name), without.notices.get(name))}
        new = wrong.keys() - before.notices.keys() - without.notices.keys()
        found = [("lost", before.notices.keys() - self.notices.keys()),
                 ("withdrawn", {name for name, kept in wrong.items() if kept[0] == "withdrawn"}),
                 ("taken for missing", {name for name, kept in wrong.items() if kept[2]}),
                 ("stored as nobody published them", wrong.keys() - new if invented else wrong.keys()),
                 ("alerting", self.alerts - before.alerts - (frozenset() if invented else without.alerts))]
        return [f"{len(ids)} notices {what}, such as {min(ids)}" for what, ids in found if ids]


@dataclass(frozen=True, slots=True)
class Seen:
    """What a run was answered: the forms of the answers, the size of the largest, the fields that are read and stand in
    some answer as keys or elements, or as columns of a table, those that stand in none, and those that need not."""

    notices: int
    forms: frozenset[str]
    largest: int
    fields: tuple[str, ...]
    columns: tuple[str, ...]
    absent: tuple[str, ...]
    optional: frozenset[str]


class Loaded:
    """An installation in a folder, of one source. Copies share the captures, which never change, and need a folder that
    never was one before."""

    def __init__(self, folder: Path, slug: str) -> None:
        self.folder, self.slug = folder, slug

    def copy(self, to: Path) -> Loaded:
        if databases.on_postgres():
            databases.copy(self.folder, to)
        else:
            shutil.copytree(self.folder, to, ignore=shutil.ignore_patterns("captures", "locks"))
            (to / "captures").symlink_to((self.folder / "captures").resolve())
        return Loaded(to, self.slug)

    def remove(self) -> None:
        shutil.rmtree(self.folder)

    def forget_changes(self) -> None:
        """As if the worker had taken all that waits for it: what waits later came later."""
        db = databases.database(self.folder)
        with db.write() as session:
            session.execute(update(ChangeRow).values(done_at=clock.now()))
        db.close()

    def stored(self) -> Stored:
        db = databases.database(self.folder)
        with db.read() as session:
            rows = session.execute(select(NoticeRow.id, NoticeRow.external_id, NoticeRow.status, NoticeRow.fingerprint,
                                          NoticeRow.missing_run_id)).all()
            alerting = {change.subject_id for change in changes.read(session, changes.MATCH, sys.maxsize) if change.alert}
        db.close()
        return Stored({row.external_id: (row.status, row.fingerprint, row.missing_run_id is not None) for row in rows},
                      frozenset(row.external_id for row in rows if row.id in alerting))

    def seen(self, report: Mapping[str, Any]) -> Seen:
        """What the run of a report was answered."""
        db, store = databases.database(self.folder), CaptureStore(str(self.folder / "captures"))
        with db.read() as session:
            rows = session.scalars(select(Capture).where(Capture.run_id == report.get("id", 0))).all()
        db.close()
        bodies = [(form(row.headers), store.get(row.sha256)) for row in rows]
        own, required = fields(self.slug)
        columns = tuple(name for name in sorted(own) if any(kind == "html" and pattern(name, body).search(body)
                                                    for kind, body in bodies))
        names = (*(own - set(columns)), *(TAGS if any(kind == "html" for kind, _ in bodies) else ()))
        present = tuple(sorted(name for name in names if any(stands(name, kind, body) for kind, body in bodies)))
        return Seen(report.get("seen", 0), frozenset(kind for kind, _ in bodies), max((row.size for row in rows), default=0),
                    present, columns, tuple(sorted(set(names) - set(present))), frozenset(own - required))


def form(headers: Mapping[str, str]) -> str:
    """Whether an answer is xml, json or html, by its header."""
    kind = {name.lower(): value for name, value in headers.items()}.get("content-type", "").lower()
    return next((each for each in ("html", "xml", "json") if each in kind), "other")


def stands(name: str, kind: str, body: bytes) -> bool:
    """Whether an answer has a field, so that the mirror can rename it."""
    key = re.escape(name.encode())
    return re.search(rb"<" + key + rb"[\s>/]" if kind in ("xml", "html") else rb'"' + key + rb'"\s*:', body) is not None


def fields(slug: str) -> tuple[frozenset[str], frozenset[str]]:
    """The fields that a spider reads, as it says itself: those of its ``Fields`` without the ignored ones; and those of
    them that must be there."""
    cls = spider(slug)
    places = [vars(sys.modules[cls.__module__]), *(vars(each) for each in cls.__mro__)]
    known = [each for place in places for each in _fields(place)]
    required = frozenset(name for each in known for name in each.required)
    return required.union(*(each.known - each.ignored for each in known)), required


def _fields(place: Mapping[str, Any]) -> Iterator[Fields]:
    """The ``Fields`` among some values, and those inside others."""
    for value in place.values():
        if isinstance(value, Fields):
            yield value
            for inner in vars(value).values():
                if isinstance(inner, dict):
                    yield from _fields(inner)
