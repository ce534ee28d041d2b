"""An end to headers: Twisted bounds one line of them, not how many there are."""

from __future__ import annotations

from scrapy.core.downloader.handlers.http11 import (
    _LenientHTTP11ClientFactory,
    _LenientHTTP11ClientProtocol,
    _LenientHTTPClientParser,
)
from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IAddress
from twisted.web._newclient import HTTP11ClientProtocol
from twisted.web._newclient import Request as ClientRequest
from twisted.web.iweb import IResponse

from crawlers.errors import HeadersTooLong

LONGEST = 128 * 1024
"""Bytes of all headers of one answer."""


class _BoundedParser(_LenientHTTPClientParser):
    """Breaks off when the headers do not end."""

    _heard = 0

    def lineReceived(self, line: bytes) -> None:
        """A line of the headers."""
        self._heard += len(line)
        if self._heard > LONGEST:
            self.lineLengthExceeded(line)
        super().lineReceived(line)

    def lineLengthExceeded(self, line: bytes) -> None:
        """Twisted closes the connection without a word."""
        raise HeadersTooLong(f"more than {LONGEST} bytes of headers, or {len(line)} in one line")


class _BoundedClient(_LenientHTTP11ClientProtocol):
    def request(self, request: ClientRequest) -> Deferred[IResponse]:
        """As Scrapy's own, which likewise exchanges the class of the parser that it was given."""
        answer: Deferred[IResponse] = super().request(request)
        self._parser.__class__ = _BoundedParser
        return answer


class BoundedClientFactory(_LenientHTTP11ClientFactory):
    """Makes the connections of our download handler."""

    def buildProtocol(self, addr: IAddress | None) -> HTTP11ClientProtocol:
        """A client of one connection."""
        return _BoundedClient(self._quiescentCallback)  # type: ignore[no-untyped-call]
