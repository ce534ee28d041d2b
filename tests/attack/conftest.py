"""Servers for the attacks."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from tests.attack.wire import Serving
from tests.features.conftest import here, mailbox

__all__ = ["here", "mailbox", "serve"]


@pytest.fixture
def serve() -> Iterator[Serving]:
    """Servers of any kind, closed at the end."""
    servers: list[Any] = []

    def serving(kind: Callable[..., Any], *arguments: Any) -> Any:
        servers.append(kind(*arguments))
        return servers[-1]

    yield serving
    for server in servers:
        server.close()
