"""Following notices for their deadlines, and the calendar of what a person follows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from hashlib import sha256
from zoneinfo import ZoneInfo

from domain import clock
from domain.deadline import DeadlineKind, days_left
from domain.errors import Conflict, NotFound
from domain.notice import NoticeStatus
from domain.organisation import Person
from storage import follows, notices, organisations, subscriptions
from storage.emails import Attachment
from storage.follows import Standing
from storage.notices import StoredNotice
from storage.session import Database
from subscriptions import calendar
from subscriptions.calendar import Entry
from subscriptions.tokens import BadToken, Silence, Tokens

DAY = timedelta(days=1)
KEPT = timedelta(days=90)
"""How long a deadline that has passed stays in a calendar."""


@dataclass(frozen=True, slots=True)
class Followed:
    """A notice that a person follows, with its deadlines as they stand."""

    found: Standing
    by_subscription: bool

    @property
    def stored(self) -> StoredNotice:
        """The notice."""
        return self.found.stored


@dataclass(frozen=True, slots=True)
class OwnCalendar:
    """A person's calendar. ``tag`` stays the same as long as it says the same, whenever it is written."""

    person: Person
    entries: Sequence[Entry]
    tag: str


class DeadlineService:
    """Follows and calendars over the store."""

    def __init__(self, db: Database, secret_key: str, base_url: str) -> None:
        self._db = db
        self._tokens = Tokens(secret_key)
        self._base_url = base_url.rstrip("/")

    def follow(self, person: Person, notice_id: int) -> None:
        """Remind a person of the deadlines of a notice. Raises NotFound, or Conflict where none lies ahead."""
        with self._db.write() as session:
            found = follows.standing(session, notice_id)
            if not lies_ahead(found, ZoneInfo(person.time_zone)):
                raise Conflict("no deadline lies ahead")
            follows.follow(session, person.id, found)

    def end(self, person_id: int, notice_id: int) -> None:
        """Remind a person of a notice no more; doing it again changes nothing."""
        with self._db.write() as session:
            follows.end(session, person_id, [notice_id])

    def standing(self, notice_id: int) -> Standing:
        """The deadlines of a notice. Raises NotFound."""
        with self._db.read() as session:
            return follows.standing(session, notice_id)

    def is_followed(self, person_id: int, notice_id: int) -> bool:
        """Whether a person follows a notice."""
        with self._db.read() as session:
            return follows.is_followed(session, person_id, notice_id)

    def of_person(self, person: Person) -> list[Followed]:
        """What a person follows that has a deadline ahead, the nearest first; last what was withdrawn."""
        zone = ZoneInfo(person.time_zone)
        with self._db.read() as session:
            found = [Followed(follows.standing(session, each.notice_id), each.subscription_id is not None)
                     for each in follows.of_person(session, person.id, clock.today() - DAY)]
        kept = [each for each in found
                if lies_ahead(each.found, zone) or each.stored.status is NoticeStatus.WITHDRAWN]
        return sorted(kept, key=lambda each: (min(each.found.dates.values(), default=date.max), each.stored.id))

    def set_reminds(self, person_id: int, subscription_id: int, reminds: bool) -> None:
        """Let a subscription follow what it matches, or no longer. Raises NotFound when it is not the person's."""
        with self._db.write() as session:
            subscriptions.set_reminds(session, person_id, subscription_id, reminds)

    def silence_offer(self, token: str) -> list[StoredNotice]:
        """The notices whose reminders a link in a mail can end and that are still followed. Raises BadToken."""
        return self._offered(self._tokens.read_silence(token))

    def silence(self, token: str, notice_ids: Sequence[int] | None = None) -> list[StoredNotice]:
        """End the reminders of these of the notices that a link offers, or of all; gives them. Doing it again changes
        nothing. Raises BadToken, also for a notice that the link does not name."""
        asked = self._tokens.read_silence(token)
        if notice_ids is not None and asked.notice_ids and not set(notice_ids) <= set(asked.notice_ids):
            raise BadToken("broken")
        ended = [each for each in self._offered(asked) if notice_ids is None or each.id in notice_ids]
        with self._db.write() as session:
            follows.end(session, asked.person_id, [each.id for each in ended])
        return ended

    def _offered(self, asked: Silence) -> list[StoredNotice]:
        with self._db.read() as session:
            followed = [each.notice_id for each in follows.of_person(session, asked.person_id)
                        if not asked.notice_ids or each.notice_id in asked.notice_ids]
            found = notices.by_ids(session, followed)
        return [found[each] for each in followed]

    def calendar_address(self, person_id: int) -> str:
        """The address of a person's calendar: whoever knows it sees what they follow."""
        with self._db.read() as session:
            number = organisations.calendar_no(session, person_id)
        return f"{self._base_url}/calendar/{self._tokens.calendar(person_id, number)}.ics"

    def renew_calendar(self, person_id: int) -> None:
        """Give a person's calendar a new address; the one before ends."""
        with self._db.write() as session:
            organisations.renew_calendar(session, person_id)

    def calendar(self, token: str) -> OwnCalendar:
        """The calendar at an address. Raises BadToken, also for an address that has been renewed."""
        key = self._tokens.read_calendar(token)
        with self._db.read() as session:
            try:
                number = organisations.calendar_no(session, key.person_id)
            except NotFound:
                raise BadToken("broken") from None
            if number != key.calendar_no:
                raise BadToken("broken")
            person = organisations.person(session, key.person_id)
            found = [entry for each in follows.of_person(session, person.id, clock.today() - KEPT)
                     for entry in calendar.entries(follows.standing(session, each.notice_id))]
        return OwnCalendar(person, found, _tag(person, self._base_url, found))

    def calendar_text(self, own: OwnCalendar) -> str:
        """A calendar as programs read it."""
        return calendar.feed(own.entries, self._base_url, own.person.lang, ZoneInfo(own.person.time_zone))

    def file_of(self, notice_id: int, lang: str, zone: ZoneInfo) -> Attachment:
        """The deadlines of a notice as a calendar file. Raises NotFound, also where it has none."""
        found = calendar.entries(self.standing(notice_id))
        if not found:
            raise NotFound(f"notice {notice_id} has no deadline")
        return replace(calendar.deadline_file(found, self._base_url, lang, zone), name=f"deadline-{notice_id}.ics")


def lies_ahead(found: Standing, zone: ZoneInfo) -> bool:
    """Whether a deadline of a notice has not passed for a reader in this zone."""
    return any(days_left(on, what, found.source_of(what).notice.market, zone) >= (what is DeadlineKind.EFFECTIVE)
               for what, on in found.dates.items())


FORM = 1
"""Grows when calendars come to say the same otherwise, so that programs ask for them anew."""


def _tag(person: Person, base_url: str, found: Sequence[Entry]) -> str:
    said = (FORM, person.lang, person.time_zone, base_url, *(
        (each.uid, each.on, each.market, each.sequence, each.stored.status, each.stored.classification) for each in found))
    return sha256(repr(said).encode("utf-8", "replace")).hexdigest()[:32]
