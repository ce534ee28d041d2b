"""Put right what a killed worker left, and forget what was never confirmed."""

from __future__ import annotations

from domain import clock
from storage import emails, organisations, subscriptions
from storage.session import Database
from subscriptions.tokens import CONFIRM_LIFE


def recover(db: Database) -> int:
    """Let mails be delivered that a dead worker had in hand; gives how many. They keep their Message-ID, so that the one
    which the server may have taken can be told as a double. Call it before delivering, while holding the role's lock."""
    forget(db)
    return emails.give_back(db)


def forget(db: Database) -> int:
    """Delete subscriptions whose confirmation link has expired, and the addresses of those who confirmed none; gives how
    many subscriptions. Call it daily."""
    before = clock.now() - CONFIRM_LIFE
    forgotten = 0
    while True:
        with db.write() as session:
            count = subscriptions.delete_pending(session, before)
            persons = organisations.forget_unconfirmed(session, before)
        forgotten += count
        if not count and not persons:
            return forgotten
