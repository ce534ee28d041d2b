"""Redirects stay on the hosts of the card, encrypted where they were, and take no secret along."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import urljoin, urlsplit

from scrapy import Request
from scrapy.downloadermiddlewares.redirect import RedirectMiddleware
from scrapy.http import Response

from crawlers.errors import Refusal, insecure_redirect, off_site, redirect_loop, refused_address
from crawlers.fetch.addresses import rule_against_url

_ABSOLUTE = re.compile(r"[a-z][a-z0-9+.-]*:", re.I)
_STATUSES = frozenset((301, 302, 303, 307, 308))
_HARMLESS = frozenset((b"Accept", b"Accept-Encoding", b"Accept-Language", b"Content-Type", b"User-Agent"))
"""Headers that another host may see; of what a spider adds, we cannot know."""


class OnSiteRedirectMiddleware(RedirectMiddleware):
    """Gives up a request that is sent elsewhere, with a reason; Scrapy's offsite filter would drop it without a word."""

    def _engine_started(self) -> None:
        """Scrapy's own looks for the Referer middleware here and warns that there is none."""

    def handle_referer(self, request: Request, response: Response) -> None:
        """We send no Referer."""

    def process_response(self, request: Request, response: Response) -> Request | Response:  # type: ignore[override]
        """Judge where a redirect leads as it is written, before anybody mends it; then follow it."""
        if response.status in _STATUSES and "Location" in response.headers:
            self._judge(request.url, (response.headers["Location"] or b"").decode("utf-8", "replace").strip())
        return super().process_response(request, response)

    def _judge(self, url: str, target: str) -> None:
        try:
            address = urljoin(url, target)
            host = urlsplit(address).hostname
        except ValueError:
            raise Refusal(off_site(url, target)) from None
        if host not in (self.crawler.spider.allowed_domains or ()):  # type: ignore[union-attr]
            raise Refusal(off_site(url, target))
        if rule := rule_against_url(target if _ABSOLUTE.match(target) else address):
            raise Refusal(refused_address(url, target, rule))
        if url.startswith("https:") and not address.startswith("https:"):
            raise Refusal(insecure_redirect(url, target))

    def _redirect(self, redirected: Request, request: Request, reason: Any) -> Request:
        self._judge(request.url, redirected.url)
        if request.meta.get("redirect_times", 0) >= self.max_redirect_times:
            raise Refusal(redirect_loop(request.url))
        if _origin(redirected.url) != _origin(request.url):
            for name in redirected.headers.keys() - _HARMLESS:
                del redirected.headers[name]
        redirected.meta.pop("download_slot", None)  # Scrapy goes on to count it among the requests to the first host
        return super()._redirect(redirected, request, reason)


def _origin(url: str) -> tuple[str, str | None, int | None]:
    parts = urlsplit(url)
    return parts.scheme, parts.hostname, parts.port or {"http": 80, "https": 443}.get(parts.scheme)
