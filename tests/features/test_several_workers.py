"""Several workers and schedulers over one PostgreSQL database: each mail goes once, and somebody always leads."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from sqlalchemy import func, select

from domain.criteria import Criteria
from domain.errors import Conflict
from storage import emails, locks
from storage.models import AddressRow
from storage.session import Database
from subscriptions.channels.smtp import SmtpChannel
from subscriptions.deliver import deliver
from subscriptions.recover import recover_empty_seats
from tests.builders import notice, store
from tests.conftest import Installed
from tests.features.alerts import World, world
from tests.moody import MoodyMailbox
from zonewatch.settings import Settings
from zonewatch.wiring import Installation
from zonewatch.worker import LOCK, Worker

pytestmark = pytest.mark.postgres
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
        self.stop = threading.Event()
        self.thread = threading.Thread(target=self.worker.run, args=(self.stop,))
        self.thread.start()

    def end(self) -> None:
        self.stop.set()
        self.thread.join(20)
        assert not self.thread.is_alive()


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
    installed.run("init")
    first = Running(installed)
    until("the first worker leads", lambda: not locks.is_free(installed.db, LOCK))
    second = Running(installed)
    until("the second sits elsewhere", lambda: second.worker.seat != LOCK)
    first.end()
    until("the second leads", lambda: second.worker.seat == LOCK)
    second.end()
    assert locks.is_free(installed.db, LOCK)


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
    claimed = emails.claim(here.db, 100, f"{LOCK}-2")
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
