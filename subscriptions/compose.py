"""Matches and bulletins become mails, each written once."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import cache, partial

from domain import clock
from domain.subscription import SubscriptionState, Topic
from storage import bulletins, emails, grade_overrides, notices, organisations, outages, publishers, subscriptions
from storage import matches as kept
from storage.digests import Run
from storage.emails import Due, Letter, Purpose
from storage.outages import Outage
from storage.session import Database
from subscriptions import colleague, outage
from subscriptions.composer import Composer
from subscriptions.due import ready
from subscriptions.failing import PAUSE, failing
from subscriptions.news import News, gather_all
from subscriptions.refresh import refresh

ALERT_OF = "alert of person"
TOGETHER = 100
"""Persons whose mails are written together."""
Written = tuple[Letter | None, News]
"""A mail, if there is anything to tell, and the news that it tells or drops."""


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
    found = ready(db, limit, partial(failed.waits, ALERT_OF))
    return sum(failed.attempt_all(ALERT_OF, found.persons[start:start + TOGETHER],
                                  lambda person_ids: _write_alerts(db, composer, person_ids, found.runs))
               for start in range(0, len(found.persons), TOGETHER))


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


def _write_alerts(db: Database, composer: Composer, person_ids: Sequence[int], runs: Sequence[Run]) -> int:
    """Write the mails of these persons, few at a time; gives how many."""
    with db.read() as session:
        sources = publishers.names(session)
    written = [composer.alert(news, sources) if news.told else (None, news)
               for news in gather_all(db, person_ids, runs).values()]
    return sum(_keep(db, some) for some in _few(written))


def _few(written: Iterable[Written]) -> Iterator[list[Written]]:
    """Mails whose rows, their matches with them, are few enough for one transaction."""
    few: list[Written] = []
    rows = 0
    for letter, news in written:
        own = 1 + len(news.versions) + sum(map(len, news.dropped.values()))
        if few and rows + own > kept.BATCH:
            yield few
            few, rows = [], 0
        few.append((letter, news))
        rows += own
    if few:
        yield few


def _keep(db: Database, written: Sequence[Written]) -> int:
    """Keep mails with what they tell, save those that are out of date: the next round gathers their news anew."""
    with db.write() as session:
        active = subscriptions.active_among(session, {each.id for _, news in written for each in news.subscriptions})
        free = kept.still_wait(session, [each for _, news in written for each in news.versions])
        whole = [(letter, news) for letter, news in written
                 if free.issuperset(news.versions)  # else another worker tells them
                 and active.issuperset(each.id for each in news.subscriptions)]  # else somebody left
        for why in {why for _, news in whole for why in news.dropped}:
            kept.drop(session, [each for _, news in whole for each in news.dropped.get(why, ())], why)
        letters = [(letter, news) for letter, news in whole if letter]
        email_ids = emails.add_all(session, [letter for letter, _ in letters], [
            news.digests[-1].run.id if news.digests else None for _, news in letters])
        kept.composed(session, {email_ids[letter.message_id]: news.versions for letter, news in letters
                                if letter.message_id in email_ids})
        return len(email_ids)


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
    """Write an announcement for one reader, unless nothing of it concerns them any more or they want none."""
    with db.read() as session:
        person = organisations.person(session, due.person_id)
        found = outage.for_person(announced(due.subject_id), subscriptions.of_person(session, person.id))
        sources = publishers.names(session)
    wanted = bool(found and person.email and person.told_of_outages)
    letter = composer.outage(due, person, found, sources) if wanted else None
    with db.write() as session:
        if letter is None:
            emails.mark_failed(session, due.id, emails.UNWANTED)
            return False
        emails.write(session, due.id, letter, person.quiet_until(clock.now()))
        return True
