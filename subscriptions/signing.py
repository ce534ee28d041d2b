"""DKIM (RFC 6376): mails signed by the domain that they come from, and the DNS records by which others check that."""

from __future__ import annotations

import base64
import re
import textwrap
from datetime import datetime
from pathlib import Path
from typing import Any

import dkim
from dkim.asn1 import INTEGER, NULL, OBJECT_IDENTIFIER, OCTET_STRING, SEQUENCE, ASN1FormatError, asn1_parse
from dkim.crypto import UnparsableKeyError, parse_private_key

from domain.errors import SettingsError
from subscriptions.mime import address

SIGNED = (b"from", b"from", b"to", b"subject", b"date", b"message-id", b"mime-version", b"content-type",
          b"content-transfer-encoding", b"reply-to", b"auto-submitted", b"list-id", b"list-unsubscribe",
          b"list-unsubscribe-post")
"""Headers that are signed, also where they are absent, From once more than it stands there: none can be added on the way."""
LEAST_BITS = 1024
"""What receivers accept; 2048 is the usual size."""
_RSA = bytes.fromhex("300d06092a864886f70d0101010500")
"""The name of the algorithm, in DER."""
_PKCS8 = [(SEQUENCE, [(INTEGER,), (SEQUENCE, [(OBJECT_IDENTIFIER,), (NULL,)]), (OCTET_STRING,)])]
_PEM = re.compile(rb"-----BEGIN (?:RSA )?PRIVATE KEY-----(.+?)-----END", re.DOTALL)


class Signer:
    """Signs mails. ``key`` is the file of an RSA key as OpenSSL writes it. Raises SettingsError for one of no use."""

    def __init__(self, key: Path, selector: str, mail_from: str) -> None:
        self._der = _private_key(key)
        self._pem = _pem(self._der)
        self.selector = selector
        try:
            self.domain = address(mail_from).domain
        except ValueError:
            raise SettingsError(f"the sender of mails is not an address: {mail_from!r}") from None
        if self.bits < LEAST_BITS:
            raise SettingsError(f"the key in {key} has {self.bits} bits: receivers want {LEAST_BITS}, better 2048")

    def sign(self, message: bytes, written_at: datetime) -> bytes:
        """A mail with its signature in front; the same each time, since it is dated when the mail was written."""
        signature: bytes = _Dated(message, int(written_at.timestamp())).sign(
            self.selector.encode(), self.domain.encode(), self._pem, canonicalize=(b"relaxed", b"relaxed"),
            include_headers=list(SIGNED))
        return signature + message

    @property
    def bits(self) -> int:
        """The size of the key."""
        return int(parse_private_key(self._der)["modulus"]).bit_length()

    @property
    def record(self) -> tuple[str, str]:
        """Name and text of the DNS record (TXT) with the public key."""
        found = parse_private_key(self._der)
        key = _sequence(_integer(found["modulus"]), _integer(found["publicExponent"]))
        public = _sequence(_RSA, _tagged(0x03, b"\0" + key))
        return f"{self.selector}._domainkey.{self.domain}", f"v=DKIM1; k=rsa; p={base64.b64encode(public).decode()}"


class _Dated(dkim.DKIM):  # type: ignore[misc]
    """A signature with a date of our choice."""

    def __init__(self, message: bytes, moment: int) -> None:
        super().__init__(message)
        self._moment = str(moment).encode()

    def gen_header(self, fields: list[tuple[bytes, bytes]], *others: Any, **named: Any) -> bytes:
        """The header, signed."""
        fields = [(name, self._moment if name == b"t" else value) for name, value in fields]
        header: bytes = super().gen_header(fields, *others, **named)
        return header


def _private_key(file: Path) -> bytes:
    """The key in a file, as PKCS#1; newer versions of OpenSSL wrap it in PKCS#8."""
    try:
        found = _PEM.search(file.read_bytes())
    except OSError as error:
        raise SettingsError(f"the DKIM key cannot be read: {error}") from None
    try:
        der = base64.b64decode(found[1]) if found else b""
        wrapped = _unwrapped(der)
        parse_private_key(wrapped)
    except (ValueError, IndexError, ASN1FormatError, UnparsableKeyError):
        raise SettingsError(f"{file} holds no RSA key that is not locked by a password: make one with "
                            "openssl genrsa -out dkim.pem 2048") from None
    return wrapped


def _unwrapped(der: bytes) -> bytes:
    try:
        ((_, _, key),) = asn1_parse(_PKCS8, der)
    except ASN1FormatError:
        return der
    return bytes(key)


def _sequence(*parts: bytes) -> bytes:
    return _tagged(0x30, b"".join(parts))


def _integer(value: int) -> bytes:
    return _tagged(0x02, value.to_bytes(value.bit_length() // 8 + 1, "big"))


def _tagged(tag: int, content: bytes) -> bytes:
    """A piece of DER; dkimpy reads it, but builds only what a signature needs."""
    size = len(content)
    length = size.to_bytes((size.bit_length() + 7) // 8, "big")
    return bytes([tag, size] if size < 128 else [tag, 128 + len(length), *length]) + content


def _pem(der: bytes) -> bytes:
    lines = "\n".join(textwrap.wrap(base64.b64encode(der).decode(), 64))
    return f"-----BEGIN RSA PRIVATE KEY-----\n{lines}\n-----END RSA PRIVATE KEY-----\n".encode()


def records(mail_from: str, mail_host: str, operator: str) -> list[tuple[str, str]]:
    """Name and text of the DNS records (TXT) that go with the signature: who may send for the domain (SPF), and what
    receivers are to do with mail that only pretends to come from it (DMARC)."""
    domain = address(mail_from).domain
    told = f"; rua=mailto:{operator}" if operator else ""
    return [(domain, f"v=spf1 a:{mail_host} -all (or what the provider of {mail_host} names)"),
            (f"_dmarc.{domain}", f"v=DMARC1; p=quarantine; adkim=s; aspf=r{told}")]
