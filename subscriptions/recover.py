"""Put right what a killed worker left, find what was lost on the way, and forget what was never confirmed."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from domain import clock
from domain.errors import Conflict
from storage import attempts, changes, emails, locks, organisations, outbox, runs, sign_ins, subscriptions
from storage.session import Database
from subscriptions.tokens import CONFIRM_LIFE

HOUR = timedelta(hours=1)
"""How long work may wait before it counts as lost."""
LONGEST_WAIT = timedelta(days=2)
"""No mail waits for longer than this by intent."""


@dataclass(frozen=True, slots=True)
class Lost:
    """How many changes and mails have waited too long."""

    changes: int = 0
    mails: int = 0


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


def find_lost(db: Database, own: str) -> Lost:
    """Find work that has waited for an hour although nothing holds it back, and let it be tried again; gives what waits
    still. Call it now and then, with nothing in hand."""
    now = clock.now()
    with db.read() as session:
        mine = own in outbox.seats_sending(session)
        ahead = outbox.is_ahead(session, now + LONGEST_WAIT)
        unended = runs.unended(session, now - HOUR)
    if mine:
        outbox.give_back(db, own)
    if ahead:
        with db.write() as session:
            outbox.bring_forward(session, now + LONGEST_WAIT)
    for slug in unended:
        _end_if_dead(db, slug)
    return overdue(db)


def overdue(db: Database) -> Lost:
    """What has waited for an hour although nothing holds it back."""
    before = clock.now() - HOUR
    with db.read() as session:
        return Lost(changes.overdue(session, before), outbox.overdue(session, before))


def _end_if_dead(db: Database, slug: str) -> None:
    """End the run of a crawl that died: the alerts of a run wait for its end. One that lives holds the source's lock."""
    try:
        with locks.exclusive(db, locks.of_crawl(slug)):
            runs.recover(db, slug)
    except Conflict:
        return


def forget(db: Database) -> int:
    """Delete subscriptions whose confirmation link has expired, and the addresses of those who confirmed none; what limits
    and ways in no longer need too. Gives how many subscriptions. Call it at least daily."""
    before = clock.now() - CONFIRM_LIFE
    with db.write() as session:
        attempts.prune(session)
        sign_ins.prune(session)
    forgotten = 0
    while True:
        with db.write() as session:
            locks.alone(session, organisations.PEOPLE)
            count = subscriptions.delete_pending(session, before)
            persons = organisations.forget_unconfirmed(session, before)
        forgotten += count
        if not count and not persons:
            return forgotten
