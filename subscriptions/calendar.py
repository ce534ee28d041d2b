"""Deadlines for calendars (RFC 5545): a file that goes with a mail, and a person's own feed."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import cache, lru_cache
from urllib.parse import quote
from uuid import NAMESPACE_URL, uuid5
from zoneinfo import ZoneInfo

from icalendar import Alarm, Calendar, Event

from domain import clock
from domain.deadline import DeadlineKind, closing_text, days_left
from domain.notice import NoticeStatus
from storage.emails import Attachment
from storage.follows import Standing
from storage.notices import StoredNotice
from subscriptions.gist import line
from subscriptions.inert import one_line, web_link
from subscriptions.phrases import say
from subscriptions.render import SERVICE

MOST_IN_MAIL = 5
"""Deadlines in the file of one mail: more would flood the calendar of whoever opens it."""
ALARMS = (timedelta(days=-7, hours=9), timedelta(days=-1, hours=9))
"""When a calendar speaks up, from the beginning of the day: at nine in the morning a week before, and the day before."""
REFRESH = timedelta(hours=6)


@dataclass(frozen=True, slots=True)
class Entry:
    """A deadline in a calendar. ``market`` is where its day ends; ``sequence`` is when what it follows from last changed,
    so that calendars know the newer one, whichever notice of a case states it."""

    stored: StoredNotice
    what: DeadlineKind
    on: date
    market: str
    sequence: int

    def __hash__(self) -> int:
        return hash((self.stored.id, self.what, self.on, self.sequence))

    @property
    def is_cancelled(self) -> bool:
        """Whether the publisher has withdrawn the notice."""
        return self.stored.status is NoticeStatus.WITHDRAWN

    def is_open(self, zone: ZoneInfo) -> bool:
        """Whether it lies ahead."""
        return not self.is_cancelled and days_left(self.on, self.what, self.market, zone) >= 0

    @property
    def uid(self) -> str:
        """Its name in all calendars: that of the notice, as its publisher calls it, and the kind of the date."""
        parts = ("zonewatch", *self.stored.notice.key, self.what.value)
        return str(uuid5(NAMESPACE_URL, ":".join(quote(part, safe="", errors="surrogatepass") for part in parts)))


def entries(found: Standing) -> list[Entry]:
    """The deadlines of a notice; of one that was withdrawn those that it had, cancelled."""
    notice = found.stored.notice
    had = {DeadlineKind.COMMENT: notice.comment_deadline, DeadlineKind.EFFECTIVE: notice.effective_on}
    dates = found.dates if found.stored.status is NoticeStatus.ACTIVE else {what: on for what, on in had.items() if on}
    return [Entry(found.stored, what, on, found.source_of(what).notice.market, _sequence(found.changed_at))
            for what, on in dates.items()]


def _sequence(changed_at: datetime) -> int:
    """Minutes, which fit the 31 bits that calendars keep; within one of them, DTSTAMP decides."""
    return int(changed_at.timestamp()) // 60


def comment_entries(notices: Iterable[StoredNotice], zone: ZoneInfo) -> list[Entry]:
    """The comment deadlines that lie ahead, of notices as they stand alone."""
    found = [Entry(each, DeadlineKind.COMMENT, each.notice.comment_deadline, each.notice.market, _sequence(each.changed_at))
             for each in notices if each.notice.comment_deadline]
    return [each for each in found if each.is_open(zone)]


def attached(found: Sequence[Entry], base_url: str, lang: str, zone: ZoneInfo) -> tuple[Attachment, ...]:
    """The file that a mail about these deadlines carries: one for all of them, the nearest MOST_IN_MAIL; none for none."""
    nearest = sorted(found, key=lambda each: each.on)[:MOST_IN_MAIL]
    return (deadline_file(nearest, base_url, lang, zone),) if nearest else ()


def deadline_file(found: Sequence[Entry], base_url: str, lang: str, zone: ZoneInfo) -> Attachment:
    """A calendar file of these deadlines."""
    name = say("评议截止日期" if all(each.what is DeadlineKind.COMMENT for each in found) else "截止日期", lang)
    return Attachment(f"{name}.ics", "text/calendar; method=PUBLISH", _text(_published(), found, base_url, lang, zone))


@cache
def _published() -> str:
    """An empty calendar as files of mails have it."""
    written = _calendar()
    written.add("method", "PUBLISH")
    return str(written.to_ical(), "utf-8")


def feed(found: Sequence[Entry], base_url: str, lang: str, zone: ZoneInfo) -> str:
    """A calendar to subscribe to."""
    written = _calendar()
    name = say("{service} · 关注的截止日期", lang, service=say(SERVICE, lang))
    written.add("name", name)
    written.add("x-wr-calname", name)
    written.add("refresh-interval", REFRESH, parameters={"VALUE": "DURATION"})
    written.add("x-published-ttl", "PT6H")
    return _text(str(written.to_ical(), "utf-8"), found, base_url, lang, zone)


def _calendar() -> Calendar:
    written = Calendar()
    written.add("prodid", "-//zonewatch//deadlines//ZH")
    written.add("version", "2.0")
    written.add("calscale", "GREGORIAN")
    return written


def _text(written: str, found: Iterable[Entry], base_url: str, lang: str, zone: ZoneInfo) -> str:
    """An empty calendar with these deadlines in it. Each is written once for all who are told it: writing takes longer than
    a mail."""
    head, end, rest = written.rpartition("END:VCALENDAR")
    return head + "".join([_event(each, base_url, lang, zone) for each in found]) + end + rest


@lru_cache(maxsize=2000)
def _event(entry: Entry, base_url: str, lang: str, zone: ZoneInfo) -> str:
    """An event of a whole day, at which nobody is busy."""
    name = title(entry, lang)
    event = Event()
    event.add("uid", entry.uid)
    event.add("sequence", entry.sequence)
    event.add("dtstamp", clock.now())
    event.add("last-modified", entry.stored.changed_at)
    event.add("dtstart", entry.on)
    event.add("dtend", min(entry.on, date.max - timedelta(days=1)) + timedelta(days=1))
    event.add("summary", name)
    event.add("description", "\n".join(_description(entry, base_url, lang, zone)))
    event.add("url", f"{base_url}/notices/{entry.stored.id}")
    event.add("status", "CANCELLED" if entry.is_cancelled else "CONFIRMED")
    event.add("transp", "TRANSPARENT")
    for trigger in () if entry.is_cancelled else ALARMS:
        alarm = Alarm()
        alarm.add("action", "DISPLAY")
        alarm.add("description", name)
        alarm.add("trigger", trigger)
        event.add_component(alarm)
    return str(event.to_ical(), "utf-8")


def title(entry: Entry, lang: str) -> str:
    """A deadline in a few words."""
    found = line(entry.stored, "", lang)
    phrase = "评议截止：{about} · {market}" if entry.what is DeadlineKind.COMMENT else "生效：{about} · {market}"
    return say(phrase, lang, about=found.about, market=found.market)


def _description(entry: Entry, base_url: str, lang: str, zone: ZoneInfo) -> Iterator[str]:
    """What a reader of the calendar needs: until when to the minute, what it is about, where it stands."""
    notice = entry.stored.notice
    if entry.is_cancelled:
        yield say("发布机构已撤回这条信息，或已不再列出。", lang)
    elif entry.what is DeadlineKind.COMMENT:
        yield say("评议截止：{text}", lang, text=closing_text(entry.on, entry.market, zone, lang))
    yield one_line(notice.title, 300)
    yield one_line(notice.external_id, 100)
    yield say("详情：{link}", lang, link=f"{base_url}/notices/{entry.stored.id}")
    if web_link(notice.url):
        yield say("原文：{link}", lang, link=web_link(notice.url))
