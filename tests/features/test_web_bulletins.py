"""Bulletins: written and published by editors of the zone's association, read by everybody, mailed once."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from domain.criteria import Criteria
from domain.errors import Conflict, InvalidValue, NotFound
from domain.subscription import Topic
from storage import changes
from tests.browser.portal import EDITOR, FIRM_EDITOR, OTHER_EDITOR, SUBSCRIBER, Portal, links, post, text
from tests.builders import notice


@pytest.fixture
def portal(tmp_path: Path) -> Iterator[Portal]:
    found = Portal(tmp_path)
    found.ids["notices"] = found.store(
        notice("1"), notice("2", title="Second air compressor"), notice("3", title="Third air compressor"))
    yield found
    found.db.close()


def draft(portal: Portal, *notice_ids: int, title: str = "十一月简报") -> int:
    return portal.bulletins.create(portal.people[EDITOR], portal.zones["zhuhai"], title, "请自查。", notice_ids)


def test_an_editor_writes_picks_orders_and_publishes(portal: Portal) -> None:
    editor = portal.client(EDITOR)
    first, second, _ = portal.ids["notices"]
    created = post(editor, "/bulletins/new", title="空压机专题", comment="请注意", zone=str(portal.zones["zhuhai"]),
                   notice=str(first))
    path = created.location.removesuffix("/edit")
    assert "加入" in editor.get(f"{path}/pick?q=空压机").text
    answer = post(editor, f"{path}/pick?q=空压机", f"{path}/add", notice=str(second), back=f"{path}/pick?q=空压机")
    assert answer.location.startswith(f"{path}/pick?q=")
    post(editor, f"{path}/edit", f"{path}/arrange", notice=str(second), move="up")
    post(editor, f"{path}/edit", title="空压机召回专题", comment="第一段\r\n\r\n第二段")
    page = text(editor.get(path).text)
    assert page.index("Second air compressor") < page.index("Air compressor – Portable")
    assert "这是草稿预览" in page
    assert portal.client().get(path).status_code == 404, "a draft is no page for readers"

    assert "0 人" in text(editor.get(f"{path}/publish").text)
    assert post(editor, f"{path}/publish").location == path
    page = portal.client().get(path).text
    assert "空压机召回专题" in page
    assert "第一段\n\n第二段" in page
    assert "空压机召回专题" in portal.client().get("/bulletins").text


def test_publishing_says_how_many_readers_are_mailed(portal: Portal) -> None:
    for email in (SUBSCRIBER, EDITOR):
        for zone in ("zhuhai", "fenghua"):
            portal.subscriptions.subscribe(email, Criteria(), "", Topic.BULLETINS, portal.zones[zone])
            token = portal.token("confirm")
            if (email, zone) != (EDITOR, "zhuhai"):
                portal.subscriptions.confirm(token)
    number = draft(portal, portal.ids["notices"][0])
    assert "1 人" in text(portal.client(EDITOR).get(f"/bulletins/{number}/publish").text), "confirmed, and of this zone"


def test_publishing_leaves_one_change_to_the_matcher_and_a_line_in_the_audit(portal: Portal) -> None:
    number = draft(portal, portal.ids["notices"][0])
    with portal.db.read() as session:
        before = changes.read(session, changes.MATCH, 1000)
    portal.bulletins.publish(portal.people[EDITOR], number)
    with portal.db.read() as session:
        [change] = [each for each in changes.read(session, changes.MATCH, 1000) if each not in before]
    assert (change.kind, change.subject_id, change.alert) == (changes.BULLETIN, number, True)
    with portal.db.engine.connect() as connection:
        [row] = connection.exec_driver_sql("SELECT actor, action, subject FROM audit")
    assert tuple(row) == (f"person:{portal.people[EDITOR]}", "publish_bulletin", f"bulletin:{number}")


def test_a_published_bulletin_is_never_published_or_changed_again(portal: Portal) -> None:
    service, editor = portal.bulletins, portal.people[EDITOR]
    number = draft(portal, portal.ids["notices"][0])
    service.publish(editor, number)
    for change in (lambda: service.publish(editor, number), lambda: service.rewrite(editor, number, "neu", ""),
                   lambda: service.add(editor, number, portal.ids["notices"][1])):
        with pytest.raises(Conflict):
            change()
    browser = portal.client(EDITOR)
    assert browser.get(f"/bulletins/{number}/edit").status_code == 409
    assert post(browser, "/bulletins/new", f"/bulletins/{number}/publish").location == f"/bulletins/{number}/edit"


def test_an_empty_bulletin_is_not_published(portal: Portal) -> None:
    number = draft(portal)
    editor = portal.client(EDITOR)
    assert "确认发布" not in editor.get(f"/bulletins/{number}/publish").text
    answer = post(editor, f"/bulletins/{number}/edit", f"/bulletins/{number}/publish")
    assert "简报中还没有信息" in editor.get(answer.location).text


@pytest.mark.parametrize("email", [OTHER_EDITOR, FIRM_EDITOR, SUBSCRIBER])
def test_a_zones_drafts_are_nobody_elses(portal: Portal, email: str) -> None:
    """An editor of another zone's association gets 404, an editor of a firm is none for bulletins at all."""
    number = draft(portal, portal.ids["notices"][0])
    person = portal.people[email]
    for act in (lambda: portal.bulletins.read(number, person), lambda: portal.bulletins.draft(person, number),
                lambda: portal.bulletins.rewrite(person, number, "x", ""), lambda: portal.bulletins.publish(person, number),
                lambda: portal.bulletins.add(person, number, portal.ids["notices"][1]),
                lambda: portal.bulletins.create(person, portal.zones["zhuhai"], "x")):
        with pytest.raises(NotFound):
            act()
    assert portal.client(email).get(f"/bulletins/{number}").status_code == 404
    assert portal.client(email).get(f"/bulletins/{number}/edit").status_code == (404 if email == OTHER_EDITOR else 403)


def test_the_list_can_be_read_by_zone(portal: Portal) -> None:
    portal.bulletins.publish(portal.people[EDITOR], draft(portal, portal.ids["notices"][0]))
    reader = portal.client()
    assert "十一月简报" in reader.get("/bulletins?zone=zhuhai").text
    assert "十一月简报" not in reader.get("/bulletins?zone=fenghua").text
    assert "十一月简报" not in reader.get("/bulletins?zone=nowhere").text


def test_the_list_leads_to_a_subscription_to_bulletins_alone(portal: Portal) -> None:
    reader = portal.client()
    path = links(reader.get("/bulletins?zone=fenghua").text)["用邮件接收简报"]
    page = reader.get(path).text
    assert f'<option value="{portal.zones["fenghua"]}" selected>' in page
    assert 'name="notices" value="yes" >' in page


@pytest.mark.parametrize(("title", "comment"), [("", "x"), ("  \u200b ", "x"), ("长" * 121, ""), ("x", "长" * 10_001)])
def test_words_that_cannot_be_printed_are_refused(portal: Portal, title: str, comment: str) -> None:
    with pytest.raises(InvalidValue):
        portal.bulletins.create(portal.people[EDITOR], portal.zones["zhuhai"], title, comment)
    answer = post(portal.client(EDITOR), "/bulletins/new", title=title, comment=comment, zone=str(portal.zones["zhuhai"]))
    assert answer.status_code == 400
    assert "error" in answer.text


def test_words_of_an_editor_cannot_act(portal: Portal) -> None:
    number = portal.bulletins.create(portal.people[EDITOR], portal.zones["zhuhai"], "<b>fett</b>\r\nBcc: x {{ 7 * 7 }}",
                                     "<script>alert(1)</script>", [portal.ids["notices"][0]])
    portal.bulletins.publish(portal.people[EDITOR], number)
    page = portal.client().get(f"/bulletins/{number}").text
    assert "<script>alert" not in page
    assert "<b>" not in page
    assert "{{ 7 * 7 }}" in page
    assert portal.bulletins.read(number).bulletin.title == "<b>fett</b> Bcc: x {{ 7 * 7 }}"


def test_a_notice_that_does_not_exist_is_not_picked(portal: Portal) -> None:
    number = draft(portal)
    with pytest.raises(NotFound):
        portal.bulletins.add(portal.people[EDITOR], number, 99_999)
    editor = portal.client(EDITOR)
    for value in ("99999", "x", "-1", "9" * 30):
        assert post(editor, f"/bulletins/{number}/pick", f"/bulletins/{number}/add", notice=value).status_code in (400, 404)


def test_the_order_can_be_changed_and_notices_taken_out(portal: Portal) -> None:
    service, editor, ids = portal.bulletins, portal.people[EDITOR], portal.ids["notices"]
    number = draft(portal, *ids)
    service.move(editor, number, ids[0], 1)
    service.move(editor, number, ids[2], 1)
    service.move(editor, number, 12345, -1)
    service.add(editor, number, ids[1])
    assert service.read(number, editor).bulletin.notice_ids == (ids[1], ids[0], ids[2])
    service.remove(editor, number, ids[0])
    assert service.read(number, editor).bulletin.notice_ids == (ids[1], ids[2])
