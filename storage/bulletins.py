"""Bulletins of zones. Every query takes the zone or zones it may look at."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from sqlalchemy import delete, func, insert, select
from sqlalchemy.orm import Session

from domain import clock
from domain.bulletin import Bulletin, BulletinState
from domain.errors import Conflict, NotFound
from domain.organisation import OrganisationKind, Role, Zone
from domain.subscription import SubscriptionState, Topic
from storage import organisations
from storage.models import BulletinItemRow, BulletinRow, MembershipRow, NoticeRow, OrganisationRow, SubscriptionRow


def zones_edited(session: Session, person_id: int) -> list[Zone]:
    """The zones whose bulletins a person writes: those in which they are an editor of an association."""
    ids = set(session.scalars(
        select(OrganisationRow.zone_id).join(MembershipRow, MembershipRow.organisation_id == OrganisationRow.id).where(
            MembershipRow.person_id == person_id, MembershipRow.role == Role.EDITOR.value,
            OrganisationRow.kind == OrganisationKind.ASSOCIATION.value)))
    return [zone for zone in organisations.zones(session) if zone.id in ids]


def create(session: Session, zone_id: int, author_id: int, title: str, comment: str = "") -> int:
    """Begin a draft; gives its id."""
    row = BulletinRow(zone_id=zone_id, author_id=author_id, title=title, comment=comment,
                      state=BulletinState.DRAFT.value, created_at=clock.now(), published_at=None)
    session.add(row)
    session.flush()
    return row.id


def rewrite(session: Session, zone_ids: Collection[int], bulletin_id: int, title: str, comment: str) -> None:
    """Change the words of a draft. Raises NotFound outside these zones, Conflict when it is published."""
    row = _draft(session, zone_ids, bulletin_id)
    row.title, row.comment = title, comment


def set_items(session: Session, zone_ids: Collection[int], bulletin_id: int, notice_ids: Sequence[int]) -> None:
    """Replace the notices of a draft, in this order. Raises NotFound for a bulletin outside these zones or a notice that
    does not exist, Conflict when it is published."""
    row = _draft(session, zone_ids, bulletin_id)
    known = set(session.scalars(select(NoticeRow.id).where(NoticeRow.id.in_(notice_ids))))
    missing = [notice_id for notice_id in notice_ids if notice_id not in known]
    if missing:
        raise NotFound(f"there is no notice {missing[0]}")
    session.execute(delete(BulletinItemRow).where(BulletinItemRow.bulletin_id == row.id))
    if notice_ids:
        session.execute(insert(BulletinItemRow), [
            {"bulletin_id": row.id, "notice_id": notice_id, "position": position}
            for position, notice_id in enumerate(notice_ids)])


def publish(session: Session, zone_ids: Collection[int], bulletin_id: int) -> Bulletin:
    """Make a draft public. Raises NotFound outside these zones, Conflict when it is published already."""
    row = _draft(session, zone_ids, bulletin_id)
    row.state, row.published_at = BulletinState.PUBLISHED.value, clock.now()
    return _bulletin(session, row)


def by_id(session: Session, zone_ids: Collection[int], bulletin_id: int) -> Bulletin:
    """A bulletin of one of these zones, draft or published. Raises NotFound."""
    return _bulletin(session, _row(session, zone_ids, bulletin_id))


def published(session: Session, zone_ids: Collection[int], limit: int, offset: int = 0) -> list[Bulletin]:
    """The published bulletins of these zones, newest first."""
    return [_bulletin(session, row) for row in session.scalars(
        select(BulletinRow).where(BulletinRow.zone_id.in_(zone_ids), BulletinRow.state == BulletinState.PUBLISHED.value)
        .order_by(BulletinRow.published_at.desc(), BulletinRow.id.desc()).limit(limit).offset(offset))]


def drafts(session: Session, zone_ids: Collection[int]) -> list[Bulletin]:
    """The drafts of these zones, newest first."""
    return [_bulletin(session, row) for row in session.scalars(
        select(BulletinRow).where(BulletinRow.zone_id.in_(zone_ids), BulletinRow.state == BulletinState.DRAFT.value)
        .order_by(BulletinRow.id.desc()))]


def readers(session: Session, zone_id: int) -> int:
    """How many persons asked for the bulletins of a zone and confirmed it."""
    return session.scalar(select(func.count(SubscriptionRow.person_id.distinct())).where(
        SubscriptionRow.topic == Topic.BULLETINS.value, SubscriptionRow.zone_id == zone_id,
        SubscriptionRow.state == SubscriptionState.ACTIVE.value)) or 0


def _row(session: Session, zone_ids: Collection[int], bulletin_id: int) -> BulletinRow:
    row = session.get(BulletinRow, bulletin_id)
    if row is None or row.zone_id not in zone_ids:
        raise NotFound(f"there is no bulletin {bulletin_id}")
    return row


def _draft(session: Session, zone_ids: Collection[int], bulletin_id: int) -> BulletinRow:
    row = _row(session, zone_ids, bulletin_id)
    if row.state != BulletinState.DRAFT.value:
        raise Conflict(f"bulletin {bulletin_id} is published and can no longer be changed")
    return row


def _bulletin(session: Session, row: BulletinRow) -> Bulletin:
    notice_ids = session.scalars(select(BulletinItemRow.notice_id).where(BulletinItemRow.bulletin_id == row.id)
                                 .order_by(BulletinItemRow.position))
    return Bulletin(row.id, row.zone_id, row.title, row.comment, BulletinState(row.state), tuple(notice_ids),
                    row.created_at, row.published_at)
