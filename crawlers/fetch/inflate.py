"""Answers unpacked whole or not at all.

Scrapy gives what it could unpack of a body that is cut short or spoilt, which a reader of lists would take for a shorter
list. We ask for gzip and deflate alone: every further packing is another way to hide a bomb.
"""

from __future__ import annotations

import zlib

from scrapy import Request
from scrapy.crawler import Crawler
from scrapy.http import Response, TextResponse
from scrapy.responsetypes import responsetypes

from crawlers.errors import Refusal, cut_off, not_unpackable, too_large

_MOST_LAYERS, _MOST_PARTS = 2, 100
_STEP = 64 * 1024
_GZIP, _ZLIB, _RAW = 31, 15, -15
"""What zlib calls its formats (wbits)."""


class TooLarge(Exception):
    """There is more than was allowed for."""


def unpack(body: bytes, coding: str, most: int) -> bytes:
    """A body in gzip or deflate. Raises TooLarge when it unpacks to more than ``most`` bytes, which it never holds;
    EOFError when it ends too soon; ValueError when it is nothing of the kind."""
    if coding in ("gzip", "x-gzip"):
        return _members(body, most)
    if coding != "deflate":
        raise ValueError(f"unknown coding {coding!r}")
    try:
        return _inflate(body, _ZLIB, most)[0]
    except ValueError:
        return _inflate(body, _RAW, most)[0]  # what some servers call deflate


def _members(body: bytes, most: int) -> bytes:
    """gzip may consist of several parts; what follows them is padding."""
    found, rest = _inflate(body, _GZIP, most)
    parts = 1
    while rest.startswith(b"\x1f\x8b"):
        if parts == _MOST_PARTS:
            raise ValueError("too many parts")
        more, rest = _inflate(rest, _GZIP, most - len(found))
        found, parts = found + more, parts + 1
    return found


def _inflate(body: bytes, form: int, most: int) -> tuple[bytes, bytes]:
    """What a body begins with, unpacked step by step, and what follows it."""
    unpacker = zlib.decompressobj(form)
    parts: list[bytes] = []
    size = 0
    for start in range(0, len(body), _STEP):
        rest = body[start:start + _STEP]
        while True:
            try:
                part = unpacker.decompress(rest, _STEP)
            except zlib.error as error:
                raise ValueError(str(error)) from None
            parts.append(part)
            size += len(part)
            if size > most:
                raise TooLarge
            rest = unpacker.unconsumed_tail
            if unpacker.eof:
                return b"".join(parts), unpacker.unused_data + body[start + _STEP:]
            if not rest and len(part) < _STEP:
                break
    raise EOFError


class InflateMiddleware:
    """Unpacks answers. Raises Refusal for those that cannot be, or are too large when unpacked."""

    def __init__(self, most: int) -> None:
        self.most = most

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> InflateMiddleware:
        """Built by Scrapy."""
        return cls(crawler.settings.getint("DOWNLOAD_MAXSIZE"))

    def process_request(self, request: Request) -> None:
        """Say what we unpack."""
        request.headers["Accept-Encoding"] = "gzip, deflate"

    def process_response(self, request: Request, response: Response) -> Response:
        """Unpack the body."""
        stated = b",".join(response.headers.getlist("Content-Encoding")).decode("latin-1").lower()
        codings = [coding.strip() for coding in stated.split(",") if coding.strip() not in ("", "identity")]
        if not codings or not response.body:
            return response
        body = _unpacked(response, codings, request.meta.get("download_maxsize", self.most))
        headers = response.headers.copy()
        del headers["Content-Encoding"]
        kind = responsetypes.from_args(headers=headers, url=response.url, body=body)
        again = {"encoding": None} if issubclass(kind, TextResponse) else {}  # it was guessed from the packed body
        return response.replace(cls=kind, headers=headers, body=body, **again)


def _unpacked(response: Response, codings: list[str], most: int) -> bytes:
    body = response.body
    try:
        if len(codings) > _MOST_LAYERS:
            raise ValueError("too many layers")
        for coding in reversed(codings):
            body = unpack(body, coding, most)
    except TooLarge:
        raise Refusal(too_large(response.url, f"{len(response.body)} bytes unpack to more than {most}")) from None
    except EOFError:
        raise Refusal(cut_off(response.url)) from None
    except ValueError:
        raise Refusal(not_unpackable(response.url, ", ".join(codings)[:100])) from None
    return body
