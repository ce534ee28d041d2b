"""Work that got lost on the way is found within an hour and a half; a worker told to end leaves nothing half done."""

from __future__ import annotations

import signal
import time
from collections import Counter
from collections.abc import Iterator
from datetime import timedelta

import pytest
from sqlalchemy import select, update

from domain import clock
from domain.classify import VERSION, classify
from storage import emails, locks, outbox, runs
from storage.emails import Letter, Purpose
from storage.ingest import Reading, ingest
from storage.models import EmailRow
from subscriptions.pace import Pace
from subscriptions.recover import find_lost, overdue
from tests.builders import notice, source, store
from tests.conftest import Installed
from tests.features.alerts import World
from tests.moody import MoodyMailbox, moody_mailbox


def test_the_alerts_of_a_crawl_that_died_are_found_within_an_hour_and_a_half(here: World) -> None:
    here.follow()
    run = runs.start(here.db, source())
    ingest(here.db, run, [Reading(notice(), classify(notice()))], VERSION)
    assert here.round() == [], "a run without an end may be held yet"
    here.wait(timedelta(minutes=59))
    find_lost(here.db, emails.FIRST_SEAT)
    assert here.round() == []
    here.wait(timedelta(minutes=2))
    with locks.exclusive(here.db, locks.of_crawl("eu_safety_gate")):
        find_lost(here.db, emails.FIRST_SEAT)
        assert here.round() == [], "the crawl lives"
    find_lost(here.db, emails.FIRST_SEAT)
    assert len(here.round()) == 1


def test_mails_that_wait_for_longer_than_any_wait_are_tried_at_once(here: World) -> None:
    here.follow()
    store(here.db, notice())
    here.write()
    with here.db.write() as session:
        session.execute(update(EmailRow).where(EmailRow.purpose == "alert").values(
            not_before=clock.now() + timedelta(days=3)))
    assert here.send().sent == 0
    find_lost(here.db, emails.FIRST_SEAT)
    assert here.send().sent == 1


def test_mails_that_nobody_sends_are_told_to_the_operator(here: World) -> None:
    here.follow()
    store(here.db, notice())
    here.write()
    here.wait(timedelta(minutes=59))
    assert overdue(here.db).mails == 0
    here.wait(timedelta(minutes=2))
    assert overdue(here.db).mails == 1
    here.send()
    assert overdue(here.db).mails == 0


def test_mail_that_a_worker_lost_sight_of_goes_back_at_the_next_look(here: World) -> None:
    here.follow()
    store(here.db, notice())
    here.write()
    assert len(outbox.claim(here.db, 10)) == 1
    find_lost(here.db, emails.FIRST_SEAT)
    assert here.send().sent == 1


def test_no_more_mails_go_within_a_minute_than_the_setting_says() -> None:
    now = [0.0]
    pace = Pace(10, lambda: now[0])
    pace.note(pace.allowed(200))
    assert pace.allowed(200) == 0
    now[0] = 59.9
    assert pace.allowed(200) == 0
    now[0] = 60.0
    assert pace.allowed(200) == 10
    assert Pace(None).allowed(200) == 200


@pytest.fixture
def slow() -> Iterator[MoodyMailbox]:
    with moody_mailbox() as found:
        found.on_data = lambda _: time.sleep(0.5)  # type: ignore[func-returns-value]
        yield found


def test_a_worker_told_to_end_finishes_the_mail_in_hand_and_gives_back_the_rest(
        installed: Installed, slow: MoodyMailbox) -> None:
    installed.run("init")
    installed.set(MAIL_URL=slow.url)
    with installed.db.write() as session:
        for number in range(40):
            emails.add(session, Letter(None, f"p{number}@firm.example", Purpose.HELD, f"<{number}@zone.example>",
                                       "a@zone.example", "s", "t", "<p>h"))
    worker = installed.start("worker")
    for _ in range(300):
        if len(slow.mails) >= 2:
            break
        time.sleep(0.1)
    worker.send_signal(signal.SIGTERM)
    told = time.monotonic()
    assert worker.wait(15) == 0
    assert time.monotonic() - told < 5
    with installed.db.read() as session:
        states = Counter(session.scalars(select(EmailRow.state)))
    assert states == {"sent": len(slow.mails), "pending": 40 - len(slow.mails)}
