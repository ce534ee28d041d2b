"""What cannot be read or written is logged once, tried again later, and holds up nobody else."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select

from domain.criteria import Criteria
from domain.subscription import Topic
from storage import bulletins, changes, organisations
from storage.models import ChangeRow, NoticeRow
from subscriptions.compose import compose
from subscriptions.match import match
from tests.builders import notice, store
from tests.features.alerts import LI, World, told, writes

HAN = "han@firm.example"
HOUR = timedelta(hours=1)


def spoil(here: World, notice_id: int, data: dict[str, Any]) -> dict[str, Any]:
    """Replace what is stored of a notice; gives what stood there."""
    with here.db.write() as session:
        row = session.get_one(NoticeRow, notice_id)
        before, row.data = row.data, data
        return before


def tracebacks(caplog: pytest.LogCaptureFixture) -> int:
    return sum(record.exc_info is not None for record in caplog.records)


def test_a_notice_that_cannot_be_matched_waits_and_the_others_go_on(here: World, caplog: pytest.LogCaptureFixture) -> None:
    here.follow()
    bad, _ = store(here.db, notice("bad", title="Air compressor, bad"), notice("good", title="Air compressor, good"))
    data = spoil(here, bad, {"not": "a notice"})
    assert match(here.db, limit=1) == 0
    assert match(here.db, limit=1) == 1
    for _ in range(3):
        assert match(here.db, limit=1) == 0
        here.wait(HOUR)
    assert told(here.round()[0]) == ["Air compressor, good"]
    assert tracebacks(caplog) == 1
    with here.db.read() as session:
        assert changes.pending(session, changes.MATCH) == 1
    spoil(here, bad, data)
    here.wait(HOUR)
    assert told(here.round()[0]) == ["Air compressor, bad"]


def test_a_person_who_cannot_be_written_to_holds_up_nobody(here: World, caplog: pytest.LogCaptureFixture) -> None:
    here.follow()
    here.follow(HAN, Criteria(product_types=frozenset({"solenoid_valve"})))
    bad, _ = store(here.db, notice("bad"), notice("good", title="Solenoid valve", product="Solenoid valve"))
    while match(here.db):
        pass
    data = spoil(here, bad, {"not": "a notice"})
    written = []
    for _ in range(4):
        written.append(compose(here.db, here.composer, limit=1))
        here.wait(timedelta(minutes=1))
    assert written == [0, 1, 0, 0]
    here.wait(HOUR)
    assert compose(here.db, here.composer, limit=1) == 0
    assert tracebacks(caplog) == 1
    spoil(here, bad, data)
    here.wait(HOUR)
    assert compose(here.db, here.composer, limit=1) == 1
    here.send()
    assert here.mailbox.recipients() == [HAN, LI]


def publish(here: World, zone: int, notice_ids: list[int]) -> None:
    with here.db.write() as session:
        author = organisations.find_or_create_person(session, "editor@zone.example")
        bulletin = bulletins.create(session, zone, author, f"简报 {notice_ids}", "")
        bulletins.set_items(session, [zone], bulletin, notice_ids)
        bulletins.publish(session, [zone], bulletin)
        changes.add(session, changes.BULLETIN, bulletin, alert=True, consumers=(changes.MATCH,))


def test_a_bulletin_that_cannot_be_written_holds_up_no_other(here: World, caplog: pytest.LogCaptureFixture) -> None:
    with here.db.write() as session:
        zone = organisations.ensure_zone(session, "fenghua", "奉化", "Fenghua")
    for address in (LI, HAN):
        here.follow(address, topic=Topic.BULLETINS, zone_id=zone)
    bad, good = store(here.db, notice("bad"), notice("good"))
    publish(here, zone, [bad])
    publish(here, zone, [good])
    while match(here.db):
        pass
    data = spoil(here, bad, {"not": "a notice"})
    written = [compose(here.db, here.composer, limit=2) for _ in range(4)]
    assert written == [0, 2, 0, 0]
    assert tracebacks(caplog) == 1
    spoil(here, bad, data)
    here.wait(HOUR)
    assert compose(here.db, here.composer, limit=2) == 2


def test_a_bulletin_that_is_gone_holds_up_no_change_after_it(here: World, caplog: pytest.LogCaptureFixture) -> None:
    here.follow()
    with here.db.write() as session:
        changes.add(session, changes.BULLETIN, 99, alert=True, consumers=(changes.MATCH,))
    store(here.db, notice())
    assert len(here.round()) == 1
    assert here.round() == []
    assert tracebacks(caplog) == 1


def test_silent_changes_are_dropped_few_at_a_time(here: World) -> None:
    with here.db.write() as session:
        for number in range(1200):
            changes.add(session, changes.NOTICE, number, alert=False, consumers=(changes.MATCH,))
    with writes(here.db) as begun:
        assert match(here.db) == 0
    assert len(begun) == 3
    with here.db.read() as session:
        assert session.scalars(select(ChangeRow.id).where(ChangeRow.consumer == "match", ChangeRow.done_at.is_(None))
                               ).all() == []
