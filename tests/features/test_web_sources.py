"""Sources: readers see what is wrong and since when; the operator pauses, resumes, runs and releases."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from domain import clock
from domain.source import Reason, RunKind, RunStatus
from storage import overview, runs, sources
from tests.browser import scene
from tests.browser.portal import OPERATOR, Portal, post, text
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


def test_a_reading_of_captures_anew_is_told_from_a_crawl_and_says_nothing_about_health(portal: Portal) -> None:
    with portal.db.read() as session:
        before = sources.view(session, "eu_safety_gate").health
    run = runs.start(portal.db, source("eu_safety_gate"), RunKind.REPARSE)
    runs.finish(portal.db, run, RunStatus.FAILED, Reason("error", {"what": "a slip of ours"}), runs.Tally())
    page = text(portal.client().get("/sources/eu_safety_gate").text)
    assert "重新解析已有原始记录，未访问来源，不推送" in page
    with portal.db.read() as session:
        assert sources.view(session, "eu_safety_gate").health == before
