"""Zones, organisations and the roles of people in them."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import NamedTuple

from domain.digest import HOME
from domain.errors import InvalidValue
from domain.quiet import Quiet


class OrganisationKind(StrEnum):
    """What an organisation is to its zone."""

    ENTERPRISE = "enterprise"
    ASSOCIATION = "association"
    ZONE_OFFICE = "zone_office"
    PARTNER = "partner"


class Role(StrEnum):
    """What a person may do in an organisation: member reads, editor publishes bulletins, official sees the proofs."""

    MEMBER = "member"
    EDITOR = "editor"
    OFFICIAL = "official"


class Membership(NamedTuple):
    """A role of a person in an organisation of a zone."""

    role: Role
    organisation_id: int
    zone_id: int


class AddressState(StrEnum):
    """How mail to an address fares: good; held for a while after soft bounces; suspended after many of them; ended by a
    hard bounce or a complaint."""

    GOOD = "good"
    HELD = "held"
    SUSPENDED = "suspended"
    ENDED = "ended"


@dataclass(frozen=True, slots=True)
class Zone:
    """An export zone."""

    id: int
    slug: str
    name: str
    name_en: str
    industries: tuple[str, ...]
    time_zone: str


@dataclass(frozen=True, slots=True)
class Person:
    """A person with the address that mail goes to; ``email`` is empty as long as none is verified. ``time_zone`` is where
    they are: as they said, else that of their zone; ``told_of_outages`` whether they want mail about those of sources."""

    id: int
    name: str
    lang: str
    is_operator: bool
    email: str
    roles: tuple[Membership, ...] = ()
    time_zone: str = HOME
    quiet: Quiet | None = None
    told_of_outages: bool = True
    is_erased: bool = False

    def quiet_until(self, now: datetime) -> datetime | None:
        """When the quiet hours end in which they are; None when mail may go."""
        return self.quiet.until(self.time_zone, now) if self.quiet else None

    @property
    def zone_id(self) -> int | None:
        """The zone they belong to: that of the organisation they joined first."""
        return self.roles[0].zone_id if self.roles else None


_LOCAL = re.compile(r"[\w!#$%&'*+/=?^`{|}~-]+(\.[\w!#$%&'*+/=?^`{|}~-]+)*")
_HOST_LABEL = re.compile(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?")


def checked_email(text: str) -> str:
    """A mail address in the form it is kept in: trimmed, full-width signs made plain, the domain in lower-case ASCII.
    Raises InvalidValue when it cannot be an address on the public net."""
    local, _, host = unicodedata.normalize("NFKC", text).strip().replace("。", ".").rpartition("@")
    if not _LOCAL.fullmatch(local) or len(local.encode("utf-8", "replace")) > 64 or not local.isprintable():
        raise InvalidValue("邮箱地址不正确，应形如 name@example.com")
    return f"{local}@{_checked_host(host)}"


def _checked_host(host: str) -> str:
    try:
        name = host.lower().encode("idna").decode("ascii")
    except UnicodeError:
        name = ""
    labels = name.split(".")
    if (len(name) > 190 or len(labels) < 2 or labels[-1].isdigit()
            or not all(_HOST_LABEL.fullmatch(label) for label in labels)):
        raise InvalidValue("邮箱地址 @ 后面的域名不正确，应形如 name@example.com")
    return name


def mailbox(email: str) -> str:
    """The mailbox behind a checked address: letter case and a ``+tag`` in front of the @ lead to the same one."""
    local, _, host = email.rpartition("@")
    return f"{local.partition('+')[0].casefold() or local}@{host}"


_USCC = "0123456789ABCDEFGHJKLMNPQRTUWXY"
_WEIGHTS = (1, 3, 9, 27, 19, 26, 16, 17, 20, 29, 25, 13, 8, 24, 10, 30, 28)


def checked_uscc(code: str) -> str:
    """A 统一社会信用代码 (GB 32100-2015, 18 signs, last one a check sign) in upper case. Raises InvalidValue."""
    code = code.strip().upper()
    if len(code) != 18 or any(sign not in _USCC for sign in code):
        raise InvalidValue("统一社会信用代码应为 18 位数字或大写字母（不含 I、O、S、V、Z）")
    total = sum(_USCC.index(sign) * weight for sign, weight in zip(code, _WEIGHTS, strict=False))
    if _USCC[(31 - total % 31) % 31] != code[17]:
        raise InvalidValue("统一社会信用代码校验位不符，请核对")
    return code
