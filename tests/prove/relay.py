"""A relay before the mirror that renames a column of a web page's table, which the mirror cannot: it renames elements."""

from __future__ import annotations

import re
import urllib.error
import urllib.request

from tests.replay import Answer, Gateway

HEADS = re.compile(rb"charset=[\"']?([\w-]+)", re.I)


class Renaming(Gateway):
    """Serves what a gateway serves, with one text between tags made another."""

    def __init__(self, gateway_url: str, column: str) -> None:
        self.gateway_url, self.column = gateway_url, column
        super().__init__({})

    def answer(self, url: str) -> Answer:
        self.asked.clear()
        address, _, form = url.partition(" ")
        try:
            with urllib.request.urlopen(f"{self.gateway_url}/{address.removeprefix('https://')}",
                                        form.encode() if form else None) as found:
                status, kind, body = found.status, found.headers["Content-Type"], found.read()
        except urllib.error.HTTPError as error:
            with error:
                status, kind, body = error.code, error.headers["Content-Type"], error.read()
        return Answer(renamed(body, self.column), kind or "text/plain", status)


def pattern(column: str, body: bytes) -> re.Pattern[bytes]:
    """A text that stands alone between two tags, in the encoding that a page states."""
    stated = HEADS.search(body[:2048])
    name = column.encode(stated[1].decode() if stated else "utf-8", "replace")
    return re.compile(rb"(>\s*)" + re.escape(name) + rb"(?=\s*<)")


def renamed(body: bytes, column: str) -> bytes:
    return pattern(column, body).sub(lambda found: found[0] + b"-2", body)
