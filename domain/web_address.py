"""Addresses of others: which of them may be kept and linked to."""

from __future__ import annotations

from urllib.parse import urlsplit


def is_web_address(url: str) -> bool:
    """Whether an address is one a browser may open from our page, and leads where it seems to: http or https, a host,
    nobody's name before it, no blanks or invisible signs, no backslashes (which browsers take for slashes)."""
    if not url.isprintable() or " " in url or "\\" in url:
        return False
    try:
        parts = urlsplit(url)
        host = parts.hostname
    except ValueError:
        return False
    return parts.scheme in ("http", "https") and bool(host) and "@" not in parts.netloc
