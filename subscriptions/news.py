"""What a person is to be told in their next mail, and what is better left untold."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date

from domain.notice import Notice, NoticeStatus
from domain.organisation import Person
from domain.subscription import Subscription, SubscriptionState
from storage import grade_overrides, notices, organisations, subscriptions
from storage import matches as kept
from storage.matches import Match
from storage.notices import StoredNotice
from storage.session import Database

GRADE_ORDER = {"red": 0, "yellow": 1, "plain": 2}


@dataclass(frozen=True, slots=True)
class Told:
    """One notice for one person: as it stands now, the subscriptions it met and the matches this settles. ``before`` is
    the reading that the person knows, or knew of before the change; None for news."""

    stored: StoredNotice
    subscriptions: tuple[Subscription, ...]
    match_ids: tuple[int, ...]
    before: Notice | None = None
    was_withdrawn: bool = False

    @property
    def is_withdrawn(self) -> bool:
        """Whether the publisher no longer stands by the notice."""
        return self.stored.status is NoticeStatus.WITHDRAWN


@dataclass(frozen=True, slots=True)
class News:
    """The next mail of a person, the most urgent first; ``dropped`` holds match ids by why they go untold."""

    person: Person
    told: tuple[Told, ...]
    dropped: Mapping[str, tuple[int, ...]]

    @property
    def subscriptions(self) -> tuple[Subscription, ...]:
        """The subscriptions that any of the notices met, by id."""
        found = {each.id: each for told in self.told for each in told.subscriptions}
        return tuple(found[each] for each in sorted(found))


def gather(db: Database, person_id: int) -> News:
    """The news of a person, each notice once and as it stands now. Left untold is what belongs to a subscription that has
    ended and what an earlier mail has shown already. A grade that their zone gave stands in for the system's."""
    with db.read() as session:
        person = organisations.person(session, person_id)
        waiting = kept.waiting(session, person_id)
        if not person.email:
            return News(person, (), {"no verified address": tuple(each.id for each in waiting)})
        asked = subscriptions.by_ids(session, sorted({each.subscription_id for each in waiting}))
        notice_ids = sorted({each.notice_id for each in waiting})
        stored = grade_overrides.told_in(session, _zones(person, waiting, asked), notices.by_ids(session, notice_ids))
        shown = kept.told(session, person_id, notice_ids)
        wanted, dropped = _sorted_out(waiting, asked, shown)
        known = {notice_id: shown.get(notice_id, min(each.material_version for each in found) - 1)
                 for notice_id, found in wanted.items()}
        histories = {notice_id: {each.version: each for each in notices.versions(session, notice_id)}
                     for notice_id, version in known.items() if version}
    told = []
    for notice_id, found in wanted.items():
        before = histories.get(notice_id, {}).get(known[notice_id])
        told.append(Told(
            stored[notice_id], tuple(asked[each] for each in sorted({each.subscription_id for each in found})),
            tuple(each.id for each in found), before.notice if before else None,
            before is not None and before.status is NoticeStatus.WITHDRAWN))
    return News(person, tuple(sorted(told, key=_urgency)), {why: tuple(ids) for why, ids in dropped.items()})


def _zones(person: Person, waiting: Iterable[Match], asked: Mapping[int, Subscription]) -> Mapping[int, set[int]]:
    """The zones in which a person is told notices: of the subscriptions they met, or else of the person."""
    found: dict[int, set[int]] = defaultdict(set)
    for each in waiting:
        if zone_id := asked[each.subscription_id].zone_id or person.zone_id:
            found[each.notice_id].add(zone_id)
    return found


def _sorted_out(waiting: Iterable[Match], asked: Mapping[int, Subscription], shown: Mapping[int, int],
                ) -> tuple[dict[int, list[Match]], dict[str, list[int]]]:
    wanted: dict[int, list[Match]] = defaultdict(list)
    dropped: dict[str, list[int]] = defaultdict(list)
    for each in waiting:
        if asked[each.subscription_id].state is not SubscriptionState.ACTIVE:
            dropped["the subscription ended"].append(each.id)
        elif shown.get(each.notice_id, 0) >= each.material_version:
            dropped["an earlier mail told it"].append(each.id)
        else:
            wanted[each.notice_id].append(each)
    return wanted, dropped


def _urgency(told: Told) -> tuple[int, int, int]:
    """Red before yellow before plain, then the newest event first."""
    event_on = told.stored.notice.event_date or date.min
    return GRADE_ORDER[told.stored.grade.grade.value], -event_on.toordinal(), told.stored.id
