"""A running installation in a hurry, and how its processes are killed."""

from __future__ import annotations

import random
import sys
import time
from dataclasses import dataclass

import psutil

from tests.conftest import Installed
from tests.prove.refusing import SLOWEST, Refusing

CRAWL, PARENT, ALL = "crawl-one", "up", "all at once"
WORKER, HANDING = "worker", "worker, as it hands over a mail"
TARGETS = (*[CRAWL] * 3, *[WORKER] * 2, *[HANDING] * 3, "web", "scheduler", PARENT, ALL)
"""What is killed; the oftener it stands here, the more often."""
OF_WORKER = frozenset((WORKER, HANDING, ALL))
"""What a worker does not survive. One whose parent is gone comes to its own end."""
PATIENCE_SECONDS = 20
"""How long to wait for what is to be killed."""


@dataclass
class System:
    """A running installation, by its parent process."""

    installed: Installed
    mailbox: Refusing
    parent: psutil.Popen | None = None

    def start(self) -> None:
        with (self.installed.folder / "up.log").open("a") as log:
            self.parent = psutil.Popen([sys.executable, "-m", "tests.prove.hasty", "up"], stderr=log, stdout=log,
                                       env=self.installed.environment, cwd=self.installed.folder)

    def find(self, role: str) -> psutil.Process | None:
        """A living process of a role."""
        assert self.parent
        for process in self.parent.children(recursive=True):
            try:
                if role in process.cmdline()[3:4] and process.status() != psutil.STATUS_ZOMBIE:
                    return process
            except psutil.Error:
                continue
        return None

    def kill(self, target: str, chance: random.Random) -> float:
        """Kill a target, once it is there, at a moment that nobody chose; gives when, 0 if it was gone."""
        if target in (PARENT, ALL):
            return self._kill_parent(with_all=target == ALL)
        if target == HANDING:
            self.mailbox.handing.clear()
            self.mailbox.handing.wait(PATIENCE_SECONDS)
            time.sleep(chance.uniform(0, SLOWEST * 1.2))
            return _kill(self.find(WORKER))
        until = time.monotonic() + PATIENCE_SECONDS
        while (process := self.find(target)) is None and time.monotonic() < until:
            time.sleep(0.05)
        time.sleep(chance.uniform(0, 1.5))
        return _kill(process)

    def _kill_parent(self, with_all: bool) -> float:
        """Kill the parent, and its children before they know, or leave it to them to end."""
        assert self.parent
        family = self.parent.children(recursive=True) if with_all else []
        killed_at = _kill(self.parent)
        for process in family:
            _kill(process)
        self.parent.wait()
        self.start()
        return killed_at

    def end(self) -> None:
        """Leave nothing behind, whatever happened."""
        if self.parent and self.parent.is_running():
            for process in (self.parent, *self.parent.children(recursive=True)):
                _kill(process)

    def stop(self) -> int:
        """End it as an operator would; gives its exit status."""
        assert self.parent
        self.parent.terminate()
        return int(self.parent.wait(60))


def _kill(process: psutil.Process | None) -> float:
    at = time.monotonic()
    try:
        if process is not None:
            process.kill()
    except psutil.NoSuchProcess:
        return 0.0
    return at if process is not None else 0.0
