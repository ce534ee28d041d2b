"""Who is asking: read anew from the store for every request, so that a role given or taken counts at once."""

from __future__ import annotations

from dataclasses import dataclass

from flask import g, session

from domain.errors import NotFound
from domain.organisation import Person, Zone
from storage import organisations
from webapp.services import services

PERSON = "person"


@dataclass(frozen=True, slots=True)
class Visitor:
    """A person who signed in, or nobody in particular; ``zones`` are those whose bulletins they write."""

    person: Person | None = None
    zones: tuple[Zone, ...] = ()

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
    def known(self) -> Person:
        """The person. Raises NotFound for a stranger; the policy lets none come so far."""
        if self.person is None:
            raise NotFound("nobody is signed in")
        return self.person

    @property
    def person_id(self) -> int:
        """The person's id. Raises as ``known``."""
        return self.known.id


def visitor() -> Visitor:
    """Who makes this request."""
    if "visitor" not in g:
        g.visitor = _load(session.get(PERSON))
    found: Visitor = g.visitor
    return found


def _load(person_id: object) -> Visitor:
    if not isinstance(person_id, int):
        return Visitor()
    try:
        with services().db.read() as reading:
            person = organisations.person(reading, person_id)
    except NotFound:
        session.pop(PERSON, None)
        return Visitor()
    if person.is_erased:
        session.pop(PERSON, None)
        return Visitor()
    return Visitor(person, tuple(services().bulletins.zones_of(person_id)) if person.roles else ())


def enter(person: Person) -> None:
    """Let a person in: nothing of the session before it stays, so a session fixed by somebody else is of no use."""
    session.clear()
    session[PERSON] = person.id
    session.permanent = True
    g.pop("visitor", None)


def leave() -> None:
    """Sign out of this browser."""
    session.clear()
    g.pop("visitor", None)
