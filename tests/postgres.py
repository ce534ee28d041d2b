"""A PostgreSQL server of the tests' own, on a private socket in a folder: ``python -m tests.postgres start|stop FOLDER``.

It trades safety for speed (fsync off), unless asked for the ``USUAL`` settings: it proves what the product does, not what a
disk does.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import create_engine, make_url, text

USUAL = ("max_connections=200", "listen_addresses=", "max_wal_size=4GB", "shared_buffers=256MB")
FAST = (*USUAL, "fsync=off", "synchronous_commit=off", "full_page_writes=off")
DEBIAN = Path("/usr/lib/postgresql")


def binaries() -> Path | None:
    """The folder of initdb and pg_ctl; None when there is no server on this machine."""
    found = shutil.which("initdb")
    if found:
        return Path(found).resolve().parent
    return max((each.parent for each in DEBIAN.glob("*/bin/initdb")), default=None)


def start(folder: Path, settings: Sequence[str] = FAST) -> str:
    """Start a server that keeps everything in a folder; gives the address of its database ``postgres``."""
    found = binaries()
    assert found, "no PostgreSQL on this machine"
    folder.mkdir(parents=True, exist_ok=True)
    if os.geteuid() == 0:  # the server refuses to run as root
        shutil.chown(folder, "postgres", "postgres")
    _run(found / "initdb", "--username=zonewatch", "--auth=trust", "--encoding=UTF8", "--locale=C.UTF-8", "--no-sync",
         "-D", folder / "data")
    options = " ".join(f"-c {option}" for option in settings)
    _run(found / "pg_ctl", "-D", folder / "data", "-l", folder / "log", "-w", "-o", f"-k {folder} {options}", "start")
    return f"postgresql://zonewatch@/postgres?host={folder}"


def stop(folder: Path) -> None:
    """End the server of a folder at once."""
    found = binaries()
    assert found
    _run(found / "pg_ctl", "-D", folder / "data", "-m", "immediate", "stop")


@contextmanager
def running(folder: Path, settings: Sequence[str] = FAST) -> Iterator[str]:
    """A server for a while. Its own user must be able to reach the folder."""
    url = start(folder, settings)
    try:
        yield url
    finally:
        stop(folder)


def fresh(server: str, name: str) -> str:
    """The address of a new, empty database of a server."""
    admin = create_engine(server, isolation_level="AUTOCOMMIT")
    with admin.connect() as connection:
        connection.execute(text(f"DROP DATABASE IF EXISTS {name}"))
        connection.execute(text(f"CREATE DATABASE {name}"))
    admin.dispose()
    return make_url(server).set(database=name).render_as_string(hide_password=False)


def _run(*command: object) -> None:
    user = {"user": "postgres", "group": "postgres", "extra_groups": []} if os.geteuid() == 0 else {}
    subprocess.run([str(each) for each in command], check=True, cwd="/", stdout=subprocess.DEVNULL,
                   stderr=subprocess.DEVNULL, **user)  # type: ignore[call-overload]


if __name__ == "__main__":
    if sys.argv[1] == "start":
        print(start(Path(sys.argv[2])))
    else:
        stop(Path(sys.argv[2]))
