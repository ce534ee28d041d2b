"""A small installation for tests of alerts: store, subscription service, composer, and an SMTP server."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from email.message import EmailMessage
from pathlib import Path
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, event, func, select

from domain import clock
from domain.criteria import Criteria
from domain.digest import HOME
from domain.subscription import Frequency, Subscription, Topic
from storage.models import MatchRow
from storage.session import Database
from subscriptions.accounts import Accounts
from subscriptions.channels.smtp import SmtpChannel
from subscriptions.choice import Choice
from subscriptions.compose import compose
from subscriptions.composer import Composer
from subscriptions.deliver import Delivered, deliver
from subscriptions.match import match
from subscriptions.service import SubscriptionService
from tests.builders import notice, store
from tests.databases import database
from tests.moody import MoodyMailbox

NOON = datetime(2026, 11, 20, 4, tzinfo=UTC)
LATER = timedelta(minutes=11)
BASE_URL = "https://portal.example"
MAIL_FROM = "alerts@portal.example"
SECRET = "s" * 40
LI = "li@firm.example"
COMPRESSORS = Criteria(product_types=frozenset({"air_compressor"}))
EVERYTHING_OF_OURS = Criteria()


class World:
    """Everything between a stored notice and an inbox, at a time that stands still until ``wait``."""

    def __init__(self, folder: Path, mailbox: MoodyMailbox) -> None:
        self.db: Database = database(folder)
        self.mailbox = mailbox
        self.service = SubscriptionService(self.db, SECRET, BASE_URL, MAIL_FROM)
        self.accounts = Accounts(self.db, SECRET, BASE_URL, MAIL_FROM)
        self.composer = Composer(BASE_URL, MAIL_FROM, SECRET)
        self.channel = SmtpChannel(mailbox.url, timeout=1)
        clock.fix(NOON)

    def wait(self, time: timedelta = LATER) -> None:
        clock.fix(clock.now() + time)

    def load(self, slug: str = "eu_safety_gate") -> None:
        """The first load of a source, after which its news alerts."""
        store(self.db, notice("first", source=slug, published_on=NOON.date()))

    def follow(self, email: str = LI, criteria: Criteria = COMPRESSORS, lang: str = "zh", topic: Topic = Topic.NOTICES,
               zone_id: int | None = None) -> Subscription:
        """Subscribe, and confirm by the link in the mail."""
        self.service.subscribe(email, criteria, topic=topic, zone_id=zone_id, lang=lang)
        self.send()
        found = self.service.confirm(link(self.mailbox.mails[-1], "confirm"))
        self.wait(timedelta(hours=1))
        self.mailbox.mails.clear()
        return found

    def choose(self, subscription: Subscription, frequency: Frequency = Frequency.IMMEDIATE, red_at_once: bool = False,
               paused_until: date | None = None) -> None:
        """Let a subscription be told so often."""
        self.service.choose(subscription.person_id, subscription.id, Choice(
            subscription.label, frequency, red_at_once, paused_until))

    def at(self, moment: str) -> None:
        """Let it be this moment where the readers are."""
        clock.fix(datetime.fromisoformat(moment).replace(tzinfo=ZoneInfo(HOME)))

    def write(self) -> None:
        while match(self.db):
            pass
        while compose(self.db, self.composer):
            pass

    def send(self) -> Delivered:
        return deliver(self.db, self.channel)

    def round(self) -> list[EmailMessage]:
        """Match, compose and deliver; gives the mails that arrived."""
        before = len(self.mailbox.mails)
        self.write()
        self.send()
        return self.mailbox.mails[before:]


@contextmanager
def world(folder: Path, mailbox: MoodyMailbox) -> Iterator[World]:
    mailbox.reset()
    found = World(folder, mailbox)
    yield found
    found.channel.close()
    found.db.close()


def text(mail: EmailMessage) -> str:
    body = mail.get_body(("plain",))
    assert isinstance(body, EmailMessage)
    return str(body.get_content()).replace("\r\n", "\n")


def html(mail: EmailMessage) -> str:
    body = mail.get_body(("html",))
    assert isinstance(body, EmailMessage)
    return str(body.get_content())


@contextmanager
def writes(db: Database) -> Iterator[list[str]]:
    """The write transactions begun meanwhile, one entry each."""
    found: list[str] = []

    def note(connection: Connection) -> None:
        if connection.get_execution_options().get("zonewatch_write"):
            found.append("write")

    event.listen(db.engine, "begin", note)
    yield found
    event.remove(db.engine, "begin", note)


def link(mail: EmailMessage, path: str) -> str:
    """The token of a link in a mail."""
    found = re.search(rf"{BASE_URL}/{path}/(\S+)", text(mail))
    assert found, text(mail)
    return found[1]


def told(mail: EmailMessage) -> list[str]:
    """Titles of the notices in a mail, in its order."""
    return re.findall(r"^\[[^\]]+\] (.+)$", text(mail), re.MULTILINE)


def publish(here: World, *names: str, **changes: object) -> list[int]:
    """Publish notices on air compressors of these names; gives their ids."""
    return store(here.db, *(notice(name, title=f"Air compressor {name}", **changes) for name in names))


def names(mails: list[EmailMessage]) -> list[list[str]]:
    """The names of what each mail tells."""
    return [sorted(title.removeprefix("Air compressor ") for title in told(mail)) for mail in mails]


def told_once(here: World) -> None:
    """Nothing waits, and nobody was told anything in two mails."""
    with here.db.read() as session:
        assert session.scalar(select(func.count()).select_from(MatchRow).where(
            MatchRow.email_id.is_(None), MatchRow.dropped_why.is_(None))) == 0
    told_to = Counter((mail["To"], title) for mail in here.mailbox.mails for title in told(mail))
    assert set(told_to.values()) == {1}
