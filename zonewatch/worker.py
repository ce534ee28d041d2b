"""Worker: index → match → compose → deliver over the change log, and tasks. One per installation on SQLite."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable

from domain.errors import ZonewatchError
from storage import locks, tasks
from storage.tasks import Task
from zonewatch.wiring import Installation

LOCK = "worker"
LOCK_SECONDS = 3.0
"""Commands hold the lock for moments; another worker holds it for good."""
POLL_SECONDS = 0.5
log = logging.getLogger("zonewatch.worker")


class Worker:
    """One process's loop over the stages. Every stage marks its own work as done, so a stage that fails, or a process that
    is killed, leaves the rest to the next round."""

    def __init__(self, installation: Installation) -> None:
        self.installation = installation
        self._failing: set[str] = set()

    def run(self, stop: threading.Event) -> None:
        """Work until ``stop``. Raises Conflict when another worker runs."""
        with locks.exclusive(self.installation.settings.locks, LOCK, timeout=LOCK_SECONDS):
            self.recover()
            while not stop.is_set():
                if not self.round():
                    stop.wait(POLL_SECONDS)

    def recover(self) -> None:
        """Give back what a killed worker had taken."""
        from subscriptions.recover import recover
        tasks.give_back(self.installation.db, tasks.WORKER_KINDS)
        recover(self.installation.db)

    def round(self) -> int:
        """Every stage once; gives how much was done."""
        stages = (("index", self.index), ("match", self.match), ("operator", self.tell_operator),
                  ("compose", self.compose), ("deliver", self.deliver), ("tasks", self.take_task))
        return sum(self._guarded(name, stage) for name, stage in stages)

    def _guarded(self, name: str, stage: Callable[[], int]) -> int:
        """A failing stage must not stop the others; its error is logged once until it works again."""
        try:
            done = stage()
        except Exception:
            if name not in self._failing:
                self._failing.add(name)
                log.exception("stage %s fails; it is tried again every round", name)
            return 0
        if name in self._failing:
            self._failing.discard(name)
            log.warning("stage %s works again", name)
        return done

    def index(self) -> int:
        """Bring changed notices into the search index."""
        from indexer.sync import sync
        return sync(self.installation.db, self.installation.index)

    def match(self) -> int:
        """Match changed notices with subscriptions."""
        from subscriptions.match import match
        return match(self.installation.db)

    def tell_operator(self) -> int:
        """Tell the operator of held runs."""
        from subscriptions.operator import tell
        return tell(self.installation.db, self.installation.settings.text("OPERATOR_EMAIL"), self.installation.composer)

    def compose(self) -> int:
        """Write the mails that are due."""
        from subscriptions.compose import compose
        return compose(self.installation.db, self.installation.composer)

    def deliver(self) -> int:
        """Send the mails that wait; without a mail server they go on waiting."""
        from subscriptions.deliver import deliver
        from subscriptions.recover import recover
        if self.installation.mail is None:
            return 0
        if "deliver" in self._failing:
            recover(self.installation.db)  # it broke off with mails in hand
        done = deliver(self.installation.db, self.installation.mail)
        return done.sent + done.failed

    def take_task(self) -> int:
        """Do one task that a person asked for."""
        task = tasks.take(self.installation.db, tasks.WORKER_KINDS)
        if task is None:
            return 0
        try:
            tasks.finish(self.installation.db, task, self._do(task))
        except ZonewatchError as error:
            tasks.finish(self.installation.db, task, str(error), failed=True)
        except Exception as error:
            tasks.finish(self.installation.db, task, f"{type(error).__name__}: {error}", failed=True)
            raise
        return 1

    def _do(self, task: Task) -> str:
        from indexer.sync import rebuild
        if task.kind == tasks.REBUILD:
            return f"{rebuild(self.installation.db, self.installation.index)} notices indexed anew"
        return "done by the stages of this round"
