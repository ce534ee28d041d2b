"""Where the tests keep their data. A test has a folder; its database is an SQLite file in it or, in the pass on
PostgreSQL, a database of that folder's own, copied from one that is migrated."""

from __future__ import annotations

import os
import shutil
from functools import cache
from hashlib import sha256
from pathlib import Path

from sqlalchemy import create_engine, make_url, text

from storage.session import MIGRATIONS, Database

SERVER = "ZONEWATCH_TEST_POSTGRES"
"""Environment variable with the address of a PostgreSQL server of the tests' own."""
STORE = "ZONEWATCH_TEST_STORE"
"""Environment variable of the pass on PostgreSQL, for the processes that tests start: set to ``postgres``."""
_SCHEMA = b"".join(file.read_bytes() for file in sorted(MIGRATIONS.glob("versions/*.py")))
TEMPLATE = f"template_{sha256(_SCHEMA).hexdigest()[:16]}"


def on_postgres() -> bool:
    return os.environ.get(STORE) == "postgres"


def url_of(folder: Path) -> str:
    """The address of the database of a folder, which exists and is migrated if it is on PostgreSQL."""
    if not on_postgres():
        return f"sqlite:///{folder / 'zonewatch.db'}"
    return _made(_name(folder))


def database(folder: Path) -> Database:
    """The database of a folder, migrated."""
    known = (folder / "zonewatch.db").exists()
    db = Database(url_of(folder))
    if not (known or on_postgres()):
        db.migrate()
    return db


def copy(folder: Path, to: Path) -> None:
    """Copy a folder with its database, which nobody may be using."""
    shutil.copytree(folder, to)
    if on_postgres():
        _made(_name(to), _name(folder))


def _name(folder: Path) -> str:
    return "zw_" + sha256(str(folder.absolute()).encode()).hexdigest()[:24]


@cache
def _made(name: str, template: str = TEMPLATE) -> str:
    server = os.environ[SERVER]
    admin = create_engine(server, isolation_level="AUTOCOMMIT")
    with admin.connect() as connection:
        connection.execute(text("SELECT pg_advisory_lock(1)"))
        known = set(connection.scalars(text("SELECT datname FROM pg_database")))
        if TEMPLATE not in known:
            connection.execute(text(f"CREATE DATABASE {TEMPLATE}_new"))
            empty = Database(_address(server, f"{TEMPLATE}_new"))
            empty.migrate()
            empty.close()
            connection.execute(text(f"ALTER DATABASE {TEMPLATE}_new RENAME TO {TEMPLATE}"))
        if name not in known:
            connection.execute(text(f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{template}'"))
            connection.execute(text(f"CREATE DATABASE {name} TEMPLATE {template}"))
    admin.dispose()
    return _address(server, name)


def _address(server: str, name: str) -> str:
    return make_url(server).set(database=name).render_as_string(hide_password=False)
