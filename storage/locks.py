"""Locks between processes of one installation; a killed holder frees its lock."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock, Timeout

from domain.errors import Conflict


def of_crawl(slug: str) -> str:
    """Name of the lock that the one crawl of a source holds."""
    return f"crawl-{slug}"


@contextmanager
def exclusive(folder: Path, name: str, timeout: float = 0) -> Iterator[None]:
    """Hold the lock ``name`` for the block. Raises Conflict when another process holds it after ``timeout`` seconds."""
    folder.mkdir(parents=True, exist_ok=True)
    lock = FileLock(folder / f"{name}.lock")
    try:
        lock.acquire(timeout=timeout)
    except Timeout:
        raise Conflict(f"another process is at work: {name}") from None
    try:
        yield
    finally:
        lock.release()


def is_free(folder: Path, name: str) -> bool:
    """Whether nobody holds the lock at this moment."""
    try:
        with exclusive(folder, name):
            return True
    except Conflict:
        return False
