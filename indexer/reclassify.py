"""Today's classifier over the stored notices: what it would change, and the change itself. Nobody is mailed; what editors
decided stands."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field

from domain.classification import Classification
from domain.classify import VERSION, classify
from domain.decision import levels
from storage import reclassified
from storage.notices import StoredNotice
from storage.reclassified import Shift
from storage.session import Database

BATCH = 200
"""Notices read, classified and written at a time."""
BUSY_SECONDS = 0.05
Progress = Callable[[int], None]
Found = list[tuple[StoredNotice, Classification]]


@dataclass(slots=True)
class Effect:
    """What another classification changes. ``gained`` and ``lost`` count product types and regulations that notices are
    about with at least medium confidence; ``confidence_only`` the notices that change in confidence alone or in candidates;
    ``reworded`` those that change in evidence alone; ``waiting`` those that an editor should look at and needed not before.
    Notices that were decided do not change; of ``overruled`` ones the classifier finds something else than before."""

    notices: int = 0
    changed: int = 0
    gained: Counter[str] = field(default_factory=Counter)
    lost: Counter[str] = field(default_factory=Counter)
    relevance_gained: int = 0
    relevance_lost: int = 0
    confidence_only: int = 0
    reworded: int = 0
    waiting: int = 0
    overruled: int = 0
    shifts: list[Shift] = field(default_factory=list)

    def note(self, shift: Shift, limit: int) -> None:
        """Count a shift; ``shifts`` keeps the first ``limit`` in which a finding or its confidence changes."""
        self.waiting += shift.review
        if levels(shift.before) == levels(shift.after):
            self.overruled += shift.is_decided
            self.reworded += not shift.is_decided
            return
        before, after = _sure(shift.before), _sure(shift.after)
        self.changed += 1
        self.confidence_only += before == after
        self.gained.update(after - before)
        self.lost.update(before - after)
        self.relevance_gained += bool(after and not before)
        self.relevance_lost += bool(before and not after)
        if len(self.shifts) < limit:
            self.shifts.append(shift)


def reclassify(db: Database, *, apply: bool, only_outdated: bool = False, limit: int = 0,
               progress: Progress = lambda done: None) -> Effect:
    """Classify all stored notices anew, or only those that another version of the classifier read. With ``apply`` the
    findings are kept, batch by batch, so that whoever is killed goes on where they were when run again."""
    effect, last = Effect(), 0
    while True:
        with db.read() as session:
            read = reclassified.batch(session, last, BATCH, VERSION if only_outdated else None)
        if not read:
            return effect
        found = [(each, classify(each.notice)) for each in read]
        for shift in _keep(db, found) if apply else _compare(db, found):
            effect.note(shift, limit)
        effect.notices += len(read)
        last = read[-1].id
        progress(effect.notices)


def _compare(db: Database, found: Found) -> list[Shift]:
    with db.read() as session:
        return reclassified.compare(session, found)


def _keep(db: Database, found: Found) -> list[Shift]:
    """Keep all of them; those that a crawl or an editor is writing when their turn has come."""
    shifts: list[Shift] = []
    while found:
        with db.write() as session:
            kept, busy = reclassified.keep(session, found, VERSION)
        shifts += kept
        found = [each for each in found if each[0].id in busy]
        if found:
            time.sleep(BUSY_SECONDS)
    return shifts


def _sure(found: Classification) -> frozenset[str]:
    return found.sure_product_types() | found.sure_horizontal()
