"""Mail to the operator: at once for each run that the breaker holds, and one a day at most when sources have changed."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta

from domain import clock
from domain.errors import InvalidValue
from domain.health import WRONG, HealthState, urgency
from storage import emails, health, organisations, publishers, runs
from storage.emails import Purpose
from storage.health import Noted
from storage.session import Database
from subscriptions.composer import Composer
from subscriptions.condition import Report

DAY = timedelta(days=1)


def tell(db: Database, operator_email: str | None, composer: Composer) -> int:
    """Write one mail for each run that the breaker holds; gives how many are new. Without an address, none."""
    if not operator_email:
        return 0
    with db.read() as session:
        held = runs.held(session)
        fresh = [each for each in held if not emails.is_kept(session, f"held:{each.id}")]
        lang = _lang(db, operator_email) if fresh else ""
        sources = publishers.names(session) if fresh else {}
    letters = [composer.held(operator_email, each.id, each.slug, each.reason.facts, sources, lang) for each in fresh]
    if letters:
        with db.write() as session:
            return sum(emails.add(session, letter) is not None for letter in letters)
    return 0


def report(db: Database, operator_email: str | None, composer: Composer) -> int:
    """Write the mail about sources that have changed since the last one, unless that is younger than a day; gives how many
    were written. What came and went in between is not told: nothing of it is left to do."""
    if not operator_email:
        return 0
    with db.read() as session:
        last = emails.newest_to(session, operator_email, Purpose.HEALTH)
        if last and timedelta(0) <= clock.now() - last[0] < DAY:
            return 0
        upto = int(last[1].split(":")[1]) if last else 0
        found = _report(health.newest(session, upto), health.newest(session), [
            each.slug for each in health.after(session, upto)])
        names = publishers.names(session)
    if not (found.broken or found.recovered):
        return 0
    letter = composer.report(operator_email, _lang(db, operator_email), found, names)
    with db.write() as session:
        return int(emails.add(session, letter) is not None)


def _report(before: Mapping[str, Noted], now: Mapping[str, Noted], noted: list[str]) -> Report:
    broken: list[Noted] = []
    recovered: list[Noted] = []
    still: list[Noted] = []
    for slug, each in sorted(now.items(), key=lambda pair: (urgency(pair[1].state), pair[0])):
        was = before[slug].state if slug in before else HealthState.NEVER_RUN
        if each.state in WRONG:
            (still if was is each.state else broken).append(each)
        elif was in WRONG and each.state is HealthState.HEALTHY:
            recovered.append(each)
    return Report(tuple(broken), tuple(recovered), tuple(still), {slug: noted.count(slug) for slug in now},
                  max((each.id for each in now.values()), default=0))


def _lang(db: Database, email: str) -> str:
    """The language of the operator, who need not be known as a person."""
    try:
        with db.read() as session:
            person = organisations.person_by_email(session, email)
    except InvalidValue:  # no address at all: the mail server will say so
        return "zh"
    return person.lang if person else "zh"
