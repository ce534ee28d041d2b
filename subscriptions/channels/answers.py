"""What a refusing answer of an SMTP server means for the mail, and for the address."""

from __future__ import annotations

import re

from domain.errors import ZonewatchError
from subscriptions.channels.port import Postponed, Refused, Suppressed, TooLong, Unreachable

_HOPELESS_FOR_ALL = frozenset((500, 501, 502, 503, 530, 534, 535, 538, 550, 553, 554))
"""Codes that, said of our sender address, say that the server lets none of our mail in."""
_STATUS = re.compile(r"\b([245]\.\d{1,3}\.\d{1,3})\b")
_TOO_LONG = frozenset(("5.3.4", "5.2.3"))
_FULL = frozenset(("5.2.2", "4.2.2"))
_NO_SUCH = frozenset(("5.1.1", "5.1.2", "5.1.3", "5.1.6", "5.1.10", "5.2.1"))
"""RFC 3463 and 7505: no such mailbox or host, moved without a trace, takes no mail, disabled."""
_SAYS_TOO_LONG = re.compile(r"too (long|large|big)|exceed\w*.{0,40}(size|maximum|limit)|(size|length) (limit )?exceed", re.I)
_SAYS_FULL = re.compile(r"mailbox.{0,20}full|over ?quota|quota.{0,20}exceed|insufficient", re.I)
_SAYS_SUPPRESSED = re.compile(r"suppress", re.I)


def text_of(answer: tuple[int, bytes]) -> str:
    """An answer for the operator."""
    code, text = answer
    return f"{code} {text.decode('utf-8', 'replace')}"


def refusal(answer: tuple[int, bytes], of_sender: bool, host: str) -> ZonewatchError:
    """What to raise for an answer that is no success; ``of_sender`` when it was said of our own address.

    A full mailbox may be emptied, whatever code says so. Only a status that speaks of the address itself, or a provider's
    word that it suppresses the address, is held against the address: a bare 550 is often a spam filter's.
    """
    said = text_of(answer)
    code, status = answer[0], _status(said)
    if status in _FULL or _SAYS_FULL.search(said):
        return Postponed(said)
    if code >= 500 and (status in _TOO_LONG or code == 552 or _SAYS_TOO_LONG.search(said)):
        return TooLong(said)
    if of_sender and code in _HOPELESS_FOR_ALL:
        return Unreachable(f"mail server {host} does not take mail from our address: {said}")
    if code >= 500 and not of_sender and (status in _NO_SUCH or _SAYS_SUPPRESSED.search(said)):
        return Suppressed(said)
    return (Refused if code >= 500 else Postponed)(said)


def _status(said: str) -> str:
    found = _STATUS.search(said)
    return found[1] if found else ""
