"""What delivery asks of a way out."""

from __future__ import annotations

from email.message import EmailMessage
from typing import Protocol

from domain.errors import ZonewatchError


class Unreachable(ZonewatchError):
    """The channel as a whole cannot be used now: no mail is to blame, all wait."""


class Postponed(ZonewatchError):
    """This mail was not taken now; the same mail may be taken later."""


class Broken(Postponed):
    """The connection broke or hung over this mail; whether it was taken is not known."""


class Refused(ZonewatchError):
    """This mail will never be taken."""


class MailChannel(Protocol):
    """Takes mails one by one. It may keep a connection open between them; ``close`` ends it."""

    def send(self, message: EmailMessage, sender: str, recipient: str) -> None:
        """Hand over one mail; returns once the other side accepted it. ``sender`` and ``recipient`` are bare addresses.

        Raises Unreachable, Postponed, Broken or Refused, each with a sentence for the operator.
        """

    def close(self) -> None:
        """End the connection, if there is one."""
