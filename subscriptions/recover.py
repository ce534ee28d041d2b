"""Put right what a killed worker left, and forget what was never confirmed."""

from __future__ import annotations

from domain import clock
from domain.errors import Conflict
from storage import emails, locks, organisations, outbox, subscriptions
from storage.session import Database
from subscriptions.tokens import CONFIRM_LIFE


def recover(db: Database, seat: str = emails.FIRST_SEAT) -> int:
    """Let mails be delivered that the last worker in this seat had in hand when it died; gives how many. They keep their
    Message-ID, so that the one which the server may have taken can be told as a double. Call it before delivering, while
    holding the seat's lock."""
    return outbox.give_back(db, seat)


def recover_empty_seats(db: Database, own: str) -> int:
    """As ``recover`` for the other seats that nobody holds; gives how many mails."""
    with db.read() as session:
        others = [seat for seat in outbox.seats_sending(session) if seat != own]
    return sum(_recover_if_empty(db, seat) for seat in others)


def _recover_if_empty(db: Database, seat: str) -> int:
    try:
        with locks.exclusive(db, seat):
            return outbox.give_back(db, seat)
    except Conflict:  # its worker lives
        return 0


def forget(db: Database) -> int:
    """Delete subscriptions whose confirmation link has expired, and the addresses of those who confirmed none; gives how
    many subscriptions. Call it daily."""
    before = clock.now() - CONFIRM_LIFE
    forgotten = 0
    while True:
        with db.write() as session:
            locks.alone(session, organisations.PEOPLE)
            count = subscriptions.delete_pending(session, before)
            persons = organisations.forget_unconfirmed(session, before)
        forgotten += count
        if not count and not persons:
            return forgotten
