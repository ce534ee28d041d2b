"""Hand pending mails to the channel. Every mail ends as sent, postponed or failed; none blocks another."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
from weakref import WeakKeyDictionary

from domain import clock
from storage import bounces, emails, outbox
from storage.emails import Email, ErrorClass
from storage.session import Database
from subscriptions.channels.port import Broken, MailChannel, Postponed, Refused, Suppressed, TooLong, Unreachable
from subscriptions.failing import failing
from subscriptions.mime import bare, wire

log = logging.getLogger(__name__)

WAITS = tuple(timedelta(minutes=minutes) for minutes in (1, 5, 15, 60, 120, 240, 480))
"""How long a mail waits after its first, second, … failed try; the last one repeats."""
OUTAGE_WAITS = WAITS[:3]
"""How long mails wait while the channel as a whole is down."""
PATIENCE = timedelta(days=3)
"""A mail that the server postpones for longer than this has failed."""
MOST_BREAKS = 3
"""Broken connections in a row after which a round ends, so that a hanging server does not hold the worker for long."""
WINDOW_SECONDS = 0.05
WINDOW_MAILS = 50
"""Mails that the server took are marked together, at most so many and so long after the first of them: what a kill in
between leaves unmarked goes out once more. A server that is slower than this has each mail marked as it answers."""


@dataclass(slots=True)
class Delivered:
    """What became of the mails of a round."""

    sent: int = 0
    failed: int = 0
    postponed: int = 0


@dataclass(frozen=True, slots=True)
class Manner:
    """How mails are delivered: ``sign`` gives the signed form of a mail written at a moment; ``shorten`` has a short mail
    follow one that is too long; after ``stopped`` no further mail is offered. ``comes_back_to`` is the envelope sender, to
    which bounces come; each mail's own sender when empty."""

    sign: Callable[[bytes, datetime], bytes] = lambda message, written_at: message
    shorten: Callable[[Database, Email], None] = lambda db, email: None
    stopped: Callable[[], bool] = lambda: False
    comes_back_to: str = ""


@dataclass(slots=True)
class _Accepted:
    """Mails that the server took and that are not marked yet."""

    ids: list[int] = field(default_factory=list)
    since: float = 0.0

    def add(self, email_id: int) -> None:
        self.since = self.since if self.ids else time.monotonic()
        self.ids.append(email_id)

    @property
    def is_due(self) -> bool:
        return bool(self.ids) and (len(self.ids) >= WINDOW_MAILS or time.monotonic() - self.since >= WINDOW_SECONDS)

    def mark(self, db: Database) -> None:
        """Mark them; those of a write that fails are marked by the next round."""
        if self.ids:
            with db.write() as session:
                outbox.mark_sent(session, self.ids)
            self.ids.clear()


_accepted: WeakKeyDictionary[Database, dict[str, _Accepted]] = WeakKeyDictionary()
_AS_WRITTEN = Manner()


def deliver(db: Database, channel: MailChannel, limit: int = 200, seat: str = emails.FIRST_SEAT,
            still: Callable[[], None] = lambda: None, manner: Manner = _AS_WRITTEN) -> Delivered:
    """Send at most ``limit`` mails whose time has come, over one connection, which stays open. ``sent`` means that the
    server took the mail. ``seat`` names the worker; several may deliver at once, each in a seat of its own. ``still`` is
    called before mails are offered and raises when the seat is lost: whoever sits there now sends the rest.

    A mail is claimed before it is offered and marked within WINDOW_SECONDS of its answer, so that a worker killed at any
    moment leaves only mails of that window, and the one in hand, that go out twice: one more copy of each, with the same
    Message-ID. When this raises (the database failed), call ``subscriptions.recover.recover`` before the next round.
    """
    accepted = _accepted.setdefault(db, {}).setdefault(seat, _Accepted())
    accepted.mark(db)
    claimed = outbox.claim(db, limit, seat)
    done = Delivered()
    if not claimed:
        channel.rest()
    try:
        _offer_all(db, channel, claimed, seat, still, manner, accepted, done)
    finally:
        accepted.mark(db)
    return done


def _offer_all(db: Database, channel: MailChannel, claimed: list[Email], seat: str, still: Callable[[], None],
               manner: Manner, accepted: _Accepted, done: Delivered) -> None:
    breaks = 0
    for at, email in enumerate(claimed):
        if manner.stopped() or breaks == MOST_BREAKS:
            outbox.give_back(db, seat, [each.id for each in claimed[at:]])
            return
        if not accepted.ids:
            still()
        try:
            breaks = breaks + 1 if _breaks(db, channel, email, manner, accepted, done) else 0
        except Unreachable as error:
            _postpone_all(db, claimed[at:], str(error), done)
            return
        if accepted.is_due:
            accepted.mark(db)


def _breaks(db: Database, channel: MailChannel, email: Email, manner: Manner, accepted: _Accepted, done: Delivered) -> bool:
    """Offer one mail and keep what became of it; gives whether the connection broke over it."""
    letter = email.letter
    try:
        is_ascii = (bare(letter.sender) + letter.address).isascii()
        channel.send(manner.sign(wire(email, utf8=not is_ascii), email.created_at),
                     bare(manner.comes_back_to or letter.sender), letter.address)
    except Postponed as error:
        broken = isinstance(error, Broken)
        _postpone(db, email, str(error), ErrorClass.BROKEN if broken else ErrorClass.TEMPORARY, done)
        return broken
    except Refused as error:
        _refuse(db, email, error, manner, done)
    except Unreachable:
        raise
    except Exception as error:
        log.exception("mail %d (%s) could not be offered", email.id, letter.purpose)
        _postpone(db, email, f"{type(error).__name__}: {error}", ErrorClass.TEMPORARY, done)
    else:
        accepted.add(email.id)
        done.sent += 1
    return False


def _postpone(db: Database, email: Email, why: str, error_class: ErrorClass, done: Delivered) -> None:
    if clock.now() - email.created_at >= PATIENCE:
        _fail(db, email, why, error_class, done)
        return
    until = clock.now() + WAITS[min(email.attempts, len(WAITS) - 1)]
    with db.write() as session:
        outbox.mark_postponed(session, [email.id], until, why, error_class)
    done.postponed += 1


def _refuse(db: Database, email: Email, error: Refused, manner: Manner, done: Delivered) -> None:
    error_class = (ErrorClass.TOO_LONG if isinstance(error, TooLong) else
                   ErrorClass.SUPPRESSED if isinstance(error, Suppressed) else ErrorClass.PERMANENT)
    _fail(db, email, str(error), error_class, done)
    if error_class is ErrorClass.TOO_LONG:
        failing(db).attempt("short form of mail", email.id, partial(manner.shorten, db, email))


def _fail(db: Database, email: Email, why: str, error_class: ErrorClass, done: Delivered) -> None:
    log.warning("mail %d (%s) cannot be delivered: %s", email.id, email.letter.purpose, error_class.value)
    with db.write() as session:
        emails.mark_failed(session, email.id, why, error_class)
        if error_class in (ErrorClass.PERMANENT, ErrorClass.SUPPRESSED):
            bounces.refused(session, email, why, is_gone=error_class is ErrorClass.SUPPRESSED)
    done.failed += 1


def _postpone_all(db: Database, rest: list[Email], why: str, done: Delivered) -> None:
    """The channel is down: all wait, none runs out of patience because of it, and the wait stays short."""
    log.warning("mail cannot be delivered now: %s", why)
    now = clock.now()
    by_wait = {wait: [each.id for each in rest if OUTAGE_WAITS[min(each.attempts, 2)] == wait] for wait in OUTAGE_WAITS}
    with db.write() as session:
        for wait, email_ids in by_wait.items():
            outbox.mark_postponed(session, email_ids, now + wait, why, ErrorClass.UNREACHABLE)
    done.postponed += len(rest)
