"""Secrets of others, sealed with the installation's own key, so that a copy of the database does not give them away."""

from __future__ import annotations

import base64
import hashlib
import hmac

from cryptography.fernet import Fernet, InvalidToken


class Box:
    """Seals texts of one kind; another kind's box, or another installation's, does not open them."""

    def __init__(self, secret: str, kind: str) -> None:
        self._fernet = Fernet(base64.urlsafe_b64encode(hashlib.sha256(f"{kind}|{secret}".encode()).digest()))

    def seal(self, text: str) -> str:
        """The text as it may be kept."""
        return self._fernet.encrypt(text.encode()).decode()

    def opened(self, sealed: str) -> str:
        """What was sealed; empty when it was nothing, or sealed with another key."""
        try:
            return self._fernet.decrypt(sealed.encode()).decode() if sealed else ""
        except InvalidToken:
            return ""


def fingerprint(secret: str, kind: str, text: str) -> str:
    """A keyed hash of a text of one kind: equal texts are found by it, and nobody without the key can try them out."""
    return hmac.digest(secret.encode(), f"{kind}|{text}".encode(), "sha256").hex()
