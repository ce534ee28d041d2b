"""Retries that wait as long as the publisher asks, within a cap."""

from __future__ import annotations

import asyncio
import math
import time
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from scrapy import Request
from scrapy.downloadermiddlewares.retry import RetryMiddleware
from scrapy.http import Response
from scrapy.settings import BaseSettings
from scrapy.utils.httpobj import urlparse_cached

from crawlers.errors import Refusal, bad_status
from domain import clock

LONGEST_WAIT = 30.0
"""Seconds; a publisher that asks for more is asked again in the next run."""


def wanted_wait(response: Response) -> float:
    """Seconds that ``Retry-After`` asks for, in seconds or as a date, which is measured by the publisher's own clock."""
    text = (response.headers.get("Retry-After") or b"").decode("latin-1").strip()
    if text.isascii() and text.isdecimal():
        return float(text) if len(text) < 10 else math.inf
    until = _moment(text)
    sent = _moment((response.headers.get("Date") or b"").decode("latin-1")) or clock.now()
    return max(0.0, (until - sent).total_seconds()) if until else 0.0


def _moment(text: str) -> datetime | None:
    try:
        found = parsedate_to_datetime(text)
    except ValueError:
        return None
    return found if found.tzinfo else found.replace(tzinfo=UTC)


class PatientRetryMiddleware(RetryMiddleware):
    """Scrapy's own middleware asks again at once. Ours asks nothing of a host before its time has come; of one that asks
    for a longer wait than a run takes, nothing more in this run."""

    def __init__(self, settings: BaseSettings) -> None:
        super().__init__(settings)
        self._closed: dict[str, tuple[float, int]] = {}

    async def process_request(self, request: Request) -> None:
        """Wait until the host may be asked. Raises Refusal when that would take too long."""
        until, status = self._closed.get(urlparse_cached(request).netloc, (0.0, 0))
        wait = until - time.monotonic()
        if wait > LONGEST_WAIT:
            raise Refusal(bad_status(request.url, status))
        if wait > 0:
            await asyncio.sleep(wait)

    def process_response(self, request: Request, response: Response) -> Request | Response:  # type: ignore[override]
        """Ask again; an answer that asks for too long a wait is passed on as it is."""
        if response.status not in self.retry_http_codes:
            return response
        wait = wanted_wait(response)
        self._closed[urlparse_cached(request).netloc] = time.monotonic() + wait, response.status
        return response if wait > LONGEST_WAIT else super().process_response(request, response)
