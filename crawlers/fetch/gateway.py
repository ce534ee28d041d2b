"""The innermost step of a fetch: with a gateway, ``https://HOST/PATH?QUERY`` is asked as ``GATEWAY/HOST/PATH?QUERY``.

Everything outside this handler (slots, delays, robots.txt, redirects, captures) sees the real address only.
"""

from __future__ import annotations

from urllib.parse import urlsplit

from scrapy import Request
from scrapy.core.downloader.handlers.http11 import HTTP11DownloadHandler
from scrapy.crawler import Crawler
from scrapy.http import Response


def through(gateway_url: str, url: str) -> str:
    """The address at which a gateway answers for ``url``. A name and password in it are never passed on."""
    parts = urlsplit(url)
    host = parts.netloc.rpartition("@")[2]
    query = f"?{parts.query}" if parts.query else ""
    return f"{gateway_url.rstrip('/')}/{host}{parts.path or '/'}{query}"


class GatewayDownloadHandler(HTTP11DownloadHandler):
    """Scrapy's own handler for http and https, sent through the gateway of the job if it has one."""

    def __init__(self, crawler: Crawler) -> None:
        super().__init__(crawler)
        self._gateway_url: str | None = crawler.spider.job.options.gateway_url  # type: ignore[union-attr]

    async def download_request(self, request: Request) -> Response:
        """Fetch; the answer bears the real address."""
        if not self._gateway_url:
            return await super().download_request(request)
        relayed = request.replace(url=through(self._gateway_url, request.url))
        response = await super().download_request(relayed)
        return response.replace(url=request.url)
