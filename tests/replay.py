"""Crawls against a strict loopback gateway, on the production path, in a process of their own (an event loop cannot start
twice). The processes are forked from one that has loaded the crawlers; ``python -m tests.replay FOLDER SLUG OPTIONS`` is a
process to be killed.

A case is a JSON file: ``now``; ``options`` (for CrawlOptions) if any; ``answers`` by real address (what is posted may stand
behind it, after a blank), each the name of a payload file beside it or an object with ``file``, ``status``, ``headers``, or
with ``zipped``: the files of a ZIP file by their names in it; ``expected`` (what the run stored and said). ``empty`` allows
a case without notices.
"""

from __future__ import annotations

import io
import json
import logging
import os
import subprocess
import sys
import tempfile
import threading
import time
import zipfile
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from importlib import import_module
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

from tests.databases import database
from tests.forks import PROCESSES

ROOT = Path(__file__).parent.parent
SOURCES = ROOT / "tests" / "sources"
_TYPES = {".xml": "application/xml;charset=UTF-8", ".json": "application/json", ".html": "text/html;charset=UTF-8",
          ".txt": "text/plain", ".csv": "text/csv"}


@dataclass
class Answer:
    """One answer of the gateway. ``cut`` closes after that share of the body, ``hang`` closes after seconds of silence;
    ``etag`` is answered with 304 when asked for."""

    body: bytes = b""
    kind: str = "application/json"
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    etag: str = ""
    cut: float = 1.0
    hang: float = 0.0


class Gateway:
    """Serves ``answers`` by real address, of a list one after the other; robots.txt is a 404 unless given. Everything
    asked is in ``asked``."""

    def __init__(self, answers: dict[str, Answer | list[Answer]]) -> None:
        self.answers = answers
        self.used: set[str] = set()
        self.asked: list[tuple[str, float, dict[str, str]]] = []
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()

    def addresses(self) -> list[str]:
        """What was asked for since the last time, robots.txt left out."""
        found = [url for url, _, _ in self.asked if not url.endswith("/robots.txt")]
        self.asked.clear()
        return found

    def unknown(self) -> list[str]:
        return [url for url, _, _ in self.asked if url not in self.answers and not url.endswith("/robots.txt")]

    def unused(self) -> list[str]:
        return [url for url in self.answers if url not in self.used]

    def answer(self, url: str) -> Answer:
        self.used.add(url)
        found = self.answers.get(url) or Answer(b"not here", "text/plain", 404)
        if isinstance(found, Answer):
            return found
        return found.pop(0) if len(found) > 1 else found[0]

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        gateway = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                url = f"https:/{self.path}"
                posted = f"{url} {self.rfile.read(int(self.headers.get('Content-Length', 0))).decode()}"
                self._answer(url if url in gateway.answers else posted)

            def do_GET(self) -> None:
                self._answer(f"https:/{self.path}")

            def _answer(self, url: str) -> None:
                gateway.asked.append((url, time.monotonic(), dict(self.headers)))
                answer = gateway.answer(url)
                if answer.hang:
                    time.sleep(answer.hang)
                    self.close_connection = True
                elif answer.etag and self.headers.get("If-None-Match") == answer.etag:
                    self._send(Answer(status=304), 0)
                else:
                    self._send(answer, len(answer.body))

            def _send(self, answer: Answer, length: int) -> None:
                self.send_response(answer.status)
                headers = {"Content-Type": answer.kind, "Content-Length": str(length)} if answer.status != 304 else {}
                for name, value in (headers | ({"ETag": answer.etag} if answer.etag else {}) | answer.headers).items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(answer.body[:int(length * answer.cut)])
                self.close_connection = answer.cut < 1

            def log_message(self, format: str, *args: object) -> None:
                """Tests speak for themselves."""

        return Handler


def crawl(folder: Path, slug: str, gateway: str, delay: float | None = 0.0, **options: Any) -> dict[str, Any]:
    """Crawl into the database of a folder in a process of its own; gives the report as JSON values, with its ``log``.
    ``floor``, ``now``, ``constants`` (of the spider's module, or with the name of another one), ``broken`` (our own code
    raises) and ``dies`` (the process does, when all is stored and nothing settled yet: AssertionError) are for the process,
    all else for CrawlOptions."""
    return _elsewhere(_crawl, folder, slug, {"gateway_url": gateway, "delay": delay, **options})


def start(folder: Path, slug: str, gateway: str, delay: float | None = 0.0, **options: Any) -> subprocess.Popen[str]:
    """As ``crawl``, but does not wait; the report is its output."""
    settings = json.dumps({"gateway_url": gateway, "delay": delay, **options})
    return subprocess.Popen([sys.executable, "-m", "tests.replay", str(folder), slug, settings], cwd=ROOT, text=True,
                            stdout=subprocess.PIPE, stderr=subprocess.PIPE)


def replay(case: Path) -> dict[str, Any]:
    """What came of a case, in a process of its own."""
    return _elsewhere(_replay, case)


def _elsewhere(work: Callable[..., dict[str, Any]], *arguments: Any) -> dict[str, Any]:
    with tempfile.NamedTemporaryFile("r", encoding="utf-8") as log:
        receiver, sender = PROCESSES.Pipe(duplex=False)
        process = PROCESSES.Process(target=_send, args=(sender, log.name, work, arguments))
        process.start()
        sender.close()
        try:
            found: dict[str, Any] = receiver.recv()
        except EOFError:
            raise AssertionError(log.read()) from None
        finally:
            process.join(120)
        return found | {"log": log.read()}


def _send(sender: Connection, log: str, work: Callable[..., dict[str, Any]], arguments: tuple[Any, ...]) -> None:
    with open(log, "w", encoding="utf-8") as errors:
        os.dup2(errors.fileno(), 2)
    logging.basicConfig(level=logging.INFO)
    sender.send(work(*arguments))


def _crawl(folder: Path, slug: str, settings: dict[str, Any]) -> dict[str, Any]:
    from crawlers.cards import spider
    from crawlers.run import CrawlOptions, crawl
    from domain import clock
    from domain.errors import ZonewatchError
    from storage import sources
    from storage.captures import CaptureStore

    floor, now = settings.pop("floor", None), settings.pop("now", None)
    for name, value in settings.pop("constants", {}).items():
        module, _, constant = name.rpartition(".")
        setattr(import_module(module or spider(slug).__module__), constant, value)
    if settings.pop("broken", False):
        _break_classifier()
    if settings.pop("dies", False):
        _die_before_settling()
    if settings.get("since"):
        settings["since"] = date.fromisoformat(settings["since"])
    if now:
        clock.fix(datetime.fromisoformat(now))
    if spider(slug).card.needs_key:
        settings.setdefault("key", "a key")
    db = database(folder)
    sources.save_cards(db, [spider(slug).card])
    if floor is not None:
        sources.set_floor(db, slug, floor, "test")
    try:
        report = crawl(slug, db, CaptureStore(str(folder / "captures")), CrawlOptions(
            base_url="https://zone.example", **settings))
    except ZonewatchError as error:
        return {"error": type(error).__name__, "message": str(error)}
    return {"id": report.id, "status": report.status.value, "reason": report.reason.code, "why": report.reason.text(),
            "why_zh": report.reason.text("zh"), **{name: getattr(report, name) for name in (
                "created", "revised", "unchanged", "withdrawn", "requests", "seen")}}


def _break_classifier() -> None:
    import domain.classify

    def classify(notice: object) -> None:
        raise RuntimeError("a slip of ours")

    domain.classify.classify = classify  # type: ignore[assignment]


def _die_before_settling() -> None:
    from storage import runs

    def settle_missing(*_: object) -> int:
        os._exit(9)

    runs.settle_missing = settle_missing


def _replay(file: Path) -> dict[str, Any]:
    case = json.loads(file.read_text(encoding="utf-8"))
    gateway = Gateway({url: _answer(file.parent, entry) for url, entry in case["answers"].items()})
    with tempfile.TemporaryDirectory() as folder:
        report = _crawl(Path(folder), file.parent.name, {"gateway_url": gateway.url, "delay": 0.0, "floor": 0,
                                                         "now": case["now"], **case.get("options", {})})
        found = {"report": {name: report[name] for name in ("status", "why", "created", "withdrawn")},
                 **_stored(Path(folder), file.parent.name, report["id"])}
        anew = _anew(Path(folder), file.parent.name)
    gateway.close()
    return {"unknown": gateway.unknown(), "unused": gateway.unused(), "found": found, "anew": anew}


def _anew(folder: Path, slug: str) -> dict[str, int]:
    """What the captures of a crawl give when they are read again."""
    from crawlers.cards import spider
    from crawlers.reparse import reparse
    from storage.captures import CaptureStore

    found = reparse(spider(slug), database(folder), CaptureStore(str(folder / "captures")))
    return {"same": found.same, "revised": found.revised, "new": found.new.count, "withdrawn": found.withdrawn.count,
            "unfound": found.unfound.count}


def _answer(folder: Path, entry: Any) -> Answer:
    entry = {"file": entry} if isinstance(entry, str) else entry
    if "zipped" in entry:
        return Answer(_zipped(folder, entry["zipped"]), "application/zip")
    path = folder / entry["file"]
    body, kind = path.read_bytes(), _TYPES[path.suffix]
    return Answer(body, kind, entry.get("status", 200), entry.get("headers", {}))


def _zipped(folder: Path, names: dict[str, str]) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, file in names.items():
            archive.write(folder / file, name)
    return packed.getvalue()


def _stored(folder: Path, slug: str, run_id: int) -> dict[str, Any]:
    from domain.notice import to_json
    from storage import notices, runs
    from storage.models import SourceRunRow

    with database(folder).read() as session:
        stored = [each for batch in notices.everything(session) for each in batch if each.notice.source == slug]
        details = session.get_one(SourceRunRow, run_id).details
        assert runs.latest(session, slug)
    return {"details": details, "withdrawn": {each.notice.external_id: each.withdrawn_why for each in stored
                                              if each.withdrawn_why},
            "notices": [to_json(each.notice) for each in sorted(stored, key=lambda each: each.notice.external_id)]}


if __name__ == "__main__":
    logging.basicConfig(level=logging.INFO)
    print(json.dumps(_crawl(Path(sys.argv[1]), sys.argv[2], json.loads(sys.argv[3])), ensure_ascii=False))
