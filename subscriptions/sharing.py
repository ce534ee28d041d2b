"""Colleagues of a firm share what they watch: each joins by their own click and leaves by their own."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from domain.errors import NotFound
from domain.subscription import Frequency, Subscription, SubscriptionState
from storage import sharing, subscriptions
from storage.session import Database, Session
from storage.sharing import Shared
from subscriptions.edit import Wanted, edit


@dataclass(frozen=True, slots=True)
class Colleagues:
    """The organisations of a person by id, what their colleagues share, and (``differing``) the colleague's subscription of
    each that the person joined and that asks for something else by now, by the person's own."""

    organisations: dict[int, str]
    offers: tuple[Shared, ...]
    differing: Mapping[int, Shared]


def colleagues(db: Database, person_id: int) -> Colleagues:
    """What a person may share with whom, and join."""
    with db.read() as session:
        return Colleagues(sharing.organisations_of(session, person_id), tuple(sharing.shared_with(session, person_id)),
                          {own.id: theirs for own, theirs in _differing(session, person_id)})


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


def _differing(session: Session, person_id: int) -> list[tuple[Subscription, Shared]]:
    """What a person joined and may edit, beside the colleague's where that asks for something else."""
    found = sharing.joined(session, person_id)
    own = subscriptions.by_ids(session, sorted(found))
    return [(own[each], theirs) for each, theirs in found.items()
            if own[each].state is SubscriptionState.ACTIVE and own[each].criteria != theirs.subscription.criteria]


def differing(db: Database, person_id: int, subscription_id: int) -> tuple[Subscription, Shared]:
    """A subscription of a person that joined a colleague's, and the colleague's, which asks for something else by now.
    Raises NotFound for any other."""
    with db.read() as session:
        found = next((each for each in _differing(session, person_id) if each[0].id == subscription_id), None)
    if found is None:
        raise NotFound(f"no colleague's subscription differs from {subscription_id}")
    return found


def follow_suit(db: Database, person_id: int, subscription_id: int, frequency: Frequency | None = None, lang: str = "zh",
                ) -> None:
    """Let a subscription of a person ask for what the colleague's asks for by now, under its name; told as often as
    before unless ``frequency`` says otherwise. Raises NotFound as ``differing``, and InvalidValue and TooBroad as
    ``edit``."""
    own, theirs = differing(db, person_id, subscription_id)
    edit(db, person_id, own.id, Wanted(theirs.subscription.criteria, theirs.subscription.label, frequency or own.frequency,
                                       own.red_at_once), lang)
