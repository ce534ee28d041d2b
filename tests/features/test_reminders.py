"""Reminders of deadlines: on their days, with the days that are left, once; what moved is told once."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import update

from domain import clock
from domain.errors import Conflict
from domain.notice import Notice, NoticeKind
from domain.organisation import OrganisationKind, Role
from domain.source import Reason, RunStatus
from storage import follows, organisations, runs
from storage.models import EmailRow, PersonRow, ReminderRow, SubscriptionRow
from subscriptions import reminders as stage
from subscriptions.channels.smtp import SmtpChannel
from subscriptions.deadlines import DeadlineService
from subscriptions.followers import gather
from subscriptions.match import match
from subscriptions.reminders import remind
from subscriptions.tokens import BadToken
from tests.builders import notice, source, store
from tests.features.alerts import BASE_URL, LI, NOON, SECRET, World, html, link, text
from tests.features.alerts import world as alerts_world
from tests.moody import MoodyMailbox

DEADLINE = date(2026, 12, 31)
TBT = notice("G/TBT/N/EU/9000", source="eu_safety_gate", kind=NoticeKind.TBT_NOTIFICATION, comment_deadline=DEADLINE,
             published_on=date(2026, 11, 13), title="Draft rules on air compressors")


class Followers:
    """A world with a person who may follow, and a worker that is asked once a minute."""

    def __init__(self, here: World) -> None:
        self.here, self.db = here, here.db
        here.channel = SmtpChannel(here.mailbox.url, timeout=10)
        self.deadlines = DeadlineService(here.db, SECRET, BASE_URL)
        with here.db.write() as session:
            self.li = organisations.find_or_create_person(session, LI)
            organisations.verify(session, self.li, LI)

    def follow(self, notice_id: int) -> None:
        with self.db.read() as session:
            person = organisations.person(session, self.li)
        self.deadlines.follow(person, notice_id)

    def at(self, *moment: int) -> list[EmailMessage]:
        """The mails that the worker sends at a moment (UTC)."""
        clock.fix(datetime(*moment, tzinfo=UTC))
        return self.now()

    def now(self) -> list[EmailMessage]:
        before = len(self.here.mailbox.mails)
        self.here.write()
        for _ in range(3):
            remind(self.db, self.here.composer)
        self.here.send()
        return self.here.mailbox.mails[before:]

    def morning(self, day: date) -> list[EmailMessage]:
        """The mails of half past eight in Beijing."""
        return self.at(day.year, day.month, day.day, 0, 30)

    def dropped(self) -> list[tuple[int, str]]:
        with self.db.read() as session:
            return [(row.days, row.dropped_why or "") for row in session.query(ReminderRow).order_by(ReminderRow.id)
                    if row.dropped_why]


@pytest.fixture
def them(tmp_path: Path, mailbox: MoodyMailbox) -> Iterator[Followers]:
    with alerts_world(tmp_path, mailbox) as found:
        found.load()
        yield Followers(found)


def left(mail: EmailMessage) -> str:
    found = re.search(r"（(还剩 \d+ 天|今天截止)）", text(mail))
    assert found, text(mail)
    return found[1]


def revise(them: Followers, changed: Notice) -> None:
    """The publisher says something else an hour later."""
    them.here.wait(timedelta(hours=1))
    store(them.db, changed)


def test_a_follower_is_reminded_on_the_four_days_and_on_no_other(them: Followers) -> None:
    them.follow(store(them.db, TBT)[0])
    told = {}
    for days in range(41):
        day = DEADLINE - timedelta(days=40 - days)
        if mails := them.morning(day):
            told[(DEADLINE - day).days] = [left(mail) for mail in mails]
    assert told == {days: [f"还剩 {days} 天"] for days in (30, 14, 7, 3)}


def test_nothing_goes_before_eight_in_the_readers_morning(them: Followers) -> None:
    them.follow(store(them.db, TBT)[0])
    assert them.at(2026, 12, 16, 23, 59) == [], "it is 07:59 in Beijing"
    (mail,) = them.at(2026, 12, 17, 0, 0)
    assert left(mail) == "还剩 14 天"


def test_morning_is_where_the_reader_is(them: Followers) -> None:
    with them.db.write() as session:
        session.execute(update(PersonRow).where(PersonRow.id == them.li).values(time_zone="America/New_York"))
    them.follow(store(them.db, TBT)[0])
    assert them.at(2026, 12, 17, 12, 59) == []
    (mail,) = them.at(2026, 12, 17, 13, 0)
    assert "America/New_York 时间 12 月 31 日 18:00" in text(mail)


def test_the_zone_of_a_firm_gives_its_people_their_time(them: Followers) -> None:
    with them.db.write() as session:
        zone = organisations.ensure_zone(session, "kashgar", "喀什", "Kashgar", time_zone="Asia/Urumqi")
        firm = organisations.ensure_organisation(session, zone, OrganisationKind.ENTERPRISE, "某厂")
        organisations.add_member(session, them.li, firm, Role.MEMBER)
        assert organisations.person(session, them.li).time_zone == "Asia/Urumqi"
    them.follow(store(them.db, TBT)[0])
    assert them.at(2026, 12, 17, 1, 59) == []
    assert len(them.at(2026, 12, 17, 2, 0)) == 1


def test_after_days_without_a_machine_one_mail_says_what_is_truly_left(them: Followers) -> None:
    """It was down on the fourteenth day before, and came up on the twelfth."""
    them.follow(store(them.db, TBT)[0])
    (mail,) = them.at(2026, 12, 19, 9, 0)
    assert left(mail) == "还剩 12 天"
    assert them.at(2026, 12, 20, 9, 0) == []
    (mail,) = them.at(2026, 12, 24, 9, 0)
    assert left(mail) == "还剩 7 天"


def test_two_missed_steps_are_one_reminder(them: Followers) -> None:
    them.follow(store(them.db, TBT)[0])
    (mail,) = them.at(2026, 12, 26, 3, 0)
    assert left(mail) == "还剩 5 天"
    assert them.at(2026, 12, 27, 3, 0) == []


def test_a_reminder_that_was_noted_but_never_written_gives_way_to_the_next(them: Followers) -> None:
    """The worker died between the two, and came back days later."""
    them.follow(store(them.db, TBT)[0])
    clock.fix(datetime(2026, 12, 17, 1, tzinfo=UTC))
    stage.plan(them.db)
    (mail,) = them.at(2026, 12, 24, 1, 0)
    assert left(mail) == "还剩 7 天"
    assert them.dropped() == [(14, "a later one told it")]


def test_the_last_day_says_today_and_what_has_passed_is_not_told(them: Followers) -> None:
    them.follow(store(them.db, TBT)[0])
    (mail,) = them.at(2026, 12, 31, 3, 0)
    assert left(mail) == "今天截止"
    them.follow(store(them.db, replace(TBT, external_id="G/TBT/N/EU/9001", comment_deadline=date(2027, 1, 20)))[0])
    assert them.at(2027, 1, 22, 3, 0) == []


def test_whoever_follows_late_is_not_told_of_steps_before(them: Followers) -> None:
    clock.fix(datetime(2026, 12, 19, 3, tzinfo=UTC))
    them.follow(store(them.db, TBT)[0])
    assert them.now() == []
    assert them.morning(date(2026, 12, 20)) == []
    assert len(them.morning(date(2026, 12, 24))) == 1


def test_all_that_is_due_of_a_morning_goes_in_one_mail(them: Followers) -> None:
    for notice_id in store(them.db, TBT, replace(TBT, external_id="b", comment_deadline=date(2026, 12, 24)),
                           replace(TBT, external_id="c", comment_deadline=None, effective_on=date(2026, 12, 20))):
        them.follow(notice_id)
    (mail,) = them.morning(date(2026, 12, 17))
    assert re.findall(r"(评议截止|生效日期)：(2026-\d\d-\d\d)", text(mail)) == [
        ("生效日期", "2026-12-20"), ("评议截止", "2026-12-24"), ("评议截止", "2026-12-31")]
    assert mail["Subject"] == "【截止提醒】空气压缩机 · 欧盟 等 3 条"
    assert them.at(2026, 12, 17, 6, 0) == []


def test_the_mail_says_until_when_in_both_times_and_how_to_stop(them: Followers) -> None:
    (notice_id,) = store(them.db, TBT)
    them.follow(notice_id)
    (mail,) = them.morning(date(2026, 12, 17))
    assert mail["Subject"] == "【截止提醒】空气压缩机 · 欧盟 · 评议截止还剩 14 天"
    assert "评议截止：2026-12-31（欧盟当地时间 24:00 前，即北京时间 2027 年 1 月 1 日 07:00）（还剩 14 天）" in text(mail)
    assert f"{BASE_URL}/notices/{notice_id}" in text(mail)
    assert "https://publisher.example/1" in text(mail)
    assert mail["List-Unsubscribe"] == f"<{BASE_URL}/follow/stop/{link(mail, 'follow/stop')}>"
    assert mail["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert "还剩 14 天" in html(mail)
    assert mail["Auto-Submitted"] == "auto-generated"


def test_a_morning_with_very_many_is_one_mail_that_no_reader_cuts_off(them: Followers) -> None:
    for notice_id in store(them.db, *(replace(TBT, external_id=f"n{each}", title="Air compressor " + "x" * 250)
                                      for each in range(90))):
        them.follow(notice_id)
    (mail,) = them.morning(date(2026, 12, 17))
    assert len(html(mail).encode()) < 100_000
    assert html(mail).count("还剩 14 天") == 90
    assert len(them.deadlines.silence_offer(link(mail, "follow/stop"))) == 90
    assert them.now() == []


def test_an_english_reader_reads_english(them: Followers) -> None:
    with them.db.write() as session:
        organisations.set_lang(session, them.li, "en")
    them.follow(store(them.db, TBT)[0])
    (mail,) = them.morning(date(2026, 12, 17))
    assert "31 Dec 2026 (until the end of the day, European Union, that is 07:00 on 1 Jan 2027, Beijing time)" in text(mail)
    assert not re.search("[\u4e00-\u9fff]", mail["Subject"] + text(mail).replace("eu_safety_gate 来源", ""))


def test_a_link_in_the_mail_ends_the_reminders_of_its_notices_only(them: Followers) -> None:
    first, other = store(them.db, TBT, replace(TBT, external_id="b", comment_deadline=date(2027, 2, 1)))
    them.follow(first)
    them.follow(other)
    (mail,) = them.morning(date(2026, 12, 17))
    token = link(mail, "follow/stop")
    assert [each.id for each in them.deadlines.silence_offer(token)] == [first]
    with pytest.raises(BadToken):
        them.deadlines.silence(token, [other])
    assert [each.id for each in them.deadlines.silence(token)] == [first]
    assert them.deadlines.silence(token) == []
    assert them.morning(date(2026, 12, 24)) == []
    assert len(them.morning(date(2027, 1, 2))) == 1


def test_a_follow_that_ends_takes_its_waiting_reminder_along(them: Followers) -> None:
    (notice_id,) = store(them.db, TBT)
    them.follow(notice_id)
    clock.fix(datetime(2026, 12, 17, 1, tzinfo=UTC))
    stage.plan(them.db)
    them.deadlines.end(them.li, notice_id)
    assert them.now() == []
    assert them.dropped() == [(14, "the follow ended")]


def test_a_mail_that_waits_for_the_server_is_not_sent_to_whoever_has_stopped(them: Followers) -> None:
    (notice_id,) = store(them.db, TBT)
    them.follow(notice_id)
    clock.fix(datetime(2026, 12, 17, 1, tzinfo=UTC))
    remind(them.db, them.here.composer)
    them.deadlines.end(them.li, notice_id)
    assert them.now() == []


def test_whoever_follows_again_is_reminded_again(them: Followers) -> None:
    (notice_id,) = store(them.db, TBT)
    them.follow(notice_id)
    them.deadlines.end(them.li, notice_id)
    them.follow(notice_id)
    assert len(them.morning(date(2026, 12, 17))) == 1


def test_what_has_no_deadline_ahead_cannot_be_followed(them: Followers) -> None:
    passed, none = store(them.db, replace(TBT, comment_deadline=date(2026, 11, 18)), notice("none"))
    for each in (passed, none):
        with pytest.raises(Conflict):
            them.follow(each)


# -- deadlines that move -------------------------------------------------------------------------------------------------
def test_an_extended_deadline_is_told_once_and_reminded_of_anew(them: Followers) -> None:
    them.follow(store(them.db, TBT)[0])
    assert len(them.morning(date(2026, 12, 17))) == 1
    revise(them, replace(TBT, comment_deadline=date(2027, 1, 31)))
    (mail,) = them.now()
    assert mail["Subject"] == "【日期变更】空气压缩机 · 欧盟 · 评议截止 2026-12-31 → 2027-01-31"
    assert ("评议截止：2026-12-31 → 2027-01-31（欧盟当地时间 24:00 前，即北京时间 2 月 1 日 07:00）"
            "（还剩 45 天）") in text(mail)
    assert them.now() == []
    assert them.morning(date(2026, 12, 24)) == [], "seven days before the old date"
    (mail,) = them.morning(date(2027, 1, 1))
    assert left(mail) == "还剩 30 天"


def test_what_moved_waits_for_the_end_of_quiet_hours(them: Followers) -> None:
    """Two moves in one night are one mail in the morning, from the date that the reader knew to that which holds now."""
    them.here.service.rest(them.li, "Asia/Shanghai", (22 * 60, 7 * 60))
    them.follow(store(them.db, TBT)[0])
    assert them.at(2026, 12, 1, 14, 30) == []
    store(them.db, replace(TBT, comment_deadline=date(2027, 1, 15)))
    assert them.now() == [], "it is 22:30 in Beijing"
    assert them.at(2026, 12, 1, 18, 0) == []
    store(them.db, replace(TBT, comment_deadline=date(2027, 1, 31)))
    assert them.at(2026, 12, 1, 22, 59) == []
    (mail,) = them.at(2026, 12, 1, 23, 0)
    assert "评议截止：2026-12-31 → 2027-01-31" in text(mail)
    assert them.now() == []


def test_a_reminder_waits_for_the_end_of_quiet_hours(them: Followers) -> None:
    them.here.service.rest(them.li, "Asia/Shanghai", (22 * 60, 9 * 60 + 30))
    them.follow(store(them.db, TBT)[0])
    assert them.morning(date(2026, 12, 17)) == []
    (mail,) = them.at(2026, 12, 17, 1, 30)
    assert left(mail) == "还剩 14 天"


def test_a_reminder_of_the_old_date_that_waits_is_dropped(them: Followers) -> None:
    them.follow(store(them.db, TBT)[0])
    clock.fix(datetime(2026, 12, 17, 1, tzinfo=UTC))
    stage.plan(them.db)
    revise(them, replace(TBT, comment_deadline=date(2027, 1, 31)))
    (mail,) = them.now()
    assert "2026-12-31 → 2027-01-31" in text(mail)
    assert them.dropped() == [(14, "the deadline moved")]


def test_a_date_that_comes_nearer_is_not_reminded_of_the_next_morning(them: Followers) -> None:
    clock.fix(datetime(2026, 12, 10, 3, tzinfo=UTC))
    them.follow(store(them.db, TBT)[0])
    revise(them, replace(TBT, comment_deadline=date(2026, 12, 19)))
    (mail,) = them.now()
    assert left(mail) == "还剩 9 天"
    assert them.morning(date(2026, 12, 11)) == []
    assert left(them.morning(date(2026, 12, 12))[0]) == "还剩 7 天"


def test_a_date_that_moves_to_and_fro_is_told_each_time(them: Followers) -> None:
    them.follow(store(them.db, TBT)[0])
    told = []
    for on in (date(2027, 1, 31), DEADLINE, date(2027, 1, 31)):
        revise(them, replace(TBT, comment_deadline=on))
        told += [re.findall(r"评议截止：(\S+) → (\d{4}-\d\d-\d\d)", text(mail)) for mail in them.now()]
    assert told == [[("2026-12-31", "2027-01-31")], [("2027-01-31", "2026-12-31")], [("2026-12-31", "2027-01-31")]]


def test_an_alert_of_the_change_is_enough(them: Followers) -> None:
    them.here.follow()
    (notice_id,) = store(them.db, TBT)
    assert len(them.now()) == 1
    them.follow(notice_id)
    revise(them, replace(TBT, comment_deadline=date(2027, 1, 31)))
    (mail,) = them.now()
    assert "评议截止：2026-12-31 → 2027-01-31" in text(mail)
    assert "命中订阅" in text(mail), "the alert says it"
    assert them.now() == []
    assert left(them.morning(date(2027, 1, 1))[0]) == "还剩 30 天"


def test_a_move_waits_for_the_alert_that_may_tell_it(them: Followers) -> None:
    """The matcher has found it, and the mail of the subscription is written later."""
    them.here.follow()
    (notice_id,) = store(them.db, TBT)
    them.now()
    them.follow(notice_id)
    them.here.wait(timedelta(minutes=11))
    store(them.db, replace(TBT, comment_deadline=date(2027, 1, 31)))
    remind(them.db, them.here.composer)
    match(them.db)
    remind(them.db, them.here.composer)
    with them.db.read() as session:
        assert session.query(EmailRow).filter(EmailRow.purpose == "reminder").count() == 0
    assert len(them.now()) == 1


def test_a_monthly_digest_does_not_keep_a_move_from_a_follower(them: Followers) -> None:
    found = them.here.follow()
    (notice_id,) = store(them.db, TBT)
    them.now()
    them.follow(notice_id)
    with them.db.write() as session:
        session.execute(update(SubscriptionRow).where(SubscriptionRow.id == found.id).values(frequency="monthly"))
    them.here.wait(timedelta(minutes=11))
    store(them.db, replace(TBT, comment_deadline=date(2027, 1, 31)))
    match(them.db)
    remind(them.db, them.here.composer)
    with them.db.read() as session:
        assert session.query(EmailRow).filter(EmailRow.purpose == "reminder").count() == 1


def test_an_addendum_that_extends_the_deadline_is_told_to_followers_of_the_notification(them: Followers) -> None:
    them.follow(store(them.db, TBT)[0])
    them.here.wait(timedelta(days=2))
    store(them.db, replace(TBT, external_id="G/TBT/N/EU/9000/Add.1", published_on=date(2026, 11, 21), stage="addendum",
                           comment_deadline=date(2027, 2, 15), relates_to=("G/TBT/N/EU/9000",)))
    (mail,) = them.now()
    assert "评议截止：2026-12-31 → 2027-02-15" in text(mail)
    assert "依 G/TBT/N/EU/9000/Add.1" in text(mail)
    assert them.now() == []
    assert them.morning(date(2026, 12, 17)) == []


def test_a_withdrawal_is_told_once_and_ends_the_reminders(them: Followers) -> None:
    (notice_id,) = store(them.db, TBT)
    them.follow(notice_id)
    clock.fix(datetime(2026, 12, 17, 1, tzinfo=UTC))
    stage.plan(them.db)
    run = runs.start(them.db, source())
    runs.withdraw(them.db, run, [notice_id], runs.MISSED_TWICE)
    runs.finish(them.db, run, RunStatus.OK, Reason("ok"), runs.Tally(withdrawn=1))
    (mail,) = them.now()
    assert "评议截止：2026-12-31 → 已撤回" in text(mail)
    assert them.dropped() == [(14, "the notice was withdrawn")]
    assert them.morning(date(2026, 12, 24)) == []


def test_what_a_new_parser_reads_otherwise_is_told_to_nobody(them: Followers) -> None:
    """The publisher moved nothing: we had read it wrongly. Reminders follow the right date."""
    them.follow(store(them.db, TBT)[0])
    them.here.wait(timedelta(hours=1))
    store(them.db, replace(TBT, comment_deadline=date(2027, 1, 31)), card=source(parser_version=2))
    assert them.now() == []
    assert them.morning(date(2026, 12, 17)) == []
    assert left(them.morning(date(2027, 1, 1))[0]) == "还剩 30 天"


def test_a_change_of_other_fields_is_no_news_to_a_follower(them: Followers) -> None:
    them.follow(store(them.db, TBT)[0])
    revise(them, replace(TBT, hazards=("fire",)))
    assert them.now() == []


def test_the_calendar_alone_reminds_and_never_alerts(them: Followers) -> None:
    them.here.follow()
    (notice_id,) = store(them.db, TBT)
    assert len(them.now()) == 1
    them.follow(notice_id)
    mails = [mail for days in range(45) for mail in them.morning(NOON.date() + timedelta(days=1 + days))]
    assert [mail["List-Id"] for mail in mails] == ["<reminder.portal.example>"] * 4


# -- subscriptions that follow -------------------------------------------------------------------------------------------
def test_a_subscription_that_reminds_follows_what_it_matches(them: Followers) -> None:
    found = them.here.follow()
    them.deadlines.set_reminds(them.li, found.id, True)
    first, *_ = store(them.db, TBT, replace(TBT, external_id="late", comment_deadline=date(2026, 11, 10)),
                      replace(TBT, external_id="none", comment_deadline=None))
    them.now()
    with them.db.read() as session:
        assert [each.notice_id for each in follows.of_person(session, them.li)] == [first]
    assert len(them.morning(date(2026, 12, 17))) == 1
    them.deadlines.end(them.li, first)
    revise(them, replace(TBT, hazards=("fire",)))
    them.now()
    with them.db.read() as session:
        assert follows.of_person(session, them.li) == [], "what the person ended stays ended"


def test_what_a_subscription_follows_ends_with_it(them: Followers) -> None:
    found = them.here.follow()
    them.deadlines.set_reminds(them.li, found.id, True)
    store(them.db, TBT)
    them.now()
    clock.fix(datetime(2026, 12, 17, 1, tzinfo=UTC))
    remind(them.db, them.here.composer)
    them.here.service.end(them.li, found.id)
    assert them.now() == [], "not even the mail that was written already"
    assert them.morning(date(2026, 12, 24)) == []


# -- deaths --------------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("step", ["reminders.add", "emails.add", "reminders.told", "follows.learnt"])
def test_a_death_between_any_two_steps_loses_and_doubles_nothing(them: Followers, step: str,
                                                                 monkeypatch: pytest.MonkeyPatch) -> None:
    """The process dies right after the step, before what surrounds it is committed."""
    first, other = store(them.db, TBT, replace(TBT, external_id="b"))
    them.follow(first)
    them.follow(other)
    revise(them, replace(TBT, external_id="b", comment_deadline=date(2027, 3, 1)))
    while match(them.db):
        pass
    clock.fix(datetime(2026, 12, 17, 1, tzinfo=UTC))
    module, name = getattr(stage, step.split(".")[0]), step.split(".")[1]
    done = getattr(module, name)

    class Died(BaseException):
        pass

    def dies(*arguments: Any) -> None:
        done(*arguments)
        raise Died

    monkeypatch.setattr(module, name, dies)
    with pytest.raises(Died):
        remind(them.db, them.here.composer)
    monkeypatch.undo()
    (mail,) = them.now()
    assert re.findall(r"评议截止：(\S{10})(?: → (\S{10}))?", text(mail)) == [
        ("2026-12-31", ""), ("2026-12-31", "2027-03-01")]
    assert them.now() == []


def test_two_workers_that_both_think_they_lead_write_one_mail(them: Followers) -> None:
    them.follow(store(them.db, TBT)[0])
    clock.fix(datetime(2026, 12, 17, 1, tzinfo=UTC))
    stage.plan(them.db)
    telling = gather(them.db, them.li)
    assert stage.keep(them.db, them.here.composer, telling)
    assert not stage.keep(them.db, them.here.composer, telling)
    assert len(them.now()) == 1
