"""All processes under one parent: a child that dies is started again, one signal ends them all."""

from __future__ import annotations

import logging
import subprocess
import sys
import threading
import time

from zonewatch import lifeline

ROLES = ("web", "worker", "scheduler")
POLL_SECONDS = 0.5
RESTART_SECONDS = 2.0
GRACE_SECONDS = 25
log = logging.getLogger("zonewatch.up")


class Supervisor:
    """Keeps one child a role alive until told to stop."""

    def __init__(self, roles: tuple[str, ...] = ROLES) -> None:
        self._children = {role: self._start(role) for role in roles}
        self._restart_at: dict[str, float] = {}

    def run(self, stop: threading.Event) -> None:
        """Watch the children until ``stop``, then end them."""
        try:
            while not stop.wait(POLL_SECONDS):
                for role, child in list(self._children.items()):
                    if child.poll() is not None:
                        self._revive(role, child.returncode)
        finally:
            self.end()

    def _start(self, role: str) -> subprocess.Popen[bytes]:
        return subprocess.Popen([sys.executable, "-m", "zonewatch", role, *lifeline.argument()])

    def _revive(self, role: str, code: int) -> None:
        due = self._restart_at.setdefault(role, time.monotonic() + RESTART_SECONDS)
        if time.monotonic() >= due:
            del self._restart_at[role]
            log.warning("%s ended with %s; started again", role, code)
            self._children[role] = self._start(role)

    def end(self) -> None:
        """End all children: asked first, killed after a grace."""
        for child in self._children.values():
            child.terminate()
        until = time.monotonic() + GRACE_SECONDS
        for child in self._children.values():
            try:
                child.wait(max(0.1, until - time.monotonic()))
            except subprocess.TimeoutExpired:
                child.kill()
                child.wait()
