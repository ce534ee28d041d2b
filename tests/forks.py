"""Processes that are forked from one which has loaded the product: what takes seconds to load is loaded once."""

from __future__ import annotations

import multiprocessing
import os
import subprocess
import tempfile
from collections.abc import Mapping
from pathlib import Path

PATIENCE_SECONDS = 500
PROCESSES = multiprocessing.get_context("forkserver")
PROCESSES.set_forkserver_preload(["crawlers.run", "alembic.command", "storage.notices", "tests.warm", "tests.conftest",
                                  "tests.replay"])


def zonewatch(arguments: tuple[str, ...], environment: Mapping[str, str], folder: Path) -> subprocess.CompletedProcess[str]:
    """A command of zonewatch, run in a folder with this environment and no other."""
    with tempfile.TemporaryDirectory() as place:
        out, err = Path(place, "out"), Path(place, "err")
        process = PROCESSES.Process(target=_command, args=(arguments, dict(environment), folder, out, err))
        process.start()
        process.join(PATIENCE_SECONDS)
        if process.exitcode is None:
            process.kill()
            raise AssertionError(f"{arguments} does not end:\n{err.read_text(encoding='utf-8')}")
        return subprocess.CompletedProcess(arguments, process.exitcode, *(
            each.read_text(encoding="utf-8") for each in (out, err)))


def _command(arguments: tuple[str, ...], environment: dict[str, str], folder: Path, out: Path, err: Path) -> None:
    for number, file in ((1, out), (2, err)):
        os.dup2(os.open(file, os.O_WRONLY | os.O_CREAT), number)
    os.environ.clear()
    os.environ.update(environment)
    os.chdir(folder)
    from zonewatch.cli import main
    main(arguments, prog_name="zonewatch")
