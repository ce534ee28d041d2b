"""Redirects stay on the hosts of the card."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

from scrapy import Request
from scrapy.downloadermiddlewares.redirect import RedirectMiddleware
from scrapy.http import Response

from crawlers.errors import Refusal, off_site, redirect_loop


class OnSiteRedirectMiddleware(RedirectMiddleware):
    """Gives up a request that is sent elsewhere, with a reason; Scrapy's offsite filter would drop it without a word."""

    def _engine_started(self) -> None:
        """Scrapy's own looks for the Referer middleware here and warns that there is none."""

    def handle_referer(self, request: Request, response: Response) -> None:
        """We send no Referer."""

    def _redirect(self, redirected: Request, request: Request, reason: Any) -> Request:
        host = urlsplit(redirected.url).hostname
        if host not in (self.crawler.spider.allowed_domains or ()):  # type: ignore[union-attr]
            raise Refusal(off_site(request.url, redirected.url))
        if request.meta.get("redirect_times", 0) >= self.max_redirect_times:
            raise Refusal(redirect_loop(request.url))
        return super()._redirect(redirected, request, reason)
