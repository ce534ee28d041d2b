"""Locks between the processes of one installation; a killed holder frees its lock.

On PostgreSQL they are advisory locks of the database, so that they hold between machines; on SQLite, which knows one
machine only, they are locked files beside the database.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from hashlib import sha256
from pathlib import Path

from filelock import FileLock, Timeout
from sqlalchemy import Connection, func, select
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from domain.errors import Conflict, LockLost
from storage.session import Database

RETRY_SECONDS = 0.05


def of_crawl(slug: str) -> str:
    """Name of the lock that the one crawl of a source holds."""
    return f"crawl-{slug}"


class Held:
    """A lock that is held."""

    def __init__(self, name: str, connection: Connection | None = None) -> None:
        self._name, self._connection = name, connection
        self._lost = False

    def check(self) -> None:
        """Raises LockLost when the lock ended with its connection: call it before what must not be done twice."""
        if self._connection is None:
            return
        try:
            if not self._lost:
                self._connection.execute(select(1))
        except SQLAlchemyError:
            self._lost = True
        if self._lost:
            raise LockLost(f"the connection that held the lock {self._name} is gone")


@contextmanager
def exclusive(db: Database, name: str, timeout: float = 0) -> Iterator[Held]:
    """Hold the lock ``name`` of an installation for the block. Raises Conflict when another process holds it after
    ``timeout`` seconds."""
    if db.is_postgres:
        with _advisory(db, name, timeout) as held:
            yield held
    else:
        with exclusive_in(db.folder / "locks", name, timeout):
            yield Held(name)


@contextmanager
def exclusive_in(folder: Path, name: str, timeout: float = 0) -> Iterator[None]:
    """Hold the lock ``name`` of a folder of this machine for the block. Raises Conflict as ``exclusive``."""
    folder.mkdir(parents=True, exist_ok=True)
    lock = FileLock(folder / f"{name}.lock")
    try:
        lock.acquire(timeout=timeout)
    except Timeout:
        raise _taken(name) from None
    try:
        yield
    finally:
        lock.release()


def is_free(db: Database, name: str) -> bool:
    """Whether nobody holds the lock at this moment."""
    try:
        with exclusive(db, name):
            return True
    except Conflict:
        return False


def alone(session: Session, name: str) -> None:
    """Let no other transaction pass here with this name until this one has ended: for looking and then adding what is
    not there. On SQLite every writing transaction is alone already."""
    if session.get_bind().dialect.name == "postgresql":
        session.execute(select(func.pg_advisory_xact_lock(_number(f"alone-{name}"))))


@contextmanager
def _advisory(db: Database, name: str, timeout: float) -> Iterator[Held]:
    """A lock of a connection of its own: it ends with the connection, however that ends."""
    with db.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        until = time.monotonic() + timeout
        while not connection.scalar(select(func.pg_try_advisory_lock(_number(name)))):
            if time.monotonic() >= until:
                raise _taken(name)
            time.sleep(RETRY_SECONDS)
        try:
            yield Held(name, connection)
        finally:
            with suppress(SQLAlchemyError):  # the connection is gone, and the lock with it
                connection.scalar(select(func.pg_advisory_unlock(_number(name))))


def _number(name: str) -> int:
    """PostgreSQL's advisory locks are numbers of 64 bits."""
    return int.from_bytes(sha256(name.encode()).digest()[:8], signed=True)


def _taken(name: str) -> Conflict:
    return Conflict(f"another process is at work: {name}")
