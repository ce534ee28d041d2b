"""Alerts that wait to leave while a notice in them changes or is withdrawn are written anew: a mail says what is so when it
leaves."""

from __future__ import annotations

from functools import partial

from storage import matches as kept
from storage import publishers, told
from storage.session import Database
from subscriptions.composer import Composer
from subscriptions.failing import failing
from subscriptions.news import gather_again

NEXT_OUT = 500
"""Mails that leave next and are looked at each time; a round of delivery takes fewer."""


def refresh(db: Database, composer: Composer, limit: int = NEXT_OUT) -> int:
    """Write anew those of the next alerts to leave that something has overtaken; gives how many. Call it before new alerts
    are written: what a mail that waits now says need not be said again as a change."""
    with db.read() as session:
        found = told.overtaken(session, limit)
    failed = failing(db)
    return sum(failed.attempt("overtaken mail", email_id, partial(_refresh, db, composer, email_id)) or 0
               for email_id in found if not failed.waits("overtaken mail", email_id))


def _refresh(db: Database, composer: Composer, email_id: int) -> bool:
    news, message_id = gather_again(db, email_id)
    if not news.told:
        return False  # whoever claims it sees that nobody wants it any more
    with db.read() as session:
        sources = publishers.names(session)
    letter, _ = composer.alert(news, sources, message_id)
    with db.write() as session:
        if not told.rewrite(session, email_id, letter):
            return False
        for why, match_ids in news.dropped.items():
            kept.drop(session, match_ids, why)
        kept.composed(session, {email_id: news.versions})
        return True
