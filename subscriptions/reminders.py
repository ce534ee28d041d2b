"""Reminders of deadlines: noted in the morning of the step, told in one mail a person. What moved is told at once.
Both wait for the end of quiet hours."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import timedelta
from functools import partial
from zoneinfo import ZoneInfo

from domain import clock
from domain.deadline import STEPS, reminder
from storage import emails, follows, publishers, reminders, whereabouts
from storage.emails import Letter
from storage.follows import Follow
from storage.reminders import Step
from storage.session import Database
from subscriptions.composer import Composer
from subscriptions.failing import failing
from subscriptions.followers import Telling, gather

MORNING = 8
"""The hour from which on the reminders of a day go, in the reader's time."""
FOLLOWER = "reminder of person"


class _Overtaken(Exception):
    """Something that a mail was to tell was settled since it was gathered; the next round gathers it anew."""


def remind(db: Database, composer: Composer) -> int:
    """Note the reminders that are due and write the mails of followers; gives how many mails. Call it once a minute. A mail
    and what it tells are kept in one transaction, so that a kill at any moment loses and doubles nothing; after days
    without a worker each deadline is told once, with the days that are left. Nobody is told in their quiet hours: what they
    are to know is gathered at the end of them, as it stands then."""
    plan(db)
    with db.read() as session:
        touched = follows.touched(session)
        concerned = sorted({*touched, *reminders.persons_waiting(session)})
        quiet = whereabouts.quiet(session, clock.now(), concerned)
    persons = [each for each in concerned if each not in quiet and not failing(db).waits(FOLLOWER, each)]
    return sum(failing(db).attempt(FOLLOWER, each, partial(_tell, db, composer, each, touched.get(each, ()))) or 0
               for each in persons)


def plan(db: Database) -> int:
    """Note the reminders that are due and that nobody has noted yet; gives how many."""
    today = clock.today()
    with db.read() as session:
        near = follows.near(session, today - timedelta(days=1), today + timedelta(days=max(STEPS) + 1))
        zones = whereabouts.time_zones_of(session, sorted({each.person_id for each in near}))
        steps = [step for each in near for step in _due(each, ZoneInfo(zones[each.person_id]))]
        fresh = reminders.unknown(session, steps) if steps else []
    for start in range(0, len(fresh), reminders.BATCH):
        with db.write() as session:
            reminders.add(session, fresh[start:start + reminders.BATCH])
    return len(fresh)


def _due(known: Follow, zone: ZoneInfo) -> Iterator[Step]:
    here = clock.now().astimezone(zone)
    if here.hour < MORNING:
        return
    for what, on in known.dates.items():
        days = reminder(on, here.date(), known.since.astimezone(zone).date())
        if days is not None:
            yield Step(known.person_id, known.notice_id, what, on, days)


def _tell(db: Database, composer: Composer, person_id: int, touched: Sequence[int]) -> bool:
    """Write one follower's mail, if there is anything to say."""
    telling = gather(db, person_id, touched)
    return not telling.is_empty and keep(db, composer, telling)


def keep(db: Database, composer: Composer, telling: Telling) -> bool:
    """Write the mail and note all that was gathered with it, or nothing where somebody else has done so meanwhile; gives
    whether there is a mail."""
    with db.read() as session:
        sources = publishers.names(session)
    letter = composer.reminder(telling, sources) if telling.words else None
    try:
        return _kept(db, telling, letter)
    except _Overtaken:
        return False


def _kept(db: Database, telling: Telling, letter: Letter | None) -> bool:
    with db.write() as session:
        for why, reminder_ids in telling.dropped.items():
            reminders.drop(session, reminder_ids, why)
        for pair in telling.unmoved:
            follows.looked(session, *pair)
        for pair in telling.knowing:
            follows.learnt(session, *pair)
        if letter is None:
            return False
        email_id = emails.add(session, letter)
        if email_id is None or not reminders.told(session, telling.told, email_id) or not all(
                [follows.learnt(session, *pair) for pair in telling.learning]):
            raise _Overtaken
    return True
