"""Changes against subscriptions, in our own code: the search engine has no say in who is alerted.

``domain.criteria.matches`` decides. What stands before it only spares it the subscriptions that cannot fit.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence

from domain.criteria import Facts, Scope, facts, matches, subjects
from domain.subscription import Topic
from storage import bulletins, changes, emails, notices, organisations, subscriptions
from storage import matches as kept
from storage.changes import Change
from storage.emails import Purpose
from storage.matches import Found
from storage.notices import StoredNotice
from storage.session import Database
from storage.subscriptions import Active

SILENT_BATCH = 2000


class Watchers:
    """The active subscriptions to notices, found by what they are about."""

    def __init__(self, active: Iterable[Active]) -> None:
        self._by_product_type: dict[str, list[Active]] = defaultdict(list)
        self._by_regulation: dict[str, list[Active]] = defaultdict(list)
        self._of_any_subject: list[Active] = []
        for each in active:
            for name in each.criteria.product_types:
                self._by_product_type[name].append(each)
            for name in each.criteria.regulations:
                self._by_regulation[name].append(each)
            if not (each.criteria.product_types or each.criteria.regulations):
                self._of_any_subject.append(each)

    def of(self, found: Facts) -> list[Active]:
        """The subscriptions whose criteria a notice with these facts meets, by id."""
        candidates = {each.id: each for each in self._candidates(found)}
        return [candidates[each] for each in sorted(candidates) if matches(candidates[each].criteria, found)]

    def _candidates(self, found: Facts) -> Iterator[Active]:
        yield from self._of_any_subject
        for name in subjects(found.product_types, Scope.ALL):
            yield from self._by_product_type.get(name, ())
        for name in subjects(found.regulations, Scope.ALL):
            yield from self._by_regulation.get(name, ())


def match(db: Database, limit: int = 500) -> int:
    """Take the oldest ``limit`` changes that may alert and keep what they match; gives how many were taken, so 0 means
    that nothing is left. Changes of a run that has not ended, or is held, wait.

    Running it again after a kill at any moment adds nothing twice.
    """
    _drop_silent(db)
    with db.read() as session:
        pending = changes.read(session, changes.MATCH, limit)
        stored = notices.by_ids(session, [each.subject_id for each in pending if each.kind == changes.NOTICE])
        watchers = Watchers(subscriptions.active(session, Topic.NOTICES)) if stored else Watchers(())
    taken: list[Change] = []
    found: list[Found] = []
    for change in pending:
        if change.kind == changes.BULLETIN:
            _owe_bulletin(db, change)
            continue
        found.extend(_found(change, stored.get(change.subject_id), watchers))
        taken.append(change)
        if len(found) >= kept.BATCH:
            _keep(db, found, taken)
            taken, found = [], []
    _keep(db, found, taken)
    return len(pending)


def _drop_silent(db: Database) -> None:
    dropped = SILENT_BATCH
    while dropped == SILENT_BATCH:
        with db.write() as session:
            dropped = changes.drop_silent(session, SILENT_BATCH)


def _found(change: Change, stored: StoredNotice | None, watchers: Watchers) -> Iterator[Found]:
    """What a change opens. A version that was followed by a material one is told as that; so is a withdrawal."""
    if stored is None or not change.alert or (change.version > 1 and stored.material_version < change.version):
        return
    event = f"{stored.event}@{stored.notice.market}"
    for watcher in watchers.of(facts(stored.notice, stored.classification)):
        if watcher.confirmed_at <= change.created_at:
            yield Found(watcher.id, stored.id, event, stored.material_version, stored.version)


def _keep(db: Database, found: Sequence[Found], taken: Sequence[Change]) -> None:
    """Keep matches, and in the transaction of the last of them mark their changes as done."""
    starts = range(0, len(found), kept.BATCH) or range(1)
    for start in starts:
        with db.write() as session:
            if found:
                kept.add(session, found[start:start + kept.BATCH])
            if start == starts[-1]:
                changes.done(session, [each.id for each in taken])


def _owe_bulletin(db: Database, change: Change) -> None:
    """Owe the bulletin to everybody who had asked for those of its zone when it was published."""
    with db.read() as session:
        zone_ids = [zone.id for zone in organisations.zones(session)]
        bulletin = bulletins.by_id(session, zone_ids, change.subject_id)
        readers = sorted({each.person_id for each in subscriptions.active(session, Topic.BULLETINS, bulletin.zone_id)
                          if each.confirmed_at <= change.created_at})
    starts = range(0, len(readers), kept.BATCH) or range(1)
    for start in starts:
        with db.write() as session:
            emails.owe(session, Purpose.BULLETIN, bulletin.id, readers[start:start + kept.BATCH])
            if start == starts[-1]:
                changes.done(session, [change.id])
