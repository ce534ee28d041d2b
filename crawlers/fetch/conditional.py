"""Conditional requests: a source is asked whether an answer differs from the one whose notices are stored."""

from __future__ import annotations

from scrapy import Request
from scrapy.crawler import Crawler

from crawlers.job import Job


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
        if known and known.etag:
            request.headers["If-None-Match"] = known.etag
        if known and known.last_modified:
            request.headers["If-Modified-Since"] = known.last_modified
