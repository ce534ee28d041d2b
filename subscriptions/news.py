"""What a person is to be told in their next mail, and what is better left untold."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from domain import clock
from domain.digest import newest
from domain.grade import Grade
from domain.notice import Notice, NoticeKind, NoticeStatus
from domain.organisation import Person
from domain.relations import Deadline
from domain.subscription import Frequency, Subscription, SubscriptionState
from storage import digests, follows, grade_overrides, notices, organisations, subscriptions
from storage import matches as kept
from storage import told as mails
from storage.digests import Run
from storage.matches import Match
from storage.notices import NoticeVersion, StoredNotice
from storage.session import Database, Session
from subscriptions.edited import strayed

GRADE_ORDER = {"red": 0, "yellow": 1, "plain": 2}


@dataclass(frozen=True, slots=True)
class Told:
    """One notice for one person: as it stands now, the subscriptions it met and the matches this settles. ``before`` is
    the reading that the person knows, or knew of before the change; None for news. ``closes`` is until when comments are
    taken where not the notice but another step of its case says so."""

    stored: StoredNotice
    subscriptions: tuple[Subscription, ...]
    match_ids: tuple[int, ...]
    before: Notice | None = None
    was_withdrawn: bool = False
    closes: Deadline | None = None

    @property
    def is_withdrawn(self) -> bool:
        """Whether the publisher no longer stands by the notice."""
        return self.stored.status is NoticeStatus.WITHDRAWN


@dataclass(frozen=True, slots=True)
class Digest:
    """A digest of one person: what was found for it from ``since`` until before its cut."""

    run: Run
    since: datetime


@dataclass(frozen=True, slots=True)
class News:
    """The next mail of a person, the most urgent first; ``dropped`` holds match ids by why they go untold, ``digests`` the
    digests that the mail is, if it is any, the most frequent first."""

    person: Person
    told: tuple[Told, ...]
    dropped: Mapping[str, tuple[int, ...]]
    digests: tuple[Digest, ...] = ()

    @property
    def subscriptions(self) -> tuple[Subscription, ...]:
        """The subscriptions that any of the notices met, by id."""
        found = {each.id: each for told in self.told for each in told.subscriptions}
        return tuple(found[each] for each in sorted(found))

    @property
    def versions(self) -> dict[int, int]:
        """The version of the notice that is told, by match id."""
        return {match_id: told.stored.version for told in self.told for match_id in told.match_ids}


def gather(db: Database, person_id: int, runs: Sequence[Run] = ()) -> News:
    """As ``gather_all`` for one person."""
    return gather_all(db, [person_id], runs)[person_id]


def gather_all(db: Database, person_ids: Sequence[int], runs: Sequence[Run] = ()) -> dict[int, News]:
    """The news of each of these persons, at most 500, each notice once and as it stands now; ``runs`` are the newest digests
    of all time zones. What many are told is read once.

    What waits for a digest, for the end of a pause or for that of quiet hours is not told yet, unless its notice is told
    anyway. Left untold is what belongs to a subscription that has ended, what an earlier mail has shown already and, once
    it is due, what a subscription that was changed no longer asks for. A grade that their zone gave stands in for the
    system's.
    """
    with db.read() as session:
        persons = organisations.persons(session, person_ids)
        waiting = kept.waiting(session, list(persons))
        every = [each for found in waiting.values() for each in found]
        asked = subscriptions.by_ids(session, sorted({each.subscription_id for each in every}))
        shown = kept.told(session, list(persons), sorted({each.notice_id for each in every}))
        astray = strayed(session, persons, every, asked)
        found = [_open(person, waiting[person_id], asked, shown[person_id], runs, astray)
                 for person_id, person in persons.items()]
        readings = _Readings(session, {notice_id for each in found for notice_id in each.wanted},
                             {zone_id for each in found for zones in each.zones.values() for zone_id in zones})
        return {each.person.id: _news(each, asked, shown[each.person.id], readings) for each in found}


@dataclass(frozen=True, slots=True)
class _Open:
    """What of the waiting matches of a person may be told, and what of it is due; ``wanted`` are the notices to be read,
    ``zones`` those in which the person is told each, ``cuts`` the digests of where they are."""

    person: Person
    matches: list[Match]
    due: list[Match]
    dropped: Mapping[str, list[int]]
    wanted: set[int]
    zones: Mapping[int, set[int]]
    cuts: Mapping[Frequency, Run]


def _open(person: Person, waiting: Sequence[Match], asked: Mapping[int, Subscription], shown: Mapping[int, int],
          runs: Iterable[Run], astray: Mapping[int, StoredNotice]) -> _Open:
    cuts = {run.frequency: run for run in runs if run.time_zone == person.time_zone}
    if not person.email:
        return _Open(person, [], [], {"no verified address": [each.id for each in waiting]}, set(), {}, cuts)
    every, dropped = _sorted_out(waiting, asked, shown)
    due = [] if person.quiet_until(clock.now()) else [each for each in every if _is_due(asked, each, cuts)]
    pressing = [each for each in every if _is_pressing(asked[each.subscription_id])]
    over = [each for each in due if each.id in astray]
    over += [each for each in pressing if each.id in astray and is_red(astray[each.id]) and each not in over]
    if over:
        dropped["the subscription was changed"] = [each.id for each in over]
    open_ones, due, pressing = ([each for each in some if each.id not in astray] for some in (every, due, pressing))
    wanted = {each.notice_id for each in (*due, *pressing)}
    return _Open(person, open_ones, due, dropped, wanted, _zones(person, open_ones, asked), cuts)


def _news(found: _Open, asked: Mapping[int, Subscription], shown: Mapping[int, int], readings: _Readings) -> News:
    at_once = {each.notice_id for each in found.due}
    read = {each: readings.of(each, frozenset(found.zones.get(each, ()))) for each in found.wanted}
    stored = {notice_id: each for notice_id, each in read.items() if each and (notice_id in at_once or is_red(each))}
    told = _told([each for each in found.matches if each.notice_id in stored], asked, stored, shown, readings)
    return News(found.person, told, {why: tuple(ids) for why, ids in found.dropped.items()},
                tuple(_digests(found.due, asked, found.cuts)))


def gather_again(db: Database, email_id: int) -> tuple[News, str]:
    """The news that a mail tells, as they stand now, and its Message-ID. Raises NotFound."""
    with db.read() as session:
        person_id, message_id = mails.whose(session, email_id)
        person = organisations.person(session, person_id)
        bound = mails.of_mail(session, email_id)
        asked = subscriptions.by_ids(session, sorted({each.subscription_id for each in bound}))
        shown = kept.told(session, [person_id], sorted({each.notice_id for each in bound}), email_id)[person_id]
        open_ones, dropped = _sorted_out(bound, asked, shown)
        run = digests.of_mail(session, email_id)
        zones, wanted = _zones(person, open_ones, asked), {each.notice_id for each in open_ones}
        readings = _Readings(session, wanted, {zone_id for found in zones.values() for zone_id in found})
        read = {each: readings.of(each, frozenset(zones.get(each, ()))) for each in wanted}
        told = _told(open_ones, asked, {notice_id: each for notice_id, each in read.items() if each}, shown, readings)
    found = tuple(_digests(open_ones, asked, {run.frequency: run})) if run else ()
    return News(person, told, {why: tuple(ids) for why, ids in dropped.items()}, found), message_id


class _Readings:
    """Notices as they stand now and as they stood, each read once for all who are told it."""

    def __init__(self, session: Session, notice_ids: Iterable[int], zone_ids: Iterable[int]) -> None:
        self._session = session
        self._read = notices.by_ids(session, sorted(notice_ids))
        self._given = {each: grade_overrides.of_zone(session, each, self._read) for each in sorted(zone_ids)}
        self._told = dict[tuple[int, frozenset[int]], StoredNotice]()
        self._versions = dict[int, dict[int, NoticeVersion]]()
        self._closes = dict[int, Deadline | None]()

    def of(self, notice_id: int, zone_ids: frozenset[int]) -> StoredNotice | None:
        """A notice with the grade that it has in zones: the same object each time. None when there is none."""
        if notice_id not in self._read:
            return None
        key = notice_id, zone_ids
        if key not in self._told:
            self._told[key] = grade_overrides.as_told(self._read[notice_id], zone_ids, self._given)
        return self._told[key]

    def before(self, notice_id: int, version: int) -> NoticeVersion | None:
        """A notice as it stood."""
        if notice_id not in self._versions:
            self._versions[notice_id] = {each.version: each for each in notices.versions(self._session, notice_id)}
        return self._versions[notice_id].get(version)

    def closes(self, notice_id: int) -> Deadline | None:
        """Until when comments are taken on a notification that says nothing of it itself, such as an addendum."""
        if notice_id not in self._closes:
            self._closes[notice_id] = self._of_case(self._read[notice_id].notice, notice_id)
        return self._closes[notice_id]

    def _of_case(self, notice: Notice, notice_id: int) -> Deadline | None:
        if notice.kind is not NoticeKind.TBT_NOTIFICATION or notice.comment_deadline:
            return None
        found = follows.standing(self._session, notice_id)
        if found.comment_on is None or found.comment_on < clock.today():
            return None
        return Deadline(found.comment_on, found.stated.notice.external_id)


def _told(found: Iterable[Match], asked: Mapping[int, Subscription], stored: Mapping[int, StoredNotice],
          shown: Mapping[int, int], readings: _Readings) -> tuple[Told, ...]:
    """What matches tell, the most urgent first, each notice beside the reading that the person knows."""
    told = []
    for notice_id, matches in _by_notice(found).items():
        known = shown.get(notice_id, min(each.material_version for each in matches) - 1)
        before = readings.before(notice_id, known) if known else None
        told.append(Told(
            stored[notice_id], tuple(asked[each] for each in sorted({each.subscription_id for each in matches})),
            tuple(each.id for each in matches), before.notice if before else None,
            before is not None and before.status is NoticeStatus.WITHDRAWN, readings.closes(notice_id)))
    return tuple(sorted(told, key=lambda each: urgency(each.stored)))


def _zones(person: Person, waiting: Iterable[Match], asked: Mapping[int, Subscription]) -> Mapping[int, set[int]]:
    """The zones in which a person is told notices: of the subscriptions they met, or else of the person."""
    found: dict[int, set[int]] = defaultdict(set)
    for each in waiting:
        if zone_id := asked[each.subscription_id].zone_id or person.zone_id:
            found[each.notice_id].add(zone_id)
    return found


def _sorted_out(waiting: Iterable[Match], asked: Mapping[int, Subscription], shown: Mapping[int, int],
                ) -> tuple[list[Match], dict[str, list[int]]]:
    open_ones: list[Match] = []
    dropped: dict[str, list[int]] = defaultdict(list)
    for each in waiting:
        if asked[each.subscription_id].state is not SubscriptionState.ACTIVE:
            dropped["the subscription ended"].append(each.id)
        elif shown.get(each.notice_id, 0) >= each.material_version:
            dropped["an earlier mail told it"].append(each.id)
        else:
            open_ones.append(each)
    return open_ones, dropped


def _is_due(asked: Mapping[int, Subscription], match: Match, cuts: Mapping[Frequency, Run]) -> bool:
    subscription = asked[match.subscription_id]
    run = cuts.get(subscription.frequency)
    return subscription.is_due(match.created_at, clock.now(), run.cut_at if run else None)


def _is_pressing(subscription: Subscription) -> bool:
    """Whether red notices need not wait."""
    return subscription.red_at_once and not subscription.is_paused(clock.now())


def is_red(stored: StoredNotice) -> bool:
    """Whether a notice goes at once to those who want the red ones so."""
    return stored.grade.grade is Grade.RED


def _by_notice(matches: Iterable[Match]) -> dict[int, list[Match]]:
    found: dict[int, list[Match]] = defaultdict(list)
    for each in matches:
        found[each.notice_id].append(each)
    return found


def _digests(due: Iterable[Match], asked: Mapping[int, Subscription], cuts: Mapping[Frequency, Run]) -> Iterator[Digest]:
    """The digests that have come, each since the cut before the oldest that it tells."""
    oldest: dict[Frequency, datetime] = {}
    for each in due:
        frequency = asked[each.subscription_id].frequency
        oldest[frequency] = min(each.created_at, oldest.get(frequency, each.created_at))
    for frequency in Frequency:
        if frequency in oldest and frequency in cuts:
            yield Digest(cuts[frequency], newest(frequency, cuts[frequency].time_zone, oldest[frequency]).at)


def urgency(stored: StoredNotice) -> tuple[int, int, int]:
    """Sorts red before yellow before plain, then the newest event first."""
    event_on = stored.notice.event_date or date.min
    return GRADE_ORDER[stored.grade.grade.value], -event_on.toordinal(), stored.id
