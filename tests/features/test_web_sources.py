"""Sources: readers see what is wrong and since when; the operator pauses, resumes, runs and releases."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest

from domain import clock
from domain.source import Grade, Reason, RunKind, RunStatus
from storage import keys, overview, runs, sources
from tests.browser import scene
from tests.browser.portal import OPERATOR, SECRET, Portal, post, text
from tests.builders import source


@pytest.fixture
def portal(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Portal]:
    found = Portal(tmp_path_factory.mktemp("portal"))
    scene.build(found)
    yield found
    found.db.close()


@pytest.fixture(autouse=True)
def _the_day_of_the_scene(portal: Portal) -> None:
    clock.fix(scene.NOW)


def test_readers_see_the_state_of_every_source_why_and_since_when(portal: Portal) -> None:
    page = text(portal.client().get("/sources").text)
    for words in ("加拿大召回与安全警示", "采集失败",
                  "返回的是网页（“Technical difficulties”）而不是数据", "自 2026-11-22 10:30 起",
                  "数量异常偏少", "本次只见到 3 条，应不少于 500 条", "预警待核对", "已暂停", "对方正在更换网站"):
        assert words in page


def test_a_source_shows_its_card_floor_caveats_and_runs(portal: Portal) -> None:
    page = text(portal.client().get("/sources/eu_safety_gate").text)
    for words in ("欧盟委员会司法与消费者总司", "CC BY 4.0", "完整采集至少应见到 40 条", "通常每 21 天内应有新信息",
                  "每 24 小时一次", "个别国家的通报可能延迟一到两周", "采集记录", "完成"):
        assert words in page


def test_a_source_with_a_card_only_says_why_and_where_to_look(portal: Portal) -> None:
    card = source("oecd_recalls", grade=Grade.CARD_ONLY, caveats=("Robots may not.", "Look there."),
                  caveats_zh=("对方不许程序访问。", "请到那里查阅。"))
    sources.save_cards(portal.db, [card])
    assert "对方不许程序访问" in text(portal.client().get("/sources").text)
    operator = portal.client(OPERATOR)
    page = text(operator.get("/sources/oecd_recalls").text)
    for words in ("不采集", "对方不许程序访问", "到哪里查阅", "请到那里查阅", "只有来源卡，没有采集程序"):
        assert page.count(words) == 1, words
    for words in ("采集方式", "下限", "采集记录", "运维操作"):
        assert words not in page
    assert post(operator, "/sources/eu_safety_gate", "/sources/oecd_recalls/crawl").status_code == 409


def test_reasons_are_said_in_the_readers_language(portal: Portal) -> None:
    assert "answered with an HTML page instead of data" in portal.client().get("/sources/ca_recalls?lang=en").text


def test_only_the_operator_sees_the_buttons(portal: Portal) -> None:
    assert "暂停采集" not in portal.client().get("/sources/eu_safety_gate").text
    assert "暂停采集" in portal.client(OPERATOR).get("/sources/eu_safety_gate").text


def test_the_operator_pauses_with_an_explanation_and_resumes(portal: Portal) -> None:
    operator, path = portal.client(OPERATOR), "/sources/eu_safety_gate"
    assert post(operator, path, f"{path}/pause", why="  ").status_code == 400
    post(operator, path, f"{path}/pause", why="对方接口改版 <b>")
    page = portal.client().get(path).text
    assert "对方接口改版 &lt;b&gt;" in page
    assert "已暂停" in page
    post(operator, path, f"{path}/resume")
    assert "已暂停" not in portal.client().get(path).text


def test_the_operator_asks_for_a_run(portal: Portal) -> None:
    operator = portal.client(OPERATOR)
    post(operator, "/sources/eu_safety_gate", "/sources/eu_safety_gate/crawl")
    assert post(operator, "/sources/eu_safety_gate", "/sources/no_such/crawl").status_code == 404
    with portal.db.read() as session:
        [task] = overview.recent_tasks(session, 10)
    assert (task.kind, task.payload, task.state) == ("crawl", {"slug": "eu_safety_gate"}, "waiting")
    assert "采集来源 · 欧盟 Safety Gate 危险产品通报" in text(operator.get("/admin").text)


def test_the_operator_releases_a_held_run_once(portal: Portal) -> None:
    operator = portal.client(OPERATOR)
    with portal.db.read() as session:
        [run] = runs.held(session)
    assert "将触发预警的信息有 412 条" in operator.get("/admin").text
    answers = [post(operator, "/admin", f"/sources/{run.slug}/release", run=str(run.id)) for _ in range(2)]
    assert [answer.status_code for answer in answers] == [302, 409]
    with portal.db.read() as session:
        assert runs.held(session) == []


@pytest.mark.parametrize("run", ["", "x", "0", "99999", "9" * 40])
def test_a_run_that_does_not_exist_cannot_be_released(portal: Portal, run: str) -> None:
    assert post(portal.client(OPERATOR), "/admin", "/sources/ca_recalls/release", run=run).status_code == 404


def test_the_operator_sees_mail_queues_and_asks_for_a_rebuild(portal: Portal) -> None:
    operator = portal.client(OPERATOR)
    page = text(operator.get("/admin").text)
    assert "发送失败的邮件 0" in page
    assert "等待匹配订阅的变更" in page
    post(operator, "/admin", "/admin/rebuild")
    assert "重建检索索引 等待中" in text(operator.get("/admin").text)


def test_a_source_that_is_not_there_is_a_404(portal: Portal) -> None:
    assert portal.client().get("/sources/no_such").status_code == 404


def test_the_operator_sees_why_a_run_failed_and_the_bytes_that_came(portal: Portal) -> None:
    operator, run = portal.client(OPERATOR), portal.ids["failed_run"]
    assert f"/sources/ca_recalls/runs/{run}" in operator.get("/admin").text
    page = text(operator.get(f"/sources/ca_recalls/runs/{run}").text)
    for words in ("返回的是网页（“Technical difficulties”）而不是数据", "没有读到的页面 https://recalls.example/data.json",
                  "unknown field 'Column 30' × 2", "200"):
        assert words in page
    answer = operator.get(f"/sources/ca_recalls/runs/{run}/captures/{portal.ids['failed_capture']}")
    assert answer.data == b"<html><title>Technical difficulties</title></html>"
    assert answer.mimetype == "text/plain", "never a page of ours"
    assert "sandbox" in answer.headers["Content-Security-Policy"]
    assert answer.headers["Content-Disposition"].startswith("attachment")


def test_bytes_are_found_under_their_own_run_and_source_only(portal: Portal) -> None:
    operator, run, capture = portal.client(OPERATOR), portal.ids["failed_run"], portal.ids["failed_capture"]
    for path in (f"/sources/eu_safety_gate/runs/{run}", f"/sources/eu_safety_gate/runs/{run}/captures/{capture}",
                 f"/sources/ca_recalls/runs/{run}/captures/1", f"/sources/ca_recalls/runs/{run}/captures/99999",
                 "/sources/ca_recalls/runs/99999"):
        assert operator.get(path).status_code == 404, path


KEYED = source("us_keyed", needs_key=True)
PATH = "/sources/us_keyed"


def test_the_operator_enters_an_api_key_that_nobody_sees_again(portal: Portal) -> None:
    sources.save_cards(portal.db, [KEYED])
    operator, secret = portal.client(OPERATOR), "Kq9-a.very:secret/key=="
    assert "API 密钥" not in operator.get("/sources/eu_safety_gate").text
    assert post(operator, PATH, f"{PATH}/key", key=f"  {secret} ").status_code == 302
    assert "已保存，不显示" in operator.get(PATH).text
    with portal.db.read() as session:
        assert keys.key_of(session, "us_keyed", SECRET) == secret
        assert keys.key_of(session, "us_keyed", "another installation") == ""
    kept = "".join(str(row) for table in ("sources", "audit", "tasks") for row in portal.db.engine.connect().exec_driver_sql(
        f"SELECT * FROM {table}"))
    assert secret not in kept + operator.get(PATH).text + operator.get("/admin").text
    post(operator, PATH, f"{PATH}/key", key="")
    with portal.db.read() as session:
        assert keys.key_of(session, "us_keyed", SECRET) == ""


@pytest.mark.parametrize("key", ["abc", "with blank", "密钥密钥密钥", "x\r\nHost: evil", "a" * 501])
def test_what_can_be_no_key_is_refused(portal: Portal, key: str) -> None:
    sources.save_cards(portal.db, [KEYED])
    assert post(portal.client(OPERATOR), PATH, f"{PATH}/key", key=key).status_code == 400


def test_the_list_begins_with_what_needs_attention_then_what_works_and_counts_what_is_fine(portal: Portal) -> None:
    page = text(portal.client().get("/sources").text)
    assert "6 个来源中 2 个正常，3 个需要留意，1 个目前不采集。" in page
    order = [page.index(title) for title in (
        "加拿大召回与安全警示", "日本消费者厅召回信息", "WTO/TBT 通报", "德国 BAuA", "欧盟 Safety Gate", "法国 RappelConso")]
    assert order == sorted(order)
    assert "2 of 6 sources are fine, 3 in need of attention, 1 not crawled at present." in text(
        portal.client().get("/sources?lang=en").text)


def test_one_failure_is_told_apart_from_a_long_one_by_the_last_good_crawl(portal: Portal) -> None:
    page = text(portal.client().get("/sources/ca_recalls").text)
    assert "自 2026-11-22 10:30 起；上次正常采集：2026-11-21 07:00" in page


def test_a_source_shows_how_its_state_changed_why_and_for_how_long(portal: Portal) -> None:
    page = text(portal.client().get("/sources/ca_recalls").text)
    history = page[page.index("状态变化"):]
    for words in ("2026-11-22 10:30 采集失败", "1 分钟 （至今）", "2026-11-21 07:00 正常 1 天", "2026-11-21 02:00 被拦截",
                  "返回 HTTP 状态码 403 5 小时", "2026-11-20 16:00 正常 10 小时"):
        assert words in history
    english = text(portal.client().get("/sources/ca_recalls?lang=en").text)
    assert "20 Nov 2026, 16:00 Healthy 10 hours" in english[english.index("Changes of state"):]


def test_alerts_that_wait_are_named_whatever_else_is_wrong(portal: Portal) -> None:
    run = runs.start(portal.db, scene.WTO)
    runs.finish(portal.db, run, RunStatus.FAILED, Reason("timed_out", {"url": "u"}), runs.Tally())
    for path in ("/sources", "/sources/wto_tbt_notifications"):
        assert "另有 1 次采集的预警待核对" in text(portal.client().get(path).text)


def test_a_search_says_when_a_source_of_its_markets_has_missed_news_for_a_day(portal: Portal) -> None:
    warning = "日本消费者厅召回信息自 2026-11-21 起数量异常偏少，结果可能不全。"
    client = portal.client()
    assert warning in text(client.get("/?market=JP").text)
    assert warning in text(client.get("/?q=墨盒&year=1999").text), "nothing was found"
    for path in ("/", "/?q=墨盒", "/?market=EU", "/?source=ca_recalls"):
        assert "结果可能不全" not in client.get(path).text, path
    english = text(client.get("/?market=JP&lang=en").text)
    assert "CAA recall information: Unusually few since 21 Nov 2026. Results may be incomplete." in english


def test_case_34_a_silent_source_says_how_many_times_its_usual_interval_it_has_been_so(portal: Portal) -> None:
    clock.fix(scene.NOW + timedelta(days=40))
    portal.store(card=scene.DE)
    page = text(portal.client().get("/sources/de_baua_recalls").text)
    assert "长期无新信息" in page
    assert "最新一条为 2026-11-19；通常每 30 天内应有新信息；已 43 天，是这一间隔的 1.4 倍" in page
    assert "自 2026-12-19 08:00 起" in page

def test_a_reading_of_captures_anew_is_told_from_a_crawl_and_says_nothing_about_health(portal: Portal) -> None:
    with portal.db.read() as session:
        before = sources.view(session, "eu_safety_gate").health
    run = runs.start(portal.db, source("eu_safety_gate"), RunKind.REPARSE)
    runs.finish(portal.db, run, RunStatus.FAILED, Reason("error", {"what": "a slip of ours"}), runs.Tally())
    page = text(portal.client().get("/sources/eu_safety_gate").text)
    assert "重新解析已有原始记录，未访问来源，不推送" in page
    with portal.db.read() as session:
        assert sources.view(session, "eu_safety_gate").health == before
