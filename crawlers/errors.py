"""What can go wrong with an answer of a source, each with the reason people read on the source page."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

from scrapy.exceptions import (
    CannotResolveHostError,
    DownloadCancelledError,
    DownloadConnectionRefusedError,
    DownloadFailedError,
    DownloadTimeoutError,
    IgnoreRequest,
    ResponseDataLossError,
)
from scrapy.http import Response
from scrapy.spidermiddlewares.httperror import HttpError
from twisted.internet.error import ConnectError, ConnectionDone, ConnectionLost

from domain.errors import ZonewatchError
from domain.source import Reason, RunStatus

REFUSALS = frozenset((401, 403, 407, 429, 451))
"""HTTP statuses that say "not you" or "not now", not "not here"."""

_TITLE = re.compile(rb"<title[^>]*>(.*?)</title", re.I | re.S)


class SourceError(ZonewatchError):
    """An answer that cannot be used. ``status`` is how a run ends that depends on it."""

    status = RunStatus.FAILED

    def __init__(self, reason: Reason) -> None:
        super().__init__(reason.text())
        self.reason = reason


class NoAnswer(SourceError):
    """Nothing usable came back."""


class Blocked(SourceError):
    """The publisher (or something before it) turns us away, or shows a page for people instead of data."""

    status = RunStatus.BLOCKED


class NotParsable(SourceError):
    """The bytes are not what their format demands."""


class ShapeChanged(SourceError):
    """Readable, but not built as the spider relies on: the run fails, whatever else was read."""


class Refusal(IgnoreRequest):
    """Raised by our downloader middleware to give up a request; ``error`` says why."""

    def __init__(self, error: SourceError) -> None:
        super().__init__(str(error))
        self.error = error


def shape(url: str, what: str) -> ShapeChanged:
    """The answer of ``url`` is not built as expected."""
    return ShapeChanged(Reason("shape", {"url": url, "what": what}))


def field_missing(url: str, field: str, where: str) -> ShapeChanged:
    """A field that every record had is not there."""
    return ShapeChanged(Reason("field_missing", {"url": url, "field": field, "where": where}))


def not_parsable(url: str, form: str, why: object) -> NotParsable:
    """The answer of ``url`` is no readable ``form``."""
    return NotParsable(Reason("not_parsable", {"url": url, "format": form, "why": _plainly(why)}))


def _plainly(why: object) -> str:
    if isinstance(why, UnicodeDecodeError):
        return "the bytes are no text"
    return " ".join(str(getattr(why, "msg", why)).split())[:200]


def off_site(url: str, target: str) -> NoAnswer:
    """A redirect leads away from the hosts of the card."""
    return NoAnswer(Reason("off_site", {"url": url, "target": target}))


def redirect_loop(url: str) -> NoAnswer:
    """A redirect leads to a redirect, and so on."""
    return NoAnswer(Reason("redirect_loop", {"url": url}))


def dropped(url: str) -> NoAnswer:
    """A request was never answered, and nobody said why."""
    return NoAnswer(Reason("no_answer", {"url": url, "why": "the request was dropped"}))


def robots_forbid(url: str) -> Blocked:
    """robots.txt forbids an address."""
    return Blocked(Reason("robots", {"host": urlsplit(url).netloc, "url": url}))


def page_title(body: bytes) -> str:
    """The title of an HTML page, for people."""
    found = _TITLE.search(body[:65536])
    return " ".join(found[1].decode("utf-8", "replace").split())[:120] if found else "?"


def html_instead(url: str, body: bytes) -> Blocked:
    """A page for people stands where data was asked for."""
    return Blocked(Reason("html_instead", {"url": url, "title": page_title(body)}))


def bad_status(url: str, status: int) -> SourceError:
    """An answer with an HTTP status that carries no data."""
    kind = Blocked if status in REFUSALS else NoAnswer
    return kind(Reason("http_status", {"url": url, "status": str(status)}))


def from_exception(url: str, error: BaseException | None) -> SourceError | None:
    """The reason behind a failed download; None when it is no fault of the network or the publisher but ours."""
    if isinstance(error, Refusal):
        return error.error
    if isinstance(error, HttpError):
        return bad_status(url, error.response.status)
    if isinstance(error, SourceError):
        return error
    code = next((code for kinds, code in _CODES if isinstance(error, kinds)), None)
    if code is None or error is None:
        return None
    return NoAnswer(Reason(code, {"url": url, "why": _plainly(error) or type(error).__name__}))


_CODES: tuple[tuple[tuple[type[Exception], ...], str], ...] = (
    ((DownloadTimeoutError,), "timed_out"),
    ((ResponseDataLossError,), "cut_off"),
    ((CannotResolveHostError, DownloadConnectionRefusedError, ConnectError), "unreachable"),
    ((DownloadFailedError, ConnectionDone, ConnectionLost), "closed"),
    ((DownloadCancelledError, IgnoreRequest), "no_answer"),
)


def is_html(response: Response) -> bool:
    """Whether an answer is a page for people, whatever its header says."""
    head = response.body[:512].lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    if head.startswith((b"<!doctype html", b"<html")):
        return True
    says_html = b"text/html" in (response.headers.get("Content-Type") or b"").lower()
    return says_html and not head.startswith((b"<?xml", b"{", b"["))
