"""Sample sites: a loopback gateway that answers like the real publishers, with invented content and dates of these days.

What a site says stands in ``sites/<slug>_<day>.*``; every title begins with 【样例】, so that no reader takes it for real.
"""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from importlib.resources import files
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from domain import clock

_DATE = re.compile(r"@(ISO|DMY|DOT|YEAR)([+-]\d+)@")
_FORMATS = {"ISO": "%Y-%m-%d", "DMY": "%d/%m/%Y", "DOT": "%Y.%m.%d", "YEAR": "%Y"}


@dataclass(frozen=True, slots=True)
class Ask:
    """What is asked of a site: the day, the parts that its route names in the path, and the parameters."""

    day: int
    parts: Mapping[str, str]
    query: Mapping[str, str]


Site = Callable[[Ask], str]


def _sample(name: str) -> str:
    """A file of ``sites/`` with its dates filled in: @ISO-3@ is three days ago, @YEAR-3@ the year of that day."""
    return _DATE.sub(_dated, (files("zonewatch.demo") / "sites" / name).read_text(encoding="utf-8"))


def _dated(match: re.Match[str]) -> str:
    day = clock.today() + timedelta(days=int(match[2]))
    return day.strftime(_FORMATS[match[1]])


def _records(slug: str, day: int, key: str) -> list[dict[str, Any]]:
    """What a list holds on a day, newest first: the later reading of a record takes the place of the earlier one."""
    found: dict[Any, dict[str, Any]] = {}
    for each in range(day, 0, -1):
        for record in json.loads(_sample(f"{slug}_{each}.json")):
            found.setdefault(record[key], record)
    return list(found.values())


def _pieces(slug: str, day: int, ending: str) -> str:
    """The records of a page up to a day, newest first."""
    return "".join(_sample(f"{slug}_{each}.{ending}") for each in range(day, 0, -1))


def _safety_gate_index(ask: Ask) -> str:
    return _sample(f"eu_safety_gate_{ask.day}.xml")


def _safety_gate_report(ask: Ask) -> str:
    return _sample(f"eu_safety_gate_report_{ask.parts['number']}.xml")


def _canada(ask: Ask) -> str:
    return json.dumps(_records("ca_recalls", ask.day, "NID"))


def _eping(ask: Ask) -> str:
    """All notifications fit on the first page."""
    items = _records("wto_tbt_notifications", ask.day, "id")
    shown = items if ask.query.get("Page", "1") == "1" else []
    return json.dumps({"items": shown, "totalCount": len(items), "endRow": len(shown)})


def _cpsc(ask: Ask) -> str:
    """Recalls of a window of days."""
    first, last = ask.query["RecallDateStart"], ask.query["RecallDateEnd"]
    return json.dumps([each for each in _records("us_cpsc_recalls", ask.day, "RecallID")
                       if first <= each["RecallDate"][:10] <= last])


def _federal_register(ask: Ask) -> str:
    """Documents of a window of days, all on one page; none has no list of results."""
    first, last = (ask.query[f"conditions[publication_date][{end}]"] for end in ("gte", "lte"))
    found = [each for each in _records("us_federal_register", ask.day, "document_number")
             if first <= each["publication_date"] <= last]
    answer = {"count": len(found), "description": "Documents"}
    return json.dumps(answer | ({"total_pages": 1, "results": found} if found else {}))


def _uk_legislation(ask: Ask) -> str:
    return _sample("uk_legislation.xml").replace("{entries}", _pieces("uk_legislation", ask.day, "xml"))


def _korea(ask: Ask) -> str:
    """All rows fit on the first page; the pages after it are empty."""
    rows, page = _pieces("kr_kats_recalls", ask.day, "html"), ask.query.get("pageIndex", "1")
    return _sample("kr_kats_recalls.html").replace("{total}", str(rows.count("<tr>"))).replace("{page}", page).replace(
        "{rows}", rows if page == "1" else "")


WEEKLY = r"ec\.europa\.eu/safety-gate-alerts/api/download/weeklyReport/"
ROUTES: tuple[tuple[re.Pattern[str], str, Site], ...] = tuple((re.compile(path), kind, site) for path, kind, site in (
    (WEEKLY + "list/xml/en", "application/xml", _safety_gate_index),
    (WEEKLY + r"detail/xml/(?P<number>\d+)", "application/xml", _safety_gate_report),
    (r"recalls-rappels\.canada\.ca/.+/HCRSAMOpenData\.json", "application/json", _canada),
    (r"eping\.wto\.org/api/v1/azureSearch/getAll", "application/json", _eping),
    (r"www\.saferproducts\.gov/RestWebServices/Recall", "application/json", _cpsc),
    (r"www\.federalregister\.gov/api/v1/documents\.json", "application/json", _federal_register),
    (r"www\.legislation\.gov\.uk/all/data\.feed", "application/atom+xml", _uk_legislation),
    (r"sftc\.seoul\.go\.kr/fe/si/recallDmstc/NR_list\.do", "text/html", _korea),
))


def is_sampled(slug: str) -> bool:
    """Whether a source has a sample site."""
    return any(file.name.startswith(f"{slug}_1.") for file in (files("zonewatch.demo") / "sites").iterdir())


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
        for pattern, kind, site in ROUTES:
            if match := pattern.fullmatch(path):
                return kind, site(Ask(self.day, match.groupdict(), dict(parse_qsl(query))))
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
