"""Crawls: one child process each, since Scrapy's reactor does not restart; at most CRAWLS side by side."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from datetime import date
from typing import Any

from domain.errors import Conflict
from domain.source import Reason, RunStatus
from storage import locks, runs
from storage.runs import RunReport
from zonewatch import lifeline
from zonewatch.wiring import Installation

GRACE_SECONDS = 20


def report_json(report: RunReport, lang: str = "en") -> dict[str, Any]:
    """A run as ``--json`` shows it."""
    return {"slug": report.slug, "status": report.status.value, "reason": report.reason.text(lang), "run": report.id,
            "created": report.created, "revised": report.revised, "unchanged": report.unchanged,
            "withdrawn": report.withdrawn, "requests": report.requests, "seconds": report.seconds}


def crawl_many(installation: Installation, slugs: Sequence[str], arguments: Sequence[str] = (),
               started: Callable[[str], None] = lambda slug: None) -> Iterator[dict[str, Any]]:
    """Crawl sources in child processes; yields each report as it comes."""
    def one(slug: str) -> dict[str, Any]:
        started(slug)
        return crawl_in_child(installation, slug, arguments)

    with ThreadPoolExecutor(installation.settings.crawls) as pool:
        for future in as_completed([pool.submit(one, slug) for slug in slugs]):
            yield future.result()


def crawl_in_child(installation: Installation, slug: str, arguments: Sequence[str] = (),
                   stop: threading.Event | None = None) -> dict[str, Any]:
    """Crawl one source in a child and give its report; a child that dies leaves a run that is closed here."""
    child = subprocess.Popen([sys.executable, "-m", "zonewatch", "crawl-one", slug, *arguments, *lifeline.argument()],
                             stdout=subprocess.PIPE, text=True)
    output = _output(child, stop)
    lines = output.strip().splitlines()
    if child.returncode == 0 and lines:
        found: dict[str, Any] = json.loads(lines[-1])
        return found
    return _of_dead_child(installation, slug)


def _output(child: subprocess.Popen[str], stop: threading.Event | None) -> str:
    """What a child prints, until it ends or is asked to."""
    while True:
        try:
            return child.communicate(timeout=0.5)[0]
        except subprocess.TimeoutExpired:
            if stop is not None and stop.is_set():
                return _ended(child)


def _ended(child: subprocess.Popen[str]) -> str:
    child.terminate()
    try:
        return child.communicate(timeout=GRACE_SECONDS)[0]
    except subprocess.TimeoutExpired:
        child.kill()
        return child.communicate()[0]


def _of_dead_child(installation: Installation, slug: str) -> dict[str, Any]:
    try:
        with locks.exclusive(installation.db, locks.of_crawl(slug)):
            recovered = runs.recover(installation.db, slug)
    except Conflict as error:
        return not_begun(slug, str(error))
    return report_json(recovered[-1]) if recovered else not_begun(slug, Reason("interrupted").text())


def not_begun(slug: str, why: str) -> dict[str, Any]:
    """The report of a crawl that could not begin; nothing was stored and no run is kept."""
    return {"slug": slug, "status": RunStatus.FAILED.value, "reason": why, "run": 0, "created": 0, "revised": 0,
            "unchanged": 0, "withdrawn": 0, "requests": 0, "seconds": 0.0}


def crawl_here(installation: Installation, slug: str, *, full: bool, since: date | None, dry_run: bool) -> RunReport:
    """Crawl one source in this process (once a process)."""
    from crawlers.run import crawl
    options = installation.crawl_options(slug, full=full, since=since, dry_run=dry_run)
    return crawl(slug, installation.db, installation.captures, options)
