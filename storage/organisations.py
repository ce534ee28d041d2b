"""Zones, organisations, persons and their addresses."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import datetime

from sqlalchemy import delete, exists, func, select, update
from sqlalchemy.orm import Session

from domain import clock
from domain.errors import NotFound
from domain.organisation import (
    Membership,
    OrganisationKind,
    Person,
    Role,
    Zone,
    checked_email,
    checked_uscc,
    mailbox,
)
from domain.quiet import Quiet
from storage import bounces, whereabouts
from storage.locks import alone
from storage.models import (
    AddressRow,
    BulletinRow,
    EmailRow,
    MembershipRow,
    OrganisationRow,
    PersonRow,
    SignInRow,
    SubscriptionRow,
    ZoneRow,
)

PEOPLE = "people"
DEFAULT_TIME_ZONE = "Asia/Shanghai"


def ensure_zone(session: Session, slug: str, name: str, name_en: str, industries: Sequence[str] = (),
                time_zone: str = "Asia/Shanghai") -> int:
    """The id of a zone, which is made or brought up to date."""
    alone(session, PEOPLE)
    row = session.scalar(select(ZoneRow).where(ZoneRow.slug == slug))
    if row is None:
        row = ZoneRow(slug=slug)
        session.add(row)
    row.name, row.name_en, row.industries, row.time_zone = name, name_en, list(industries), time_zone
    session.flush()
    return row.id


def zones(session: Session) -> list[Zone]:
    """All zones by name."""
    return [_zone(row) for row in session.scalars(select(ZoneRow).order_by(ZoneRow.name))]


def zone(session: Session, slug: str) -> Zone:
    """A zone by its slug. Raises NotFound."""
    row = session.scalar(select(ZoneRow).where(ZoneRow.slug == slug))
    if row is None:
        raise NotFound(f"there is no zone {slug!r}")
    return _zone(row)


def find_or_create_organisation(session: Session, zone_id: int, name: str) -> int:
    """The id of an organisation of a zone by its name, whatever its kind; an enterprise that is not known is made."""
    alone(session, PEOPLE)
    known = session.scalar(select(OrganisationRow.id).where(
        OrganisationRow.zone_id == zone_id, OrganisationRow.name == name))
    return known or ensure_organisation(session, zone_id, OrganisationKind.ENTERPRISE, name)


def zone_by_id(session: Session, zone_id: int) -> Zone:
    """A zone. Raises NotFound."""
    row = session.get(ZoneRow, zone_id)
    if row is None:
        raise NotFound(f"there is no zone {zone_id}")
    return _zone(row)


def _zone(row: ZoneRow) -> Zone:
    return Zone(row.id, row.slug, row.name, row.name_en, tuple(row.industries), row.time_zone)


def ensure_organisation(session: Session, zone_id: int, kind: OrganisationKind, name: str, uscc: str | None = None) -> int:
    """The id of an organisation of a zone, which is made or brought up to date. Raises InvalidValue for a wrong code."""
    alone(session, PEOPLE)
    row = session.scalar(select(OrganisationRow).where(OrganisationRow.zone_id == zone_id, OrganisationRow.name == name))
    if row is None:
        row = OrganisationRow(zone_id=zone_id, name=name)
        session.add(row)
    row.kind = kind.value
    if uscc:
        row.uscc = checked_uscc(uscc)
    session.flush()
    return row.id


def add_member(session: Session, person_id: int, organisation_id: int, role: Role) -> None:
    """Give a person a role in an organisation; it replaces the one they had there."""
    alone(session, PEOPLE)
    row = session.scalar(select(MembershipRow).where(MembershipRow.person_id == person_id,
                                                     MembershipRow.organisation_id == organisation_id))
    if row is None:
        session.add(MembershipRow(person_id=person_id, organisation_id=organisation_id, role=role.value))
    else:
        row.role = role.value
    session.flush()


def are_colleagues(session: Session, person_id: int, other_id: int) -> bool:
    """Whether two persons belong to the same enterprise."""
    firms = select(MembershipRow.organisation_id).join(
        OrganisationRow, OrganisationRow.id == MembershipRow.organisation_id).where(
            MembershipRow.person_id == person_id, OrganisationRow.kind == OrganisationKind.ENTERPRISE.value)
    return person_id != other_id and bool(session.scalar(select(exists().where(
        MembershipRow.person_id == other_id, MembershipRow.organisation_id.in_(firms)))))


def find_or_create_person(session: Session, email: str, lang: str = "zh", name: str = "") -> int:
    """The id of the person behind an address. Raises InvalidValue when it is no address.

    Letter case and a ``+tag`` do not make another person. A known person keeps name and language: whoever types an
    address has not yet shown that it is theirs. Mail goes to the address as stored (``address_of``): a verified one
    stays, an unverified one follows what was typed last.
    """
    email = checked_email(email)
    alone(session, PEOPLE)
    row = _address(session, email)
    if row is None:
        person = PersonRow(name=name, lang=lang, is_operator=False, created_at=clock.now())
        session.add(person)
        session.flush()
        session.add(AddressRow(person_id=person.id, email=email, verified_at=None))
        session.flush()
        return person.id
    if row.verified_at is None:
        row.email = email
    return row.person_id


def _address(session: Session, email: str) -> AddressRow | None:
    """The row of the mailbox an address leads to, the verified one first."""
    local, _, host = email.rpartition("@")
    start = local.partition("+")[0] or local
    # The start narrows the scan where the database can fold case; other alphabets are compared below.
    pattern = f"{start.lower()}%@{host}" if start.isascii() else f"%@{host}"
    query = select(AddressRow).where(func.lower(AddressRow.email).like(pattern.replace("_", "\\_"), escape="\\"))
    rows = session.scalars(query.order_by(AddressRow.verified_at.is_(None), AddressRow.id))
    return next((row for row in rows if mailbox(row.email) == mailbox(email)), None)


def verify(session: Session, person_id: int, email: str) -> None:
    """Note that a person has shown a mailbox to be theirs. Raises NotFound when it is not (any longer) among theirs."""
    rows = session.scalars(select(AddressRow).where(AddressRow.person_id == person_id))
    row = next((row for row in rows if mailbox(row.email) == mailbox(email)), None)
    if row is None:
        raise NotFound(f"person {person_id} has no such address")
    row.verified_at = row.verified_at or clock.now()
    bounces.mend(session, person_id, email)


def address_of(session: Session, person_id: int) -> str:
    """Where a person's mail goes: the first verified address, else the one waiting for confirmation."""
    row = session.scalar(select(AddressRow).where(AddressRow.person_id == person_id).order_by(
        AddressRow.verified_at.is_(None), AddressRow.id).limit(1))
    return row.email if row else ""


def person(session: Session, person_id: int) -> Person:
    """A person. Raises NotFound."""
    found = persons(session, [person_id])
    if not found:
        raise NotFound(f"there is no person {person_id}")
    return found[person_id]


def persons(session: Session, person_ids: Sequence[int]) -> dict[int, Person]:
    """The persons that exist among these ids."""
    found: dict[int, Person] = {}
    for start in range(0, len(person_ids), 500):
        found.update(_persons(session, person_ids[start:start + 500]))
    return found


def person_by_email(session: Session, email: str) -> Person | None:
    """The person who has shown an address to be theirs, with that one of their addresses. Raises InvalidValue when it is
    no address."""
    row = _address(session, checked_email(email))
    return replace(person(session, row.person_id), email=row.email) if row and row.verified_at else None


def reader(session: Session, email: str) -> Person | None:
    """As ``person_by_email``, without roles: it takes the same steps for an address that nobody has confirmed, so that
    the time it takes tells nobody which addresses are known."""
    address = _address(session, checked_email(email))
    known = address is not None and address.verified_at is not None
    row = session.get(PersonRow, address.person_id if address and known else 0)
    return Person(row.id, row.name, row.lang, row.is_operator, address.email) if row and address else None


def _persons(session: Session, person_ids: Sequence[int]) -> Iterator[tuple[int, Person]]:
    emails = {person_id: email for person_id, email in session.execute(
        select(AddressRow.person_id, AddressRow.email).where(
            AddressRow.person_id.in_(person_ids), AddressRow.verified_at.is_not(None)).order_by(AddressRow.id.desc()))}
    roles: dict[int, list[Membership]] = defaultdict(list)
    for person_id, role, organisation_id, zone_id in session.execute(
            select(MembershipRow.person_id, MembershipRow.role, OrganisationRow.id, OrganisationRow.zone_id)
            .join(OrganisationRow, OrganisationRow.id == MembershipRow.organisation_id)
            .where(MembershipRow.person_id.in_(person_ids)).order_by(MembershipRow.id)):
        roles[person_id].append(Membership(Role(role), organisation_id, zone_id))
    rows = session.execute(
        select(PersonRow.id, PersonRow.name, PersonRow.lang, PersonRow.is_operator, whereabouts.time_zone(),
               PersonRow.quiet_from, PersonRow.quiet_until, PersonRow.told_of_outages, PersonRow.erased_at).where(
                   PersonRow.id.in_(person_ids)))
    for person_id, name, lang, is_operator, zone, begin, end, told_of_outages, erased_at in rows:
        yield person_id, Person(
            person_id, name, lang, is_operator, emails.get(person_id, ""), tuple(roles.get(person_id, ())), zone,
            None if begin is None or end is None else Quiet(begin, end), told_of_outages, erased_at is not None)


def home_zones(session: Session) -> dict[int, int]:
    """The zone of every person who belongs to one (domain.organisation.Person.zone_id), by person."""
    rows = session.execute(select(MembershipRow.person_id, OrganisationRow.zone_id).join(
        OrganisationRow, OrganisationRow.id == MembershipRow.organisation_id).order_by(MembershipRow.id.desc()))
    return {person_id: zone_id for person_id, zone_id in rows}


def set_lang(session: Session, person_id: int, lang: str) -> None:
    """Let a person's mail be written in ``zh`` or ``en``."""
    session.get_one(PersonRow, person_id).lang = lang


def calendar_no(session: Session, person_id: int) -> int:
    """The number in the address of a person's calendar. Raises NotFound, also for a person who was erased."""
    row = session.get(PersonRow, person_id)
    if row is None or row.erased_at:
        raise NotFound(f"there is no person {person_id}")
    return row.calendar_no


def renew_calendar(session: Session, person_id: int) -> None:
    """Give a person's calendar a new number: the address it had leads nowhere any more."""
    session.execute(update(PersonRow).where(PersonRow.id == person_id).values(calendar_no=PersonRow.calendar_no + 1))


def set_operator(session: Session, person_id: int, is_operator: bool) -> None:
    """Make a person an operator of this installation, or no longer."""
    session.get_one(PersonRow, person_id).is_operator = is_operator


def forget_unconfirmed(session: Session, before: datetime) -> int:
    """Delete persons created before a moment who never confirmed an address and whom nothing needs; their mails too.
    Gives how many."""
    needed = ((AddressRow.person_id == PersonRow.id) & AddressRow.verified_at.is_not(None),
              MembershipRow.person_id == PersonRow.id, SubscriptionRow.person_id == PersonRow.id,
              BulletinRow.author_id == PersonRow.id, SignInRow.person_id == PersonRow.id,
              SignInRow.issued_by == PersonRow.id)
    ids = session.scalars(select(PersonRow.id).where(
        PersonRow.created_at < before, PersonRow.is_operator.is_(False),
        *(~exists().where(condition) for condition in needed)).limit(500)).all()
    session.execute(delete(EmailRow).where(EmailRow.person_id.in_(ids)))
    session.execute(delete(AddressRow).where(AddressRow.person_id.in_(ids)))
    session.execute(delete(PersonRow).where(PersonRow.id.in_(ids)))
    return len(ids)
