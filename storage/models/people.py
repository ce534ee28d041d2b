"""Zone ⊃ Organisation ⊃ Membership; Person with verified addresses; Subscription."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, UniqueConstraint
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
    """A person is one or more verified addresses."""

    __tablename__ = "persons"
    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(default="")
    lang: Mapped[str] = mapped_column(default="zh")
    is_operator: Mapped[bool] = mapped_column(default=False)
    created_at: Mapped[datetime]


class AddressRow(Base):
    """A mail address; no mail but its own confirmation goes to one that is not verified."""

    __tablename__ = "addresses"
    id: Mapped[int] = mapped_column(primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("persons.id"), index=True)
    email: Mapped[str] = mapped_column(unique=True)
    verified_at: Mapped[datetime | None]


class MembershipRow(Base):
    """The role of a person in an organisation."""

    __tablename__ = "memberships"
    __table_args__ = (UniqueConstraint("person_id", "organisation_id"),)
    id: Mapped[int] = mapped_column(primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("persons.id"))
    organisation_id: Mapped[int] = mapped_column(ForeignKey("organisations.id"))
    role: Mapped[str]


class SubscriptionRow(Base):
    """What a person, for themselves or for an organisation, wants to be told."""

    __tablename__ = "subscriptions"
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
