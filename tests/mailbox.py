"""A real SMTP server on loopback that keeps what it takes."""

from __future__ import annotations

import email
import email.policy
from email.message import EmailMessage
from typing import Any, cast

from aiosmtpd.controller import Controller


class Mailbox:
    """Collects mail; ``refuse`` may answer for a recipient instead."""

    def __init__(self) -> None:
        self.mails: list[EmailMessage] = []
        self._controller = Controller(self, hostname="127.0.0.1", port=0)
        self._controller.start()

    @property
    def url(self) -> str:
        host, port = self._controller.server.sockets[0].getsockname()[:2]
        return f"smtp://{host}:{port}"

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:
        self.mails.append(cast(EmailMessage, email.message_from_bytes(envelope.content, policy=email.policy.default)))
        return "250 kept"

    def close(self) -> None:
        self._controller.stop()
