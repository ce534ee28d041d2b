"""Mailboxes to which bounces come: an IMAP server, or a Maildir that a mail server on this machine fills."""

from __future__ import annotations

import imaplib
import ssl
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any, Protocol
from urllib.parse import unquote, urlsplit

from domain.errors import SettingsError, ZonewatchError
from subscriptions.channels.smtp import is_loopback

TIMEOUT_SECONDS = 10.0
MAX_BYTES = 1_000_000
"""How much of a mail is read: a report stands at its beginning."""
_PORTS = {"imap": 143, "imaps": 993}


class BoxUnreachable(ZonewatchError):
    """The mailbox cannot be read now."""


class Box(Protocol):
    """Mails that have not been read yet, by name; each is marked when it was dealt with."""

    def unread(self, limit: int) -> list[str]:
        """The names of at most ``limit`` mails that are not marked."""

    def get(self, name: str) -> bytes:
        """The beginning of a mail."""

    def mark(self, name: str, flagged: bool) -> None:
        """Note that a mail was read; ``flagged`` when a person should look at it."""


def box(url: str) -> AbstractContextManager[Box]:
    """The mailbox at ``imaps://user:password@host/FOLDER`` or ``maildir:PATH``. Raises SettingsError, which never repeats
    the password."""
    if url.startswith("maildir:"):
        return _maildir(Path(url.removeprefix("maildir:")))
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        raise SettingsError("the mailbox of bounces has a wrong port: want imaps://user:password@host/INBOX") from None
    if parts.scheme not in _PORTS or not parts.hostname or not parts.username:
        raise SettingsError("the mailbox of bounces must be like imaps://user:password@host/INBOX or maildir:PATH")
    if parts.scheme == "imap" and not is_loopback(parts.hostname):
        raise SettingsError(f"the password of the mailbox of bounces would go to {parts.hostname} in clear: use imaps://")
    return _imap(parts.hostname, port or _PORTS[parts.scheme], parts.scheme == "imaps", unquote(parts.username),
                 unquote(parts.password or ""), unquote(parts.path.strip("/")) or "INBOX")


class ImapBox:
    """A folder of an IMAP server, chosen already."""

    def __init__(self, client: imaplib.IMAP4) -> None:
        self._client = client

    def unread(self, limit: int) -> list[str]:
        """See Box; the names are UIDs."""
        return str(self._asked("SEARCH", "UNSEEN")[0].decode()).split()[:limit]

    def get(self, name: str) -> bytes:
        """See Box. It peeks: the mail stays unread."""
        answer = self._asked("FETCH", name, f"(BODY.PEEK[]<0.{MAX_BYTES}>)")
        return next((bytes(each[1]) for each in answer if isinstance(each, tuple)), b"")

    def mark(self, name: str, flagged: bool) -> None:
        """See Box."""
        self._asked("STORE", name, "+FLAGS.SILENT", r"(\Seen \Flagged)" if flagged else r"(\Seen)")

    def _asked(self, *command: str) -> list[Any]:
        status, answer = self._client.uid(*command)
        if status != "OK":
            raise BoxUnreachable(f"the mailbox of bounces refuses {command[0]}: {answer!r:.200}")
        return [each or b"" for each in answer]


@contextmanager
def _imap(host: str, port: int, tls: bool, user: str, password: str, folder: str) -> Iterator[Box]:
    try:
        client = (imaplib.IMAP4_SSL(host, port, ssl_context=ssl.create_default_context(), timeout=TIMEOUT_SECONDS) if tls
                  else imaplib.IMAP4(host, port, timeout=TIMEOUT_SECONDS))
        with client:
            client.login(user, password)
            if "ID" in client.capabilities:  # 163 lets nobody read a folder who has not said who they are
                client.xatom("ID", '("name" "zonewatch")')
            status, answer = client.select(f'"{folder}"')
            if status != "OK":
                raise BoxUnreachable(f"the mailbox of bounces has no folder {folder}: {answer!r:.200}")
            yield ImapBox(client)
    except (OSError, imaplib.IMAP4.error) as error:
        raise BoxUnreachable(f"the mailbox of bounces at {host}:{port}: {error}") from None


class MaildirBox:
    """A Maildir, into which a mail server on this machine delivers. Names are those of files; the flags of one stand after
    its last comma."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def unread(self, limit: int) -> list[str]:
        """See Box."""
        found = [f"{part}/{each.name}" for part in ("new", "cur") for each in (self._path / part).iterdir()
                 if not each.name.startswith(".") and "S" not in each.name.partition(":2,")[2]]
        return sorted(found, key=lambda name: name.partition("/")[2])[:limit]

    def get(self, name: str) -> bytes:
        """See Box."""
        with (self._path / name).open("rb") as file:
            return file.read(MAX_BYTES)

    def mark(self, name: str, flagged: bool) -> None:
        """See Box."""
        base, _, flags = Path(name).name.partition(":2,")
        marks = "".join(sorted({*flags, "S", *("F" if flagged else "")}))
        (self._path / name).rename(self._path / "cur" / f"{base}:2,{marks}")


@contextmanager
def _maildir(path: Path) -> Iterator[Box]:
    try:
        yield MaildirBox(path)
    except OSError as error:
        raise BoxUnreachable(f"the mailbox of bounces: {error}") from None
