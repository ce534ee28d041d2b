"""Mail by SMTP, over one connection that is kept between mails."""

from __future__ import annotations

import re
import smtplib
import ssl
import time
from dataclasses import dataclass
from functools import cache
from ipaddress import ip_address
from urllib.parse import parse_qs, unquote, urlsplit

from domain.errors import SettingsError
from subscriptions.channels.answers import refusal, text_of
from subscriptions.channels.port import Broken, Refused, TooLong, Unreachable

TIMEOUT_SECONDS = 20.0
"""How long an answer is waited for: less than the grace of a worker that is told to end (zonewatch.up)."""
IDLE_SECONDS = 60.0
"""How long a connection is kept that nothing goes over. Many servers close it after five minutes, some after one."""
_PORTS = {"smtp": 25, "smtps": 465}
_LINE_WITH_DOT = re.compile(rb"(?m)^\.")


@dataclass(frozen=True, slots=True)
class SmtpServer:
    """Where and how to hand in mail."""

    host: str
    port: int
    tls: bool
    starttls: bool
    user: str
    password: str

    def __repr__(self) -> str:
        return f"SmtpServer({self.host}:{self.port})"


def server(mail_url: str) -> SmtpServer:
    """The server behind ``smtp://user:password@host:port?starttls=1`` or ``smtps://…``. Raises SettingsError, which never
    repeats the password; also when a password would cross the net in clear."""
    try:
        parts = urlsplit(mail_url)
        port = parts.port
    except ValueError:
        raise SettingsError("the mail address has a wrong port: want smtp://user:password@host:port") from None
    options = parse_qs(parts.query, keep_blank_values=True)
    if parts.scheme not in _PORTS or not parts.hostname or options.keys() - {"starttls"}:
        raise SettingsError("the mail address must be like smtp://user:password@host:587?starttls=1 or smtps://host")
    starttls = options.get("starttls", ["0"])[-1] == "1"
    found = SmtpServer(parts.hostname, port or (587 if starttls else _PORTS[parts.scheme]), parts.scheme == "smtps",
                       starttls, unquote(parts.username or ""), unquote(parts.password or ""))
    if found.password and not (found.tls or found.starttls or is_loopback(found.host)):
        raise SettingsError(f"the mail password would go to {found.host} in clear: use smtps:// or add ?starttls=1")
    return found


def is_loopback(host: str) -> bool:
    """Whether a host is this machine by its name alone."""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def probe(mail_url: str, timeout: float) -> str | None:
    """None when a mail server answers where and how ``mail_url`` says, TLS included; else a sentence saying what is wrong.
    It does not log in, and the password never stands in the sentence."""
    try:
        found = server(mail_url)
    except SettingsError as error:
        return str(error)
    where = f"the mail server {found.host}:{found.port}"
    try:
        with _open(found, timeout) as client:
            code, text = client.noop()
    except (OSError, smtplib.SMTPException) as error:
        mode = "over TLS" if found.tls else "with STARTTLS" if found.starttls else "without TLS"
        return f"{where} does not answer {mode}: {_why(error)}"
    return None if code == 250 else f"{where} is not ready: {code} {text.decode('utf-8', 'replace')}"


def _open(found: SmtpServer, timeout: float) -> smtplib.SMTP:
    """A connection that has said EHLO, in the TLS mode asked for."""
    tls = ssl.create_default_context() if found.tls or found.starttls else None  # it reads all certificates: 50 ms
    client = (smtplib.SMTP_SSL(found.host, found.port, _own_name(), timeout=timeout, context=tls) if found.tls
              else smtplib.SMTP(found.host, found.port, _own_name(), timeout=timeout))
    client.ehlo_or_helo_if_needed()
    if found.starttls:
        client.starttls(context=tls)
        client.ehlo_or_helo_if_needed()
    return client


@cache
def _own_name() -> str:
    """What this machine calls itself; it may take long to find out."""
    return smtplib.SMTP().local_hostname


class SmtpChannel:
    """A MailChannel. ``mail_url`` as by ``server``; ``timeout`` in seconds bounds every answer of the server. The password
    never stands in an error or a log.

    One connection carries all mails. Where the server allows it (RFC 2920) the envelope goes in one packet, so that a mail
    costs two answers' waiting instead of four.
    """

    def __init__(self, mail_url: str, timeout: float = TIMEOUT_SECONDS) -> None:
        self.server = server(mail_url)
        self._timeout = timeout
        self._client: smtplib.SMTP | None = None
        self._used_at = 0.0

    def send(self, message: bytes, sender: str, recipient: str) -> None:
        """Hand over one mail; see MailChannel."""
        fresh = self._client is None
        client = self._client or self._connect()
        try:
            self._offer(client, message, sender, recipient)
        except _Gone as error:
            self.close()
            if fresh or error.after_data:
                raise Broken(str(error)) from None
            # A kept connection may have been closed while idle; nothing was handed over, so once more on a new one.
            self.send(message, sender, recipient)
        self._used_at = time.monotonic()

    def rest(self) -> None:
        """End the connection politely once nothing has gone over it for a while."""
        if self._client is not None and time.monotonic() - self._used_at > IDLE_SECONDS:
            self.close()

    def close(self) -> None:
        """End the connection politely, if there is one."""
        client, self._client = self._client, None
        if client is not None:
            try:
                client.quit()
            except (OSError, smtplib.SMTPException):
                client.close()

    def _connect(self) -> smtplib.SMTP:
        try:
            client = _open(self.server, self._timeout)
            if self.server.user:
                client.login(self.server.user, self.server.password)
        except (OSError, smtplib.SMTPException) as error:
            raise Unreachable(f"mail server {self.server.host}:{self.server.port}: {_why(error)}") from None
        self._client = client
        return client

    def _offer(self, client: smtplib.SMTP, message: bytes, sender: str, recipient: str) -> None:
        after_data = False
        options = _options(client, message, sender, recipient)
        try:
            self._envelope(client, (f"MAIL FROM:<{sender}>{options}", f"RCPT TO:<{recipient}>", "DATA"))
            after_data = True
            client.send(_quoted(message))
            self._check(client.getreply())
        except (OSError, smtplib.SMTPException) as error:
            raise _Gone(_why(error), after_data) from None

    def _envelope(self, client: smtplib.SMTP, commands: tuple[str, str, str]) -> None:
        """Say who writes to whom, up to the server's word that the mail may come; raise what its refusal means."""
        together = client.has_extn("pipelining")
        if together:
            client.send(_lines(*commands))
        refused = None
        for command in commands:
            if not together:
                client.send(_lines(command))
            code, text = client.getreply()
            if code == 421:
                raise _Gone(text_of((code, text)), after_data=False)
            if not 200 <= code < 400 and refused is None:
                refused = (code, text), command
            if refused and not together:
                break
        if refused:
            if code == 354:  # it waits for a mail that is for nobody
                client.send(".\r\n")
                client.getreply()
            self._check(refused[0], of_sender=refused[1] == commands[0])

    def _check(self, answer: tuple[int, bytes], of_sender: bool = False) -> None:
        """Raise what the server's answer means; whatever is not a success ends the transaction."""
        if 200 <= answer[0] < 400:
            return
        if answer[0] == 421:
            raise _Gone(text_of(answer), after_data=False)
        self._reset()
        raise refusal(answer, of_sender, self.server.host)

    def _reset(self) -> None:
        """Make the connection ready for the next mail, or give it up."""
        if self._client is not None:
            try:
                self._client.rset()
            except (OSError, smtplib.SMTPException):
                self.close()


class _Gone(Exception):
    """The connection broke or the server closed it; ``after_data`` when the mail may have been taken."""

    def __init__(self, why: str, after_data: bool) -> None:
        super().__init__(why)
        self.after_data = after_data


def _options(client: smtplib.SMTP, message: bytes, sender: str, recipient: str) -> str:
    """The options of the MAIL command; SMTPUTF8 only where an address needs it. Raises TooLong when the server has said
    that it does not take so much."""
    most = client.esmtp_features.get("size", "")
    if most.isdigit() and 0 < int(most) < len(message):
        raise TooLong(f"the mail has {len(message)} bytes, the mail server takes {most}")
    size = f" SIZE={len(message)}" if client.has_extn("size") else ""
    if (sender + recipient).isascii():
        return size
    if not client.has_extn("smtputf8"):
        raise Refused("the mail server does not take addresses with letters outside ASCII (SMTPUTF8)")
    return f"{size} SMTPUTF8 BODY=8BITMIME"


def _lines(*commands: str) -> bytes:
    if any(sign in command for command in commands for sign in "\r\n"):
        raise ValueError("an address must not hold a line break")
    return "".join(f"{command}\r\n" for command in commands).encode()


def _quoted(message: bytes) -> bytes:
    """A mail as it follows DATA, up to the dot that ends it."""
    if message.startswith(b".") or b"\n." in message:
        message = _LINE_WITH_DOT.sub(b"..", message)
    return message + (b".\r\n" if message.endswith(b"\r\n") else b"\r\n.\r\n")


def _why(error: Exception) -> str:
    if isinstance(error, smtplib.SMTPResponseException):
        return f"{error.smtp_code} {_bytes(error.smtp_error).decode('utf-8', 'replace')}"
    return str(error) or type(error).__name__


def _bytes(text: bytes | str) -> bytes:
    return text.encode() if isinstance(text, str) else text
