"""Subscriptions that colleagues share, and the members whom an association puts on its bulletin list."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import select, update
from sqlalchemy.orm import Session, aliased

from domain import clock
from domain.criteria import Criteria
from domain.errors import NotFound
from domain.subscription import Subscription, SubscriptionState, Topic
from storage import subscriptions
from storage.models import AddressRow, MembershipRow, OrganisationRow, PersonRow, SubscriptionRow


@dataclass(frozen=True, slots=True)
class Shared:
    """A colleague's subscription that may be joined."""

    subscription: Subscription
    organisation: str
    colleague: str


@dataclass(frozen=True, slots=True)
class Member:
    """A member of an organisation of a zone; ``reads`` whether they get the zone's bulletins, ``left`` whether they ended
    that themselves."""

    person_id: int
    name: str
    email: str
    organisation: str
    reads: bool
    left: bool


def organisations_of(session: Session, person_id: int) -> dict[int, str]:
    """The names of the organisations that a person is a member of, by id."""
    rows = session.execute(select(OrganisationRow.id, OrganisationRow.name).join(
        MembershipRow, MembershipRow.organisation_id == OrganisationRow.id).where(
            MembershipRow.person_id == person_id).order_by(OrganisationRow.id))
    return {organisation_id: name for organisation_id, name in rows}


def share(session: Session, person_id: int, subscription_id: int, organisation_id: int | None) -> None:
    """Let the colleagues of an organisation join an active subscription of a person, or (None) no longer. Raises NotFound
    when either is not theirs."""
    if organisation_id is not None and organisation_id not in organisations_of(session, person_id):
        raise NotFound(f"there is no organisation {organisation_id}")
    done = session.scalars(update(SubscriptionRow).where(
        SubscriptionRow.id == subscription_id, SubscriptionRow.person_id == person_id,
        SubscriptionRow.topic == Topic.NOTICES.value, SubscriptionRow.state == SubscriptionState.ACTIVE.value).values(
            organisation_id=organisation_id).returning(SubscriptionRow.id)).all()
    if not done:
        raise NotFound(f"there is no subscription {subscription_id}")


def shared_with(session: Session, person_id: int) -> list[Shared]:
    """What colleagues of a person share, oldest first, without what they joined."""
    joined = {each.shared_id for each in subscriptions.of_person(session, person_id)}
    return [each for each in _offered(session, person_id) if each.subscription.id not in joined]


def joined(session: Session, person_id: int) -> dict[int, Shared]:
    """What a person joined, as the colleague has it today and while they share it, by the person's own subscription."""
    offered = {each.subscription.id: each for each in _offered(session, person_id)}
    return {each.id: offered[each.shared_id] for each in subscriptions.of_person(session, person_id)
            if each.shared_id in offered}


def _offered(session: Session, person_id: int) -> list[Shared]:
    own = aliased(MembershipRow)
    rows = session.execute(
        select(SubscriptionRow, OrganisationRow.name, PersonRow.name, AddressRow.email)
        .join(own, (own.organisation_id == SubscriptionRow.organisation_id) & (own.person_id == person_id))
        .join(MembershipRow, (MembershipRow.organisation_id == SubscriptionRow.organisation_id)
              & (MembershipRow.person_id == SubscriptionRow.person_id))
        .join(OrganisationRow, OrganisationRow.id == SubscriptionRow.organisation_id)
        .join(PersonRow, PersonRow.id == SubscriptionRow.person_id)
        .join(AddressRow, (AddressRow.person_id == PersonRow.id) & AddressRow.verified_at.is_not(None))
        .where(SubscriptionRow.person_id != person_id, SubscriptionRow.state == SubscriptionState.ACTIVE.value)
        .order_by(SubscriptionRow.id, AddressRow.id))
    found: dict[int, Shared] = {}
    for row, organisation, name, email in rows:
        found.setdefault(row.id, Shared(subscriptions.by_id(session, row.id), organisation, name or email))
    return list(found.values())


def join(session: Session, person_id: int, subscription_id: int) -> int:
    """Give a person a subscription of their own that asks for what a colleague's does; gives its id. They are signed in, so
    their address is confirmed. Raises NotFound for what nobody shares with them."""
    offer = next((each for each in shared_with(session, person_id) if each.subscription.id == subscription_id), None)
    if offer is None:
        raise NotFound(f"nobody shares subscription {subscription_id}")
    wanted = offer.subscription
    same = subscriptions.same(session, person_id, Topic.NOTICES, wanted.criteria, None)
    own = same or subscriptions.create(session, person_id, Topic.NOTICES, wanted.label, wanted.criteria)
    subscriptions.activate(session, own)
    session.execute(update(SubscriptionRow).where(SubscriptionRow.id == own).values(shared_id=wanted.id))
    return own


def members(session: Session, zone_id: int) -> list[Member]:
    """The people with a confirmed address in the organisations of a zone, by organisation and name."""
    rows = session.execute(
        select(PersonRow.id, PersonRow.name, AddressRow.email, OrganisationRow.name)
        .join(MembershipRow, MembershipRow.person_id == PersonRow.id)
        .join(OrganisationRow, OrganisationRow.id == MembershipRow.organisation_id)
        .join(AddressRow, (AddressRow.person_id == PersonRow.id) & AddressRow.verified_at.is_not(None))
        .where(OrganisationRow.zone_id == zone_id)
        .order_by(OrganisationRow.name, PersonRow.name, AddressRow.id)).all()
    states = _bulletin_states(session, zone_id, [row[0] for row in rows])
    found: dict[int, Member] = {}
    for person_id, name, email, organisation in rows:
        known = states.get(person_id, set())
        reads = SubscriptionState.ACTIVE.value in known
        found.setdefault(person_id, Member(person_id, name, email, organisation, reads,
                                           not reads and SubscriptionState.ENDED.value in known))
    return list(found.values())


def _bulletin_states(session: Session, zone_id: int, person_ids: Sequence[int]) -> dict[int, set[str]]:
    rows = session.execute(select(SubscriptionRow.person_id, SubscriptionRow.state).where(
        SubscriptionRow.topic == Topic.BULLETINS.value, SubscriptionRow.zone_id == zone_id,
        SubscriptionRow.person_id.in_(person_ids)))
    found: dict[int, set[str]] = {}
    for person_id, state in rows:
        found.setdefault(person_id, set()).add(state)
    return found


def enlist(session: Session, zone_id: int, person_ids: Sequence[int], label: str) -> list[int]:
    """Put members of a zone on its bulletin list; gives those who are new there. Passed over is who is on it, who left it
    by themselves, and who is no member."""
    chosen = set(person_ids)
    fresh = [each.person_id for each in members(session, zone_id)
             if each.person_id in chosen and not each.reads and not each.left]
    for person_id in fresh:
        subscription_id = (subscriptions.same(session, person_id, Topic.BULLETINS, Criteria(), zone_id)
                           or subscriptions.create(session, person_id, Topic.BULLETINS, label, Criteria(), zone_id))
        session.execute(update(SubscriptionRow).where(SubscriptionRow.id == subscription_id).values(
            state=SubscriptionState.ACTIVE.value, confirmed_at=clock.now()))
    return fresh
