"""`make run` as a newcomer sees it: the whole road on this machine, Ctrl-C leaves nothing, and it starts again."""

from __future__ import annotations

import signal
import subprocess
import time
import urllib.error
import urllib.request
from pathlib import Path

import psutil
import pytest

from tests.conftest import Installed, unused_port


def page(url: str) -> str:
    with urllib.request.urlopen(url, timeout=20) as answer:
        text: str = answer.read().decode()
    return text


def started(installed: Installed, port: int, mailbox_port: int) -> subprocess.Popen[str]:
    demo = installed.start("demo", "--no-browser", "--port", str(port), "--mailbox-port", str(mailbox_port))
    for _ in range(900):
        assert demo.poll() is None, "the demo ended"
        try:
            page(f"http://127.0.0.1:{port}/sources")
        except (urllib.error.URLError, ConnectionError):
            time.sleep(0.1)
        else:
            return demo
    pytest.fail("the demo's portal did not open")


def test_the_demo_shows_the_whole_road_twice_and_leaves_no_process(tmp_path: Path, free_port: int) -> None:
    installed, mailbox_port = Installed(tmp_path), unused_port()
    live = tmp_path / "live.db"
    (tmp_path / ".env").write_text(f"ZONEWATCH_DATABASE_URL=sqlite:///{live}\nZONEWATCH_NOW=2001-01-01T00:00:00+00:00\n")
    for _ in range(2):
        demo = started(installed, free_port, mailbox_port)
        family = psutil.Process(demo.pid).children(recursive=True)
        mailbox = page(f"http://127.0.0.1:{mailbox_port}/")
        assert "quality@pneumatics.example" in mailbox
        assert "quality@cartridges.example" in mailbox
        assert "SAMPLE FLOW" in page(f"http://127.0.0.1:{free_port}/?q=%E7%94%B5%E7%A3%81%E9%98%80")
        assert "简报" in page(f"http://127.0.0.1:{free_port}/bulletins")
        demo.send_signal(signal.SIGINT)
        assert demo.wait(60) == 0
        assert not [each for each in family if each.is_running() and each.status() != psutil.STATUS_ZOMBIE]
    assert not live.exists(), "the demo must not touch the installation that lives beside it"
