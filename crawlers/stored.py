"""A stored answer as the reader of it got it when it came."""

from __future__ import annotations

import inspect
from collections.abc import Iterator

from scrapy import Request
from scrapy.http import Headers, Response
from scrapy.responsetypes import responsetypes

from crawlers.base import SourceSpider
from crawlers.errors import NotParsable, html_instead, is_html
from crawlers.fetch.capture import META, Captured
from crawlers.fetch.excuses import excuse
from crawlers.items import Page
from domain.source import Reason
from storage.captures import CaptureRef


def response_of(capture: CaptureRef, body: bytes) -> Response:
    """The answer that was captured, of the class that the downloader would make of it."""
    headers = Headers({name.encode("latin-1"): value.encode("latin-1") for name, value in capture.headers.items()
                       if name.lower() != "content-encoding"})  # bodies are kept unpacked
    meta = {META: Captured(capture.id, capture.sha256, None, None), "unit": "", "entry": False, "archive": False}
    kind = responsetypes.from_args(headers=headers, url=capture.url, body=body)
    found: Response = kind(capture.url, status=capture.status, headers=headers, body=body,
                           request=Request(capture.url, meta=meta))
    return found


def pages_of(spider: SourceSpider, capture: CaptureRef, body: bytes) -> Iterator[Page]:
    """What today's reader finds in a captured answer; what it would ask for next is not asked. Raises SourceError when the
    answer cannot be used."""
    response = response_of(capture, body)
    if is_html(response) and excuse(response):
        raise html_instead(capture.url, body)
    read = getattr(spider, capture.reader or "", None)
    if read is None or not _takes(read, response, capture):
        raise NotParsable(Reason("no_reader", {"url": capture.url, "reader": capture.reader or "?"}))
    for found in read(response, **capture.known):
        if isinstance(found, Page):
            yield found


def _takes(read: object, response: Response, capture: CaptureRef) -> bool:
    try:
        inspect.signature(read).bind(response, **capture.known)  # type: ignore[arg-type]
    except TypeError:
        return False
    return True
