"""Every answer with a body is stored under its SHA-256 before anything parses it."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

from scrapy import Request
from scrapy.crawler import Crawler
from scrapy.http import Response

from crawlers.fetch.conditional import LIE, lie
from crawlers.job import Job
from storage import captures
from storage.ingest import Unit, mark_read

META = "capture"


@dataclass(frozen=True, slots=True)
class Captured:
    """A stored answer; ``id`` is None in a dry run, which stores nothing. Validators that lie are empty."""

    id: int | None
    sha256: str
    etag: str | None
    last_modified: str | None


def header(response: Response, name: str) -> str | None:
    """A header as text."""
    value = response.headers.get(name)
    return value.decode("latin-1") if value else None


class CaptureMiddleware:
    """Stores the decompressed body of every 2xx answer to a request of the spider; ``request.meta["capture"]`` then
    says where it is kept."""

    def __init__(self, job: Job) -> None:
        self.job = job

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> CaptureMiddleware:
        """Built by Scrapy."""
        return cls(crawler.spider.job)  # type: ignore[union-attr]

    def process_response(self, request: Request, response: Response) -> Response:
        """Keep the body."""
        if "asked" in request.meta and 200 <= response.status < 300:
            request.meta[META] = self._keep(request, response)
        return response

    def _keep(self, request: Request, response: Response) -> Captured:
        if self.job.options.dry_run:
            return Captured(None, hashlib.sha256(response.body).hexdigest(), None, None)
        sha256 = self.job.captures.put(response.body)
        validators = self._validators(response, sha256, request.meta.get("unit", ""))
        headers = {name.decode("latin-1"): b", ".join(values).decode("latin-1")
                   for name, values in response.headers.items() if name != b"Set-Cookie"}
        capture_id = captures.record(
            self.job.db, self.job.run.id, response.url, response.status, headers, sha256, len(response.body),
            request.cb_kwargs["read"].__name__, request.cb_kwargs["known"])
        self.job.captures.ensure(sha256, response.body)
        return Captured(capture_id, sha256, *validators)

    def _validators(self, response: Response, sha256: str, unit: str) -> tuple[str | None, str | None]:
        """ETag and Last-Modified as they are to be kept; of a known answer that is seen whole again, they are kept here."""
        etag, last_modified = header(response, "ETag"), header(response, "Last-Modified")
        known = self.job.units.get(unit)
        if known is None:
            return etag, last_modified
        if lie(known, sha256, etag, last_modified):
            self.job.account.warnings[LIE] += 1
            etag, last_modified = "", ""
        if sha256 == known.sha256:
            mark_read(self.job.db, self.job.run, Unit(unit, sha256, etag, last_modified), known.items)
        return etag, last_modified
