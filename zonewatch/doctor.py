"""Doctor: what is wrong with an installation, said so that the person in charge can mend it."""

from __future__ import annotations

import shutil
import smtplib
import socket
from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar
from urllib.parse import urlsplit

from domain.errors import ZonewatchError
from domain.health import HealthState
from storage import changes, index_state, locks, sources
from zonewatch import scheduler, worker
from zonewatch.settings import Settings
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
    return [*_settings(settings), *_disk(settings), *_mail(settings), *_store(settings), *_processes(settings)]


def _settings(settings: Settings) -> Iterator[Finding]:
    for name in settings.unknown():
        yield Finding(Finding.WRONG, f"{name} is not a setting; is it misspelt?")
    if settings.now:
        yield Finding(Finding.NOTE, f"the clock is fixed at {settings.now.isoformat()}")
    if settings.text("GATEWAY_URL"):
        yield Finding(Finding.NOTE, f"all sources are fetched through {settings.text('GATEWAY_URL')}")
    if not settings.text("OPERATOR_EMAIL"):
        yield Finding(Finding.WRONG, "ZONEWATCH_OPERATOR_EMAIL is not set: nobody is told of held runs")


def _disk(settings: Settings) -> Iterator[Finding]:
    settings.data_dir.mkdir(parents=True, exist_ok=True)
    free = shutil.disk_usage(settings.data_dir).free
    level = Finding.GOOD if free >= LEAST_FREE_BYTES else Finding.WRONG
    yield Finding(level, f"{free / 1024**3:.1f} GB free in {settings.data_dir}")


def _mail(settings: Settings) -> Iterator[Finding]:
    url = urlsplit(settings.text("MAIL_URL"))
    if not url.hostname:
        yield Finding(Finding.WRONG, "ZONEWATCH_MAIL_URL is not set: no confirmation and no alert can be sent")
        return
    port = url.port or (465 if url.scheme == "smtps" else 25)
    try:
        socket.create_connection((url.hostname, port), CONNECT_SECONDS).close()
    except OSError as error:
        yield Finding(Finding.WRONG, f"the mail server {url.hostname}:{port} does not answer: {error}")
        return
    if url.scheme == "smtp":
        try:
            with smtplib.SMTP(url.hostname, port, timeout=CONNECT_SECONDS) as server:
                server.noop()
        except (OSError, smtplib.SMTPException) as error:
            yield Finding(Finding.WRONG, f"{url.hostname}:{port} does not speak SMTP: {error}")
            return
    yield Finding(Finding.GOOD, f"the mail server {url.hostname}:{port} answers")


def _store(settings: Settings) -> Iterator[Finding]:
    installation = Installation(settings)
    try:
        with installation.db.read() as session:
            views = sources.views(session)
            waiting = {consumer: changes.pending(session, consumer) for consumer in changes.CONSUMERS}
            generation = index_state.current(session)
    except ZonewatchError as error:
        yield Finding(Finding.WRONG, f"the database cannot be used: {error}")
        return
    yield Finding(Finding.GOOD, f"the database answers: {sum(view.notices for view in views)} notices, "
                                f"{waiting[changes.INDEX]} changes wait for the index, {waiting[changes.MATCH]} for alerts")
    if generation is None:
        yield Finding(Finding.NOTE, "there is no search index yet: run zonewatch index")
    if not views:
        yield Finding(Finding.WRONG, "no source is known: run zonewatch init")
    for view in views:
        if view.health.state not in (HealthState.HEALTHY, HealthState.PAUSED):
            yield Finding(Finding.NOTE, f"source {view.slug} is {view.health.state.value}: {view.health.reason.text()}")


def _processes(settings: Settings) -> Iterator[Finding]:
    for role, lock in (("worker", worker.LOCK), ("scheduler", scheduler.LOCK)):
        running = not locks.is_free(settings.locks, lock)
        yield Finding(Finding.GOOD if running else Finding.NOTE, f"{role} {'runs' if running else 'does not run'}")
