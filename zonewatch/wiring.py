"""Wiring: builds every room from the settings, each once and only when asked for."""

from __future__ import annotations

from datetime import date
from functools import cached_property, partial
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from domain import clock
from storage import keys, locks
from storage.captures import CaptureStore
from storage.session import Database
from zonewatch.settings import Settings

if TYPE_CHECKING:
    from wsgiref.types import WSGIApplication

    from crawlers.run import CrawlOptions
    from indexer.port import SearchIndex
    from indexer.service import SearchService
    from indexer.spelling import SpellingFiles
    from subscriptions.accounts import Accounts
    from subscriptions.channels.port import MailChannel
    from subscriptions.composer import Composer
    from subscriptions.deadlines import DeadlineService
    from subscriptions.service import SubscriptionService
    from subscriptions.signing import Signer


class Installation:
    """The parts of one installation. Imports are late: a crawl needs no web, a search no crawler."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        clock.fix(settings.now)

    @cached_property
    def db(self) -> Database:
        """The database, migrated."""
        db = Database(self.settings.text("DATABASE_URL"))
        db.migrate()
        return db

    @cached_property
    def captures(self) -> CaptureStore:
        """Raw answers."""
        return CaptureStore(self.settings.text("CAPTURES_URL"))

    @cached_property
    def index(self) -> SearchIndex:
        """The search index, to write it."""
        return self._engine(self.settings.text("SEARCH_KEY"))

    @cached_property
    def spelling(self) -> SpellingFiles:
        """The words of the notices, for corrections."""
        from indexer.spelling import SpellingFiles
        return SpellingFiles(self.settings.data_dir / "spelling")

    @cached_property
    def search(self) -> SearchService:
        """Search over store and index."""
        from indexer.service import SearchService
        key = self.settings.text("SEARCH_READ_KEY")
        return SearchService(self.db, self._engine(key) if key else self.index, self.spelling)

    def _engine(self, key: str) -> SearchIndex:
        folder = self.settings.index_dir
        if folder:
            from indexer.backends.tantivy import TantivyIndex
            return TantivyIndex(folder)
        from indexer.backends.meilisearch import MeilisearchIndex
        return MeilisearchIndex(self.settings.text("SEARCH_URL"), key, partial(locks.exclusive, self.db, "index-writer"))

    @cached_property
    def subscriptions(self) -> SubscriptionService:
        """Subscriptions."""
        from subscriptions.service import SubscriptionService
        return SubscriptionService(self.db, self.settings.secret_key, self.settings.text("BASE_URL"),
                                   self.settings.text("MAIL_FROM"))

    @cached_property
    def deadlines(self) -> DeadlineService:
        """Followed deadlines and calendars."""
        from subscriptions.deadlines import DeadlineService
        return DeadlineService(self.db, self.settings.secret_key, self.settings.text("BASE_URL"))

    @cached_property
    def accounts(self) -> Accounts:
        """Ways in, second factors, codes on paper."""
        from subscriptions.accounts import Accounts
        return Accounts(self.db, self.settings.secret_key, self.settings.text("BASE_URL"), self.settings.text("MAIL_FROM"))

    @cached_property
    def composer(self) -> Composer:
        """Writes alert and bulletin mails."""
        from subscriptions.composer import Composer
        return Composer(self.settings.text("BASE_URL"), self.settings.text("MAIL_FROM"), self.settings.secret_key)

    @cached_property
    def mail(self) -> MailChannel | None:
        """The mail server; None when no MAIL_URL is set, and mails wait."""
        from subscriptions.channels.smtp import SmtpChannel
        url = self.settings.text("MAIL_URL")
        return SmtpChannel(url) if url else None

    @cached_property
    def signer(self) -> Signer | None:
        """Signs mails; None when no key is set. Raises SettingsError for a key that cannot be used."""
        from subscriptions.signing import Signer
        key, selector = self.settings.text("DKIM_KEY"), self.settings.text("DKIM_SELECTOR")
        return Signer(Path(key), selector, self.settings.text("MAIL_FROM")) if key else None

    def crawl_options(self, slug: str, *, full: bool = False, since: date | None = None,
                      dry_run: bool = False) -> CrawlOptions:
        """How a crawl of a source fetches in this installation."""
        from crawlers.run import CrawlOptions
        return CrawlOptions(
            gateway_url=self.settings.text("GATEWAY_URL") or None, delay=self.settings.crawl_delay,
            base_url=self.settings.text("BASE_URL"), full=full, since=since, dry_run=dry_run,
            key=self.settings.text(f"KEY_{slug.upper()}") or self._kept_key(slug))

    def _kept_key(self, slug: str) -> str:
        """The API key that the operator entered on the portal."""
        with self.db.read() as session:
            return keys.key_of(session, slug, self.settings.secret_key)

    def web(self) -> WSGIApplication:
        """The portal as a WSGI application."""
        from subscriptions.personal import PersonalService
        from webapp import create_app
        from webapp.services import Services
        from zone.bulletins.service import BulletinService
        return create_app(Services(
            db=self.db, captures=self.captures, search=self.search, subscriptions=self.subscriptions,
            bulletins=BulletinService(self.db), secret_key=self.settings.secret_key,
            base_url=self.settings.text("BASE_URL"), accounts=self.accounts, deadlines=self.deadlines,
            personal=PersonalService(self.db, self.composer), bounce_key=self.settings.text("BOUNCE_HOOK_KEY"),
            contact=self.settings.text("OPERATOR_EMAIL"), mail_host=urlsplit(self.settings.text("MAIL_URL")).hostname or "",
            staff_totp=self.settings.text("STAFF_TOTP") == "required"))
