"""Colleagues share subscriptions; an association keeps the bulletin list; both pages and the audit page of alerts."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from domain.criteria import Criteria
from domain.organisation import Role
from domain.subscription import SubscriptionState, Topic
from storage import organisations
from tests.browser.portal import EDITOR, FIRM_EDITOR, OPERATOR, OTHER_EDITOR, SUBSCRIBER, Portal, post, text
from tests.builders import notice

INK = Criteria(product_types=frozenset(("ink_cartridge",)))


@pytest.fixture
def portal(tmp_path: Path) -> Iterator[Portal]:
    """SUBSCRIBER is a colleague of FIRM_EDITOR."""
    found = Portal(tmp_path)
    with found.db.write() as session:
        organisations.add_member(session, found.people[SUBSCRIBER], firm(found), Role.MEMBER)
    yield found
    found.db.close()


def subscribed(portal: Portal, email: str) -> int:
    portal.subscriptions.subscribe(email, INK, "墨盒")
    return portal.subscriptions.confirm(portal.token("confirm")).id


def firm(portal: Portal) -> int:
    with portal.db.read() as session:
        return organisations.person(session, portal.people[FIRM_EDITOR]).roles[0].organisation_id


def shared(portal: Portal) -> int:
    subscription_id = subscribed(portal, FIRM_EDITOR)
    firm_id = firm(portal)
    post(portal.client(FIRM_EDITOR), "/my", f"/my/{subscription_id}/share", organisation=str(firm_id))
    return subscription_id


def test_a_colleague_joins_what_is_shared_by_their_own_click_and_leaves_alone(portal: Portal) -> None:
    subscription_id = shared(portal)
    colleague = portal.client(SUBSCRIBER)
    assert "同事共享的订阅" in colleague.get("/my").text
    assert portal.subscriptions.of_person(portal.people[SUBSCRIBER]) == [], "nobody joins by being offered"
    post(colleague, "/my", f"/my/join/{subscription_id}")
    [joined] = portal.subscriptions.of_person(portal.people[SUBSCRIBER])
    assert (joined.criteria, joined.state, joined.shared_id) == (INK, SubscriptionState.ACTIVE, subscription_id)
    assert "同事共享的订阅" not in colleague.get("/my").text
    post(colleague, "/my", f"/my/{joined.id}/end")
    assert [each.id for each in portal.subscriptions.of_person(portal.people[FIRM_EDITOR])] == [subscription_id]


def test_strangers_to_the_firm_neither_see_nor_join_nor_share(portal: Portal) -> None:
    subscription_id = shared(portal)
    stranger = portal.client(EDITOR)
    assert "同事共享的订阅" not in stranger.get("/my").text
    assert post(stranger, "/my", f"/my/join/{subscription_id}").status_code == 404
    firm_id = firm(portal)
    own = subscribed(portal, EDITOR)
    for wanted in (own, subscription_id):
        answer = post(stranger, "/my", f"/my/{wanted}/share", organisation=str(firm_id))
        assert answer.status_code == 404


def test_an_association_puts_members_on_the_bulletin_list_and_never_back_who_left(portal: Portal) -> None:
    zone_id, member = portal.zones["zhuhai"], portal.people[SUBSCRIBER]
    editor = portal.client(EDITOR)
    path = f"/bulletins/readers/{zone_id}"
    post(editor, path, id=str(member))
    [mine] = portal.subscriptions.of_person(member)
    assert (mine.topic, mine.state, mine.zone_id) == (Topic.BULLETINS, SubscriptionState.ACTIVE, zone_id)
    assert "接收" in text(editor.get(path).text)
    portal.subscriptions.end(member, mine.id)
    assert "已自行退出" in text(editor.get(path).text)
    post(editor, path, id=str(member))
    assert portal.subscriptions.of_person(member) == []


def test_the_list_of_a_zone_is_its_associations_and_outsiders_are_not_put_on_it(portal: Portal) -> None:
    path = f"/bulletins/readers/{portal.zones['zhuhai']}"
    assert portal.client(OTHER_EDITOR).get(path).status_code == 404
    post(portal.client(EDITOR), path, id=str(portal.people[OTHER_EDITOR]))
    assert portal.subscriptions.of_person(portal.people[OTHER_EDITOR]) == []


def test_the_audit_page_tells_why_an_address_was_not_told(portal: Portal) -> None:
    subscribed(portal, SUBSCRIBER)
    [notice_id] = portal.store(notice("SR/1"))
    page = portal.client(OPERATOR).get(f"/admin/explain?notice=SR/1&address={SUBSCRIBER}")
    assert "未命中" in text(page.text)
    assert "条件不符：墨盒" in text(page.text)
    assert "首次采集" in text(portal.client(SUBSCRIBER).get(f"/my/why/{notice_id}").text)
    assert portal.client(OPERATOR).get("/admin/explain?notice=none&address=x@y.example").status_code == 404
    assert portal.client(SUBSCRIBER).get("/admin/explain").status_code == 403
