"""A mail server that refuses a share of all mails, each in one of three ways, takes its time, and keeps account of what it
took."""

from __future__ import annotations

import asyncio
import random
import re
import threading
import time
from collections import Counter
from dataclasses import dataclass
from email.message import EmailMessage
from typing import Any

from tests.moody import DROP, MoodyMailbox

AT_RECIPIENT, AFTER_DATA, UNANSWERED = "refused at RCPT (450)", "refused after DATA (451)", "taken but never answered"
SLOWEST = 0.3
"""Seconds between taking a mail and saying so, at most."""
LINK = re.compile(r"https?://[^/\s]+(/(?:confirm|unsubscribe)/\S+)")


@dataclass(frozen=True, slots=True)
class Accepted:
    """A mail that was taken; ``answered`` is false when the connection was dropped instead of saying so."""

    at: float
    mail: EmailMessage
    answered: bool

    @property
    def message_id(self) -> str:
        return str(self.mail["Message-ID"])

    @property
    def address(self) -> str:
        return str(self.mail["To"])

    @property
    def text(self) -> str:
        body = self.mail.get_body(("plain",))
        assert isinstance(body, EmailMessage)
        return str(body.get_content())


class Refusing(MoodyMailbox):
    """``share`` of all mails is refused; 0 refuses none. ``handing`` is set whenever a mail begins to be handed over."""

    def __init__(self, share: float, seed: int) -> None:
        super().__init__()
        self.share, self.refused, self.accepted = share, Counter[str](), list[Accepted]()
        self._random = random.Random(seed)
        self.handing = threading.Event()
        self._fate: dict[str, str] = {}
        self.on_recipient, self.on_data = self._at_recipient, self._at_data

    def links(self, address: str, path: str) -> list[str]:
        """The paths of links of a kind in the mails that an address got."""
        return [link[1] for each in list(self.accepted) if each.address == address
                for link in [LINK.search(each.text)] if link and link[1].startswith(path)]

    def _at_recipient(self, address: str) -> str | None:
        fate = self._random.choice((AT_RECIPIENT, AFTER_DATA, UNANSWERED)) if self._random.random() < self.share else ""
        self._fate[address] = fate
        self.handing.set()
        self.refused[fate] += bool(fate)
        return "450 4.2.1 try again later" if fate == AT_RECIPIENT else None

    def _at_data(self, address: str) -> str | None:
        return {AFTER_DATA: "451 4.3.0 try again later", UNANSWERED: DROP}.get(self._fate[address])

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:
        before = len(self.mails)
        answer = await super().handle_DATA(server, session, envelope)
        self.accepted += [Accepted(time.monotonic(), mail, self._fate[envelope.rcpt_tos[0]] != UNANSWERED)
                          for mail in self.mails[before:]]
        await asyncio.sleep(self._random.uniform(0, SLOWEST))
        return answer
