"""Hand pending mails to the channel. Every mail ends as sent, postponed or failed; none blocks another."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

from domain import clock
from storage import bounces, emails
from storage.emails import Email
from storage.session import Database
from subscriptions.channels.port import Broken, MailChannel, Postponed, Refused, Unreachable
from subscriptions.mime import bare, message

log = logging.getLogger(__name__)

WAITS = tuple(timedelta(minutes=minutes) for minutes in (1, 5, 15, 60, 120, 240, 480))
"""How long a mail waits after its first, second, … failed try; the last one repeats."""
OUTAGE_WAITS = WAITS[:3]
"""How long mails wait while the channel as a whole is down."""
PATIENCE = timedelta(days=3)
"""A mail that the server postpones for longer than this has failed."""
MOST_BREAKS = 3
"""Broken connections in a row after which a round ends, so that a hanging server does not hold the worker for long."""


@dataclass(slots=True)
class Delivered:
    """What became of the mails of a round."""

    sent: int = 0
    failed: int = 0
    postponed: int = 0


def deliver(db: Database, channel: MailChannel, limit: int = 100, seat: str = emails.FIRST_SEAT,
            still: Callable[[], None] = lambda: None, comes_back_to: str = "") -> Delivered:
    """Send at most ``limit`` mails whose time has come, over one connection. ``sent`` means that the server took the mail.
    ``seat`` names the worker; several may deliver at once, each in a seat of its own. ``still`` is called before each mail
    and raises when the seat is lost: whoever sits there now sends the rest. ``comes_back_to`` is the envelope sender, to
    which bounces come; each mail's own sender when empty.

    A mail is claimed before it is offered and marked as soon as it was answered, so that a worker killed at any moment
    leaves at most one mail that goes out twice, with the same Message-ID. When this raises (the database failed), call
    ``subscriptions.recover.recover`` before the next round.
    """
    claimed = emails.claim(db, limit, seat)
    done = Delivered()
    breaks = 0
    try:
        for at, email in enumerate(claimed):
            still()
            try:
                breaks = breaks + 1 if _breaks(db, channel, email, done, comes_back_to) else 0
            except Unreachable as error:
                _postpone_all(db, claimed[at:], str(error), done)
                break
            if breaks == MOST_BREAKS:
                emails.give_back(db, seat, [each.id for each in claimed[at + 1:]])
                break
    finally:
        channel.close()
    return done


def _breaks(db: Database, channel: MailChannel, email: Email, done: Delivered, comes_back_to: str) -> bool:
    """Offer one mail and keep what became of it; gives whether the connection broke over it."""
    letter = email.letter
    try:
        channel.send(message(email), bare(comes_back_to or letter.sender), letter.address)
    except Postponed as error:
        _postpone(db, email, str(error), done)
        return isinstance(error, Broken)
    except Refused as error:
        _fail(db, email, str(error), done)
        with db.write() as session:
            bounces.refused(session, email, str(error))
    except Unreachable:
        raise
    except Exception as error:
        log.exception("mail %d (%s) could not be offered", email.id, letter.purpose)
        _postpone(db, email, f"{type(error).__name__}: {error}", done)
    else:
        with db.write() as session:
            emails.mark_sent(session, email.id)
        done.sent += 1
    return False


def _postpone(db: Database, email: Email, why: str, done: Delivered) -> None:
    if clock.now() - email.created_at >= PATIENCE:
        _fail(db, email, why, done)
        return
    with db.write() as session:
        emails.mark_postponed(session, email.id, clock.now() + WAITS[min(email.attempts, len(WAITS) - 1)], why)
    done.postponed += 1


def _fail(db: Database, email: Email, why: str, done: Delivered) -> None:
    log.warning("mail %d (%s) cannot be delivered", email.id, email.letter.purpose)
    with db.write() as session:
        emails.mark_failed(session, email.id, why)
    done.failed += 1


def _postpone_all(db: Database, rest: list[Email], why: str, done: Delivered) -> None:
    """The channel is down: all wait, none runs out of patience because of it, and the wait stays short."""
    log.warning("mail cannot be delivered now: %s", why)
    with db.write() as session:
        for email in rest:
            emails.mark_postponed(session, email.id, clock.now() + OUTAGE_WAITS[min(email.attempts, 2)], why)
    done.postponed += len(rest)
