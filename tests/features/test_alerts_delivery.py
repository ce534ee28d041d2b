"""Delivery in bad times: refusals, outages and kills. Every alert arrives; after a kill those of the last moment
arrive twice, as the same mail."""

from __future__ import annotations

import os
import signal
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from multiprocessing import get_context
from pathlib import Path

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from domain import clock
from domain.criteria import Criteria
from storage import outbox
from storage.models import EmailRow
from storage.session import Database
from subscriptions.channels.smtp import SmtpChannel
from subscriptions.compose import compose
from subscriptions.composer import Composer
from subscriptions.deliver import Delivered, deliver
from subscriptions.match import match
from subscriptions.recover import recover
from tests.builders import notice, store
from tests.databases import copy, url_of
from tests.features.alerts import BASE_URL, LATER, MAIL_FROM, SECRET, World, told, world, writes
from tests.moody import DROP, HANG, MoodyMailbox

PEOPLE = [f"p{number}@firm.example" for number in range(4)]


@pytest.fixture
def here(tmp_path: Path, mailbox: MoodyMailbox) -> Iterator[World]:
    """Four people with an alert each that waits to be sent."""
    with world(tmp_path, mailbox) as found:
        found.load()
        for address in PEOPLE:
            found.follow(address)
        store(found.db, notice())
        found.write()
        mailbox.reset()
        yield found


def states(here: World) -> dict[str, tuple[str, int, str | None]]:
    """State, tries and last error of the alerts, by address."""
    with here.db.read() as session:
        rows = session.scalars(select(EmailRow).where(EmailRow.purpose == "alert"))
        return {row.address: (row.state, row.attempts, row.last_error) for row in rows}


def test_all_mails_go_over_one_connection_that_is_kept_between_rounds(here: World) -> None:
    assert deliver(here.db, here.channel, limit=2) == Delivered(sent=2)
    assert here.send() == Delivered(sent=2)
    assert here.mailbox.connections == 0, "it is the one that carried the confirmations"
    assert here.send() == Delivered()


@pytest.mark.parametrize("stage", ["on_recipient", "on_data"])
def test_a_mail_that_is_refused_for_good_fails_and_blocks_no_other(here: World, stage: str) -> None:
    setattr(here.mailbox, stage, lambda address: "550 no such user" if address == PEOPLE[1] else None)
    assert here.send() == Delivered(sent=3, failed=1)
    assert states(here)[PEOPLE[1]] == ("failed", 1, "550 no such user")
    here.wait(timedelta(days=30))
    assert here.send() == Delivered()


def test_a_worker_with_nothing_to_do_locks_nothing(here: World) -> None:
    here.send()
    with writes(here.db) as begun:
        here.write()
        here.send()
    assert begun == []


def test_a_mail_that_is_refused_for_now_waits_longer_each_time_and_is_given_up_after_three_days(here: World) -> None:
    here.mailbox.on_recipient = lambda address: "450 greylisted" if address == PEOPLE[0] else None
    assert here.send() == Delivered(sent=3, postponed=1)
    began, tries, last = clock.now(), [], clock.now()
    while states(here)[PEOPLE[0]][0] == "pending":
        here.wait(timedelta(minutes=1))
        if here.send() != Delivered():
            tries.append(int((clock.now() - last) / timedelta(minutes=1)))
            last = clock.now()
    assert tries[:7] == [1, 5, 15, 60, 120, 240, 480]
    assert set(tries[7:]) == {480}
    assert timedelta(days=3) <= clock.now() - began < timedelta(days=3, hours=9)
    assert states(here)[PEOPLE[0]][::2] == ("failed", "450 greylisted")
    assert len(here.mailbox.mails) == 3


def test_a_mail_that_was_refused_for_now_arrives_in_the_end(here: World) -> None:
    moods = iter(["450 greylisted"] * 2)
    here.mailbox.on_recipient = lambda address: next(moods, None) if address == PEOPLE[0] else None
    assert here.send() == Delivered(sent=3, postponed=1)
    here.wait(timedelta(minutes=1))
    assert here.send() == Delivered(postponed=1)
    here.wait(timedelta(minutes=4))
    assert here.send() == Delivered()
    here.wait(timedelta(minutes=1))
    assert here.send() == Delivered(sent=1)
    assert states(here)[PEOPLE[0]] == ("sent", 3, None)


def test_an_outage_delays_everything_and_loses_nothing(here: World, free_port: int) -> None:
    nobody = SmtpChannel(f"smtp://127.0.0.1:{free_port}", timeout=1)
    assert deliver(here.db, nobody) == Delivered(postponed=4)
    assert deliver(here.db, nobody) == Delivered()
    for _ in range(6):
        here.wait(timedelta(days=1))
        assert deliver(here.db, nobody) == Delivered(postponed=4)
    here.wait(timedelta(minutes=15))
    assert here.send() == Delivered(sent=4)
    assert len(here.mailbox.mails) == 4


def test_a_connection_that_breaks_over_one_mail_costs_the_others_nothing(here: World) -> None:
    here.mailbox.on_recipient = lambda address: DROP if address == PEOPLE[1] else None
    assert here.send() == Delivered(sent=3, postponed=1)
    state, tries, error = states(here)[PEOPLE[1]]
    assert (state, tries) == ("pending", 1)
    assert error


def test_a_hanging_server_ends_the_round_soon(here: World) -> None:
    here.mailbox.on_sender = lambda _: HANG
    impatient = SmtpChannel(here.mailbox.url, timeout=0.3)
    assert deliver(here.db, impatient) == Delivered(postponed=3)
    assert states(here)[PEOPLE[3]] == ("pending", 0, None)
    here.mailbox.on_sender = lambda _: None
    assert here.send() == Delivered(sent=1)


def test_a_mail_that_cannot_be_written_blocks_no_other(here: World) -> None:
    with here.db.write() as session:
        row = session.scalars(select(EmailRow).where(EmailRow.address == PEOPLE[0], EmailRow.purpose == "alert")).one()
        row.headers = {"From": "no address"}
    assert here.send() == Delivered(sent=3, postponed=1)


def test_a_mail_in_the_hands_of_a_dead_worker_is_sent_by_the_next(here: World) -> None:
    assert len(outbox.claim(here.db, 100)) == 4
    assert here.send() == Delivered()
    assert recover(here.db) == 4
    assert here.send() == Delivered(sent=4)


def test_mails_that_people_wait_for_go_first(here: World) -> None:
    here.service.subscribe("new@firm.example", Criteria())
    here.accounts.sign_in.ask(PEOPLE[0])
    here.send()
    assert here.mailbox.recipients()[:2] == ["new@firm.example", PEOPLE[0]]


class Death:
    """Kills this process at its Nth chance; never when N is 0."""

    def __init__(self, number: int) -> None:
        self.left = number

    def chance(self) -> None:
        self.left -= 1
        if self.left == 0:
            os.kill(os.getpid(), signal.SIGKILL)


class MortalDatabase(Database):
    """May die just before and just after every commit."""

    def __init__(self, url: str, death: Death) -> None:
        super().__init__(url)
        self.death = death

    @contextmanager
    def write(self) -> Iterator[Session]:
        with super().write() as session:
            yield session
            session.flush()
            self.death.chance()
        self.death.chance()


class MortalChannel(SmtpChannel):
    """May die just before a mail is handed over and just after the server took it."""

    def __init__(self, url: str, death: Death) -> None:
        super().__init__(url)
        self.death = death

    def send(self, message: bytes, sender: str, recipient: str) -> None:
        self.death.chance()
        super().send(message, sender, recipient)
        self.death.chance()


def work(url: str, mail_url: str, now: datetime, number: int) -> None:
    """A worker's life from its start until nothing is left to do."""
    clock.fix(now)
    death = Death(number)
    db, channel = MortalDatabase(url, death), MortalChannel(mail_url, death)
    composer = Composer(BASE_URL, MAIL_FROM, SECRET)
    recover(db)
    while match(db, limit=2) or compose(db, composer) or deliver(db, channel).sent:
        pass


def worker(folder: Path, mailbox: MoodyMailbox, now: datetime, number: int = 0) -> int | None:
    """Exit code of a worker in a process of its own."""
    process = get_context("fork").Process(
        target=work, args=(url_of(folder), mailbox.url, now, number))
    process.start()
    process.join(60)
    return process.exitcode


def test_a_worker_killed_at_any_moment_loses_no_alert_and_makes_at_most_one_more_copy_of_each(
        tmp_path: Path, mailbox: MoodyMailbox) -> None:
    (tmp_path / "before").mkdir()
    with world(tmp_path / "before", mailbox) as prepared:
        prepared.load()
        for address in PEOPLE[:2]:
            prepared.follow(address, Criteria(markets=frozenset({"EU"})))
        store(prepared.db, *(notice(f"SR/{number}", title=f"Air compressor {number}") for number in range(3)))
        now = clock.now()
    clock.fix(now)
    wanted = Counter({(address, f"Air compressor {number}"): 1 for address in PEOPLE[:2] for number in range(3)})
    kills = doubled = 0
    while True:
        mailbox.reset()
        folder = tmp_path / f"kill{kills}"
        copy(tmp_path / "before", folder)
        code = worker(folder, mailbox, now, kills + 1)
        if code == 0:
            break
        assert code == -signal.SIGKILL
        kills += 1
        assert worker(folder, mailbox, now + timedelta(seconds=5)) == 0
        assert worker(folder, mailbox, now + LATER) == 0
        mails = {str(mail["Message-ID"]): mail for mail in mailbox.mails}
        assert Counter((str(mail["To"]), title) for mail in mails.values() for title in told(mail)) == wanted, kills
        doubles = [mail for mail in mailbox.mails if mail is not mails[str(mail["Message-ID"])]]
        assert max(Counter(str(mail["Message-ID"]) for mail in mailbox.mails).values()) <= 2, kills
        assert all(told(mail) == told(mails[str(mail["Message-ID"])]) for mail in doubles)
        doubled += len(doubles)
    assert kills > 15
    assert doubled > 0
