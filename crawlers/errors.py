"""What can go wrong with an answer of a source, each with the reason people read on the source page."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

from OpenSSL import SSL
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
from service_identity import VerificationError
from twisted.internet.error import ConnectError, ConnectionDone, ConnectionLost

from crawlers.fetch.addresses import Rule
from domain.errors import ZonewatchError
from domain.source import Reason, RunStatus

REFUSALS = frozenset((401, 403, 407, 429, 451))
"""HTTP statuses that say "not you" or "not now", not "not here"."""

_TITLE = re.compile(rb"<title[^>]{0,200}>([^<]{0,1000})", re.I)
_EXCUSE = re.compile(r"apolog|abuse|captcha|challenge|denied|blocked|unavailable|maintenance", re.I)


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
    if isinstance(why, VerificationError):
        return "the certificate is for another host"
    if isinstance(why, SSL.Error):
        return "the certificate does not hold"
    return " ".join(str(getattr(why, "msg", why)).split())[:200]


class HeadersTooLong(Exception):
    """Raised by our HTTP client to break off an answer whose headers do not end."""


def off_site(url: str, target: str) -> SourceError:
    """A redirect leads away from the hosts of the card; to a page that excuses itself, if its address says so."""
    kind = Blocked if _EXCUSE.search(target) else NoAnswer
    return kind(Reason("off_site", {"url": url, "target": target}))


def insecure_redirect(url: str, target: str) -> NoAnswer:
    """A redirect leads from an encrypted address to one that is not."""
    return NoAnswer(Reason("insecure_redirect", {"url": url, "target": target}))


def refused_address(url: str, address: str, rule: Rule) -> NoAnswer:
    """An address that is not asked, or the one its host leads to is not connected to."""
    return NoAnswer(Reason("refused_address", {"url": url, "address": address, "rule": rule.en, "rule_zh": rule.zh}))


def too_large(url: str, why: str) -> NoAnswer:
    """An answer, as sent or unpacked, is over the limit."""
    return NoAnswer(Reason("too_large", {"url": url, "why": why}))


def not_unpackable(url: str, coding: str) -> NoAnswer:
    """An answer is packed in a way we did not ask for, or not as it says."""
    return NoAnswer(Reason("unpacking", {"url": url, "coding": coding}))


def cut_off(url: str) -> NoAnswer:
    """An answer ends before its end."""
    return NoAnswer(Reason("cut_off", {"url": url}))


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
    cause = _cause(error)
    code = next((code for kinds, code in _CODES if isinstance(cause, kinds)), None)
    if code is None or cause is None:
        return None
    return NoAnswer(Reason(code, {"url": url, "why": _plainly(cause) or type(cause).__name__}))


def _cause(error: BaseException | None) -> BaseException | None:
    """What broke a connection, if that says more than that it broke."""
    inner = [failure.value for failure in getattr(getattr(error, "__cause__", None), "reasons", ())]
    telling = (each for each in inner if isinstance(each, HeadersTooLong | VerificationError)
               or (isinstance(each, SSL.Error) and "certificate verify" in str(each)))
    return next(telling, error)


_CODES: tuple[tuple[tuple[type[Exception], ...], str], ...] = (
    ((DownloadTimeoutError,), "timed_out"),
    ((SSL.Error, VerificationError), "unverified_tls"),
    ((DownloadCancelledError, HeadersTooLong), "too_large"),
    ((ResponseDataLossError,), "cut_off"),
    ((CannotResolveHostError, DownloadConnectionRefusedError, ConnectError), "unreachable"),
    ((DownloadFailedError, ConnectionDone, ConnectionLost), "closed"),
    ((IgnoreRequest,), "no_answer"),
)


def is_html(response: Response) -> bool:
    """Whether an answer is a page for people, whatever its header says."""
    head = response.body[:512].lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    if head.startswith((b"<!doctype html", b"<html")):
        return True
    says_html = b"text/html" in (response.headers.get("Content-Type") or b"").lower()
    return says_html and not head.startswith((b"<?xml", b"{", b"[", b"\0\0"))  # no text begins with two NUL
