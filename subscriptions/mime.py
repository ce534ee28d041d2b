"""A kept mail as a MIME message: clean headers, text and HTML side by side."""

from __future__ import annotations

from email.headerregistry import Address, BaseHeader, HeaderRegistry, UnstructuredHeader
from email.message import EmailMessage
from email.policy import SMTP, Policy
from email.utils import format_datetime, parseaddr
from hashlib import sha256

from storage.emails import Email
from subscriptions.inert import one_line


class _Verbatim(UnstructuredHeader, BaseHeader):
    """A header whose value stands on one line as it is: the library would encode a long link into pieces."""

    def fold(self, *, policy: Policy) -> str:
        """The header line."""
        return f"{self.name}: {self}{policy.linesep}"


_headers = HeaderRegistry()
_headers.map_to_type("list-unsubscribe", _Verbatim)
_headers.map_to_type("message-id", _Verbatim)
POLICY = SMTP.clone(header_factory=_headers)


def message(email: Email) -> EmailMessage:
    """The mail to hand over. It is the same each time: nothing in it depends on when delivery is tried."""
    letter = email.letter
    found = EmailMessage(policy=POLICY)
    found["From"] = address(letter.sender)
    found["To"] = address(letter.address)
    found["Subject"] = one_line(letter.subject)
    found["Date"] = format_datetime(email.created_at)
    found["Message-ID"] = one_line(letter.message_id)
    found["Auto-Submitted"] = "auto-generated"
    for name, value in letter.headers.items():
        found[name] = one_line(value, 900)
    found.set_content(letter.text, cte="base64")
    found.add_alternative(letter.html, subtype="html", cte="base64")
    return found


def wire(email: Email) -> bytes:
    """The mail as it goes over the wire, lines ended by CR LF: in seven bits, or with UTF-8 in its headers where an address
    needs it (SMTPUTF8). The same bytes each time."""
    found = message(email)
    found.set_boundary(f"=_{sha256(email.letter.message_id.encode()).hexdigest()[:32]}")
    is_ascii = (bare(email.letter.sender) + email.letter.address).isascii()
    return found.as_bytes(policy=POLICY.clone(cte_type="7bit") if is_ascii else POLICY.clone(utf8=True))


def address(text: str) -> Address:
    """``Name <name@example.com>`` or a bare address, its name on one line. Raises ValueError for anything else."""
    name, spec = parseaddr(one_line(text))
    local, at, host = spec.rpartition("@")
    if not at or not local or not host:
        raise ValueError("not a mail address")
    return Address(one_line(name), local, host)


def bare(text: str) -> str:
    """The address alone, as the envelope takes it."""
    found = address(text)
    return f"{found.username}@{found.domain}"
