"""A mail as bytes: what the standard library reads in it is what it reads in a message of its own making."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from email import message_from_bytes, policy
from email.headerregistry import Address
from email.message import EmailMessage
from email.parser import BytesParser

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from bench import plain_mail
from storage.emails import Attachment, Email, Letter, Purpose
from subscriptions.inert import one_line
from subscriptions.mime import wire

AT = datetime(2026, 11, 20, 4, tzinfo=UTC)
LINK = "https://portal.example/unsubscribe/" + "x1_" * 200
TEXTS = st.text(st.characters(exclude_categories=("Cs",)), max_size=300)
NAMES = st.text(st.characters(exclude_categories=("Cs", "Cc", "Zl", "Zp")), min_size=1, max_size=60).filter(
    lambda name: one_line(name) == name and not set(name) & set('/\\"') and "=?" not in name)


def email(**changes: object) -> Email:
    values = {"person_id": 1, "address": "li@firm.example", "purpose": Purpose.ALERT, "message_id": "<1@portal.example>",
              "sender": "出口质量安全信息 <alerts@portal.example>", "subject": "【红色预警】欧盟召回 墨盒：化学危害",
              "text": "正文\n", "html": "<p>正文</p>\n", "headers": {
                  "List-Unsubscribe": f"<{LINK}>", "List-Unsubscribe-Post": "List-Unsubscribe=One-Click"}}
    return Email(7, Letter(**(values | changes)), 0, AT)  # type: ignore[arg-type]


def sent_by(name: str) -> str:
    return str(Address(name, "alerts", "portal.example"))


def read(raw: bytes) -> EmailMessage:
    found = BytesParser(policy=policy.default).parsebytes(raw)
    assert isinstance(found, EmailMessage)
    return found


def bodies(mail: EmailMessage) -> list[str]:
    found = [mail.get_body((kind,)) for kind in ("plain", "html")]
    assert all(isinstance(each, EmailMessage) for each in found)
    return [str(each.get_content()) for each in found if isinstance(each, EmailMessage)]


@given(subject=TEXTS, text=TEXTS, html=TEXTS, sender=NAMES)
@example(subject="=?utf-8?q?x?=", text="\r\n.\r\n..\n", html="a\rb\n\n", sender='Li "Lei", 李')
@example(subject="题" * 500, text="", html="", sender="x" * 60)
@example(subject="A plain one, and long " * 9, text="x", html="y", sender="Alerts & more")
def test_what_is_read_is_what_the_library_reads_in_its_own_message(subject: str, text: str, html: str, sender: str) -> None:
    mail = email(subject=subject, text=text, html=html, sender=sent_by(sender))
    ours, theirs = read(wire(mail)), read(plain_mail.message(mail).as_bytes())
    assert ours.keys()[:-1] == [name for name in theirs.keys() if name not in ("MIME-Version", "Content-Type")] + [  # noqa: SIM118
        "MIME-Version"]
    assert bodies(ours) == bodies(theirs)
    assert ours["Subject"] == one_line(subject)
    # Python's parser puts a blank between the encoded words of a long name, which RFC 2047 has readers pass over.
    assert "".join(ours["From"].addresses[0].display_name.split()) == "".join(one_line(sender).split())
    assert ours["From"].addresses[0].addr_spec == "alerts@portal.example"
    for name in ("To", "Date", "Message-ID", "Auto-Submitted", "List-Unsubscribe", "List-Unsubscribe-Post"):
        assert ours[name] == theirs[name]
    assert [part.get_content_type() for part in ours.walk()] == [part.get_content_type() for part in theirs.walk()]
    assert not any(part.defects for part in ours.walk())


@given(name=NAMES, text=TEXTS, type_=st.sampled_from(("text/calendar; method=PUBLISH", "text/csv", "text/plain")))
@example(name="评议截止日期提醒：欧盟墨盒新规征求意见稿（第二次修订）及实施时间表说明.ics", text="BEGIN",
         type_="text/calendar; method=PUBLISH")
@example(name="deadline.ics", text="BEGIN:VCALENDAR\r\nEND:VCALENDAR\r\n", type_="text/calendar; method=PUBLISH")
def test_attachments_are_read_by_name_type_and_content(name: str, text: str, type_: str) -> None:
    mail = email(attachments=(Attachment(name, type_, text), Attachment("2.ics", "text/calendar", "x")))
    ours, theirs = read(wire(mail)), read(plain_mail.message(mail).as_bytes())
    assert bodies(ours) == bodies(theirs)
    found, wanted = ([*each.iter_attachments()] for each in (ours, theirs))
    assert [each.get_filename() for each in found] == [name, "2.ics"]
    assert [each.get_content() for each in found] == [each.get_content() for each in wanted]
    assert [each.get_content_type() for each in found] == [each.get_content_type() for each in wanted]
    assert found[0]["Content-Type"].params.get("method") == wanted[0]["Content-Type"].params.get("method")
    assert found[0].get_content_disposition() == "attachment"


@given(subject=TEXTS, name=NAMES)
def test_lines_are_short_and_no_encoded_word_splits_a_letter(subject: str, name: str) -> None:
    raw = wire(email(subject=subject, sender=sent_by(name), headers={}))
    head, _, body = raw.partition(b"\r\n\r\n")
    for line in head.split(b"\r\n"):
        assert len(line) <= 76 or b"=?" not in line
        assert len(line) <= 998
    for word in re.findall(rb"=\?utf-8\?b\?([A-Za-z0-9+/=]*)\?=", head):
        assert word.decode()
    assert max(map(len, body.split(b"\r\n"))) <= 80
    assert b"\n" not in raw.replace(b"\r\n", b"")
    assert raw.isascii()


def test_each_word_of_a_chinese_subject_can_be_decoded_alone() -> None:
    subject = "【红色预警】欧盟召回 打印机墨盒：化学危害、环境危害 \U0001f525" * 5
    head = wire(email(subject=subject)).partition(b"\r\n\r\n")[0]
    words = re.findall(rb"=\?utf-8\?b\?[^?]+\?=", head)
    assert len(words) > 5
    for word in words:
        assert "\ufffd" not in str(message_from_bytes(b"Subject: " + word + b"\r\n\r\n", policy=policy.default)["Subject"])


def test_a_name_that_clients_of_163_and_qq_read_stands_beside_that_of_the_standard() -> None:
    raw = wire(email(attachments=(Attachment("评议截止.ics", "text/calendar; method=PUBLISH", "BEGIN"),))).decode()
    assert ('Content-Type: text/calendar; method=PUBLISH; charset="utf-8";\r\n'
            ' name="=?utf-8?b?6K+E6K6u5oiq5q2iLmljcw==?="') in raw
    assert ("Content-Disposition: attachment;\r\n filename*=utf-8''%E8%AF%84%E8%AE%AE%E6%88%AA%E6%AD%A2.ics;\r\n"
            ' filename="=?utf-8?b?6K+E6K6u5oiq5q2iLmljcw==?="') in raw


def test_a_mail_is_the_same_bytes_each_time() -> None:
    mail = email(attachments=(Attachment("a.ics", "text/calendar", "x"),))
    assert wire(mail) == wire(mail)
    assert wire(mail) != wire(email(message_id="<2@portal.example>", attachments=mail.letter.attachments))


def test_an_address_in_chinese_needs_a_server_that_takes_it() -> None:
    mail = email(address="李雷@firm.example")
    with pytest.raises(ValueError, match="SMTPUTF8"):
        wire(mail)
    assert "\r\nTo: 李雷@firm.example\r\n".encode() in wire(mail, utf8=True)


def test_a_type_that_would_bring_a_header_is_refused() -> None:
    with pytest.raises(ValueError, match="MIME type"):
        wire(email(attachments=(Attachment("a", "text/plain\r\nBcc: v@x.example", "x"),)))
