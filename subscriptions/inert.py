"""Text of strangers made harmless for mails: no line breaks in headers, nothing invisible, only plain web links."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

_INVISIBLE = re.compile("[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u009f\u00ad\u061c\u180e\u200b-\u200f\u202a-\u202e"
                        "\u2060-\u206f\ufeff\ufff9-\ufffb\ud800-\udfff\U000e0000-\U000e0fff]+")


def one_line(text: str, limit: int = 500) -> str:
    """The text on one line: separators of every kind are blanks, controls, direction marks and broken letters are gone,
    and what is longer than ``limit`` ends in an ellipsis."""
    text = _INVISIBLE.sub("", " ".join(text.split()))
    return text if len(text) <= limit else text[:limit - 1].rstrip() + "…"


def lines(text: str) -> list[str]:
    """A text of several lines, each as by ``one_line``."""
    return [one_line(line, 5000) for line in text.splitlines()]


def web_link(url: str) -> str:
    """The address if it is a plain http or https address, otherwise nothing: no blanks, invisible signs, backslashes or
    user names, in which two readers of addresses disagree."""
    url = url.strip()
    if not url.isprintable() or _INVISIBLE.search(url) or any(sign in url for sign in ' "<>\\'):
        return ""
    try:
        parts = urlsplit(url)
    except ValueError:
        return ""
    return url if parts.scheme in ("http", "https") and parts.hostname and "@" not in parts.netloc else ""
