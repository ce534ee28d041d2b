"""Three small publishers that publish, amend and withdraw all the time, in the formats of the real ones.

Every reading of a notice has a mark of its own in its title (``EU12S3``: the twelfth notice of that publisher as it stands
for the third time), so that a mail says by its words alone what it tells. Every amendment changes the hazard or the
deadline, which is material, and nothing else that anybody subscribes to.
"""

from __future__ import annotations

import json
import random
import re
import threading
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

from domain import clock
from tests.publishers import CA_DUMP, EU_INDEX, ca_dump, eu_index, eu_report, eu_report_url, wto_page, wto_url
from tests.replay import Answer, Gateway

CA, EU, WTO = "ca_recalls", "eu_safety_gate", "wto_tbt_notifications"
MARK = re.compile(r"\b(CA|EU|WTO)(\d+)S(\d+)\b")
SLUGS = {"CA": CA, "EU": EU, "WTO": WTO}
HAZARDS = {CA: ("Fire hazard", "Burn hazard", "Injury hazard"), EU: ("Fire", "Burns", "Injuries")}
FIRST = 5
"""Notices of each publisher that are there before anything is new."""
ALERTS = 12
"""Alerts of a weekly report; then the next one begins."""
REREAD = 4
PAGE = 20


@dataclass(slots=True)
class Item:
    """A notice as its publisher sees it."""

    slug: str
    number: int
    state: int = 1
    gone: bool = False

    @property
    def external_id(self) -> str:
        return {CA: f"{self.number}", EU: f"SR/{self.number:05d}/26", WTO: f"G/TBT/N/CHE/{self.number}"}[self.slug]

    @property
    def mark(self) -> str:
        return f"{next(short for short, slug in SLUGS.items() if slug == self.slug)}{self.number}S{self.state}"


class News(Gateway):
    """``publish`` makes one thing new. Serve it as a gateway."""

    def __init__(self, seed: int) -> None:
        self.items = {slug: [Item(slug, number) for number in range(1, FIRST + 1)] for slug in (CA, EU, WTO)}
        self._random = random.Random(seed)
        self._guard = threading.Lock()
        super().__init__({})
        self._server.handle_error = _forgive  # type: ignore[assignment,method-assign]

    def publish(self) -> None:
        """A new notice, an amendment, or now and then the end of one. The WTO's notifications never end, and of Safety
        Gate's only those of the newest reports are amended, as in the world."""
        with self._guard:
            slug = self._random.choice((CA, EU, WTO))
            items = self.items[slug]
            lately = items[-REREAD * ALERTS // 2:] if slug == EU else items
            open_ones = [item for item in lately if not item.gone]
            chance = self._random.random()
            if chance < 0.5 or not open_ones:
                items.append(Item(slug, items[-1].number + 1))
            elif chance < 0.93 or slug == WTO or len(open_ones) < FIRST:
                self._random.choice(open_ones).state += 1
            else:
                self._random.choice(open_ones).gone = True

    def answer(self, url: str) -> Answer:
        self.asked.clear()
        with self._guard:
            if url == CA_DUMP:
                return self._dump()
            if url == EU_INDEX:
                return _today(eu_index(*self._reports()))
            if url.startswith(wto_url(1).split("?")[0]):
                return self._page(int(parse_qs(urlsplit(url).query)["Page"][0]))
            number = next((each for each in self._reports() if eu_report_url(each) == url), None)
            return self._report(number) if number else Answer(b"not here", "text/plain", 404)

    def _dump(self) -> Answer:
        found = ca_dump(*(item.number for item in self.items[CA] if not item.gone))
        rows: list[dict[str, Any]] = json.loads(found.body)
        by_id = {item.external_id: item for item in self.items[CA]}
        for row in rows:
            item = by_id[row["NID"]]
            row |= {"Title": f"Air compressor recalled {item.mark}", "Issue": HAZARDS[CA][item.state % 3],
                    "Last updated": clock.today().isoformat()}
        return Answer(json.dumps(rows).encode())

    def _reports(self) -> list[int]:
        return list(range(1001, 1002 + (len(self.items[EU]) - 1) // ALERTS))

    def _report(self, number: int) -> Answer:
        first = (number - 1001) * ALERTS
        items = self.items[EU][first:first + ALERTS]
        gone = [item.external_id for item in self.items[EU] if item.gone] if number == self._reports()[-1] else []
        found = eu_report(number, *(item.external_id for item in items),
                          addendum=" ".join(f"Notification {case} has been withdrawn." for case in gone))
        body = found.body.decode()
        for item in items:
            at = body.index(f"<name>{item.external_id}</name>")
            body = body[:at] + body[at:].replace(item.external_id, item.mark, 1).replace(
                "<riskType>Injuries", f"<riskType>{HAZARDS[EU][item.state % 3]}", 1)
        return _today(Answer(body.encode(), "application/xml"))

    def _page(self, number: int) -> Answer:
        items = self.items[WTO][::-1]
        chosen = items[(number - 1) * PAGE:number * PAGE]
        found = json.loads(wto_page(len(items), **{f"M{item.number}": "2026-11-01" for item in chosen}).body)
        for item, row in zip(chosen, found["items"], strict=True):
            title, deadline = f"Solenoid valves {item.mark}", clock.today() + timedelta(days=30 + item.state)
            row |= {"id": item.number, "documentSymbol": item.external_id, "notifyingMember": "Switzerland",
                    "notifyingMemberCode": "CHE", "distributionDate": f"{clock.today().isoformat()}T00:00:00",
                    "title": title, "titlePlain": title,
                    "commentDeadlineDate": f"{deadline.isoformat()}T00:00:00",
                    "linkToNotification": f"https://eping.wto.org/en/Notification/Details/{item.number}"}
        return Answer(json.dumps(found).encode())


def _forgive(*_: object) -> None:
    """A crawl that is killed hangs up on us."""


def _today(answer: Answer) -> Answer:
    """The same with all its dates of today."""
    return Answer(re.sub(rb"\d\d/11/2026", clock.today().strftime("%d/%m/%Y").encode(), answer.body), answer.kind)
