"""Both search engines. The server is one that the environment names; tests keep indexes of their own on it."""

from __future__ import annotations

import os
from collections.abc import Callable
from contextlib import nullcontext
from functools import partial
from hashlib import sha256
from pathlib import Path

import pytest

from indexer.backends.meilisearch import MeilisearchIndex
from indexer.backends.tantivy import TantivyIndex
from indexer.port import SearchIndex
from storage import locks

URL = os.environ.get("ZONEWATCH_TEST_MEILISEARCH_URL", "")
KEY = os.environ.get("ZONEWATCH_TEST_MEILISEARCH_KEY", "")
BINARY = os.environ.get("ZONEWATCH_TEST_MEILISEARCH_BINARY", "")
"""A server's program, for tests that kill one of their own."""
_used: set[str] = set()


def server_index(folder: Path) -> MeilisearchIndex:
    """The index of a folder, in any process: where an embedded one would be."""
    prefix = f"zonewatch-test-{sha256(str(folder).encode()).hexdigest()[:12]}"
    _used.add(prefix)
    return MeilisearchIndex(URL, KEY, partial(locks.exclusive_in, folder, "writer"), prefix)


ENGINES: dict[str, Callable[[Path], SearchIndex]] = {"tantivy": TantivyIndex, "meilisearch": server_index}
EACH = ("tantivy", pytest.param("meilisearch", marks=pytest.mark.meilisearch))
"""For parametrised fixtures."""


def indexes(prefix: str) -> list[str]:
    """The names on the server that begin so."""
    with MeilisearchIndex(URL, KEY, lambda _: nullcontext()).server.client() as client:
        return [each.uid for each in client.get_indexes({"limit": 10_000})["results"] if each.uid.startswith(prefix)]


def clean() -> None:
    """Remove what this process's tests left on the server."""
    while _used:
        prefix = _used.pop()
        with MeilisearchIndex(URL, KEY, lambda _: nullcontext()).server.client() as client:
            for uid in indexes(prefix):
                client.delete_index(uid)
