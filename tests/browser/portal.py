"""The portal over a store and an index of its own, with people of every role and invented notices to look at."""

from __future__ import annotations

import re
from datetime import timedelta
from html import unescape
from pathlib import Path
from typing import Any

from flask.testing import FlaskClient

from domain.consent import VERSION
from domain.notice import Notice
from domain.organisation import OrganisationKind, Role
from domain.source import Source
from indexer.backends.tantivy import TantivyIndex
from indexer.service import SearchService
from indexer.spelling import SpellingFiles
from indexer.sync import sync
from storage import emails, organisations, outbox, sign_ins
from storage.captures import CaptureStore
from storage.models import Base
from storage.session import Database
from storage.sign_ins import Kind
from subscriptions.accounts import Accounts
from subscriptions.composer import Composer
from subscriptions.deadlines import DeadlineService
from subscriptions.personal import PersonalService
from subscriptions.service import SubscriptionService
from subscriptions.tokens import Tokens
from tests import builders
from tests.databases import database
from webapp import create_app
from webapp.services import Services
from zone.bulletins.service import BulletinService

SECRET = "a secret of the tests"
BASE_URL = "http://portal.example"
SUBSCRIBER = "quality@cartridges.example"
EDITOR = "editor@association.example"
OTHER_EDITOR = "editor@fenghua.example"
FIRM_EDITOR = "editor@firm.example"
OPERATOR = "operator@zonewatch.example"


class Portal:
    """One installation's web process, without the processes beside it: what the worker would do is called by name."""

    def __init__(self, folder: Path, base_url: str = BASE_URL, bounce_key: str = "") -> None:
        self.db: Database = database(folder)
        self.index = TantivyIndex(folder / "index")
        self.captures = CaptureStore(str(folder / "captures"))
        self.subscriptions = SubscriptionService(self.db, SECRET, base_url, "zonewatch <from@portal.example>")
        self.deadlines = DeadlineService(self.db, SECRET, base_url)
        self.personal = PersonalService(self.db, Composer(base_url, "zonewatch <from@portal.example>", SECRET))
        self.bulletins = BulletinService(self.db)
        self.spelling = SpellingFiles(folder / "spelling")
        self.search = SearchService(self.db, self.index, self.spelling)
        self.accounts = Accounts(self.db, SECRET, base_url, "zonewatch <from@portal.example>")
        self.services = Services(
            self.db, self.captures, self.search, self.subscriptions, self.bulletins, SECRET, base_url, self.accounts,
            self.deadlines, self.personal, bounce_key=bounce_key, contact=OPERATOR, mail_host="smtp.example")
        self.app = create_app(self.services)
        self.people = self._people()
        self.ids: dict[str, Any] = {}

    def _people(self) -> dict[str, int]:
        with self.db.write() as session:
            zhuhai = organisations.ensure_zone(session, "zhuhai", "珠海打印耗材示范区", "Zhuhai printer consumables zone")
            fenghua = organisations.ensure_zone(session, "fenghua", "奉化气动元件示范区", "Fenghua pneumatics zone")
            people = {email: organisations.find_or_create_person(session, email)
                      for email in (SUBSCRIBER, EDITOR, OTHER_EDITOR, FIRM_EDITOR, OPERATOR)}
            for email, person_id in people.items():
                organisations.verify(session, person_id, email)
            for email, zone_id, kind, name in (
                    (EDITOR, zhuhai, OrganisationKind.ASSOCIATION, "珠海耗材协会"),
                    (OTHER_EDITOR, fenghua, OrganisationKind.ASSOCIATION, "奉化气动协会"),
                    (FIRM_EDITOR, zhuhai, OrganisationKind.ENTERPRISE, "某耗材厂")):
                organisation_id = organisations.ensure_organisation(session, zone_id, kind, name)
                organisations.add_member(session, people[email], organisation_id, Role.EDITOR)
            organisations.set_operator(session, people[OPERATOR], True)
            self.zones = {"zhuhai": zhuhai, "fenghua": fenghua}
        return people

    def store(self, *notices: Notice, card: Source | None = None) -> list[int]:
        """Store and index notices of one source."""
        ids = builders.store(self.db, *notices, card=card)
        sync(self.db, self.index, spelling=self.spelling)
        return ids

    def client(self, email: str | None = None) -> FlaskClient:
        """A browser, signed in by link when an address is given."""
        client = self.app.test_client()
        if email:
            path = self.sign_in_path(email)
            assert client.post(path, data={"csrf_token": csrf(client, path)}).status_code == 302
        return client

    def sign_in_path(self, email: str) -> str:
        """The link of a sign-in mail, without the mail (three an hour is all that an address gets)."""
        with self.db.write() as session:
            number = sign_ins.add(session, Kind.MAIL, self.people[email], "", timedelta(minutes=10))
        return f"/sign-in/{Tokens(SECRET).sign_in(number, email)}"

    def mails(self) -> list[emails.Letter]:
        """The mails that wait, oldest first; each is given once."""
        return [each.letter for each in outbox.claim(self.db, 100)]

    def token(self, purpose: str) -> str:
        """The token of the newest mail with a link for this purpose."""
        found = [match[1] for mail in self.mails() if (match := re.search(rf"/{purpose}/([\w.~-]+)", mail.text))]
        return found[-1]

    def counts(self) -> dict[str, int]:
        """How many rows every table holds, and a sum over their contents that changes with any of them; what is counted for
        limits says nothing of the content."""
        with self.db.engine.connect() as connection:
            tables = sorted(Base.metadata.tables.keys() - {"attempts"})
            return {table: hash(tuple(sorted(map(repr, connection.exec_driver_sql(f'SELECT * FROM "{table}"')))))
                    for table in tables}


def text(page: str) -> str:
    """A page as read: without tags, blocks apart."""
    apart = re.sub(r"</?(?:p|div|dt|dd|dl|li|ul|ol|h\d|td|th|tr|br|a|label|button|option)\b[^>]*>", " ", page)
    return " ".join(unescape(re.sub(r"<[^>]+>", "", apart)).split())


def links(page: str) -> dict[str, str]:
    """Addresses on a page by what is to be clicked."""
    found = re.findall(r'<a [^>]*?href="([^"]*)"[^>]*>(.*?)</a>', page, re.DOTALL)
    return {text(label): unescape(address) for address, label in found}


def total(page: str) -> int:
    """How many notices a page of results says there are."""
    found = re.search(r"共 (\d+) 条", text(page))
    assert found
    return int(found[1])


def csrf(client: FlaskClient, path: str, **headers: Any) -> str:
    """The CSRF token of a form on a page."""
    page = client.get(path, headers=headers).text
    found = re.search(r'name="csrf_token" value="([^"]+)"', page)
    assert found, f"{path} has no form"
    return found[1]


def post(client: FlaskClient, page: str, action: str | None = None, **data: Any) -> Any:
    """Press a button on a page: its token and these values go to ``action`` (the page itself when there is none). The
    tick of consent is set unless ``consent`` says otherwise."""
    ticked = {"consent": VERSION} if (action or page) == "/subscribe" else {}
    return client.post(action or page, data={"csrf_token": csrf(client, page), **ticked, **data})
