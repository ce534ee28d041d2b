"""A scheduler against publishers of which every one is faulty: it lives, and crawls the one that is mended."""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path

from domain.source import Grade, Source
from tests.conftest import ROOT, Installed, Mirror
from tests.prove.report import say

PATIENCE_SECONDS = 300
"""How long to wait until every source was crawled under the faults of a round, and the mended one without."""
SLOW = 2_000_000
"""Bytes a second: the largest dump within its time."""
ENDED = "SELECT slug, count(*) FROM source_runs WHERE ended_at IS NOT NULL GROUP BY slug"
WELL = "SELECT count(*) FROM source_runs WHERE slug = '{slug}' AND id > {since} AND seen > 0 AND {fine}"
FINE = "(status = 'ok' OR reason_code = 'listing_short')"


class Survival:
    """A running scheduler, in a hurry, of these sources alone."""

    def __init__(self, cards: Sequence[Source], mirror: Mirror, folder: Path) -> None:
        self.cards = [card for card in cards if card.grade is Grade.PROVEN]
        self.mirror, self.log = mirror, folder / "scheduler.log"
        self.installed = Installed(folder, GATEWAY_URL=mirror.url, CRAWL_DELAY="0", CRAWLS="2")
        self.installed.environment["PYTHONPATH"] = str(ROOT)
        self.installed.environment["HASTY_SOURCES"] = ",".join(card.slug for card in self.cards)
        self.installed.run("init")

    def prove(self, kinds: Sequence[str]) -> tuple[list[str], list[str]]:
        """What to tell, and what is broken."""
        with self.log.open("w") as log:
            scheduler = subprocess.Popen([sys.executable, "-m", "tests.prove.hasty", "scheduler"], stdout=log, stderr=log,
                                         env=self.installed.environment, cwd=self.installed.folder)
        try:
            broken = [said for number in range(self._rounds(kinds)) if (said := self._round(kinds, number, scheduler))]
            broken += [] if self._mended(scheduler) else [f"{self.cards[-1].slug} was mended, and not crawled"]
            if scheduler.poll() is not None:
                broken.append(f"the scheduler ended with status {scheduler.returncode}")
        finally:
            scheduler.terminate()
            scheduler.wait(60)
            self.mirror.fault()
        broken += self._slips()
        runs = Counter(row[0] for row in self.installed.rows("SELECT status FROM source_runs"))
        told = ", ".join(f"{count} {status}" for status, count in sorted(runs.items()))
        fine = "" if broken else f"; it lived, and crawled {self.cards[-1].slug} when that alone was mended"
        return [f"scheduler: {len(kinds)} kinds of faults at {len(self.cards)} sources: {told} runs{fine}"], broken

    def _rounds(self, kinds: Sequence[str]) -> int:
        """So many that each kind was met by a source, and each source met two kinds."""
        return max(2, -(-len(kinds) // len(self.cards)))

    def _round(self, kinds: Sequence[str], number: int, scheduler: subprocess.Popen[bytes]) -> str:
        """Every source is faulty, each in another way than the next one; gives what is broken."""
        first = number * len(self.cards)
        self._spoil([kinds[(first + place) % len(kinds)] for place in range(len(self.cards))])
        before = self._ended()
        say(f"scheduler: round {number + 1}")
        if self._waits(lambda: all(self._ended()[card.slug] > before[card.slug] for card in self.cards), scheduler):
            return ""
        late = [card.slug for card in self.cards if self._ended()[card.slug] <= before[card.slug]]
        return f"round {number + 1}: not crawled: {', '.join(late)}"

    def _spoil(self, kinds: Sequence[str]) -> None:
        rules = [(host, kind.format(rate=SLOW)) for card, kind in zip(self.cards, kinds, strict=True) for host in card.hosts]
        self.mirror.fault()
        self.mirror.fault(*(f"{host}/robots.txt:flaky:0" for host, _ in rules), *(f"{host}:{kind}" for host, kind in rules))

    def _mended(self, scheduler: subprocess.Popen[bytes]) -> bool:
        *faulty, mended = self.cards
        self.mirror.fault()
        self.mirror.fault(*(f"{host}:503:0" for card in faulty for host in card.hosts if host not in mended.hosts))
        (since,), = self.installed.rows("SELECT coalesce(max(id), 0) FROM source_runs")
        query = WELL.format(slug=mended.slug, since=since, fine=FINE)
        return self._waits(lambda: self.installed.rows(query)[0][0] > 0, scheduler)

    def _ended(self) -> Counter[str]:
        return Counter({row[0]: row[1] for row in self.installed.rows(ENDED)})

    @staticmethod
    def _waits(come: Callable[[], bool], scheduler: subprocess.Popen[bytes]) -> bool:
        until = time.monotonic() + PATIENCE_SECONDS
        while time.monotonic() < until and scheduler.poll() is None:
            if come():
                return True
            time.sleep(0.5)
        return False

    def _slips(self) -> list[str]:
        lines = self.log.read_text(encoding="utf-8").splitlines()
        return [f"the scheduler's log: {line}" for line in lines if "raised an exception" in line][:3]


def survival(cards: Sequence[Source], kinds: Sequence[str]) -> tuple[list[str], list[str]]:
    """What to tell, and what is broken."""
    mirror = Mirror(1)
    try:
        with tempfile.TemporaryDirectory() as folder:
            return Survival(cards, mirror, Path(folder)).prove(kinds)
    finally:
        mirror.close()
