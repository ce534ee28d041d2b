"""Changing on pages what a subscription asks for; and taking over what a colleague changed."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl

import pytest
from bs4 import BeautifulSoup
from flask.testing import FlaskClient
from werkzeug.datastructures import MultiDict

from domain import clock
from domain.criteria import Criteria
from domain.organisation import Role
from domain.subscription import Frequency, Subscription, Topic
from storage import organisations
from subscriptions.choice import Choice
from subscriptions.estimate import MOST_AT_ONCE
from tests.browser.portal import EDITOR, FIRM_EDITOR, OPERATOR, SUBSCRIBER, Portal, post, text
from tests.builders import notice
from webapp.search.forms import criteria_of

INK = Criteria(product_types=frozenset(("ink_cartridge",)))
IN_EUROPE = replace(INK, markets=frozenset(("EU",)))
COMPRESSORS = Criteria(product_types=frozenset(("air_compressor",)))


@pytest.fixture
def portal(tmp_path: Path) -> Iterator[Portal]:
    """SUBSCRIBER is a colleague of FIRM_EDITOR."""
    found = Portal(tmp_path)
    clock.fix(datetime(2026, 11, 20, 4, tzinfo=UTC))
    with found.db.write() as session:
        firm = organisations.person(session, found.people[FIRM_EDITOR]).roles[0].organisation_id
        organisations.add_member(session, found.people[SUBSCRIBER], firm, Role.MEMBER)
    found.ids["firm"] = firm
    yield found
    clock.fix(None)
    found.db.close()


def subscribed(portal: Portal, email: str = SUBSCRIBER, criteria: Criteria = INK, label: str = "墨盒一号",
               frequency: Frequency = Frequency.IMMEDIATE, **asked: Any) -> Subscription:
    portal.subscriptions.subscribe(email, criteria, label, frequency=frequency, **asked)
    return portal.subscriptions.confirm(portal.token("confirm"))


def kept(portal: Portal, email: str = SUBSCRIBER) -> Subscription:
    (found,) = portal.subscriptions.of_person(portal.people[email])
    return found


def sent_by(page: str, action: str) -> MultiDict[str, str]:
    """What a browser without scripts sends when the form of a page is submitted as it stands."""
    form = BeautifulSoup(page, "lxml").select_one(f'form[action="{action}"]')
    assert form
    fields = [(str(each["name"]), str(each.get("value", "")))
              for each in form.select("input[type=hidden], input[type=text], input[checked]")]
    return MultiDict(fields + [(str(area["name"]), area.text.strip()) for area in form.select("textarea")])


def save(reader: FlaskClient, mine: Subscription, drop: tuple[str, ...] = (), **changed: str | list[str]) -> Any:
    """Open the form, change some of it and press the button."""
    action = f"/my/{mine.id}/edit"
    sent = sent_by(reader.get(action).text, action)
    for name in drop:
        sent.poplist(name)
    for name, value in changed.items():
        sent.setlist(name, value if isinstance(value, list) else [value])
    return reader.post(action, data=sent)


def test_the_form_shows_what_is_asked_for_and_saving_it_as_it_stands_changes_nothing(portal: Portal) -> None:
    asked = criteria_of(MultiDict(parse_qsl(
        "product=ink_cartridge&regulation=eu_rohs&market=EU&market=AT&kind=recall&hazard=fire&origin=CN&grade=red"
        "&source=eu_safety_gate&deadline=open&word=EN 286-1&word=a b&any=lead&any=phthalate&any2=toy&not=tattoo"
        "&scope=all")))
    mine = subscribed(portal, criteria=asked, frequency=Frequency.WEEKLY, red_at_once=True)
    reader = portal.client(SUBSCRIBER)
    assert "修改条件" in reader.get("/my").text
    answer = save(reader, mine)
    assert (answer.status_code, answer.location) == (302, "/my")
    assert kept(portal) == mine
    assert "新的条件从现在起生效" not in reader.get("/my").text


def test_criteria_name_and_rhythm_are_changed_at_once_without_another_mail(portal: Portal) -> None:
    mine = subscribed(portal)
    portal.mails()
    reader = portal.client(SUBSCRIBER)
    save(reader, mine, market="EU", label="出口欧盟", frequency="weekly")
    found = kept(portal)
    assert (found.criteria, found.label, found.frequency) == (IN_EUROPE, "出口欧盟", Frequency.WEEKLY)
    assert (found.id, found.state) == (mine.id, mine.state)
    assert portal.mails() == []
    page = reader.get("/my")
    assert "新的条件从现在起生效" in page.text
    assert "目标市场 欧盟" in text(page.text)


def test_updating_shows_the_estimate_with_examples_and_keeps_nothing(portal: Portal) -> None:
    mine = subscribed(portal)
    portal.store(*(notice(f"n{day}", published_on=date(2026, 11, day)) for day in range(10, 18)))
    page = save(portal.client(SUBSCRIBER), mine, product="air_compressor", update="1").text
    assert "最近 100 天会收到 8 条提醒，分布在 8 天" in text(page)
    assert len(BeautifulSoup(page, "lxml").select("details.more li a")) == 5
    assert kept(portal).criteria == INK


def test_what_would_be_noise_is_offered_as_a_digest_as_when_subscribing(portal: Portal) -> None:
    mine = subscribed(portal)
    portal.store(*(notice(f"n{at}", published_on=date(2026, 11, 13)) for at in range(MOST_AT_ONCE + 1)))
    reader = portal.client(SUBSCRIBER)
    answer = save(reader, mine, product="air_compressor")
    assert answer.status_code == 400
    assert f"会有 {MOST_AT_ONCE + 1} 条提醒" in text(answer.text)
    assert kept(portal).criteria == INK
    assert BeautifulSoup(answer.text, "lxml").select_one('button[name="digest"][value="daily"]')
    assert save(reader, mine, product="air_compressor", digest="daily").status_code == 302
    assert (kept(portal).criteria, kept(portal).frequency) == (COMPRESSORS, Frequency.DAILY)


def test_what_asks_for_everything_or_for_what_another_does_is_refused_with_a_sentence(portal: Portal) -> None:
    mine = subscribed(portal)
    subscribed(portal, criteria=COMPRESSORS, label="空压机")
    reader = portal.client(SUBSCRIBER)
    for changed, said in (({"scope": "all"}, "条件过宽"), ({"product": "air_compressor"}, "您的另一个订阅“空压机”")):
        answer = save(reader, mine, ("product",), **changed)
        assert answer.status_code == 400
        assert said in text(answer.text)
    assert portal.subscriptions.of_person(portal.people[SUBSCRIBER])[0].criteria == INK


def test_nobody_edits_anothers_a_pending_or_an_ended_subscription(portal: Portal) -> None:
    mine, other = subscribed(portal), subscribed(portal, EDITOR)
    portal.subscriptions.subscribe(SUBSCRIBER, COMPRESSORS)
    pending = portal.subscriptions.pending(portal.token("confirm"))
    portal.subscriptions.end(portal.people[SUBSCRIBER], mine.id)
    reader = portal.client(SUBSCRIBER)
    assert "/edit" not in reader.get("/my").text
    for each in (other, pending, mine):
        assert reader.get(f"/my/{each.id}/edit").status_code == 404
        assert post(reader, "/my", f"/my/{each.id}/edit", product="air_compressor").status_code == 404
    assert kept(portal, EDITOR).criteria == INK
    assert portal.client().get(f"/my/{other.id}/edit").status_code == 302, "a stranger signs in first"
    assert portal.client(OPERATOR).get(f"/my/{other.id}/edit").status_code == 404


def test_a_pause_goes_on_while_the_criteria_are_changed(portal: Portal) -> None:
    mine = subscribed(portal)
    portal.subscriptions.choose(mine.person_id, mine.id, Choice(paused_until=date(2026, 12, 1)))
    save(portal.client(SUBSCRIBER), mine, market="EU")
    assert kept(portal).paused_until == datetime(2026, 12, 1, tzinfo=UTC)
    assert kept(portal).criteria == IN_EUROPE


def test_of_bulletins_the_name_can_be_changed(portal: Portal) -> None:
    portal.subscriptions.subscribe(SUBSCRIBER, Criteria(), "", Topic.BULLETINS, portal.zones["zhuhai"])
    mine = portal.subscriptions.confirm(portal.token("confirm"))
    reader = portal.client(SUBSCRIBER)
    assert "修改名称" in reader.get("/my").text
    assert set(sent_by(reader.get(f"/my/{mine.id}/edit").text, f"/my/{mine.id}/edit")) == {"csrf_token", "sent", "label"}
    save(reader, mine, label="协会的", product="air_compressor", frequency="weekly")
    assert kept(portal) == replace(mine, label="协会的")


def joined(portal: Portal, frequency: Frequency = Frequency.IMMEDIATE) -> tuple[Subscription, Subscription]:
    """What FIRM_EDITOR shares, and what SUBSCRIBER has of it."""
    theirs = subscribed(portal, FIRM_EDITOR, frequency=frequency)
    post(portal.client(FIRM_EDITOR), "/my", f"/my/{theirs.id}/share", organisation=str(portal.ids["firm"]))
    post(portal.client(SUBSCRIBER), "/my", f"/my/join/{theirs.id}")
    return theirs, kept(portal)


def test_who_joined_sees_that_the_colleagues_differs_and_takes_it_over_by_one_button(portal: Portal) -> None:
    theirs, mine = joined(portal)
    reader, owner = portal.client(SUBSCRIBER), portal.client(FIRM_EDITOR)
    path = f"/my/{mine.id}/colleague"
    assert "条件现在与您的不同" not in reader.get("/my").text
    assert reader.get(path).status_code == 404
    assert "不会跟着改变" in owner.get(f"/my/{theirs.id}/edit").text
    portal.mails()
    save(owner, theirs, market="EU", label="墨盒欧盟")
    assert kept(portal).criteria == INK, "a colleague's copy is the colleague's"
    assert "条件现在与您的不同" in reader.get("/my").text
    assert "条件现在与您的不同" not in owner.get("/my").text
    assert {"墨盒欧盟", "墨盒一号"} <= set(re.findall(r"<bdi>(.*?)</bdi>", reader.get(path).text))
    assert kept(portal).criteria == INK, "GET only shows"
    assert post(reader, path).location == "/my"
    assert (kept(portal).criteria, kept(portal).label, kept(portal).id) == (IN_EUROPE, "墨盒欧盟", mine.id)
    assert "条件现在与您的不同" not in reader.get("/my").text
    assert portal.mails() == []


def test_what_is_no_longer_shared_is_neither_compared_nor_taken_over(portal: Portal) -> None:
    theirs, mine = joined(portal)
    owner, reader = portal.client(FIRM_EDITOR), portal.client(SUBSCRIBER)
    save(owner, theirs, market="EU")
    assert portal.client(EDITOR).get(f"/my/{mine.id}/colleague").status_code == 404
    post(owner, "/my", f"/my/{theirs.id}/share")
    assert "条件现在与您的不同" not in reader.get("/my").text
    assert post(reader, "/my", f"/my/{mine.id}/colleague").status_code == 404
    assert kept(portal).criteria == INK


def test_what_a_colleague_has_in_digests_is_offered_as_a_digest(portal: Portal) -> None:
    theirs, mine = joined(portal, Frequency.WEEKLY)
    portal.store(*(notice(f"n{at}", published_on=date(2026, 11, 13)) for at in range(MOST_AT_ONCE + 1)))
    save(portal.client(FIRM_EDITOR), theirs, product="air_compressor")
    reader, path = portal.client(SUBSCRIBER), f"/my/{mine.id}/colleague"
    answer = post(reader, path)
    assert answer.status_code == 400
    assert "改为每日摘要并采用" in answer.text
    assert kept(portal).criteria == INK
    post(reader, path, digest="daily")
    assert (kept(portal).criteria, kept(portal).frequency) == (COMPRESSORS, Frequency.DAILY)


def test_the_page_of_an_alert_says_that_the_subscription_was_changed(portal: Portal) -> None:
    mine = subscribed(portal, criteria=COMPRESSORS)
    portal.store(notice("first"))
    [notice_id] = portal.store(notice("news", published_on=date(2026, 11, 20)))
    clock.fix(datetime(2026, 11, 20, 5, tzinfo=UTC))
    reader = portal.client(SUBSCRIBER)
    save(reader, mine, product="ink_cartridge")
    page = text(reader.get(f"/my/why/{notice_id}").text)
    assert "订阅条件已于 2026-11-20 13:00 修改，此前为：空气压缩机" in page
    assert "此前为：空气压缩机" in portal.client(OPERATOR).get(f"/admin/explain?notice=news&address={SUBSCRIBER}").text
