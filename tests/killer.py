"""Runs a zonewatch command that kills itself (SIGKILL) at a step: ``killer.py MODULE:NAME before|after N COMMAND…``.

The step is the Nth call of a function of the product; nothing in the product knows of it.
"""

from __future__ import annotations

import functools
import importlib
import os
import signal
import sys
from collections.abc import Callable
from typing import Any


def deadly(function: Callable[..., Any], when: str, number: int) -> Callable[..., Any]:
    calls = 0

    @functools.wraps(function)
    def wrapped(*arguments: Any, **named: Any) -> Any:
        nonlocal calls
        calls += 1
        if when == "before" and calls == number:
            os.kill(os.getpid(), signal.SIGKILL)
        result = function(*arguments, **named)
        if when == "after" and calls == number:
            os.kill(os.getpid(), signal.SIGKILL)
        return result

    return wrapped


def arm(step: str, when: str, number: int) -> None:
    module_name, _, path = step.partition(":")
    owner: Any = importlib.import_module(module_name)
    *parents, name = path.split(".")
    for parent in parents:
        owner = getattr(owner, parent)
    setattr(owner, name, deadly(getattr(owner, name), when, number))


if __name__ == "__main__":
    step, when, number, *command = sys.argv[1:]
    arm(step, when, int(number))
    sys.argv = ["zonewatch", *command]
    from zonewatch.cli import main

    main()
