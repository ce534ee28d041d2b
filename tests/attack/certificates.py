"""Certificates of a test's own authority."""

from __future__ import annotations

import ssl
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID


class Authority:
    """Signs certificates; ``file`` is what a client that trusts it reads."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.file = folder / "authority.pem"
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._name = _name("Authority of the test")
        found = _draft(self._name, self._name, self._key, 30).add_extension(
            x509.BasicConstraints(ca=True, path_length=None), critical=True).sign(self._key, hashes.SHA256())
        self.file.write_bytes(found.public_bytes(serialization.Encoding.PEM))

    def context(self, host: str, days: int = 30, signed: bool = True) -> ssl.SSLContext:
        """What a server needs to show a certificate for ``host`` that holds for ``days`` more; without ``signed``, one
        that it wrote itself."""
        key, name = ec.generate_private_key(ec.SECP256R1()), _name(host)
        draft = _draft(name, self._name if signed else name, key, days).add_extension(
            x509.SubjectAlternativeName([x509.DNSName(host)]), critical=False)
        found = draft.sign(self._key if signed else key, hashes.SHA256())
        file = self.folder / f"{host}-{days}-{signed}.pem"
        file.write_bytes(found.public_bytes(serialization.Encoding.PEM) + key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()))
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(file)
        return context


def _name(text: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)])


def _draft(subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePrivateKey, days: int) -> x509.CertificateBuilder:
    now = datetime.now(UTC)
    return x509.CertificateBuilder(
        subject_name=subject, issuer_name=issuer, public_key=key.public_key(), serial_number=x509.random_serial_number(),
        not_valid_before=now - timedelta(days=60), not_valid_after=now + timedelta(days=days))
