"""Deadlines in calendars: the file that goes with a mail, and the feed of what a person follows."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from email.message import EmailMessage
from pathlib import Path

import pytest
from icalendar import Calendar, Event

from domain import clock
from domain.organisation import Person
from domain.source import Reason, RunStatus
from storage import organisations, runs
from subscriptions.tokens import Tokens
from tests.browser.portal import BASE_URL, OPERATOR, SECRET, SUBSCRIBER, Portal, csrf, post, text
from tests.builders import source, store
from tests.features.alerts import World
from tests.features.test_reminders import DEADLINE, TBT, Followers, revise, them

__all__ = ["them"]
NOW = datetime(2026, 11, 20, 4, tzinfo=UTC)


@pytest.fixture
def portal(tmp_path: Path) -> Portal:
    clock.fix(NOW)
    return Portal(tmp_path)


def file(mail: EmailMessage) -> Calendar:
    (part,) = mail.iter_attachments()
    assert part.get_content_type() == "text/calendar"
    assert part["Content-Type"].params["method"] == "PUBLISH"
    return Calendar.from_ical(part.get_payload(decode=True))


def events(found: Calendar) -> list[Event]:
    return [each for each in found.walk("VEVENT") if isinstance(each, Event)]


def path_of(portal: Portal) -> str:
    return portal.deadlines.calendar_address(portal.people[SUBSCRIBER]).removeprefix(BASE_URL)


def following(portal: Portal, *notice_ids: int) -> None:
    for each in notice_ids:
        post(portal.client(SUBSCRIBER), f"/notices/{each}", f"/notices/{each}/follow")


def feed(portal: Portal) -> list[Event]:
    return events(Calendar.from_ical(portal.client().get(path_of(portal)).data))


# -- in mails ------------------------------------------------------------------------------------------------------------
def test_an_alert_of_a_draft_brings_its_deadline_for_the_calendar(here: World) -> None:
    here.follow()
    (notice_id,) = store(here.db, TBT)
    (mail,) = here.round()
    (part,) = mail.iter_attachments()
    assert part.get_filename() == "评议截止日期.ics"
    found = file(mail)
    assert found["METHOD"] == "PUBLISH"
    assert found["VERSION"] == "2.0"
    assert found["PRODID"]
    (event,) = events(found)
    assert event["SUMMARY"] == "评议截止：空气压缩机 · 欧盟"
    assert (event.decoded("DTSTART"), event.decoded("DTEND")) == (DEADLINE, DEADLINE + timedelta(days=1))
    assert event["DTSTART"].params["VALUE"] == "DATE"
    assert event.decoded("DTSTAMP") == clock.now()
    assert event["URL"] == f"https://portal.example/notices/{notice_id}"
    assert event["STATUS"] == "CONFIRMED"
    assert event["TRANSP"] == "TRANSPARENT"
    assert event["SEQUENCE"] == clock.now().timestamp() // 60
    said = str(event["DESCRIPTION"])
    assert "2026-12-31（欧盟当地时间 24:00 前，即北京时间 2027 年 1 月 1 日 07:00）" in said
    assert "https://publisher.example/1" in said
    assert "G/TBT/N/EU/9000" in said
    assert [each.decoded("TRIGGER") for each in event.walk("VALARM")] == [
        timedelta(days=-7, hours=9), timedelta(days=-1, hours=9)]


def test_lines_of_a_file_are_short_and_end_as_calendars_want(here: World) -> None:
    here.follow()
    store(here.db, TBT)
    (mail,) = here.round()
    (part,) = mail.iter_attachments()
    written = part.get_payload(decode=True)
    assert isinstance(written, bytes)
    assert written.endswith(b"END:VCALENDAR\r\n")
    assert all(len(line) <= 75 for line in written.split(b"\r\n"))
    assert written.count(b"\n") == written.count(b"\r\n")


def test_what_is_closed_or_has_no_deadline_brings_no_file(here: World) -> None:
    here.follow()
    store(here.db, replace(TBT, comment_deadline=date(2026, 11, 18)), replace(TBT, external_id="b", comment_deadline=None))
    (mail,) = here.round()
    assert list(mail.iter_attachments()) == []
    assert mail.get_content_type() == "multipart/alternative"


def test_one_file_holds_the_five_nearest_deadlines(here: World) -> None:
    here.follow()
    store(here.db, *(replace(TBT, external_id=f"n{each}", comment_deadline=DEADLINE + timedelta(days=7 - each))
                     for each in range(8)))
    (mail,) = here.round()
    assert [each.decoded("DTSTART") for each in events(file(mail))] == [DEADLINE + timedelta(days=each) for each in range(5)]


def test_words_of_a_publisher_cannot_break_the_file(here: World) -> None:
    here.follow()
    store(here.db, replace(TBT, title="Air compressor\r\nEND:VEVENT\nX-EVIL:1; a, b\\c \u202e\u2028BEGIN:VEVENT"))
    (mail,) = here.round()
    (event,) = events(file(mail))
    assert "X-EVIL" not in event
    assert "Air compressor END:VEVENT X-EVIL:1; a, b\\c  BEGIN:VEVENT" in str(event["DESCRIPTION"])


def test_a_reminder_brings_the_file_too_and_a_moved_deadline_the_same_event_anew(them: Followers) -> None:
    them.follow(store(them.db, TBT)[0])
    (mail,) = them.morning(date(2026, 12, 17))
    (first,) = events(file(mail))
    revise(them, replace(TBT, comment_deadline=date(2027, 1, 31)))
    (mail,) = them.now()
    (moved,) = events(file(mail))
    assert moved["UID"] == first["UID"]
    assert moved["SEQUENCE"] > first["SEQUENCE"]
    assert moved.decoded("DTSTART") == date(2027, 1, 31)


def test_the_next_addendum_moves_the_event_though_it_has_fewer_versions_than_the_last(them: Followers) -> None:
    them.follow(store(them.db, TBT)[0])
    sequences = []
    for number, day, title in ((1, 10, "Addendum"), (1, 10, "Addendum, with annex"), (1, 10, "Addendum, corrected"),
                               (2, 20, "Second addendum")):
        them.here.wait(timedelta(days=1))
        store(them.db, replace(TBT, external_id=f"G/TBT/N/EU/9000/Add.{number}", title=title, stage="addendum",
                               published_on=date(2026, 11, 20 + number), comment_deadline=date(2027, 2, day),
                               relates_to=("G/TBT/N/EU/9000",)))
        sequences += [event["SEQUENCE"] for mail in them.now() for event in events(file(mail))]
    assert len(sequences) == 2, "the deadline moved twice"
    assert sequences[0] < sequences[1]


# -- the feed ------------------------------------------------------------------------------------------------------------
def test_the_feed_holds_the_deadlines_that_a_person_follows(portal: Portal) -> None:
    first, both, _ = portal.store(
        TBT, replace(TBT, external_id="b", comment_deadline=date(2027, 2, 1), effective_on=date(2027, 8, 1)),
        replace(TBT, external_id="c"))
    following(portal, first, both)
    found = {(str(each["SUMMARY"]), each.decoded("DTSTART")) for each in feed(portal)}
    assert found == {("评议截止：空气压缩机 · 欧盟", DEADLINE), ("评议截止：空气压缩机 · 欧盟", date(2027, 2, 1)),
                     ("生效：空气压缩机 · 欧盟", date(2027, 8, 1))}
    assert len({each["UID"] for each in feed(portal)}) == 3


def test_the_feed_needs_no_cookie_and_sets_none(portal: Portal) -> None:
    following(portal, *portal.store(TBT))
    answer = portal.client().get(path_of(portal))
    assert answer.status_code == 200
    assert answer.content_type == "text/calendar; charset=utf-8"
    assert "Set-Cookie" not in answer.headers
    assert answer.headers["X-Robots-Tag"] == "noindex, nofollow"
    assert "method" not in Calendar.from_ical(answer.data), "a calendar to subscribe to is no message"


def test_the_feed_is_sent_again_only_when_it_says_something_else(portal: Portal) -> None:
    (notice_id,) = portal.store(TBT)
    following(portal, notice_id)
    path = path_of(portal)
    tag = portal.client().get(path).headers["ETag"]
    clock.fix(NOW + timedelta(hours=3))
    again = portal.client().get(path, headers={"If-None-Match": tag})
    assert (again.status_code, again.data) == (304, b"")
    portal.store(replace(TBT, comment_deadline=date(2027, 1, 31)))
    anew = portal.client().get(path, headers={"If-None-Match": tag})
    assert anew.status_code == 200
    (event,) = events(Calendar.from_ical(anew.data))
    assert (event["SEQUENCE"], event.decoded("DTSTART")) == (clock.now().timestamp() // 60, date(2027, 1, 31))


def test_a_withdrawn_notice_is_cancelled_in_the_calendar(portal: Portal) -> None:
    (notice_id,) = portal.store(TBT)
    following(portal, notice_id)
    (before,) = feed(portal)
    clock.fix(NOW + timedelta(hours=3))
    run = runs.start(portal.db, source())
    runs.withdraw(portal.db, run, [notice_id], runs.MISSED_TWICE)
    runs.finish(portal.db, run, RunStatus.OK, Reason("ok"), runs.Tally(withdrawn=1))
    (event,) = feed(portal)
    assert (event["STATUS"], event["UID"]) == ("CANCELLED", before["UID"])
    assert event["SEQUENCE"] > before["SEQUENCE"]
    assert event.walk("VALARM") == []


def test_a_new_address_ends_the_old_one(portal: Portal) -> None:
    following(portal, *portal.store(TBT))
    old = path_of(portal)
    assert old == path_of(portal), "the address stays the same"
    reader = portal.client(SUBSCRIBER)
    assert old in reader.get("/my").text
    post(reader, "/my", "/my/calendar")
    assert portal.client().get(old).status_code == 410
    assert portal.client().get(path_of(portal)).status_code == 200


def test_no_other_token_opens_a_calendar_and_a_calendars_opens_nothing_else(portal: Portal) -> None:
    person_id = portal.people[SUBSCRIBER]
    token = path_of(portal).removeprefix("/calendar/").removesuffix(".ics")
    tokens = Tokens(SECRET)
    for other in (tokens.silence(person_id, (0,)), tokens.unsubscribe(person_id, (0,)),
                  tokens.sign_in(person_id, SUBSCRIBER), token[:-1], "x", f"{token}x"):
        assert portal.client().get(f"/calendar/{other}.ics").status_code == 410
    client = portal.client()
    for path in ("unsubscribe", "follow/stop"):
        assert client.get(f"/{path}/{token}").status_code == 410
    assert client.post(f"/sign-in/{token}", data={"csrf_token": csrf(client, "/sign-in")}).status_code == 410


# -- on pages ------------------------------------------------------------------------------------------------------------
def test_a_notice_is_followed_and_left_from_its_page(portal: Portal) -> None:
    (notice_id,) = portal.store(TBT)
    reader, path = portal.client(SUBSCRIBER), f"/notices/{notice_id}"
    said = text(reader.get(path).text)
    assert "2026-12-31（欧盟当地时间 24:00 前，即北京时间 2027 年 1 月 1 日 07:00） （还剩 41 天）" in said
    assert post(reader, path, f"{path}/follow").location == path
    assert "取消关注" in reader.get(path).text
    mine = text(reader.get("/my").text)
    assert "我的关注" in mine
    assert "Draft rules on air compressors" in mine
    assert "还剩 41 天" in mine
    post(reader, "/my", f"{path}/unfollow", back="/my")
    assert "您还没有关注任何截止日期" in reader.get("/my").text
    assert "关注截止日期" in reader.get(path).text


def test_a_stranger_is_asked_to_sign_in_first_and_comes_back(portal: Portal) -> None:
    (notice_id,) = portal.store(TBT)
    page = portal.client().get(f"/notices/{notice_id}").text
    assert f'href="/sign-in?next=/notices/{notice_id}"' in page
    assert f"/notices/{notice_id}/follow" not in page


def test_nothing_is_offered_where_no_deadline_lies_ahead(portal: Portal) -> None:
    passed, none = portal.store(replace(TBT, comment_deadline=date(2026, 11, 18)),
                                replace(TBT, external_id="b", comment_deadline=None))
    for each in (passed, none):
        reader = portal.client(SUBSCRIBER)
        assert "关注截止日期" not in reader.get(f"/notices/{each}").text
        assert reader.post(f"/notices/{each}/follow", data={"csrf_token": csrf(reader, "/my")}).status_code == 409


def test_the_deadline_of_a_notice_can_be_taken_into_a_calendar_by_anybody(portal: Portal) -> None:
    notice_id, none = portal.store(TBT, replace(TBT, external_id="b", comment_deadline=None))
    answer = portal.client().get(f"/notices/{notice_id}/deadline.ics")
    (event,) = events(Calendar.from_ical(answer.data))
    assert event.decoded("DTSTART") == DEADLINE
    assert answer.headers["Content-Disposition"] == f"attachment; filename=deadline-{notice_id}.ics"
    assert portal.client().get(f"/notices/{none}/deadline.ics").status_code == 404


def test_a_link_in_a_reminder_asks_first_and_one_click_needs_no_page(portal: Portal) -> None:
    first, other = portal.store(TBT, replace(TBT, external_id="b"))
    following(portal, first, other)
    token = Tokens(SECRET).silence(portal.people[SUBSCRIBER], (first, other))
    reader, path = portal.client(), f"/follow/stop/{token}"
    before = portal.counts()
    assert "请选择不再提醒的信息" in reader.get(path).text
    assert portal.counts() == before, "GET only asks"
    assert "以下信息的日期不再提醒" in post(reader, path, id=str(first)).text
    assert [each.stored.id for each in portal.deadlines.of_person(person(portal))] == [other]
    assert portal.client().post(path, data={"List-Unsubscribe": "One-Click"}).status_code == 200
    assert portal.deadlines.of_person(person(portal)) == []
    assert "都已取消关注" in reader.get(path).text
    assert portal.client().post("/follow/stop/x", data={"List-Unsubscribe": "One-Click"}).status_code == 401


def person(portal: Portal) -> Person:
    with portal.db.read() as session:
        return organisations.person(session, portal.people[SUBSCRIBER])


def test_a_subscription_is_let_follow_what_it_matches(portal: Portal) -> None:
    reader = portal.client(SUBSCRIBER)
    post(reader, "/subscribe", "/subscribe", sent="1", notices="yes", email=SUBSCRIBER, product="air_compressor")
    found = portal.subscriptions.confirm(portal.token("confirm"))
    post(reader, "/my", f"/my/{found.id}/reminds", reminds="yes")
    assert portal.subscriptions.of_person(found.person_id)[0].reminds
    assert "停止自动关注" in reader.get("/my").text
    post(reader, "/my", f"/my/{found.id}/reminds", reminds="no")
    assert not portal.subscriptions.of_person(found.person_id)[0].reminds
    other = portal.client(OPERATOR)
    assert post(other, "/my", f"/my/{found.id}/reminds", reminds="yes").status_code == 404
