"""What delivery may rely on in a mail channel, shown by SMTP against a real server."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

import pytest

from domain.errors import SettingsError
from storage.emails import Email, Letter, Purpose
from subscriptions.channels import smtp
from subscriptions.channels.port import Broken, MailChannel, Postponed, Refused, Suppressed, TooLong, Unreachable
from subscriptions.channels.smtp import SmtpChannel, server
from subscriptions.mime import wire
from tests.moody import DROP, HANG, MoodyMailbox, moody_mailbox

SENDER = "alerts@portal.example"
LONG_LINK = "https://portal.example/unsubscribe/" + "x1_" * 200


def mail(to: str = "li@firm.example", subject: str = "红色预警", text: str = "正文\n.\n") -> bytes:
    letter = Letter(1, to, Purpose.ALERT, "<1@portal.example>", f"出口质量安全信息 <{SENDER}>", subject, text,
                    "<p>正文</p>", headers={
                        "List-Unsubscribe": f"<{LONG_LINK}>", "List-Unsubscribe-Post": "List-Unsubscribe=One-Click"})
    return wire(Email(7, letter, 0, datetime(2026, 11, 20, tzinfo=UTC)), utf8=not (letter.sender + letter.address).isascii())


@pytest.fixture(scope="module")
def running() -> Iterator[MoodyMailbox]:
    with moody_mailbox() as found:
        yield found


@pytest.fixture(params=[(), ("PIPELINING",)], ids=["one by one", "pipelined"])
def mailbox(running: MoodyMailbox, request: pytest.FixtureRequest) -> MoodyMailbox:
    running.reset()
    running.features = request.param
    return running


@pytest.fixture
def channel(mailbox: MoodyMailbox) -> Iterator[MailChannel]:
    found = SmtpChannel(mailbox.url, timeout=1)
    yield found
    found.close()


def send(channel: MailChannel, to: str = "li@firm.example") -> None:
    channel.send(mail(to), SENDER, to)


def test_a_mail_arrives_as_it_was_written(mailbox: MoodyMailbox, channel: MailChannel) -> None:
    send(channel)
    (arrived,) = mailbox.mails
    assert arrived["Subject"] == "红色预警"
    assert arrived["From"] == f"出口质量安全信息 <{SENDER}>"
    assert arrived["Message-ID"] == "<1@portal.example>"
    assert arrived["List-Unsubscribe"] == f"<{LONG_LINK}>"
    assert arrived.get_content_type() == "multipart/alternative"
    parts = [part.get_content() for part in arrived.iter_parts()]
    assert [part.strip() for part in parts] == ["正文\r\n.", "<p>正文</p>"]


def test_one_connection_carries_many_mails(mailbox: MoodyMailbox, channel: MailChannel) -> None:
    for number in range(5):
        send(channel, f"p{number}@firm.example")
    assert len(mailbox.mails) == 5
    assert mailbox.connections == 1


@pytest.mark.parametrize("stage", ["on_recipient", "on_data"])
@pytest.mark.parametrize(("answer", "error"), [("451 try later", Postponed), ("452 full", Postponed),
                                               ("550 no such user", Refused), ("552 message too long", TooLong),
                                               ("554 5.3.4 message too big", TooLong), ("552 5.2.2 mailbox full", Postponed),
                                               ("550 5.1.1 no such user", Suppressed), ("554 5.7.1 spam", Refused),
                                               ("550 5.7.1 on our suppression list", Suppressed)])
def test_a_refusal_says_whether_to_try_again_and_the_next_mail_goes_through(
        mailbox: MoodyMailbox, channel: MailChannel, stage: str, answer: str, error: type[Exception]) -> None:
    setattr(mailbox, stage, lambda address: answer if address.startswith("bad") else None)
    with pytest.raises(error, match=answer) as raised:
        send(channel, "bad@firm.example")
    assert type(raised.value) is error
    send(channel)
    assert mailbox.recipients() == ["li@firm.example"]


def test_a_server_that_refuses_our_sender_refuses_no_mail_in_particular(mailbox: MoodyMailbox, channel: MailChannel) -> None:
    mailbox.on_sender = lambda _: "553 sender not allowed"
    with pytest.raises(Unreachable, match="does not take mail from our address: 553"):
        send(channel)


def test_a_mail_too_large_for_the_server_is_refused_at_its_announcement(mailbox: MoodyMailbox, channel: MailChannel) -> None:
    mailbox.on_sender = lambda _: "552 message exceeds fixed maximum"
    with pytest.raises(Refused, match="552"):
        send(channel)


def test_a_mail_longer_than_the_server_has_said_to_take_is_not_offered(mailbox: MoodyMailbox, channel: MailChannel) -> None:
    mailbox.features = (*mailbox.features, "SIZE 400")
    with pytest.raises(TooLong, match="takes 400"):
        send(channel)
    assert mailbox.mails == []


def test_a_connection_is_kept_while_it_is_used_and_ended_when_it_is_idle(
        mailbox: MoodyMailbox, channel: MailChannel, monkeypatch: pytest.MonkeyPatch) -> None:
    send(channel)
    channel.rest()
    send(channel)
    assert mailbox.connections == 1
    monkeypatch.setattr(smtp, "IDLE_SECONDS", -1.0)
    channel.rest()
    send(channel)
    assert (len(mailbox.mails), mailbox.connections) == (3, 2)


def test_a_connection_that_breaks_after_the_mail_leaves_it_open_whether_it_was_taken(
        mailbox: MoodyMailbox, channel: MailChannel) -> None:
    mailbox.on_data = lambda _: DROP
    with pytest.raises(Broken):
        send(channel)
    mailbox.on_data = lambda _: None
    send(channel)
    assert [arrived["Message-ID"] for arrived in mailbox.mails] == ["<1@portal.example>"] * 2


def test_a_kept_connection_that_was_closed_is_opened_anew(mailbox: MoodyMailbox, channel: MailChannel) -> None:
    send(channel)
    moods = iter([DROP])
    mailbox.on_sender = lambda _: next(moods, None)
    send(channel)
    assert (len(mailbox.mails), mailbox.connections) == (2, 2)


def test_a_421_closes_the_connection_and_the_mail_goes_over_a_new_one(mailbox: MoodyMailbox, channel: MailChannel) -> None:
    send(channel)
    moods = iter(["421 too many mails in one session"])
    mailbox.on_sender = lambda _: next(moods, None)
    send(channel)
    assert (len(mailbox.mails), mailbox.connections) == (2, 2)


def test_a_hanging_server_is_left_after_the_timeout(mailbox: MoodyMailbox, channel: MailChannel) -> None:
    mailbox.on_recipient = lambda _: HANG
    with pytest.raises(Broken, match="timed out"):
        send(channel)


def test_no_server_means_unreachable(free_port: int) -> None:
    channel = SmtpChannel(f"smtp://127.0.0.1:{free_port}", timeout=1)
    with pytest.raises(Unreachable, match=str(free_port)):
        send(channel)
    channel.close()


def test_a_login_that_fails_is_told_without_the_password(mailbox: MoodyMailbox) -> None:
    channel = SmtpChannel(mailbox.url.replace("//", "//user:hunter2@"), timeout=1)
    with pytest.raises(Unreachable) as raised:
        send(channel)
    assert "hunter2" not in str(raised.value) + repr(channel.server)


def test_an_address_in_chinese_uses_smtputf8_and_others_do_not(
        mailbox: MoodyMailbox, channel: MailChannel, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[list[str]] = []
    take = mailbox.handle_MAIL

    async def watch(server: object, session: object, envelope: object, address: str, options: list[str]) -> str:
        asked.append(options)
        return await take(server, session, envelope, address, options)

    monkeypatch.setattr(mailbox, "handle_MAIL", watch)
    send(channel)
    send(channel, "李雷@firm.example")
    assert ["SMTPUTF8" in options for options in asked] == [False, True]
    assert len(mailbox.mails) == 2


@pytest.mark.parametrize(("url", "host", "port", "tls", "starttls"), [
    ("smtp://mail.example", "mail.example", 25, False, False),
    ("smtp://u:p%40ss@mail.example?starttls=1", "mail.example", 587, False, True),
    ("smtps://u:p@mail.example", "mail.example", 465, True, False),
    ("smtp://u:p@127.0.0.1:2525", "127.0.0.1", 2525, False, False)])
def test_a_mail_address_of_the_settings_is_read(url: str, host: str, port: int, tls: bool, starttls: bool) -> None:
    found = server(url)
    assert (found.host, found.port, found.tls, found.starttls) == (host, port, tls, starttls)


def test_signs_of_a_password_may_be_percent_encoded() -> None:
    assert server("smtps://u%40x:p%40s%2Fs@mail.example").password == "p@s/s"


@pytest.mark.parametrize("url", ["http://mail.example", "smtp://", "smtp://u:hunter2@mail.example",
                                 "smtp://u:hunter2@mail.example:none", "smtps://u:hunter2@mail.example?tls=1"])
def test_a_wrong_mail_address_is_refused_without_telling_the_password(url: str) -> None:
    with pytest.raises(SettingsError) as raised:
        server(url)
    assert "hunter2" not in str(raised.value)
