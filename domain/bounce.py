"""What comes back for a mail, and what it says about the address that the mail went to."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum


class BounceKind(StrEnum):
    """hard: there is no such mailbox; soft: it could not take the mail for now; complaint: its reader marked the mail as
    spam; delivered: the mail arrived; rejected: this mail was not wanted, which says nothing about the address; unknown: not
    about a mail of ours, or not in a form that says what happened."""

    HARD = "hard"
    SOFT = "soft"
    COMPLAINT = "complaint"
    DELIVERED = "delivered"
    REJECTED = "rejected"
    UNKNOWN = "unknown"


HOLDS = tuple(timedelta(hours=hours) for hours in (2, 4, 8, 16, 32, 64))
"""How long an address is left alone after its first, second, … soft bounce; after one more it is suspended."""
QUIET = timedelta(days=5)
"""A mail for which nothing came back for so long has arrived: servers give up earlier."""
NO_MAILBOX = "there is no such mailbox"
SPAM = "its reader marked a mail as spam"
TOO_OFTEN = "mail came back for more than five days"


@dataclass(frozen=True, slots=True)
class Told:
    """An event as somebody told it. ``key`` is the same when it is told again; ``message_ids`` are those that the mail may
    have had, ``recipients`` the addresses it may have gone to; ``status`` is like 5.1.1."""

    key: str
    message_ids: tuple[str, ...]
    recipients: tuple[str, ...]
    kind: BounceKind
    status: str
    at: datetime


_NOBODY = re.compile(
    r"user unknown|unknown user|no such (?:user|mailbox|recipient|person)|(?:user|mailbox|recipient|account|address)"
    r"(?: is| was| has)?(?: not| non-?)[ -]?(?:found|exist)|does(?: not|n't) exist|invalid (?:recipient|mailbox)|unrouteable"
    r"|account (?:is )?(?:disabled|inactive)|用户不存在|收件人不存在|地址不存在", re.I)
_FULL = re.compile(r"quota|mailbox (?:is )?full|over ?limit|insufficient storage|邮箱已满|空间不足", re.I)
_MAIL_AT_FAULT = re.compile(
    r"spam|dt:spm|blacklist|block(?:ed|list)|policy|rejected by content|too large|size limit|垃圾邮件", re.I)
_HARD = frozenset(("1.0", "1.1", "1.2", "1.3", "1.6", "1.10", "2.1", "4.4"))


def kind_of(status: str, diagnostic: str = "") -> BounceKind:
    """What a failed delivery says, by its status (RFC 3463) and the words of the server. Words decide where the status
    does not; what neither tells apart is soft, so that no mailbox is given up on a guess."""
    if status.startswith("4."):
        return BounceKind.SOFT
    subject = status.removeprefix("5.")
    if subject.startswith("7.") or subject in ("2.3", "3.4") or subject.startswith("6."):
        return BounceKind.REJECTED
    if subject in _HARD:
        return BounceKind.HARD
    for words, kind in ((_FULL, BounceKind.SOFT), (_NOBODY, BounceKind.HARD), (_MAIL_AT_FAULT, BounceKind.REJECTED)):
        if words.search(diagnostic):
            return kind
    return BounceKind.SOFT


_STATUS = re.compile(r"(?<![\d.])([245]\.\d{1,3}\.\d{1,3})(?![\d.])")


def status_of(text: str) -> str:
    """The enhanced status in an answer of a server, such as ``550 5.1.1 no such user``; else one made of its code."""
    if found := _STATUS.search(text):
        return found[1]
    code = text.strip()[:1]
    return f"{code}.0.0" if code in ("2", "4", "5") else ""
