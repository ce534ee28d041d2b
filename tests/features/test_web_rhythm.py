"""Choosing on pages how often one is told, until when not at all, and in which hours not."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from bs4 import BeautifulSoup

from domain import clock
from domain.criteria import Criteria
from domain.subscription import Frequency, Subscription, SubscriptionState
from subscriptions.tokens import Tokens
from tests.browser.portal import EDITOR, SECRET, SUBSCRIBER, Portal, post, text

NEW = "new@firm.example"


@pytest.fixture
def portal(tmp_path: Path) -> Iterator[Portal]:
    found = Portal(tmp_path)
    clock.fix(datetime(2026, 11, 20, 4, tzinfo=UTC))
    yield found
    found.db.close()


def subscribed(portal: Portal, email: str = SUBSCRIBER) -> int:
    portal.subscriptions.subscribe(email, Criteria(product_types=frozenset(("ink_cartridge",))), "墨盒")
    return portal.subscriptions.confirm(portal.token("confirm")).id


def kept(portal: Portal, email: str = SUBSCRIBER) -> Subscription:
    (found,) = portal.subscriptions.of_person(portal.people[email])
    return found


def sent_by(page: str, action: str) -> dict[str, str]:
    """What a browser sends when a form is submitted as it stands."""
    form = BeautifulSoup(page, "lxml").select_one(f'form[action="{action}"]')
    assert form
    fields = form.select("input[type=text], input[type=date], input[type=time], input[checked], option[selected]")
    return {str(each.get("name") or each.find_parent("select")["name"]): str(each["value"]) for each in fields}


@pytest.mark.parametrize(("sent", "frequency", "red"), [
    ({"frequency": "weekly", "red": "yes"}, Frequency.WEEKLY, True), ({"frequency": "hourly"}, Frequency.IMMEDIATE, False),
    ({}, Frequency.IMMEDIATE, False)])
def test_the_subscribe_form_asks_how_often(portal: Portal, sent: dict[str, str], frequency: Frequency, red: bool) -> None:
    post(portal.client(), "/subscribe", sent="1", notices="yes", email=NEW, product="ink_cartridge", **sent)
    token = portal.token("confirm")
    found = portal.subscriptions.pending(token)
    assert (found.frequency, found.red_at_once) == (frequency, red)
    said = text(portal.client().get(f"/confirm/{token}").text)
    assert {Frequency.WEEKLY: "每周摘要 · 每周一早上 8 点一封", Frequency.IMMEDIATE: "立即发送"}[frequency] in said


def test_what_was_chosen_stays_when_the_criteria_are_changed(portal: Portal) -> None:
    page = post(portal.client(), "/subscribe", sent="1", notices="yes", email=NEW, product="ink_cartridge", update="1",
                frequency="monthly", red="yes").text
    found = sent_by(page, "/subscribe")
    assert (found["frequency"], found["red"]) == ("monthly", "yes")


def test_asking_again_changes_what_is_pending_and_not_what_is_active(portal: Portal) -> None:
    """Whoever types an address into the form need not be its owner."""
    reader = portal.client()
    for frequency in ("daily", "weekly"):
        post(reader, "/subscribe", sent="1", notices="yes", email=SUBSCRIBER, product="ink_cartridge", frequency=frequency)
    assert kept(portal).frequency is Frequency.WEEKLY
    portal.subscriptions.confirm(portal.token("confirm"))
    post(reader, "/subscribe", sent="1", notices="yes", email=SUBSCRIBER, product="ink_cartridge", frequency="monthly")
    assert kept(portal).frequency is Frequency.WEEKLY


def test_a_person_changes_name_frequency_and_pause_of_a_subscription(portal: Portal) -> None:
    number = subscribed(portal)
    reader, action = portal.client(SUBSCRIBER), f"/my/{number}/choose"
    assert sent_by(reader.get("/my").text, action) == {"label": "墨盒", "frequency": "immediate", "until": ""}
    assert post(reader, "/my", action, label="出口", frequency="daily", red="yes").location == "/my"
    page = reader.get("/my").text
    assert sent_by(page, action) == {"label": "出口", "frequency": "daily", "red": "yes", "until": ""}
    assert "每日摘要 · 下一封不早于 2026-11-21 08:00 · 红色预警随时发送" in text(page)
    post(reader, "/my", action, label="", frequency="weekly", until="2026-11-30")
    page = reader.get("/my").text
    assert sent_by(page, action) == {"label": "出口", "frequency": "weekly", "until": "2026-11-30"}
    assert "每周摘要 · 暂停至 2026-11-30 08:00" in text(page)
    assert kept(portal).paused_until == datetime(2026, 11, 30, tzinfo=UTC)
    clock.fix(datetime(2026, 11, 30, tzinfo=UTC))
    assert "每周摘要 · 下一封不早于 2026-12-07 08:00" in text(reader.get("/my").text)
    post(reader, "/my", action, frequency="weekly")
    assert kept(portal).paused_until is None


@pytest.mark.parametrize(("until", "said"), [
    ("2026-11-20", "应在明天至一年之内"), ("2027-11-22", "应在明天至一年之内"), ("soon", "日期应形如"),
    ("99999-01-01", "日期应形如")])
def test_a_pause_that_cannot_be_kept_says_why(portal: Portal, until: str, said: str) -> None:
    number = subscribed(portal)
    answer = post(portal.client(SUBSCRIBER), "/my", f"/my/{number}/choose", frequency="daily", until=until)
    assert answer.status_code == 400
    assert said in text(answer.text)
    assert BeautifulSoup(answer.text, "lxml").select_one("details[open] .error"), "the form that is wrong stands open"
    assert kept(portal).frequency is Frequency.IMMEDIATE


def test_nobody_chooses_for_another_or_for_what_has_ended(portal: Portal) -> None:
    mine, other = subscribed(portal), subscribed(portal, EDITOR)
    reader = portal.client(SUBSCRIBER)
    assert post(reader, "/my", f"/my/{other}/choose", frequency="monthly").status_code == 404
    assert kept(portal, EDITOR).frequency is Frequency.IMMEDIATE
    portal.subscriptions.end(portal.people[SUBSCRIBER], mine)
    assert post(reader, "/my", f"/my/{mine}/choose", frequency="monthly").status_code == 404


def test_a_person_says_where_they_are_and_when_to_be_left_alone(portal: Portal) -> None:
    number = subscribed(portal)
    reader = portal.client(SUBSCRIBER)
    assert sent_by(reader.get("/my").text, "/my/rest") == {"quiet_from": "", "quiet_until": "", "outages": "yes"}
    post(reader, "/my", f"/my/{number}/choose", frequency="daily")
    sent = {"time_zone": "Europe/Berlin", "quiet_from": "22:00", "quiet_until": "08:30", "outages": "yes"}
    assert post(reader, "/my", "/my/rest", **sent).location == "/my"
    page = reader.get("/my").text
    assert sent_by(page, "/my/rest") == sent
    assert "您的时区：柏林、巴黎 · 免打扰：22:00 至 08:30" in text(page)
    assert "下一封不早于 2026-11-20 08:30" in text(page), "the digest of eight o'clock waits for the end of the quiet hours"
    post(reader, "/my", "/my/rest")
    assert "您的时区：北京、上海 · 未设免打扰时段" in text(reader.get("/my").text)


def test_a_person_says_whether_they_are_told_of_outages_of_sources(portal: Portal) -> None:
    reader, person = portal.client(SUBSCRIBER), portal.people[SUBSCRIBER]
    assert "· 接收来源中断通知" in text(reader.get("/my").text)
    post(reader, "/my", "/my/rest", quiet_from="22:00", quiet_until="late")
    assert "· 接收来源中断通知" in text(reader.get("/my").text), "a form that is refused changes nothing"
    post(reader, "/my", "/my/rest")
    page = reader.get("/my").text
    assert "· 不接收来源中断通知" in text(page)
    assert "outages" not in sent_by(page, "/my/rest")
    assert portal.personal.export(person)["person"]["told_of_outages"] is False
    post(reader, "/my", "/my/rest", outages="yes")
    assert "· 接收来源中断通知" in text(reader.get("/my").text)
    assert portal.personal.export(person)["person"]["told_of_outages"] is True


def test_the_link_of_a_mail_asks_first_and_turns_off_mails_about_outages_alone(portal: Portal) -> None:
    number = subscribed(portal)
    stop = f"/outages/stop/{Tokens(SECRET).outages(portal.people[SUBSCRIBER])}"
    reader = portal.client()
    asks = text(reader.get(stop).text)
    assert "没有收到邮件，不等于对方没有发布" in asks
    assert "预警订阅不受影响" in asks
    assert "已停止，不再接收来源中断通知；预警订阅不受影响。" in text(post(reader, stop).text)
    assert "您目前不接收来源中断通知" in text(reader.get(stop).text)
    assert kept(portal).id == number
    assert kept(portal).state is SubscriptionState.ACTIVE


@pytest.mark.parametrize(("sent", "said"), [
    ({"time_zone": "Europe/Nowhere"}, "没有这个时区"), ({"time_zone": "../../etc/passwd"}, "没有这个时区"),
    ({"quiet_from": "22:00"}, "请同时填写"), ({"quiet_from": "late", "quiet_until": "07:00"}, "请同时填写"),
    ({"quiet_from": "22:00", "quiet_until": "22:00"}, "不能相同")])
def test_a_rest_that_cannot_be_kept_says_why(portal: Portal, sent: dict[str, str], said: str) -> None:
    answer = post(portal.client(SUBSCRIBER), "/my", "/my/rest", **sent)
    assert answer.status_code == 400
    assert said in text(answer.text)
