"""The fault table: every fault kind of the source mirror × every spider.

    python -m tests.prove.faults [--sources SLUG …] [--faults KIND …]

Each source is loaded on day 1, without fault. Then, from a copy of that installation a cell, it is crawled on day 2 while
something is wrong with all its hosts (robots.txt left out). A cell shows how the run ended; with ``!`` where that is not as
expected, or where anything was stored, withdrawn or alerted that the faultless day 2 does not bring. Where a fault must do
no harm, the run must end as the faultless one, ``none``, and leave the same behind. Nothing here knows any source: hosts
come from the card, fields from what the spider checks. At last a scheduler runs while every source is faulty.
"""

from __future__ import annotations

import argparse
import queue
import sys
import tempfile
import threading
import time
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from crawlers.cards import cards
from domain.source import Grade, Source
from tests.conftest import SHARED, Mirror
from tests.prove.cells import NONE, NOT_APPLICABLE, SCHEMA, Cell, Row, table
from tests.prove.relay import Renaming
from tests.prove.report import machine, say
from tests.prove.seen import Loaded, Stored
from tests.prove.survival import survival
from tests.replay import crawl


@dataclass(frozen=True, slots=True)
class Fault:
    """What is wrong: a rule of the mirror (``{rate}`` is filled in), how the run must end (HARMLESS: as without the fault),
    and for which reasons if that matters. ``passes`` lifts the fault as soon as somebody met it; ``only`` names the forms of
    answers it can spoil; ``runs`` is how many runs it may take to get over it. ``or_else`` says when another end is as
    good: UNTOUCHED, nothing is stored or would alert; UNSAID, all is as without the fault."""

    name: str
    rule: str
    status: str
    reasons: tuple[str, ...] = ()
    passes: bool = False
    only: str = ""
    runs: int = 1
    or_else: str = ""


HARMLESS = "harmless"
RECORDS = "html json xml"
UNTOUCHED, UNSAID = "refused before anything was stored", "the field said nothing that day"
FAULTS = (
    Fault("flaky", "flaky:0.3", HARMLESS, runs=3), Fault("slow", "slow:{rate}", HARMLESS),
    Fault("429", "429:1", HARMLESS, passes=True), Fault("503", "503:1", HARMLESS, passes=True),
    Fault("429 stays", "429:0", "blocked"), Fault("503 stays", "503:0", "failed"),
    Fault("timeout", "timeout:2", "failed"), Fault("truncate", "truncate", "failed"), Fault("reset", "reset", "failed"),
    Fault("garbage", "garbage", "failed"), Fault("gzipbomb", "gzipbomb", "failed"),
    Fault("xxe", "xxe", "failed", only="xml"), Fault("loop", "loop", "failed"),
    Fault("private", "redirect-private", "failed"), Fault("html200", "html200", "blocked"),
    Fault("empty200", "empty200", "incomplete", ("below_floor", "listing_short"), only=RECORDS),
    Fault("burst10x", "burst10x", "held", only=RECORDS, or_else=UNTOUCHED),
)
NAMES = (*(fault.name for fault in FAULTS), SCHEMA)
COLUMN = "column:"


class Trial:
    """One source: loaded, seen without fault, then crawled under each fault."""

    def __init__(self, card: Source, mirror: Mirror, folder: Path) -> None:
        self.card, self.mirror, self.folder, self.copies = card, mirror, folder, 0
        mirror.fault()
        mirror.day(1)
        self.loaded = Loaded(folder / "loaded", card.slug)
        self.loaded.folder.mkdir(parents=True)
        for _ in range(2):
            self.first = self._crawl(self.loaded.folder, 1, 1, mirror.url)
            if self.first.get("status") == "ok":
                break  # a first load that is not whole is tried again, then it counts
        self.loaded.forget_changes()
        self.before = self.loaded.stored()
        mirror.day(2)
        control = self.loaded.copy(folder / "control")
        self.control = self._crawl(control.folder, 2, 1, mirror.url)
        self.without, self.seen = control.stored(), control.seen(self.control)
        control.remove()

    def _crawl(self, folder: Path, day: int, floor: int, url: str) -> dict[str, Any]:
        return crawl(folder, self.card.slug, url, floor=floor, now=f"2026-11-{20 + day}T08:00:00+00:00")

    def faultless(self) -> Cell:
        """How day 2 ends when nothing is wrong; it must see something, and may lack only what the publisher itself lacks."""
        status, why = self.control.get("status", "?"), self.control.get("reason", "")
        fine = self.before.notices and self.seen.notices and (status == "ok" or why == "listing_short")
        said = self.control.get("why") or self.control.get("message") or self.first.get("why")
        if not fine and self.card.grade is Grade.DOCUMENTED:
            return Cell(NONE, NOT_APPLICABLE, note=f"read from documentation alone, and the mirror does not show it: {said}")
        return Cell(NONE, status, why, "" if fine else f"there is no faultless day to compare with: {said}")

    def cell(self, fault: Fault) -> Cell:
        """Crawl a copy under a fault."""
        if fault.only and self.seen.forms.isdisjoint(fault.only.split()):
            return Cell(fault.name, NOT_APPLICABLE, note=f"none of its answers is {fault.only}")
        self.copies += 1
        copy = self.loaded.copy(self.folder / f"copy-{self.copies}")
        with self._spoilt(fault) as url:
            found, run = self._run(fault, copy, url), 1
            while run < fault.runs and found.status != self.control["status"]:
                found, run = self._run(fault, copy, url), run + 1
        copy.remove()
        return found if run == 1 or found.wrong else replace(found, note=f"run {run}; before it pages were lost")

    def _run(self, fault: Fault, copy: Loaded, url: str) -> Cell:
        report = self._crawl(copy.folder, 2, max(self.seen.notices // 2, 1), url)
        return self._judged(fault, report, copy.stored())

    @contextmanager
    def _spoilt(self, fault: Fault) -> Iterator[str]:
        """A gateway to the mirror with something wrong about it."""
        if fault.rule.startswith(COLUMN):
            with closing(Renaming(self.mirror.url, fault.rule.removeprefix(COLUMN))) as relay:
                yield relay.url
            return
        rule = fault.rule.format(rate=max(self.seen.largest // 2, 1000))
        self.mirror.fault(*(f"{host}/robots.txt:flaky:0" for host in self.card.hosts),
                          *(f"{host}:{rule}" for host in self.card.hosts))
        try:
            with Lifted(self.mirror, self.card.hosts, fault.passes):
                yield self.mirror.url
        finally:
            self.mirror.fault()

    def _judged(self, fault: Fault, report: dict[str, Any], after: Stored) -> Cell:
        status, why = report.get("status", report.get("error", "?")), report.get("reason", report.get("message", ""))
        harmless, said = fault.status == HARMLESS, report.get("why") or why or "nothing is said"
        expected = self.control["status"] if harmless else fault.status
        if self._as_good(fault, status, after):
            return Cell(fault.name, status, why, note=f"{fault.or_else}: {said}" if status == "failed" else fault.or_else)
        wrong = after.wrongs(self.before, self.without, invented=fault.status == "held")
        if status != expected or (fault.reasons and why not in fault.reasons):
            wrong.insert(0, f"{expected} was expected; {said}")
        elif harmless and after != self.without:
            wrong.append("what is stored is not what the faultless day brings")
        return Cell(fault.name, status, why, "; ".join(wrong))

    def _as_good(self, fault: Fault, status: str, after: Stored) -> bool:
        if fault.or_else == UNTOUCHED:
            return status == "failed" and after == self.before
        return fault.or_else == UNSAID and status == self.control["status"] and after == self.without

    def schema(self) -> list[Fault]:
        """A fault for each field that is read and stands in some answer. One that need not be there may also have said
        nothing that anybody misses."""
        renamed = [(f"{SCHEMA}:", name) for name in self.seen.fields] + [(COLUMN, name) for name in self.seen.columns]
        return [Fault(f"{SCHEMA} ~ {name}", way + name, "failed", or_else=UNSAID if name in self.seen.optional else "")
                for way, name in renamed]


class Lifted:
    """Lifts the faults of a mirror as soon as one of these hosts has met one."""

    def __init__(self, mirror: Mirror, hosts: Iterable[str], passes: bool) -> None:
        self.mirror, self.hosts, self.passes, self._over = mirror, tuple(hosts), passes, threading.Event()

    def __enter__(self) -> None:
        self._before, self._thread = self._met(), threading.Thread(target=self._watch)
        self._thread.start()

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()

    def _met(self) -> int:
        log = self.mirror.log()
        return sum(log["hosts"].get(host, {}).get("faults", 0) for host in self.hosts)

    def _watch(self) -> None:
        while self.passes and not self._over.wait(0.1):
            if self._met() > self._before:
                self.mirror.fault()
                return


def row(card: Source, mirror: Mirror, chosen: Sequence[str]) -> Row:
    """All cells of a source."""
    began, found = time.monotonic(), Row(card.slug)
    with tempfile.TemporaryDirectory() as folder:
        trial = Trial(card, mirror, Path(folder))
        found.cells.append(trial.faultless())
        if not found.cells[0].wrong and found.cells[0].status != NOT_APPLICABLE:
            wanted = [each for each in FAULTS if each.name in chosen] + (trial.schema() if SCHEMA in chosen else [])
            for fault in wanted:
                found.cells.append(trial.cell(fault))
                if found.cells[-1].wrong:
                    say(f"{card.slug}: {fault.name}: {found.cells[-1].status}! {found.cells[-1].wrong}")
            found.cells += [Cell(f"{SCHEMA} ~ {name}", NOT_APPLICABLE) for name in trial.seen.absent if SCHEMA in chosen]
    found.seconds = time.monotonic() - began
    say(f"{card.slug}: {len(found.cells)} cells in {found.seconds:.0f} s")
    return found


def prove(options: argparse.Namespace) -> int:
    chosen = [name for name in NAMES if name in (options.faults or NAMES)]
    wanted = [card for card in cards() if card.grade is not Grade.CARD_ONLY
              and (not options.sources or card.slug in options.sources)]
    mirrors: queue.SimpleQueue[Mirror] = queue.SimpleQueue()
    kept = [Mirror(1) for _ in range(min(options.jobs, len(wanted)))]
    began = time.monotonic()

    def one(card: Source) -> Row:
        mirror = mirrors.get()
        try:
            return row(card, mirror, chosen)
        finally:
            mirrors.put(mirror)

    try:
        for mirror in kept:
            mirrors.put(mirror)
        with ThreadPoolExecutor(len(kept)) as pool:
            rows = list(pool.map(one, wanted))
    finally:
        for mirror in kept:
            mirror.close()
    text, broken = table(rows, chosen)
    print(f"Fault table: every fault of the mirror × every spider, {sum(len(each.cells) for each in rows)} cells in "
          f"{time.monotonic() - began:.0f} s\n{machine()}\n\n{text}")
    told, died = survival(wanted, [fault.rule for fault in FAULTS if fault.name in chosen])
    print("\n".join([*told, *(f"! scheduler: {each}" for each in died)]))
    whole = not broken and not died
    print("HOLDS" if whole else f"BROKEN: {len(broken) + len(died)} cells differ from what is expected", flush=True)
    return 0 if whole else 1


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="tests.prove.faults", description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sources", nargs="+", metavar="SLUG", help="all by default")
    parser.add_argument("--faults", nargs="+", metavar="KIND", choices=NAMES,
                        help="all by default")
    parser.add_argument("--jobs", type=int, default=2, help="sources side by side, each with a mirror of its own")
    options = parser.parse_args(arguments)
    if not (SHARED / "mirror" / "serve.py").is_file():
        print("../shared is absent: there is no mirror to take faults from", file=sys.stderr)
        return 2
    return prove(options)


if __name__ == "__main__":
    sys.exit(main())
