"""Reads what comes back as mail: reports of failed delivery (RFC 3464) and of complaints (RFC 5965). What is neither is
ignored by name when a machine answered for a person, else left for the operator; nothing is guessed."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from email import message_from_bytes, message_from_string
from email.message import Message
from email.utils import getaddresses, parsedate_to_datetime
from hashlib import sha256

from domain import clock
from domain.bounce import BounceKind, Told, kind_of, status_of

log = logging.getLogger(__name__)

MAX_PARTS = 500
NO_REPORT = "it holds no delivery report"
UNREADABLE = "it cannot be read"
_ANSWERS = ("auto_reply", "bulk", "junk", "list")
_ACTIONS = {"failed": None, "delivered": BounceKind.DELIVERED}


@dataclass(frozen=True, slots=True)
class Reading:
    """What a mail tells: events, or why it is ``ignored``, or why it is not ``understood``."""

    key: str
    events: tuple[Told, ...] = ()
    ignored: str = ""
    unknown: str = ""


def read(raw: bytes) -> Reading:
    """What a mail that came back tells. The original Message-ID may stand in an inner part only, and that part may be in
    another report. Never raises for what a mail holds."""
    key = f"mail:{sha256(raw).hexdigest()[:40]}"
    try:
        message = message_from_bytes(raw)
        parts = list(_parts(message))
        events = tuple(_events(message, parts, key))
    except (RecursionError, ValueError, LookupError, TypeError, AttributeError) as error:
        log.info("a mail that came back cannot be read: %s", type(error).__name__)
        return Reading(key, unknown=UNREADABLE)
    if events:
        return Reading(key, events)
    if any(_type(part) == "message/delivery-status" for part in parts):
        return Reading(key, ignored="delivery is still tried, or went on elsewhere")
    if why := _automatic(message):
        return Reading(key, ignored=why)
    return Reading(key, unknown=NO_REPORT)


def _parts(message: Message) -> Iterator[Message]:
    """All parts, those of the mails inside included; an inner mail that was encoded as a whole is opened."""
    waiting, count = [message], 0
    while waiting and count < MAX_PARTS:
        part, count = waiting.pop(0), count + 1
        yield part
        inner = part.get_payload()
        if isinstance(inner, list):
            waiting += [each for each in inner if isinstance(each, Message)]
            if _type(part) == "message/rfc822" and _header(part, "Content-Transfer-Encoding").lower() == "base64":
                waiting += [_opened(each) for each in inner if isinstance(each, Message)]


def _opened(part: Message) -> Message:
    """A mail inside that stands in base64, which the standard forbids and some send."""
    shell: Message = Message()
    shell["Content-Transfer-Encoding"] = "base64"
    shell.set_payload(str(part.get_payload()))
    body = shell.get_payload(decode=True)
    return message_from_bytes(body if isinstance(body, bytes) else b"")


def _events(message: Message, parts: list[Message], key: str) -> Iterator[Told]:
    reports = [part for part in parts if _type(part) == "message/delivery-status"]
    complaints = [part for part in parts if _type(part) == "message/feedback-report"]
    if not reports and not complaints:
        return
    ids = tuple(_message_ids(message, parts))
    at = _moment(_header(message, "Date"))
    fields = [each for part in complaints for each in _blocks(part)]
    if any(_header(each, "Feedback-Type").lower() in ("abuse", "fraud", "") for each in fields):
        yield Told(f"{key}:complaint", ids, tuple(_complaining(parts, fields)), BounceKind.COMPLAINT, "", at)
    for number, block in enumerate(each for part in reports for each in _blocks(part)):
        action = _header(block, "Action").lower()
        recipients = tuple(filter(None, (_address(_header(block, name)) for name in (
            "Original-Recipient", "Final-Recipient", "X-Actual-Recipient"))))
        if action in _ACTIONS and recipients:
            words = _header(block, "Diagnostic-Code")
            status = status_of(_header(block, "Status")) or status_of(words.partition(";")[2])
            yield Told(f"{key}:{number}", ids, recipients, _ACTIONS[action] or kind_of(status, words), status,
                       _moment(_header(block, "Last-Attempt-Date"), at))


def _blocks(part: Message) -> Iterator[Message]:
    """The groups of fields of a report, however it was wrapped: the parser takes each for a mail of its own."""
    inner = part.get_payload()
    if isinstance(inner, list):
        yield from (each for each in inner if isinstance(each, Message))
        if _header(part, "Content-Transfer-Encoding").lower() in ("base64", "quoted-printable"):
            for block in "".join(each.as_string() for each in inner if isinstance(each, Message)).split("\n\n"):
                yield message_from_string(block)


def _message_ids(message: Message, parts: list[Message]) -> Iterator[str]:
    """What may be the Message-ID of the mail that came back, inner ones first. That it is one of ours, and went to this
    recipient, is looked up by whoever uses it."""
    for part in reversed(parts[1:]):
        yield from _ids(_header(part, "Message-ID"))
        yield from _ids(_header(part, "X-Original-Message-ID") or _header(part, "Original-Message-ID"))
        if _type(part) in ("text/rfc822-headers", "message/rfc822-headers"):
            yield from _ids(_header(_headers(part), "Message-ID"))
    for name in ("In-Reply-To", "References", "X-Original-Message-ID"):
        yield from _ids(_header(message, name))


def _headers(part: Message) -> Message:
    payload = part.get_payload(decode=True)
    if isinstance(payload, bytes):
        return message_from_bytes(payload)
    inner = part.get_payload()
    return inner[0] if isinstance(inner, list) and inner and isinstance(inner[0], Message) else Message()


def _ids(text: str) -> Iterator[str]:
    yield from (f"<{each.strip()}>" for each in _between(text))


def _between(text: str) -> Iterator[str]:
    for part in text.split("<")[1:]:
        inner, closed, _ = part.partition(">")
        if closed and "@" in inner:
            yield inner


def _complaining(parts: list[Message], fields: list[Message]) -> Iterator[str]:
    """Whose complaint it is: the field may be left out, then the mail that came back says to whom it went."""
    named = [address for each in fields for name in ("Original-Rcpt-To", "Removal-Recipient")
             for value in each.get_all(name, []) if (address := _address(str(value)))]
    inner = [_headers(part) if _type(part) == "text/rfc822-headers" else part for part in parts[1:]]
    yield from named or [address for part in inner for _, address in getaddresses([_header(part, "To")]) if address]


def _automatic(message: Message) -> str:
    """Why a mail is an answer of a machine for a person, such as out of office."""
    if "auto-replied" in _header(message, "Auto-Submitted").lower():
        return "an automatic reply (Auto-Submitted)"
    for name in ("X-Autoreply", "X-Autorespond", "X-Autogenerated"):
        if _header(message, name):
            return f"an automatic reply ({name})"
    return "an automatic reply (Precedence)" if _header(message, "Precedence").lower() in _ANSWERS else ""


def _type(part: Message) -> str:
    return part.get_content_type()


def _header(part: Message, name: str) -> str:
    """A header on one line; the parser gives one that is not ASCII as an object."""
    return " ".join(str(part.get(name) or "").split())[:2_000]


def _address(text: str) -> str:
    """``rfc822; <name@example.com>`` without what stands around the address."""
    address = text.rpartition(";")[2].strip().strip("<>").strip()
    return address if "@" in address and " " not in address else ""


def _moment(text: str, otherwise: datetime | None = None) -> datetime:
    try:
        found = parsedate_to_datetime(text)
    except ValueError:
        return otherwise or clock.now()
    return found if found.tzinfo else found.replace(tzinfo=UTC)
