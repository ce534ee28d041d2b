"""Sample sites: a loopback gateway that answers like the real publishers, with invented content and dates of these days."""

from __future__ import annotations

import json
import re
import threading
from datetime import timedelta
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from importlib.resources import files
from urllib.parse import parse_qs, urlsplit

from domain import clock

WEEKLY = "ec.europa.eu/safety-gate-alerts/api/download/weeklyReport/"
ROUTES = (
    (re.compile(re.escape(WEEKLY) + "list/xml/en"), "index_day{day}.xml"),
    (re.compile(re.escape(WEEKLY) + r"detail/xml/(?P<id>\d+)"), "report_{id}.xml"),
    (re.compile(r"recalls-rappels\.canada\.ca/.+/HCRSAMOpenData\.json"), "recalls_day{day}.json"),
    (re.compile(r"eping\.wto\.org/api/v1/azureSearch/getAll"), "eping_day{day}.json"),
)
_DATE = re.compile(r"@(ISO|DMY)([+-]\d+)@")
_FORMATS = {"ISO": "%Y-%m-%d", "DMY": "%d/%m/%Y"}


class SampleSites:
    """The sites on a free port of this machine. ``day`` 1 is what was there before, 2 has news."""

    def __init__(self) -> None:
        self.day = 1
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    @property
    def url(self) -> str:
        """Address to be used as the gateway."""
        return f"http://127.0.0.1:{self._server.server_port}"

    def close(self) -> None:
        """Stop serving."""
        self._server.shutdown()
        self._server.server_close()

    def answer(self, path: str, query: str) -> tuple[str, str] | None:
        """Content type and body of a real address given as HOST/PATH; None when no site has it."""
        for pattern, name in ROUTES:
            if match := pattern.fullmatch(path):
                file = name.format(day=self.day, **match.groupdict())
                text = _DATE.sub(_dated, (files("zonewatch.demo") / "sites" / file).read_text(encoding="utf-8"))
                return ("application/json", _page(text, query)) if file.endswith(".json") else ("application/xml", text)
        return None

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        sites = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                url = urlsplit(self.path)
                found = sites.answer(url.path.lstrip("/"), url.query)
                kind, body = found or ("text/plain", "not here")
                payload = body.encode()
                self.send_response(HTTPStatus.OK if found else HTTPStatus.NOT_FOUND)
                self.send_header("Content-Type", f"{kind};charset=UTF-8")
                self.send_header("Content-Length", str(len(payload)))
                self.end_headers()
                self.wfile.write(payload)

            def log_message(self, format: str, *args: object) -> None:
                """The demo's screen is for people."""

        return Handler


def _dated(match: re.Match[str]) -> str:
    day = clock.today() + timedelta(days=int(match[2]))
    return day.strftime(_FORMATS[match[1]])


def _page(text: str, query: str) -> str:
    """ePing answers page by page; all samples fit on the first."""
    if int(parse_qs(query).get("Page", ["1"])[0]) > 1:
        return json.dumps(json.loads(text) | {"items": []})
    return text
