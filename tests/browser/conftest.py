"""A browser and a portal to open in it."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, sync_playwright
from waitress.server import create_server

from tests.browser import scene
from tests.browser.portal import Portal
from tests.conftest import CHROMIUM


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu", "--disable-background-networking"])
        yield browser
        browser.close()


class Served:
    """A portal with its scene, served on a free loopback port."""

    def __init__(self, folder: Path) -> None:
        self.portal = Portal(folder)
        scene.build(self.portal)
        self._server = create_server(self.portal.app, host="127.0.0.1", port=0, threads=2)
        self.url = f"http://127.0.0.1:{self._server.effective_port}"
        self._thread = threading.Thread(target=self._server.run, daemon=True)
        self._thread.start()

    def close(self) -> None:
        self._server.close()
        self._thread.join(5)


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    found = Served(tmp_path_factory.mktemp("portal"))
    yield found
    found.close()


@pytest.fixture(scope="session")
def screenshots() -> Path | None:
    """Where to put pictures of the pages, when somebody wants to look at them."""
    folder = os.environ.get("ZONEWATCH_SCREENSHOTS")
    if folder:
        Path(folder).mkdir(parents=True, exist_ok=True)
    return Path(folder) if folder else None
