"""The review queue: editors see what the classifier is not sure of, decide, and take back; readers see what was decided."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from domain.classification import Classification, Confidence, Evidence
from domain.criteria import Criteria, Scope
from domain.notice import Notice
from storage import changes, decisions, notices
from tests.browser.portal import EDITOR, FIRM_EDITOR, OPERATOR, SUBSCRIBER, Portal, csrf, links, post, text
from tests.builders import notice, store, store_found

LOW, REVIEW, MEDIUM = Confidence.LOW, Confidence.REVIEW, Confidence.MEDIUM


def unsure(number: int, **changed: Any) -> tuple[Notice, Classification]:
    """A notice that names one of our products in its body alone."""
    found = Classification({"ink_cartridge": REVIEW}, evidence=(
        Evidence("ink_cartridge", "body_term", "body", "ink cartridge"),))
    return notice(f"N-{number:02}", title=f"Desk set {number}", summary="It holds an ink cartridge.", product="",
                  **changed), found


@pytest.fixture
def portal(tmp_path: Path) -> Iterator[Portal]:
    found = Portal(tmp_path)
    found.ids["sure"] = store(found.db, notice("sure"))[0]
    found.ids["N"] = store_found(found.db, *(unsure(number) for number in range(12)))
    found.ids["valve"] = store_found(found.db, (
        notice("V", source="ca_recalls", title="Valve", product=""),
        Classification({"solenoid_valve": LOW}, {"eu_rohs": MEDIUM})))[0]
    yield found
    found.db.close()


def titles(page: str) -> list[str]:
    return [text(found) for found in re.findall(r'<h2 class="review-title">(.*?)</h2>', page, re.DOTALL)]


def stamp(portal: Portal, notice_id: int) -> str:
    with portal.db.read() as session:
        return decisions.dossier(session, notice_id).stamp


def classification(portal: Portal, notice_id: int) -> Classification:
    with portal.db.read() as session:
        return notices.by_id(session, notice_id).classification


@pytest.mark.parametrize(("who", "code"), [
    (None, 302), (SUBSCRIBER, 403), (FIRM_EDITOR, 403), (EDITOR, 200), (OPERATOR, 200)])
def test_the_queue_is_for_editors_of_associations_and_operators(portal: Portal, who: str | None, code: int) -> None:
    client = portal.client(who)
    assert client.get("/review").status_code == code
    assert ("更正归类" in client.get(f"/notices/{portal.ids['sure']}").text) == (code == 200)
    assert ("待判定" in client.get("/").text) == (code == 200)


def test_the_queue_lists_what_is_unsure_with_its_evidence(portal: Portal) -> None:
    page = text(portal.client(EDITOR).get("/review").text)
    for words in ("共 13 条", "Desk set 11", "欧盟委员会", "墨盒 待人工核对", "正文写明此类产品：正文 “ink cartridge”"):
        assert words in page
    assert "Air compressor" not in page


def test_the_queue_is_paged_newest_first_and_filtered(portal: Portal) -> None:
    client = portal.client(EDITOR)
    store_found(portal.db, unsure(99, published_on=date(2027, 1, 1)))
    assert titles(client.get("/review").text)[0] == "Desk set 99"
    assert len(titles(client.get("/review").text)) == 10
    assert len(titles(client.get("/review?page=2").text)) == 4
    assert len(titles(client.get("/review?page=999").text)) == 4, "beyond the last page stands the last"
    assert titles(client.get("/review?subject=solenoid_valve").text) == ["Valve"]
    assert titles(client.get("/review?source=ca_recalls&confidence=low").text) == ["Valve"]
    assert titles(client.get("/review?subject=eu_rohs").text) == [], "that one is sure"
    assert titles(client.get("/review?subject=nothing_such&source=x&confidence=y&why=z").text) == []
    assert "没有待判定的信息" in client.get("/review?why=changed").text


def test_after_a_decision_one_is_back_at_the_same_place_with_a_way_to_undo(portal: Portal) -> None:
    client, queue = portal.client(EDITOR), "/review?source=eu_safety_gate&page=2"
    last = portal.ids["N"][0]
    page = client.get(queue).text
    form = re.search(rf'action="/review/{last}".*?</form>', page, re.DOTALL)
    assert form
    back = re.search(r'name="back" value="([^"]+)"', form[0])
    assert back
    before = back[1].replace("&amp;", "&")
    assert before.startswith("/review?source=eu_safety_gate&page=2&at="), "the one before it, as none follows"
    answer = post(client, queue, f"/review/{last}", verdict="nothing", reason="other_sense", note="钢笔用",
                  stamp=stamp(portal, last), back=before)
    assert answer.location == before
    page = client.get(answer.location).text
    assert "已判定：与本行业无关。" in text(page)
    assert "Desk set 0" not in titles(page)
    undo = links(page)["撤销此判定"]
    assert undo.startswith(f"/review/{last}?back=")
    page = client.get(undo).text
    assert "判定为：与本行业无关，理由：词义不同，指的是其他产品：钢笔用" in text(page)
    assert post(client, undo, f"/review/{last}/undo", reason="mistaken", stamp=stamp(portal, last),
                back=before).location == before
    assert "Desk set 0" in titles(client.get(queue).text)


def test_the_last_one_of_a_page_leads_to_what_is_left(portal: Portal) -> None:
    client = portal.client(EDITOR)
    for number in reversed(portal.ids["N"]):
        answer = post(client, "/review", f"/review/{number}", verdict="nothing", reason="in_passing",
                      stamp=stamp(portal, number), back="/review?source=eu_safety_gate&page=2")
        assert client.get(answer.location).status_code == 200
    assert titles(client.get("/review").text) == ["Valve"]


def test_a_decision_shows_on_the_page_in_both_languages_and_mails_nobody(portal: Portal) -> None:
    client, number = portal.client(EDITOR), portal.ids["valve"]
    with portal.db.read() as session:
        before = changes.read(session, changes.MATCH, 1000)
    post(client, f"/review/{number}", product=["solenoid_valve", "safety_valve"], regulation="eu_rohs", verdict="about",
         reason="names_it", note="见第 2 页", stamp=stamp(portal, number))
    found = classification(portal, number)
    assert set(found.sure_product_types(Confidence.HIGH)) == {"solenoid_valve", "safety_valve"}
    page = text(portal.client().get(f"/notices/{number}").text)
    assert "编辑判定：安全阀、电磁阀、欧盟RoHS指令，理由：原文写明此类产品：见第 2 页。" in page
    assert "电磁阀 可信度 高" in page
    english = text(portal.client().get(f"/notices/{number}?lang=en").text)
    assert re.search("Decided by an editor: [^。]* valve", english)
    assert "Reason: the text names this product" in english
    portal.store(notice("other", source="ca_recalls"))  # and the index follows
    hits = portal.search.search(Criteria(product_types=frozenset({"safety_valve"}), scope=Scope.RELEVANT)).hits
    assert [hit.stored.id for hit in hits] == [number]
    with portal.db.read() as session:
        assert [each for each in changes.read(session, changes.MATCH, 1000) if each.subject_id == number] == [
            each for each in before if each.subject_id == number]


@pytest.mark.parametrize(("sent", "said"), [
    ({"verdict": "about", "reason": "names_it"}, "请勾选产品类别或法规"),
    ({"verdict": "about", "product": "ink_cartridge"}, "请选择或填写理由"),
    ({"verdict": "about", "product": "ink_cartridge", "reason": "other"}, "请选择或填写理由"),
    ({"verdict": "about", "product": "ink_cartridge", "reason": "other", "note": "长" * 301}, "不能超过 300 个字"),
    ({"verdict": "about", "product": "no_such", "reason": "names_it"}, "表单中的类别或法规不存在"),
    ({"verdict": "about", "regulation": "no_such", "reason": "names_it"}, "表单中的类别或法规不存在"),
    ({"verdict": "nothing"}, "请选择或填写理由"), ({}, "请勾选产品类别或法规")])
def test_a_form_that_says_too_little_comes_back_as_it_was_sent(portal: Portal, sent: dict[str, str], said: str) -> None:
    client, number = portal.client(EDITOR), portal.ids["N"][0]
    before = portal.counts()
    answer = post(client, f"/review/{number}", stamp=stamp(portal, number), back="/review?page=2", **sent)
    assert answer.status_code == 400
    assert said in text(answer.text)
    assert 'name="back" value="/review?page=2"' in answer.text
    ticked = 'value="ink_cartridge" checked' in answer.text
    assert ticked == (sent.get("product") == "ink_cartridge")
    assert portal.counts() == before


def test_two_editors_do_not_decide_over_each_other(portal: Portal) -> None:
    number = portal.ids["N"][0]
    seen = stamp(portal, number)
    sent = {"verdict": "nothing", "reason": "in_passing", "stamp": seen}
    assert post(portal.client(EDITOR), f"/review/{number}", **sent).status_code == 302
    answer = post(portal.client(OPERATOR), f"/review/{number}", **sent)
    assert answer.status_code == 409
    assert "状态可能已被他人改变" in answer.text
    assert post(portal.client(OPERATOR), f"/review/{number}", f"/review/{number}/undo", reason="mistaken",
                stamp=seen).status_code == 409


def test_an_undoing_needs_a_reason_too(portal: Portal) -> None:
    client, number = portal.client(EDITOR), portal.ids["N"][0]
    post(client, f"/review/{number}", verdict="nothing", reason="in_passing", stamp=stamp(portal, number))
    answer = post(client, f"/review/{number}", f"/review/{number}/undo", reason="names_it", stamp=stamp(portal, number))
    assert (answer.status_code, "请选择或填写理由" in answer.text) == (400, True)
    assert not classification(portal, number).product_types


def test_what_changed_since_it_was_decided_waits_again_and_says_so(portal: Portal) -> None:
    client, number = portal.client(EDITOR), portal.ids["N"][3]
    post(client, f"/review/{number}", verdict="nothing", reason="in_passing", stamp=stamp(portal, number))
    again, _ = unsure(3)
    store_found(portal.db, (replace(again, hazards=("fire",)), Classification({"toner_cartridge": MEDIUM})))
    page = text(client.get("/review?why=changed&subject=toner_cartridge").text)
    assert "已判定，但原文有变" in page
    assert "判定为：与本行业无关" in page
    assert not classification(portal, number).product_types


def test_words_of_an_editor_cannot_act(portal: Portal) -> None:
    client, number = portal.client(EDITOR), portal.ids["N"][0]
    post(client, f"/review/{number}", verdict="nothing", reason="other", note="<b>x</b>\u202e {{ 7 * 7 }}",
         stamp=stamp(portal, number), back="//evil.example/")
    for page in (client.get(f"/review/{number}").text, client.get(f"/notices/{number}").text):
        assert "<b>x" not in page
        assert "\u202e" not in page
        assert "{{ 7 * 7 }}" in page
    assert post(client, f"/review/{number}", verdict="nothing", reason="other", note="y", stamp=stamp(portal, number),
                back="//evil.example/").location == f"/notices/{number}"


def test_a_decision_without_the_token_of_the_session_does_nothing(portal: Portal) -> None:
    client, number = portal.client(EDITOR), portal.ids["N"][0]
    csrf(client, "/review")
    assert client.post(f"/review/{number}", data={"verdict": "nothing", "reason": "in_passing",
                                                  "stamp": stamp(portal, number)}).status_code == 400
    assert classification(portal, number).product_types
