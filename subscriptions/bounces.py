"""Takes what came back, from a mailbox or by a callback, to the store."""

from __future__ import annotations

import hmac
import json
import logging
from collections import Counter
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Any

from domain import clock
from domain.bounce import BounceKind, Told
from domain.errors import InvalidValue, ZonewatchError
from storage import bounces
from storage.session import Database
from subscriptions import dsn
from subscriptions.boxes import Box, box

log = logging.getLogger(__name__)

MOST_MAILS = 200
"""Mails that are read at a time."""
MOST_EVENTS = 1_000
FRESH = timedelta(minutes=5)
"""How far the time of a callback may be from ours."""
_TOLD = {each.value: each for each in BounceKind if each is not BounceKind.UNKNOWN}


class Forged(ZonewatchError):
    """A callback that does not come from the mail service, or came too late."""


def read_mailbox(db: Database, url: str) -> int:
    """Read the mails that came back; gives how many were new. A mail is marked after what it says was kept, so that a kill
    in between has it read once more, which changes nothing."""
    with box(url) as found:
        names = found.unread(MOST_MAILS)
        for name in names:
            _take(db, found, name)
    return len(names)


def _take(db: Database, found: Box, name: str) -> None:
    reading = dsn.read(found.get(name))
    with db.write() as session:
        kinds = [bounces.note(session, told, "mailbox") for told in reading.events]
        if reading.unknown:
            bounces.note_unknown(session, reading.key, reading.unknown, "mailbox")
    if reading.ignored:
        log.info("a mail that came back is ignored: %s", reading.ignored)
    found.mark(name, bool(reading.unknown) or BounceKind.UNKNOWN in kinds)


def signature(key: str, timestamp: str, body: bytes) -> str:
    """What a callback carries as proof: HMAC-SHA256 of its time, a full stop and its body."""
    return hmac.new(key.encode(), timestamp.encode() + b"." + body, sha256).hexdigest()


def take_callback(db: Database, key: str, timestamp: str, signed: str, body: bytes) -> dict[str, int]:
    """Keep the events of a callback; gives how many were of each kind (``again``: known already). Raises Forged, and
    InvalidValue for a body that is not as agreed; either keeps nothing."""
    is_number = timestamp.isascii() and timestamp.isdigit() and len(timestamp) < 12
    if not is_number or not hmac.compare_digest(signature(key, timestamp, body).encode(), signed.encode()):
        raise Forged("the signature is wrong")
    if abs(clock.now() - datetime.fromtimestamp(int(timestamp), clock.now().tzinfo)) > FRESH:
        raise Forged("the callback is too old, or the clocks differ")
    events = _events(body)
    with db.write() as session:
        return dict(Counter(kind.value if (kind := bounces.note(session, each, "callback")) else "again" for each in events))


def _events(body: bytes) -> list[Told]:
    try:
        listed = json.loads(body)["events"]
        events = [_event(each) for each in listed[:MOST_EVENTS + 1]]
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        raise InvalidValue("want {\"events\": [{id, message_id, recipient, kind, status, at}]}") from None
    if len(events) > MOST_EVENTS:
        raise InvalidValue(f"at most {MOST_EVENTS} events at a time")
    return events


def _event(values: dict[str, Any]) -> Told:
    at = datetime.fromisoformat(values["at"])
    if at.tzinfo is None:
        raise ValueError("a moment needs its zone")
    identity, message_id = str(values["id"]), str(values["message_id"])
    key = f"callback:{sha256(identity.encode()).hexdigest()[:40]}"
    return Told(key, (f"<{message_id.strip('<> ')}>",), (str(values["recipient"]),), _TOLD[values["kind"]],
                str(values.get("status", "")), at)
