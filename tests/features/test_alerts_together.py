"""What is gathered and written for many persons at once is what each would get alone."""

from __future__ import annotations

from datetime import timedelta
from random import Random

import pytest
from sqlalchemy import func, insert, select

from domain import clock
from domain import criteria as criterias
from domain.grade import Grade
from domain.notice import NoticeKind
from domain.organisation import OrganisationKind, Role
from domain.subscription import Frequency
from storage import digests, emails, grade_overrides, organisations
from storage import matches as kept
from storage.models import AddressRow, EmailRow, MatchRow, NoticeRow, PersonRow, SubscriptionRow
from storage.session import Session
from subscriptions import compose as composing
from subscriptions import due
from subscriptions.compose import compose
from subscriptions.due import ready
from subscriptions.match import match
from subscriptions.news import News, gather, gather_all
from tests.features.alerts import COMPRESSORS, LI, World, publish, writes

FIRST = 1000
"""The first of the persons that are made here."""


def crowd(here: World, count: int, notice_ids: list[int]) -> list[int]:
    """So many persons with one subscription each, and a match of one notice each that waits; gives the persons."""
    now, ids = clock.now(), [*range(FIRST, FIRST + count)]
    criteria = criterias.to_json(COMPRESSORS)
    with here.db.write() as session:
        session.execute(insert(PersonRow), [{"id": each, "created_at": now} for each in ids])
        session.execute(insert(AddressRow), [
            {"person_id": each, "email": f"p{each}@firm.example", "verified_at": now} for each in ids])
        session.execute(insert(SubscriptionRow), [
            {"id": each, "person_id": each, "topic": "notices", "label": f"{each}", "criteria": criteria, "state": "active",
             "created_at": now, "confirmed_at": now} for each in ids])
        session.execute(insert(MatchRow), [
            match_row(each, notice_ids[each % len(notice_ids)]) for each in ids])
    return ids


def match_row(subscription_id: int, notice_id: int, **changes: object) -> dict[str, object]:
    return {"subscription_id": subscription_id, "notice_id": notice_id, "event": f"{notice_id}@EU", "material_version": 1,
            "version": 1, "created_at": clock.now() - timedelta(hours=1), "email_id": None, "dropped_why": None} | changes


def told_by_a_mail(here: World) -> list[int]:
    """How many matches each kept alert tells."""
    with here.db.read() as session:
        return list(session.scalars(select(func.count(MatchRow.id)).where(MatchRow.email_id.is_not(None)).group_by(
            MatchRow.email_id)))


def jumble(here: World, dice: Random, count: int = 12) -> list[int]:
    """A world in which anything may stand; gives its persons."""
    names = [f"n{number}" for number in range(8)]
    notice_ids = publish(here, *names)
    publish(here, *names[:4], risk_level="other")
    publish(here, *names[2:5], hazards=("fire",))
    with here.db.write() as session:
        zones = [(zone, organisations.ensure_organisation(session, zone, OrganisationKind.ASSOCIATION, slug))
                 for slug, name in (("fenghua", "Asia/Shanghai"), ("tokyo", "Asia/Tokyo"))
                 for zone in [organisations.ensure_zone(session, slug, slug, slug, time_zone=name)]]
        for notice_id in dice.sample(notice_ids, 2):
            session.get_one(NoticeRow, notice_id).status = "withdrawn"
        editor = organisations.find_or_create_person(session, "editor@zone.example")
    for zone, _ in zones:
        for notice_id in dice.sample(notice_ids, 3):
            grade_overrides.give(here.db, zone, notice_id, editor, 0, dice.choice(list(Grade)), "because")
    persons = [*range(FIRST, FIRST + count)]
    with here.db.write() as session:
        for each in persons:
            somebody(session, dice, each, zones, notice_ids)
    return persons


def somebody(session: Session, dice: Random, person_id: int, zones: list[tuple[int, int]], notice_ids: list[int]) -> None:
    """A person with any address, place, quiet hours, role, subscriptions and matches."""
    now, begin = clock.now(), dice.choice([None, None, None, 60 * 7, 60 * 20])
    session.add(PersonRow(id=person_id, lang=dice.choice(["zh", "en"]), created_at=now, quiet_from=begin,
                          quiet_until=None if begin is None else 60 * 9,
                          time_zone=dice.choice([None, None, "Europe/Berlin", "Asia/Tokyo"])))
    session.flush()
    for number in range(dice.randint(0, 2)):
        session.add(AddressRow(person_id=person_id, email=f"p{person_id}.{number}@firm.example",
                               verified_at=dice.choice([None, now, now])))
    if dice.random() < 0.5:
        organisations.add_member(session, person_id, dice.choice(zones)[1], Role.MEMBER)
    old = [emails_of(session, person_id, state) for state in ("sent", "failed", "pending")]
    for _ in range(dice.randint(0, 3)):
        row = SubscriptionRow(
            person_id=person_id, topic="notices", label=f"s{dice.random()}", criteria=criterias.to_json(COMPRESSORS),
            state=dice.choice(["active", "active", "active", "ended"]), created_at=now, confirmed_at=now,
            frequency=dice.choice([*Frequency, *[Frequency.IMMEDIATE] * 3]).value, red_at_once=dice.random() < 0.3,
            zone_id=dice.choice([None, *(zone for zone, _ in zones)]),
            paused_until=dice.choice([None, None, None, now + timedelta(days=1), now - timedelta(minutes=30)]))
        session.add(row)
        session.flush()
        session.execute(insert(MatchRow), [
            match_row(row.id, notice_id, material_version=version, version=version,
                      created_at=now - timedelta(hours=dice.randint(0, 30)), email_id=dice.choice([None, None, None, *old]),
                      dropped_why=dice.choice([None, None, None, "why"]))
            for notice_id in dice.sample(notice_ids, dice.randint(1, 5)) for version in range(1, 1 + dice.randint(1, 3))])


def emails_of(session: Session, person_id: int, state: str) -> int:
    key = f"{person_id}:{state}"
    row = EmailRow(person_id=person_id, address="", purpose="alert", dedup_key=key, message_id=key, subject="",
                   body_text="", body_html="", headers={}, state=state, created_at=clock.now() - timedelta(hours=3),
                   not_before=clock.now())
    session.add(row)
    session.flush()
    return row.id


@pytest.mark.parametrize("seed", range(12))
def test_the_news_of_many_are_those_of_each_alone(here: World, seed: int) -> None:
    dice = Random(seed)
    here.at("2026-11-21 08:00")
    persons = jumble(here, dice)
    runs = digests.cut(here.db, lambda: False)
    alone = {each: gather(here.db, each, runs) for each in persons}
    assert gather_all(here.db, persons, runs) == alone
    some = dice.sample(persons, 5)
    assert gather_all(here.db, some, runs) == {each: alone[each] for each in some}


def test_such_worlds_hold_what_can_go_wrong(here: World) -> None:
    here.at("2026-11-21 08:00")
    persons = jumble(here, Random(0), 80)
    found = gather_all(here.db, persons, digests.cut(here.db, lambda: False)).values()
    assert any(told.before for news in found for told in news.told)
    assert any(told.stored.zone_grade for news in found for told in news.told)
    assert any(told.is_withdrawn for news in found for told in news.told)
    assert any(news.digests for news in found)
    assert {"no verified address", "the subscription ended", "an earlier mail told it"} == {
        why for news in found for why in news.dropped}


def test_each_gets_their_mail_once_and_few_transactions_write_them(here: World) -> None:
    crowd(here, 450, publish(here, *"abc"))
    with writes(here.db) as begun:
        assert [compose(here.db, here.composer) for _ in range(4)] == [200, 200, 50, 0]
    assert len(begun) == 5
    assert told_by_a_mail(here) == [1] * 450


def test_a_transaction_keeps_few_rows_however_much_each_is_told(here: World, monkeypatch: pytest.MonkeyPatch) -> None:
    notice_ids = publish(here, *(f"n{number}" for number in range(30)))
    persons = crowd(here, 6, notice_ids)
    with here.db.write() as session:
        session.execute(insert(MatchRow), [
            match_row(each, notice_id) for each in persons for at, notice_id in enumerate(notice_ids)
            if at != each % len(notice_ids)])
    monkeypatch.setattr(kept, "BATCH", 70)
    with writes(here.db) as begun:
        assert compose(here.db, here.composer) == 6
    assert len(begun) == 3
    assert told_by_a_mail(here) == [30] * 6


def test_who_leaves_while_mails_are_written_holds_up_no_other(here: World, monkeypatch: pytest.MonkeyPatch) -> None:
    persons = crowd(here, 5, publish(here, "one"))

    def slow(*arguments: object) -> dict[int, News]:
        found = gather_all(*arguments)  # type: ignore[arg-type]
        here.service.end(persons[1], persons[1])
        return found

    monkeypatch.setattr(composing, "gather_all", slow)
    assert compose(here.db, here.composer) == 4
    assert compose(here.db, here.composer) == 0
    with here.db.read() as session:
        assert session.scalars(select(MatchRow.dropped_why).where(MatchRow.email_id.is_(None))).all() == [
            "the subscription ended"]


def test_a_mail_that_is_kept_already_is_not_kept_again(here: World) -> None:
    (person,) = crowd(here, 1, publish(here, "one"))
    letter, _ = here.composer.alert(gather(here.db, person), {})
    with here.db.write() as session:
        first = emails.add(session, letter)
        assert first
        assert emails.add_all(session, [letter], [None]) == {}


def test_who_failed_is_tried_alone_and_the_others_get_their_mail_in_the_same_round(
        here: World, caplog: pytest.LogCaptureFixture) -> None:
    bad, good = publish(here, "bad", "good")
    crowd(here, 7, [good, good, good, bad])
    with here.db.write() as session:
        row = session.get_one(NoticeRow, bad)
        before, row.data = row.data, {"not": "a notice"}
    assert compose(here.db, here.composer) == 6
    assert sum(record.exc_info is not None for record in caplog.records) == 1
    assert compose(here.db, here.composer) == 0
    with here.db.write() as session:
        session.get_one(NoticeRow, bad).data = before
    here.wait()
    assert compose(here.db, here.composer) == 1
    assert told_by_a_mail(here) == [1] * 7


def test_what_comes_while_very_many_wait_is_neither_lost_nor_told_within_the_time_of_gathering(here: World) -> None:
    one, two = publish(here, "one", "two")
    persons = crowd(here, 30, [one])
    assert ready(here.db, 10).persons == persons[:10]
    with here.db.write() as session:
        session.execute(insert(MatchRow), [match_row(each, two) for each in persons])
    assert sum(iter(lambda: compose(here.db, here.composer, limit=15), 0)) == 30
    here.wait()
    assert compose(here.db, here.composer) == 0
    assert sorted(told_by_a_mail(here)) == [2] * 30


def test_a_red_one_passes_those_who_wait_already(here: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(due, "SELDOM", 1e6)  # so that nobody is looked for anew
    here.choose(here.follow(), Frequency.WEEKLY, red_at_once=True)
    assert ready(here.db, 10).persons == [], "and the digests that were cut are done"
    persons = crowd(here, 30, publish(here, "plain", kind=NoticeKind.TBT_NOTIFICATION))
    match(here.db)
    assert ready(here.db, 10).persons == persons[:10]
    publish(here, "red too")
    match(here.db)
    found = ready(here.db, 10).persons
    assert found[1:] == persons[10:19]
    with here.db.read() as session:
        assert organisations.person(session, found[0]).email == LI
    assert ready(here.db, 30).persons == persons[19:], "and nobody comes twice"
