"""Subscriptions as kept."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache

from sqlalchemy import Select, Text, cast, delete, exists, func, select, update
from sqlalchemy.orm import Session

from domain import clock
from domain import criteria as criterias
from domain.criteria import Criteria
from domain.errors import Conflict, NotFound
from domain.subscription import Frequency, Subscription, SubscriptionState, Topic
from storage.models import MatchRow, SubscriptionRow


@dataclass(frozen=True, slots=True)
class Active:
    """An active subscription and since when; changes older than that are none of its business."""

    id: int
    person_id: int
    criteria: Criteria
    zone_id: int | None
    confirmed_at: datetime


@dataclass(frozen=True, slots=True)
class Term:
    """A subscription and from when to when it was delivered."""

    subscription: Subscription
    confirmed_at: datetime | None
    ended_at: datetime | None


def create(session: Session, person_id: int, topic: Topic, label: str, criteria: Criteria,
           zone_id: int | None = None, organisation_id: int | None = None) -> int:
    """Keep a subscription that waits for its confirmation; gives its id."""
    row = SubscriptionRow(
        person_id=person_id, organisation_id=organisation_id, zone_id=zone_id, topic=topic.value, label=label,
        criteria=criterias.to_json(criteria), state=SubscriptionState.PENDING.value, created_at=clock.now())
    session.add(row)
    session.flush()
    return row.id


def same(session: Session, person_id: int, topic: Topic, criteria: Criteria, zone_id: int | None) -> int | None:
    """The id of a subscription of the person that asks for the same and has not ended."""
    wanted = criterias.to_json(criteria)
    rows = session.scalars(_living(person_id).where(SubscriptionRow.topic == topic.value))
    return next((row.id for row in rows if row.criteria == wanted and row.zone_id == zone_id), None)


def by_id(session: Session, subscription_id: int) -> Subscription:
    """A subscription. Raises NotFound."""
    row = session.get(SubscriptionRow, subscription_id)
    if row is None:
        raise NotFound(f"there is no subscription {subscription_id}")
    return _subscription(row)


def by_ids(session: Session, subscription_ids: Sequence[int]) -> dict[int, Subscription]:
    """The subscriptions that exist among these ids."""
    found: dict[int, Subscription] = {}
    for start in range(0, len(subscription_ids), 500):
        rows = session.scalars(select(SubscriptionRow).where(
            SubscriptionRow.id.in_(subscription_ids[start:start + 500])))
        found.update((row.id, _subscription(row)) for row in rows)
    return found


def active_among(session: Session, subscription_ids: Collection[int]) -> set[int]:
    """Those of these subscriptions that are active."""
    found, ids = set[int](), list(subscription_ids)
    for start in range(0, len(ids), 500):
        found.update(session.scalars(select(SubscriptionRow.id).where(
            SubscriptionRow.id.in_(ids[start:start + 500]), SubscriptionRow.state == SubscriptionState.ACTIVE.value)))
    return found


def of_person(session: Session, person_id: int) -> list[Subscription]:
    """The subscriptions of a person that have not ended, oldest first."""
    return [_subscription(row) for row in session.scalars(_living(person_id).order_by(SubscriptionRow.id))]


def ever_of_person(session: Session, person_id: int, topic: Topic) -> list[Subscription]:
    """The subscriptions of a person to a topic, ended ones included, oldest first."""
    return [each.subscription for each in terms(session, person_id, topic)]


def terms(session: Session, person_id: int, topic: Topic) -> list[Term]:
    """As ``ever_of_person``, each with its times."""
    rows = session.scalars(select(SubscriptionRow).where(
        SubscriptionRow.person_id == person_id, SubscriptionRow.topic == topic.value).order_by(SubscriptionRow.id))
    return [Term(_subscription(row), row.confirmed_at, row.ended_at) for row in rows]


def _living(person_id: int) -> Select[SubscriptionRow]:
    return select(SubscriptionRow).where(SubscriptionRow.person_id == person_id,
                                         SubscriptionRow.state != SubscriptionState.ENDED.value)


def activate(session: Session, subscription_id: int) -> Subscription:
    """Begin to deliver; an active one stays as it is. Raises NotFound, or Conflict when it has ended."""
    row = session.get(SubscriptionRow, subscription_id, with_for_update=True)
    if row is None:
        raise NotFound(f"there is no subscription {subscription_id}")
    if row.state == SubscriptionState.ENDED.value:
        raise Conflict(f"subscription {subscription_id} has ended")
    if row.state == SubscriptionState.PENDING.value:
        row.state, row.confirmed_at = SubscriptionState.ACTIVE.value, clock.now()
    return _subscription(row)


def choose(session: Session, subscription_id: int, label: str, frequency: Frequency, red_at_once: bool,
           paused_until: datetime | None) -> None:
    """Keep how a subscription is called and told."""
    session.execute(update(SubscriptionRow).where(SubscriptionRow.id == subscription_id).values(
        label=label, frequency=frequency.value, red_at_once=red_at_once, paused_until=paused_until))


def renew(session: Session, subscription_id: int, frequency: Frequency, red_at_once: bool) -> None:
    """Let a subscription wait for its confirmation as if it were asked for now, and so; an active one stays as it is:
    whoever typed the address need not be its owner."""
    session.execute(update(SubscriptionRow).where(
        SubscriptionRow.id == subscription_id, SubscriptionRow.state == SubscriptionState.PENDING.value).values(
            created_at=clock.now(), frequency=frequency.value, red_at_once=red_at_once))


def end(session: Session, subscription_ids: Iterable[int], why: str) -> None:
    """Stop delivering; those that ended before keep their date and reason."""
    session.execute(update(SubscriptionRow).where(
        SubscriptionRow.id.in_(list(subscription_ids)), SubscriptionRow.state != SubscriptionState.ENDED.value).values(
            state=SubscriptionState.ENDED.value, ended_at=clock.now(), ended_why=why))


def set_reminds(session: Session, person_id: int, subscription_id: int, reminds: bool) -> None:
    """Let a subscription of a person follow what it matches from now on, or no longer. Raises NotFound."""
    changed = session.scalars(update(SubscriptionRow).where(
        SubscriptionRow.id == subscription_id, SubscriptionRow.person_id == person_id,
        SubscriptionRow.state != SubscriptionState.ENDED.value).values(reminds=reminds).returning(SubscriptionRow.id)).all()
    if not changed:
        raise NotFound(f"there is no subscription {subscription_id}")


def active(session: Session, topic: Topic, zone_id: int | None = None) -> list[Active]:
    """All active subscriptions of a topic (of one zone when it is given), by id."""
    query = select(SubscriptionRow.id, SubscriptionRow.person_id, cast(SubscriptionRow.criteria, Text),
                   SubscriptionRow.zone_id, SubscriptionRow.confirmed_at).where(
        SubscriptionRow.topic == topic.value, SubscriptionRow.state == SubscriptionState.ACTIVE.value,
        SubscriptionRow.confirmed_at.is_not(None)).order_by(SubscriptionRow.id)
    if zone_id is not None:
        query = query.where(SubscriptionRow.zone_id == zone_id)
    return [Active(subscription_id, person_id, _read(criteria), of_zone, confirmed_at)
            for subscription_id, person_id, criteria, of_zone, confirmed_at in session.execute(query) if confirmed_at]


@lru_cache(maxsize=200_000)
def _read(text: str) -> Criteria:
    """Criteria by the text they are kept as: all are wanted for every match, and few have changed since the last."""
    return criterias.from_json(json.loads(text))


def has_active(session: Session, person_id: int, topic: Topic) -> bool:
    """Whether a person still wants anything of a topic."""
    return bool(session.scalar(select(exists().where(
        SubscriptionRow.person_id == person_id, SubscriptionRow.topic == topic.value,
        SubscriptionRow.state == SubscriptionState.ACTIVE.value))))


def count_pending(session: Session, person_id: int, since: datetime) -> int:
    """How many subscriptions created since a moment still wait for this person's confirmation."""
    return session.scalar(select(func.count()).select_from(SubscriptionRow).where(
        SubscriptionRow.person_id == person_id, SubscriptionRow.state == SubscriptionState.PENDING.value,
        SubscriptionRow.created_at >= since)) or 0


def delete_pending(session: Session, before: datetime) -> int:
    """Delete subscriptions created before a moment and never confirmed; gives how many."""
    ids = session.scalars(select(SubscriptionRow.id).where(
        SubscriptionRow.state == SubscriptionState.PENDING.value, SubscriptionRow.created_at < before,
        ~exists().where(MatchRow.subscription_id == SubscriptionRow.id)).limit(500)).all()
    session.execute(delete(SubscriptionRow).where(
        SubscriptionRow.id.in_(ids), SubscriptionRow.state == SubscriptionState.PENDING.value))
    return len(ids)


def _subscription(row: SubscriptionRow) -> Subscription:
    return Subscription(row.id, row.person_id, Topic(row.topic), row.label, criterias.from_json(row.criteria),
                        SubscriptionState(row.state), row.zone_id, row.organisation_id, Frequency(row.frequency),
                        row.red_at_once, row.paused_until, row.reminds, row.shared_id)
