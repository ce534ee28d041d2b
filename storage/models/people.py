"""Zone ⊃ Organisation ⊃ Membership; Person with verified addresses; Subscription."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, UniqueConstraint, false, true
from sqlalchemy.orm import Mapped, mapped_column

from storage.models.base import Base


class ZoneRow(Base):
    """An export zone; everything an association or office writes carries one."""

    __tablename__ = "zones"
    id: Mapped[int] = mapped_column(primary_key=True)
    slug: Mapped[str] = mapped_column(unique=True)
    name: Mapped[str]
    name_en: Mapped[str]
    industries: Mapped[list[str]]
    time_zone: Mapped[str]


class OrganisationRow(Base):
    """An enterprise, association, zone office or partner of a zone."""

    __tablename__ = "organisations"
    __table_args__ = (UniqueConstraint("zone_id", "name"),)
    id: Mapped[int] = mapped_column(primary_key=True)
    zone_id: Mapped[int] = mapped_column(ForeignKey("zones.id"))
    kind: Mapped[str]
    name: Mapped[str]
    uscc: Mapped[str | None] = mapped_column(unique=True)


class PersonRow(Base):
    """A person is one or more verified addresses. ``time_zone`` is None for that of their zone; quiet hours are minutes of
    the day. ``totp_secret`` is sealed, ``totp_last_step`` the last one used; ``calendar_no`` is in the address of their
    calendar, so that a new number ends the old address. ``told_of_outages`` is whether they want mail about those of
    sources."""

    __tablename__ = "persons"
    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(default="")
    lang: Mapped[str] = mapped_column(default="zh")
    is_operator: Mapped[bool] = mapped_column(default=False)
    created_at: Mapped[datetime]
    time_zone: Mapped[str | None]
    quiet_from: Mapped[int | None]
    quiet_until: Mapped[int | None]
    told_of_outages: Mapped[bool] = mapped_column(default=True, server_default=true())
    totp_secret: Mapped[str | None]
    totp_since: Mapped[datetime | None]
    totp_last_step: Mapped[int | None]
    calendar_no: Mapped[int] = mapped_column(default=0, server_default="0")
    erased_at: Mapped[datetime | None]


class AddressRow(Base):
    """A mail address; no mail but its own confirmation goes to one that is not verified. ``delivery`` is an AddressState;
    ``soft_bounces`` counts those since the last good delivery, until ``held_until`` nothing is sent."""

    __tablename__ = "addresses"
    id: Mapped[int] = mapped_column(primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("persons.id"), index=True)
    email: Mapped[str] = mapped_column(unique=True)
    verified_at: Mapped[datetime | None]
    delivery: Mapped[str] = mapped_column(default="good", server_default="good")
    soft_bounces: Mapped[int] = mapped_column(default=0, server_default="0")
    held_until: Mapped[datetime | None]
    ended_why: Mapped[str | None]


class MembershipRow(Base):
    """The role of a person in an organisation."""

    __tablename__ = "memberships"
    __table_args__ = (UniqueConstraint("person_id", "organisation_id"),)
    id: Mapped[int] = mapped_column(primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("persons.id"))
    organisation_id: Mapped[int] = mapped_column(ForeignKey("organisations.id"))
    role: Mapped[str]


class SubscriptionRow(Base):
    """What a person, for themselves or for an organisation, wants to be told. One with an organisation may be joined by
    colleagues: their own rows name it in ``shared_id``. ``reminds`` follows what it matches, for reminders of deadlines."""

    __tablename__ = "subscriptions"
    __table_args__ = (Index("ix_subscriptions_frequency_topic_state", "frequency", "topic", "state"),)
    id: Mapped[int] = mapped_column(primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("persons.id"), index=True)
    organisation_id: Mapped[int | None] = mapped_column(ForeignKey("organisations.id"))
    zone_id: Mapped[int | None] = mapped_column(ForeignKey("zones.id"))
    topic: Mapped[str]
    label: Mapped[str]
    criteria: Mapped[dict[str, Any]]
    state: Mapped[str] = mapped_column(index=True)
    created_at: Mapped[datetime]
    confirmed_at: Mapped[datetime | None]
    ended_at: Mapped[datetime | None]
    ended_why: Mapped[str | None]
    frequency: Mapped[str] = mapped_column(default="immediate", server_default="immediate")
    red_at_once: Mapped[bool] = mapped_column(default=False, server_default=false())
    paused_until: Mapped[datetime | None]
    reminds: Mapped[bool] = mapped_column(default=False, server_default=false())
    shared_id: Mapped[int | None] = mapped_column(ForeignKey("subscriptions.id"))


class SubscriptionEditRow(Base):
    """When the owner of a subscription changed its criteria, and what they were before."""

    __tablename__ = "subscription_edits"
    id: Mapped[int] = mapped_column(primary_key=True)
    subscription_id: Mapped[int] = mapped_column(ForeignKey("subscriptions.id"), index=True)
    at: Mapped[datetime]
    before: Mapped[dict[str, Any]]


class ConsentRow(Base):
    """A person agreed to a version of the text on their data, or took it back; only ever added to."""

    __tablename__ = "consents"
    id: Mapped[int] = mapped_column(primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("persons.id"), index=True)
    version: Mapped[str]
    given: Mapped[bool]
    at: Mapped[datetime]


class SignInRow(Base):
    """One way in: a mail with a link and a code, or a code on paper. Codes are kept hashed; used once. One without a person
    was asked for by an address that nobody has confirmed: it leads nowhere, and looks like any other from outside."""

    __tablename__ = "sign_ins"
    id: Mapped[int] = mapped_column(primary_key=True)
    person_id: Mapped[int | None] = mapped_column(ForeignKey("persons.id"), index=True)
    kind: Mapped[str]
    code_hash: Mapped[str]
    issued_by: Mapped[int | None] = mapped_column(ForeignKey("persons.id"))
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    tries: Mapped[int] = mapped_column(default=0)
    used_at: Mapped[datetime | None]


class AttemptRow(Base):
    """Somebody did something that is limited; ``key`` is a keyed hash of the address, network or domain it counts for."""

    __tablename__ = "attempts"
    __table_args__ = (Index("ix_attempts_what_key_at", "what", "key", "at"),)
    id: Mapped[int] = mapped_column(primary_key=True)
    what: Mapped[str]
    key: Mapped[str]
    at: Mapped[datetime]
