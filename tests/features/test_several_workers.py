"""Several workers and schedulers over one database: each mail goes once, and somebody always leads."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from sqlalchemy import func, select, text

from domain.criteria import Criteria
from domain.errors import Conflict, LockLost
from storage import emails, locks, outbox
from storage.emails import Letter, Purpose
from storage.models import AddressRow
from storage.session import Database
from subscriptions.channels.smtp import SmtpChannel
from subscriptions.deliver import deliver
from subscriptions.recover import recover, recover_empty_seats
from tests.builders import notice, store
from tests.conftest import Installed
from tests.features.alerts import World, world
from tests.moody import MoodyMailbox
from zonewatch.settings import Settings
from zonewatch.wiring import Installation
from zonewatch.worker import LOCK, Worker

PEOPLE = ("li@firm.example", "wang@firm.example", "chen@firm.example")


@pytest.fixture
def here(tmp_path: Path, mailbox: MoodyMailbox) -> Iterator[World]:
    with world(tmp_path, mailbox) as found:
        found.load()
        yield found


class Running:
    """A worker in a thread."""

    def __init__(self, installed: Installed) -> None:
        self.worker = Worker(Installation(Settings(installed.environment, installed.folder / ".env")))
        self.stop, self.error = threading.Event(), ""
        self.thread = threading.Thread(target=self._work)
        self.thread.start()

    def _work(self) -> None:
        try:
            self.worker.run(self.stop)
        except LockLost as error:
            self.error = str(error)

    def end(self) -> None:
        self.stop.set()
        self.thread.join(20)
        assert not self.thread.is_alive()


def two_workers(installed: Installed) -> tuple[Running, Running]:
    """One that leads, and one beside it."""
    installed.run("init")
    first = Running(installed)
    until("the first worker leads", lambda: not locks.is_free(installed.db, LOCK))
    second = Running(installed)
    until("the second sits elsewhere", lambda: second.worker.seat != LOCK)
    return first, second


def until(what: str, condition: Callable[[], bool]) -> None:
    for _ in range(200):
        if condition():
            return
        threading.Event().wait(0.1)
    pytest.fail(f"it never came to pass that {what}")


def test_a_lock_holds_between_connections_and_ends_with_its_holder(db: Database) -> None:
    with locks.exclusive(db, "crawl-x"):
        with pytest.raises(Conflict, match="crawl-x"), locks.exclusive(db, "crawl-x", timeout=0.1):
            pass
        assert locks.is_free(db, "crawl-y")
    assert locks.is_free(db, "crawl-x")


def test_one_worker_leads_and_the_next_takes_over(installed: Installed) -> None:
    first, second = two_workers(installed)
    first.end()
    until("the second leads", lambda: second.worker.seat == LOCK)
    second.end()
    assert locks.is_free(installed.db, LOCK)


@pytest.mark.postgres
def test_a_worker_whose_lock_was_lost_with_its_connection_ends(installed: Installed) -> None:
    installed.run("init")
    first = Running(installed)
    until("the worker leads", lambda: not locks.is_free(installed.db, LOCK))
    with installed.db.write() as session:
        session.execute(text("SELECT pg_terminate_backend(pid) FROM pg_locks WHERE locktype = 'advisory' AND database = "
                             "(SELECT oid FROM pg_database WHERE datname = current_database())"))
    until("it ends", lambda: not first.thread.is_alive())
    assert "the lock worker is gone" in first.error
    second = Running(installed)
    until("the next one leads", lambda: not locks.is_free(installed.db, LOCK))
    second.end()


def test_a_mail_is_not_sent_once_the_seat_is_lost(here: World) -> None:
    here.follow(PEOPLE[0], Criteria())
    store(here.db, notice("SR/1"))
    here.write()

    def still() -> None:
        raise LockLost("somebody else sits there")

    with pytest.raises(LockLost):
        deliver(here.db, SmtpChannel(here.mailbox.url), still=still)
    assert here.mailbox.mails == []
    assert recover(here.db) == 1


def test_the_second_delivers_for_the_first_and_then_for_itself(installed: Installed, mailbox: MoodyMailbox) -> None:
    installed.set(MAIL_URL=mailbox.url)
    first, second = two_workers(installed)
    write(installed, 1)
    until("it is sent", lambda: _counts(installed) == {"sent": 1})
    first.end()
    until("the second leads", lambda: second.worker.seat == LOCK)
    write(installed, 2)
    until("that is sent too", lambda: _counts(installed) == {"sent": 2})
    assert installed.rows("SELECT claimed_by FROM emails ORDER BY id") == [(f"{LOCK}-2",), (LOCK,)]
    assert locks.is_free(installed.db, f"{LOCK}-2"), "for another one"
    second.end()


def write(installed: Installed, number: int) -> None:
    with installed.db.write() as session:
        emails.add(session, Letter(None, "x@firm.example", Purpose.HELD, f"<{number}@zone.example>", "a@zone.example",
                                   "", "", ""))


def test_what_was_in_hand_goes_back_when_its_worker_takes_the_lead(installed: Installed) -> None:
    first, second = two_workers(installed)
    write(installed, 1)
    assert len(outbox.claim(installed.db, 1, second.worker.seat)) == 1
    first.end()
    until("the second leads", lambda: second.worker.seat == LOCK)
    until("its mail waits again", lambda: _counts(installed) == {"pending": 1})
    second.end()


def _counts(installed: Installed) -> dict[str, int]:
    with installed.db.read() as session:
        return emails.counts(session)


def test_workers_that_deliver_at_once_send_each_mail_once(here: World) -> None:
    for address in PEOPLE:
        here.follow(address, Criteria())
    store(here.db, *(notice(f"SR/{number}", title=f"Air compressor {number}") for number in range(5)))
    here.write()
    def work(seat: str) -> None:
        while deliver(here.db, SmtpChannel(here.mailbox.url), limit=1, seat=seat).sent:
            pass

    threads = [threading.Thread(target=work, args=(f"{LOCK}-{number}",)) for number in range(2, 6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert Counter(here.mailbox.recipients()) == Counter(PEOPLE)


def test_the_mails_of_a_dead_worker_go_back_when_its_seat_is_found_empty(here: World) -> None:
    for address in PEOPLE:
        here.follow(address, Criteria())
    store(here.db, notice("SR/1"))
    here.write()
    claimed = outbox.claim(here.db, 100, f"{LOCK}-2")
    with locks.exclusive(here.db, f"{LOCK}-2"):
        assert recover_empty_seats(here.db, LOCK) == 0, "its worker lives"
    assert recover_empty_seats(here.db, LOCK) == len(claimed) > 0


def test_two_that_ask_for_the_same_new_address_at_once_make_one_person(here: World) -> None:
    begin = threading.Barrier(3)

    def ask() -> None:
        begin.wait(10)
        here.service.subscribe("new@firm.example", Criteria())

    threads = [threading.Thread(target=ask) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    with here.db.read() as session:
        assert session.scalar(select(func.count()).where(AddressRow.email == "new@firm.example")) == 1
