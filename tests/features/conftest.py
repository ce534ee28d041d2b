"""What several features stand on: a mail server with moods, a world with subscribers, publishers on loopback."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.features.alerts import World, world
from tests.moody import MoodyMailbox, moody_mailbox
from tests.replay import Gateway


@pytest.fixture(scope="module")
def mailbox() -> Iterator[MoodyMailbox]:
    with moody_mailbox() as found:
        yield found


@pytest.fixture
def here(tmp_path: Path, mailbox: MoodyMailbox) -> Iterator[World]:
    with world(tmp_path, mailbox) as found:
        found.load()
        yield found


@pytest.fixture
def serve() -> Iterator[Callable[..., Gateway]]:
    """Gateways that give these answers and nothing else."""
    gateways: list[Gateway] = []

    def serving(answers: dict[str, Any]) -> Gateway:
        gateways.append(Gateway(answers))
        return gateways[-1]

    yield serving
    for gateway in gateways:
        gateway.close()
