"""The zones a new installation begins with, and the people its operator appoints."""

from __future__ import annotations

from dataclasses import dataclass

from domain.organisation import OrganisationKind, Role
from storage import organisations
from storage.session import Database


@dataclass(frozen=True, slots=True)
class FirstZone:
    """A zone and its industry association, which edits the bulletins."""

    slug: str
    name: str
    name_en: str
    association: str
    industries: tuple[str, ...]
    time_zone: str = "Asia/Shanghai"


ZONES = (
    FirstZone("zhuhai", "珠海打印耗材出口质量安全示范区", "Zhuhai export zone for printer consumables",
              "珠海打印耗材行业协会", ("printer_consumables",)),
    FirstZone("fenghua", "奉化气动元件出口质量安全示范区", "Fenghua export zone for pneumatic components",
              "奉化气动元件行业协会", ("pneumatics",)),
)


def establish(db: Database) -> None:
    """Make the first zones and their associations; safe to repeat."""
    with db.write() as session:
        for each in ZONES:
            zone_id = organisations.ensure_zone(session, each.slug, each.name, each.name_en, each.industries, each.time_zone)
            organisations.ensure_organisation(session, zone_id, OrganisationKind.ASSOCIATION, each.association)


def appoint_operator(db: Database, email: str) -> None:
    """Let an address operate the portal. Raises InvalidValue when it is no address."""
    with db.write() as session:
        person_id = organisations.find_or_create_person(session, email)
        organisations.verify(session, person_id, organisations.address_of(session, person_id))
        organisations.set_operator(session, person_id, True)


def appoint(db: Database, email: str, zone_slug: str, role: Role, organisation: str | None = None) -> int:
    """Give an address a role in an organisation of a zone, by default in its association; an enterprise that is not known
    is made. Gives the person's id. Raises NotFound for an unknown zone, InvalidValue when it is no address."""
    with db.write() as session:
        zone = organisations.zone(session, zone_slug)
        association = next((each.association for each in ZONES if each.slug == zone_slug), None)
        name = organisation or association or zone.name
        kind = OrganisationKind.ASSOCIATION if name == association else OrganisationKind.ENTERPRISE
        organisation_id = organisations.ensure_organisation(session, zone.id, kind, name)
        person_id = organisations.find_or_create_person(session, email)
        organisations.verify(session, person_id, organisations.address_of(session, person_id))
        organisations.add_member(session, person_id, organisation_id, role)
        return person_id
