"""Doctor: what is wrong with an installation, said so that the person in charge can mend it."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from domain.errors import SettingsError, ZonewatchError
from domain.health import HealthState
from indexer.port import IndexUnavailable
from storage import changes, index_state, locks, sources
from subscriptions import signing
from subscriptions.channels.smtp import probe, server
from subscriptions.mime import address
from subscriptions.recover import overdue
from zonewatch import scheduler, worker
from zonewatch.settings import LEAST_KEY, Settings, masked
from zonewatch.wiring import Installation

LEAST_FREE_BYTES = 2 * 1024**3
CONNECT_SECONDS = 5.0


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at."""

    GOOD: ClassVar[str] = "good"
    NOTE: ClassVar[str] = "note"
    WRONG: ClassVar[str] = "wrong"
    level: str
    text: str


def findings(settings: Settings) -> list[Finding]:
    """Everything worth saying about an installation, in the order in which one would mend it."""
    return [*_settings(settings), *_disk(settings), *_mail(settings), *_search(settings), *_store(settings)]


def _settings(settings: Settings) -> Iterator[Finding]:
    for name in settings.unknown():
        yield Finding(Finding.WRONG, f"{name} is not a setting; is it misspelt?")
    if settings.now:
        yield Finding(Finding.NOTE, f"the clock is fixed at {settings.now.isoformat()}")
    if settings.text("GATEWAY_URL"):
        yield Finding(Finding.NOTE, f"all sources are fetched through {masked(settings.text('GATEWAY_URL'))}")
    if settings.text("SECRET_KEY") and len(settings.text("SECRET_KEY")) < LEAST_KEY:
        yield Finding(Finding.WRONG, f"ZONEWATCH_SECRET_KEY is shorter than {LEAST_KEY} signs: links could be forged")
    try:
        address(settings.text("MAIL_FROM"))
    except ValueError as error:
        yield Finding(Finding.WRONG, f"ZONEWATCH_MAIL_FROM is no sender: {error}")
    if not settings.text("OPERATOR_EMAIL"):
        yield Finding(Finding.WRONG, "ZONEWATCH_OPERATOR_EMAIL is not set: nobody is told of held runs and broken sources")


def _disk(settings: Settings) -> Iterator[Finding]:
    try:
        settings.data_dir.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        yield Finding(Finding.WRONG, f"the data folder cannot be made: {error}")
        return
    free = shutil.disk_usage(settings.data_dir).free
    level = Finding.GOOD if free >= LEAST_FREE_BYTES else Finding.WRONG
    yield Finding(level, f"{free / 1024**3:.1f} GB free in {settings.data_dir}")


def _mail(settings: Settings) -> Iterator[Finding]:
    if not settings.text("MAIL_URL"):
        yield Finding(Finding.WRONG, "ZONEWATCH_MAIL_URL is not set: no confirmation and no alert can be sent")
        return
    wrong = probe(settings.text("MAIL_URL"), CONNECT_SECONDS)
    yield Finding(Finding.WRONG, f"mail: {wrong}") if wrong else Finding(Finding.GOOD, "the mail server answers")
    yield from _signature(settings)


def _signature(settings: Settings) -> Iterator[Finding]:
    """Whether mail is signed, and the DNS records by which receivers know it from mail that only pretends to be ours."""
    mail_from, key = settings.text("MAIL_FROM"), settings.text("DKIM_KEY")
    try:
        records = signing.records(mail_from, server(settings.text("MAIL_URL")).host, settings.text("OPERATOR_EMAIL"))
        if key:
            signer = signing.Signer(Path(key), settings.text("DKIM_SELECTOR"), mail_from)
            records.append(signer.record)
            yield Finding(Finding.GOOD, f"mail is signed (DKIM, RSA of {signer.bits} bits)")
            if Path(key).stat().st_mode & 0o077:
                yield Finding(Finding.WRONG, f"others on this machine may read the DKIM key {key}: chmod 600")
        else:
            yield Finding(Finding.NOTE, "ZONEWATCH_DKIM_KEY is not set: mail is not signed here; the relay may sign it")
    except (SettingsError, ValueError) as error:
        yield Finding(Finding.WRONG, f"mail: {error}")
        return
    for name, text in records:
        yield Finding(Finding.NOTE, f"the DNS of the sender needs: {name} TXT \"{text}\"")


def _search(settings: Settings) -> Iterator[Finding]:
    """Whether a search server answers and lets us do all that we do; the embedded engine is looked at with the store."""
    if settings.index_dir:
        return
    from indexer.backends.meilisearch import MeilisearchIndex
    url, written, read = (settings.text(name) for name in ("SEARCH_URL", "SEARCH_KEY", "SEARCH_READ_KEY"))
    index = MeilisearchIndex(url, written, lambda _: nullcontext())
    try:
        version = index.version()
        if written or not read:
            index.rehearse()
        if read:
            MeilisearchIndex(url, read, lambda _: nullcontext()).rehearse_searching()
    except IndexUnavailable as error:
        yield Finding(Finding.WRONG, f"search: {error}")
        return
    said = f"the search server answers (Meilisearch {version or 'of a version that it does not tell this key'}); "
    yield Finding(Finding.GOOD, said + ("its keys suffice" if written or not read else "its key only searches"))


def _store(settings: Settings) -> Iterator[Finding]:
    installation = Installation(settings)
    try:
        with installation.db.read() as session:
            views = sources.views(session)
            waiting = {consumer: changes.pending(session, consumer) for consumer in changes.CONSUMERS}
            generation = index_state.current(session)
    except ZonewatchError as error:
        yield Finding(Finding.WRONG, str(error))
        return
    yield Finding(Finding.GOOD, f"the database answers: {sum(view.notices for view in views)} notices, "
                                f"{waiting[changes.INDEX]} changes wait for the index, {waiting[changes.MATCH]} for alerts")
    if generation is None:
        yield Finding(Finding.NOTE, "there is no search index yet: run zonewatch index")
    if not views:
        yield Finding(Finding.WRONG, "no source is known: run zonewatch init")
    yield from _processes(installation)
    lost = overdue(installation.db)
    if lost.changes or lost.mails:
        yield Finding(Finding.WRONG, f"{lost.changes} changes and {lost.mails} mails have waited for over an hour")
    for view in views:
        if view.health.state not in (HealthState.HEALTHY, HealthState.PAUSED, HealthState.NOT_CRAWLED):
            yield Finding(Finding.NOTE, f"source {view.slug} is {view.health.state.value}: {view.health.reason.text()}")


def _processes(installation: Installation) -> Iterator[Finding]:
    for role, lock in (("worker", worker.LOCK), ("scheduler", scheduler.LOCK)):
        running = not locks.is_free(installation.db, lock)
        yield Finding(Finding.GOOD if running else Finding.NOTE, f"{role} {'runs' if running else 'does not run'}")
