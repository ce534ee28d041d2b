"""A small installation for tests of alerts: store, subscription service, composer, and an SMTP server."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from pathlib import Path

from sqlalchemy import Connection, event

from domain import clock
from domain.criteria import Criteria
from domain.subscription import Subscription, Topic
from storage.session import Database
from subscriptions.accounts import Accounts
from subscriptions.channels.smtp import SmtpChannel
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
