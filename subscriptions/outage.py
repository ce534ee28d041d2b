"""Readers are told when a source has been of no use for a week, so that silence is not taken for "nothing was published",
and told again when it is back. What one person is told at a time goes in one mail."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from domain import clock
from domain.criteria import Criteria
from domain.market import related
from domain.subscription import Subscription, SubscriptionState, Topic
from storage import outages, subscriptions
from storage.changes import Change
from storage.outages import Outage
from storage.session import Database

WEEK = timedelta(days=7)
"""How long readers are not told of an outage."""
DAY = timedelta(days=1)
"""How long we must have seen an outage, or the end of one, and the least time between two mails of a kind. What is a day
short of a week goes with the others, so that sources that fail together are told of together."""


def announce(db: Database) -> int:
    """Have readers told of sources that have been of no use for a week, and of those that are back for a day; gives of how
    many. The mails are owed when the change that this leaves is taken."""
    now = clock.now()
    with db.read() as session:
        seen = [each for each in outages.untold(session) if now - each.seen_at >= DAY]
        began = [each for each in seen if now - each.since >= WEEK - DAY]
        ended = [each for each in outages.over(session) if now - each.seen_at >= DAY]
        told = {is_over: outages.last_told(session, is_over) for is_over in (False, True)}
    ready = [turns for turns, is_over, is_due in (
        (began, False, any(now - each.since >= WEEK for each in began)), (ended, True, bool(ended)))
        if is_due and not _is_fresh(told[is_over], now)]
    for turns in ready:
        with db.write() as session:
            outages.tell(session, turns)
    return sum(len(turns) for turns in ready)


def _is_fresh(told: datetime | None, now: datetime) -> bool:
    """Whether readers were told within a day; a moment in the future is a clock that was put back."""
    return told is not None and timedelta(0) <= now - told < DAY


def readers(db: Database, change: Change) -> set[int]:
    """Everybody whom the announcement of a change concerns and who wants to be told."""
    with db.read() as session:
        found, unwilling = outages.told_with(session, change.subject_id), outages.unwilling(session)
        return {each.person_id for each in subscriptions.active(session, Topic.NOTICES)
                if each.person_id not in unwilling
                and any(_concerns(outage, each.person_id, each.criteria) for outage in found)}


def _concerns(outage: Outage, person_id: int, criteria: Criteria) -> bool:
    """Whether a subscription could draw from the source; of an end only those are told who were told of the outage."""
    return ((not criteria.sources or outage.slug in criteria.sources)
            and (not criteria.markets or any(not related(each).isdisjoint(outage.markets) for each in criteria.markets))
            and (outage.until is None or person_id in outage.told))


def for_person(found: Sequence[Outage], asked: Sequence[Subscription]) -> list[Outage]:
    """Of an announcement what concerns a person with these subscriptions."""
    active = [each for each in asked if each.topic is Topic.NOTICES and each.state is SubscriptionState.ACTIVE]
    return [one for one in found if any(_concerns(one, each.person_id, each.criteria) for each in active)]
