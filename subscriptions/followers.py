"""What a follower is to be told of deadlines: that one is near, and that one has moved."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from zoneinfo import ZoneInfo

from domain.deadline import DeadlineKind, days_left
from domain.notice import NoticeStatus
from domain.organisation import Person
from storage import follows, organisations, reminders
from storage.follows import Follow, Standing
from storage.heard import Heard, heard
from storage.reminders import Reminder
from storage.session import Database


@dataclass(frozen=True, slots=True)
class Word:
    """One deadline of a notice for one follower: it is ``on`` this day (on none any more where that is None). ``before`` is
    the date that they knew, and ``is_moved`` says that it is another one now."""

    found: Standing
    what: DeadlineKind
    on: date | None
    is_moved: bool = False
    before: date | None = None


@dataclass(slots=True)
class Telling:
    """The next mail of a follower, and what is noted with it: follows that learn of a move by it or know of it already,
    those in which nothing moved, the reminders it tells and, by reason, those that go untold."""

    person: Person
    words: list[Word] = field(default_factory=list)
    learning: list[tuple[Follow, Standing]] = field(default_factory=list)
    knowing: list[tuple[Follow, Standing]] = field(default_factory=list)
    unmoved: list[tuple[Follow, Standing]] = field(default_factory=list)
    told: list[int] = field(default_factory=list)
    dropped: dict[str, list[int]] = field(default_factory=lambda: defaultdict(list))
    awaited: set[int] = field(default_factory=set)
    """Notices of which an alert may tell the move yet: nothing is said of them until then."""

    @property
    def is_empty(self) -> bool:
        """Whether there is neither anything to say nor anything to note."""
        return not (self.words or self.knowing or self.unmoved or self.dropped)


def gather(db: Database, person_id: int, touched: Sequence[int] = ()) -> Telling:
    """What a person is to be told. ``touched`` are the ids of their follows in whose case something has changed."""
    with db.read() as session:
        telling = Telling(organisations.person(session, person_id))
        waiting = reminders.waiting(session, person_id)
        mine = {each.notice_id: each for each in follows.of_person(session, person_id)}
        changed = [each for each in mine.values() if each.id in touched]
        wanted = {each.notice_id for each in changed} | {each.step.notice_id for each in waiting} & mine.keys()
        standings = {notice_id: follows.standing(session, notice_id) for notice_id in wanted}
        news = {each.id: {what: heard(session, person_id, standings[each.notice_id].source_of(what), what)
                          for what in _moved(each, standings[each.notice_id])} for each in changed}
    if not telling.person.email:
        telling.dropped["no verified address"] = [each.id for each in waiting]
        return telling
    for each in changed:
        _sort_move(telling, each, standings[each.notice_id], news[each.id])
    _sort_reminders(telling, waiting, standings)
    telling.words.sort(key=lambda word: (word.on or date.min, word.found.stored.id, word.what))
    return telling


def _moved(known: Follow, found: Standing) -> list[DeadlineKind]:
    return [what for what in DeadlineKind if known.dates.get(what) != found.dates.get(what)]


def _sort_move(telling: Telling, known: Follow, found: Standing, news: Mapping[DeadlineKind, Heard]) -> None:
    state = max(news.values(), default=None)
    if state is None:
        telling.unmoved.append((known, found))
    elif state is Heard.SOON:
        telling.awaited.add(known.notice_id)
    elif state is Heard.KNOWN:
        telling.knowing.append((known, found))
    else:
        telling.learning.append((known, found))
        telling.words.extend(Word(found, what, found.dates.get(what), True, known.dates.get(what))
                             for what, one in news.items() if one is Heard.UNTOLD)


def _sort_reminders(telling: Telling, waiting: Sequence[Reminder], standings: Mapping[int, Standing]) -> None:
    """The last step reached of each deadline tells it, with the days that are left by then."""
    said: set[tuple[int, DeadlineKind]] = set()
    for each in waiting:
        step = each.step
        if step.notice_id in telling.awaited:
            continue
        found = standings.get(step.notice_id)
        why = _why_not(each, found, ZoneInfo(telling.person.time_zone))
        if why or found is None:
            telling.dropped[why].append(each.id)
        elif (step.notice_id, step.what) in said:
            telling.dropped["a later one told it"].append(each.id)
        else:
            said.add((step.notice_id, step.what))
            telling.told.append(each.id)
            telling.words.append(Word(found, step.what, step.on))


def _why_not(reminder: Reminder, found: Standing | None, zone: ZoneInfo) -> str:
    """Why a reminder goes untold; empty when it does not. Those of one deadline come by days, the last step first."""
    step = reminder.step
    if found is None:
        return "the follow ended"
    if found.stored.status is NoticeStatus.WITHDRAWN:
        return "the notice was withdrawn"
    if found.dates.get(step.what) != step.on:
        return "the deadline moved"
    market = found.source_of(step.what).notice.market
    return "the deadline has passed" if days_left(step.on, step.what, market, zone) < 0 else ""
