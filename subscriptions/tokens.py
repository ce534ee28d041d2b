"""Signed links in mails. Each is good for one purpose only: a link to unsubscribe never signs anybody in."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from itsdangerous import BadData, SignatureExpired, TimestampSigner, URLSafeSerializer, URLSafeTimedSerializer

from domain import clock
from domain.errors import ZonewatchError

CONFIRM_LIFE = timedelta(days=7)
SIGN_IN_LIFE = timedelta(minutes=10)
ADDRESS_LIFE = timedelta(days=1)

_REASONS = {
    "broken": ("链接不完整或不正确，请从邮件中完整复制链接后重试",
               "The link is incomplete or wrong. Copy the whole link from the mail."),
    "expired": ("链接已过期，请重新申请", "The link has expired. Please ask for a new one."),
    "used": ("此登录邮件已经用过，或已有更新的一封。如果刚刚登录成功，无需再次操作；否则请重新登录",
             "This sign-in mail has been used, or there is a newer one. If you have just signed in there is nothing more to "
             "do; otherwise sign in again."),
    "ended": ("该订阅已经结束，如仍需要请重新订阅", "This subscription has ended. Subscribe again if you still want it."),
}


class BadToken(ZonewatchError):
    """A link that cannot be used; ``why`` is broken, expired, used or ended."""

    def __init__(self, why: str) -> None:
        super().__init__(_REASONS[why][0])
        self.why = why

    def text(self, lang: str = "zh") -> str:
        """What is wrong with the link, in ``zh`` or ``en``."""
        return _REASONS[self.why][0 if lang.startswith("zh") else 1]


@dataclass(frozen=True, slots=True)
class Confirmation:
    """What a confirmation link says: this address, reading this language, wants this subscription, and its owner agreed to
    this version of the text on their data."""

    subscription_id: int
    email: str
    lang: str
    consent: str = ""


@dataclass(frozen=True, slots=True)
class Leave:
    """What an unsubscribe link offers to end: these subscriptions of a person, or (none named) all to notices."""

    person_id: int
    subscription_ids: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class SignIn:
    """What a sign-in link says: whoever reads this address may use this way in."""

    sign_in_id: int
    email: str


@dataclass(frozen=True, slots=True)
class NewAddress:
    """What the link to a new address says: whoever reads it is this person, who asked for that."""

    person_id: int
    email: str


@dataclass(frozen=True, slots=True)
class Silence:
    """What a link in a reminder offers to end: the reminders of these notices, or (none named) of all that are followed."""

    person_id: int
    notice_ids: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class CalendarKey:
    """What the address of a calendar says: whose it is, and the number that the person's calendar had then."""

    person_id: int
    calendar_no: int


class _Signer(TimestampSigner):
    """Signs with the time of the house."""

    def get_timestamp(self) -> int:
        return int(clock.now().timestamp())


class Tokens:
    """Writes and reads links; each reader raises BadToken."""

    def __init__(self, secret_key: str) -> None:
        self._confirm = _serializer(secret_key, "confirm")
        self._unsubscribe = _serializer(secret_key, "unsubscribe")
        self._sign_in = _serializer(secret_key, "sign-in")
        self._mail = _serializer(secret_key, "mail")
        self._silence = _serializer(secret_key, "silence")
        self._outages = _serializer(secret_key, "outages")
        self._calendar = URLSafeSerializer(secret_key, salt="zonewatch.calendar")
        self._address = _serializer(secret_key, "address")
        self._reachable = _serializer(secret_key, "reachable")

    def confirm(self, subscription_id: int, email: str, lang: str, consent: str = "") -> str:
        """A link that confirms a subscription, good for seven days."""
        return str(self._confirm.dumps([subscription_id, email, lang, consent]))

    def read_confirm(self, token: str) -> Confirmation:
        """What a confirmation link says."""
        return Confirmation(*_read(self._confirm, token, CONFIRM_LIFE))

    def unsubscribe(self, person_id: int, subscription_ids: tuple[int, ...]) -> str:
        """A link that ends subscriptions; it never expires, since old mails must let their readers go too."""
        return str(self._unsubscribe.dumps([person_id, list(subscription_ids)]))

    def read_unsubscribe(self, token: str) -> Leave:
        """What an unsubscribe link offers."""
        person_id, subscription_ids = _read(self._unsubscribe, token, None)
        return Leave(person_id, tuple(subscription_ids))

    def mail(self, message_id: str) -> str:
        """A link to the notices that a mail told; good for as long as the mail is kept."""
        return str(self._mail.dumps(message_id.strip("<>")))

    def read_mail(self, token: str) -> str:
        """The Message-ID of the mail that a link is about."""
        return f"<{_read(self._mail, token, None)}>"

    def sign_in(self, sign_in_id: int, email: str) -> str:
        """A link that signs a person in, good for ten minutes, and once: ``storage.sign_ins`` keeps whether it was used."""
        return str(self._sign_in.dumps([sign_in_id, email]))

    def read_sign_in(self, token: str) -> SignIn:
        """Which way in a sign-in link is."""
        return SignIn(*_read(self._sign_in, token, SIGN_IN_LIFE))

    def silence(self, person_id: int, notice_ids: tuple[int, ...]) -> str:
        """A link that ends the reminders of notices; like that to unsubscribe it never expires."""
        return str(self._silence.dumps([person_id, list(notice_ids)]))

    def read_silence(self, token: str) -> Silence:
        """What a link in a reminder offers."""
        person_id, notice_ids = _read(self._silence, token, None)
        return Silence(person_id, tuple(notice_ids))

    def outages(self, person_id: int) -> str:
        """A link that ends mails about outages of sources; like that to unsubscribe it never expires."""
        return str(self._outages.dumps([person_id]))

    def read_outages(self, token: str) -> int:
        """Whom a link in a mail about outages is for."""
        (person_id,) = _read(self._outages, token, None)
        return int(person_id)

    def calendar(self, person_id: int, calendar_no: int) -> str:
        """The address of a person's calendar: the same each time, since programs keep it. It is good until the person's
        calendar gets another number."""
        return str(self._calendar.dumps([person_id, calendar_no]))

    def read_calendar(self, token: str) -> CalendarKey:
        """Whose calendar an address is of."""
        try:
            return CalendarKey(*self._calendar.loads(token))
        except BadData:
            raise BadToken("broken") from None

    def reachable(self, person_id: int, email: str) -> str:
        """A link that shows that mail reaches an address, good for seven days."""
        return str(self._reachable.dumps([person_id, email]))

    def read_reachable(self, token: str) -> NewAddress:
        """Whose address a link is for."""
        return NewAddress(*_read(self._reachable, token, CONFIRM_LIFE))

    def address(self, person_id: int, email: str) -> str:
        """A link that makes an address one of a person's, good for a day."""
        return str(self._address.dumps([person_id, email]))

    def read_address(self, token: str) -> NewAddress:
        """Whose an address is to become."""
        return NewAddress(*_read(self._address, token, ADDRESS_LIFE))


def _serializer(secret_key: str, purpose: str) -> URLSafeTimedSerializer:
    return URLSafeTimedSerializer(secret_key, salt=f"zonewatch.{purpose}", signer=_Signer)


def _read(serializer: URLSafeTimedSerializer, token: str, life: timedelta | None) -> Any:
    try:
        return serializer.loads(token, max_age=None if life is None else int(life.total_seconds()))
    except SignatureExpired:
        raise BadToken("expired") from None
    except BadData:
        raise BadToken("broken") from None
