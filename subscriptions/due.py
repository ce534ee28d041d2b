"""Whose news are due: of what goes at once, of the digests that were cut, and of the red ones that wait for neither."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
from itertools import chain
from weakref import WeakKeyDictionary

from domain import clock
from storage import digests, emails, notices, whereabouts
from storage import matches as kept
from storage.digests import Run
from storage.emails import Purpose
from storage.session import Database
from subscriptions.match import is_behind
from subscriptions.news import is_red

GATHERING = timedelta(minutes=10)
"""Matches of a person that come within this time after their last alert wait for its end and go together."""

SELDOM = 100
"""Looking for who is ready takes at most about one part in so many of the time while very many are."""


@dataclass(frozen=True, slots=True)
class Ready:
    """Persons who may have news to be told now, the longest waiting first, and the newest digests of all."""

    persons: list[int]
    runs: list[Run]


@dataclass(slots=True)
class _Looked:
    """Red matches that go at once, among the matches up to ``upto``: a grade is not worked out twice. ``queue`` holds those
    who were found ready with ``runs`` and were not taken yet; it is good until ``until``."""

    upto: int = 0
    red: set[int] = field(default_factory=set)
    queue: deque[int] = field(default_factory=deque)
    runs: list[Run] = field(default_factory=list)
    until: float = 0.0


_known: WeakKeyDictionary[Database, _Looked] = WeakKeyDictionary()


def ready(db: Database, limit: int, is_left_alone: Callable[[int], bool] = lambda person_id: False) -> Ready:
    """Who may have news to be told now, at most ``limit``, save those whose last alert is younger than the time of
    gathering, and those in their quiet hours unless it is a red notice that may go then. Nobody is given twice for what
    waited when they were first: where very many wait, they are looked for less often. A digest that leaves nobody to be
    told is finished."""
    looked = _known.setdefault(db, _Looked())
    runs = digests.cut(db, partial(is_behind, db))
    found = list[int]()
    if runs == looked.runs and time.monotonic() < looked.until:
        _put_first(db, looked)
        found = _taken(looked, limit, is_left_alone)
    if not found:
        began = time.monotonic()
        looked.queue, looked.runs = deque(_look(db, looked, runs)), runs
        looked.until = time.monotonic() + SELDOM * (time.monotonic() - began)
        found = _taken(looked, limit, is_left_alone)
    return Ready(found, runs)


def _put_first(db: Database, looked: _Looked) -> None:
    """Persons with red notices pass those who were found before."""
    with db.read() as session:
        upto = kept.newest_id(session)
    if upto != looked.upto:
        red = _pressed(db, looked)
        with db.read() as session:
            last = emails.newest(session, Purpose.ALERT, red)
        first = [each for each in red if not _is_gathering(last.get(each), clock.now())]
        looked.queue = deque(dict.fromkeys([*first, *looked.queue]))


def _taken(looked: _Looked, limit: int, is_left_alone: Callable[[int], bool]) -> list[int]:
    found: list[int] = []
    while looked.queue and len(found) < limit:
        person_id = looked.queue.popleft()
        if not is_left_alone(person_id):
            found.append(person_id)
    return found


def _look(db: Database, looked: _Looked, runs: list[Run]) -> list[int]:
    red = _pressed(db, looked)
    with db.read() as session:
        of_digests = {run: kept.persons_of_digest(session, run) for run in runs if run.done_at is None}
        waiting = list(dict.fromkeys([*red, *kept.persons_waiting(session, clock.now()), *chain(*of_digests.values())]))
        last = emails.newest(session, Purpose.ALERT, waiting)
        quiet = whereabouts.quiet(session, clock.now(), waiting)
    _finish(db, [run for run, persons in of_digests.items() if not persons])
    pressing = set(red)
    return [each for each in waiting if (each in pressing or each not in quiet)
            and not _is_gathering(last.get(each), clock.now())]


def _pressed(db: Database, looked: _Looked) -> list[int]:
    """Persons with red notices that go at once."""
    with db.read() as session:
        upto = kept.newest_id(session)
        new = kept.pressing(session, looked.upto) if upto > looked.upto else []
        stored = notices.by_ids(session, sorted({notice_id for _, notice_id in new}))
        looked.red |= {match_id for match_id, notice_id in new if is_red(stored[notice_id])}
        looked.upto = upto
        pressing = kept.still_pressing(session, looked.red) if looked.red else []
    looked.red = {match_id for match_id, _, _ in pressing}
    return list(dict.fromkeys(person_id for _, person_id, until in pressing if until is None or until <= clock.now()))


def _finish(db: Database, runs: list[Run]) -> None:
    if runs:
        with db.write() as session:
            for each in runs:
                digests.finish(session, each)


def _is_gathering(last: datetime | None, now: datetime) -> bool:
    """A last alert in the future is a clock that was put back: it holds nobody up."""
    return last is not None and timedelta(0) <= now - last < GATHERING
