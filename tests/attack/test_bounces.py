"""Attack case 50: what comes back, in any order, twice, forged, or from a machine that answers for a person."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from datetime import datetime, timedelta
from email.utils import format_datetime
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from sqlalchemy import select, update

from domain import clock
from domain.bounce import HOLDS, NO_MAILBOX, SPAM, TOO_OFTEN, BounceKind, kind_of
from domain.errors import SettingsError
from domain.organisation import AddressState, OrganisationKind, Role
from domain.subscription import SubscriptionState
from storage import bounces, organisations
from storage.models import AddressRow, BounceRow, EmailRow, SubscriptionRow
from subscriptions import colleague, dsn
from subscriptions.bounces import read_mailbox, signature
from subscriptions.boxes import BoxUnreachable, box
from subscriptions.personal import PersonalService
from tests.attack import bounced
from tests.browser.portal import Portal
from tests.dovecot import PASSWORD, dovecot, put
from tests.features.alerts import COMPRESSORS, LI, World, link, text
from tests.moody import MoodyMailbox

WANG = "wang@firm.example"
KEY = "k" * 40


class Returns:
    """The Maildir that bounces come to, and mails to Li that they are about."""

    def __init__(self, here: World, folder: Path) -> None:
        self.here, self.folder, self.count = here, folder, 0
        for part in ("new", "cur", "tmp"):
            (folder / part).mkdir(parents=True)

    def mail(self, email: str = LI) -> str:
        """The Message-ID of one more alert that the server took."""
        with self.here.db.write() as session:
            person = organisations.person_by_email(session, email)
            assert person
            now, self.count = clock.now(), self.count + 1
            message_id = f"<{self.count:040x}@portal.example>"
            session.add(EmailRow(person_id=person.id, address=email, purpose="alert", message_id=message_id, subject="s",
                                 body_text="t", body_html="h", headers={"From": "alerts@portal.example"}, state="sent",
                                 attempts=1, created_at=now, not_before=now, sent_at=now))
        return message_id

    def come(self, raw: str | bytes) -> None:
        """A mail comes back and is read."""
        self.count += 1
        (self.folder / "new" / f"{self.count}").write_bytes(raw if isinstance(raw, bytes) else raw.encode())
        read_mailbox(self.here.db, f"maildir:{self.folder}")

    def report(self, message_id: str, status: str = "5.1.1", words: str = "550 no", recipient: str = LI,
               action: str = "failed", at: datetime | None = None, original: str = "") -> None:
        self.come(report(message_id, status, words, recipient, action, at, original, self.count))

    def address(self, email: str = LI) -> AddressRow:
        with self.here.db.read() as session:
            return session.scalars(select(AddressRow).where(AddressRow.email == email)).one()

    def email(self, message_id: str) -> EmailRow:
        with self.here.db.read() as session:
            return session.scalars(select(EmailRow).where(EmailRow.message_id == message_id)).one()

    def kinds(self) -> list[str]:
        with self.here.db.read() as session:
            return list(session.scalars(select(BounceRow.kind).order_by(BounceRow.id)))

    def flags(self) -> list[str]:
        return sorted(name.rpartition(",")[2] for name in os.listdir(self.folder / "cur"))


def report(message_id: str, status: str = "5.1.1", words: str = "550 no", recipient: str = LI, action: str = "failed",
           at: datetime | None = None, original: str = "", own: int = 0) -> str:
    date = format_datetime(at or clock.now())
    return bounced.POSTFIX.format(date=date, own=own, recipient=recipient, action=action, status=status, words=words,
                                  original=original or bounced.original(recipient, message_id))


@pytest.fixture
def returns(here: World, tmp_path: Path) -> Returns:
    here.follow()
    return Returns(here, tmp_path / "Maildir")


def test_case_50_a_hard_bounce_ends_the_address_and_what_it_subscribed_to(returns: Returns) -> None:
    message_id, waiting = returns.mail(), returns.mail()
    with returns.here.db.write() as session:
        session.execute(update(EmailRow).where(EmailRow.message_id == waiting).values(state="pending"))
    returns.report(message_id, "5.1.1", "550 5.1.1 user unknown")
    address = returns.address()
    assert (address.delivery, address.ended_why) == (AddressState.ENDED, NO_MAILBOX)
    with returns.here.db.read() as session:
        assert session.scalars(select(SubscriptionRow.state)).all() == [SubscriptionState.ENDED]
    assert returns.email(message_id).bounced_at
    assert (returns.email(waiting).state, returns.email(waiting).last_error) == ("failed", NO_MAILBOX)
    assert returns.flags() == ["S"]


def test_case_50_a_series_of_soft_bounces_holds_twice_as_long_each_time_and_then_suspends(returns: Returns) -> None:
    for hold in HOLDS:
        message_id = returns.mail()
        returns.report(message_id, "4.2.2", "452 mailbox full")
        address = returns.address()
        assert address.delivery == AddressState.HELD
        assert address.held_until == clock.now().replace(microsecond=0) + hold
        assert (returns.email(message_id).state, returns.email(message_id).not_before) == ("pending", address.held_until)
        returns.report(returns.mail(), "4.2.2")
        assert returns.address().held_until == address.held_until, "what comes back during a hold was sent before it"
        returns.here.wait(hold + timedelta(minutes=1))
    returns.report(returns.mail(), "4.2.2")
    assert (returns.address().delivery, returns.address().ended_why) == (AddressState.SUSPENDED, TOO_OFTEN)
    with returns.here.db.read() as session:
        assert session.scalars(select(SubscriptionRow.state)).all() == [SubscriptionState.ACTIVE]


def test_case_50_a_good_delivery_after_the_hold_lets_the_count_begin_anew(returns: Returns) -> None:
    for _ in range(3):
        returns.report(returns.mail(), "4.2.2")
        returns.here.wait(timedelta(hours=20))
    returns.mail()
    returns.here.wait(timedelta(days=6))
    returns.report(returns.mail(), "4.2.2")
    address = returns.address()
    assert (address.soft_bounces, address.held_until) == (1, clock.now().replace(microsecond=0) + HOLDS[0])
    returns.here.wait(timedelta(hours=3))
    returns.report(returns.mail(), "2.0.0", "250 ok", action="delivered")
    assert (returns.address().delivery, returns.address().soft_bounces) == (AddressState.GOOD, 0)
    returns.report(returns.mail(), "4.2.2")
    returns.here.wait(timedelta(hours=3))
    returns.mail()
    returns.here.wait(timedelta(days=6))
    with returns.here.db.write() as session:
        assert bounces.settle(session) == 1
    assert returns.address().delivery == AddressState.GOOD


def test_case_50_what_is_told_twice_or_late_undoes_nothing(returns: Returns) -> None:
    early = clock.now()
    returns.here.wait(timedelta(hours=1))
    message_id, again = returns.mail(), report(returns.mail(), "4.2.2")
    for _ in range(2):
        returns.come(again)
    assert (returns.address().soft_bounces, returns.kinds()) == (1, ["soft"])
    held_until = returns.address().held_until
    returns.report(message_id, "4.2.2", at=early)
    returns.report(message_id, "2.0.0", action="delivered", at=early)
    assert (returns.address().soft_bounces, returns.address().held_until) == (1, held_until), "older news change nothing"
    returns.here.wait(timedelta(hours=3))
    returns.report(message_id, "2.0.0", action="delivered")
    returns.report(message_id, "5.1.1", at=early)
    assert returns.address().delivery == AddressState.GOOD, "a mail has arrived since"
    returns.report(message_id, "5.1.1")
    returns.report(message_id, "2.0.0", action="delivered", at=clock.now() + timedelta(days=300))
    assert returns.address().delivery == AddressState.ENDED


def test_case_50_a_forged_report_changes_nothing(returns: Returns) -> None:
    message_id = returns.mail()
    with returns.here.db.read() as session:
        before = session.scalars(select(AddressRow.delivery)).all()
    returns.report("<guessed@portal.example>")
    returns.report(message_id, recipient=WANG)
    with returns.here.db.read() as session:
        assert session.scalars(select(AddressRow.delivery)).all() == before
        assert [each.kind for each in bounces.overview(session).unknown] == ["unknown", "unknown"]
    assert returns.email(message_id).bounced_at is None
    assert returns.flags() == ["FS", "FS"]


def test_case_50_a_complaint_ends_at_once_whatever_arrived_since(returns: Returns) -> None:
    message_id = returns.mail()
    returns.report(message_id, "2.0.0", action="delivered")
    complaint = bounced.COMPLAINT.format(date=format_datetime(clock.now()), own=1, recipient=LI,
                                         original=bounced.original(LI, message_id))
    returns.come(complaint)
    assert (returns.address().delivery, returns.address().ended_why) == (AddressState.ENDED, SPAM)
    with returns.here.db.read() as session:
        assert session.scalars(select(SubscriptionRow.ended_why)).all() == [SPAM]


def test_case_50_a_complaint_that_names_nobody_is_about_the_one_it_was_sent_to(returns: Returns) -> None:
    complaint = bounced.COMPLAINT.format(date=format_datetime(clock.now()), own=1, recipient=LI,
                                         original=bounced.original(LI, returns.mail(), whole=True))
    returns.come(complaint.replace(f"Original-Rcpt-To: <{LI}>\n", ""))
    assert returns.address().ended_why == SPAM


@pytest.mark.parametrize("header", [
    "Auto-Submitted: auto-replied", "Auto-Submitted: auto-replied (vacation)", "X-Autoreply: yes", "X-Autorespond: x",
    "Precedence: auto_reply", "Precedence: bulk"])
def test_case_50_a_machine_that_answers_for_a_person_is_ignored_and_never_answered(returns: Returns, header: str) -> None:
    returns.come(bounced.AWAY.format(recipient=LI, message_id=returns.mail(), header=header))
    with returns.here.db.read() as session:
        assert session.scalars(select(EmailRow.id).where(EmailRow.state != "sent")).all() == []
    assert (returns.kinds(), returns.address().delivery, returns.flags()) == ([], AddressState.GOOD, ["S"])


def test_case_50_the_id_may_stand_in_a_part_only_however_deep(returns: Returns) -> None:
    for wrap in (lambda message_id: report(message_id, "4.2.2"),
                 lambda message_id: report(message_id, "4.2.2", original=bounced.original(LI, message_id, whole=True)),
                 lambda message_id: report(message_id, "4.2.2", original=bounced.in_base64(LI, message_id)),
                 lambda message_id: bounced.within(report(message_id, "4.2.2")),
                 lambda message_id: report(message_id, "4.2.2").replace("\n", "\r\n")):
        returns.come(wrap(returns.mail()))
    assert returns.kinds() == ["soft"] * 5


def test_case_50_what_says_nothing_that_we_know_is_kept_for_the_operator_and_never_guessed(returns: Returns) -> None:
    returns.come(bounced.OF_163.format(date=format_datetime(clock.now()), recipient=LI).encode("gbk"))
    returns.come(bounced.AWAY.format(recipient=LI, message_id=returns.mail(), header="X-Mine: 1"))
    returns.come(b"\xff\xfe\x00 not a mail")
    returns.come(b"")
    assert (returns.kinds(), returns.address().delivery) == (["unknown"] * 4, AddressState.GOOD)
    with returns.here.db.read() as session:
        assert LI not in str(bounces.overview(session))


def test_case_50_delivery_that_is_still_tried_is_no_bounce(returns: Returns) -> None:
    returns.report(returns.mail(), "4.4.1", action="delayed")
    assert (returns.kinds(), returns.address().delivery) == ([], AddressState.GOOD)


@pytest.mark.parametrize("raw", [
    b"Content-Type: multipart/mixed; boundary=a\n\n" + b"--a\nContent-Type: multipart/mixed; boundary=a\n\n" * 3_000,
    b"Content-Type: multipart/report; boundary=\n\n--\n", b"Content-Type: message/rfc822\n\n" * 2_000,
    b"Content-Type: multipart/mixed; boundary=a\n\n" + b"--a\n\nx\n" * 20_000,
    b"Content-Type: multipart/report; boundary=a\nDate: Thu, 99 Foo 20262 99:99:99 +9999\n\n--a\n"
    b"Content-Type: message/delivery-status\n\nFinal-Recipient: rfc822; a@b.example\nAction: failed\n"
    b"Status: \xff\xff\nLast-Attempt-Date: nonsense\n\n--a--\n"])
def test_case_50_a_hostile_mail_is_read_and_done_with(returns: Returns, raw: bytes) -> None:
    returns.come(raw)
    assert returns.kinds() in ([], ["unknown"])
    assert len(returns.flags()) == 1


@pytest.mark.parametrize(("status", "words", "kind"), [
    ("5.1.1", "", "hard"), ("5.2.1", "", "hard"), ("5.2.2", "552 mailbox full", "soft"),
    ("5.0.0", "550 User not found", "hard"),
    ("5.0.0", "554 DT:SPM 163 smtp12, please see http://mail.163.com", "rejected"), ("5.7.1", "user unknown", "rejected"),
    ("5.0.0", "550 Mailbox not found", "hard"), ("5.0.0", "550 mailbox unavailable", "soft"),
    ("4.1.1", "user unknown", "soft"),
    ("5.3.4", "message too large", "rejected"), ("", "", "soft"), ("5.0.0", "550 Ip frequency limited", "soft"),
    ("5.0.0", "552 Quota exceeded", "soft"), ("5.2.3", "", "rejected")])
def test_case_50_what_a_server_says_is_told_apart_and_a_doubtful_word_is_soft(status: str, words: str, kind: str) -> None:
    assert kind_of(status, words) == kind


def test_case_50_a_server_that_knows_nobody_there_ends_the_address_while_the_mail_is_offered(
        here: World, mailbox: MoodyMailbox) -> None:
    here.follow()
    mailbox.on_recipient = lambda _: "550 5.1.1 no such user"
    here.accounts.sign_in.ask(LI, lang="zh")
    assert here.send().failed == 1
    with here.db.read() as session:
        assert session.scalars(select(AddressRow.delivery)).all() == [AddressState.ENDED]
    here.accounts.sign_in.ask(LI, lang="zh")


def test_case_50_a_confirmation_clicked_anew_makes_a_suspended_address_good(returns: Returns) -> None:
    with returns.here.db.write() as session:
        session.execute(update(AddressRow).values(delivery="suspended", ended_why=TOO_OFTEN, soft_bounces=7))
    old = returns.mail()
    returns.here.wait()
    service = PersonalService(returns.here.db, returns.here.composer)
    service.ask_address(organisation_person(returns.here, LI))
    returns.here.send()
    token = link(returns.here.mailbox.mails[-1], "address")
    assert service.address(token) == LI
    assert returns.address().delivery == AddressState.SUSPENDED, "looking mends nothing"
    service.confirm_address(token)
    assert (returns.address().delivery, returns.address().soft_bounces) == (AddressState.GOOD, 0)
    returns.report(old, "5.1.1")
    assert returns.address().delivery == AddressState.GOOD, "that mail went before the reader showed that mail arrives"


def organisation_person(here: World, email: str) -> int:
    with here.db.read() as session:
        person = organisations.person_by_email(session, email)
    assert person
    return person.id


def test_case_50_the_firms_second_person_is_told_once_and_gets_no_alerts_unasked(here: World, tmp_path: Path) -> None:
    here.follow(WANG)
    here.follow()
    returns = Returns(here, tmp_path / "Maildir")
    with here.db.write() as session:
        zone = organisations.ensure_zone(session, "zhuhai", "珠海", "Zhuhai")
        firm = organisations.ensure_organisation(session, zone, OrganisationKind.ENTERPRISE, "某厂")
        for email in (LI, WANG):
            person = organisations.person_by_email(session, email)
            assert person
            organisations.add_member(session, person.id, firm, Role.MEMBER)
    returns.report(returns.mail(), "5.1.1")
    returns.report(returns.mail(), "5.1.1")
    mails = here.round()
    assert [str(mail["To"]) for mail in mails] == [WANG]
    assert "空气" in text(mails[0])
    wang, li = organisation_person(here, WANG), organisation_person(here, LI)
    assert len(here.service.of_person(wang)) == 1
    _, offered = colleague.left_by(here.db, wang, li)
    assert colleague.take_over(here.db, wang, li, [each.id for each in offered]) == 0
    assert len(here.service.of_person(wang)) == 1, "the same criteria are not subscribed to twice"


@pytest.fixture
def portal(tmp_path: Path) -> Iterator[Portal]:
    found = Portal(tmp_path / "portal", bounce_key=KEY)
    yield found
    found.db.close()


def call(portal: Portal, events: Any, key: str = KEY, at: datetime | None = None, **changes: Any) -> Any:
    body = changes.get("body") or json.dumps({"events": events}).encode()
    timestamp = changes.get("timestamp") or str(int((at or clock.now()).timestamp()))
    return portal.client().post("/hooks/bounces", data=body, content_type="application/json", headers={
        "X-Zonewatch-Timestamp": timestamp,
        "X-Zonewatch-Signature": changes.get("signed") or signature(key, timestamp, body)})


def event(message_id: str, kind: str = "hard", number: int = 1, **changes: Any) -> dict[str, Any]:
    return {"id": f"e{number}", "message_id": message_id, "recipient": LI, "kind": kind, "status": "5.1.1",
            "at": clock.now().isoformat()} | changes


def sent(portal: Portal) -> str:
    portal.subscriptions.subscribe(LI, COMPRESSORS, "x")
    return portal.mails()[0].message_id


def test_case_50_a_callback_that_is_signed_counts_once(portal: Portal) -> None:
    message_id = sent(portal)
    assert call(portal, [event(message_id)]).json == {"kept": {"hard": 1}}
    assert call(portal, [event(message_id)]).json == {"kept": {"again": 1}}
    assert call(portal, [event("<other@x.example>", number=2)]).json == {"kept": {"unknown": 1}}
    with portal.db.read() as session:
        assert session.scalar(select(AddressRow.delivery).where(AddressRow.email == LI)) == AddressState.ENDED


def test_case_50_a_forged_callback_is_refused_and_keeps_nothing(portal: Portal) -> None:
    good = [event(sent(portal))]
    before = portal.counts()
    body, now = json.dumps({"events": good}).encode(), str(int(clock.now().timestamp()))
    for answer in (
            call(portal, good, key="x" * 40), call(portal, good, at=clock.now() - timedelta(minutes=6)),
            call(portal, good, at=clock.now() + timedelta(minutes=6)), call(portal, good, signed="é"),
            call(portal, good, timestamp=now, signed=signature(KEY, str(int(now) - 1), body)),
            call(portal, good, timestamp="nan"), call(portal, good, timestamp="9" * 30), call(portal, good, timestamp="٣")):
        assert answer.status_code == 401
    for wrong in (b"{}", b"[]", b'{"events": [1]}', b'{"events": [{"id": 1}]}', b"\xff", b"[" * 100_000,
                  json.dumps({"events": [event("<a@b>", kind="nonsense")]}).encode(),
                  json.dumps({"events": [event("<a@b>", at="2026-01-01T00:00:00")]}).encode(),
                  json.dumps({"events": [event("<a@b>", number=each) for each in range(1_001)]}).encode()):
        assert call(portal, [], body=wrong).status_code == 400, wrong[:80]
    assert call(portal, [], body=b" " * 300_000).status_code == 413
    assert portal.client().post("/hooks/bounces", data=body).status_code == 400, "unsigned it is a form without its token"
    assert portal.counts() == before


def test_case_50_without_a_key_there_are_no_callbacks(tmp_path: Path) -> None:
    portal = Portal(tmp_path / "other")
    assert call(portal, [], key="").status_code == 404
    portal.db.close()


@pytest.mark.dovecot
def test_case_50_bounces_are_read_from_an_imap_server_and_a_kill_doubles_nothing(
        returns: Returns, free_port: int, monkeypatch: pytest.MonkeyPatch) -> None:
    url = f"imap://bounces:{quote(PASSWORD, safe='')}@127.0.0.1:{free_port}/INBOX"
    first, second = returns.mail(), returns.mail()
    with dovecot(free_port) as maildir:
        put(maildir, "1", report(first, "4.2.2").encode())
        put(maildir, "2", report("<unknown@x.example>").encode())

        def dies(*_: Any) -> None:
            raise KeyboardInterrupt

        with monkeypatch.context() as patch:
            patch.setattr("subscriptions.boxes.ImapBox.mark", dies)
            with pytest.raises(KeyboardInterrupt):
                read_mailbox(returns.here.db, url)
        assert returns.kinds() == ["soft"]
        assert read_mailbox(returns.here.db, url) == 2
        assert read_mailbox(returns.here.db, url) == 0
        assert returns.kinds() == ["soft", "unknown"]
        assert sorted(name.rpartition(",")[2] for name in os.listdir(maildir / "cur")) == ["FS", "S"]
        put(maildir, "3", report(second, "5.1.1").encode())
        assert read_mailbox(returns.here.db, url) == 1
        assert returns.address().delivery == AddressState.ENDED
        with pytest.raises(BoxUnreachable) as refused:
            read_mailbox(returns.here.db, url.replace("pass", "wrong"))
        with pytest.raises(BoxUnreachable, match="no folder"):
            read_mailbox(returns.here.db, url.replace("INBOX", "Nowhere"))
    with pytest.raises(BoxUnreachable) as gone:
        read_mailbox(returns.here.db, url)
    assert "word" not in f"{refused.value}{gone.value}"


@pytest.mark.parametrize("url", ["imap://me:secret@mail.example/INBOX", "imaps://host", "pop3://me:secret@h", "imaps://a:secret@h:x"])
def test_a_mailbox_that_cannot_be_meant_is_refused_without_its_password(url: str) -> None:
    with pytest.raises(SettingsError) as error:
        box(url)
    assert "secret" not in str(error.value)


def test_a_report_is_the_same_whoever_reads_it() -> None:
    raw = report("<a@portal.example>").encode()
    assert dsn.read(raw) == dsn.read(raw)
    assert dsn.read(raw).events[0].kind is BounceKind.HARD
