"""How often anybody may ask: per address, network and domain, the same for addresses that are known and that are not."""

from __future__ import annotations

import math
from datetime import timedelta

from domain.errors import ZonewatchError
from domain.mail_hosts import is_hoster
from domain.organisation import mailbox
from storage.attempts import Limit
from storage.emails import Purpose
from storage.sealed import fingerprint
from subscriptions.phrases import say

MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
MAILS_PER_HOUR = 3
MAILS_PER_DAY = {Purpose.CONFIRM: 24, Purpose.SIGN_IN: 10}
"""To one address. With five tries a mail, ten sign-in mails a day are fifty guesses at a million codes."""
NETWORK_PER_HOUR, NETWORK_PER_DAY = 20, 100
DOMAIN_PER_HOUR, HOSTER_PER_HOUR = 100, 2_000
POSTS_PER_MINUTE = 1_000
PAPERS_PER_HOUR, PAPERS_PER_DAY = 10, 30
SECONDS_PER_QUARTER, SECONDS_PER_DAY = 5, 20
"""Codes of the second factor that a person may try, right ones included."""
QUARTER = timedelta(minutes=15)


class LimitReached(ZonewatchError):
    """Something was done too often for now; ``wait`` says for how long."""

    def __init__(self, message: str, wait: timedelta) -> None:
        super().__init__(message)
        self.wait = wait


class Limits:
    """What is counted against whom. They are kept as keyed hashes only, for two days at most; an empty network counts for
    nobody."""

    def __init__(self, secret_key: str) -> None:
        self._secret = secret_key

    def mail(self, purpose: Purpose, email: str, network: str) -> list[Limit]:
        """A checked address is to be written to because somebody typed it."""
        host = email.rpartition("@")[2]
        to, at = self._key("address", mailbox(email)), self._key("domain", host)
        return [Limit(purpose.value, to, MAILS_PER_HOUR, HOUR), Limit(purpose.value, to, MAILS_PER_DAY[purpose], DAY),
                Limit("mail", at, HOSTER_PER_HOUR if is_hoster(host) else DOMAIN_PER_HOUR, HOUR),
                *self._of_network("mail", network, NETWORK_PER_HOUR, NETWORK_PER_DAY)]

    def post(self, network: str) -> list[Limit]:
        """Anything is to be done by pressing a button, or by a mail program in its place."""
        return [Limit("post", self._key("network", network), POSTS_PER_MINUTE, MINUTE)]

    def paper(self, network: str) -> list[Limit]:
        """A code from paper was typed."""
        return self._of_network("paper", network, PAPERS_PER_HOUR, PAPERS_PER_DAY)

    def second_factor(self, person_id: int) -> list[Limit]:
        """A code of a person's second factor was typed."""
        who = self._key("person", str(person_id))
        return [Limit("second", who, SECONDS_PER_QUARTER, QUARTER), Limit("second", who, SECONDS_PER_DAY, DAY)]

    def _of_network(self, what: str, network: str, per_hour: int, per_day: int) -> list[Limit]:
        by = self._key("network", network)
        return [Limit(what, by, per_hour, HOUR), Limit(what, by, per_day, DAY)] if network else []

    def _key(self, kind: str, value: str) -> str:
        return fingerprint(self._secret, f"attempts of a {kind}", value)


def refuse_mail(wait: timedelta | None, lang: str) -> None:
    """Raise LimitReached when ``attempts.take`` says to wait before another mail."""
    if wait is not None:
        raise LimitReached(say("请求过于频繁，请在 {minutes} 分钟后再试。一小时内最多向同一邮箱发送 3 封此类邮件，"
                               "请先查收邮箱（包括垃圾邮件）。", lang, minutes=_minutes(wait)), wait)


def refuse_try(wait: timedelta | None, lang: str) -> None:
    """Raise LimitReached when ``attempts.take`` says to wait before another try."""
    if wait is not None:
        raise LimitReached(say("尝试次数过多，请在 {minutes} 分钟后再试。", lang, minutes=_minutes(wait)), wait)


def _minutes(wait: timedelta) -> int:
    return max(1, math.ceil(wait / MINUTE))
