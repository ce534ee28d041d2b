"""Captures as a WARC file: the very bytes, the real addresses, each body once, nothing of a session."""

from __future__ import annotations

import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from warcio.archiveiterator import ArchiveIterator
from warcio.checker import Checker

from domain import clock
from domain.errors import NotFound
from domain.source import Reason, RunStatus
from storage import captures, runs, sources
from storage.captures import CaptureStore
from storage.session import Database
from storage.warc import Exported, export
from tests.builders import source
from tests.conftest import PYWB, unused_port

URL = "https://publisher.example/list?page=1"
OTHER = "http://publisher.example/über/2"
BODY = '[{"title": "Drucker – 打印机"}]'.encode() * 50
DAY = datetime(2026, 11, 21, 8, tzinfo=UTC)
HEADERS = {"Content-Type": "application/json", "Content-Encoding": "gzip", "Transfer-Encoding": "chunked",
           "content-length": "93", "Set-Cookie2": "session=secret", "Authorization": "secret", "ETag": '"a"'}


@pytest.fixture
def store(tmp_path: Path) -> CaptureStore:
    return CaptureStore(str(tmp_path / "captures"))


@pytest.fixture
def kept(db: Database, store: CaptureStore) -> Database:
    """Three days of answers: the same body twice, then another one at another address."""
    card = source()
    sources.save_cards(db, [card])
    run = runs.start(db, card)
    for place, (url, body) in enumerate([(URL, BODY), (URL, BODY), (OTHER, b"<html>later</html>")]):
        clock.fix(DAY + timedelta(days=place))
        captures.record(db, run.id, url, 200, HEADERS, store.put(body), len(body))
    runs.finish(db, run, RunStatus.OK, Reason("ok"), runs.Tally())
    return db


def records(path: Path) -> list[dict[str, Any]]:
    with path.open("rb") as file:
        return [{"kind": record.rec_type, "url": record.rec_headers.get_header("WARC-Target-URI"),
                 "date": record.rec_headers.get_header("WARC-Date"), "headers": record.http_headers,
                 "refers": record.rec_headers.get_header("WARC-Refers-To-Date"),
                 "digest": record.rec_headers.get_header("WARC-Payload-Digest"),
                 "body": record.content_stream().read()} for record in ArchiveIterator(file)]


@pytest.mark.parametrize("name", ["all.warc", "all.warc.gz"])
def test_a_file_holds_every_answer_with_its_bytes_once(kept: Database, store: CaptureStore, tmp_path: Path,
                                                       name: str) -> None:
    path = tmp_path / name
    assert export(kept, store, "eu_safety_gate", path) == Exported(responses=2, revisits=1)
    info, first, again, other = records(path)
    assert info["kind"] == "warcinfo"
    assert b"isPartOf: eu_safety_gate" in info["body"]
    assert b"licence: CC BY 4.0" in info["body"]
    assert (first["kind"], first["url"], first["date"], first["body"]) == ("response", URL, "2026-11-21T08:00:00Z", BODY)
    assert (again["kind"], again["url"], again["date"], again["refers"]) == (
        "revisit", URL, "2026-11-22T08:00:00Z", "2026-11-21T08:00:00Z")
    assert again["digest"] == first["digest"]
    assert (other["kind"], other["body"]) == ("response", b"<html>later</html>")
    assert first["headers"].statusline == "200 OK"
    assert [header for header in first["headers"].headers if header[0] != "ETag"] == [
        ("Content-Type", "application/json"), ("Content-Length", str(len(BODY)))]
    assert b"secret" not in path.read_bytes()
    assert list(tmp_path.glob("*.part")) == []
    checker = Checker(type("Options", (), {"inputs": [str(path)], "verbose": False})())
    checker.process_all()
    assert checker.exit_value == 0


def test_a_day_may_be_named_and_what_is_no_longer_kept_is_told(kept: Database, store: CaptureStore, tmp_path: Path) -> None:
    path = tmp_path / "late.warc.gz"
    assert export(kept, store, "eu_safety_gate", path, date(2026, 11, 22)) == Exported(responses=2)
    assert [record["kind"] for record in records(path)] == ["warcinfo", "response", "response"]
    Path(store.path(store.put(BODY))).unlink()
    assert export(kept, store, "eu_safety_gate", path) == Exported(responses=1, gone=2)
    with pytest.raises(NotFound):
        export(kept, store, "atlantis", tmp_path / "none.warc")


@contextmanager
def replaying(folder: Path, file: Path) -> Iterator[str]:
    """A player of web archives with a file in its collection."""
    assert PYWB
    tools, port = Path(PYWB).parent, unused_port()
    folder.mkdir()
    for arguments in (("init", "kept"), ("add", "kept", str(file))):
        subprocess.run([tools / "wb-manager", *arguments], cwd=folder, check=True, capture_output=True)
    player = subprocess.Popen([tools / "wayback", "--port", str(port), "--bind", "127.0.0.1"], cwd=folder,
                              stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        yield f"http://127.0.0.1:{port}/kept"
    finally:
        player.terminate()
        player.wait(20)


def replayed(address: str) -> tuple[bytes, str]:
    until = time.monotonic() + 60
    while True:
        try:
            with urllib.request.urlopen(address) as answer:
                return answer.read(), answer.headers["Memento-Datetime"]
        except urllib.error.HTTPError:
            raise
        except OSError:
            assert time.monotonic() < until, "the player does not start"
            time.sleep(0.2)


@pytest.mark.pywb
def test_pywb_replays_the_very_bytes_of_an_address_and_a_time(kept: Database, store: CaptureStore, tmp_path: Path) -> None:
    path = tmp_path / "all.warc.gz"
    export(kept, store, "eu_safety_gate", path)
    with replaying(tmp_path / "player", path) as player:
        assert replayed(f"{player}/20261121080000id_/{URL}") == (BODY, "Sat, 21 Nov 2026 08:00:00 GMT")
        assert replayed(f"{player}/20261122080000id_/{URL}") == (BODY, "Sun, 22 Nov 2026 08:00:00 GMT")
        assert replayed(f"{player}/20261123080000id_/http://publisher.example/%C3%BCber/2")[0] == b"<html>later</html>"
