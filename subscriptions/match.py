"""Changes against subscriptions, in our own code: the search engine has no say in who is alerted.

``domain.criteria.matches`` decides. What stands before it only spares it the subscriptions that cannot fit.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from functools import partial

from domain.criteria import Facts, Scope, facts, matches, subjects
from domain.relations import covering
from domain.subscription import Edit, Topic, asked_at
from storage import bulletins, changes, edits, emails, follows, grade_overrides, notices, organisations, subscriptions
from storage import matches as kept
from storage.changes import Change
from storage.emails import Purpose
from storage.matches import Found
from storage.notices import StoredNotice
from storage.session import Database
from storage.subscriptions import Active
from subscriptions import outage
from subscriptions.failing import failing

CHANGE = "change"


class Watchers:
    """The active subscriptions to notices, found by what they are about. ``edits`` are the latest ones, by subscription;
    ``as_of`` says which they were."""

    def __init__(self, active: Iterable[Active], edits: Mapping[int, Sequence[Edit]] | None = None, as_of: int = 0) -> None:
        self._edits, self.as_of = edits or {}, as_of
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

    def of(self, found: Facts, at: datetime | None = None) -> list[Active]:
        """The subscriptions whose criteria a notice with these facts meets, and met when it was news (``at``), by id."""
        candidates = {each.id: each for each in self._candidates(found)}
        return [each for _, each in sorted(candidates.items())
                if matches(each.criteria, found) and (at is None or self._asked_for(each, found, at))]

    def _asked_for(self, each: Active, found: Facts, at: datetime) -> bool:
        edited = self._edits.get(each.id)
        return not edited or matches(asked_at(each.criteria, edited, at), found)

    def _candidates(self, found: Facts) -> Iterator[Active]:
        yield from self._of_any_subject
        for name in subjects(found.product_types, Scope.ALL):
            yield from self._by_product_type.get(name, ())
        for name in subjects(found.regulations, Scope.ALL):
            yield from self._by_regulation.get(name, ())


def match(db: Database, limit: int = 500) -> int:
    """Take the oldest ``limit`` changes that may alert and keep what they match; gives how many were taken, so 0 means
    that nothing is left. Changes of a run that has not ended, or is held, wait; one that cannot be matched holds up no
    other and is tried again later.

    Running it again after a kill at any moment adds nothing twice.
    """
    pending = _pending(db, limit)
    about_notices = [each for each in pending if each.kind == changes.NOTICE]
    count = _match_notices(db, about_notices) if about_notices else 0
    for change in pending:
        if change.kind in _OWED:
            count += failing(db).attempt(CHANGE, change.id, partial(_owe, db, change)) or 0
    return count


def is_behind(db: Database) -> bool:
    """Whether changes wait to be matched, beside those that fail."""
    return bool(_pending(db, 1))


def _pending(db: Database, limit: int) -> list[Change]:
    """The oldest changes that may alert, save those that failed a moment ago; silent ones before them are dropped."""
    failed = failing(db)
    while True:
        with db.read() as session:
            pending = changes.read(session, changes.MATCH, limit + failed.count(CHANGE))
        if all(each.alert for each in pending):
            return [each for each in pending if not failed.waits(CHANGE, each.id)][:limit]
        with db.write() as session:
            changes.drop_silent(session, kept.BATCH)


def _match_notices(db: Database, pending: Sequence[Change]) -> int:
    with db.read() as session:
        as_of = edits.newest(session)
        watchers = Watchers(subscriptions.active(session, Topic.NOTICES),
                            edits.since(session, min(each.created_at for each in pending)), as_of)
    count = 0
    taken: list[Change] = []
    found: list[Found] = []
    for change in pending:
        opened = failing(db).attempt(CHANGE, change.id, partial(_opened, db, change, watchers))
        if opened is None:
            continue
        count += 1
        found.extend(opened)
        taken.append(change)
        if len(found) >= kept.BATCH:
            _keep(db, found, taken, watchers.as_of)
            taken, found = [], []
    if taken:
        _keep(db, found, taken, watchers.as_of)
    return count


def _opened(db: Database, change: Change, watchers: Watchers) -> list[Found]:
    return list(_found(db, change, watchers))


def _found(db: Database, change: Change, watchers: Watchers) -> Iterator[Found]:
    """What a change opens. A version that was followed by a material one is told as that; so is a withdrawal. Notices are
    read one by one, so that one which cannot be read is told from the others."""
    with db.read() as session:
        stored = notices.by_ids(session, [change.subject_id]).get(change.subject_id)
    if stored is None or (change.version > 1 and stored.material_version < change.version):
        return
    event = f"{stored.event}@{stored.notice.market}"
    wider = tuple(f"{stored.event}@{market}" for market in covering(stored.notice.market))
    for watcher in _met(db, stored, watchers, change.created_at):
        if watcher.confirmed_at <= change.created_at:
            yield Found(watcher.id, stored.id, event, stored.material_version, stored.version, wider)


def _met(db: Database, stored: StoredNotice, watchers: Watchers, at: datetime) -> list[Active]:
    """The subscriptions that a notice meets which was news at this moment, by id. For those of a zone that gave it a grade,
    that grade counts."""
    found = facts(stored.notice, stored.classification, stored.grade)
    with db.read() as session:
        given = grade_overrides.of_notice(session, stored.id)
        homes = organisations.home_zones(session) if given else {}
    if not given:
        return watchers.of(found, at)

    def zone_of(each: Active) -> int | None:
        zone_id = each.zone_id or homes.get(each.person_id)
        return zone_id if zone_id in given else None

    met = [each for each in watchers.of(found, at) if zone_of(each) is None]
    for zone_id, graded in given.items():
        told = replace(found, grade=graded.grade.value)
        met += [each for each in watchers.of(told, at) if zone_of(each) == zone_id]
    return sorted(met, key=lambda each: each.id)


def _keep(db: Database, found: Sequence[Found], taken: Sequence[Change], as_of: int) -> None:
    """Keep matches, and in the transaction of the last of them mark their changes as done. When a subscription has been
    edited since they were found, the changes are left to be taken anew."""
    starts = range(0, len(found), kept.BATCH) or range(1)
    for start in starts:
        with db.write() as session:
            if edits.moved_on(session, as_of):
                return
            if found:
                kept.add(session, found[start:start + kept.BATCH])
                follows.add_matched(session, _by_subscription(found[start:start + kept.BATCH]))
            if start == starts[-1]:
                changes.done(session, [each.id for each in taken])


def _by_subscription(found: Sequence[Found]) -> dict[int, set[int]]:
    matched: dict[int, set[int]] = defaultdict(set)
    for each in found:
        matched[each.subscription_id].add(each.notice_id)
    return matched


def _owe(db: Database, change: Change) -> int:
    """Owe a mail about a change to everybody whom it concerns; gives 1, for the change."""
    purpose, find = _OWED[change.kind]
    readers = sorted(find(db, change))
    starts = range(0, len(readers), kept.BATCH) or range(1)
    for start in starts:
        with db.write() as session:
            emails.owe(session, purpose, change.subject_id, readers[start:start + kept.BATCH])
            if start == starts[-1]:
                changes.done(session, [change.id])
    return 1


def _readers_of_bulletin(db: Database, change: Change) -> set[int]:
    """Everybody who had asked for the bulletins of its zone when it was published."""
    with db.read() as session:
        zone_ids = [zone.id for zone in organisations.zones(session)]
        bulletin = bulletins.by_id(session, zone_ids, change.subject_id)
        return {each.person_id for each in subscriptions.active(session, Topic.BULLETINS, bulletin.zone_id)
                if each.confirmed_at <= change.created_at}


_OWED = {changes.BULLETIN: (Purpose.BULLETIN, _readers_of_bulletin), changes.HEALTH: (Purpose.OUTAGE, outage.readers)}
"""Mails that are owed at once, without a match, by kind of change: their purpose, and who finds their readers."""
