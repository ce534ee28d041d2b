"""Writes mails: one per person, each notice once, naming the subscriptions it met."""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from email.headerregistry import Address
from hashlib import sha256
from zoneinfo import ZoneInfo

from domain import clock
from domain.bulletin import Bulletin
from domain.errors import SettingsError
from domain.organisation import Person, Zone
from domain.subscription import Subscription
from storage.emails import Attachment, Due, Email, Letter, Purpose
from storage.notices import StoredNotice
from storage.outages import Outage
from storage.publishers import SourceName
from subscriptions.alert import SHAPES, alert
from subscriptions.calendar import attached, comment_entries
from subscriptions.condition import Report, called, outage_line, state_line
from subscriptions.followers import Telling
from subscriptions.fragments import Fragments
from subscriptions.gist import line
from subscriptions.inert import lines, one_line
from subscriptions.mime import address
from subscriptions.news import News
from subscriptions.phrases import say
from subscriptions.reminder_lines import about_notices, headline, told_entries
from subscriptions.render import SERVICE, Written, render
from subscriptions.tokens import Tokens

SHORT = "short:"
"""How the dedup_key of a short mail begins."""
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
        self._fragments = Fragments(self.base_url)
        try:
            self._from = address(mail_from)
        except ValueError:
            raise SettingsError(f"the sender of mails is not an address: {mail_from!r}") from None

    def confirm(self, person_id: int, email: str, lang: str, subscription: Subscription, consent: str = "") -> Letter:
        """Ask whether whoever reads an address wants a subscription; ``consent`` is the version of the text
        on their data that they agreed to."""
        link = f"{self.base_url}/confirm/{self.tokens.confirm(subscription.id, email, lang, consent)}"
        return self._letter(Purpose.CONFIRM, person_id, email, lang, render(
            "confirm", lang, label=subscription.label, link=link, topic=subscription.topic.value, base_url=self.base_url))

    def sign_in(self, person: Person, sign_in_id: int, code: str) -> Letter:
        """Send a person a link that signs them in, and a code to type where they asked."""
        link = f"{self.base_url}/sign-in/{self.tokens.sign_in(sign_in_id, person.email)}"
        return self._letter(Purpose.SIGN_IN, person.id or None, person.email, person.lang,
                            render("sign_in", person.lang, link=link, code=code, base_url=self.base_url))

    def address(self, person_id: int, email: str, lang: str) -> Letter:
        """Ask whether whoever reads an address is the person who says so."""
        link = f"{self.base_url}/my/address/{self.tokens.address(person_id, email)}"
        return self._letter(Purpose.CONFIRM, person_id, email, lang,
                            render("address", lang, link=link, base_url=self.base_url))

    def alert(self, news: News, sources: Mapping[str, SourceName], message_id: str = "") -> tuple[Letter, News]:
        """Tell a person their news in one mail, however many: what it does not show is on a page that it leads to. Gives the
        mail and the news that are told by it. ``message_id`` is that of the mail which this one takes the place of."""
        person = news.person
        first = min(each for told in news.told for each in told.match_ids)
        dedup_key = f"alert:{person.id}:{first}"
        message_id = message_id or self._message_id(dedup_key, person.email)
        ids = tuple(each.id for each in news.subscriptions)
        link = self._way_out(person.id, ids if len(ids) <= MOST_NAMED else ())
        written = alert(news, sources, self._fragments, self.base_url, link,
                        lambda: f"{self.base_url}/mails/{self.tokens.mail(message_id)}")
        zone = ZoneInfo(person.time_zone)
        closing = comment_entries([each.stored for each in news.told[:SHAPES[0][0]]], zone)
        return self._letter(Purpose.ALERT, person.id, person.email, person.lang, written, dedup_key, link, message_id,
                            attached(closing, self.base_url, person.lang, zone)), news

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

    def held(self, email: str, run_id: int, slug: str, facts: Mapping[str, str], sources: Mapping[str, SourceName],
             lang: str = "zh") -> Letter:
        """Tell the operator that the breaker holds a run."""
        written = render("held", lang, run=run_id, source=called(slug, sources, lang)[0], count=facts.get("count", "?"),
                         limit=facts.get("limit", "?"), link=f"{self.base_url}/sources/{slug}", base_url=self.base_url)
        return self._letter(Purpose.HELD, None, email, lang, written, f"held:{run_id}")

    def report(self, email: str, lang: str, report: Report, sources: Mapping[str, SourceName]) -> Letter:
        """Tell the operator which sources broke, recovered and are still broken."""
        told = {name: [state_line(each, report.changes.get(each.slug, 0), sources, self.base_url, lang) for each in found]
                for name, found in (("broken", report.broken), ("recovered", report.recovered), ("still", report.still))}
        written = render("health", lang, base_url=self.base_url, **told)
        return self._letter(Purpose.HEALTH, None, email, lang, written, f"health:{report.upto}:{email}")

    def outage(self, due: Due, person: Person, found: Sequence[Outage], sources: Mapping[str, SourceName]) -> Letter:
        """Tell a reader of sources that are of no use, or that they are back. The way out ends these announcements alone:
        who tires of them keeps the alerts."""
        link = f"{self.base_url}/outages/stop/{self.tokens.outages(person.id)}"
        written = render("back" if found[0].until else "outage", person.lang, base_url=self.base_url, way_out=link,
                         items=[outage_line(each, sources, self.base_url, person.lang) for each in found])
        return self._letter(Purpose.OUTAGE, person.id, person.email, person.lang, written, due.dedup_key, link)

    def reminder(self, telling: Telling, sources: Mapping[str, SourceName]) -> Letter:
        """Tell a follower which deadlines are near, and which have moved."""
        person, zone = telling.person, ZoneInfo(telling.person.time_zone)
        notice_ids = tuple(dict.fromkeys(each.found.stored.id for each in telling.words))
        link = self._silence(person.id, notice_ids if len(notice_ids) <= MOST_NAMED else ())
        items = about_notices(telling.words, sources, self.base_url, person.lang, zone,
                              {each: self._silence(person.id, (each,)) for each in notice_ids})
        files = attached(told_entries(telling.words), self.base_url, person.lang, zone)
        written = render("reminder", person.lang, base_url=self.base_url, silence=link, full=MOST_FULL, items=items,
                         headline=headline(items, person.lang), has_file=bool(files))
        key = f"reminder:{person.id}:{min(telling.told)}" if telling.told else None
        return self._letter(Purpose.REMINDER, person.id, person.email, person.lang, written, key, link,
                            attachments=files)

    def _silence(self, person_id: int, notice_ids: tuple[int, ...]) -> str:
        return f"{self.base_url}/follow/stop/{self.tokens.silence(person_id, notice_ids)}"

    def reachable(self, person_id: int, email: str, lang: str) -> Letter:
        """Ask whether mail reaches an address again."""
        link = f"{self.base_url}/address/{self.tokens.reachable(person_id, email)}"
        return self._letter(Purpose.ADDRESS, person_id, email, lang,
                            render("reachable", lang, link=link, email=email, base_url=self.base_url))

    def colleague(self, due: Due, person: Person, failing: str, why: str, asked: Sequence[Subscription]) -> Letter:
        """Tell a member of a firm that mail to a colleague fails, and what nobody of the firm gets now."""
        written = render("colleague", person.lang, base_url=self.base_url, failing=failing, why=say(why, person.lang),
                         labels=[one_line(each.label, 80) for each in asked],
                         link=f"{self.base_url}/my/colleague/{due.subject_id}")
        return self._letter(Purpose.COLLEAGUE, person.id, person.email, person.lang, written, due.dedup_key)

    def short(self, email: Email, lang: str, told: Sequence[StoredNotice], left: int) -> Letter:
        """Tell in a few lines what a mail told that was too long for its reader's server; ``left`` more are not named."""
        before, key = email.letter, f"{SHORT}{email.id}"
        way_out = before.headers.get("List-Unsubscribe", "").strip("<>")
        message_id = self._message_id(key, before.address)
        pages = {Purpose.ALERT: f"mails/{self.tokens.mail(message_id)}", Purpose.BULLETIN: "bulletins",
                 Purpose.REMINDER: "my", Purpose.OUTAGE: "sources"}
        written = render("short", lang, unsubscribe=way_out, subject=one_line(before.subject, 200), left=left,
                         link=f"{self.base_url}/{pages.get(before.purpose, '')}",
                         titles=[line(each, self.base_url, lang) for each in told])
        return self._letter(before.purpose, before.person_id, before.address, lang, written, key, way_out, message_id)

    def _way_out(self, person_id: int, subscription_ids: tuple[int, ...]) -> str:
        return f"{self.base_url}/unsubscribe/{self.tokens.unsubscribe(person_id, subscription_ids)}"

    def _letter(self, purpose: Purpose, person_id: int | None, email: str, lang: str, written: Written,
                dedup_key: str | None = None, way_out: str = "", message_id: str = "",
                attachments: tuple[Attachment, ...] = ()) -> Letter:
        """A letter; only mail that comes again and again offers the way out in its headers (RFC 8058)."""
        message_id = message_id or self._message_id(dedup_key, email)
        sender = Address(self._from.display_name or say(SERVICE, lang), self._from.username, self._from.domain)
        headers = {"List-Unsubscribe": f"<{way_out}>", "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
                   "List-Id": f"<{purpose.value}.{self._from.domain}>"} if way_out else {}
        return Letter(person_id, email, purpose, message_id, str(sender), written.subject, written.text, written.html,
                      dedup_key, headers, attachments)

    def _message_id(self, dedup_key: str | None, email: str) -> str:
        identity = f"{dedup_key or secrets.token_hex(16)}|{email}|{clock.now().isoformat()}"
        return f"<{sha256(identity.encode()).hexdigest()[:40]}@{self._from.domain}>"
