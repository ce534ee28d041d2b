"""The main job on the shared mirror: first load, index, no-change crawl and search, with the memory of every process.

    python -m bench.first_load        (needs ../shared)

The named peer of the no-change crawl is the first load of the same run. Last line: JSON.
"""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

import psutil

from domain.criteria import Criteria
from indexer.backends.tantivy import TantivyIndex
from indexer.service import SearchService
from storage.session import Database

SHARED = Path(__file__).resolve().parent.parent.parent / "shared"
QUERIES = ("气缸", "硒鼓", "墨盒", "电磁阀", "solenoid valve", "RoHS")
SAMPLE_SECONDS = 0.05


class Peaks:
    """Largest resident memory of any process below this one, the mirror left out."""

    def __init__(self, without: int) -> None:
        self.peak, self._without, self._stop = 0, without, threading.Event()
        threading.Thread(target=self._watch, daemon=True).start()

    def _watch(self) -> None:
        while not self._stop.wait(SAMPLE_SECONDS):
            for process in psutil.Process().children(recursive=True):
                try:
                    if process.pid != self._without:
                        self.peak = max(self.peak, process.memory_info().rss)
                except psutil.NoSuchProcess:
                    continue


def crawl() -> tuple[float, int]:
    """Seconds, and how many notices are new, of all sources; the samples of some are below their floors, but none fails."""
    began = time.monotonic()
    done = subprocess.run([sys.executable, "-m", "zonewatch", "crawl", "--all", "--json"], check=False, text=True,
                          stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    took = round(time.monotonic() - began, 2)
    reports = json.loads(done.stdout)
    if failed := [report["slug"] for report in reports if report["status"] == "failed"]:
        sys.exit(f"these sources failed: {failed}")
    return took, sum(report["created"] for report in reports)


def index() -> float:
    """Seconds."""
    began = time.monotonic()
    subprocess.run([sys.executable, "-m", "zonewatch", "index"], check=True, stdout=subprocess.DEVNULL)
    return round(time.monotonic() - began, 2)


def searches(folder: Path) -> dict[str, float]:
    service = SearchService(Database(f"sqlite:///{folder / 'zonewatch.db'}"), TantivyIndex(folder / "index"))
    figures = {}
    for query in QUERIES:
        times = []
        for _ in range(30):
            began = time.perf_counter()
            service.search(service.understand(query, Criteria()).criteria, limit=20)
            times.append(time.perf_counter() - began)
        figures[f"ms {query}"] = round(statistics.median(times) * 1000, 2)
        figures[f"ms {query} worst"] = round(max(times) * 1000, 2)
    return figures


def main() -> None:
    mirror = subprocess.Popen([sys.executable, str(SHARED / "mirror" / "serve.py"), "--port", "0", "--day", "1"],
                              stdout=subprocess.PIPE, text=True)
    assert mirror.stdout
    url = mirror.stdout.readline().split()[3].rstrip("/")
    peaks = Peaks(mirror.pid)
    try:
        with tempfile.TemporaryDirectory() as folder:
            os.environ.update({"ZONEWATCH_DATA_DIR": folder, "ZONEWATCH_GATEWAY_URL": url, "ZONEWATCH_CRAWL_DELAY": "0",
                               "ZONEWATCH_KEY_US_REGULATIONS_GOV": "a key of the bench"})
            took, notices = crawl()
            figures: dict[str, float] = {"notices": notices, "first crawl s": took, "index s": index()}
            figures["first load s"] = round(figures["first crawl s"] + figures["index s"], 2)
            figures["no-change crawl s"], _ = crawl()
            figures["peak MB of a process"] = round(peaks.peak / 1e6)
            figures |= searches(Path(folder))
    finally:
        mirror.terminate()
        mirror.wait()
    ratio = round(figures["first crawl s"] / figures["no-change crawl s"], 1)
    print(json.dumps({"bench": "first_load", "ratios": {"first_crawl_over_no_change": ratio}, "figures": figures},
                     ensure_ascii=False))


if __name__ == "__main__":
    main()
