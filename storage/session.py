"""Database sessions: short write transactions, plain reads, migrations."""

from __future__ import annotations

import fcntl
import sqlite3
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

from sqlalchemy import Connection, Engine, create_engine, event, inspect
from sqlalchemy.exc import ArgumentError, DBAPIError
from sqlalchemy.orm import Session as Session  # for those who pass one on and may not import SQLAlchemy
from sqlalchemy.orm import sessionmaker

from domain.errors import StoreError

BUSY_TIMEOUT_MS = 30_000
TURN_SECONDS = 0.002
CHECKPOINT_PAGES = 10_000
"""How far the log of writes grows before it is brought into the file: 40 MB. Pages that many writes change, as mails do
from written to sent, go into the file once."""
MIGRATION_LOCK = 2026_1122
MIGRATIONS = Path(__file__).with_name("migrations")


class Database:
    """One database by URL: ``sqlite:///FILE`` or ``postgresql://…``. SQLite runs in WAL mode; a write transaction takes its
    lock at once (BEGIN IMMEDIATE), so two writers wait for each other instead of failing half-way; writers take turns."""

    def __init__(self, url: str) -> None:
        try:
            self.engine = _engine(url)
        except (ArgumentError, ImportError) as error:  # no such dialect, or its driver is not installed
            raise StoreError(f"DATABASE_URL cannot be used: {error}") from error
        self._read = sessionmaker(self.engine, expire_on_commit=False)
        self._write = sessionmaker(self.engine.execution_options(zonewatch_write=True), expire_on_commit=False)

    @property
    def is_postgres(self) -> bool:
        """Whether it is PostgreSQL, which many machines and many writers share; else it is SQLite."""
        return self.engine.dialect.name == "postgresql"

    @property
    def folder(self) -> Path:
        """The folder of an SQLite file."""
        return Path(self.engine.url.database or ".").absolute().parent

    @contextmanager
    def read(self) -> Iterator[Session]:
        """A session that only reads; what it changes is dropped."""
        with self._read() as session:
            yield session

    @contextmanager
    def write(self) -> Iterator[Session]:
        """A session that commits at its end, or rolls back when the block raises."""
        with self._turn(), self._write.begin() as session:
            yield session

    @contextmanager
    def _turn(self) -> Iterator[None]:
        """Wait for one's turn to write to SQLite. Its own waiting looks again after sleeps of up to 100 ms and loses to
        whoever asks at the right moment, for seconds. Raises StoreError when the turn does not come."""
        if self.is_postgres:
            yield
            return
        with open(f"{self.engine.url.database}.turn", "ab") as file:
            until = time.monotonic() + BUSY_TIMEOUT_MS / 1000
            while not _taken(file):
                if time.monotonic() > until:
                    raise StoreError(f"another process has been writing to {self.engine.url.database} for too long")
                time.sleep(TURN_SECONDS)
            yield

    def migrate(self) -> None:
        """Bring the schema to its newest revision; creates the folder of an SQLite file. Raises StoreError when the
        database cannot be used."""
        try:
            if not self.is_postgres:
                self.folder.mkdir(parents=True, exist_ok=True)
            with self.engine.begin() as connection:
                if self.is_postgres:  # two processes that start at once: the second finds everything done
                    connection.exec_driver_sql("SELECT pg_advisory_xact_lock(%s)", (MIGRATION_LOCK,))
                if _revision(connection) != newest_revision():
                    _upgrade(connection)
        except (OSError, sqlite3.Error, DBAPIError) as error:
            raise _unusable(self.engine, (error.orig or error) if isinstance(error, DBAPIError) else error) from error

    def close(self) -> None:
        """Give back all connections."""
        self.engine.dispose()


def _taken(file: IO[bytes]) -> bool:
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def newest_revision() -> str:
    """The revision that the migrations lead to, by their file names. Alembic takes long to load, for a process that
    mostly finds nothing to do."""
    return max(file.name[:4] for file in MIGRATIONS.glob("versions/[0-9]*.py"))


def _revision(connection: Connection) -> str:
    if not inspect(connection).has_table("alembic_version"):
        return ""
    return str(connection.exec_driver_sql("SELECT version_num FROM alembic_version").scalar() or "")


def _upgrade(connection: Connection) -> None:
    from alembic import command
    from alembic.config import Config
    from alembic.util import CommandError
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    config.attributes["connection"] = connection
    try:
        command.upgrade(config, "head")
    except CommandError as error:
        raise _unusable(connection.engine, error) from error


def _unusable(engine: Engine, why: BaseException) -> StoreError:
    return StoreError(f"the database {engine.url.render_as_string()} cannot be used: {why}")


def _engine(url: str) -> Engine:
    engine = create_engine(url, pool_pre_ping=url.startswith("postgresql"))
    if engine.dialect.name not in ("sqlite", "postgresql"):
        raise ArgumentError(f"{engine.dialect.name} is neither sqlite nor postgresql")
    if engine.dialect.name == "sqlite":
        event.listen(engine, "connect", _prepare_sqlite)
        event.listen(engine, "begin", _begin_sqlite)
    return engine


def _prepare_sqlite(connection: Any, _record: Any) -> None:
    connection.isolation_level = None  # the driver must not begin transactions of its own kind
    cursor = connection.cursor()
    for pragma in ("journal_mode=WAL", f"busy_timeout={BUSY_TIMEOUT_MS}", "synchronous=NORMAL", "foreign_keys=ON",
                   f"wal_autocheckpoint={CHECKPOINT_PAGES}"):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _begin_sqlite(connection: Any) -> None:
    writes = connection.get_execution_options().get("zonewatch_write")
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")
