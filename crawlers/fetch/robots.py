"""robots.txt, obeyed as RFC 9309 says: missing (4xx) allows everything, unreachable (5xx, 429, no answer) nothing. A host
that asks for a password (401) is taken at its word: nothing."""

from __future__ import annotations

from scrapy import Request
from scrapy.crawler import Crawler
from scrapy.downloadermiddlewares.robotstxt import RobotsTxtMiddleware
from scrapy.http import Response
from scrapy.robotstxt import RobotParser
from scrapy.utils.httpobj import urlparse_cached

from crawlers.errors import Refusal, bad_status, dropped, from_exception, robots_forbid

MOST_READ = 500 * 1024
"""Bytes of rules that are read: what RFC 9309 asks for. What follows is not."""
MOST_TAKEN = 8 * MOST_READ
"""Bytes after which an answer is given up, and with it the host."""


class StrictRobotsMiddleware(RobotsTxtMiddleware):
    """Scrapy's own middleware reads a 404 page as rules and lets everything pass when robots.txt cannot be had."""

    def __init__(self, crawler: Crawler) -> None:
        super().__init__(crawler)
        self._unreachable: dict[str, Refusal] = {}

    async def process_request(self, request: Request) -> None:  # type: ignore[override]
        """Raises Refusal when the rules forbid the request; bounds the request for the rules themselves."""
        if request.meta.get("dont_obey_robotstxt"):
            request.meta["download_maxsize"] = MOST_TAKEN
            return
        await super().process_request(request)

    async def robot_parser(self, request: Request) -> RobotParser | None:
        """The rules of a host. Raises Refusal when they cannot be had."""
        rules = await super().robot_parser(request)
        if refusal := self._unreachable.get(urlparse_cached(request).netloc):
            raise refusal
        return rules

    def process_request_2(self, rp: RobotParser | None, request: Request) -> None:
        """Raises Refusal when the rules forbid the request."""
        useragent = self._robotstxt_useragent or self._default_useragent
        if rp is not None and not rp.allowed(request.url, useragent):
            raise Refusal(robots_forbid(request.url))

    async def _parse_robots(self, response: Response, netloc: str, request: Request) -> None:
        if response.status in (401, 429) or response.status >= 500:
            self._unreachable[netloc] = Refusal(bad_status(response.url, response.status))
        rules = _whole_lines(response.body) if response.status == 200 else b""
        await super()._parse_robots(response.replace(body=rules), netloc, request)

    def _robots_error(self, exc: Exception, netloc: str) -> None:
        url = f"https://{netloc}/robots.txt"
        self._unreachable[netloc] = Refusal(from_exception(url, exc) or dropped(url))
        super()._robots_error(exc, netloc)


def _whole_lines(body: bytes) -> bytes:
    """What is read of the rules: half a line could say something else than the whole."""
    if len(body) <= MOST_READ:
        return body
    return body[:max(body.rfind(end, 0, MOST_READ) for end in (b"\n", b"\r")) + 1]
