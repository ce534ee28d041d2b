"""Attacks on delivery: a worker killed at the worst moment, servers that refuse in every way, senders that look like us."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from collections import Counter
from collections.abc import Iterator
from datetime import timedelta
from email import message_from_bytes
from email.policy import default
from multiprocessing import get_context
from pathlib import Path

import dkim
import pytest
from sqlalchemy import select

from domain import clock
from domain.errors import SettingsError
from storage import outbox
from storage.models import AddressRow, EmailRow
from storage.session import Database
from subscriptions.channels.smtp import SmtpChannel
from subscriptions.composer import Composer
from subscriptions.deliver import WINDOW_MAILS, Delivered, Manner, deliver
from subscriptions.mime import wire
from subscriptions.recover import recover
from subscriptions.shorten import shorten
from subscriptions.signing import Signer
from tests.builders import notice, store
from tests.conftest import Installed
from tests.databases import url_of
from tests.features.alerts import BASE_URL, LI, SECRET, World, link, text, world
from tests.moody import DROP, HANG, MoodyMailbox
from zonewatch import doctor
from zonewatch.settings import Settings

PEOPLE = [f"p{number}@firm.example" for number in range(8)]


@pytest.fixture
def here(tmp_path: Path, mailbox: MoodyMailbox) -> Iterator[World]:
    """People with an alert each that waits to be sent."""
    with world(tmp_path, mailbox) as found:
        found.load()
        for address in PEOPLE:
            found.follow(address)
        store(found.db, notice())
        found.write()
        mailbox.reset()
        yield found


def rows(db: Database, purpose: str = "alert") -> dict[str, EmailRow]:
    with db.read() as session:
        return {row.address: row for row in session.scalars(
            select(EmailRow).where(EmailRow.purpose == purpose).order_by(EmailRow.id))}


class Mortal(SmtpChannel):
    """Dies by SIGKILL once the server has taken so many mails, before that is kept."""

    left = 0

    def send(self, message: bytes, sender: str, recipient: str) -> None:
        super().send(message, sender, recipient)
        self.left -= 1
        if self.left == 0:
            os.kill(os.getpid(), signal.SIGKILL)


def die_after(folder: Path, mail_url: str, taken: int) -> None:
    clock.fix(clock.now())
    channel = Mortal(mail_url)
    channel.left = taken
    deliver(Database(url_of(folder)), channel)


def test_case_43_a_worker_killed_after_the_server_took_a_mail_leaves_one_more_copy_of_the_last_window(
        here: World, tmp_path: Path, mailbox: MoodyMailbox) -> None:
    mailbox.on_data = lambda _: time.sleep(0.06)  # type: ignore[func-returns-value]
    process = get_context("fork").Process(target=die_after, args=(tmp_path, mailbox.url, 5))
    process.start()
    process.join(60)
    assert process.exitcode == -signal.SIGKILL
    assert len(mailbox.mails) == 5
    assert recover(here.db) == 4, "a slow server has each mail marked as it answers: only the one in hand is not"
    assert here.send() == Delivered(sent=4)
    assert here.send() == Delivered()
    copies = Counter(str(mail["Message-ID"]) for mail in mailbox.mails)
    assert sorted(copies.values()) == [1] * 7 + [2]


def test_case_43_retries_never_multiply_a_mail(here: World, tmp_path: Path, mailbox: MoodyMailbox) -> None:
    for _ in range(2):
        process = get_context("fork").Process(target=die_after, args=(tmp_path, mailbox.url, 3))
        process.start()
        process.join(60)
        recover(here.db)
    here.send()
    copies = Counter(str(mail["Message-ID"]) for mail in mailbox.mails)
    assert len(copies) == len(PEOPLE)
    assert max(copies.values()) <= 3, "one more copy a kill at most"
    assert sum(copies.values()) - len(PEOPLE) <= 2 * WINDOW_MAILS
    assert {row.state for row in rows(here.db).values()} == {"sent"}


ANSWERS = {PEOPLE[0]: "451 4.3.0 try later", PEOPLE[1]: "554 5.7.1 looks like spam", PEOPLE[2]: "552 5.3.4 too big",
           PEOPLE[3]: "550 5.1.1 no such user", PEOPLE[4]: "550 5.7.1 address is suppressed", PEOPLE[5]: DROP,
           PEOPLE[6]: "552 5.2.2 mailbox full"}
CLASSES = {PEOPLE[0]: ("pending", "temporary"), PEOPLE[1]: ("failed", "permanent"), PEOPLE[2]: ("failed", "too_long"),
           PEOPLE[3]: ("failed", "suppressed"), PEOPLE[4]: ("failed", "suppressed"), PEOPLE[5]: ("pending", "broken"),
           PEOPLE[6]: ("pending", "temporary"), PEOPLE[7]: ("sent", None)}


def test_case_49_each_answer_is_classed_and_none_is_tried_for_ever(here: World) -> None:
    here.mailbox.on_recipient = ANSWERS.get
    assert here.send() == Delivered(sent=1, failed=4, postponed=3)
    assert {address: (row.state, row.error_class) for address, row in rows(here.db).items()} == CLASSES
    rounds = 0
    while any(row.state == "pending" for row in rows(here.db).values()):
        here.wait(timedelta(hours=8))
        here.send()
        rounds += 1
    assert rounds <= 10
    assert {row.state for row in rows(here.db).values()} == {"sent", "failed"}
    assert max(row.attempts for row in rows(here.db).values()) <= 11


def test_case_49_a_timeout_is_tried_again_later(here: World) -> None:
    here.mailbox.on_recipient = lambda address: HANG if address == PEOPLE[0] else None
    assert deliver(here.db, SmtpChannel(here.mailbox.url, timeout=0.3)) == Delivered(sent=7, postponed=1)
    row = rows(here.db)[PEOPLE[0]]
    assert (row.state, row.error_class, row.attempts) == ("pending", "broken", 1)


def test_case_49_no_server_is_no_fault_of_any_mail(here: World, free_port: int) -> None:
    assert deliver(here.db, SmtpChannel(f"smtp://127.0.0.1:{free_port}", timeout=1)) == Delivered(postponed=8)
    assert {row.error_class for row in rows(here.db).values()} == {"unreachable"}


def test_case_49_a_mail_that_is_too_long_is_followed_by_a_short_one_once(here: World) -> None:
    here.mailbox.on_data = lambda address: "552 5.3.4 message too long" if address == PEOPLE[0] else None
    manner = Manner(shorten=lambda db, email: shorten(db, here.composer, email))
    assert deliver(here.db, here.channel, manner=manner).failed == 1
    assert deliver(here.db, here.channel, manner=manner) == Delivered(failed=1), "the short one is refused as well"
    assert deliver(here.db, here.channel, manner=manner) == Delivered()
    with here.db.read() as session:
        assert len(session.scalars(select(EmailRow).where(
            EmailRow.address == PEOPLE[0], EmailRow.purpose == "alert")).all()) == 2


def test_case_49_the_short_mail_names_the_notices_and_the_way_out(here: World) -> None:
    moods = iter(["552 too long"])
    here.mailbox.on_data = lambda address: next(moods, None) if address == PEOPLE[0] else None
    manner = Manner(shorten=lambda db, email: shorten(db, here.composer, email))
    deliver(here.db, here.channel, manner=manner)
    assert deliver(here.db, here.channel, manner=manner) == Delivered(sent=1)
    mail = here.mailbox.mails[-1]
    assert "Air compressor – Portable 24 L" in text(mail)
    assert f"{BASE_URL}/unsubscribe/" in text(mail)
    assert str(mail["List-Unsubscribe"]).strip("<>") in text(mail)
    assert here.service.told(link(mail, "mails")), "the page with all that it tells is its own"
    assert here.round() == [], "it counts as told"


def test_case_49_nothing_goes_to_an_address_that_takes_no_mail_or_is_held_back(here: World) -> None:
    with here.db.write() as session:
        for address, delivery in ((PEOPLE[0], "suspended"), (PEOPLE[1], "ended"), (PEOPLE[2], "held")):
            row = session.scalars(select(AddressRow).where(AddressRow.email == address)).one()
            row.delivery = delivery
            row.held_until = clock.now() + timedelta(hours=2) if delivery == "held" else None
    assert here.send() == Delivered(sent=5)
    states = {address: (row.state, row.error_class) for address, row in rows(here.db).items()}
    assert states[PEOPLE[0]] == states[PEOPLE[1]] == ("failed", "suppressed")
    assert states[PEOPLE[2]] == ("pending", None)
    here.wait(timedelta(hours=2))
    assert here.send() == Delivered(sent=1)


def test_case_49_an_address_that_does_not_exist_is_written_to_no_more(here: World) -> None:
    here.mailbox.on_recipient = {PEOPLE[0]: "550 5.1.1 no such user"}.get
    here.send()
    with here.db.read() as session:
        row = session.scalars(select(AddressRow).where(AddressRow.email == PEOPLE[0])).one()
    assert (row.delivery, row.ended_why) == ("ended", "there is no such mailbox")


@pytest.fixture(scope="module")
def key(tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = tmp_path_factory.mktemp("dkim") / "key.pem"
    subprocess.run(["openssl", "genrsa", "-out", str(file), "2048"], check=True, capture_output=True)
    file.chmod(0o600)
    return file


def signed(here: World, signer: Signer) -> bytes:
    """One of the alerts, as it goes over the wire."""
    taken: list[bytes] = []

    def sign(*arguments: object) -> bytes:
        taken.append(signer.sign(*arguments))  # type: ignore[arg-type]
        return taken[-1]

    assert deliver(here.db, here.channel, limit=1, manner=Manner(sign=sign)).sent == 1
    return taken[0]


def verified(mail: bytes, signer: Signer) -> bool:
    name, record = signer.record
    return bool(dkim.verify(mail, dnsfunc=lambda asked, timeout=5: {f"{name}.".encode(): record.encode()}.get(asked)))


def test_case_57_mail_is_signed_by_the_domain_it_comes_from_and_nothing_of_it_can_be_changed(
        here: World, key: Path) -> None:
    signer = Signer(key, "zw2026", "alerts@portal.example")
    mail = signed(here, signer)
    assert verified(mail, signer)
    header = str(message_from_bytes(mail, policy=default)["DKIM-Signature"])
    assert "d=portal.example" in header, "aligned with From"
    for name in (b"From", b"To", b"Subject", b"Date", b"Message-ID", b"List-Unsubscribe", b"List-Unsubscribe-Post",
                 b"MIME-Version", b"Content-Type"):
        assert not verified(mail.replace(b"\r\n" + name + b": ", b"\r\n" + name + b": x", 1), signer), name
    assert not verified(mail.replace(b"From: ", b"From: Other <x@evil.example>\r\nFrom: ", 1), signer), "a second From"
    assert not verified(mail + b"more\r\n", signer)


def test_case_57_a_mail_is_signed_alike_at_every_try(here: World, key: Path) -> None:
    email = outbox.claim(here.db, 1)[0]
    signer = Signer(key, "zw2026", "alerts@portal.example")
    first = signer.sign(wire(email), email.created_at)
    here.wait(timedelta(hours=3))
    assert signer.sign(wire(email), email.created_at) == first


@pytest.mark.parametrize("content", [b"", b"no key", b"-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n"])
def test_case_57_a_key_of_no_use_is_told_and_nothing_is_sent_unsigned(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "key.pem").write_bytes(content)
    with pytest.raises(SettingsError, match="holds no RSA key"):
        Signer(tmp_path / "key.pem", "zw", "alerts@portal.example")


def test_case_57_the_name_of_the_sender_is_ours_whatever_strangers_write(tmp_path: Path, mailbox: MoodyMailbox) -> None:
    with world(tmp_path, mailbox) as here:
        here.composer = Composer(BASE_URL, "alerts@portal.example", SECRET)
        here.load()
        here.follow(LI)
        store(here.db, notice(title='Air compressor" <ceo@bank.example>, From: 珠海打印耗材行业协会'))
        (mail,) = here.round()
    assert str(mail["From"]) == "出口质量安全信息 <alerts@portal.example>"


def test_case_57_doctor_says_what_the_dns_needs_and_looks_at_the_key(
        tmp_path: Path, key: Path, mailbox: MoodyMailbox) -> None:
    installed = Installed(tmp_path, MAIL_URL=mailbox.url, MAIL_FROM="alerts@portal.example", DKIM_KEY=str(key),
                          DKIM_SELECTOR="zw2026", OPERATOR_EMAIL="operator@portal.example")
    settings = Settings(installed.environment, tmp_path / ".env")
    said = "\n".join(each.text for each in doctor.findings(settings))
    assert "mail is signed (DKIM, RSA of 2048 bits)" in said
    for record in ("portal.example TXT \"v=spf1", "zw2026._domainkey.portal.example TXT \"v=DKIM1; k=rsa; p=MII",
                   "_dmarc.portal.example TXT \"v=DMARC1; p=quarantine"):
        assert record in said
    key.chmod(0o644)
    assert any("others on this machine may read the DKIM key" in each.text for each in doctor.findings(settings))
    key.chmod(0o600)
