"""A search server that the environment names: tests keep indexes of their own on it, and remove them."""

from __future__ import annotations

import os
from contextlib import nullcontext
from functools import partial
from hashlib import sha256
from pathlib import Path

from indexer.backends.meilisearch import MeilisearchIndex
from storage import locks

URL = os.environ.get("ZONEWATCH_TEST_MEILISEARCH_URL", "")
KEY = os.environ.get("ZONEWATCH_TEST_MEILISEARCH_KEY", "")
PREFIX = f"zonewatch-test-{os.getpid()}"


def server_index(folder: Path) -> MeilisearchIndex:
    """The index of a folder: the same for the same folder, as an embedded one would be."""
    name = sha256(str(folder).encode()).hexdigest()[:12]
    return MeilisearchIndex(URL, KEY, partial(locks.exclusive_in, folder, "writer"), f"{PREFIX}-{name}")


def clean() -> None:
    """Remove the indexes of this process's tests."""
    with MeilisearchIndex(URL, KEY, lambda _: nullcontext()).server.client() as client:
        for each in client.get_indexes({"limit": 10_000})["results"]:
            if each.uid.startswith(PREFIX):
                client.delete_index(each.uid)
