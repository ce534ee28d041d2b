"""Writes mails: one per person, each notice once, naming the subscriptions it met."""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import replace
from email.headerregistry import Address
from hashlib import sha256
from zoneinfo import ZoneInfo

from domain import clock
from domain.bulletin import Bulletin
from domain.errors import SettingsError
from domain.organisation import Person, Zone
from domain.subscription import Subscription
from storage.emails import Attachment, Due, Letter, Purpose
from storage.notices import StoredNotice
from storage.outages import Outage
from storage.publishers import SourceName
from subscriptions.calendar import attached, comment_entries
from subscriptions.condition import Report, outage_line, state_line
from subscriptions.followers import Telling
from subscriptions.gist import gist, line
from subscriptions.inert import lines, one_line
from subscriptions.mime import address
from subscriptions.news import News
from subscriptions.phrases import say
from subscriptions.reminder_lines import about_notices, told_entries
from subscriptions.render import SERVICE, Written, render
from subscriptions.tokens import Tokens

SHAPES = ((20, 80), (12, 60), (6, 40), (3, 40), (0, 40))
"""How many notices a mail shows in full, and how many more by their title; the next is tried while it is too large."""
MAX_BYTES = 100_000
"""Large mails are cut off by mail readers (at 102 KB in the best-known one), the way out at their end with them."""
MOST_FULL = 25
"""Followed notices that a reminder shows in full; the others stand on one line."""
MOST_NAMED = 80
"""An unsubscribe link names at most this many subscriptions, or followed notices; above, it offers all of the person's."""


class Composer:
    """Writes mails. ``base_url`` is where the portal is, ``mail_from`` an address with or without a name. Raises
    SettingsError when that is no address."""

    def __init__(self, base_url: str, mail_from: str, secret_key: str) -> None:
        self.base_url = base_url.rstrip("/")
        self.tokens = Tokens(secret_key)
        try:
            self._from = address(mail_from)
        except ValueError:
            raise SettingsError(f"the sender of mails is not an address: {mail_from!r}") from None

    def confirm(self, person_id: int, email: str, lang: str, subscription: Subscription) -> Letter:
        """Ask whether whoever reads an address wants a subscription."""
        link = f"{self.base_url}/confirm/{self.tokens.confirm(subscription.id, email, lang)}"
        return self._letter(Purpose.CONFIRM, person_id, email, lang, render(
            "confirm", lang, label=subscription.label, link=link, topic=subscription.topic.value, base_url=self.base_url))

    def sign_in(self, person: Person) -> Letter:
        """Send a person a link that signs them in."""
        link = f"{self.base_url}/sign-in/{self.tokens.sign_in(person.id, person.email)}"
        return self._letter(Purpose.SIGN_IN, person.id, person.email, person.lang,
                            render("sign_in", person.lang, link=link, base_url=self.base_url))

    def alert(self, news: News, sources: Mapping[str, SourceName]) -> tuple[Letter, News]:
        """Tell a person their news; what does not fit is named by title, and beyond that left for their next mail. Gives the
        mail and the news that it names."""
        person = news.person
        for full, titles in SHAPES:
            named = replace(news, told=news.told[:full + titles])
            subscription_ids = tuple(each.id for each in named.subscriptions)
            link = self._way_out(person.id, subscription_ids if len(subscription_ids) <= MOST_NAMED else ())
            written = self._written_alert(named, sources, full, len(news.told) - len(named.told), link)
            if written.size <= MAX_BYTES:
                break
        first = min(each for told in named.told for each in told.match_ids)
        zone = ZoneInfo(person.time_zone)
        closing = comment_entries([each.stored for each in named.told[:full]], zone)
        return self._letter(Purpose.ALERT, person.id, person.email, person.lang, written, f"alert:{person.id}:{first}",
                            link, attached(closing, self.base_url, person.lang, zone)), named

    def _written_alert(self, news: News, sources: Mapping[str, SourceName], full: int, left: int, way_out: str) -> Written:
        lang, told = news.person.lang, news.told
        grades = [each.stored.grade.grade.value for each in told]
        return render(
            "alert", lang, base_url=self.base_url, unsubscribe=way_out, count=len(told), top=line(told[0].stored, "", lang),
            red=grades.count("red"), yellow=grades.count("yellow"), plain=grades.count("plain"),
            labels=[one_line(each.label, 80) for each in news.subscriptions],
            items=[gist(each, sources, self.base_url, lang, ZoneInfo(news.person.time_zone)) for each in told[:full]],
            rest=[line(each.stored, self.base_url, lang) for each in told[full:]], left=left)

    def bulletin(self, due: Due, person: Person, bulletin: Bulletin, zone: Zone, picked: Sequence[StoredNotice],
                 asked: Sequence[Subscription]) -> Letter:
        """Bring a reader of a zone's bulletins a new one."""
        lang = person.lang
        link = self._way_out(person.id, tuple(each.id for each in asked))
        written = render(
            "bulletin", lang, base_url=self.base_url, unsubscribe=link, title=one_line(bulletin.title),
            zone=zone.name if lang.startswith("zh") else zone.name_en, comment=lines(bulletin.comment),
            items=[line(each, self.base_url, lang) for each in picked], page_url=f"{self.base_url}/bulletins/{bulletin.id}")
        return self._letter(Purpose.BULLETIN, person.id, person.email, lang, written, due.dedup_key, link)

    def held(self, email: str, run_id: int, slug: str, facts: Mapping[str, str], lang: str = "zh") -> Letter:
        """Tell the operator that the breaker holds a run."""
        written = render("held", lang, run=run_id, slug=slug, count=facts.get("count", "?"), limit=facts.get("limit", "?"),
                         link=f"{self.base_url}/sources/{slug}", base_url=self.base_url)
        return self._letter(Purpose.HELD, None, email, lang, written, f"held:{run_id}")

    def report(self, email: str, lang: str, report: Report, sources: Mapping[str, SourceName]) -> Letter:
        """Tell the operator which sources broke, recovered and are still broken."""
        told = {name: [state_line(each, report.changes.get(each.slug, 0), sources, self.base_url, lang) for each in found]
                for name, found in (("broken", report.broken), ("recovered", report.recovered), ("still", report.still))}
        written = render("health", lang, base_url=self.base_url, **told)
        return self._letter(Purpose.HEALTH, None, email, lang, written, f"health:{report.upto}:{email}")

    def outage(self, due: Due, person: Person, found: Sequence[Outage], asked: Sequence[Subscription],
               sources: Mapping[str, SourceName]) -> Letter:
        """Tell a reader of sources that are of no use, or that they are back."""
        ids = tuple(each.id for each in asked)
        link = self._way_out(person.id, ids if len(ids) <= MOST_NAMED else ())
        written = render("back" if found[0].until else "outage", person.lang, base_url=self.base_url, unsubscribe=link,
                         items=[outage_line(each, sources, self.base_url, person.lang) for each in found])
        return self._letter(Purpose.OUTAGE, person.id, person.email, person.lang, written, due.dedup_key, link)

    def reminder(self, telling: Telling, sources: Mapping[str, SourceName]) -> Letter:
        """Tell a follower which deadlines are near, and which have moved."""
        person, zone = telling.person, ZoneInfo(telling.person.time_zone)
        notice_ids = tuple(dict.fromkeys(each.found.stored.id for each in telling.words))
        link = self._silence(person.id, notice_ids if len(notice_ids) <= MOST_NAMED else ())
        written = render(
            "reminder", person.lang, base_url=self.base_url, silence=link, full=MOST_FULL, items=about_notices(
                telling.words, sources, self.base_url, person.lang, zone,
                {each: self._silence(person.id, (each,)) for each in notice_ids}))
        key = f"reminder:{person.id}:{min(telling.told)}" if telling.told else None
        return self._letter(Purpose.REMINDER, person.id, person.email, person.lang, written, key, link,
                            attached(told_entries(telling.words), self.base_url, person.lang, zone))

    def _silence(self, person_id: int, notice_ids: tuple[int, ...]) -> str:
        return f"{self.base_url}/follow/stop/{self.tokens.silence(person_id, notice_ids)}"

    def _way_out(self, person_id: int, subscription_ids: tuple[int, ...]) -> str:
        return f"{self.base_url}/unsubscribe/{self.tokens.unsubscribe(person_id, subscription_ids)}"

    def _letter(self, purpose: Purpose, person_id: int | None, email: str, lang: str, written: Written,
                dedup_key: str | None = None, way_out: str = "", attachments: tuple[Attachment, ...] = ()) -> Letter:
        """A letter; only mail that comes again and again offers the way out in its headers (RFC 8058)."""
        identity = f"{dedup_key or secrets.token_hex(16)}|{email}|{clock.now().isoformat()}"
        message_id = f"<{sha256(identity.encode()).hexdigest()[:40]}@{self._from.domain}>"
        sender = Address(self._from.display_name or say(SERVICE, lang), self._from.username, self._from.domain)
        headers = {"List-Unsubscribe": f"<{way_out}>", "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
                   "List-Id": f"<{purpose.value}.{self._from.domain}>"} if way_out else {}
        return Letter(person_id, email, purpose, message_id, str(sender), written.subject, written.text, written.html,
                      dedup_key, headers, attachments)
