"""Retries that wait as long as the publisher asks, within a cap."""

from __future__ import annotations

import asyncio

from scrapy import Request
from scrapy.downloadermiddlewares.retry import RetryMiddleware
from scrapy.http import Response

LONGEST_WAIT = 30.0
"""Seconds; a publisher that asks for more is asked again in the next run."""


def wanted_wait(response: Response) -> float | None:
    """Seconds that ``Retry-After`` asks for; None when it asks for none or not in seconds."""
    text = (response.headers.get("Retry-After") or b"").strip()
    return float(text) if text.isdigit() and len(text) < 10 else None


class PatientRetryMiddleware(RetryMiddleware):
    """Scrapy's own middleware asks again at once."""

    async def process_response(self, request: Request, response: Response) -> Request | Response:  # type: ignore[override]
        """Ask again after the wait; an answer that asks for too long a wait is passed on as it is."""
        again = super().process_response(request, response)
        if again is response:
            return response
        wait = wanted_wait(response) or 0.0
        if wait > LONGEST_WAIT:
            return response
        await asyncio.sleep(wait)
        return again
