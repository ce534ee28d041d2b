"""What the page of one's own subscriptions shows: when each is told next, and what can be chosen."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, time
from zoneinfo import ZoneInfo

from domain import clock
from domain.digest import following
from domain.organisation import Person
from domain.subscription import Frequency, Subscription, SubscriptionState, Topic
from subscriptions.service import SubscriptionService
from webapp.i18n import N_, gettext

TIME_ZONES: Mapping[str, str] = {
    "Asia/Shanghai": N_("北京、上海"), "Asia/Hong_Kong": N_("香港"), "Asia/Tokyo": N_("东京"),
    "Asia/Singapore": N_("新加坡"), "Asia/Kolkata": N_("新德里"), "Asia/Dubai": N_("迪拜"), "Europe/Moscow": N_("莫斯科"),
    "Africa/Johannesburg": N_("约翰内斯堡"), "Europe/Berlin": N_("柏林、巴黎"), "Europe/London": N_("伦敦"),
    "America/Sao_Paulo": N_("圣保罗"),
    "America/New_York": N_("纽约"), "America/Mexico_City": N_("墨西哥城"), "America/Los_Angeles": N_("洛杉矶"),
    "Australia/Sydney": N_("悉尼"),
}
"""What can be chosen; another one that a person has stays."""


@dataclass(frozen=True, slots=True)
class MyPage:
    """Everything the template needs. ``said`` is the time zone that the person chose, if they did; ``own`` the one they are
    in; ``next`` when each subscription is told next where that is certain, by its id."""

    subscriptions: Sequence[Subscription]
    next: Mapping[int, datetime]
    paused: Mapping[int, datetime]
    said: str
    own: str
    zone: ZoneInfo
    time_zones: Mapping[str, str]
    quiet: tuple[str, str] | None
    told_of_outages: bool


def my_page(person: Person, found: Sequence[Subscription], service: SubscriptionService) -> MyPage:
    """Put the page together."""
    now, said = clock.now(), service.said_time_zone(person.id)
    zones = {name: gettext(text) for name, text in TIME_ZONES.items()}
    return MyPage(
        found, {each.id: _next(each, person, now) for each in found if _is_told(each)},
        {each.id: each.paused_until for each in found if each.paused_until and each.is_paused(now)},
        said, zones.get(person.time_zone, person.time_zone), ZoneInfo(person.time_zone),
        zones | ({said: said} if said and said not in zones else {}),
        (_clock(person.quiet.begin), _clock(person.quiet.end)) if person.quiet else None,
        person.told_of_outages)


def _is_told(each: Subscription) -> bool:
    return (each.topic is Topic.NOTICES and each.state is SubscriptionState.ACTIVE
            and each.frequency is not Frequency.IMMEDIATE)


def _next(each: Subscription, person: Person, now: datetime) -> datetime:
    """The next digest, the first after a pause; quiet hours may hold it up."""
    found = following(each.frequency, person.time_zone, now).at
    while each.is_paused(found):
        found = following(each.frequency, person.time_zone, found).at
    return person.quiet_until(found) or found


def _clock(minute: int) -> str:
    return f"{time(minute // 60, minute % 60):%H:%M}"
