"""Attacks on what a mail is built of: cases 41, 42, 46 and 48."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from email import policy
from email.message import EmailMessage
from email.parser import BytesParser
from pathlib import Path
from typing import Any

import pytest

from domain.source import Reason, RunStatus
from storage import outbox, runs
from storage.emails import Email, Letter, Purpose
from subscriptions.compose import compose
from subscriptions.inert import one_line
from subscriptions.match import match
from subscriptions.mime import wire
from subscriptions.recover import recover
from subscriptions.tokens import BadToken
from tests.browser.portal import Portal, links
from tests.browser.portal import text as seen
from tests.builders import notice, source, store
from tests.features.alerts import EVERYTHING_OF_OURS, World, html, link, text, told, world
from tests.moody import moody_mailbox

BREAKS = ("\r\n", "\n", "\r", "\r\n ", "\n\t", "\u2028", "\u2029", "\x85", "\x0b", "\x0c", "\x1c", "\x1d", "\x1e", "\x00",
          "%0d%0a", "=0D=0A", "=?utf-8?b?DQo=?=", "\u202e", "\u2066", "\ufeff", "\ud800")
SUBJECTS = ("题" * 500, "\U0001f525" * 500, "A" * 500, "word " * 100, "שלום עולם " * 50, "\u202eevil\u202c" * 60,
            "\ud83d\ude00" * 250, "e\u0301" * 250, "\U0001f469\u200d\U0001f52c" * 120, "=?utf-8?q?" * 50)
NOW = datetime(2026, 11, 20, 4, tzinfo=UTC)


@pytest.fixture
def here(tmp_path: Path) -> Iterator[World]:
    with moody_mailbox() as mailbox, world(tmp_path, mailbox) as found:
        found.load()
        yield found


def sent(**changes: Any) -> tuple[bytes, EmailMessage]:
    values = {"person_id": 1, "address": "li@firm.example", "purpose": Purpose.ALERT, "message_id": "<1@portal.example>",
              "sender": "alerts@portal.example", "subject": "x", "text": "t", "html": "<p>"}
    raw = wire(Email(1, Letter(**(values | changes)), 0, NOW))
    found = BytesParser(policy=policy.default).parsebytes(raw)
    assert isinstance(found, EmailMessage)
    return raw.partition(b"\r\n\r\n")[0], found


@pytest.mark.parametrize("sign", BREAKS)
@pytest.mark.parametrize("where", ["subject", "sender", "header", "message_id"])
def test_case_41_no_line_break_of_any_kind_opens_a_header(where: str, sign: str) -> None:
    hostile = f"Alert{sign}Bcc: victim@x.example{sign}{sign}<script>"
    value: dict[str, Any] = {
        "subject": {"subject": hostile}, "sender": {"sender": f"{hostile.replace('<script>', '')} <alerts@portal.example>"},
        "header": {"headers": {"List-Id": hostile}}, "message_id": {"message_id": f"<{hostile}>"}}[where]
    if where == "sender":
        try:
            head, mail = sent(**value)
        except ValueError:
            return  # such a sender is refused when the service starts
    else:
        head, mail = sent(**value)
    assert mail["Bcc"] is None
    assert mail["To"] == "li@firm.example"
    assert len([line for line in head.split(b"\r\n") if not line.startswith(b" ")]) == len(mail.keys())
    assert not re.search(rb"[\r\n]", head.replace(b"\r\n", b""))
    assert not re.search("[\u0000-\u001f\u007f-\u009f\u2028\u2029\u202a-\u202e\u2066-\u2069]",
                         "".join(str(each) for each in mail.values()))


def test_case_41_a_title_with_line_breaks_makes_one_line_of_the_mail(here: World) -> None:
    here.follow()
    store(here.db, notice(title="Air compressor" + "".join(f"{sign}Bcc: v@x.example" for sign in BREAKS)))
    (mail,) = here.round()
    assert mail["Bcc"] is None
    (title,) = told(mail)
    assert title.startswith("Air compressor Bcc: v@x.example")
    assert not [line for line in text(mail).splitlines() if line.startswith("Bcc")]


@pytest.mark.parametrize("subject", SUBJECTS)
def test_case_42_any_subject_is_folded_and_read_back(subject: str) -> None:
    head, mail = sent(subject=subject)
    assert mail["Subject"] == one_line(subject)
    assert head.isascii()
    assert all(len(line) <= 76 for line in head.split(b"\r\n") if b"=?" in line)
    assert all(len(line) <= 998 for line in head.split(b"\r\n"))


def test_case_42_a_subject_of_strange_signs_is_sent(here: World) -> None:
    here.follow(criteria=EVERYTHING_OF_OURS)
    store(here.db, *(notice(f"SR/{at}", title="Air compressor", product=f"{each} air compressor", lang="he")
                     for at, each in enumerate(SUBJECTS)))
    (mail,) = here.round()
    assert len(told(mail)) == len(SUBJECTS)


def withdraw(here: World, ids: list[int]) -> None:
    run = runs.start(here.db, source())
    runs.withdraw(here.db, run, ids, "the publisher says so")
    runs.finish(here.db, run, RunStatus.OK, Reason("ok"), runs.Tally(seen=1, withdrawn=1))


@pytest.mark.parametrize("written", [False, True], ids=["before the mail is written", "while it waits to leave"])
def test_case_46_a_notice_edited_before_its_mail_leaves_is_told_as_it_is_now(here: World, written: bool) -> None:
    here.follow()
    store(here.db, notice("SR/1", hazards=("injuries",)), notice("SR/2", title="Air compressor, another"))
    while match(here.db):
        pass
    if written:
        assert compose(here.db, here.composer) == 1
    store(here.db, notice("SR/1", title="Air compressor, corrected", hazards=("fire", "burns")))
    here.write()
    assert here.send().sent == 1
    (mail,) = here.mailbox.mails
    assert sorted(told(mail)) == ["Air compressor, another", "Air compressor, corrected"]
    assert "火灾、烧伤/烫伤" in text(mail)
    assert "Portable 24 L" not in text(mail) + html(mail)
    here.wait()
    assert here.round() == [], "the mail has told the newest reading: there is nothing to tell again"


@pytest.mark.parametrize("written", [False, True], ids=["before the mail is written", "while it waits to leave"])
def test_case_46_a_notice_withdrawn_before_its_mail_leaves_is_told_as_withdrawn(here: World, written: bool) -> None:
    here.follow()
    ids = store(here.db, notice("gone"))
    while match(here.db):
        pass
    if written:
        assert compose(here.db, here.composer) == 1
    withdraw(here, ids)
    here.write()
    here.send()
    (mail,) = here.mailbox.mails
    assert mail["Subject"].startswith("【已撤回】")
    assert "发布机构已撤回这条信息" in text(mail)
    assert "发布机构已撤回这条信息" in html(mail)
    here.wait()
    assert here.round() == []


def test_case_46_a_mail_that_waits_for_its_server_keeps_its_name_and_says_what_is_so(here: World) -> None:
    here.follow()
    store(here.db, notice(hazards=("injuries",)))
    here.mailbox.on_data = lambda _: "451 later"
    here.round()
    with here.db.read() as session:
        before = session.connection().exec_driver_sql("SELECT message_id FROM emails WHERE purpose = 'alert'").scalar()
    here.wait(timedelta(hours=2))
    store(here.db, notice(hazards=("fire",)))
    here.write()
    here.mailbox.on_data = lambda _: None
    here.mailbox.mails.clear()
    assert here.send().sent == 1
    (mail,) = here.mailbox.mails
    assert mail["Message-ID"] == before
    assert "危害：火灾" in text(mail)
    here.wait()
    assert here.round() == []


def test_case_46_a_mail_that_may_have_arrived_is_not_written_anew(here: World) -> None:
    """The worker dies between the server's answer and its own note: a second copy with another text would be folded away."""
    here.follow()
    store(here.db, notice(hazards=("injuries",)))
    here.write()
    assert len(outbox.claim(here.db, 10)) == 1
    recover(here.db)
    store(here.db, notice(hazards=("fire",)))
    here.write()
    here.send()
    here.wait()
    here.round()
    first, second = here.mailbox.mails
    assert "危害：人身伤害" in text(first)
    assert "危害：人身伤害 → 火灾" in text(second)
    assert first["Message-ID"] != second["Message-ID"]


@pytest.mark.parametrize("length", [40, 2000])
def test_case_48_three_hundred_hits_are_one_mail_with_the_most_urgent_and_a_link_to_all(
        here: World, tmp_path: Path, length: int) -> None:
    here.follow()
    store(here.db, *(notice(
        f"SR/{number}", title=f"Air compressor {number} " + "压力" * (length // 2), summary="x" * 3000, brand="b" * length,
        comment_deadline=date(2026, 12, 20)) for number in range(300)))
    with here.db.read() as session:
        (report,) = runs.latest(session, "eu_safety_gate", 1)
    assert report.status is RunStatus.HELD
    runs.release(here.db, report.id, "operator")
    (mail,) = here.round()
    assert str(mail["Subject"]).endswith("（300 条）")
    shown = told(mail)
    assert len(shown) >= 40
    assert f"本邮件只列出最紧要的 {len(shown)} 条。" in text(mail)
    page = html(mail)
    assert len(page.encode()) < 102_000
    assert 0 < page.index("退订", page.index("<body")) - page.index("<body") < 2500
    assert text(mail).index("退订：") < 400
    assert page.count("/unsubscribe/") == 2
    here.wait()
    assert here.round() == [], "all are told"
    everything = here.service.told(link(mail, "mails"))
    assert sorted(int(each.notice.external_id[3:]) for each in everything) == list(range(300))
    titles = [one_line(each.notice.title, 300)[:30] for each in everything]
    assert [title[:30] for title in shown] == titles[:len(shown)], "the page goes on where the mail ends"


def test_case_48_the_page_of_a_mail_shows_all_it_told_and_nothing_of_its_reader(portal: Portal) -> None:
    client = portal.client()
    path = f"/mails/{portal.ids['told']}"
    answer = client.get(path)
    assert answer.status_code == 200
    assert answer.headers["X-Robots-Tag"] == "noindex, nofollow"
    assert "共 4 条" in seen(answer.text)
    assert any(title.startswith("Air compressor – Portable 24 L") for title in links(answer.text))
    assert "评议截止 2026-11-30（欧盟当地时间 24:00 前" in seen(answer.text)
    assert "@" not in seen(answer.text)
    for number in ("0", "-1", "9" * 30, "²", "x", ""):
        assert client.get(f"{path}?page={number}").status_code == 200


def test_case_48_only_a_link_made_for_it_opens_the_page_of_a_mail(portal: Portal) -> None:
    client = portal.client()
    for token in ("x", portal.ids["told"][:-1], portal.ids["confirm"], portal.ids["unsubscribe"]):
        assert client.get(f"/mails/{token}").status_code == 410
    assert client.get(f"/unsubscribe/{portal.ids['told']}").status_code == 410
    with pytest.raises(BadToken):
        portal.subscriptions.unsubscribe(portal.ids["told"])
