"""Matches and bulletins become mails, each written once."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cache, partial

from domain import clock
from domain.subscription import SubscriptionState, Topic
from storage import bulletins, emails, grade_overrides, notices, organisations, outages, publishers, subscriptions
from storage import matches as kept
from storage.digests import Run
from storage.emails import Due, Purpose
from storage.outages import Outage
from storage.session import Database
from subscriptions import colleague, outage
from subscriptions.composer import Composer
from subscriptions.due import ready
from subscriptions.failing import PAUSE, failing
from subscriptions.news import gather
from subscriptions.refresh import refresh

ALERT_OF = "alert of person"


def compose(db: Database, composer: Composer, limit: int = 200) -> int:
    """Write the mails that are due, at most ``limit`` of a kind; gives how many, so 0 means that nothing is left for now. A
    mail and the matches it tells are kept in one transaction. A mail that cannot be written holds up no other and is tried
    again later."""
    announced = cache(partial(_announced, db))
    return (refresh(db, composer) + _compose_alerts(db, composer, limit)
            + _compose_owed(db, Purpose.BULLETIN, limit, partial(_compose_bulletin, db, composer))
            + _compose_owed(db, Purpose.OUTAGE, limit, lambda each: _compose_outage(db, composer, each, announced))
            + _compose_owed(db, Purpose.COLLEAGUE, limit, partial(colleague.tell, db, composer)))


def _compose_alerts(db: Database, composer: Composer, limit: int) -> int:
    failed = failing(db)
    found = ready(db)
    persons = [person_id for person_id in found.persons if not failed.waits(ALERT_OF, person_id)]
    return sum(failed.attempt(ALERT_OF, person_id, partial(_compose_alert, db, composer, person_id, found.runs)) or 0
               for person_id in persons[:limit])


def _compose_owed(db: Database, purpose: Purpose, limit: int, write: Callable[[Due], bool]) -> int:
    """Failures are logged by subject, and waited for by reader: all readers of a bad bulletin would fail alike."""
    with db.read() as session:
        due = emails.due(session, purpose, limit)
    done = {each.id: failing(db).attempt(f"mail of {purpose}", each.subject_id, partial(write, each)) for each in due}
    failed = [email_id for email_id, written in done.items() if written is None]
    if failed:
        with db.write() as session:
            emails.put_off(session, failed, clock.now() + PAUSE)
    return sum(written or 0 for written in done.values())


def _compose_alert(db: Database, composer: Composer, person_id: int, runs: Sequence[Run]) -> bool:
    news = gather(db, person_id, runs)
    letter = None
    if news.told:
        with db.read() as session:
            sources = publishers.names(session)
        letter, news = composer.alert(news, sources)
    told = {match_id: told.stored.version for told in news.told for match_id in told.match_ids}
    with db.write() as session:
        if any(each.state is not SubscriptionState.ACTIVE for each in subscriptions.by_ids(
                session, [each.id for each in news.subscriptions]).values()):
            return False  # somebody left since the news were gathered: the next round gathers them anew
        if not kept.still_wait(session, sorted(told)):
            return False  # another worker tells them
        for why, match_ids in news.dropped.items():
            kept.drop(session, match_ids, why)
        email_id = emails.add(session, letter, news.digests[-1].run.id if news.digests else None) if letter else None
        if email_id is None:
            return False
        kept.composed(session, email_id, told)
        return True


def _compose_bulletin(db: Database, composer: Composer, due: Due) -> bool:
    """Write a bulletin for one reader, unless they have ended their subscription meanwhile."""
    with db.read() as session:
        zones = {zone.id: zone for zone in organisations.zones(session)}
        bulletin = bulletins.by_id(session, zones.keys(), due.subject_id)
        person = organisations.person(session, due.person_id)
        asked = [each for each in subscriptions.of_person(session, person.id)
                 if each.topic is Topic.BULLETINS and each.zone_id == bulletin.zone_id
                 and each.state is SubscriptionState.ACTIVE]
        found = grade_overrides.told_in(session, dict.fromkeys(bulletin.notice_ids, (bulletin.zone_id,)),
                                        notices.by_ids(session, bulletin.notice_ids))
    picked = [found[each] for each in bulletin.notice_ids if each in found]
    wanted = bool(asked and person.email)
    letter = composer.bulletin(due, person, bulletin, zones[bulletin.zone_id], picked, asked) if wanted else None
    with db.write() as session:
        if letter is None:
            emails.mark_failed(session, due.id, "the subscription ended")
            return False
        emails.write(session, due.id, letter, person.quiet_until(clock.now()))
        return True


def _announced(db: Database, row_id: int) -> list[Outage]:
    with db.read() as session:
        return outages.told_with(session, row_id)


def _compose_outage(db: Database, composer: Composer, due: Due, announced: Callable[[int], list[Outage]]) -> bool:
    """Write an announcement for one reader, unless nothing of it concerns them any more."""
    with db.read() as session:
        person = organisations.person(session, due.person_id)
        found, asked = outage.for_person(announced(due.subject_id), subscriptions.of_person(session, person.id))
        sources = publishers.names(session)
    letter = composer.outage(due, person, found, asked, sources) if found and person.email else None
    with db.write() as session:
        if letter is None:
            emails.mark_failed(session, due.id, "the subscription ended")
            return False
        emails.write(session, due.id, letter, person.quiet_until(clock.now()))
        return True
