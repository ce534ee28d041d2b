"""Two big publishers that never come to rest: every time they are asked, a part of what they list is new or reads
differently. They run in a process of their own, so that they take nothing from whoever measures."""

from __future__ import annotations

import json
import multiprocessing
import re
import threading
from datetime import timedelta
from multiprocessing.connection import Connection
from typing import Any

from domain import clock
from tests.publishers import CA_DUMP, EU_INDEX, ca_dump, eu_index, eu_report, eu_report_url
from tests.replay import Answer, Gateway

SLUGS = ("ca_recalls", "eu_safety_gate")
ALERTS = 60
"""Alerts of a weekly report."""
FRESH = 10
"""Rows of today that every dump adds; all other new ones are dated long ago, as when an archive is published again."""
LONG = ("The affected units were sold between spring and autumn; the pressure vessel may corrode from within and burst when "
        "the safety valve does not open in time, which may hurt people nearby. Stop using the product, take the plug out of "
        "the socket and bring it back to where it was bought. The price is given back, also without a receipt. ") * 2


class Big(Gateway):
    """``rows`` is the size of the dump; a quarter of it is amended every time, and a tenth is added."""

    def __init__(self, rows: int) -> None:
        self.rows, self.turn = rows, 0
        self._row: dict[str, Any] = json.loads(ca_dump(0).body)[0] | {"What you should do": LONG}
        self._reports = {eu_report_url(1001 + place): place for place in range(max(rows // ALERTS // 2, 5))}
        super().__init__({})

    def answer(self, url: str) -> Answer:
        self.asked.clear()
        if url == CA_DUMP:
            self.turn += 1
            count = self.rows + self.turn * self.rows // 10
            return Answer(json.dumps([self._ca(number) for number in range(count)]).encode())
        if url == EU_INDEX:
            return self._index()
        return self._report(self._reports[url]) if url in self._reports else Answer(b"not here", "text/plain", 404)

    def _ca(self, number: int) -> dict[str, Any]:
        added = number - self.rows - (self.turn - 1) * self.rows // 10
        on = clock.today() - timedelta(days=0 if 0 <= added < FRESH else 200 + number % 3000)
        title = f"Air compressor recalled {number}, amended {(self.turn + number) // 4}"
        return self._row | {"NID": str(number), "Title": title, "Last updated": on.isoformat(),
                            "URL": f"https://recalls-rappels.canada.ca/en/alert-recall/{number}"}

    def _index(self) -> Answer:
        body = eu_index(*(1001 + place for place in self._reports.values())).body
        days = iter(self._reports.values())
        return Answer(re.sub(rb"\d\d/\d\d/2026", lambda _: _week(next(days)).encode(), body), "application/xml")

    def _report(self, place: int) -> Answer:
        cases = [f"SR/{place:03d}{number:03d}/26" for number in range(ALERTS)]
        body = eu_report(1001 + place, *cases).body.replace(b"A compressor.", LONG.encode())
        body = body.replace(b"</name>", f" amended {(self.turn + place) // 4}</name>".encode())
        return Answer(re.sub(rb"\d\d/11/2026", _week(place).encode(), body), "application/xml")


def _week(place: int) -> str:
    return (clock.today() - timedelta(weeks=place + 1)).strftime("%d/%m/%Y")


class BigPublishers:
    """The two, on loopback, in a process of their own."""

    def __init__(self, rows: int) -> None:
        receiver, sender = multiprocessing.Pipe(duplex=False)
        self._process = multiprocessing.get_context("spawn").Process(target=_serve, args=(rows, sender), daemon=True)
        self._process.start()
        self.url: str = receiver.recv()

    def close(self) -> None:
        self._process.terminate()
        self._process.join(10)


def _serve(rows: int, sender: Connection) -> None:
    sender.send(Big(rows).url)
    threading.Event().wait()
