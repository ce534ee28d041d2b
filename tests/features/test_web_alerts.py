"""Subscribing, confirming, leaving and signing in through pages: links in mails only ask, buttons act."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from bs4 import BeautifulSoup
from werkzeug.datastructures import MultiDict

from domain.criteria import Criteria
from domain.regulation import binding
from domain.subscription import SubscriptionState, Topic
from storage import organisations
from subscriptions.tokens import Tokens
from tests.browser.portal import EDITOR, OPERATOR, SECRET, SUBSCRIBER, Portal, links, post, text
from webapp.alerts.forms import subscribe_form
from webapp.search.forms import criteria_of

NEW = "new@firm.example"


@pytest.fixture
def portal(tmp_path: Path) -> Iterator[Portal]:
    found = Portal(tmp_path)
    yield found
    found.db.close()


def subscribed(portal: Portal, email: str = SUBSCRIBER, label: str = "墨盒") -> int:
    """An active subscription of a person."""
    portal.subscriptions.subscribe(email, Criteria(product_types=frozenset(("ink_cartridge",))), label)
    return portal.subscriptions.confirm(portal.token("confirm")).id


def test_subscribing_takes_a_form_a_mail_and_a_button(portal: Portal) -> None:
    reader = portal.client()
    answer = post(reader, "/subscribe?product=ink_cartridge&market=EU", "/subscribe", sent="1", notices="yes", email=NEW,
                  product="ink_cartridge", market="EU", label="出口欧盟")
    assert f"已向 {NEW} 发送 1 封确认邮件" in text(answer.text)
    path = f"/confirm/{portal.token('confirm')}"
    pending = portal.subscriptions.pending(path.split("/")[-1])
    assert pending.criteria == Criteria(product_types=frozenset(("ink_cartridge",)), markets=frozenset(("EU",)))
    page = reader.get(path).text
    assert "出口欧盟" in page
    assert "产品类别 墨盒" in text(page)
    assert portal.subscriptions.pending(path.split("/")[-1]).state is SubscriptionState.PENDING, "GET only asks"
    assert "订阅已生效" in post(reader, path).text
    assert portal.subscriptions.pending(path.split("/")[-1]).state is SubscriptionState.ACTIVE
    assert "此订阅已确认" in reader.get(path).text


def sent_by(page: str) -> set[tuple[str, str]]:
    """What a browser without scripts sends when the subscribe form of a page is submitted as it stands."""
    form = BeautifulSoup(page, "lxml").select_one('form[action="/subscribe"]')
    assert form
    fields = form.select("input[type=hidden], input[checked]")
    written = {(str(area["name"]), line) for area in form.select("textarea") for line in area.text.splitlines() if line}
    return written | {(str(field["name"]), str(field["value"])) for field in fields}


def test_the_form_carries_every_criterion_the_address_names(portal: Portal) -> None:
    asked = ("product=ink_cartridge&regulation=eu_rohs&market=EU&market=AT&kind=recall&hazard=fire&origin=CN&grade=red"
             "&source=eu_safety_gate&deadline=open&word=EN 286-1&word=a b&any=lead&any=phthalate&any2=toy&not=tattoo"
             "&scope=all")
    page = portal.client().get(f"/subscribe?{asked}").text
    chosen = {(name, value) for name, _, value in (pair.partition("=") for pair in asked.split("&"))}
    own = {("origin", "CN"), ("grade", "red")}
    assert sent_by(page) >= chosen - own | {("origins", "CN"), ("grades", "red")}
    assert subscribe_form(MultiDict(sorted(sent_by(page)))).criteria == criteria_of(MultiDict(sorted(chosen)))


def test_what_is_ticked_is_what_is_subscribed(portal: Portal) -> None:
    post(portal.client(), "/subscribe", sent="1", notices="yes", email=NEW, product=["ink_cartridge", "toner_cartridge"],
         kind="recall", scope="relevant")
    assert portal.subscriptions.pending(portal.token("confirm")).criteria == Criteria(
        product_types=frozenset({"ink_cartridge", "toner_cartridge"}), kinds=frozenset({"recall"}))


SENT = {"sent": "1", "notices": "yes", "email": NEW}


def kept(portal: Portal, **values: str | list[str]) -> Criteria:
    """The criteria of the subscription that a form asks for."""
    post(portal.client(), "/subscribe", **SENT, **values)
    return portal.subscriptions.pending(portal.token("confirm")).criteria


def test_what_is_wrong_stands_at_the_top_of_the_page_and_before_the_form_is_sent(portal: Portal) -> None:
    reader = portal.client()
    assert "还没有选择条件" in reader.get("/subscribe?scope=all").text
    answer = post(reader, "/subscribe", **SENT, scope="all")
    assert answer.status_code == 400
    top = answer.text.partition("<form class=\"columns\"")[0]
    assert "条件过宽" in top
    assert 'href="#error"' in top
    assert "还没有选择条件" not in reader.get("/subscribe?scope=all&market=DE").text


@pytest.mark.parametrize(("asked", "warned"), [
    ("word=打印机", True), ("any=打印机&any=墨水", True), ("any=打印机&any=printer", False), ("word=printer", False),
    ("product=ink_cartridge", False)])
def test_a_chinese_word_that_foreign_publishers_never_write_is_warned_of(portal: Portal, asked: str, warned: bool) -> None:
    assert ("只按原文逐字查找" in portal.client().get(f"/subscribe?{asked}").text) == warned


def test_words_are_written_one_a_line(portal: Portal) -> None:
    found = kept(portal, word=" EN 286-1 \r\n\r\nlead", any="recall\r\nRückruf\r\nrecall", any2="", **{"not": "tattoo"})
    assert found == Criteria(words=("EN 286-1", "lead"), any_words=(("recall", "Rückruf"),), excluded=("tattoo",))


@pytest.mark.parametrize(("chosen", "grades"), [
    ("", frozenset()), ("red|yellow", {"red", "yellow"}), ("red", {"red"}), ("plain|red|yellow", frozenset())])
def test_the_least_grade_is_one_choice(portal: Portal, chosen: str, grades: frozenset[str]) -> None:
    assert kept(portal, product="ink_cartridge", grades=chosen).grades == grades


def test_who_asks_for_goods_from_china_need_not_miss_what_states_no_origin(portal: Portal) -> None:
    assert kept(portal, product="ink_cartridge", origins="none|CN|HK|MO").origins == {"", "CN", "HK", "MO"}


def test_a_choice_that_came_from_a_search_stands_beside_those_offered(portal: Portal) -> None:
    page = portal.client().get("/subscribe?grade=yellow&grade=plain&origin=VN").text
    assert {("grades", "plain|yellow"), ("origins", "VN")} <= sent_by(page)
    assert ("grades", "red") in sent_by(portal.client().get("/subscribe?grade=red").text)


def test_one_tick_adds_the_rules_that_bind_the_products_in_the_markets(portal: Portal) -> None:
    page = portal.client().get("/subscribe?product=air_compressor&market=DE").text
    missing = len(binding(["air_compressor"], ["DE"]))
    assert f"所选市场另有 {missing} 部" in text(page)
    page = post(portal.client(), "/subscribe", **SENT, product="air_compressor", market="DE", rules="yes", update="1").text
    assert {value for name, value in sent_by(page) if name == "regulation"} == binding(["air_compressor"], ["DE"])
    assert "约束所选产品的法规已全部包含" in page


def test_what_cannot_be_watched_for_is_left_out_and_said(portal: Portal) -> None:
    page = portal.client().get("/subscribe?product=ink_cartridge&year=2026&deadline=closing").text
    assert "年份条件已去掉" in page
    assert "截止前的提醒须另行设置" in page
    assert {pair for pair in sent_by(page) if pair[0] in ("year", "deadline")} == {("deadline", "open")}
    assert kept(portal, product="ink_cartridge", year="2026", deadline="closed") == Criteria(
        product_types=frozenset({"ink_cartridge"}))
    assert "已去掉" not in portal.client().get("/subscribe?product=ink_cartridge").text


def test_markets_on_the_form_say_what_they_take_in(portal: Portal) -> None:
    page = text(portal.client().get("/subscribe").text)
    for name in ("欧盟（含成员国）", "德国（含欧盟）", "沙特阿拉伯（含海湾合作委员会）"):
        assert name in page
    assert "Germany (with European Union)" in text(portal.client().get("/subscribe?lang=en").text)


def test_updating_the_criteria_shows_what_they_find_and_subscribes_nobody(portal: Portal) -> None:
    page = post(portal.client(), "/subscribe", sent="1", notices="yes", email=NEW, product="ink_cartridge", update="1").text
    assert ("product", "ink_cartridge") in sent_by(page)
    assert NEW in page
    assert not portal.mails()


def test_the_zones_bulletins_can_be_asked_for_too(portal: Portal) -> None:
    answer = post(portal.client(), "/subscribe", sent="1", notices="yes", email=NEW, zone=str(portal.zones["zhuhai"]),
                  product="ink_cartridge")
    assert "发送 2 封确认邮件" in text(answer.text)
    topics = {portal.subscriptions.pending(each.text.split("/confirm/")[1].split()[0]).topic for each in portal.mails()}
    assert topics == {Topic.NOTICES, Topic.BULLETINS}


def test_bulletins_alone_can_be_asked_for(portal: Portal) -> None:
    answer = post(portal.client(), "/subscribe", sent="1", email=NEW, zone=str(portal.zones["fenghua"]))
    assert "发送 1 封确认邮件" in text(answer.text)
    assert portal.subscriptions.pending(portal.token("confirm")).topic is Topic.BULLETINS


@pytest.mark.parametrize(("values", "said"), [
    ({"email": "nonsense", "notices": "yes"}, "邮箱"), ({"email": NEW}, "请选择要订阅的内容"),
    ({"email": NEW, "notices": "yes", "scope": "all"}, "条件过宽")])
def test_a_form_that_cannot_be_kept_says_why(portal: Portal, values: dict[str, str], said: str) -> None:
    answer = post(portal.client(), "/subscribe", sent="1", **values)
    assert answer.status_code == 400
    assert said in answer.text
    assert 'aria-invalid="true"' in answer.text
    assert portal.mails() == []


def test_after_three_mails_an_address_is_left_alone(portal: Portal) -> None:
    reader = portal.client()
    answers = [post(reader, "/subscribe", sent="1", notices="yes", email=NEW, product="ink_cartridge") for _ in range(4)]
    assert [answer.status_code for answer in answers] == [200, 200, 200, 429]
    assert len(portal.mails()) == 3


def test_the_form_never_says_whether_an_address_is_known(portal: Portal) -> None:
    known, new = (post(portal.client(), "/subscribe", sent="1", notices="yes", email=email, product="ink_cartridge").text
                  for email in (SUBSCRIBER, NEW))
    assert known.replace(SUBSCRIBER, NEW) == new


def test_an_english_reader_is_written_to_in_english(portal: Portal) -> None:
    reader = portal.client()
    reader.get("/?lang=en")
    answer = post(reader, "/subscribe", sent="1", notices="yes", email=NEW, product="ink_cartridge")
    assert "One more step" in answer.text
    assert portal.mails()[0].subject.isascii()


def test_unsubscribing_asks_first_and_ends_what_was_ticked(portal: Portal) -> None:
    first, second = subscribed(portal), subscribed(portal, label="硒鼓")
    path = f"/unsubscribe/{Tokens(SECRET).unsubscribe(portal.people[SUBSCRIBER], (first,))}"
    reader = portal.client()
    assert "墨盒" in reader.get(path).text
    assert len(portal.subscriptions.of_person(portal.people[SUBSCRIBER])) == len({first, second})
    assert "没有选择任何订阅" in post(reader, path).text
    assert "以下订阅已停止" in post(reader, path, id=str(first)).text
    assert "都已停止" in reader.get(path).text


def test_where_somebody_came_to_leave_they_are_asked_for_nothing_else(portal: Portal) -> None:
    subscribed(portal)
    reader = portal.client(SUBSCRIBER)
    assert "我已读过，同意" in reader.get("/my").text
    leave = Tokens(SECRET).unsubscribe(portal.people[SUBSCRIBER], ())
    assert "我已读过，同意" not in reader.get(f"/unsubscribe/{leave}").text


def test_one_click_needs_neither_cookie_nor_token_of_a_form(portal: Portal) -> None:
    subscribed(portal)
    path = f"/unsubscribe/{Tokens(SECRET).unsubscribe(portal.people[SUBSCRIBER], ())}"
    for _ in range(2):
        assert portal.client().post(path, data={"List-Unsubscribe": "One-Click"}).status_code == 200
        assert portal.subscriptions.of_person(portal.people[SUBSCRIBER]) == []


def test_one_click_with_a_wrong_token_is_refused(portal: Portal) -> None:
    subscribed(portal)
    for token in ("broken", Tokens(SECRET).sign_in(1, SUBSCRIBER),
                  Tokens("another secret").unsubscribe(portal.people[SUBSCRIBER], ())):
        assert portal.client().post(f"/unsubscribe/{token}", data={"List-Unsubscribe": "One-Click"}).status_code == 401
    assert len(portal.subscriptions.of_person(portal.people[SUBSCRIBER])) == 1


def test_a_form_cannot_pass_for_one_click_elsewhere(portal: Portal) -> None:
    path = portal.sign_in_path(SUBSCRIBER)
    assert portal.client().post(path, data={"List-Unsubscribe": "One-Click"}).status_code == 400


def test_links_serve_one_purpose_only(portal: Portal) -> None:
    person = portal.people[SUBSCRIBER]
    sign_in, leave = portal.sign_in_path(SUBSCRIBER).rpartition("/")[2], Tokens(SECRET).unsubscribe(person, ())
    reader = portal.client()
    for path in (f"/unsubscribe/{sign_in}", f"/confirm/{sign_in}", f"/confirm/{leave}", f"/sign-in/{leave}"):
        answer = reader.get(path)
        assert answer.status_code == 410
        assert "链接已失效" in answer.text
        assert {"登录", "订阅"} <= links(answer.text.partition("<main")[2]).keys(), "where to get another one"
    assert post(reader, "/sign-in", f"/sign-in/{leave}").status_code == 410


def test_a_role_taken_away_is_gone_at_once(portal: Portal) -> None:
    operator = portal.client(OPERATOR)
    assert operator.get("/admin").status_code == 200
    with portal.db.write() as session:
        organisations.set_operator(session, portal.people[OPERATOR], False)
    assert operator.get("/admin").status_code == 403


def test_people_see_and_end_only_their_own_subscriptions(portal: Portal) -> None:
    mine, other = subscribed(portal), subscribed(portal, EDITOR, "气缸")
    reader = portal.client(SUBSCRIBER)
    page = reader.get("/my").text
    assert "墨盒" in page
    assert "气缸" not in page
    assert post(reader, "/my", f"/my/{other}/end").status_code == 404
    assert post(reader, "/my", f"/my/{mine}/end").status_code == 302
    assert portal.subscriptions.of_person(portal.people[SUBSCRIBER]) == []
    assert len(portal.subscriptions.of_person(portal.people[EDITOR])) == 1


def test_the_cookie_is_kept_from_scripts_and_from_plain_http(tmp_path: Path) -> None:
    portal = Portal(tmp_path, "https://portal.example")
    cookie = portal.client().get("/sign-in").headers["Set-Cookie"]
    for part in ("HttpOnly", "SameSite=Lax", "Secure"):
        assert part in cookie
