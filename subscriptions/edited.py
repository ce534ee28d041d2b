"""What waits to be told although its subscription was changed since, and no longer asks for it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from domain.criteria import Criteria, facts
from domain.organisation import Person
from domain.subscription import Subscription, asked_at, strays
from storage import edits, grade_overrides, notices
from storage.matches import Match
from storage.notices import StoredNotice
from storage.session import Session


@dataclass(frozen=True, slots=True)
class _Suspect:
    """A match of a subscription that asked for something else then; ``zone_id`` is where it is told, if anywhere."""

    match: Match
    before: Criteria
    criteria: Criteria
    zone_id: int | None


def strayed(session: Session, persons: Mapping[int, Person], waiting: Iterable[Match], asked: Mapping[int, Subscription],
            ) -> dict[int, StoredNotice]:
    """Those of the matches that wait for these persons which their subscription no longer asks for, by id, each with its
    notice as the person would have been told it."""
    suspects = list(_suspects(session, persons, waiting, asked))
    read = notices.by_ids(session, sorted({each.match.notice_id for each in suspects}))
    given = {zone_id: grade_overrides.of_zone(session, zone_id, read)
             for zone_id in {each.zone_id for each in suspects} if zone_id}
    found = dict[int, StoredNotice]()
    for each in suspects:
        stored = grade_overrides.as_told(read[each.match.notice_id], [each.zone_id] if each.zone_id else [], given)
        if strays(each.before, each.criteria, facts(stored.notice, stored.classification, stored.grade)):
            found[each.match.id] = stored
    return found


def _suspects(session: Session, persons: Mapping[int, Person], waiting: Iterable[Match], asked: Mapping[int, Subscription],
              ) -> Iterator[_Suspect]:
    edited = edits.of(session, sorted(asked))
    for each in waiting:
        if each.subscription_id in edited:
            now = asked[each.subscription_id]
            before = asked_at(now.criteria, edited[now.id], each.created_at)
            if before != now.criteria:
                yield _Suspect(each, before, now.criteria, now.zone_id or persons[now.person_id].zone_id)
