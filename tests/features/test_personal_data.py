"""One's own data: agreed to, taken away, erased, and forgotten in time; nothing of it is left where it should not be."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select, update

from domain import clock
from domain.bounce import NO_MAILBOX, BounceKind, Told
from domain.consent import VERSION
from domain.criteria import Criteria
from domain.organisation import AddressState, OrganisationKind, Role
from domain.subscription import SubscriptionState
from storage import bounces, consents, emails, forgetting, organisations, outbox
from storage.emails import Letter, Purpose
from storage.forgetting import Forgotten, forget_personal
from storage.models import (
    AddressRow,
    Base,
    BounceRow,
    ConsentRow,
    EmailRow,
    MembershipRow,
    PersonRow,
    SubscriptionRow,
)
from subscriptions import colleague
from subscriptions.compose import compose
from subscriptions.composer import Composer
from tests.browser.portal import BASE_URL, EDITOR, FIRM_EDITOR, OPERATOR, SECRET, SUBSCRIBER, Portal, csrf, post, text

NEW = "new@firm.example"


@pytest.fixture
def portal(tmp_path: Path) -> Iterator[Portal]:
    found = Portal(tmp_path)
    yield found
    found.db.close()


def subscribed(portal: Portal, email: str = SUBSCRIBER, label: str = "墨盒 专用名") -> int:
    portal.subscriptions.subscribe(email, Criteria(product_types=frozenset(("ink_cartridge",))), label, consent=VERSION)
    return portal.subscriptions.confirm(portal.token("confirm")).id


def sent(portal: Portal, email: str, number: int = 1) -> int:
    """A mail that went to somebody."""
    with portal.db.write() as session:
        letter = Letter(portal.people[email], email, Purpose.ALERT, f"<{number}@portal.example>", "a@portal.example",
                        f"给{email}的邮件", "正文", "<p>正文</p>")
        email_id = emails.add(session, letter)
        assert email_id
        outbox.mark_sent(session, [email_id])
    return email_id


def everything(portal: Portal) -> str:
    """All that the database holds."""
    with portal.db.engine.connect() as connection:
        return "\n".join(repr(row) for table in sorted(Base.metadata.tables)
                         for row in connection.exec_driver_sql(f'SELECT * FROM "{table}"'))


def agreed(portal: Portal, email: str) -> str:
    with portal.db.read() as session:
        return consents.agreed(session, portal.people[email])


def test_nothing_is_subscribed_to_without_the_tick_and_the_page_says_so(portal: Portal) -> None:
    reader = portal.client()
    assert 'name="consent" value="' in reader.get("/subscribe").text
    assert "checked" not in reader.get("/subscribe").text.split('name="consent"')[1].split(">")[0]
    answer = post(reader, "/subscribe", sent="1", notices="yes", email=NEW, product="ink_cartridge", consent="")
    assert answer.status_code == 400
    assert "勾选同意" in answer.text
    assert portal.mails() == []


def test_the_version_agreed_to_is_kept_once_the_subscription_is_confirmed(portal: Portal) -> None:
    post(portal.client(), "/subscribe", sent="1", notices="yes", email=NEW, product="ink_cartridge")
    token = portal.token("confirm")
    with portal.db.read() as session:
        assert session.scalars(select(ConsentRow)).all() == []
    for _ in range(2):
        portal.subscriptions.confirm(token)
    with portal.db.read() as session:
        assert [(row.version, row.given) for row in session.scalars(select(ConsentRow))] == [(VERSION, True)]


def test_a_new_version_is_asked_for_anew_without_standing_in_the_way(portal: Portal) -> None:
    with portal.db.write() as session:
        consents.give(session, portal.people[SUBSCRIBER], "2020-01")
    reader = portal.client(SUBSCRIBER)
    assert "再决定是否同意" in reader.get("/my").text
    assert post(reader, "/my", "/privacy/agree", consent="2020-01").status_code == 409
    assert post(reader, "/my", "/privacy/agree", consent=VERSION, next="/sources").location == "/sources"
    assert "再决定是否同意" not in reader.get("/my").text
    assert agreed(portal, SUBSCRIBER) == VERSION


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_the_text_says_who_how_long_and_whom_to_ask(portal: Portal, lang: str) -> None:
    page = text(portal.client().get(f"/privacy?lang={lang}").text)
    for word in (VERSION, "28", "30", "smtp.example", OPERATOR):
        assert word in page


def test_a_person_takes_away_all_of_theirs_and_nothing_of_others(portal: Portal) -> None:
    mine, other = subscribed(portal), subscribed(portal, EDITOR, "气缸")
    sent(portal, SUBSCRIBER, 1)
    sent(portal, EDITOR, 2)
    reader = portal.client(SUBSCRIBER)
    answer = post(reader, "/my/data", "/my/data/export")
    assert answer.headers["Content-Disposition"].startswith("attachment;")
    found: dict[str, Any] = json.loads(answer.data)
    assert [each["id"] for each in found["subscriptions"]] == [mine] != [other]
    assert found["addresses"][0]["email"] == SUBSCRIBER
    assert found["consents"][0]["version"] == VERSION
    assert {each["address"] for each in found["mails"]} == {SUBSCRIBER}
    assert EDITOR not in answer.text
    assert "正文" not in answer.text
    editors = json.loads(post(portal.client(EDITOR), "/my/data", "/my/data/export").data)
    assert editors["memberships"] == [{"organisation": "珠海耗材协会", "role": "editor"}]


def test_erasing_takes_the_typed_address_and_leaves_nothing_personal_behind(portal: Portal) -> None:
    subscribed(portal)
    sent(portal, SUBSCRIBER)
    with portal.db.write() as session:
        session.execute(update(PersonRow).where(PersonRow.id == portal.people[SUBSCRIBER]).values(name="李雷"))
    portal.accounts.sign_in.ask(SUBSCRIBER, lang="zh")
    reader, elsewhere = portal.client(SUBSCRIBER), portal.client(SUBSCRIBER)
    assert post(reader, "/my/data", "/my/data/erase", email="other@firm.example").status_code == 400
    assert agreed(portal, SUBSCRIBER) == VERSION
    assert post(reader, "/my/data", "/my/data/erase", email=f" {SUBSCRIBER.upper()} ").location == "/erased"
    left = everything(portal)
    for word in (SUBSCRIBER, "李雷", "正文", "墨盒 专用名"):
        assert word not in left
    assert elsewhere.get("/my").status_code == 302, "signed out everywhere"
    assert portal.mails() == [], "what waited fails"
    with portal.db.read() as session:
        person = session.get_one(PersonRow, portal.people[SUBSCRIBER])
        assert person.erased_at
        assert session.scalars(select(SubscriptionRow.state)).all() == [SubscriptionState.ENDED]
        assert sorted(session.scalars(select(EmailRow.state))) == ["failed", "failed", "sent"]
    assert agreed(portal, SUBSCRIBER) == ""
    subscribed(portal)
    with portal.db.read() as session:
        again = organisations.person_by_email(session, SUBSCRIBER)
    assert again
    assert again.id != portal.people[SUBSCRIBER], "who comes again is somebody new"


def test_an_editor_is_erased_and_their_roles_and_bulletins_stay_told(portal: Portal) -> None:
    assert post(portal.client(EDITOR), "/my/data", "/my/data/erase", email=EDITOR).status_code == 302
    with portal.db.read() as session:
        assert session.scalars(select(MembershipRow).where(MembershipRow.person_id == portal.people[EDITOR])).all() == []
    assert "'editor'" in everything(portal).replace('"editor"', "'editor'")
    assert EDITOR not in everything(portal)


def test_the_last_operator_stays(portal: Portal) -> None:
    answer = post(portal.client(OPERATOR), "/my/data", "/my/data/erase", email=OPERATOR)
    assert answer.status_code == 409
    assert OPERATOR in everything(portal)


def test_bodies_go_after_thirty_days_and_addresses_twenty_eight_days_after_the_last_subscription(portal: Portal) -> None:
    subscription_id = subscribed(portal)
    sent(portal, SUBSCRIBER)
    start = clock.now()
    clock.fix(start + timedelta(days=27))
    assert forget_personal(portal.db).persons == 0
    portal.subscriptions.end(portal.people[SUBSCRIBER], subscription_id)
    clock.fix(start + timedelta(days=31))
    said = forget_personal(portal.db, dry_run=True)
    assert said.bodies >= 1
    assert said.persons == 0
    assert "正文" in everything(portal)
    assert forget_personal(portal.db) == said
    assert "正文" not in everything(portal)
    assert SUBSCRIBER in everything(portal)
    clock.fix(start + timedelta(days=27 + 29))
    assert forget_personal(portal.db, dry_run=True).persons == 1
    assert forget_personal(portal.db).persons == 1
    assert SUBSCRIBER not in everything(portal)
    for email in (EDITOR, FIRM_EDITOR, OPERATOR):
        assert email in everything(portal), "members and staff stay"
    assert forget_personal(portal.db) == Forgotten()


def test_bounces_go_in_their_time(portal: Portal) -> None:
    now = clock.now()
    email_id = sent(portal, EDITOR)
    with portal.db.write() as session:
        bounces.note(session, Told("k", ("<1@portal.example>",), (EDITOR,), BounceKind.SOFT, "4.2.2", now), "test")
        assert session.scalars(select(BounceRow.email_id)).all() == [email_id]
    clock.fix(now + timedelta(days=100))
    assert forget_personal(portal.db).bounces == 0
    with portal.db.read() as session:
        assert session.scalars(select(BounceRow.address_id)).all() == [None]
    clock.fix(now + timedelta(days=366))
    assert forget_personal(portal.db).bounces == 1


def test_a_body_that_is_gone_is_no_error_where_a_mail_is_looked_at(portal: Portal) -> None:
    subscribed(portal)
    sent(portal, SUBSCRIBER)
    clock.fix(clock.now() + forgetting.BODIES_KEPT + timedelta(days=1))
    forget_personal(portal.db)
    found = portal.personal.export(portal.people[SUBSCRIBER])
    assert [each["subject"] for each in found["mails"]][-1] == f"给{SUBSCRIBER}的邮件"
    assert "正文" not in everything(portal)


def ended(portal: Portal, email: str) -> None:
    number = sent(portal, email, 77)
    with portal.db.write() as session:
        told = Told(f"k{number}", ("<77@portal.example>",), (email,), BounceKind.HARD, "5.1.1", clock.now())
        assert bounces.note(session, told, "test") is BounceKind.HARD


def test_ones_page_says_that_mail_does_not_arrive_and_mends_it(portal: Portal) -> None:
    subscribed(portal)
    reader = portal.client(SUBSCRIBER)
    assert "停止向" not in reader.get("/my").text
    ended(portal, SUBSCRIBER)
    page = text(reader.get("/my").text)
    assert f"已停止向 {SUBSCRIBER} 发送邮件：该邮箱不存在" in page
    for _ in range(4):
        post(reader, "/my", "/my/reachable")
    mails = [mail for mail in portal.mails() if mail.purpose is Purpose.ADDRESS]
    assert len(mails) == 3, "an hour"
    path = mails[0].text.split(BASE_URL)[1].split()[0]
    stranger = portal.client()
    assert SUBSCRIBER in stranger.get(path).text
    assert "停止向" in reader.get("/my").text, "GET only asks"
    assert "已恢复" in post(stranger, path).text
    assert "停止向" not in reader.get("/my").text


def test_a_colleague_sees_and_takes_over_what_was_left_and_a_stranger_does_not(portal: Portal) -> None:
    subscribed(portal)
    with portal.db.write() as session:
        zone = portal.zones["zhuhai"]
        firm = organisations.ensure_organisation(session, zone, OrganisationKind.ENTERPRISE, "某耗材厂")
        organisations.add_member(session, portal.people[SUBSCRIBER], firm, Role.MEMBER)
    path = f"/my/colleague/{portal.people[SUBSCRIBER]}"
    second = portal.client(FIRM_EDITOR)
    assert second.get(path).status_code == 404, "mail reaches the colleague"
    ended(portal, SUBSCRIBER)
    assert compose(portal.db, Composer(BASE_URL, "a@portal.example", SECRET)) == 1
    (mail,) = portal.mails()
    assert (mail.address, mail.purpose) == (FIRM_EDITOR, Purpose.COLLEAGUE)
    assert path in mail.text
    assert portal.client(EDITOR).get(path).status_code == 404
    with pytest.raises(Exception, match="no colleague"):
        colleague.take_over(portal.db, portal.people[EDITOR], portal.people[SUBSCRIBER], [1])
    assert portal.subscriptions.of_person(portal.people[FIRM_EDITOR]) == []
    page = second.get(path).text
    assert "墨盒" in page
    number = page.split('name="id" value="')[1].split('"')[0]
    assert post(second, path, id=number).location == "/my"
    (taken,) = portal.subscriptions.of_person(portal.people[FIRM_EDITOR])
    assert (taken.label, taken.state) == ("墨盒 专用名", SubscriptionState.ACTIVE)


def test_the_operator_sees_how_mail_fares(portal: Portal) -> None:
    ended(portal, SUBSCRIBER)
    with portal.db.write() as session:
        assert bounces.note_unknown(session, "x", "it holds no delivery report", "mailbox")
        assert not bounces.note_unknown(session, "x", "it holds no delivery report", "mailbox")
        assert session.scalar(select(AddressRow.ended_why).where(AddressRow.email == SUBSCRIBER)) == NO_MAILBOX
        assert session.scalar(select(AddressRow.delivery).where(AddressRow.email == EDITOR)) == AddressState.GOOD
    page = text(portal.client(OPERATOR).get("/admin").text)
    assert "邮箱：已停止 1" in page
    assert "近 30 天：看不懂的退信 1" in page
    assert "没有标准的退信报告" in page


def test_none_of_these_pages_is_for_a_stranger(portal: Portal) -> None:
    stranger = portal.client()
    for path in ("/my/data", "/my/colleague/1"):
        assert stranger.get(path).status_code == 302
    token = csrf(stranger, "/sign-in")
    for path in ("/my/data/export", "/my/data/erase", "/my/address", "/privacy/agree"):
        assert stranger.post(path, data={"csrf_token": token}).status_code == 403
