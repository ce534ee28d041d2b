"""Politeness, as the source mirror's own log shows it: one request at a time to a host, the card's delay between two, and
"not modified" where it is offered.

    python -m tests.prove.politeness [--sources SLUG …] [--seconds N]

Every proven source is crawled as the scheduler would, at the delay of its card, for as many seconds as are given; then it
is stopped. All sources of one host run at the same time, and have to take turns. A source that gives validators is read
whole without delay, and then again at its card's pace: what it is asked for must be asked conditionally, and not be sent.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from crawlers.cards import cards
from domain.source import Grade, Source
from storage import sources
from tests.conftest import SHARED, Installed, Mirror
from tests.prove.report import machine, say

SIDE_BY_SIDE = 4
"""Groups of sources that run at the same time; those of one group share a host."""
DATED = ("SELECT DISTINCT slug FROM captures JOIN source_runs ON source_runs.id = captures.run_id "
         "WHERE lower(headers) LIKE '%\"etag\"%' OR lower(headers) LIKE '%\"last-modified\"%'")
GRACE_SECONDS = 20


def groups(wanted: Sequence[Source]) -> list[list[Source]]:
    """Sources that share a host, directly or by others, together."""
    found: list[list[Source]] = []
    for card in wanted:
        joined = [group for group in found if any(set(card.hosts) & set(other.hosts) for other in group)]
        found = [group for group in found if group not in joined] + [[*(each for group in joined for each in group), card]]
    return found


def crawl_at_pace(installed: Installed, batch: Sequence[Source], seconds: float) -> None:
    """Crawl sources at the same time for so long, then stop those that still run."""
    running = [installed.start("crawl-one", card.slug, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
               for card in batch]
    until = time.monotonic() + seconds
    while time.monotonic() < until and any(each.poll() is None for each in running):
        time.sleep(0.2)
    for each in running:
        each.terminate()
    for each in running:
        try:
            each.wait(GRACE_SECONDS)
        except subprocess.TimeoutExpired:  # as the scheduler does
            each.kill()
            each.wait()


def faults(card: Source, host: str, sharing: Sequence[Source], seen: dict[str, Any]) -> Iterator[str]:
    """What the log of a host says against us."""
    if not seen:
        yield f"{card.slug}: {host} was never asked"
        return
    least = min(each.delay for each in sharing) * 1000
    if seen["max_concurrent"] != 1:
        yield f"{card.slug}: {seen['max_concurrent']} requests at once to {host}"
    if seen["min_gap_ms"] is not None and seen["min_gap_ms"] < least:
        yield f"{card.slug}: {seen['min_gap_ms']} ms between two requests to {host}, {least:.0f} were promised"


class Manners:
    """An installation that crawls the mirror, and what came of it: lines to tell and what is broken."""

    def __init__(self, mirror: Mirror, folder: Path, wanted: Sequence[Source], seconds: float) -> None:
        self.mirror, self.wanted, self.seconds = mirror, wanted, seconds
        keys = {f"KEY_{card.slug.upper()}": "of-the-proof" for card in wanted if card.needs_key}
        self.installed = Installed(folder, GATEWAY_URL=mirror.url, **keys)
        self.installed.run("init")
        for card in wanted:  # the mirror holds samples; validators are kept of a run that reached its floor
            sources.set_floor(self.installed.db, card.slug, 1, "prove")
        self.lines: list[str] = []
        self.broken: list[str] = []

    def paced(self) -> None:
        """Every source at its pace."""
        found = groups(self.wanted)
        for start in range(0, len(found), SIDE_BY_SIDE):
            batch = [card for group in found[start:start + SIDE_BY_SIDE] for card in group]
            say(f"at their pace: {', '.join(card.slug for card in batch)}")
            crawl_at_pace(self.installed, batch, self.seconds)
        hosts = self.mirror.log()["hosts"]
        for card in self.wanted:
            for host in card.hosts:
                sharing = [each for each in self.wanted if host in each.hosts]
                self._tell(card, host, sharing, hosts.get(host, {}))

    def _tell(self, card: Source, host: str, sharing: Sequence[Source], seen: dict[str, Any]) -> None:
        self.broken += faults(card, host, sharing, seen)
        shared = f"  shared by {len(sharing)} sources" if len(sharing) > 1 else ""
        self.lines.append(f"{card.slug:<28} {host:<34} {seen.get('requests', 0):>4} requests, at once "
                          f"{seen.get('max_concurrent')}, smallest gap {seen.get('min_gap_ms')} ms "
                          f"(card: {card.delay * 1000:.0f}){shared}")

    def conditional(self) -> None:
        """Sources with validators: read whole, then asked again."""
        self.installed.set(CRAWL_DELAY="0")
        dated = {row[0] for row in self.installed.rows(DATED)}
        whole: dict[str, int] = {}
        for card in self.wanted:
            if card.slug in dated:
                say(f"whole, then again: {card.slug}")
                whole[card.slug] = json.loads(self.installed.run("crawl-one", card.slug))["requests"]
        del self.installed.environment["ZONEWATCH_CRAWL_DELAY"]
        for card in self.wanted:
            if card.slug in dated:
                self._ask_again(card, whole[card.slug])

    def _ask_again(self, card: Source, whole: int) -> None:
        """A source whose list tells what each file is asks for no known file at all, which is politer than asking."""
        before = self._counts(card)
        report = json.loads(self.installed.run("crawl-one", card.slug))
        asked, unsent = (after - earlier for earlier, after in zip(before, self._counts(card), strict=True))
        if asked != unsent or report["status"] != "ok" or (not asked and report["requests"] >= whole):
            self.broken.append(f"{card.slug}: {asked} conditional requests, {unsent} answered by 304 ({report['status']})")
        self.lines.append(f"{card.slug:<28} asked again: {report['requests']} requests, before {whole}; {asked} "
                          f"conditional, {unsent} answered by 304")

    def _counts(self, card: Source) -> tuple[int, int]:
        seen = [self.mirror.log()["hosts"].get(host, {}) for host in card.hosts]
        return sum(each.get("conditional", 0) for each in seen), sum(each.get("not_modified", 0) for each in seen)


def prove(options: argparse.Namespace) -> int:
    proven = [card for card in cards() if card.grade is Grade.PROVEN]
    wanted = [card for card in proven if not options.sources or card.slug in options.sources]
    mirror, began = Mirror(10), time.monotonic()
    try:
        with tempfile.TemporaryDirectory() as folder:
            manners = Manners(mirror, Path(folder), wanted, options.seconds)
            manners.paced()
            manners.conditional()
    finally:
        mirror.close()
    print(f"Politeness: {len(wanted)} sources at the delay of their cards, {options.seconds:.0f} s each, "
          f"{time.monotonic() - began:.0f} s in all\n{machine()}\n")
    print("\n".join(manners.lines))
    print("HOLDS" if not manners.broken else "\n".join(["BROKEN", *(f"  - {each}" for each in manners.broken)]), flush=True)
    return 1 if manners.broken else 0


def main() -> int:
    parser = argparse.ArgumentParser(prog="tests.prove.politeness", description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sources", nargs="+", metavar="SLUG", help="all by default")
    parser.add_argument("--seconds", type=float, default=30.0, help="how long a source is crawled at its pace")
    if not (SHARED / "mirror" / "serve.py").is_file():
        print("../shared is absent: there is no mirror whose log could be read", file=sys.stderr)
        return 2
    return prove(parser.parse_args())


if __name__ == "__main__":
    sys.exit(main())
