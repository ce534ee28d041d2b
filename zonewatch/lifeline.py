"""Lifeline: a child process ends when its parent is gone, also when the parent was killed."""

from __future__ import annotations

import os
import signal
import threading

CHECK_SECONDS = 0.5


def argument() -> list[str]:
    """Command line argument by which a child learns who its parent is."""
    return ["--parent", str(os.getpid())]


def hold(parent: int | None) -> None:
    """Let this process be ended, as by SIGTERM, once ``parent`` is no longer its parent. None holds nothing."""
    if parent is not None:
        threading.Thread(target=_watch, args=(parent,), daemon=True).start()


def _watch(parent: int) -> None:
    pause = threading.Event()
    while os.getppid() == parent:
        pause.wait(CHECK_SECONDS)
    os.kill(os.getpid(), signal.SIGTERM)
