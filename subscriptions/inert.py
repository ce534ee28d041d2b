"""Text of strangers made harmless for mails: no line breaks in headers, nothing invisible, only plain web links."""

from __future__ import annotations

import re

from domain.text import UNSEEN
from domain.web_address import is_web_address

_INVISIBLE = re.compile(f"[{UNSEEN}]+")


def one_line(text: str, limit: int = 500) -> str:
    """The text on one line: separators of every kind are blanks, controls, direction marks and broken letters are gone,
    and what is longer than ``limit`` ends in an ellipsis."""
    text = _INVISIBLE.sub("", " ".join(text.split()))
    return text if len(text) <= limit else text[:limit - 1].rstrip() + "…"


def lines(text: str) -> list[str]:
    """A text of several lines, each as by ``one_line``."""
    return [one_line(line, 5000) for line in text.splitlines()]


def web_link(url: str) -> str:
    """The address if it may stand in a mail, otherwise nothing: a web address without signs that end one in plain text."""
    url = url.strip()
    return url if is_web_address(url) and not _INVISIBLE.search(url) and not any(sign in url for sign in '"<>') else ""
