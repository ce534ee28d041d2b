"""Mail to the operator."""

from __future__ import annotations

from storage import emails, runs
from storage.session import Database
from subscriptions.compose import Composer


def tell(db: Database, operator_email: str | None, composer: Composer) -> int:
    """Write one mail for each run that the breaker holds; gives how many are new. Without an address, none."""
    if not operator_email:
        return 0
    with db.read() as session:
        held = runs.held(session)
        known = {each.id for each in held if emails.is_kept(session, f"held:{each.id}")}
    letters = [composer.held(operator_email, each.id, each.slug, each.reason.facts) for each in held if each.id not in known]
    if letters:
        with db.write() as session:
            return sum(emails.add(session, letter) is not None for letter in letters)
    return 0
