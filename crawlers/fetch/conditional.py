"""Conditional requests: a source is asked whether an answer differs from the one whose notices are stored.

Not every publisher's validators can be trusted, so now and then the whole answer is asked for and its hash decides. If it
differs while the validators are the same, they lie, and that answer is asked for as a whole from then on.
"""

from __future__ import annotations

from datetime import timedelta

from scrapy import Request
from scrapy.crawler import Crawler
from scrapy.http import Response

from crawlers.errors import Refusal, bad_status
from crawlers.job import Job, KnownUnit
from domain import clock

TRUSTED_FOR = timedelta(days=7)
"""How long "not modified" is believed without seeing the whole answer."""
LIE = "validators that stayed the same while the answer changed"


class ConditionalMiddleware:
    """Sends the validators of the last reading; the base spider takes the 304 that may come back."""

    def __init__(self, job: Job) -> None:
        self.job = job

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> ConditionalMiddleware:
        """Built by Scrapy."""
        return cls(crawler.spider.job)  # type: ignore[union-attr]

    def process_request(self, request: Request) -> None:
        """Add If-None-Match and If-Modified-Since to a request for a known unit."""
        known = self.job.units.get(request.meta.get("unit", ""))
        if known is None or clock.now() - known.read_at >= TRUSTED_FOR:
            return
        if known.etag:
            request.headers["If-None-Match"] = known.etag
        if known.last_modified:
            request.headers["If-Modified-Since"] = known.last_modified

    def process_response(self, request: Request, response: Response) -> Response:
        """Refuse a "not modified" to a question that was not asked."""
        if response.status == 304 and not {b"If-None-Match", b"If-Modified-Since"} & request.headers.keys():
            raise Refusal(bad_status(response.url, 304))
        return response


def lie(known: KnownUnit, sha256: str, etag: str | None, last_modified: str | None) -> bool:
    """Whether an answer bears validators that would have passed for the known one, though it is another. They have been
    found out before if they are kept as empty."""
    if "" in (known.etag, known.last_modified):
        return True
    same = etag == known.etag if etag or known.etag else bool(last_modified) and last_modified == known.last_modified
    return same and sha256 != known.sha256
