"""Where persons are, and the hours in which they want no mail."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.orm import Session

from domain.digest import HOME
from domain.quiet import Quiet
from storage.models import MembershipRow, OrganisationRow, PersonRow, SubscriptionRow, ZoneRow


def time_zone() -> ColumnElement[str]:
    """Where a person of the query around it is: as they said, else the zone of their first role, else that of their first
    subscription to a zone."""
    role = (select(ZoneRow.time_zone).join(OrganisationRow, OrganisationRow.zone_id == ZoneRow.id)
            .join(MembershipRow, MembershipRow.organisation_id == OrganisationRow.id)
            .where(MembershipRow.person_id == PersonRow.id).order_by(MembershipRow.id).limit(1))
    reads = (select(ZoneRow.time_zone).join(SubscriptionRow, SubscriptionRow.zone_id == ZoneRow.id)
             .where(SubscriptionRow.person_id == PersonRow.id).order_by(SubscriptionRow.id).limit(1))
    return func.coalesce(PersonRow.time_zone, *(each.correlate(PersonRow).scalar_subquery() for each in (role, reads)), HOME)


def time_zones(session: Session) -> list[str]:
    """The time zones in which persons can be."""
    said = session.scalars(select(PersonRow.time_zone).distinct()), session.scalars(select(ZoneRow.time_zone).distinct())
    return sorted({HOME, *(name for names in said for name in names if name)})


def quiet(session: Session, now: datetime, person_ids: Sequence[int]) -> set[int]:
    """Those of these persons whose quiet hours it is."""
    found: set[int] = set()
    for start in range(0, len(person_ids), 500):
        rows = session.execute(select(PersonRow.id, PersonRow.quiet_from, PersonRow.quiet_until, time_zone()).where(
            PersonRow.id.in_(person_ids[start:start + 500]), PersonRow.quiet_from.is_not(None)))
        found |= {person_id for person_id, begin, end, name in rows if Quiet(begin or 0, end or 0).until(name, now)}
    return found


def set_rest(session: Session, person_id: int, time_zone: str | None, quiet: Quiet | None) -> None:
    """Keep where a person is (None: where their zone is), and their quiet hours."""
    row = session.get_one(PersonRow, person_id)
    row.time_zone = time_zone
    row.quiet_from, row.quiet_until = (quiet.begin, quiet.end) if quiet else (None, None)


def own_time_zone(session: Session, person_id: int) -> str | None:
    """The time zone that a person has said; None when it is that of their zone."""
    return session.get_one(PersonRow, person_id).time_zone


def time_zones_of(session: Session, person_ids: Sequence[int]) -> dict[int, str]:
    """Where each of these persons is; see ``time_zone``."""
    found: dict[int, str] = {}
    for start in range(0, len(person_ids), 500):
        rows = session.execute(select(PersonRow.id, time_zone()).where(PersonRow.id.in_(person_ids[start:start + 500])))
        found.update((person_id, name) for person_id, name in rows)
    return found
