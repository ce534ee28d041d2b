"""The command line: JSON that programs rely on, exit status that tells, mistakes told in one line."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from crawlers.cards import cards
from storage import locks, sources
from tests.conftest import Installed
from zonewatch.demo.sites import SampleSites, is_sampled

SLUGS = sorted(card.slug for card in cards() if is_sampled(card.slug))
SOURCE_FIELDS = {"slug", "title", "market", "state", "since", "reason", "reason_zh", "last_success", "floor", "held_runs",
                 "paused_why", "grade", "notices", "last_run"}
RUN_FIELDS = {"status", "reason", "created", "revised", "unchanged", "withdrawn", "requests", "seconds"}
HIT_FIELDS = {"source", "external_id", "kind", "market", "published_at", "title", "url", "product_types", "horizontal"}


@pytest.fixture(scope="module")
def loaded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installed]:
    """An installation that has crawled and indexed the sample sites."""
    sites = SampleSites()
    sites.day = 2
    installed = Installed(tmp_path_factory.mktemp("cli"), GATEWAY_URL=sites.url, CRAWL_DELAY="0",
                          OPERATOR_EMAIL="operator@zone.example")
    installed.run("init")
    for slug in SLUGS:
        sources.set_floor(installed.db, slug, 1, "test")
    installed.run("crawl", *SLUGS)
    installed.run("index")
    yield installed
    sites.close()


def test_sources_tell_state_grade_and_last_run(loaded: Installed) -> None:
    found = loaded.json("sources")
    assert [each["slug"] for each in found] == [card.slug for card in cards()]
    assert all(each.keys() == SOURCE_FIELDS for each in found)
    for each in (each for each in found if each["slug"] in SLUGS):
        assert each["last_run"].keys() == RUN_FIELDS
        assert (each["state"], each["grade"], each["last_run"]["status"]) == ("healthy", "proven", "ok")
        assert each["since"] == each["last_success"] != "", "one crawl so far"
        assert (each["reason"], each["reason_zh"], each["floor"], each["paused_why"]) == ("", "", 1, None)


def test_sources_fit_eighty_columns_one_line_each_and_the_rest_is_told_on_demand(loaded: Installed) -> None:
    short = loaded.run("sources").splitlines()
    assert max(map(len, short)) <= 80
    for each in loaded.json("sources"):
        [line] = [line for line in short if f" {each['slug']} " in line]
        day, time = (each["last_success"] or "–T")[:16].split("T")
        assert line.strip("│ ").replace("│", " ").split() == [
            each["slug"], each["state"], *filter(None, (day, time)), str(each["notices"])]
    told = loaded.run("sources", "--verbose")
    for card in cards():
        assert card.slug in told
        assert f"{card.title} ({card.market})" in told


def test_a_crawl_reports_every_source_and_a_second_one_brings_nothing(loaded: Installed) -> None:
    for report in loaded.json("crawl", *SLUGS):
        assert RUN_FIELDS | {"slug"} <= report.keys()
        assert (report["status"], report["created"], report["revised"]) == ("ok", 0, 0)


def test_a_dry_run_parses_and_stores_nothing(loaded: Installed) -> None:
    before = loaded.json("sources")
    [report] = loaded.json("crawl", "--dry-run", "eu_safety_gate")
    assert (report["status"], report["run"]) == ("ok", 0)
    assert loaded.json("sources") == before


def test_search_finds_by_chinese_words_and_narrows_by_options(loaded: Installed) -> None:
    found = loaded.json("search", "电磁阀")
    assert found["criteria"] == {"product_types": ["solenoid_valve"], "scope": "relevant"}
    assert {hit["market"] for hit in found["hits"]} == {"EU", "SA"}
    assert all(hit.keys() == HIT_FIELDS for hit in found["hits"])
    assert found["total"] == len(found["hits"])
    assert found["facets"]["market"] == {"EU": 1, "SA": 1, "GCC": 1}, "a group stands for its members too"
    only = loaded.json("search", "电磁阀", "--market", "EU", "--kind", "border_action")
    assert [hit["external_id"] for hit in only["hits"]] == ["SR/90011/26"]


def test_search_says_what_it_took_otherwise(loaded: Installed) -> None:
    found = loaded.json("search", "diancifa")
    assert found["total"] == loaded.json("search", "电磁阀")["total"] > 0
    assert found["corrections"] == [{"typed": "diancifa", "taken": "电磁阀"}]
    assert "diancifa → 电磁阀" in loaded.run("search", "diancifa")


def test_the_default_scope_hides_what_is_not_ours_and_the_switch_shows_it(loaded: Installed) -> None:
    assert loaded.json("search", "mustard")["total"] == 0
    assert loaded.json("search", "mustard", "--scope", "all")["total"] == 1


def test_options_narrow_what_the_query_asks_for(loaded: Installed) -> None:
    alone = loaded.json("search", "电磁阀")
    assert loaded.json("search", "电磁阀", "--product", "solenoid_valve")["total"] == alone["total"]
    both = loaded.json("search", "气缸 电磁阀", "--product", "solenoid_valve")
    assert both["criteria"]["product_types"] == ["solenoid_valve"]
    for options in (["--product", "nosuch"], ["--market", "XX"], ["--kind", "zzz"], ["--limit", "-1"]):
        loaded.run("search", "x", *options, status=2)


def test_a_rule_in_all_sources_is_whatever_mentions_it(loaded: Installed) -> None:
    ours = {hit["external_id"] for hit in loaded.json("search", "RoHS")["hits"]}
    all_of_them = {hit["external_id"] for hit in loaded.json("search", "RoHS", "--scope", "all")["hits"]}
    assert "OR/90005/26" in all_of_them - ours


def test_classify_reads_records_with_missing_fields(installed: Installed, tmp_path: Path) -> None:
    file = tmp_path / "records.jsonl"
    file.write_text(json.dumps({"id": "a", "text": "Rückruf: Tintenpatronen für Drucker"}, ensure_ascii=False) + "\n"
                    + json.dumps({"id": "b", "text": "Facial toner 200 ml", "category": "Cosmetics"}) + "\n"
                    + json.dumps({"id": "c", "codes": {"hs": "8412.31"}}) + "\n"
                    + json.dumps({"id": "d", "text": "x", "codes": "8443"}) + "\n")
    first, second, *_ = map(json.loads, installed.run("classify", str(file), "--json").splitlines())
    assert first.keys() == {"id", "product_types", "horizontal", "confidence", "evidence"}
    assert first["product_types"] == ["ink_cartridge"]
    assert first["confidence"]["ink_cartridge"] == "medium"
    assert (second["id"], second["product_types"], second["horizontal"]) == ("b", [], [])


def test_a_mistake_is_told_in_one_line(installed: Installed, tmp_path: Path) -> None:
    file = tmp_path / "records.jsonl"
    file.write_text('{"text": "a"}\nnot json\n')
    for command in (("classify", str(file)), ("crawl", "no_such_source"), ("release", "99"), ("send",),
                    ("member", "no address", "--zone", "fenghua")):
        installed.run("init")
        process = installed.start(*command, stdout=-1, stderr=-1)
        _, error = process.communicate(timeout=60)
        assert process.returncode == 2, (command, error)
        assert error.startswith("zonewatch: "), error
        assert "Traceback" not in error


def test_doctor_names_what_is_wrong_and_no_secret(installed: Installed) -> None:
    installed.run("init")
    installed.set(MAIL_URL="smtp://user:hunter2@127.0.0.1:1/?starttls=1", MAILURL="x", SECRET_KEY="hunter2" * 6)
    said = installed.run("doctor", status=1)
    assert "ZONEWATCH_MAILURL is not a setting" in said
    assert "127.0.0.1:1" in said
    assert "hunter2" not in said


def test_doctor_survives_what_it_should_diagnose(installed: Installed) -> None:
    broken = installed.folder / "broken.db"
    broken.write_text("this is no database, and long enough not to be taken for an empty one")
    installed.set(MAIL_URL="smtp://127.0.0.1:99999", DATABASE_URL=f"sqlite:///{broken}")
    said = " ".join(installed.run("doctor", status=1).split())
    assert "cannot be used" in said
    assert "mail" in said


def test_a_paused_source_says_so(loaded: Installed) -> None:
    sources.pause(loaded.db, "ca_recalls", "the publisher asked us to", "test")
    [report] = loaded.json("crawl", "ca_recalls", status=1)
    assert re.search(r"ca_recalls  paused since .*\n  .*the publisher asked us to", loaded.run("sources", "-v"))
    sources.resume(loaded.db, "ca_recalls", "test")
    assert (report["status"], report["run"]) == ("failed", 0)
    assert "paused" in report["reason"]


def test_init_can_be_repeated(installed: Installed) -> None:
    assert installed.run("init") == installed.run("init")


def test_a_command_beside_a_running_worker_asks_it(loaded: Installed) -> None:
    worker = loaded.start("worker")
    try:
        for _ in range(100):
            if not locks.is_free(loaded.db, "worker"):
                break
            time.sleep(0.1)
        said = loaded.run("index", "--rebuild")
        assert "a worker is running: asked it (task" in said
    finally:
        worker.terminate()
        assert worker.wait(30) == 0
