"""Who is asking: read anew from the store for every request, so that a role taken away is gone at once. A role that was
given counts from the next time its person signs in."""

from __future__ import annotations

from dataclasses import dataclass

from flask import g, session

from domain import clock
from domain.errors import NotFound
from domain.organisation import Person, Role, Zone
from storage import organisations, second_factors
from webapp.services import services

PERSON, SECOND, POWERS = "person", "second", "powers"
"""What the session of somebody signed in says: who, since when they have the second factor that they used, as what staff."""
FIRST = "first"
"""Who has shown the first factor, and when; until they show the second they are nobody."""
FIRST_SECONDS = 600


@dataclass(frozen=True, slots=True)
class Visitor:
    """A person who signed in, or nobody in particular; ``zones`` are those whose bulletins they write."""

    person: Person | None = None
    zones: tuple[Zone, ...] = ()
    has_second: bool = False

    @property
    def is_signed_in(self) -> bool:
        """Whether we know who it is."""
        return self.person is not None

    @property
    def is_operator(self) -> bool:
        """Whether they may steer crawls and tasks."""
        return self.person is not None and self.person.is_operator

    @property
    def is_staff(self) -> bool:
        """Whether they look after what notices are about: editors of associations, and operators."""
        return bool(self.zones) or self.is_operator

    @property
    def should_have_second(self) -> bool:
        """Whether a stolen mailbox would open more than their own subscriptions, and there is no second factor yet."""
        is_official = self.person is not None and any(each.role is Role.OFFICIAL for each in self.person.roles)
        return (self.is_staff or is_official) and not self.has_second

    @property
    def person_id(self) -> int:
        """The person's id. Raises NotFound for a stranger; the policy lets none come so far."""
        return self.known.id

    @property
    def known(self) -> Person:
        """The person. Raises NotFound for a stranger; the policy lets none come so far."""
        if self.person is None:
            raise NotFound("nobody is signed in")
        return self.person


def visitor() -> Visitor:
    """Who makes this request."""
    if "visitor" not in g:
        g.visitor = _from_session()
    found: Visitor = g.visitor
    return found


def _from_session() -> Visitor:
    """Who signed in here, unless they have become more than they were then, or have a second factor that they did not
    use: then they must sign in anew."""
    person_id = session.get(PERSON)
    if not isinstance(person_id, int):
        return Visitor()
    found, since = _load(person_id)
    if not found.is_signed_in or session.get(SECOND) != since or set(_powers(found)) - set(session.get(POWERS, ())):
        session.clear()
        return Visitor()
    return found


def _load(person_id: int) -> tuple[Visitor, float | None]:
    """A person as a visitor, and since when they have a second factor."""
    try:
        with services().db.read() as reading:
            person = organisations.person(reading, person_id)
            second = second_factors.of(reading, person_id)
    except NotFound:
        return Visitor(), None
    if person.is_erased:
        return Visitor(), None
    since = second.since.timestamp() if second and second.since else None
    zones = tuple(services().bulletins.zones_of(person_id)) if person.roles else ()
    return Visitor(person, zones, since is not None), since


def _powers(found: Visitor) -> list[str]:
    official = found.person.roles if found.person else ()
    return sorted({*(["operator"] if found.is_operator else []), *(f"zone {zone.id}" for zone in found.zones),
                   *(f"official {each.organisation_id}" for each in official if each.role is Role.OFFICIAL)})


def step_in(person: Person) -> bool:
    """A person has shown the first factor: let them in, or have them asked for the second. Gives whether they are in.
    Nothing of the session before stays, so a session fixed by somebody else is of no use."""
    if services().accounts.second.since(person.id) is None:
        enter(person.id)
        return True
    session.clear()
    session[FIRST] = [person.id, int(clock.now().timestamp())]
    return False


def halfway() -> int | None:
    """The person who has shown the first factor in this browser a moment ago, and not the second."""
    found = session.get(FIRST)
    if not found or clock.now().timestamp() - found[1] > FIRST_SECONDS:
        return None
    return int(found[0])


def enter(person_id: int) -> None:
    """Let a person in who has shown all their factors."""
    found, since = _load(person_id)
    session.clear()
    session.update({PERSON: person_id, SECOND: since, POWERS: _powers(found)})
    session.permanent = True
    g.pop("visitor", None)


def leave() -> None:
    """Sign out of this browser."""
    session.clear()
    g.pop("visitor", None)
