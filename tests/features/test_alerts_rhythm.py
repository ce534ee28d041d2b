"""When a person is told: quiet hours, pauses, changed minds, time zones."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from sqlalchemy import select

from domain.notice import NoticeKind
from domain.subscription import Frequency, Topic
from storage import digests, organisations
from storage.models import DigestRunRow
from subscriptions.due import ready
from tests.builders import notice, store
from tests.features.alerts import LI, World, names, publish, text, told, told_once, writes
from tests.features.test_alerts_who import bulletin_zone
from tests.features.test_alerts_who import publish as publish_bulletin

DAILY, WEEKLY, MONTHLY = Frequency.DAILY, Frequency.WEEKLY, Frequency.MONTHLY
YELLOW = {"kind": NoticeKind.TBT_NOTIFICATION}


def test_quiet_hours_hold_alerts_and_let_pass_what_was_asked_for(here: World) -> None:
    subscription = here.follow()
    here.service.rest(subscription.person_id, "", (22 * 60, 7 * 60))
    here.at("2026-11-21 23:00")
    publish(here, "red")
    publish(here, "yellow", **YELLOW)
    assert here.round() == []
    here.accounts.sign_in.ask(LI)
    here.send()
    assert "sign-in" in text(here.mailbox.mails.pop())
    here.at("2026-11-22 06:59")
    assert here.round() == []
    here.at("2026-11-22 07:00")
    assert names(here.round()) == [["red", "yellow"]]
    here.choose(subscription, Frequency.IMMEDIATE, red_at_once=True)
    here.at("2026-11-22 23:00")
    publish(here, "red 2")
    publish(here, "yellow 2", **YELLOW)
    assert names(here.round()) == [["red 2"]]
    here.at("2026-11-23 07:00")
    assert names(here.round()) == [["yellow 2"]]
    told_once(here)


@pytest.mark.parametrize("frequency", list(Frequency))
def test_what_comes_during_a_pause_is_told_after_it_in_one_mail(here: World, frequency: Frequency) -> None:
    subscription = here.follow()
    here.choose(subscription, frequency, red_at_once=True, paused_until=date(2026, 12, 1))
    for day in range(21, 31):
        here.at(f"2026-11-{day} 08:00")
        publish(here, f"{day}")
        assert here.round() == []
    here.at("2026-12-01 07:59")
    assert here.round() == []
    here.at("2026-12-01 08:00")
    mails = here.round()
    assert names(mails) == [[f"{day}" for day in range(21, 31)]]
    told_once(here)


def test_who_changes_how_often_they_are_told_misses_nothing_and_gets_nothing_twice(here: World) -> None:
    subscription = here.follow()
    here.at("2026-11-21 12:00")
    for number, frequency in enumerate((MONTHLY, DAILY, WEEKLY, Frequency.IMMEDIATE, DAILY)):
        here.choose(subscription, frequency)
        publish(here, f"{number}")
        here.round()
        here.wait(timedelta(hours=7))
    here.at("2026-12-01 08:00")
    here.round()
    assert sorted(name for found in names(here.mailbox.mails) for name in found) == ["0", "1", "2", "3", "4"]
    told_once(here)


def test_the_time_zone_is_the_persons_else_that_of_their_zone_else_shanghai(here: World) -> None:
    subscription = here.follow()
    zone = ""

    def found() -> str:
        with here.db.read() as session:
            return organisations.person(session, subscription.person_id).time_zone

    assert found() == "Asia/Shanghai"
    with here.db.write() as session:
        zone = organisations.ensure_zone(session, "tokyo", "东京", "Tokyo", time_zone="Asia/Tokyo")
        organisation = organisations.ensure_organisation(session, zone, organisations.OrganisationKind.ENTERPRISE, "某厂")
        organisations.add_member(session, subscription.person_id, organisation, organisations.Role.MEMBER)
    assert found() == "Asia/Tokyo"
    here.service.rest(subscription.person_id, "Europe/Berlin", None)
    assert found() == "Europe/Berlin"
    here.choose(subscription, DAILY)
    runs_of = {run.time_zone for run in digests.cut(here.db, lambda: False)}
    assert runs_of == {"Asia/Shanghai", "Asia/Tokyo", "Europe/Berlin"}


def test_bulletins_wait_for_the_end_of_quiet_hours(here: World) -> None:
    zone = bulletin_zone(here, "fenghua")
    subscription = here.follow(topic=Topic.BULLETINS, zone_id=zone)
    here.service.rest(subscription.person_id, "", (22 * 60, 7 * 60))
    here.at("2026-11-21 23:00")
    publish_bulletin(here, zone, store(here.db, notice("first")))
    assert here.round() == []
    here.at("2026-11-22 06:59")
    assert here.round() == []
    here.at("2026-11-22 07:00")
    (mail,) = here.round()
    assert "【简报】" in mail["Subject"]


def test_a_digest_of_very_many_is_one_mail_with_the_most_urgent_and_a_link_to_all(here: World) -> None:
    here.choose(here.follow(), DAILY)
    for start in range(0, 150, 50):
        publish(here, *(f"{number}" for number in range(start, start + 50)), **YELLOW)
    here.at("2026-11-20 23:00")
    here.round()
    here.at("2026-11-21 08:00")
    (mail,) = here.round()
    assert "每日摘要" in mail["Subject"]
    assert "（150 条）" in mail["Subject"]
    assert 20 <= len(told(mail)) < 150
    here.wait()
    assert here.round() == []
    with here.db.read() as session:
        assert session.scalar(select(DigestRunRow.done_at).order_by(DigestRunRow.id.desc())) is not None


def test_a_subscription_that_ended_before_its_digest_brings_no_mail(here: World) -> None:
    subscription = here.follow()
    here.choose(subscription, DAILY)
    publish(here, "one")
    here.round()
    here.service.end(subscription.person_id, subscription.id)
    here.at("2026-11-21 08:00")
    assert here.round() == []


def test_who_waits_for_a_digest_is_not_gathered_anew_all_the_time(here: World) -> None:
    here.choose(here.follow(), MONTHLY, red_at_once=True)
    publish(here, "yellow", **YELLOW)
    here.round()
    with writes(here.db) as found:
        here.write()
    assert (ready(here.db, limit=10).persons, found) == ([], [])
