"""The page of a notice: everything known about it, where it came from, and nothing of it that acts."""

from __future__ import annotations

import re
from datetime import date

import pytest

from domain.classification import Classification, Confidence, Evidence
from tests.browser.portal import EDITOR, Portal, text
from tests.builders import notice
from webapp.notices.evidence import RULES, product_findings, rule_text

pytestmark = pytest.mark.usefixtures("day_of_the_scene")


def page(portal: Portal, name: str, query: str = "") -> str:
    answer = portal.client().get(f"/notices/{portal.ids[name]}{query}")
    assert answer.status_code == 200
    return answer.text


def test_all_fields_stand_under_chinese_labels(portal: Portal) -> None:
    found = text(page(portal, "red"))
    for words in ("目标市场 欧盟", "通报国 德国", "品牌 Examplair", "型号 EX-24/8, EX-50/8", "HS 编码 841480",
                  "原产地 中国", "危害 人身伤害",
                  "风险等级 严重风险", "措施 撤出市场、从最终用户处召回、禁止销售", "发布机构编号 SR/04417/26",
                  "生效日期 2026-12-01"):
        assert words in found


def test_values_as_published_are_kept_beside_ours(portal: Portal) -> None:
    assert "countryOfOrigin People's Republic of China" in text(page(portal, "red"))


def test_a_notice_says_why_it_has_its_level_and_its_product_type(portal: Portal) -> None:
    found = text(page(portal, "red"))
    assert "红色预警：原产中国的本行业产品在目标市场被召回、被通报或在口岸被拦截。" in found
    assert "空气压缩机 可信度 高" in found
    assert "编码包含此类产品，标题或产品名称写明此类产品" in found
    assert "标题 “air compressor”" in found


def test_a_rule_names_the_product_types_it_binds(portal: Portal) -> None:
    found = text(page(portal, "tbt"))
    assert "欧盟RoHS指令 可信度 高" in found
    assert "约束本行业 21 类产品" in found
    assert "电磁阀" in found


def test_history_says_what_was_and_what_is(portal: Portal) -> None:
    found = text(page(portal, "red"))
    assert "生效日期 未注明 → 改为2026-12-01" in found
    assert "措施 原为撤出市场、从最终用户处召回 → 改为撤出市场、从最终用户处召回、禁止销售" in found


def test_a_withdrawn_notice_stays_visible_and_says_who_and_why(portal: Portal) -> None:
    found = text(page(portal, "gone"))
    assert "此信息已撤回 · 2026-11-22 10:30" in found
    assert "发布机构的完整清单已连续两次不再列出此信息。" in found
    assert "The coupling may come loose" in found


def test_the_link_to_the_original_gives_nothing_away(portal: Portal) -> None:
    link = '<a class="button" href="https://safety-gate.example/alert/SR/04417/26" rel="noopener nofollow external">'
    assert link in page(portal, "red")


def test_text_of_a_publisher_cannot_act(portal: Portal) -> None:
    found = page(portal, "nasty")
    assert "<script>alert" not in found
    assert "<img" not in found
    assert 'href="javascript:' not in found
    assert 'href="javascript:' not in page(portal, "red")
    assert "\u202e" not in found, "no text may turn the direction of what is read"
    assert "&lt;script&gt;alert(&#39;x&#39;)&lt;/script&gt; evil" in found


@pytest.mark.parametrize("url", [
    "javascript:alert(1)", "JaVaScRiPt:alert(1)", "java\tscript:alert(1)", "data:text/html,x", "//evil.example/", "ftp://x.example/",
    "https://good.example\\@10.0.0.1/", "https://user@evil.example/", "https:///x", "http://[::1", " https://x.example"])
def test_only_plain_web_addresses_become_links(portal: Portal, url: str) -> None:
    [number] = portal.store(notice(f"U-{abs(hash(url))}", url=url, documents=(url,)))
    found = portal.client().get(f"/notices/{number}").text
    assert re.findall(r'href="([^"/#][^"]*)"', found) == []
    assert 'href="//' not in found


def test_foreign_titles_carry_their_language(portal: Portal) -> None:
    assert '<bdi lang="de">Rückruf: Druckluftkompressor' in page(portal, "german")


def test_a_capture_shows_where_and_when_and_hands_out_bytes_nobody_renders(portal: Portal) -> None:
    path = f"/notices/{portal.ids['red']}/capture"
    found = text(portal.client().get(path).text)
    assert "https://safety-gate.example/weekly/2026-47.xml" in found
    assert "ETag" in found
    assert "session=abc" not in found
    answer = portal.client().get(f"{path}/body")
    assert answer.data.startswith(b"<?xml")
    assert answer.mimetype == "text/plain"
    assert answer.headers["Content-Disposition"].startswith("attachment")
    assert "sandbox" in answer.headers["Content-Security-Policy"]
    assert answer.headers["X-Content-Type-Options"] == "nosniff"


@pytest.mark.parametrize("path", [
    "/notices/99999", "/notices/0", "/notices/99999999999999999999", "/notices/x", "/notices/99999/capture"])
def test_a_notice_that_is_not_there_is_a_friendly_404(portal: Portal, path: str) -> None:
    answer = portal.client().get(path)
    assert answer.status_code == 404
    assert "返回检索页" in answer.text


def test_a_notice_without_capture_has_no_capture_page(portal: Portal) -> None:
    path = f"/notices/{portal.ids['ink']}"
    assert "查看原始记录" not in portal.client().get(path).text
    assert portal.client().get(f"{path}/capture").status_code == 404


def test_only_editors_are_offered_to_put_it_into_a_bulletin(portal: Portal) -> None:
    path = f"/notices/{portal.ids['red']}"
    assert "加入简报" not in portal.client().get(path).text
    assert "加入《墨盒化学品标签专题（草稿）》" in portal.client(EDITOR).get(path).text


def test_dates_not_stated_are_said_to_be_so(portal: Portal) -> None:
    [number] = portal.store(notice("undated", published_on=None))
    assert "发布日期 未注明" in text(portal.client().get(f"/notices/{number}").text)
    [number] = portal.store(notice("dated", published_on=date(2026, 1, 2)))
    assert "发布日期 2026-01-02" in text(portal.client().get(f"/notices/{number}").text)


def test_candidates_for_review_are_never_shown_as_findings() -> None:
    found = Classification({"air_compressor": Confidence.REVIEW, "safety_valve": Confidence.LOW}, evidence=(
        Evidence("safety_valve", "weak_term+context", "title", "valve"),
        Evidence("safety_valve", "vetoed_by:negative", "body", "x")))
    assert [each.id for each in product_findings(found)] == ["safety_valve"]
    assert [each.rule for each in product_findings(found)[0].reasons] == ["出现多义词，上下文支持此含义"]


def test_rules_of_the_classifier_are_said_in_words(portal: Portal) -> None:
    """Whatever fires on the scene's notices has words; a rule without words would show its id."""
    for notice_id in range(1, 12):
        told = text(portal.client().get(f"/notices/{notice_id}").text).split("详细内容")[0]
        assert re.findall(r"\b[a-z]+_[a-z_]+\b", told) == []
    assert rule_text("number_in_title;doubt:aviation") == f"{RULES['number_in_title']}，{RULES['doubt']}"
