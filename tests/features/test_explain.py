"""The way of a notice from bytes to index and mails: told whole, and where it stopped."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from domain import clock
from domain.classify import VERSION, classify
from domain.errors import InvalidValue, NotFound
from domain.notice import Notice
from domain.source import Reason, RunKind, RunStatus
from indexer.backends.tantivy import TantivyIndex
from indexer.sync import sync
from storage import captures, runs
from storage.captures import CaptureStore
from storage.ingest import Reading, ingest
from storage.runs import Run
from tests.builders import notice, source, store
from tests.conftest import Installed
from tests.features.alerts import LI, World, writes
from zonewatch.explain import Explanation, explain, masked

URL = "https://publisher.example/report/1001"
BODY = b"<report>compressors</report>"
NEWS = notice("SR/0002/26", identifiers=("4006381333931",))


class Way:
    """A notice under way, and what is said of it."""

    def __init__(self, here: World, folder: Path) -> None:
        self.here, self.store = here, CaptureStore(str(folder / "captures"))
        here.follow()

    def arrives(self, news: Notice = NEWS, kind: RunKind = RunKind.CRAWL) -> Run:
        """Read a notice from a capture, in a run that goes on."""
        run = runs.start(self.here.db, source(), kind)
        capture_id = captures.record(self.here.db, run.id, URL, 200, {}, self.store.put(BODY), len(BODY), "read_report", {})
        ingest(self.here.db, run, [Reading(news, classify(news))], VERSION, capture_id)
        return run

    def ends(self, run: Run) -> None:
        runs.finish(self.here.db, run, RunStatus.OK, Reason("ok"), runs.Tally(seen=1))

    def told(self, name: str = "SR/0002/26") -> Explanation:
        return explain(self.here.db, self.store, name)

    def end(self) -> list[str]:
        found: list[str] = self.told().json["end"]
        return found


@pytest.fixture
def way(here: World, tmp_path: Path) -> Way:
    return Way(here, tmp_path)


def lines(found: Explanation) -> dict[str, str]:
    return {section.title: "\n".join(section.lines) for section in found.sections}


def test_the_whole_way_is_told_from_bytes_to_the_mail(way: Way, tmp_path: Path) -> None:
    way.ends(way.arrives())
    while sync(way.here.db, TantivyIndex(tmp_path / "index")):
        pass
    [mail] = way.here.round()
    with writes(way.here.db) as written:
        found = way.told()
    assert written == []
    said = lines(found)
    assert "Title of eu_safety_gate; European Commission" in said["source"]
    assert "crawled by run 2" in said["version 1"]
    assert "ok, parser 1" in said["version 1"]
    assert f"{URL} answered 200, {len(BODY)} bytes, sha256 " in said["version 1"]
    assert "bytes kept, read by read_report" in said["version 1"]
    assert "air_compressor: medium" in said["classification"]
    assert "title" in said["classification"]
    assert "event eu_safety_gate:SR/0002/26" in said["relations"]
    assert "taken" in said["index"]
    assert "taken" in said["match"]
    assert "since 2026-11-20" in said["found by search"]
    assert f"of {masked(LI)} met at version 1" in said["mails"]
    assert f"{mail['Message-ID']}: sent" in said["mails"]
    assert LI not in str(found.json) + str(said)
    assert way.end() == ["index: up to date", "alerts: 1 sent"]


def test_what_waits_for_its_run_says_so(way: Way) -> None:
    run = way.arrives()
    way.here.round()
    assert way.end() == ["index: version 1 waits for a worker", f"alerts: version 1 waits: run {run.id} has not ended"]
    way.ends(run)
    assert way.end()[1] == "alerts: version 1 waits for a worker"


def test_what_a_held_run_holds_back_says_how_to_let_it_go(way: Way) -> None:
    run = way.arrives()
    others = [notice(f"SR/{number}/26") for number in range(1000, 1060)]
    ingest(way.here.db, run, [Reading(each, classify(each)) for each in others], VERSION)
    way.ends(run)
    assert way.end()[1] == f"alerts: version 1 waits: run {run.id} is held: look at what it brought, then release it"


@pytest.mark.parametrize(("news", "kind", "why"), [
    (NEWS, RunKind.REPARSE, "captures read anew alert nobody"),
    (replace(NEWS, published_on=clock.today() - timedelta(days=9000)), RunKind.CRAWL, "an old notice published again"),
])
def test_what_may_not_alert_says_why(way: Way, news: Notice, kind: RunKind, why: str) -> None:
    way.ends(way.arrives(news, kind))
    assert way.here.round() == []
    assert way.end()[1] == f"alerts: none may be sent: {why}"


def test_a_change_that_does_not_matter_and_a_first_load_are_told_apart(way: Way) -> None:
    assert "run 1 is of a first load" in explain(way.here.db, way.store, "first").json["end"][1]
    way.ends(way.arrives())
    way.here.round()
    way.here.wait(timedelta(days=1))
    way.ends(way.arrives(replace(NEWS, summary="Another text.")))
    way.here.round()
    said = lines(way.told())
    assert "changed: summary; not material" in said["version 2"]
    assert "silent: nothing that matters changed" in said["match"]


def test_a_notice_that_nobody_asked_for_says_so(way: Way) -> None:
    tractor = replace(NEWS, title="Toy tractor", product="Toy tractor", summary="", category="Toys")
    way.ends(way.arrives(tractor))
    way.here.round()
    assert way.end()[1] == "alerts: no subscription that was active then asks for it"


def test_bytes_that_are_no_longer_kept_are_told(way: Way) -> None:
    way.ends(way.arrives())
    Path(way.store.path(way.store.put(BODY))).unlink()
    assert "bytes no longer kept" in lines(way.told())["version 1"]


def test_a_notice_is_found_by_any_name_that_is_its_own(way: Way) -> None:
    way.ends(way.arrives())
    [other] = store(way.here.db, notice("SR/0002/26", source="ca_recalls", identifiers=("4006381333931", "76797")))
    for name in ("eu_safety_gate:SR/0002/26", "2", "notices/2", "https://portal.example/notices/2"):
        assert way.told(name).json["notice"]["source"] == "eu_safety_gate"
    assert way.told("76797").json["notice"]["id"] == other
    for name in ("SR/0002/26", "4006381333931"):
        with pytest.raises(InvalidValue, match="means 2 notices") as told:
            way.told(name)
        assert "eu_safety_gate:SR/0002/26" in str(told.value)
        assert "ca_recalls:SR/0002/26" in str(told.value)
    for name in ("SR/9999/26", "99999999999999999999", "%", "", "notices/99"):
        with pytest.raises(NotFound):
            way.told(name)


def test_the_command_prints_lines_and_json_and_tells_a_wrong_name_in_one(tmp_path: Path) -> None:
    installed = Installed(tmp_path)
    installed.run("init")
    [notice_id] = store(installed.db, notice())
    assert "end of the way" in installed.run("explain", str(notice_id))
    found = installed.json("explain", "SR/00001/26")
    assert found.keys() == {"notice", "source", "versions", "classification", "relations", "changes", "index", "matches",
                            "end"}
    installed.run("explain", "nothing", status=2)
