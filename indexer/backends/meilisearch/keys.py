"""Keys of the server with the least rights that do the work: one that writes and searches our indexes, one that searches."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import meilisearch
from meilisearch.errors import MeilisearchApiError

from indexer.backends.meilisearch.server import Server

WRITE = ("search", "documents.add", "documents.delete", "indexes.create", "indexes.get", "indexes.update", "indexes.delete",
         "settings.update", "tasks.get")
READ = ("search",)


@dataclass(frozen=True, slots=True)
class Keys:
    """The values of both keys."""

    write: str
    read: str


def make_keys(url: str, master_key: str, prefix: str = "zonewatch") -> Keys:
    """Make the keys, or find those made before. Raises IndexUnavailable."""
    with Server(url, master_key).client() as client:
        return Keys(*(_made(client, {"name": f"zonewatch {name}", "description": f"{name} indexes {prefix}-*",
                                     "actions": list(actions), "indexes": [f"{prefix}-*"], "expiresAt": None})
                      for name, actions in (("writes", WRITE), ("searches", READ))))


def _made(client: meilisearch.Client, wanted: Mapping[str, Any]) -> str:
    """The value of a key. The same rights have the same id, so that asking again makes no second one."""
    uid = str(uuid.uuid5(uuid.NAMESPACE_URL, " ".join(("zonewatch", *wanted["indexes"], *wanted["actions"]))))
    try:
        return client.create_key({"uid": uid, **wanted}).key
    except MeilisearchApiError as error:
        if error.code != "api_key_already_exists":
            raise
        return client.get_key(uid).key
