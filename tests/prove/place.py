"""On which database something is proved: a fresh SQLite file, an empty database by its address, or a PostgreSQL server of
the prover's own."""

from __future__ import annotations

import argparse
import shutil
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests import postgres


def add_options(parser: argparse.ArgumentParser) -> None:
    where = parser.add_mutually_exclusive_group()
    where.add_argument("--database", default="", metavar="URL", help="an empty database; a fresh SQLite file by default")
    where.add_argument("--postgres", action="store_true", help="a PostgreSQL server of our own, for as long as it takes")


@contextmanager
def database(options: argparse.Namespace) -> Iterator[str]:
    """The address asked for; empty for a fresh SQLite file."""
    if not options.postgres:
        yield options.database
        return
    if postgres.binaries() is None:
        print("there is no PostgreSQL on this machine", file=sys.stderr)
        sys.exit(2)
    folder = Path(tempfile.mkdtemp(prefix="prove-postgres-"))
    try:
        with postgres.running(folder) as url:
            yield url
    finally:
        shutil.rmtree(folder, ignore_errors=True)
