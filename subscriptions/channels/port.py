"""What delivery asks of a way out."""

from __future__ import annotations

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


class TooLong(Refused):
    """This mail is longer than the other side takes; a shorter one may pass."""


class Suppressed(Refused):
    """No mail will be taken for this address: it does not exist, or the provider sends nothing to it any more."""


class MailChannel(Protocol):
    """Takes mails one by one. It may keep a connection open between them; ``close`` ends it."""

    def send(self, message: bytes, sender: str, recipient: str) -> None:
        """Hand over one mail, in the form of the wire; returns once the other side accepted it. ``sender`` and ``recipient``
        are bare addresses.

        Raises Unreachable, Postponed, Broken, Refused, TooLong or Suppressed, each with a sentence for the operator.
        """

    def rest(self) -> None:
        """Nothing is to be sent for now: a connection that has long been idle is ended."""

    def close(self) -> None:
        """End the connection, if there is one."""
