"""A crawl, from bytes to stored and classified notices, against the tutorial way; and all sources side by side.

    python -m bench.crawl        (needs ../shared)

One process at delay 0 reads Safety Gate's weekly files from the mirror. ``tutorial`` does the same with Scrapy as its
tutorial teaches: an item an entry, a pipeline that classifies with the same classifier, selects, adds and commits each. The
share of cpu of each step is that of our crawl. Then every source is crawled at once, two processes side by side, and
indexed; and a dump of 30 MB (the Canadian one twice, under other numbers) is crawled again after one record changed. Last
line: JSON.
"""

from __future__ import annotations

import argparse
import gzip
import json
import os
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from sqlalchemy import JSON, String, create_engine, select
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column

SHARED = Path(__file__).resolve().parent.parent.parent / "shared"
DUMP = SHARED / "corpus" / "ca-recalls" / "HCRSAMOpenData-2026-08-19T1730Z.json.gz"
SLUG = "eu_safety_gate"


# -- what runs in a process of its own ----------------------------------------------------------------------------------
class Shares:
    """Cpu seconds of the steps of a crawl in this thread."""

    def __init__(self) -> None:
        self.seconds: Counter[str] = Counter()

    def of(self, step: str, work: Callable[..., Any]) -> Callable[..., Any]:
        def timed(*arguments: Any, **named: Any) -> Any:
            began = time.thread_time()
            try:
                return work(*arguments, **named)
            finally:
                self.seconds[step] += time.thread_time() - began
        return timed

    def of_each(self, step: str, work: Callable[..., Iterator[Any]]) -> Callable[..., Iterator[Any]]:
        def timed(*arguments: Any, **named: Any) -> Iterator[Any]:
            found, following = work(*arguments, **named), self.of(step, next)
            while (item := following(found, None)) is not None:
                yield item
        return timed


def crawl_here(folder: Path, gateway: str) -> dict[str, Any]:
    """Our crawl of Safety Gate, with the shares of its steps."""
    from crawlers.base import SourceSpider
    from crawlers.pipelines import classify, normalise, store, validate
    from crawlers.run import CrawlOptions, crawl
    from storage.captures import CaptureStore
    from storage.session import Database
    shares = Shares()
    SourceSpider._answered = shares.of_each("parse", SourceSpider._answered)  # type: ignore[method-assign]
    for step, part in (("parse", validate.Validate), ("parse", normalise.Normalise), ("classify", classify.Classify),
                       ("store", store.Store)):
        part.process_item = shares.of(step, part.process_item)  # type: ignore[attr-defined]
    db = Database(f"sqlite:///{folder / 'zonewatch.db'}")
    db.migrate()
    began, cpu = time.perf_counter(), time.process_time()
    report = crawl(SLUG, db, CaptureStore(str(folder / "captures")), CrawlOptions(gateway, 0.0, "https://zone.example"))
    seconds, cpu = time.perf_counter() - began, time.process_time() - cpu
    shares.seconds["fetch"] = cpu - shares.seconds.total()
    return {"notices": report.created, "seconds": seconds,
            "cpu_share": {step: round(share / cpu, 3) for step, share in shares.seconds.items()}}


class Base(DeclarativeBase):
    type_annotation_map = {dict[str, Any]: JSON}


class Row(Base):
    """A notice as a tutorial keeps it."""

    __tablename__ = "notices"
    id: Mapped[int] = mapped_column(primary_key=True)
    case: Mapped[str] = mapped_column(String, unique=True)
    data: Mapped[dict[str, Any]]
    classification: Mapped[dict[str, Any]]


def tutorial_here(folder: Path, gateway: str) -> dict[str, Any]:
    """The same reports as Scrapy's tutorial would read them."""
    import scrapy
    from scrapy.crawler import CrawlerProcess

    from domain.classification import to_json
    from domain.classify import classify
    from domain.notice import Notice, NoticeKind

    engine = create_engine(f"sqlite:///{folder / 'tutorial.db'}")
    Base.metadata.create_all(engine)
    stored = 0

    class Keep:
        def process_item(self, item: dict[str, str]) -> dict[str, str]:
            nonlocal stored
            found = classify(Notice(
                source=SLUG, external_id=item["caseNumber"].strip() or "?", kind=NoticeKind.FOREIGN_NOTIFICATION,
                market="EU", title=item["product"].strip() or "?", url="https://ec.europa.eu/", product=item["product"],
                brand=item["brand"], category=item["category"], summary=f"{item['description']}\n{item['danger']}"))
            with Session(engine) as session:
                row = session.scalar(select(Row).where(Row.case == item["caseNumber"]))
                if row is None:
                    session.add(Row(case=item["caseNumber"], data=dict(item), classification=to_json(found)))
                else:
                    row.data, row.classification = dict(item), to_json(found)
                session.commit()
            stored += 1
            return item

    def asked(url: str) -> str:
        return f"{gateway}/{url.split('://')[1]}"

    class Tutorial(scrapy.Spider):
        name = "tutorial"
        start_urls = [asked("https://ec.europa.eu/safety-gate-alerts/api/download/weeklyReport/list/xml/en")]

        def parse(self, response: Any) -> Iterator[Any]:
            for url in response.xpath("//weeklyReport/URL/text()").getall():
                yield scrapy.Request(asked(url.strip()), callback=self.parse_report)

        def parse_report(self, response: Any) -> Iterator[dict[str, str]]:
            for alert in response.xpath("//notifications"):
                yield {field.root.tag: field.xpath("string()").get() for field in alert.xpath("*")}

    process = CrawlerProcess({"ITEM_PIPELINES": {Keep: 300}, "LOG_LEVEL": "ERROR", "TELNETCONSOLE_ENABLED": False})
    process.crawl(Tutorial)
    began = time.perf_counter()
    process.start()
    return {"notices": stored, "seconds": time.perf_counter() - began}


# -- what measures ------------------------------------------------------------------------------------------------------
def elsewhere(way: str, folder: Path, gateway: str) -> dict[str, Any]:
    done = subprocess.run([sys.executable, "-m", "bench.crawl", "--way", way, "--folder", str(folder), "--gateway", gateway],
                          check=True, stdout=subprocess.PIPE, text=True)
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    found["rate"] = round(found["notices"] / found["seconds"])
    print(f"{way:9} {found['notices']} notices in {found['seconds']:.1f} s: {found['rate']}/s {found.get('cpu_share', '')}")
    return found


@contextmanager
def mirror() -> Iterator[str]:
    process = subprocess.Popen([sys.executable, str(SHARED / "mirror" / "serve.py"), "--port", "0", "--day", "10"],
                               stdout=subprocess.PIPE, text=True)
    assert process.stdout
    try:
        yield process.stdout.readline().split()[3].rstrip("/")
    finally:
        process.terminate()
        process.wait()


def zonewatch(folder: Path, gateway: str, *arguments: str) -> tuple[Any, float]:
    """What a command printed, and its seconds."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("ZONEWATCH_")} | {
        "ZONEWATCH_DATA_DIR": str(folder), "ZONEWATCH_GATEWAY_URL": gateway, "ZONEWATCH_CRAWL_DELAY": "0"}
    began = time.perf_counter()
    done = subprocess.run([sys.executable, "-m", "zonewatch", *arguments], env=environment, stdout=subprocess.PIPE,
                          text=True, check=False)
    return done.stdout, time.perf_counter() - began


def side_by_side(folder: Path, gateway: str) -> dict[str, float]:
    """Every source from nothing, two processes at a time, and the index."""
    folder.mkdir()
    printed, crawled = zonewatch(folder, gateway, "crawl", "--all", "--json")
    reports = json.loads(printed)
    stored = sum(report["created"] for report in reports)
    _, indexed = zonewatch(folder, gateway, "index")
    print(f"{len(reports)} sources side by side: {stored} notices in {crawled:.1f} s, index {indexed:.1f} s")
    return {"sources": len(reports), "notices": stored, "crawl_s": round(crawled, 1), "index_s": round(indexed, 1),
            "notices_per_s_of_two_processes": round(stored / crawled), "all_with_index_s": round(crawled + indexed, 1)}


class Dump:
    """The Canadian dump twice, under other numbers; from the second time it is asked for on, one title differs each time."""

    def __init__(self) -> None:
        rows = json.loads(gzip.decompress(DUMP.read_bytes()))
        self.rows = rows + [row | {"NID": f"9{row['NID']}", "URL": f"{row['URL']}-2"} for row in rows]
        self.times, self.size = 0, 0
        dump = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                body = b"" if self.path.endswith("robots.txt") else dump.body()
                self.send_response(200 if body else 404)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, format: str, *args: object) -> None:
                """The bench speaks for itself."""

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def body(self) -> bytes:
        if self.times:
            self.rows[100]["Title"] += " (updated)"
        self.times += 1
        body = json.dumps(self.rows, ensure_ascii=False).encode()
        self.size = len(body)
        return body


def big_dump(folder: Path) -> dict[str, float]:
    folder.mkdir()
    dump = Dump()
    gateway = f"http://127.0.0.1:{dump.server.server_port}"
    zonewatch(folder, gateway, "crawl-one", "ca_recalls")
    report, seconds = measured(folder, gateway)
    dump.server.shutdown()
    if (report["revised"], report["created"]) != (1, 0):
        raise SystemExit(f"the second crawl of the dump: {report}")
    print(f"dump of {dump.size / 1e6:.1f} MB with one change: {seconds:.1f} s, {report['peak_mb']} MB")
    return {"dump_mb": round(dump.size / 1e6, 1), "dump_one_change_s": round(seconds, 2), "dump_peak_mb": report["peak_mb"]}


def measured(folder: Path, gateway: str) -> tuple[dict[str, Any], float]:
    """One more crawl of the dump in a process whose own peak is told."""
    program = ("import json, resource, sys\nfrom zonewatch.cli import main\ntry:\n    main(['crawl-one', 'ca_recalls'])\n"
               "finally:\n    print(json.dumps(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss))")
    environment = dict(os.environ) | {"ZONEWATCH_DATA_DIR": str(folder), "ZONEWATCH_GATEWAY_URL": gateway,
                                      "ZONEWATCH_CRAWL_DELAY": "0"}
    began = time.perf_counter()
    done = subprocess.run([sys.executable, "-c", program], env=environment, stdout=subprocess.PIPE, text=True, check=True)
    seconds = time.perf_counter() - began
    report, peak = map(json.loads, done.stdout.splitlines()[-2:])
    return report | {"peak_mb": round(peak * 1024 / 1e6)}, seconds


def main() -> None:
    parser = argparse.ArgumentParser(description="a crawl against the tutorial way; all sources side by side; a big dump")
    for name in ("--way", "--folder", "--gateway"):
        parser.add_argument(name, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.way:
        way = {"zonewatch": crawl_here, "tutorial": tutorial_here}[options.way]
        print(json.dumps(way(Path(options.folder), options.gateway)))
        return
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        gateway = stack.enter_context(mirror())
        zonewatch(folder / "warm", gateway, "crawl-one", SLUG, "--dry-run")  # the mirror reads its files when first asked
        ours, peer = (elsewhere(way, folder, gateway) for way in ("zonewatch", "tutorial"))
        figures = {"notices_per_s": ours["rate"], "tutorial_notices_per_s": peer["rate"],
                   **{f"cpu_share_{step}": share for step, share in ours["cpu_share"].items()},
                   **side_by_side(folder / "all", gateway), **big_dump(folder / "dump")}
    print(json.dumps({"bench": "crawl", "ratios": {"tutorial": round(ours["rate"] / peer["rate"], 1)}, "figures": figures}))


if __name__ == "__main__":
    main()
