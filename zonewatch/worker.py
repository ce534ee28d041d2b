"""Worker: index → match → compose → deliver over the change log, and tasks. One leads; others deliver for it."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from contextlib import ExitStack, suppress
from datetime import date
from functools import cached_property, partial
from typing import TYPE_CHECKING

from domain import clock
from domain.errors import Conflict, LockLost, ZonewatchError
from storage import locks, tasks
from storage.emails import FIRST_SEAT
from storage.tasks import Task
from subscriptions.pace import Pace
from zonewatch.wiring import Installation

if TYPE_CHECKING:
    from subscriptions.channels.port import MailChannel
    from subscriptions.deliver import Manner
    from subscriptions.recover import Lost

LOCK = FIRST_SEAT
"""The seat of the worker that leads; a seat is a lock."""
OTHER_SEATS = tuple(f"{LOCK}-{number}" for number in range(2, 17))
MINUTE_SECONDS = 60.0
"""How often the leader looks at what changes slowly: the health of sources, mails in the hands of workers that died."""
BOUNCE_SECONDS = 180.0
"""How often mail that came back is read."""
HOUR_SECONDS = 3600.0
ENGINE_SECONDS = 15.0
"""How long a search engine that failed is left alone."""
POLL_SECONDS = 0.5
MAILS = 200
"""Most mails of a round; as many as are composed in one, so that none pile up."""
log = logging.getLogger("zonewatch.worker")


class Worker:
    """One process's loop over the stages. Every stage marks its own work as done, so a stage that fails, or a process that
    is killed, leaves the rest to the next round."""

    def __init__(self, installation: Installation) -> None:
        self.installation = installation
        self.seat = LOCK
        self._still: Callable[[], None] = lambda: None
        self._failing: set[str] = set()
        self._next: dict[str, float] = {}
        self._graded_on: date | None = None
        self._stop = threading.Event()
        self._lost: Lost | None = None
        self._channel: MailChannel | None = None
        self._pace = Pace(installation.settings.mail_rate)

    def run(self, stop: threading.Event) -> None:
        """Work until ``stop``. The first worker leads: it runs every stage. Further workers deliver for it, and one of
        them leads once it is gone. Raises Conflict when all seats are taken; LockLost when the seat was lost with its
        connection: whoever starts this process again lets it sit anew.

        Told to stop, it finishes the mail in hand and what a stage has begun, and leaves the rest to the next worker."""
        self._stop = stop
        with ExitStack() as seats:
            self._sit_down(seats)
            seats.callback(self._hang_up)
            while not stop.is_set():
                if not self.round():
                    stop.wait(POLL_SECONDS)
                if self.seat != LOCK:
                    self._guarded("lead", partial(self._lead, seats))

    def _sit_down(self, seats: ExitStack) -> None:
        """Take the first seat that is free. A command holds the first one for moments: the worker leads after it."""
        for seat in (LOCK, *OTHER_SEATS):
            with suppress(Conflict):
                return self._take(seats, seat)
        raise Conflict("as many workers as there may be are at work")

    def _take(self, seats: ExitStack, seat: str) -> None:
        """Take a seat, with what its last worker left."""
        held = seats.enter_context(locks.exclusive(self.installation.db, seat))
        self.seat, self._still = seat, held.check
        self.recover()

    def _lead(self, seats: ExitStack) -> int:
        """Take the first seat if it is free; what was in hand in the seat before goes back, then that seat is free."""
        from subscriptions.recover import recover
        before, first = self.seat, ExitStack()
        try:
            self._take(first, LOCK)
        except Conflict:
            return 0
        log.warning("leads from now on")
        with seats.pop_all():
            seats.push(first)
            seats.callback(self._hang_up)
            return recover(self.installation.db, before)

    def recover(self) -> None:
        """Give back what a killed worker in this seat had taken."""
        from subscriptions.recover import recover
        if self.seat == LOCK:
            tasks.give_back(self.installation.db, tasks.WORKER_KINDS)
        recover(self.installation.db, self.seat)

    def round(self) -> int:
        """Every stage of this seat once; gives how much was done."""
        self._still()
        stages = (("grade", self.grade), ("index", self.index), ("health", self.watch), ("match", self.match),
                  ("operator", self.tell_operator), ("report", self.report), ("compose", self.compose),
                  ("remind", self.remind), ("deliver", self.deliver), ("sweep", self.sweep),
                  ("bounces", self.read_bounces), ("forget", self.forget), ("tasks", self.take_task))
        return sum(self._guarded(name, stage) for name, stage in stages
                   if (self.seat == LOCK or name == "deliver") and not self._stop.is_set())

    def _guarded(self, name: str, stage: Callable[[], int]) -> int:
        """A failing stage must not stop the others; its error is logged once until it works again."""
        try:
            done = stage()
        except LockLost:
            raise
        except Exception:
            if name not in self._failing:
                self._failing.add(name)
                log.exception("stage %s fails; it is tried again every round", name)
            return 0
        if name in self._failing:
            self._failing.discard(name)
            log.warning("stage %s works again", name)
        return done

    def grade(self) -> int:
        """On another day than the last time, or for the first time, give notices their grade of today."""
        from storage.regraded import regrade
        today = clock.today()
        if today == self._graded_on:
            return 0
        done = regrade(self.installation.db)
        self._graded_on = today
        return done

    def index(self) -> int:
        """Bring changed notices into the search index. An engine that fails is left alone for a while: every try may
        take the patience that the other stages, the alerts among them, would wait for."""
        from indexer.port import IndexUnavailable
        from indexer.sync import sync
        if time.monotonic() < self._next.get("index", 0.0):
            raise IndexUnavailable("it failed a moment ago")
        try:
            return sync(self.installation.db, self.installation.index, spelling=self.installation.spelling)
        except IndexUnavailable:
            self._next["index"] = time.monotonic() + ENGINE_SECONDS
            raise

    def watch(self) -> int:
        """Once a minute, note what has become of the sources, and have readers told of long outages and their ends."""
        from storage import health
        from subscriptions.outage import announce
        if not self._is_time("watch"):
            return 0
        return health.note(self.installation.db) + announce(self.installation.db)

    def report(self) -> int:
        """Once a minute, tell the operator of changed states, unless they were told within a day."""
        from subscriptions.operator import report
        if not self._is_time("report"):
            return 0
        settings = self.installation.settings
        return report(self.installation.db, settings.text("OPERATOR_EMAIL"), self.installation.composer)

    def _is_time(self, what: str, seconds: float = MINUTE_SECONDS) -> bool:
        """Whether a minute, or as long as is said, has passed since this was so."""
        now = time.monotonic()
        if now < self._next.get(what, 0.0):
            return False
        self._next[what] = now + seconds
        return True

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

    def remind(self) -> int:
        """Once a minute, remind followers of deadlines, and tell them of those that have moved."""
        from subscriptions.reminders import remind
        if not self._is_time("remind"):
            return 0
        return remind(self.installation.db, self.installation.composer)

    def deliver(self) -> int:
        """Send the mails that wait; without a mail server they go on waiting. The leader leaves it to the worker in the next
        seat while there is one."""
        from subscriptions.deliver import deliver
        from subscriptions.recover import recover
        self._channel = self.installation.mail
        if self._channel is None or (self.seat == LOCK and not locks.is_free(self.installation.db, OTHER_SEATS[0])):
            return 0
        if "deliver" in self._failing:
            recover(self.installation.db, self.seat)  # it broke off with mails in hand
        allowed = self._pace.allowed(MAILS)
        if not allowed:
            return 0
        done = deliver(self.installation.db, self._channel, allowed, self.seat, self._still, self._manner)
        self._pace.note(done.sent + done.failed + done.postponed)
        return done.sent + done.failed

    def _hang_up(self) -> None:
        if self._channel is not None:
            self._channel.close()

    @cached_property
    def _manner(self) -> Manner:
        from subscriptions.deliver import Manner
        from subscriptions.shorten import shorten
        signer = self.installation.signer
        return Manner(signer.sign if signer else lambda message, _: message,
                      lambda db, email: shorten(db, self.installation.composer, email), lambda: self._stop.is_set(),
                      self.installation.settings.text("BOUNCE_ADDRESS"))

    def sweep(self) -> int:
        """Once a minute, give back the mails of workers that died and have no successor, and look for work that was lost:
        it is tried again, and the operator reads of it in the log and on their page."""
        from subscriptions.recover import Lost, find_lost, recover_empty_seats
        if not self._is_time("sweep"):
            return 0
        given_back = recover_empty_seats(self.installation.db, self.seat)
        lost = find_lost(self.installation.db, self.seat)
        if lost != self._lost and lost != Lost():
            log.warning("%d changes and %d mails have waited for over an hour", lost.changes, lost.mails)
        self._lost = lost
        return given_back

    def read_bounces(self) -> int:
        """Every few minutes, read the mailbox of bounces, if there is one."""
        from subscriptions.bounces import read_mailbox
        url = self.installation.settings.text("BOUNCE_URL")
        return read_mailbox(self.installation.db, url) if url and self._is_time("bounces", BOUNCE_SECONDS) else 0

    def forget(self) -> int:
        """Once an hour, forget what was never confirmed, and who asked for what."""
        from subscriptions.recover import forget
        return forget(self.installation.db) if self._is_time("forget", HOUR_SECONDS) else 0

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
            count = rebuild(self.installation.db, self.installation.index, spelling=self.installation.spelling)
            return f"{count} notices indexed anew"
        return "done by the stages of this round"
