"""What subscriptions asked for before their owners changed them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import ColumnElement, exists, func, select, update
from sqlalchemy.orm import Session

from domain import clock
from domain import criteria as criterias
from domain.criteria import Criteria
from domain.errors import NotFound
from domain.subscription import Edit, Subscription, SubscriptionState
from storage import subscriptions
from storage.locks import alone
from storage.models import SubscriptionEditRow, SubscriptionRow

LOCK = "subscription edits"
BATCH = 500


def own(session: Session, person_id: int, subscription_id: int, *, to_change: bool = False) -> Subscription:
    """An active subscription of a person; ``to_change``: nobody edits it, and no matches are kept, before this transaction
    ends. Raises NotFound."""
    if to_change:
        alone(session, LOCK)  # first, as the matcher does: its matches touch the row
    row = session.get(SubscriptionRow, subscription_id, with_for_update=True if to_change else None)
    if row is None or row.person_id != person_id or row.state != SubscriptionState.ACTIVE.value:
        raise NotFound(f"there is no subscription {subscription_id}")
    return subscriptions.by_id(session, subscription_id)


def keep(session: Session, known: Subscription, criteria: Criteria) -> None:
    """Let a subscription, read by ``own`` to be changed, ask for something else from now on, and note what it asked for."""
    session.execute(update(SubscriptionRow).where(SubscriptionRow.id == known.id).values(
        criteria=criterias.to_json(criteria)))
    session.add(SubscriptionEditRow(subscription_id=known.id, at=clock.now(), before=criterias.to_json(known.criteria)))


def of(session: Session, subscription_ids: Sequence[int]) -> dict[int, list[Edit]]:
    """The edits of each of these subscriptions that was edited, oldest first."""
    found = dict[int, list[Edit]]()
    for start in range(0, len(subscription_ids), BATCH):
        found |= _read(session, SubscriptionEditRow.subscription_id.in_(subscription_ids[start:start + BATCH]))
    return found


def since(session: Session, at: datetime) -> dict[int, list[Edit]]:
    """The edits since a moment, oldest first, by subscription."""
    return _read(session, SubscriptionEditRow.at >= at)


def newest(session: Session) -> int:
    """A number that grows with every edit."""
    return session.scalar(select(func.max(SubscriptionEditRow.id))) or 0


def moved_on(session: Session, number: int) -> bool:
    """Whether anything was edited after ``newest`` gave this number; nothing is until this transaction has ended."""
    alone(session, LOCK)
    return bool(session.scalar(select(exists().where(SubscriptionEditRow.id > number))))


def forget(session: Session, person_id: int) -> None:
    """Keep that and when a person edited their subscriptions, and no longer what these asked for."""
    own_ones = select(SubscriptionRow.id).where(SubscriptionRow.person_id == person_id)
    session.execute(update(SubscriptionEditRow).where(SubscriptionEditRow.subscription_id.in_(own_ones)).values(
        before={}).execution_options(synchronize_session=False))


def _read(session: Session, which: ColumnElement[bool]) -> dict[int, list[Edit]]:
    rows = session.execute(select(
        SubscriptionEditRow.subscription_id, SubscriptionEditRow.at, SubscriptionEditRow.before).where(which).order_by(
            SubscriptionEditRow.id))
    found: dict[int, list[Edit]] = defaultdict(list)
    for subscription_id, at, before in rows:
        found[subscription_id].append(Edit(at, criterias.from_json(before)))
    return dict(found)
