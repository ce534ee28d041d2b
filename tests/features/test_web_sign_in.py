"""Signing in through pages: the link and the code of a mail, codes on paper, the second factor."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pyotp
import pytest
from flask.testing import FlaskClient
from sqlalchemy import select

from domain import clock
from domain.errors import Conflict
from domain.organisation import OrganisationKind, Role
from storage import audit, organisations
from storage.models import AuditRow, PersonRow
from subscriptions.second_factor import STEP_SECONDS
from subscriptions.sign_in import PAPER_ALPHABET
from tests.browser.portal import EDITOR, FIRM_EDITOR, OPERATOR, SUBSCRIBER, Portal, csrf, post, text
from webapp import create_app

NOON = datetime(2026, 11, 20, 4, tzinfo=UTC)
STRANGER = "stranger@firm.example"


@pytest.fixture
def portal(tmp_path: Path) -> Iterator[Portal]:
    clock.fix(NOON)
    found = Portal(tmp_path)
    yield found
    found.db.close()


def wait(time: timedelta) -> None:
    clock.fix(clock.now() + time)


def asked(portal: Portal, reader: FlaskClient, email: str = SUBSCRIBER, **values: str) -> tuple[str, str]:
    """The path of the link and the code of the mail that asking brings."""
    assert post(reader, "/sign-in", email=email, **values).location == "/sign-in/code"
    mail = portal.mails()[-1]
    link, code = re.search(r"/sign-in/[\w.~-]+", mail.text), re.search(r"^  (\d{6})$", mail.text, re.MULTILINE)
    assert link
    assert code
    return link[0], code[1]


def typed(reader: FlaskClient, code: str) -> str:
    """What is answered to a code."""
    return text(post(reader, "/sign-in/code", code=code).text)


def other(code: str) -> str:
    return f"{(int(code) + 1) % 1_000_000:06}"


def is_in(reader: FlaskClient) -> bool:
    return reader.get("/my").status_code == 200


def test_the_mail_holds_a_code_large_and_in_the_subject_and_a_link(portal: Portal) -> None:
    post(portal.client(), "/sign-in", email=SUBSCRIBER)
    (mail,) = portal.mails()
    code = mail.subject[:6]
    assert mail.subject == f"{code} 是您的登录验证码 · 出口质量安全信息"
    assert f"\n  {code}\n" in mail.text
    assert re.search(rf'font-size:34px[^>]*>{code}<', mail.html)
    assert mail.headers == {}


def test_a_code_typed_on_the_pc_signs_in_there_and_leads_on(portal: Portal) -> None:
    reader = portal.client()
    assert reader.get("/my").location == "/sign-in?next=/my"
    _, code = asked(portal, reader, next="/bulletins")
    assert "如果 quality@cartridges.example 已在本平台登记" in text(reader.get("/sign-in/code").text)
    answer = post(reader, "/sign-in/code", code=f" {code[:3]} {code[3:]} ")
    assert answer.location == "/bulletins"
    assert SUBSCRIBER in reader.get("/my").text
    assert post(reader, "/my", "/sign-out").status_code == 302
    assert not is_in(reader)


def test_opening_the_link_signs_nobody_in_and_pressing_the_button_does(portal: Portal) -> None:
    phone = portal.client()
    link, _ = asked(portal, portal.client())
    for _ in range(3):
        assert "确认登录" in phone.get(link).text
    assert not is_in(phone)
    assert post(phone, link).location == "/my"
    assert is_in(phone)


def test_link_and_code_are_one_and_are_used_once(portal: Portal) -> None:
    pc, phone = portal.client(), portal.client()
    link, code = asked(portal, pc)
    token = csrf(phone, link)
    assert phone.post(link, data={"csrf_token": token}).location == "/my"
    again = phone.post(link, data={"csrf_token": csrf(phone, "/my")})
    assert again.status_code == 410
    assert "已经用过" in again.text
    assert "已经用过" in typed(pc, code)
    assert not is_in(pc)

    link, code = asked(portal, pc)
    post(pc, "/sign-in/code", code=code)
    assert is_in(pc)
    assert phone.get(link).status_code == 410


def test_asking_anew_ends_the_mail_before(portal: Portal) -> None:
    first, second = portal.client(), portal.client()
    link, code = asked(portal, first)
    asked(portal, second)
    assert portal.client().get(link).status_code == 410
    assert "已有更新的一封" in typed(first, code)


def test_a_code_has_five_tries(portal: Portal) -> None:
    reader = portal.client()
    _, code = asked(portal, reader)
    for left in (4, 3, 2, 1):
        assert f"还可以试 {left} 次" in typed(reader, other(code))
    assert "已输错 5 次" in text(post(reader, "/sign-in/code", code=other(code)).text)
    answer = reader.post("/sign-in/code", data={"csrf_token": csrf(reader, "/sign-in/code"), "code": code})
    assert "已输错 5 次" in text(answer.text)
    assert not is_in(reader)


def test_wrong_codes_do_not_take_the_link_from_its_reader(portal: Portal) -> None:
    nosy, owner = portal.client(), portal.client()
    link, code = asked(portal, nosy)
    for _ in range(6):
        typed(nosy, other(code))
    assert post(owner, link).location == "/my"


def test_link_and_code_grow_old_in_ten_minutes(portal: Portal) -> None:
    reader = portal.client()
    link, code = asked(portal, reader)
    wait(timedelta(minutes=10))
    assert "验证码已过期" in typed(reader, code)
    assert reader.get(link).status_code == 410


def test_a_code_works_only_in_the_browser_that_asked(portal: Portal) -> None:
    _, code = asked(portal, portal.client())
    thief = portal.client()
    thief.post("/sign-in/code", data={"csrf_token": csrf(thief, "/sign-in/code"), "code": code})
    assert not is_in(thief)


def test_what_is_no_code_is_a_wrong_one(portal: Portal) -> None:
    reader = portal.client()
    asked(portal, reader)
    for left, nonsense in zip((4, 3, 2, 1), ("", "验证码", "1" * 5000, "é" * 6), strict=True):
        assert f"还可以试 {left} 次" in typed(reader, nonsense)


def test_signing_in_with_what_is_no_address_says_so(portal: Portal) -> None:
    reader = portal.client()
    for lang, said in (("zh", "邮箱"), ("en", "address")):
        answer = post(reader, f"/sign-in?lang={lang}", "/sign-in", email="nonsense")
        assert answer.status_code == 400
        assert said in answer.text
        assert 'value="nonsense"' in answer.text


def test_a_session_made_before_signing_in_is_not_kept(portal: Portal) -> None:
    reader = portal.client()
    before = csrf(reader, "/sign-in")
    post(reader, portal.sign_in_path(SUBSCRIBER))
    assert csrf(reader, "/my") != before


# The second factor

def phone_of(portal: Portal, email: str, client: FlaskClient) -> pyotp.TOTP:
    """Set up a second factor, and the app that makes its codes."""
    post(client, "/my/security", "/my/security/second")
    page = client.get("/my/security").text
    assert "<svg" in page
    phone = pyotp.TOTP(portal.accounts.second.waiting(portal.people[email]))
    assert phone.secret in text(page).replace(" ", "")
    assert post(client, "/my/security", "/my/security/confirm", code=phone.at(clock.now())).status_code == 302
    wait(timedelta(seconds=STEP_SECONDS))
    return phone


def test_staff_are_asked_for_the_code_of_their_phone_after_the_mail(portal: Portal) -> None:
    phone = phone_of(portal, OPERATOR, portal.client(OPERATOR))
    reader = portal.client()
    assert post(reader, "/sign-in", email=OPERATOR, next="/admin").status_code == 302
    link = re.search(r"/sign-in/[\w.~-]+", portal.mails()[-1].text)
    assert link
    assert post(reader, link[0]).location == "/sign-in/second"
    assert not is_in(reader), "the first factor alone opens nothing"
    assert reader.get("/admin").status_code == 302
    assert "不正确" in post(reader, "/sign-in/second", code="000000").text
    assert post(reader, "/sign-in/second", code=phone.at(clock.now())).location == "/admin"
    assert reader.get("/admin").status_code == 200


def second(portal: Portal, email: str) -> FlaskClient:
    """A browser that has shown the first factor."""
    client = portal.client()
    assert post(client, portal.sign_in_path(email)).location == "/sign-in/second"
    return client


def test_a_code_of_the_phone_lets_in_once(portal: Portal) -> None:
    phone = phone_of(portal, OPERATOR, portal.client(OPERATOR))
    code = phone.at(clock.now())
    assert post(second(portal, OPERATOR), "/sign-in/second", code=code).status_code == 302
    assert post(second(portal, OPERATOR), "/sign-in/second", code=code).status_code == 400


def test_the_clock_of_the_phone_may_be_off_by_one_step(portal: Portal) -> None:
    phone = phone_of(portal, OPERATOR, portal.client(OPERATOR))
    for steps, status in ((-2, 400), (2, 400), (-1, 400), (1, 302)):  # -1 was the step that set it up
        reader = second(portal, OPERATOR)
        code = phone.at(clock.now() + timedelta(seconds=steps * STEP_SECONDS))
        assert post(reader, "/sign-in/second", code=code).status_code == status, steps


def test_the_second_factor_has_five_tries_in_a_quarter_of_an_hour(portal: Portal) -> None:
    phone = phone_of(portal, OPERATOR, portal.client(OPERATOR))
    wait(timedelta(minutes=15))
    reader = second(portal, OPERATOR)
    for _ in range(5):
        assert post(reader, "/sign-in/second", code="123456").status_code == 400
    answer = post(second(portal, OPERATOR), "/sign-in/second", code=phone.at(clock.now()))
    assert answer.status_code == 429
    assert int(answer.headers["Retry-After"]) == 15 * 60
    wait(timedelta(minutes=15))
    assert post(second(portal, OPERATOR), "/sign-in/second", code=phone.at(clock.now())).status_code == 302


def test_half_a_sign_in_lasts_ten_minutes(portal: Portal) -> None:
    phone = phone_of(portal, OPERATOR, portal.client(OPERATOR))
    reader = second(portal, OPERATOR)
    token = csrf(reader, "/sign-in/second")
    wait(timedelta(minutes=10, seconds=1))
    answer = reader.post("/sign-in/second", data={"csrf_token": token, "code": phone.at(clock.now())})
    assert answer.location == "/sign-in"
    assert not is_in(reader)


def test_setting_up_a_second_factor_ends_the_sessions_that_have_not_shown_it(portal: Portal) -> None:
    elsewhere, here = portal.client(OPERATOR), portal.client(OPERATOR)
    before = csrf(here, "/my")
    phone_of(portal, OPERATOR, here)
    assert is_in(here)
    assert csrf(here, "/my") != before, "a step up makes a new session"
    assert not is_in(elsewhere)


def test_the_secret_is_kept_sealed_and_shown_until_it_is_confirmed(portal: Portal) -> None:
    client = portal.client(OPERATOR)
    phone = phone_of(portal, OPERATOR, client)
    assert phone.secret not in text(client.get("/my/security").text).replace(" ", "")
    with portal.db.read() as session:
        kept = session.get_one(PersonRow, portal.people[OPERATOR]).totp_secret
    assert kept
    assert phone.secret not in kept
    with pytest.raises(Conflict):
        portal.accounts.second.begin(portal.people[OPERATOR])


def test_a_lost_phone_is_reset_by_the_operator_and_noted(portal: Portal) -> None:
    phone_of(portal, OPERATOR, portal.client(OPERATOR))
    assert portal.accounts.second.reset(OPERATOR, "command line")
    with portal.db.read() as session:
        assert audit.newest(session, "reset_second_factor", f"person:{portal.people[OPERATOR]}")
    assert portal.client(OPERATOR).get("/admin").status_code == 200


def test_staff_without_a_second_factor_are_shown_the_way_to_it(portal: Portal) -> None:
    for email in (EDITOR, OPERATOR):
        assert "建议启用动态验证码" in portal.client(email).get("/").text
    for email in (SUBSCRIBER, FIRM_EDITOR):
        assert "建议启用动态验证码" not in portal.client(email).get("/").text


def test_an_installation_may_require_it_of_staff(portal: Portal) -> None:
    portal.app = create_app(replace(portal.services, staff_totp=True))
    client = portal.client(EDITOR)
    assert client.get("/review").location == "/my/security"
    assert client.post("/bulletins/new", data={"csrf_token": csrf(client, "/my")}).status_code == 403
    assert client.get("/my").status_code == 200
    phone_of(portal, EDITOR, client)
    assert client.get("/review").status_code == 200


def test_whoever_becomes_staff_signs_in_anew(portal: Portal) -> None:
    client = portal.client(SUBSCRIBER)
    with portal.db.write() as session:
        organisations.set_operator(session, portal.people[SUBSCRIBER], True)
    assert client.get("/admin").location == "/sign-in?next=/admin"
    assert portal.client(SUBSCRIBER).get("/admin").status_code == 200


# Codes on paper

def handed(portal: Portal, email: str = EDITOR, name: str = "王工", organisation: str = "某耗材厂",
           zone: str = "zhuhai") -> str:
    """The code that a member of staff hands out."""
    page = post(portal.client(email), "/members", name=name, organisation=organisation, zone=str(portal.zones[zone])).text
    code = re.search(rf"[{PAPER_ALPHABET}]{{4}}(?:-[{PAPER_ALPHABET}]{{4}}){{2}}", text(page))
    assert code, page
    return code[0]


def test_a_new_member_gets_in_by_paper_and_adds_an_address(portal: Portal) -> None:
    code, member = handed(portal), portal.client()
    assert post(member, "/sign-in/paper", code=f" {code.lower().replace('-', '')} ").location == "/my/security"
    assert "您还没有登记邮箱" in text(member.get("/my/security").text)
    post(member, "/my/security", "/my/address", email="wang@firm.example")
    (mail,) = portal.mails()
    assert mail.address == "wang@firm.example"
    link = re.search(r"/my/address/[\w.~-]+", mail.text)
    assert link
    with portal.db.read() as session:
        assert organisations.person_by_email(session, "wang@firm.example") is None, "only the mail makes it theirs"
    assert "确认添加" in portal.client().get(link[0]).text
    assert "邮箱已添加" in post(portal.client(), link[0]).text
    with portal.db.read() as session:
        person = organisations.person_by_email(session, "wang@firm.example")
    assert person
    assert (person.name, [each.role for each in person.roles]) == ("王工", [Role.MEMBER])


def test_a_paper_code_works_once_and_for_a_fortnight(portal: Portal) -> None:
    code, late = handed(portal), handed(portal, name="李工")
    assert post(portal.client(), "/sign-in/paper", code=code).status_code == 302
    assert post(portal.client(), "/sign-in/paper", code=code).status_code == 400
    wait(timedelta(days=14))
    answer = post(portal.client(), "/sign-in/paper", code=late)
    assert answer.status_code == 400
    assert "已过期" in answer.text


def test_paper_codes_are_listed_until_used_and_can_be_withdrawn(portal: Portal) -> None:
    code = handed(portal)
    editor = portal.client(EDITOR)
    page = editor.get("/members").text
    assert "王工" in page
    assert code not in page, "it is shown once"
    number = re.search(r"/members/(\d+)/withdraw", page)
    assert number
    assert post(portal.client("editor@fenghua.example"), "/members", f"/members/{number[1]}/withdraw").status_code == 404
    assert post(editor, "/members", f"/members/{number[1]}/withdraw").status_code == 302
    assert "王工" not in editor.get("/members").text
    assert post(portal.client(), "/sign-in/paper", code=code).status_code == 400


def test_editors_hand_out_codes_in_their_zone_only_and_operators_in_all(portal: Portal) -> None:
    client = portal.client(EDITOR)
    answer = post(client, "/members", name="王工", organisation="某厂", zone=str(portal.zones["fenghua"]))
    assert answer.status_code == 404
    assert handed(portal, OPERATOR, zone="fenghua")


def test_a_code_needs_names_and_changes_no_organisation(portal: Portal) -> None:
    assert post(portal.client(EDITOR), "/members", name=" ", organisation="某厂",
                zone=str(portal.zones["zhuhai"])).status_code == 400
    handed(portal, organisation="珠海耗材协会")
    with portal.db.write() as session:
        organisation = organisations.find_or_create_organisation(session, portal.zones["zhuhai"], "珠海耗材协会")
        assert organisation == organisations.ensure_organisation(
            session, portal.zones["zhuhai"], OrganisationKind.ASSOCIATION, "珠海耗材协会")
    assert portal.client(EDITOR).get("/members").status_code == 200, "the association is still one"


def test_what_staff_do_about_codes_is_noted(portal: Portal) -> None:
    post(portal.client(), "/sign-in/paper", code=handed(portal))
    with portal.db.read() as session:
        noted = [(row.actor, row.action) for row in session.scalars(select(AuditRow).order_by(AuditRow.id))]
    assert (f"person:{portal.people[EDITOR]}", "issue_paper_code") in noted
    assert noted[-1][1] == "use_paper_code"


def test_paper_codes_cannot_be_tried_out(portal: Portal) -> None:
    code, guesser = handed(portal), portal.client()
    answers = [post(guesser, "/sign-in/paper", code="ABCD-EFGH-JKMN").status_code for _ in range(11)]
    assert answers == [400] * 10 + [429]
    assert post(guesser, "/sign-in/paper", code=code).status_code == 429


def test_a_member_who_is_a_reader_already_becomes_one_person_with_them(portal: Portal) -> None:
    member = portal.client()
    post(member, "/sign-in/paper", code=handed(portal))
    post(member, "/my/security", "/my/address", email=SUBSCRIBER)
    link = re.search(r"/my/address/[\w.~-]+", portal.mails()[-1].text)
    assert link
    assert "邮箱已添加" in post(member, link[0]).text
    with portal.db.read() as session:
        person = organisations.person(session, portal.people[SUBSCRIBER])
    assert [each.role for each in person.roles] == [Role.MEMBER]
    assert SUBSCRIBER in member.get("/my").text


def test_an_address_of_somebody_else_is_not_taken(portal: Portal) -> None:
    reader = portal.client(SUBSCRIBER)
    post(reader, "/my/security", "/my/address", email=FIRM_EDITOR)
    link = re.search(r"/my/address/[\w.~-]+", portal.mails()[-1].text)
    assert link
    assert post(portal.client(), link[0]).status_code == 409
    with portal.db.read() as session:
        owner = organisations.person_by_email(session, FIRM_EDITOR)
    assert owner
    assert owner.id == portal.people[FIRM_EDITOR]


def test_adding_an_address_never_says_whether_it_is_known(portal: Portal) -> None:
    pages = []
    for email in (FIRM_EDITOR, STRANGER):
        reader = portal.client(SUBSCRIBER)
        post(reader, "/my/security", "/my/address", email=email)
        pages.append(text(reader.get("/my/security").text).replace(email, "X"))
    assert pages[0] == pages[1]
    assert [mail.address for mail in portal.mails()] == [FIRM_EDITOR, STRANGER]
