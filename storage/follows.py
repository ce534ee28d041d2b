"""Follows: a person wants to be reminded of the deadlines of a notice.

A deadline that a follower knows stands in the row; where the notice, or the case that it is a step of, says another one by
now, it has moved. The comment deadline is that of the case: publishers extend one by a notice of its own (an addendum).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy import ColumnElement, and_, exists, or_, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session, aliased

from domain import clock
from domain.deadline import DeadlineKind
from domain.notice import NoticeStatus
from domain.relations import CASE, deadline
from domain.subscription import SubscriptionState
from storage import notices, relations
from storage.models import FollowRow, NoticeNameRow, NoticeRow, SubscriptionRow
from storage.notices import StoredNotice

REMEMBERED = timedelta(days=60)
"""A deadline that passed longer ago than this does not move any more."""
SETTLED = timedelta(minutes=5)
"""What changed within this time may have been written by a transaction that is not seen yet: it is looked at again."""


@dataclass(frozen=True, slots=True)
class Standing:
    """The deadlines of a notice as they stand. ``stated`` is the step of its case that states the comment deadline, itself
    where none does; a notice that was withdrawn has no deadline. ``changed_at`` is when its case last changed."""

    stored: StoredNotice
    stated: StoredNotice
    comment_on: date | None
    effective_on: date | None
    changed_at: datetime

    @property
    def dates(self) -> dict[DeadlineKind, date]:
        """The deadlines that there are."""
        return _dates(self.comment_on, self.effective_on)

    def source_of(self, what: DeadlineKind) -> StoredNotice:
        """The notice that states a deadline."""
        return self.stated if what is DeadlineKind.COMMENT else self.stored


@dataclass(frozen=True, slots=True)
class Follow:
    """A follow that has not ended, with the deadlines that the person knows, and since when. ``subscription_id`` is that of
    the subscription that made it."""

    id: int
    person_id: int
    notice_id: int
    subscription_id: int | None
    comment_on: date | None
    effective_on: date | None
    since: datetime

    @property
    def dates(self) -> dict[DeadlineKind, date]:
        """The deadlines that the person knows."""
        return _dates(self.comment_on, self.effective_on)


def _dates(comment_on: date | None, effective_on: date | None) -> dict[DeadlineKind, date]:
    found = {DeadlineKind.COMMENT: comment_on, DeadlineKind.EFFECTIVE: effective_on}
    return {what: on for what, on in found.items() if on}


def standing(session: Session, notice_id: int) -> Standing:
    """The deadlines of a notice as they stand. Raises NotFound."""
    stored = notices.by_id(session, notice_id)
    case = relations.case_of(session, stored)
    changed_at = max(each.changed_at for each in (stored, *case))
    if stored.status is NoticeStatus.WITHDRAWN:
        return Standing(stored, stored, None, None, changed_at)
    steps = {each.notice.external_id: each for each in case if each.status is NoticeStatus.ACTIVE}
    found = deadline([each.notice for each in steps.values()])
    return Standing(stored, steps[found.stated_by] if found else stored, found.day if found else None,
                    stored.notice.effective_on, changed_at)


def follow(session: Session, person_id: int, found: Standing) -> None:
    """Let a person follow a notice; what they follow already, even by a subscription, they follow of themselves now."""
    now = clock.now()
    values = {"subscription_id": None, "comment_on": found.comment_on, "effective_on": found.effective_on, "since": now,
              "looked_at": _settled(found), "ended_at": None}
    key = {"person_id": person_id, "notice_id": found.stored.id}
    session.execute(_insert(session).values(**key, **values).on_conflict_do_update(
        index_elements=list(key), set_=values))


def add_matched(session: Session, matched: Mapping[int, Iterable[int]]) -> None:
    """Let the persons whose subscriptions remind them follow the notices that these matched, by subscription, where the end
    of a comment period lies ahead. Who follows one already, or has ended that, is left alone."""
    rows = session.execute(select(SubscriptionRow.id, SubscriptionRow.person_id).where(
        SubscriptionRow.id.in_(list(matched)), SubscriptionRow.reminds.is_(True))).all()
    ahead = {notice_id: standing(session, notice_id)
             for notice_id in {notice_id for subscription_id, _ in rows for notice_id in matched[subscription_id]}}
    now = clock.now()
    values = [{"person_id": person_id, "notice_id": notice_id, "subscription_id": subscription_id, "since": now,
               "comment_on": found.comment_on, "effective_on": found.effective_on, "looked_at": _settled(found)}
              for subscription_id, person_id in rows for notice_id in matched[subscription_id]
              if (found := ahead[notice_id]).comment_on and found.comment_on >= clock.today()]
    if values:
        session.execute(_insert(session).on_conflict_do_nothing(), values)


def _insert(session: Session) -> postgresql.Insert | sqlite.Insert:
    return (postgresql.insert if session.get_bind().dialect.name == "postgresql" else sqlite.insert)(FollowRow)


def end(session: Session, person_id: int, notice_ids: Sequence[int] | None = None) -> None:
    """End follows of a person: those of these notices, or all. Those that ended before keep their date."""
    query = update(FollowRow).where(FollowRow.person_id == person_id, FollowRow.ended_at.is_(None))
    if notice_ids is not None:
        query = query.where(FollowRow.notice_id.in_(notice_ids))
    session.execute(query.values(ended_at=clock.now()))


def lives() -> ColumnElement[bool]:
    """A follow that a subscription made ends with it."""
    return and_(FollowRow.ended_at.is_(None), or_(FollowRow.subscription_id.is_(None), exists().where(
        SubscriptionRow.id == FollowRow.subscription_id, SubscriptionRow.state == SubscriptionState.ACTIVE.value)))


def of_person(session: Session, person_id: int, since: date = date.min) -> list[Follow]:
    """What a person follows, oldest first, save what had its last known deadline before ``since``."""
    known = (FollowRow.comment_on, FollowRow.effective_on)
    late = or_(*(each >= since for each in known), and_(*(each.is_(None) for each in known)))
    return [_follow(row) for row in session.scalars(
        select(FollowRow).where(FollowRow.person_id == person_id, lives(), late).order_by(FollowRow.id))]


def is_followed(session: Session, person_id: int, notice_id: int) -> bool:
    """Whether a person follows a notice."""
    return bool(session.scalar(select(exists().where(
        FollowRow.person_id == person_id, FollowRow.notice_id == notice_id, lives()))))


def near(session: Session, first: date, last: date) -> list[Follow]:
    """All follows with a known deadline within these days."""
    return [_follow(row) for row in session.scalars(select(FollowRow).where(lives(), or_(
        FollowRow.comment_on.between(first, last), FollowRow.effective_on.between(first, last))).order_by(FollowRow.id))]


def touched(session: Session) -> dict[int, list[int]]:
    """Follows by person of which the notice, or a step of its case, has changed since they were looked at."""
    own, mate, step = aliased(NoticeNameRow), aliased(NoticeNameRow), aliased(NoticeRow)
    recent = clock.today() - REMEMBERED
    running = and_(lives(), or_(FollowRow.comment_on >= recent, FollowRow.effective_on >= recent))
    changed = step.changed_at > FollowRow.looked_at
    base = select(FollowRow.person_id, FollowRow.id).join(NoticeRow, NoticeRow.id == FollowRow.notice_id).where(running)
    queries = (
        select(FollowRow.person_id, FollowRow.id).join(step, step.id == FollowRow.notice_id).where(running, changed),
        base.join(own, and_(own.notice_id == FollowRow.notice_id, own.name.startswith(CASE))).join(
            mate, mate.name == own.name).join(step, step.id == mate.notice_id).where(changed),
        base.join(mate, mate.name == CASE + NoticeRow.source + ":" + NoticeRow.external_id).join(
            step, step.id == mate.notice_id).where(changed))
    found: dict[int, list[int]] = {}
    for person_id, follow_id in sorted({tuple(row) for query in queries for row in session.execute(query)}):
        found.setdefault(person_id, []).append(follow_id)
    return found


def looked(session: Session, known: Follow, found: Standing) -> None:
    """Note that a follow knows all that its case says, as far as that is settled."""
    session.execute(update(FollowRow).where(FollowRow.id == known.id).values(
        looked_at=_settled(found)))


def _settled(found: Standing) -> datetime:
    return min(found.changed_at, clock.now() - SETTLED)


def learnt(session: Session, known: Follow, found: Standing) -> bool:
    """Note that the person knows the deadlines as they stand; False when somebody else noted it, or the follow has ended."""
    taken = session.scalars(update(FollowRow).where(
        FollowRow.id == known.id, FollowRow.ended_at.is_(None), FollowRow.since == known.since,
        FollowRow.comment_on.is_not_distinct_from(known.comment_on),
        FollowRow.effective_on.is_not_distinct_from(known.effective_on),
    ).values(comment_on=found.comment_on, effective_on=found.effective_on, since=clock.now()).returning(FollowRow.id)).all()
    return bool(taken)


def _follow(row: FollowRow) -> Follow:
    return Follow(row.id, row.person_id, row.notice_id, row.subscription_id, row.comment_on, row.effective_on, row.since)
