"""What a person is to be told in their next mail, and what is better left untold."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from domain.notice import Notice, NoticeStatus
from domain.organisation import Person
from domain.subscription import Subscription, SubscriptionState
from storage import matches as kept
from storage import notices, organisations, subscriptions
from storage import told as mails
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
    ended and what an earlier mail has shown already."""
    with db.read() as session:
        waiting = kept.waiting(session, person_id)
    return _news(db, person_id, waiting)


def gather_again(db: Database, email_id: int) -> tuple[News, str]:
    """The news that a mail tells, as they stand now, and its Message-ID. Raises NotFound."""
    with db.read() as session:
        person_id, message_id = mails.whose(session, email_id)
        bound = mails.of_mail(session, email_id)
    return _news(db, person_id, bound, email_id), message_id


def _news(db: Database, person_id: int, waiting: Sequence[Match], email_id: int | None = None) -> News:
    with db.read() as session:
        person = organisations.person(session, person_id)
        if not person.email:
            return News(person, (), {"no verified address": tuple(each.id for each in waiting)})
        asked = subscriptions.by_ids(session, sorted({each.subscription_id for each in waiting}))
        notice_ids = sorted({each.notice_id for each in waiting})
        stored = notices.by_ids(session, notice_ids)
        shown = kept.told(session, person_id, notice_ids, email_id)
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
    in_order = sorted(told, key=lambda each: urgency(each.stored))
    return News(person, tuple(in_order), {why: tuple(ids) for why, ids in dropped.items()})


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


def urgency(stored: StoredNotice) -> tuple[int, int, int]:
    """Sorts red before yellow before plain, then the newest event first."""
    event_on = stored.notice.event_date or date.min
    return GRADE_ORDER[stored.grade.grade.value], -event_on.toordinal(), stored.id
