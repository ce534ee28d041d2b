"""What a crawl costs that finds nothing new, where the source itself says so (ETag, Last-Modified), against a full one.

    python -m bench.no_change [--sources SLUG …]        (needs ../shared)

Every source is loaded from the mirror once. Those that gave validators are crawled whole again (``--full``), then three
times as usual, of which the median counts. Cpu is that of the whole child process, from its first import on; bytes are those
of both directions on the wire, robots.txt and headers included. Last line: JSON.
"""

from __future__ import annotations

import argparse
import json
import os
import socket
import statistics
import subprocess
import sys
import tempfile
import threading
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import select

from crawlers.cards import cards
from storage.models import ReadUnit
from storage.session import Database

SHARED = Path(__file__).resolve().parent.parent.parent / "shared"
TIMES = 3
TARGET_CPU, TARGET_BYTES = 0.15, 0.02


class Counting:
    """A relay of bytes, which counts them in both directions."""

    def __init__(self, port: int) -> None:
        self.port, self.bytes = port, 0
        self._lock, self._listener = threading.Lock(), socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._listener.getsockname()[1]}"
        threading.Thread(target=self._accept, daemon=True).start()

    def close(self) -> None:
        """Take no more connections."""
        self._listener.close()

    def _accept(self) -> None:
        while True:
            try:
                asking, _ = self._listener.accept()
            except OSError:
                return
            answering = socket.create_connection(("127.0.0.1", self.port))
            for one, other in ((asking, answering), (answering, asking)):
                threading.Thread(target=self._carry, args=(one, other), daemon=True).start()

    def _carry(self, one: socket.socket, other: socket.socket) -> None:
        try:
            while found := one.recv(1 << 16):
                with self._lock:
                    self.bytes += len(found)
                other.sendall(found)
            other.shutdown(socket.SHUT_WR)
        except OSError:
            return  # either side hung up


@dataclass(frozen=True, slots=True)
class Cost:
    """What a crawl cost, and how it ended."""

    cpu: float
    bytes: int
    status: str
    unchanged: int


def crawl(relay: Counting, slug: str, *arguments: str) -> Cost:
    """Crawl a source in a child process, as the scheduler does."""
    before = relay.bytes
    child = subprocess.Popen([sys.executable, "-m", "zonewatch", "crawl-one", slug, *arguments], stdout=subprocess.PIPE,
                             stderr=subprocess.DEVNULL, text=True)
    assert child.stdout
    with child.stdout as output:
        said = output.read()
    _, status, used = os.wait4(child.pid, 0)
    child.returncode = os.waitstatus_to_exitcode(status)
    report = json.loads(said.strip().splitlines()[-1])
    return Cost(used.ru_utime + used.ru_stime, relay.bytes - before, report["status"], report["unchanged"])


def with_validators(folder: Path, slugs: Sequence[str]) -> list[str]:
    """The sources of which an answer is kept with validators."""
    db = Database(f"sqlite:///{folder / 'zonewatch.db'}")
    query = select(ReadUnit.slug).where((ReadUnit.etag != "") | (ReadUnit.last_modified != ""))
    with db.read() as session:
        found = set(session.scalars(query))
    db.close()
    return [slug for slug in slugs if slug in found]


def measure(relay: Counting, folder: Path, slugs: Sequence[str]) -> tuple[dict[str, float], dict[str, float]]:
    """Ratios and figures of every source with validators."""
    loads, ratios, figures = {slug: crawl(relay, slug) for slug in slugs}, dict[str, float](), dict[str, float]()
    for slug in with_validators(folder, slugs):
        full, again = crawl(relay, slug, "--full"), [crawl(relay, slug) for _ in range(TIMES)]
        assert {each.status for each in again} == {"ok"}, again
        cpu, sent = (statistics.median(getattr(each, name) for each in again) for name in ("cpu", "bytes"))
        ratios |= {f"{slug} cpu over first load": round(cpu / loads[slug].cpu, 3),
                   f"{slug} cpu over full": round(cpu / full.cpu, 3), f"{slug} bytes over full": round(sent / full.bytes, 6)}
        figures |= {f"{slug} cpu s of first load": round(loads[slug].cpu, 2), f"{slug} cpu s of full": round(full.cpu, 2),
                    f"{slug} cpu s of no change": round(cpu, 2), f"{slug} bytes of full": full.bytes,
                    f"{slug} bytes of no change": sent}
    return ratios, figures


def main() -> int:
    parser = argparse.ArgumentParser(prog="bench.no_change", description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sources", nargs="+", metavar="SLUG", help="all by default")
    slugs = parser.parse_args().sources or [card.slug for card in cards()]
    mirror = subprocess.Popen([sys.executable, str(SHARED / "mirror" / "serve.py"), "--port", "0"], stdout=subprocess.PIPE,
                              text=True)
    assert mirror.stdout
    port = int(mirror.stdout.readline().split()[3].rstrip("/").rpartition(":")[2])
    try:
        with tempfile.TemporaryDirectory() as folder, closing(Counting(port)) as relay:
            os.environ.update({"ZONEWATCH_DATA_DIR": folder, "ZONEWATCH_GATEWAY_URL": relay.url,
                               "ZONEWATCH_CRAWL_DELAY": "0"})
            subprocess.run([sys.executable, "-m", "zonewatch", "init"], check=True, stdout=subprocess.DEVNULL)
            ratios, figures = measure(relay, Path(folder), slugs)
    finally:
        mirror.terminate()
        mirror.wait()
    over = {name: value for name, value in ratios.items() if value > (TARGET_BYTES if "bytes" in name else TARGET_CPU)}
    print("\n".join(f"{name:<40} {value}" for name, value in (figures | ratios).items()))
    print("\n".join(f"OVER THE TARGET: {name}: {value}" for name, value in over.items()) or "all within the targets")
    print(json.dumps({"bench": "no-change", "ratios": ratios, "figures": figures}, ensure_ascii=False))
    return 1 if over or not ratios else 0


if __name__ == "__main__":
    sys.exit(main())
