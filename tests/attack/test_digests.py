"""Attack cases 44 to 47: digests under clocks that jump, two schedulers, days of silence; edits before the mail; one person
in many watches. Every match is told in one mail, or dropped with a reason."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import func, select

from domain import clock
from domain.criteria import Criteria
from domain.notice import NoticeKind
from domain.source import Reason, RunStatus
from domain.subscription import Frequency
from storage import emails, runs
from storage import matches as kept
from storage.models import DigestRunRow, EmailRow
from subscriptions import compose as composing
from subscriptions.compose import compose
from subscriptions.match import match
from tests.builders import notice, source, store
from tests.features.alerts import COMPRESSORS, LI, World, names, publish, text, told, told_once

DAILY, WEEKLY, MONTHLY = Frequency.DAILY, Frequency.WEEKLY, Frequency.MONTHLY
YELLOW = {"kind": NoticeKind.TBT_NOTIFICATION}
EU = Criteria(markets=frozenset({"EU"}))


pytestmark = pytest.mark.keeps


def test_case_44_what_is_found_at_eight_sharp_waits_for_the_next_digest(here: World) -> None:
    here.choose(here.follow(), DAILY)
    here.at("2026-11-21 08:00")
    assert here.round() == []
    here.at("2026-11-22 07:59:59.999999")
    publish(here, "before")
    assert here.round() == []
    here.at("2026-11-22 08:00")
    publish(here, "sharp")
    (mail,) = here.round()
    assert names([mail]) == [["before"]]
    assert "每日摘要" in mail["Subject"]
    assert "每日摘要：2026-11-21 08:00 至 2026-11-22 08:00\n" in text(mail)
    here.at("2026-11-23 07:59")
    assert here.round() == []
    here.at("2026-11-23 08:00")
    assert names(here.round()) == [["sharp"]]
    told_once(here)


def test_case_44_a_clock_put_back_makes_nothing_twice_and_put_forward_loses_nothing(here: World) -> None:
    here.choose(here.follow(), DAILY)
    here.at("2026-11-21 09:00")
    publish(here, "one")
    here.round()
    here.at("2026-11-22 08:00:01")
    assert names(here.round()) == [["one"]]
    here.at("2026-11-22 07:00")  # an hour back
    publish(here, "two")
    assert here.round() == []
    here.at("2026-11-22 08:00")
    assert names(here.round()) == [["two"]]
    here.at("2026-12-05 13:00")  # two weeks ahead by mistake
    publish(here, "three")
    here.round()
    here.at("2026-11-22 09:00")
    publish(here, "four")
    assert here.round() == [], "a digest that a wrong clock cut does not turn a daily one into an immediate one"
    for day in range(23, 31):
        here.at(f"2026-11-{day} 08:00")
        here.round()
    for day in range(1, 8):
        here.at(f"2026-12-{day:02} 08:00")
        here.round()
    assert names(here.mailbox.mails) == [["one"], ["two"], ["four"], ["three"]]
    told_once(here)


@pytest.mark.parametrize("on_time", [True, False])
def test_case_44_the_29th_of_february_and_the_first_of_every_month(here: World, on_time: bool) -> None:
    """Daily, weekly and monthly digests over a leap day; a Tuesday, so that no two fall together before 1 May."""
    followed = [here.follow(f"{each}@firm.example") for each in (DAILY, WEEKLY, MONTHLY)]
    for subscription, frequency in zip(followed, (DAILY, WEEKLY, MONTHLY), strict=True):
        here.choose(subscription, frequency)
    here.at("2028-02-28 08:00")
    here.round()
    here.at("2028-02-28 12:00")
    publish(here, "28")
    here.round()
    here.at("2028-02-29 12:00")
    publish(here, "29")
    arrived = {each: [] for each in (DAILY, WEEKLY, MONTHLY)}
    for at in ("2028-02-29 12:01", "2028-03-01 08:00", "2028-03-02 08:00", "2028-03-06 08:00", "2028-04-01 08:00"):
        here.at(at if on_time else at.replace("08:00", "11:23"))
        for mail in here.round():
            arrived[Frequency(mail["To"].split("@")[0])].append((at[5:10], *names([mail])))
    assert arrived == {DAILY: [("02-29", ["28"]), ("03-01", ["29"])], WEEKLY: [("03-06", ["28", "29"])],
                       MONTHLY: [("03-01", ["28", "29"])]}
    told_once(here)


def test_case_44_a_reader_abroad_gets_it_at_eight_whatever_the_clocks_there_do(here: World) -> None:
    """Berlin puts its clocks forward on 28 March 2027; the server knows UTC alone."""
    subscription = here.follow()
    here.choose(subscription, DAILY)
    here.service.rest(subscription.person_id, "Europe/Berlin", None)
    arrived = []
    here.at("2027-03-26 00:00")
    for hour in range(24 * 4):
        if hour % 24 == 0:
            publish(here, f"{hour}")
        if here.round():
            arrived.append(f"{clock.now():%d %H:%M}")
        here.wait(timedelta(hours=1))
    assert arrived == ["26 07:00", "27 07:00", "28 06:00", "29 06:00"]
    told_once(here)


def test_case_44_two_schedulers_cut_one_digest_and_write_one_mail(here: World) -> None:
    people = [here.follow(f"reader-{number}@firm.example") for number in range(6)]
    for each in people:
        here.choose(each, DAILY)
    publish(here, "one", "two")
    while match(here.db):
        pass
    here.at("2026-11-21 08:00:30")
    barrier = threading.Barrier(4)

    def lead() -> None:
        barrier.wait()
        for _ in range(3):
            compose(here.db, here.composer)

    with ThreadPoolExecutor(4) as leaders:
        for each in [leaders.submit(lead) for _ in range(4)]:
            each.result()
    here.send()
    assert sorted(here.mailbox.recipients()) == [f"reader-{number}@firm.example" for number in range(6)]
    with here.db.read() as session:
        (run,) = session.scalars(select(DigestRunRow)).all()
        assert run.done_at
        assert set(session.scalars(select(EmailRow.digest_run_id).where(EmailRow.purpose == "alert"))) == {run.id}
    told_once(here)


def test_case_44_what_two_leaders_have_gathered_only_one_of_them_tells(here: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """One has gathered the news of a person when the other writes another choice of them: whole, or not at all."""
    subscription = here.follow()
    here.choose(subscription, DAILY)
    publish(here, "one", "two")
    here.round()
    gather_all = composing.gather_all

    def slow(*arguments: object) -> object:
        found = gather_all(*arguments)  # type: ignore[arg-type]
        monkeypatch.setattr(composing, "gather_all", gather_all)
        (news,) = found.values()
        first = replace(news, told=news.told[:1])
        with here.db.write() as session:
            letter, _ = here.composer.alert(first, {})
            email_id = emails.add(session, replace(letter, dedup_key="of another leader"))
            assert email_id
            kept.composed(session, {email_id: {each: 1 for each in first.told[0].match_ids}})
        return found

    monkeypatch.setattr(composing, "gather_all", slow)
    here.at("2026-11-21 08:00")
    here.write()
    here.wait()
    here.write()
    here.send()
    assert sorted(names(here.mailbox.mails)) == [["one"], ["two"]]
    told_once(here)


@pytest.mark.parametrize("frequency", [DAILY, WEEKLY, MONTHLY])
def test_case_45_two_days_down_are_caught_up_with_in_one_mail_red_first(here: World, frequency: Frequency) -> None:
    here.choose(here.follow(), frequency)
    here.at("2026-11-30 08:00")
    here.round()
    here.at("2026-12-01 08:00")
    here.round()
    here.at("2026-12-01 12:00")
    publish(here, "yellow 1", **YELLOW)
    here.round()  # the last that the worker does; others go on storing what is published
    here.at("2026-12-02 12:00")
    publish(here, "yellow 2", **YELLOW)
    here.at("2027-01-04 10:23")
    publish(here, "red")
    while match(here.db):
        pass
    here.wait(timedelta(seconds=1))
    (mail,) = here.round()
    assert names([mail]) == [["red", "yellow 1", "yellow 2"]]
    assert told(mail)[0] == "Air compressor red"
    here.at("2027-01-04 23:00")
    assert here.round() == []
    with here.db.read() as session:
        assert session.scalar(select(func.count()).select_from(DigestRunRow).where(
            DigestRunRow.created_at > clock.now() - timedelta(days=2))) == 1, "a missed day is not made up for by itself"
    told_once(here)


def test_case_45_catching_up_waits_until_all_of_the_gap_is_found(here: World) -> None:
    here.choose(here.follow(), DAILY)
    here.at("2026-11-21 08:00")
    here.round()
    here.at("2026-11-23 10:00")
    publish(here, "one", "two", "three")
    mails = []
    for _ in range(3):
        match(here.db, limit=1)
        here.wait(timedelta(seconds=1))
        compose(here.db, here.composer)
        here.send()
        mails.append(len(here.mailbox.mails))
    assert mails == [0, 0, 1]
    assert names(here.mailbox.mails) == [["one", "three", "two"]]


def test_case_45_red_ones_of_a_digest_go_at_once_where_that_was_agreed(here: World) -> None:
    agreed, other = here.follow(), here.follow("other@firm.example")
    here.choose(agreed, WEEKLY, red_at_once=True)
    here.choose(other, WEEKLY)
    here.at("2026-11-24 12:00")
    publish(here, "yellow", **YELLOW)
    publish(here, "red")
    (mail,) = here.round()
    assert (mail["To"], names([mail])) == (LI, [["red"]])
    assert "每周摘要" not in mail["Subject"]
    here.at("2026-11-30 08:00")
    assert {mail["To"]: names([mail]) for mail in here.round()} == {
        LI: [["yellow"]], "other@firm.example": [["red", "yellow"]]}
    told_once(here)


def test_case_46_a_digest_tells_the_newest_text_and_says_what_was_withdrawn(here: World) -> None:
    here.choose(here.follow(), DAILY)
    first, _ = publish(here, "edited", "gone")
    here.round()
    store(here.db, notice("edited", title="Air compressor edited, corrected"))
    run = runs.start(here.db, source())
    runs.withdraw(here.db, run, [first + 1], "the publisher says so")
    runs.finish(here.db, run, RunStatus.OK, Reason("ok"), runs.Tally(seen=1, withdrawn=1))
    here.at("2026-11-21 08:00")
    (mail,) = here.round()
    assert names([mail]) == [["edited, corrected", "gone"]]
    assert "发布机构已撤回这条信息" in text(mail)
    here.at("2026-11-22 08:00")
    assert here.round() == []
    told_once(here)


WATCHES = (COMPRESSORS, Criteria(), EU, Criteria(words=("compressor",)), Criteria(kinds=frozenset({"foreign_notification"})))


@pytest.mark.parametrize("frequencies", [
    [Frequency.IMMEDIATE] * 5, [DAILY] * 5, [Frequency.IMMEDIATE, DAILY, WEEKLY, MONTHLY, Frequency.IMMEDIATE]])
def test_case_47_five_watches_and_spellings_of_one_mailbox_are_one_mail(here: World, frequencies: list[Frequency]) -> None:
    spellings = (LI, "LI@firm.example", "li+watch@firm.example", "Li+2@Firm.Example", LI)
    for spelling, criteria, frequency in zip(spellings, WATCHES, frequencies, strict=True):
        here.choose(here.follow(spelling, criteria), frequency)
    publish(here, "one")
    here.round()
    here.at("2027-02-01 08:00")  # a Monday and the first of a month
    here.round()
    (mail,) = here.mailbox.mails
    assert (mail["To"], names([mail])) == (LI, [["one"]])
    for each in ("空气压缩机", "欧盟", "“compressor”", "国外通报"):
        assert each in text(mail).split("命中订阅：", 1)[1]
    told_once(here)


def test_case_47_digests_that_fall_on_the_same_morning_are_one_mail(here: World) -> None:
    for criteria, frequency in ((COMPRESSORS, DAILY), (EU, WEEKLY), (Criteria(words=("compressor",)), MONTHLY)):
        here.choose(here.follow(LI, criteria), frequency)
    here.at("2027-01-31 12:00")
    publish(here, "one")
    store(here.db, notice("first", source="ca_recalls", market="CA"))
    store(here.db, notice("two", source="ca_recalls", market="CA", title="Air compressor two"))
    here.round()
    here.at("2027-02-01 08:00")
    (mail,) = here.round()
    assert names([mail]) == [["one", "two"]]
    assert "每日摘要、每周摘要、每月摘要：" in text(mail)
    told_once(here)
