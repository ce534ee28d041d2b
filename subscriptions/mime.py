"""A kept mail as bytes for the wire: clean headers, text and HTML side by side, attachments after them.

Written by hand, since the standard library takes ten times as long for the same message; that both read alike is tested.
"""

from __future__ import annotations

import re
from base64 import b64encode
from binascii import b2a_base64
from collections.abc import Iterable, Iterator
from email.headerregistry import Address
from email.utils import format_datetime, parseaddr
from functools import lru_cache
from hashlib import sha256
from urllib.parse import quote

from storage.emails import Attachment, Email
from subscriptions.inert import one_line

LINE = 76
"""Letters of a line of base64, and of a line with an encoded word (RFC 2045, RFC 2047)."""
LONGEST_NAME = 120
"""Letters of an attachment's name."""
_WORD = "=?utf-8?b?{}?="
_SPENT = len(_WORD.format(""))
_PLAIN_NAME = re.compile(r"[\w !#$%&'*+/=?^`{|}~-]*", re.ASCII)
"""Display names that stand as they are; others are quoted."""
_SIMPLE = re.compile(r"[a-z0-9]+(?:[._+-][a-z0-9]+)*@[a-z0-9]+(?:[.-][a-z0-9]+)*", re.ASCII | re.IGNORECASE)
"""Addresses that cannot be anything else."""
_TYPE = re.compile(r"[\w.+-]+/[\w.+-]+(?:; *[\w-]+=[\w.+-]+)*", re.ASCII)


def wire(email: Email, utf8: bool = False) -> bytes:
    """The mail to hand over, its lines ended by CRLF. It is the same each time: nothing in it depends on when delivery is
    tried. ``utf8`` lets addresses hold letters outside ASCII (SMTPUTF8); ValueError where one does without it."""
    letter = email.letter
    boundary = "=_" + sha256(letter.message_id.encode("utf-8", "replace")).hexdigest()[:32]
    head = [_mailbox("From", letter.sender, utf8), _mailbox("To", letter.address, utf8),
            _header("Subject", letter.subject), f"Date: {format_datetime(email.created_at)}",
            f"Message-ID: {one_line(letter.message_id)}", "Auto-Submitted: auto-generated",
            *(_header(name, value, 900) for name, value in letter.headers.items()), "MIME-Version: 1.0"]
    bodies = _multipart("alternative", boundary, (
        _text_part("text/plain", letter.text), _text_part("text/html", letter.html)))
    if letter.attachments:
        bodies = _multipart("mixed", boundary + "m", (bodies, *map(_attachment, letter.attachments)))
    return "\r\n".join(head).encode() + b"\r\n" + bodies


def _multipart(subtype: str, boundary: str, parts: Iterable[bytes]) -> bytes:
    opening = f"--{boundary}\r\n".encode()
    head = f'Content-Type: multipart/{subtype};\r\n boundary="{boundary}"\r\n\r\n'.encode()
    return head + b"".join(opening + part for part in parts) + f"--{boundary}--\r\n".encode()


def _text_part(kind: str, text: str) -> bytes:
    return (f"Content-Type: {kind}; charset=\"utf-8\"\r\nContent-Transfer-Encoding: base64\r\n\r\n".encode()
            + _base64_lines(text))


def _attachment(attachment: Attachment) -> bytes:
    """A file. Its name stands there three times: as RFC 2231 has it, and as encoded words, which the standard does not
    allow there, but which is what QQ, 163 and older Outlooks read."""
    if not _TYPE.fullmatch(attachment.type):
        raise ValueError(f"not a MIME type: {attachment.type!r}")
    name = one_line(attachment.name, LONGEST_NAME).replace("/", "_").replace("\\", "_").replace('"', "_")
    plain = " ".join(_words(name, LINE - len(' filename=""'))) if _needs_words(name) else name
    fold = "\r\n "
    named = f';{fold}filename="{plain}"' if plain == name else f';{fold}{_extended(name, fold)};{fold}filename="{plain}"'
    head = (f'Content-Type: {attachment.type}; charset="utf-8";{fold}name="{plain}"\r\n'
            f"Content-Transfer-Encoding: base64\r\nContent-Disposition: attachment{named}\r\n\r\n")
    return head.encode() + _base64_lines(attachment.text)


def _extended(name: str, fold: str) -> str:
    """A file name after RFC 2231: on one line if it fits, else in numbered pieces that never split a letter."""
    whole = f"filename*=utf-8''{quote(name, safe='')}"
    if len(whole) < LINE:
        return whole
    pieces = [""]
    for letter in name:
        escaped = quote(letter, safe="")
        if len(pieces[-1]) + len(escaped) > LINE - len(" filename*00*=utf-8'';"):
            pieces.append("")
        pieces[-1] += escaped
    pieces[0] = f"utf-8''{pieces[0]}"
    return f";{fold}".join(f"filename*{at}*={piece}" for at, piece in enumerate(pieces))


def _base64_lines(text: str) -> bytes:
    """A text as lines of base64; it ends with a line break, and each of its own becomes CRLF."""
    data = text.encode("utf-8", "replace")
    if b"\r" in data:
        data = data.replace(b"\r\n", b"\n").replace(b"\r", b"\n")
    if not data.endswith(b"\n"):
        data += b"\n"
    encoded = b2a_base64(data.replace(b"\n", b"\r\n"), newline=False)
    return b"\r\n".join([encoded[at:at + LINE] for at in range(0, len(encoded), LINE)]) + b"\r\n"


def _header(name: str, value: str, limit: int = 500) -> str:
    """A header whose value is a text: plain ASCII stands as it is, on one line however long, else in encoded words."""
    value = one_line(value, limit)
    if not _needs_words(value):
        return f"{name}: {value}"
    return f"{name}: " + "\r\n ".join(_words(value, LINE - len(name) - 2))


def _needs_words(text: str) -> bool:
    """What looks like an encoded word is encoded too, or a reader would decode it."""
    return not text.isascii() or "=?" in text


def _words(text: str, first: int) -> Iterator[str]:
    """Encoded words (RFC 2047) that never split a letter; the first is at most ``first`` long, each other fills a line."""
    room, piece = (first - _SPENT) // 4 * 3, b""
    for letter in text:
        raw = letter.encode()
        if len(piece) + len(raw) > room:
            yield _WORD.format(b64encode(piece).decode())
            room, piece = (LINE - 1 - _SPENT) // 4 * 3, b""
        piece += raw
    yield _WORD.format(b64encode(piece).decode())


def _mailbox(header: str, text: str, utf8: bool) -> str:
    """From or To; most readers' addresses need no parsing, and the sender is always the same."""
    return f"{header}: {text}" if _SIMPLE.fullmatch(text) else _parsed_mailbox(header, text, utf8)


@lru_cache(maxsize=1000)
def _parsed_mailbox(header: str, text: str, utf8: bool) -> str:
    """A name in Chinese is encoded, the address never."""
    found = address(text)
    spec = Address("", found.username, found.domain).addr_spec
    if not (utf8 or spec.isascii()):
        raise ValueError("an address with letters outside ASCII needs SMTPUTF8")
    name = found.display_name
    if not name:
        return f"{header}: {spec}"
    if _needs_words(name):
        return f"{header}: " + "\r\n ".join((*_words(name, LINE - len(header) - 2), f"<{spec}>"))
    if not _PLAIN_NAME.fullmatch(name):
        name = '"' + name.replace("\\", "\\\\").replace('"', '\\"') + '"'
    return f"{header}: {name} <{spec}>"


def address(text: str) -> Address:
    """``Name <name@example.com>`` or a bare address, its name on one line. Raises ValueError for anything else."""
    name, spec = parseaddr(one_line(text))
    local, at, host = spec.rpartition("@")
    if not at or not local or not host:
        raise ValueError("not a mail address")
    return Address(one_line(name), local, host)


@lru_cache(maxsize=1000)
def bare(text: str) -> str:
    """The address alone, as the envelope takes it."""
    found = address(text)
    return f"{found.username}@{found.domain}"
