"""Colleagues of a firm share what they watch: each joins by their own click and leaves by their own."""

from __future__ import annotations

from dataclasses import dataclass

from storage import sharing
from storage.session import Database
from storage.sharing import Shared


@dataclass(frozen=True, slots=True)
class Colleagues:
    """The organisations of a person by id, and what their colleagues share."""

    organisations: dict[int, str]
    offers: tuple[Shared, ...]


def colleagues(db: Database, person_id: int) -> Colleagues:
    """What a person may share with whom, and join."""
    with db.read() as session:
        return Colleagues(sharing.organisations_of(session, person_id), tuple(sharing.shared_with(session, person_id)))


def share(db: Database, person_id: int, subscription_id: int, organisation_id: int | None) -> None:
    """Offer an active subscription of a person to the colleagues of an organisation, or (None) no longer; who joined keeps
    theirs. Raises NotFound when either is not theirs."""
    with db.write() as session:
        sharing.share(session, person_id, subscription_id, organisation_id)


def join(db: Database, person_id: int, subscription_id: int) -> int:
    """Give a person, who is signed in, a subscription of their own like a colleague's; gives its id. Raises NotFound for
    what nobody shares with them."""
    with db.write() as session:
        return sharing.join(session, person_id, subscription_id)
