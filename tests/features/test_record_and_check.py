"""Looking at sources without storing what they hold: a live run written down, cards and spiders checked, one asked once."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, select

import crawlers.check
from crawlers.cards import cards
from crawlers.check import check, newest_since
from crawlers.spiders.eu_safety_gate import EuSafetyGate
from crawlers.spiders.kr_kats_recalls import KrKatsRecalls
from domain import clock
from domain.source import Expectation, Listing
from storage import sources
from storage.models import AuditRow, Capture, NoticeRow, SourceRow, SourceRunRow
from tests.conftest import Installed
from tests.publishers import CA_DUMP, EU_INDEX, ca_dump, eu_index, eu_report, eu_report_url
from tests.replay import SOURCES, Answer, Gateway, replay

Serve = Callable[..., Gateway]
EU = "eu_safety_gate"
NOW = "2026-11-21T08:00:00+00:00"


def installed_before(gateway: Gateway, folder: Path) -> Installed:
    found = Installed(folder, GATEWAY_URL=gateway.url, CRAWL_DELAY="0", NOW=NOW)
    found.run("init")
    return found


def kept(installed: Installed) -> list[int]:
    with installed.db.read() as session:
        return [session.scalar(select(func.count()).select_from(model)) or 0
                for model in (NoticeRow, Capture, SourceRunRow)]


@pytest.fixture
def weekly(serve: Serve) -> Gateway:
    moved = eu_report_url(1001).replace("/xml/1001", "/xml/01001")
    return serve({
        EU_INDEX: eu_index(1001, 1002),
        eu_report_url(1001): Answer(status=302, headers={"Location": moved}),
        moved: eu_report(1001, "SR/0001/26"),
        eu_report_url(1002): eu_report(1002, "SR/0002/26", "SR/0003/26", headers={"Content-Type": "text/xml"}),
    })


def test_a_live_run_is_written_down_as_a_case_that_can_be_replayed(weekly: Gateway, tmp_path: Path) -> None:
    installed = installed_before(weekly, tmp_path)
    sources.set_floor(installed.db, EU, 1, "test")
    said = installed.run("record", EU)
    case = tmp_path / "recorded" / EU / "recorded.json"
    assert "4 answers beside" in said
    assert "not to be committed" in said
    written = json.loads(case.read_text("utf-8"))
    assert (written["now"], "expected" in written) == (NOW, False)
    assert "not to be committed" in written["note"]
    assert written["answers"][eu_report_url(1001)]["status"] == 302
    assert written["answers"][eu_report_url(1002)]["headers"] == {"Content-Type": "text/xml"}
    assert written["answers"][EU_INDEX]["file"] == "recorded.1.xml"
    outcome = replay(case)
    assert (outcome["unknown"], outcome["unused"]) == ([], [])
    assert [each["external_id"] for each in outcome["found"]["notices"]] == ["SR/0001/26", "SR/0002/26", "SR/0003/26"]
    assert kept(installed) == [0, 0, 0]


def test_another_recording_takes_the_place_of_the_one_before(serve: Serve, tmp_path: Path) -> None:
    gateway = serve({CA_DUMP: ca_dump(1, 2)})
    installed = installed_before(gateway, tmp_path)
    sources.set_floor(installed.db, "ca_recalls", 1, "test")
    installed.run("record", "ca_recalls")
    gateway.answers[CA_DUMP] = Answer(b"<html><title>Access denied</title></html>", "text/html")
    assert "blocked" in installed.run("record", "ca_recalls", status=1)
    folder = tmp_path / "recorded" / "ca_recalls"
    assert sorted(file.name for file in folder.iterdir()) == ["recorded.1.html", "recorded.json"]


def test_the_cards_and_spiders_of_this_version_are_in_order(tmp_path: Path) -> None:
    assert [finding for finding in check(cases=SOURCES) if finding.wrong] == []
    installed = Installed(tmp_path)
    assert installed.run("check").endswith("nothing is wrong\n")
    installed.set(KEY_CA_RECALLS="key", KEY_ATLANTIS="key", **{
        f"KEY_{card.slug.upper()}": "key" for card in cards() if card.needs_key})
    assert installed.run("check", status=1).splitlines() == [
        "ca_recalls: a key is set for it, but it needs none",
        "atlantis: a key is set for it, but there is no such source"]


@pytest.mark.parametrize(("changes", "said"), [
    ({"slug": "kr_kats"}, "its slug is 'kr_kats', its file kr_kats_recalls.py"),
    ({"market": "XX"}, "its market 'XX' is in no list"),
    ({"title_zh": "Recalls"}, "its title is not said in Chinese"),
    ({"summary": " "}, "its summary is not said in English"),
    ({"caveats": ()}, "it has 0 caveats in English and 5 in Chinese"),
    ({"expectation": Expectation(0, 10)}, "its floor is not above 0: a source that yields nothing would pass for well"),
    ({"expectation": Expectation(1, 0)}, "it may be silent for no day"),
    ({"licence": ""}, "its licence is not stated"),
    ({"url": "javascript:alert(1)"}, "its address 'javascript:alert(1)' is no web address"),
    ({"hosts": ("https://sftc.seoul.go.kr",)}, "its host 'https://sftc.seoul.go.kr' is no plain name of a host"),
    ({"hosts": ("sftc.seoul.go.kr", "elsewhere.example")},
     "it names the host elsewhere.example, on which no address of its spider lies"),
    ({"parser_version": 0}, "its parser version is 0"),
    ({"delay": 0.0}, "its rhythm and its delay must be above 0"),
])
def test_what_is_wrong_with_a_card_is_said_in_a_line(monkeypatch: pytest.MonkeyPatch, changes: dict[str, Any],
                                                     said: str) -> None:
    monkeypatch.setattr(KrKatsRecalls, "card", replace(KrKatsRecalls.card, **changes))
    assert [(finding.slug, finding.text) for finding in check() if finding.wrong] == [("kr_kats_recalls", said)]


def test_a_spider_without_a_case_and_one_that_cannot_be_loaded_are_told(tmp_path: Path,
                                                                        monkeypatch: pytest.MonkeyPatch) -> None:
    cases = {finding.slug for finding in check(cases=tmp_path) if finding.text.startswith("it has no case")}
    assert {EU, "ca_recalls"} <= cases
    import_module = crawlers.check.import_module

    def broken(name: str) -> Any:
        if name.endswith(EU):
            raise SyntaxError("invalid syntax")
        return import_module(name)

    monkeypatch.setattr(crawlers.check, "import_module", broken)
    assert [finding.text for finding in check() if finding.slug == EU] == [
        f"{EU}.py cannot be imported: SyntaxError: invalid syntax"]


def test_a_key_that_is_needed_and_not_set_is_said_and_is_no_fault(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(KrKatsRecalls, "card", replace(KrKatsRecalls.card, needs_key=True))
    [finding] = [finding for finding in check() if finding.slug == "kr_kats_recalls"]
    assert (finding.wrong, "ZONEWATCH_KEY_KR_KATS_RECALLS" in finding.text) == (False, True)
    assert [finding for finding in check({"kr_kats_recalls"}) if finding.slug == "kr_kats_recalls"] == []


def test_a_source_that_is_read_live_is_noted_as_checked_and_nothing_else_is(weekly: Gateway, tmp_path: Path) -> None:
    installed = installed_before(weekly, tmp_path)
    said = installed.run("check", "--live", EU)
    assert "4 requests" in said.replace("5 requests", "4 requests")  # robots.txt may count
    assert "3 notices since 2026-10-10" in said
    assert said.count("https://ec.europa.eu/safety-gate-alerts/screen/webReport/alertDetail/") == 3
    assert "it reads the real source" in said
    with installed.db.read() as session:
        assert session.get_one(SourceRow, EU).checked_at == datetime.fromisoformat(NOW)
        assert [row.action for row in session.scalars(select(AuditRow))] == ["check_source"]
    assert kept(installed) == [0, 0, 0]


@pytest.mark.parametrize(("answers", "said"), [
    ({CA_DUMP: Answer(b"<html><title>Access denied</title></html>", "text/html")}, "blocked: "),
    ({CA_DUMP: ca_dump(1, 2)}, "incomplete: below its floor: saw 2 notices, expects at least 20000"),
])
def test_a_source_that_is_not_read_well_is_not_noted(serve: Serve, tmp_path: Path, answers: dict[str, Answer],
                                                     said: str) -> None:
    installed = installed_before(serve(answers), tmp_path)
    assert said in installed.run("check", "--live", "ca_recalls", status=1)
    with installed.db.read() as session:
        assert session.get_one(SourceRow, "ca_recalls").checked_at is None


def test_a_live_check_asks_for_as_much_as_must_hold_something() -> None:
    card = EuSafetyGate.card
    assert newest_since(card) == clock.today() - timedelta(days=2 * card.expectation.max_silence_days)
    assert newest_since(replace(card, listing=Listing.FULL)) is None
