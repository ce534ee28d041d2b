"""How a person wants to be told: what they choose for a subscription, and for themselves."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from domain import clock
from domain.digest import HOME, MORNING
from domain.errors import InvalidValue, NotFound
from domain.organisation import Person
from domain.quiet import Quiet
from domain.subscription import Frequency, SubscriptionState, Topic
from storage import organisations, subscriptions, whereabouts
from storage.session import Database
from subscriptions.estimate import check, estimate
from subscriptions.inert import one_line
from subscriptions.phrases import say

LONGEST_PAUSE = 366
MAX_LABEL = 100


@dataclass(frozen=True, slots=True)
class Choice:
    """What a person chooses for a subscription: its name (empty: as before), how often it is told, whether red notices go
    at once, and the morning on which a pause ends."""

    label: str = ""
    frequency: Frequency = Frequency.IMMEDIATE
    red_at_once: bool = False
    paused_until: date | None = None


def choose(db: Database, person_id: int, subscription_id: int, choice: Choice, lang: str = "zh") -> None:
    """Keep a choice for a subscription of the person; what waits to be told follows it. Raises NotFound when the
    subscription is not theirs or has ended, InvalidValue for a pause that ends today or in more than a year,
    TooBroad where single mails would be too many."""
    with db.read() as session:
        known = subscriptions.by_ids(session, [subscription_id]).get(subscription_id)
    if known and known.topic is Topic.NOTICES and known.person_id == person_id and choice.frequency is not known.frequency:
        check(estimate(db, known.criteria), choice.frequency, lang)
    with db.write() as session:
        found = subscriptions.by_ids(session, [subscription_id]).get(subscription_id)
        if found is None or found.person_id != person_id or found.state is SubscriptionState.ENDED:
            raise NotFound(f"there is no subscription {subscription_id}")
        until = _end_of_pause(organisations.person(session, person_id), choice.paused_until, lang)
        subscriptions.choose(session, subscription_id, one_line(choice.label, MAX_LABEL) or found.label,
                             choice.frequency, choice.red_at_once, until)


def _end_of_pause(person: Person, on: date | None, lang: str) -> datetime | None:
    if on is None:
        return None
    zone = ZoneInfo(person.time_zone)
    days = (on - clock.now().astimezone(zone).date()).days
    if not 0 < days <= LONGEST_PAUSE:
        raise InvalidValue(say("暂停的结束日期应在明天至一年之内", lang))
    return datetime.combine(on, MORNING, zone).astimezone(UTC)


def rest(db: Database, person_id: int, time_zone: str, quiet: tuple[int, int] | None, lang: str = "zh") -> None:
    """Keep where a person is (empty: where their zone is) and the minutes of the day between which they want no mail that
    can wait. Raises InvalidValue for what is no time zone and no time of rest."""
    try:
        ZoneInfo(time_zone or HOME)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise InvalidValue(say("没有这个时区", lang)) from None
    if quiet and quiet[0] == quiet[1]:
        raise InvalidValue(say("免打扰的开始和结束时间不能相同", lang))
    hours = Quiet(*quiet) if quiet else None
    with db.write() as session:
        whereabouts.set_rest(session, person_id, time_zone or None, hours)
