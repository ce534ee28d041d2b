"""A mailbox with moods: it refuses, drops connections or goes silent when it is told to."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from tests.mailbox import Mailbox

DROP = "drop"
HANG = "hang"
Mood = Callable[[str], str | None]


def calm(_: str) -> str | None:
    return None


class MoodyMailbox(Mailbox):
    """``on_sender``, ``on_recipient`` and ``on_data`` give an SMTP answer for an address, DROP or HANG, or None to go on.
    ``DROP`` on data closes the connection after the mail was kept and before it is answered. ``features`` are announced
    besides its own."""

    def __init__(self) -> None:
        super().__init__()
        self.reset()

    def reset(self) -> None:
        """Forget everything and be calm."""
        self.mails.clear()
        self.connections = 0
        self.features: tuple[str, ...] = ()
        self.on_sender: Mood = calm
        self.on_recipient: Mood = calm
        self.on_data: Mood = calm

    def recipients(self) -> list[str]:
        return [str(mail["To"]) for mail in self.mails]

    async def handle_EHLO(self, server: Any, session: Any, envelope: Any, hostname: str, responses: list[str]) -> list[str]:
        self.connections += 1
        session.host_name = hostname
        return [*responses[:-1], *(f"250-{each}" for each in self.features), responses[-1]]

    async def handle_MAIL(self, server: Any, session: Any, envelope: Any, address: str, options: list[str]) -> str:
        answer = await self._answer(server, self.on_sender(address))
        if answer.startswith("250"):
            envelope.mail_from = address
        return answer

    async def handle_RCPT(self, server: Any, session: Any, envelope: Any, address: str, options: list[str]) -> str:
        answer = await self._answer(server, self.on_recipient(address))
        if answer.startswith("250"):
            envelope.rcpt_tos.append(address)
        return answer

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:
        mood = self.on_data(envelope.rcpt_tos[0])
        if mood in (None, DROP):
            await super().handle_DATA(server, session, envelope)
        return await self._answer(server, mood)

    async def _answer(self, server: Any, mood: str | None) -> str:
        if mood == HANG:
            await asyncio.sleep(5)
        if mood == DROP:
            server.transport.abort()
        return "250 fine" if mood in (None, DROP, HANG) else mood


@contextmanager
def moody_mailbox() -> Iterator[MoodyMailbox]:
    found = MoodyMailbox()
    try:
        yield found
    finally:
        found.close()
