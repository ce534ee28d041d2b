"""A visitor of the portal: cookies, the hidden token of the last form, and how long every answer took."""

from __future__ import annotations

import http.cookiejar
import random
import re
import time
import urllib.error
import urllib.parse
import urllib.request
from dataclasses import dataclass

TOKEN = re.compile(r'name="(csrf_token)" value="([^"]+)"')


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer of the portal; ``status`` is 0 when there was none, and ``page`` then says why."""

    step: str
    status: int
    seconds: float
    page: str


def _hextets() -> str:
    return f"{random.randrange(1 << 16):x}:{random.randrange(1 << 16):x}"


class Visitor:
    """One browser. Everything it was answered is in ``answers``."""

    def __init__(self, base_url: str, timeout: float = 60.0) -> None:
        self.base_url, self.timeout = base_url, timeout
        self.answers: list[Answer] = []
        self._opener = urllib.request.build_opener(
            urllib.request.ProxyHandler({}), urllib.request.HTTPCookieProcessor(http.cookiejar.CookieJar()))

    def get(self, path: str, step: str = "read") -> Answer:
        return self._ask(step, path, None)

    def post(self, path: str, step: str, page: str = "", **values: str) -> Answer:
        """Send a form with the token that stands on ``page``."""
        token = TOKEN.search(page)
        fields = {**values, token[1]: token[2]} if token else values
        return self._ask(step, path, urllib.parse.urlencode(fields).encode())

    def press(self, path: str, step: str, **values: str) -> Answer:
        """Open a page and press its button."""
        page = self.get(path)
        return self.post(path, step, page.page, **values) if page.status == 200 else page

    def _ask(self, step: str, path: str, body: bytes | None) -> Answer:
        began = time.monotonic()
        try:
            # each form comes from a network of its own, as the proxy would say: it is not the limits that are measured
            request = urllib.request.Request(self.base_url + path, body, {"X-Forwarded-For": f"2001:db8:{_hextets()}::1"})
            with self._opener.open(request, timeout=self.timeout) as answer:
                found = answer.status, answer.read().decode()
        except urllib.error.HTTPError as error:
            with error:
                found = error.code, error.read().decode()
        except OSError as error:
            found = 0, str(error)
        self.answers.append(Answer(step, found[0], time.monotonic() - began, found[1]))
        return self.answers[-1]
