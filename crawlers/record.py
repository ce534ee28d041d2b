"""A live run whose answers are written down, as a pattern for a case that is then written by hand."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from scrapy import Request
from scrapy.crawler import Crawler
from scrapy.http import Response

from crawlers.errors import is_html
from crawlers.fetch.capture import header
from crawlers.job import CrawlOptions, Job
from domain import clock
from storage.captures import CaptureStore
from storage.runs import RunReport
from storage.session import Database

CASE = "recorded"
NOTE = ("Recorded from the real publisher: not to be committed. A case in tests/sources holds content invented by hand in "
        "this shape, at most 20 kB a payload, with the traps that stand here.")
ABOUT = "To be written: what this case is about, and which traps it holds."
_TYPES = {".xml": "application/xml;charset=UTF-8", ".json": "application/json", ".html": "text/html;charset=UTF-8",
          ".txt": "text/plain"}
"""Content types that a replay sends for a file, unless the case says otherwise."""
_MATTER = ("ETag", "Last-Modified", "Retry-After")


class AnswerMiddleware:
    """Lets whoever asked for it hear every answer to a request of the spider, unpacked, whatever its status."""

    def __init__(self, job: Job) -> None:
        self.job = job

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> AnswerMiddleware:
        """Built by Scrapy."""
        return cls(crawler.spider.job)  # type: ignore[union-attr]

    def process_response(self, request: Request, response: Response) -> Response:
        """Tell of it."""
        if self.job.options.on_answer and "asked" in request.meta:
            self.job.options.on_answer(request, response)
        return response


@dataclass(frozen=True, slots=True)
class Recorded:
    """Where a run was written down, and how it went."""

    case: Path
    answers: int
    report: RunReport


def record(slug: str, db: Database, store: CaptureStore, options: CrawlOptions, folder: Path) -> Recorded:
    """Crawl a source and write its answers into a folder with the skeleton of a case; nothing is stored in the database.
    What a run before left in the folder is replaced. Raises as ``crawlers.run.crawl``."""
    from crawlers.run import crawl

    folder.mkdir(parents=True, exist_ok=True)
    for old in folder.glob(f"{CASE}.*"):
        old.unlink()
    recorder = _Recorder(folder)
    report = crawl(slug, db, store, replace(options, dry_run=True, full=True, on_answer=recorder.hear))
    case = folder / f"{CASE}.json"
    skeleton = {"about": ABOUT, "note": NOTE, "now": clock.now().isoformat(), "answers": recorder.answers}
    case.write_text(json.dumps(skeleton, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
    return Recorded(case, len(recorder.answers), report)


class _Recorder:
    """Writes answers as they come; of several to one address the last one stands."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.answers: dict[str, Any] = {}

    def hear(self, request: Request, response: Response) -> None:
        """Write an answer, and the redirects that led to it."""
        ways = [*request.meta.get("redirect_urls", ()), response.url]
        for url, status, target in zip(ways, request.meta.get("redirect_reasons", ()), ways[1:], strict=False):
            self.answers[url] = {"file": self._written(url, b"", ".txt"), "status": status, "headers": {"Location": target}}
        suffix = _suffix(response)
        file = self._written(response.url, response.body, suffix)
        headers = {name: value for name in _MATTER if (value := header(response, name))}
        kind = header(response, "Content-Type") or ""
        if _plain(kind) != _plain(_TYPES[suffix]):
            headers["Content-Type"] = kind
        matters = {"status": response.status} if response.status != 200 else {}
        entry = {"file": file, **matters, **({"headers": headers} if headers else {})}
        self.answers[response.url] = entry if len(entry) > 1 else file

    def _written(self, url: str, body: bytes, suffix: str) -> str:
        known = self.answers.get(url)
        before = known["file"] if isinstance(known, dict) else known
        if before:
            (self._folder / before).unlink()
        name = f"{CASE}.{list(self.answers).index(url) + 1 if before else len(self.answers) + 1}{suffix}"
        (self._folder / name).write_bytes(body)
        return name


def _plain(content_type: str) -> str:
    return "".join(content_type.lower().split())


def _suffix(response: Response) -> str:
    kind = (header(response, "Content-Type") or "").lower()
    if "json" in kind or response.body[:1] in (b"{", b"["):
        return ".json"
    if is_html(response):
        return ".html"
    return ".xml" if "xml" in kind or response.body.lstrip(b"\xef\xbb\xbf").startswith(b"<?xml") else ".txt"
