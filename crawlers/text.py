"""Text and dates as publishers write them, made readable. What is removed here stays in a notice's ``raw``."""

from __future__ import annotations

import html
import re
import textwrap
from contextlib import suppress
from datetime import date, datetime

from domain.text import PARTING, UNSEEN

_ENTITY = re.compile(r"&(?:#\d{1,7}|#[xX][0-9a-fA-F]{1,6}|[A-Za-z][A-Za-z0-9]{1,31});")
_TAG = re.compile(r"</?[a-zA-Z][^<>]*>")
_CUT_TAG = re.compile(r"<(?:/?(?:fo?n?|font|span|img|br|strong|em)\b[^<>]*|a\s+href[^<>]*)$", re.I)
_URL = re.compile(r"https?://[^\s<>\"'|\\^`{}]+", re.I)
_INVISIBLE = re.compile(f"[{UNSEEN}{PARTING}\r\u2028\u2029]+")
_NOT_STORABLE = re.compile("[\x00\ud800-\udfff]")
_BARCODE = re.compile(r"(?<!\d)\d{8,14}(?!\d)")
_ISO = re.compile(r"(\d{4}-\d\d-\d\d)(?:[T ]\d\d:\d\d\S*)?")
_UNSHOWN = ("script", "style", "template", "iframe", "object", "svg")
_HIDING = re.compile(r"display:none|visibility:(?:hidden|collapse)"
                     r"|(?:font-size|opacity|max-height):0(?:[a-z]+|%)?(?:[;!]|$)", re.I)
_BREAKING = ("br", "p", "div", "li", "tr", "h1", "h2", "h3", "h4", "td")
_PLACEHOLDERS = frozenset(("", "unknown", "n/a", "na", "-", "--", "---", "not available", "not applicable", "none"))

LONGEST = 100_000
"""Signs of a text that are read: nine times the longest known."""
LONGEST_ADDRESS = 2_000
"""Signs of an address; a longer one leads nowhere that we would send a reader."""
CUT = "[truncated 已截断: "
"""Opens the last words of a text that is longer than is read."""


def bounded(text: str, most: int = LONGEST) -> str:
    """A text, or its beginning with words that say that it was cut and how long it is."""
    if len(text) <= most:
        return text
    if not is_cut(text):
        return f"{text[:most]} …{CUT}{len(text):,}]"
    end = text.rindex(" …" + CUT)
    return text if end <= 2 * most else text[:most] + text[end:]  # several texts together may be longer than each


def is_cut(text: str) -> bool:
    """Whether a text was cut by ``bounded``."""
    return text.endswith("]") and f" …{CUT}" in text[-60:]


def plain(text: str | None) -> str:
    """A text without HTML: tags and what they hide gone (also a tag that a length limit of the publisher cut open),
    entities (also those escaped twice) as signs, outer blanks trimmed; one longer than ``LONGEST`` says that it was cut."""
    if not text:
        return ""
    text = bounded(text)
    if "<" in text:
        text = _CUT_TAG.sub("", text)
        text = _without_tags(text) if _has_tags(text) else text
    for _ in range(2):
        if "&" in text:
            text = _ENTITY.sub(_sign, text)
    return text.strip()


def _sign(found: re.Match[str]) -> str:
    return html.unescape(found[0])


def _has_tags(text: str) -> bool:
    comment = text.find("<!--")
    return _TAG.search(text) is not None or 0 <= comment <= text.rfind("-->") - 4


def _without_tags(text: str) -> str:
    from bs4 import BeautifulSoup  # few texts hold tags, and the import costs every start

    soup = BeautifulSoup(_NOT_STORABLE.sub("", text), "lxml")  # which takes no half signs, and ends at a NUL
    for gone in [*soup(_UNSHOWN), *soup(hidden=True), *soup(style=_is_hiding)]:
        gone.decompose()
    for tag in soup(_BREAKING):
        tag.insert_before("\n")
    return soup.get_text().replace("\xa0", " ")


def _is_hiding(style: str | None) -> bool:
    return bool(style and _HIDING.search("".join(style.split())))


def line(text: str | None) -> str:
    """``plain`` on one line."""
    return " ".join(plain(text).split())


def lines(text: str | None) -> str:
    """``plain`` without empty lines and outer blanks of lines."""
    return "\n".join(filter(None, map(str.strip, plain(text).splitlines())))


def stated(text: str | None) -> str:
    """``line``, or nothing where the publisher wrote a word for "nothing" such as Unknown or N/A."""
    found = line(text)
    return "" if found.casefold().strip(" .") in _PLACEHOLDERS else found


def first_sentence(text: str | None, most: int) -> str:
    """The beginning of a text up to its first full stop before a capital, at most ``most`` signs."""
    return textwrap.shorten(re.split(r"\.\s*(?=[A-Z])", line(text), maxsplit=1)[0].rstrip(" .,;"), most, placeholder=" …")


def links(*texts: str | None) -> tuple[str, ...]:
    """The web addresses that stand in texts, each once, in order; punctuation behind them is not theirs."""
    found = (html.unescape(url).rstrip(".,;:)]") for text in texts if text for url in _URL.findall(text[:LONGEST]))
    return tuple(dict.fromkeys(url for url in found if "." in url))


def barcodes(text: str) -> list[str]:
    """The numbers in a text that are as long as barcodes are."""
    return _BARCODE.findall(text)


def day(text: str | None, *forms: str) -> date | None:
    """A date in the first of the declared forms (as of ``datetime.strptime``) that it has; None for anything else, never a
    guess."""
    for form in forms:
        with suppress(ValueError):
            return datetime.strptime((text or "").strip(), form).date()  # noqa: DTZ007 (a calendar date has no zone)
    return None


def iso_day(text: str | None) -> date | None:
    """The date of an ISO 8601 date or date-time; None for anything else."""
    found = _ISO.fullmatch((text or "").strip())
    return day(found[1], "%Y-%m-%d") if found else None


def visible(text: str) -> str:
    """A text without control, direction and zero-width characters, ends trimmed; line breaks stay."""
    if text.isprintable():  # true for nearly all, and fast
        return text.strip()
    return _INVISIBLE.sub(_blank, text.replace("\r\n", "\n")).strip()


def _blank(found: re.Match[str]) -> str:
    """Controls between words separate them; zero-width characters never did."""
    return " " if found[0][0] in "\x0b\x0c\r\x85\u2028\u2029" else ""


def storable(text: str) -> str:
    """A text as written, but for NUL and lone surrogates, which no database takes."""
    return text if text.isprintable() else _NOT_STORABLE.sub("\ufffd", text)
