"""A mail that is too long for its reader's server is followed by a short one, once."""

from __future__ import annotations

from storage import emails, notices, organisations, outbox
from storage.emails import Email
from storage.session import Database
from subscriptions.composer import SHORT, Composer

TITLES = 20
"""How many notices a short mail names."""


def shorten(db: Database, composer: Composer, email: Email) -> None:
    """Write the short form of a mail that failed since it was too long; its matches are told by that one from now on. A
    short mail that is too long itself has none, and neither has one that is nothing but a link."""
    letter = email.letter
    if letter.purpose.value in outbox.URGENT or (letter.dedup_key or "").startswith(SHORT):
        return
    with db.read() as session:
        lang = organisations.person(session, letter.person_id).lang if letter.person_id else "zh"
        told = outbox.told_by(session, email.id)
        found = notices.by_ids(session, told[:TITLES])
    short = composer.short(email, lang, [found[each] for each in told[:TITLES] if each in found], len(told[TITLES:]))
    with db.write() as session:
        short_id = emails.add(session, short)
        if short_id is not None:
            outbox.tell_by(session, email.id, short_id)
