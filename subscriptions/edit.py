"""A person changes what a subscription of theirs asks for (ADR 36)."""

from __future__ import annotations

from dataclasses import dataclass

from domain.criteria import Criteria
from domain.errors import InvalidValue
from domain.subscription import Frequency, Subscription, SubscriptionState, Topic
from storage import edits, subscriptions
from storage.session import Database, Session
from subscriptions.choice import MAX_LABEL
from subscriptions.estimate import check, estimate
from subscriptions.inert import one_line
from subscriptions.phrases import say
from subscriptions.wanted import checked_criteria, label_of

LANGS = ("zh", "en")


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a subscription is to be from now on. An empty ``label``, and one that is but the old criteria, becomes the
    criteria; one to bulletins takes the label alone."""

    criteria: Criteria
    label: str = ""
    frequency: Frequency = Frequency.IMMEDIATE
    red_at_once: bool = False


def editable(db: Database, person_id: int, subscription_id: int) -> Subscription:
    """A subscription that its owner may change: an active one, be it paused. Raises NotFound for any other."""
    with db.read() as session:
        return edits.own(session, person_id, subscription_id)


def edit(db: Database, person_id: int, subscription_id: int, wanted: Wanted, lang: str = "zh") -> bool:
    """Let a subscription ask for something else; gives whether it does. It asks so from now on: what was news before is
    told only if it asked for it then as well, and what waits only if it still does. A pause stays as it is.

    Raises NotFound as ``editable``, and as subscribing anew does InvalidValue for what asks for everything or for too much,
    TooBroad for what would bring too much; and InvalidValue for what another subscription of the person asks for.
    """
    known = editable(db, person_id, subscription_id)
    criteria = checked_criteria(wanted.criteria, lang) if known.topic is Topic.NOTICES else known.criteria
    if known.topic is Topic.NOTICES and (criteria, wanted.frequency) != (known.criteria, known.frequency):
        check(estimate(db, criteria), wanted.frequency, lang)
    with db.write() as session:
        known = edits.own(session, person_id, subscription_id, to_change=True)
        label = _label(known, criteria, wanted.label, lang)
        if known.topic is Topic.BULLETINS:
            subscriptions.choose(session, known.id, label, known.frequency, known.red_at_once, known.paused_until)
            return False
        _refuse_same(session, known, criteria, lang)
        subscriptions.choose(session, known.id, label, wanted.frequency, wanted.red_at_once, known.paused_until)
        if criteria != known.criteria:
            edits.keep(session, known, criteria)
        return criteria != known.criteria


def _label(known: Subscription, criteria: Criteria, wanted: str, lang: str) -> str:
    """What a subscription is called once it asks for these criteria."""
    wanted = one_line(wanted, MAX_LABEL)
    if known.topic is Topic.BULLETINS:
        return wanted or known.label
    if wanted == known.label:
        return next((label_of(criteria, each) for each in LANGS if wanted == label_of(known.criteria, each)), wanted)
    return wanted or label_of(criteria, lang)


def _refuse_same(session: Session, known: Subscription, criteria: Criteria, lang: str) -> None:
    for each in subscriptions.of_person(session, known.person_id):
        if (each.id != known.id and each.topic is Topic.NOTICES and each.state is SubscriptionState.ACTIVE
                and each.criteria == criteria and criteria != known.criteria):
            raise InvalidValue(say("您的另一个订阅“{label}”已经是这些条件。", lang, label=one_line(each.label, MAX_LABEL)))
