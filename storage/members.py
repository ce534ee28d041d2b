"""Persons whom somebody let in by a code on paper, and their first address."""

from __future__ import annotations

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from domain import clock
from domain.errors import Conflict
from domain.organisation import Role, checked_email
from storage import organisations
from storage.locks import alone
from storage.models import AddressRow, MembershipRow, PersonRow, SignInRow


def create(session: Session, name: str, organisation_id: int, lang: str) -> int:
    """A new member of an organisation, who has no address yet; gives the person's id."""
    person = PersonRow(name=name, lang=lang, is_operator=False, created_at=clock.now())
    session.add(person)
    session.flush()
    organisations.add_member(session, person.id, organisation_id, Role.MEMBER)
    return person.id


def give_address(session: Session, person_id: int, email: str) -> int:
    """A person has shown an address to be theirs; gives the id of the person whom it leads to from now on. When that is
    somebody who had shown it before, and this person has no address of their own, they are one: the memberships move over.
    Raises Conflict when both have addresses."""
    email = checked_email(email)
    alone(session, organisations.PEOPLE)
    owner = organisations.reader(session, email)
    if owner is None:
        _take_over(session, person_id, email)
        return person_id
    if owner.id == person_id:
        return person_id
    if _has_address(session, person_id):
        raise Conflict(f"the address of person {owner.id} cannot be that of person {person_id} too")
    _join(session, person_id, owner.id)
    return owner.id


def _take_over(session: Session, person_id: int, email: str) -> None:
    """Somebody else may have typed it, but never showed it to be theirs."""
    row = session.scalar(select(AddressRow).where(AddressRow.email == email))
    if row is None:
        row = AddressRow(email=email)
        session.add(row)
    row.person_id, row.verified_at = person_id, clock.now()
    session.flush()


def _has_address(session: Session, person_id: int) -> bool:
    return session.scalar(select(AddressRow.id).where(
        AddressRow.person_id == person_id, AddressRow.verified_at.is_not(None)).limit(1)) is not None


def _join(session: Session, from_id: int, to_id: int) -> None:
    known = set(session.scalars(select(MembershipRow.organisation_id).where(MembershipRow.person_id == to_id)))
    for row in session.scalars(select(MembershipRow).where(MembershipRow.person_id == from_id)).all():
        if row.organisation_id in known:
            session.delete(row)
        else:
            row.person_id = to_id
    session.execute(update(SignInRow).where(SignInRow.person_id == from_id).values(person_id=to_id))
    session.flush()
