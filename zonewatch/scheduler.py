"""Scheduler: which source is due, by its card's rhythm and its runs. The only importer of apscheduler."""

from __future__ import annotations

import json
import logging
import threading
from datetime import datetime, timedelta

from apscheduler.executors.pool import ThreadPoolExecutor
from apscheduler.schedulers.background import BackgroundScheduler

from crawlers.cards import cards
from domain import clock
from domain.errors import Conflict
from domain.source import RunStatus, Source
from storage import bounces, forgetting, locks, retention, sources, tasks
from subscriptions.recover import forget
from zonewatch.crawls import crawl_in_child
from zonewatch.wiring import Installation

LOCK = "scheduler"
LOCK_SECONDS = 3.0
CHECK_SECONDS = 30
POLL_SECONDS = 5.0
RETRY_AFTER = timedelta(hours=1)
"""A run that did not end well is tried again after this, or after the card's rhythm if that is shorter."""
log = logging.getLogger("zonewatch.scheduler")


class Scheduler:
    """In-memory jobs rebuilt from the cards at every start; the truth of what is due is in the SourceRun rows."""

    def __init__(self, installation: Installation) -> None:
        self.installation = installation
        self._places = threading.Semaphore(installation.settings.crawls)

    def run(self, stop: threading.Event) -> None:
        """Schedule until ``stop``, once no other scheduler does. Raises LockLost when another may have begun."""
        waits = False
        while not stop.is_set():
            try:
                return self._schedule(stop)
            except Conflict:
                if not waits:
                    log.warning("another scheduler runs; this one waits for its end")
                waits = True
                stop.wait(POLL_SECONDS)

    def _schedule(self, stop: threading.Event) -> None:
        with locks.exclusive(self.installation.db, LOCK, timeout=LOCK_SECONDS) as held:
            tasks.give_back(self.installation.db, (tasks.CRAWL,))
            sources.save_cards(self.installation.db, cards())
            scheduler = BackgroundScheduler(
                timezone="UTC", job_defaults={"coalesce": True, "max_instances": 1, "misfire_grace_time": None},
                executors={"default": ThreadPoolExecutor(self.installation.settings.crawls),
                           "tasks": ThreadPoolExecutor(1)})
            for card in cards():
                scheduler.add_job(self.crawl_if_due, "interval", [card, stop], seconds=CHECK_SECONDS, id=card.slug,
                                  next_run_time=datetime.now(scheduler.timezone))  # the real clock: APScheduler's own
            scheduler.add_job(forget, "interval", [self.installation.db], days=1, id="forget", executor="tasks",
                              next_run_time=datetime.now(scheduler.timezone))
            scheduler.add_job(self.prune, "interval", days=1, id="prune", executor="tasks",
                              next_run_time=datetime.now(scheduler.timezone))
            scheduler.add_job(self.take_task, "interval", [stop], seconds=2, id="tasks", executor="tasks")
            scheduler.start()
            try:
                while not stop.wait(CHECK_SECONDS):
                    held.check()
            finally:
                scheduler.shutdown(wait=True)

    def crawl_if_due(self, card: Source, stop: threading.Event) -> None:
        """Crawl a source whose time has come."""
        if not stop.is_set() and self.is_due(card):
            self._crawl(card.slug, stop)

    def is_due(self, card: Source) -> bool:
        """Whether a source that may run should do so now: never ran, or its last run is long enough ago. A run without an
        end belongs to a killed process, and is due at once, unless a living one holds the source's lock."""
        with self.installation.db.read() as session:
            if not sources.may_run(session, card):
                return False
            last = sources.last_started(session).get(card.slug)
        if last is None or last.status is RunStatus.RUNNING:
            return locks.is_free(self.installation.db, locks.of_crawl(card.slug))
        ended_well = last.status in (RunStatus.OK, RunStatus.HELD)
        wait = card.rhythm if ended_well else min(card.rhythm, RETRY_AFTER)
        return last.started_at + wait <= clock.now()

    def prune(self) -> None:
        """Remove what need not be kept any longer, and let addresses be good again that mail has reached since."""
        db = self.installation.db
        removed = retention.prune(db, self.installation.captures)
        if removed.captures or removed.bodies or removed.changes or removed.tasks:
            log.info("%s", removed.text())
        forgotten = forgetting.forget_personal(db)
        if forgotten != forgetting.Forgotten():
            log.info("forgot %s", forgotten.text())
        with db.write() as session:
            bounces.settle(session)

    def take_task(self, stop: threading.Event) -> None:
        """Run a source that a person asked for."""
        task = None if stop.is_set() else tasks.take(self.installation.db, (tasks.CRAWL,))
        if task:
            report = self._crawl(str(task.payload["slug"]), stop)
            said = f"{report['status']}: {report['created']} new, {report['revised']} revised. {report['reason']}"
            tasks.finish(self.installation.db, task, said.strip(), failed=report["status"] != RunStatus.OK)

    def _crawl(self, slug: str, stop: threading.Event) -> dict[str, object]:
        with self._places:
            report = crawl_in_child(self.installation, slug, stop=stop)
        log.info("%s", json.dumps(report, ensure_ascii=False))
        return report
