"""The server as it is spoken to: requests, tasks, and what goes wrong, in our words."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, cast

import meilisearch
from meilisearch.errors import MeilisearchApiError, MeilisearchError, MeilisearchTimeoutError
from meilisearch.models.task import TaskInfo

from indexer.port import IndexMissing, IndexUnavailable

CONNECT_SECONDS = 2.0
ANSWER_SECONDS = 10.0
SEND_SECONDS = 60.0
"""For a request that carries documents."""
LOOKS = (0.005, 0.3)
"""Seconds between two looks at a task, at first and at most."""


class Server:
    """A server at an address. Safe to share between threads: every request has a client of its own, since the client's
    headers belong to one request at a time."""

    def __init__(self, url: str, key: str) -> None:
        self.url, self._key = url.rstrip("/"), key

    @contextmanager
    def client(self, patience: float | None = None) -> Iterator[meilisearch.Client]:
        """The official client for a few requests. What goes wrong is raised as IndexMissing when the server does not have
        the index, else as IndexUnavailable."""
        with telling():
            # the client hands it on to requests, which takes both
            seconds = cast(int, (CONNECT_SECONDS, patience or ANSWER_SECONDS))
            yield meilisearch.Client(self.url, self._key or None, timeout=seconds)

    def ask(self, queries: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
        """The answers to several searches, in one request."""
        with self.client() as client:
            found = client.multi_search(queries)["results"]
            if len(found) != len(queries):
                raise ValueError(f"{len(found)} answers to {len(queries)} searches")
            return found

    def ask_joined(self, queries: Sequence[Mapping[str, Any]], joined: Mapping[str, Any]) -> dict[str, Any]:
        """The one answer to several searches of an index: what any of them finds, each hit once."""
        with self.client() as client:
            return client.multi_search(queries, federation=dict(joined))

    def wait(self, tasks: Sequence[TaskInfo], seconds: float) -> None:
        """Wait until tasks are done. Raises IndexUnavailable when one fails or all take longer than ``seconds``."""
        until = time.monotonic() + seconds
        for task in tasks:
            with self.client() as client:
                self._wait(client, task, until)

    def _wait(self, client: meilisearch.Client, task: TaskInfo, until: float) -> None:
        pause, longest = LOOKS
        while True:
            seen = client.get_task(task.task_uid)
            if seen.status == "succeeded":
                return
            if seen.status in ("failed", "canceled"):
                raise _refusal(f"the search server could not do task {seen.uid} ({seen.type}): {seen.status}", seen.error)
            if time.monotonic() > until:
                raise IndexUnavailable(f"the search server has not done task {seen.uid} ({seen.type}) in time")
            time.sleep(pause)
            pause = min(2 * pause, longest)


def _refusal(what: str, error: Mapping[str, Any] | None) -> IndexUnavailable:
    error = error or {}
    kind = IndexMissing if error.get("code") == "index_not_found" else IndexUnavailable
    return kind(f"{what} ({error.get('message', 'it gives no reason')})")


@contextmanager
def telling() -> Iterator[None]:
    """Turn what the client raises into IndexMissing or IndexUnavailable. An answer of another form than the server's,
    from a proxy before it perhaps, is no answer either."""
    try:
        yield
    except MeilisearchApiError as error:
        raise _refusal(f"the search server refuses ({error.status_code})",
                       {"code": error.code, "message": error.message[:500]}) from error
    except MeilisearchTimeoutError as error:
        raise IndexUnavailable("the search server does not answer in time") from error
    except MeilisearchError as error:
        raise IndexUnavailable("the search server cannot be reached") from error
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise IndexUnavailable(f"the search server's answer cannot be read ({error})") from error
