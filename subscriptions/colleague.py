"""When mail to a person fails for good, somebody else of the firm is told, and may take over what they had asked for."""

from __future__ import annotations

from collections.abc import Collection

from domain import clock
from domain.bounce import NO_MAILBOX, SPAM
from domain.errors import NotFound
from domain.organisation import AddressState, Person
from domain.subscription import Subscription
from storage import bounces, emails, organisations, subscriptions
from storage.emails import Due
from storage.session import Database
from subscriptions.composer import Composer

WHYS = {NO_MAILBOX: "该邮箱不存在", SPAM: "收件人把邮件标为垃圾邮件"}
"""What ends an address, as a reader is told it."""


def tell(db: Database, composer: Composer, due: Due) -> bool:
    """Write the mail to the second person, unless mail reaches the first one again."""
    with db.read() as session:
        person = organisations.person(session, due.person_id)
        address = bounces.standing(session, due.subject_id)
        found = subscriptions.by_ids(session, bounces.left_behind(session, due.subject_id))
    asked = [found[each] for each in sorted(found)]
    wanted = bool(person.email and asked and address and address.state is AddressState.ENDED)
    letter = composer.colleague(due, person, address.email, WHYS[address.why], asked) if wanted and address else None
    with db.write() as session:
        if letter is None:
            emails.mark_failed(session, due.id, "there is nothing to take over")
            return False
        emails.write(session, due.id, letter, person.quiet_until(clock.now()))
        return True


def left_by(db: Database, person_id: int, colleague_id: int) -> tuple[Person, list[Subscription]]:
    """A colleague whom no mail reaches, and what they had asked for. Raises NotFound for anybody else."""
    with db.read() as session:
        if not organisations.are_colleagues(session, person_id, colleague_id):
            raise NotFound(f"there is no colleague {colleague_id}")
        address = bounces.standing(session, colleague_id)
        if address is None or address.state is not AddressState.ENDED:
            raise NotFound(f"mail reaches person {colleague_id}")
        found = subscriptions.by_ids(session, bounces.left_behind(session, colleague_id))
        return organisations.person(session, colleague_id), [found[each] for each in sorted(found)]


def take_over(db: Database, person_id: int, colleague_id: int, chosen: Collection[int]) -> int:
    """Subscribe a person, who asks for it while signed in, to what a colleague had asked for; gives how many are new.
    Raises NotFound as ``left_by``."""
    _, asked = left_by(db, person_id, colleague_id)
    fresh = 0
    with db.write() as session:
        for each in asked:
            if each.id in chosen and subscriptions.same(session, person_id, each.topic, each.criteria, each.zone_id) is None:
                new = subscriptions.create(session, person_id, each.topic, each.label, each.criteria, each.zone_id,
                                           each.organisation_id)
                subscriptions.activate(session, new)
                fresh += 1
    return fresh
