"""The innermost step of a fetch. Every request comes through here: first ones, redirects, repetitions, robots.txt.

With a gateway, ``https://HOST/PATH?QUERY`` is asked as ``GATEWAY/HOST/PATH?QUERY``. Everything outside this handler
(slots, delays, robots.txt, redirects, captures) sees the real address only. Without one, the host's addresses are
checked just before the connection is made, which then goes to a checked address.
"""

from __future__ import annotations

from time import monotonic
from urllib.parse import urlsplit

from scrapy import Request
from scrapy.core.downloader import Downloader
from scrapy.core.downloader.handlers.http11 import HTTP11DownloadHandler
from scrapy.crawler import Crawler
from scrapy.http import Response

from crawlers.errors import Refusal, refused_address
from crawlers.fetch.addresses import rule_against_url
from crawlers.fetch.headers import BoundedClientFactory
from crawlers.fetch.names import CheckedNames, find, only_public
from crawlers.job import CrawlOptions

_PORTS = {"http": 80, "https": 443}


def through(gateway_url: str, url: str) -> str:
    """The address at which a gateway answers for ``url``. A name and password in it are never passed on."""
    parts = urlsplit(url)
    host = parts.netloc.rpartition("@")[2]
    query = f"?{parts.query}" if parts.query else ""
    return f"{gateway_url.rstrip('/')}/{host}{parts.path or '/'}{query}"


class GatewayDownloadHandler(HTTP11DownloadHandler):
    """Scrapy's own handler for http and https, for public addresses only, sent through the gateway of the job if it has
    one. The gateway's own address is the only one that may be private: the operator chose it."""

    def __init__(self, crawler: Crawler) -> None:
        super().__init__(crawler)
        self._crawler = crawler
        self._options: CrawlOptions = crawler.spider.job.options  # type: ignore[union-attr]
        self._pool._factory = BoundedClientFactory

    async def download_request(self, request: Request) -> Response:
        """Fetch; the answer bears the real address. Raises Refusal for an address that must not be asked."""
        if rule := rule_against_url(request.url):
            raise Refusal(refused_address(request.url, urlsplit(request.url).netloc, rule))
        gateway_url = self._options.gateway_url
        asked = request.replace(url=through(gateway_url, request.url)) if gateway_url else request
        await self._admit(asked.url)
        try:
            response = await super().download_request(asked)
        finally:
            self._rest(request)
        return response.replace(url=request.url) if gateway_url else response

    def _rest(self, request: Request) -> None:
        """Let the delay count from the end of an answer. Scrapy counts from the moment a request leaves; one that is late to
        arrive is then followed by the next one sooner than its publisher was promised."""
        engine = self._crawler.engine
        slot = engine.downloader.slots.get(request.meta.get(Downloader.DOWNLOAD_SLOT, "")) if engine else None
        if slot is not None:
            slot.lastseen = monotonic()

    async def _admit(self, url: str) -> None:
        """Let the reactor connect to the host of an address."""
        from twisted.internet import reactor

        parts = urlsplit(url)
        host, port = parts.hostname or "", parts.port or _PORTS[parts.scheme]
        addresses = await find(self._options.look_up, host, port)
        if not self._options.gateway_url:
            addresses = only_public(url, addresses)
        names: CheckedNames = reactor.nameResolver
        names.admit(host, port, addresses)
