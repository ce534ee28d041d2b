"""`make run` as a newcomer sees it: a story in Chinese, mails worth reading, and Ctrl-C leaves nothing at any moment."""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import time
import urllib.request
from html import unescape
from pathlib import Path

import psutil
import pytest

from storage import notices
from storage.session import Database
from tests.conftest import Installed, unused_port
from zonewatch.demo.cast import FIRMS, ISSUES

WORDS = ("级别理由：", "目标市场", "产品类别", "发布机构原文", "命中订阅：", "依据：", "退订")
"""What every alert mail explains."""


class Demo:
    """A demo that runs in a folder, in a process group of its own like one started in a terminal."""

    def __init__(self, folder: Path) -> None:
        self.port, self.mailbox_port, self._folder, self._said = unused_port(), unused_port(), folder, folder / "said.txt"
        with self._said.open("w") as said:
            self.process: subprocess.Popen[str] = Installed(folder).start(
                "demo", "--no-browser", "--port", str(self.port), "--mailbox-port", str(self.mailbox_port),
                stdout=said, stderr=subprocess.STDOUT, start_new_session=True)

    def said(self) -> str:
        return self._said.read_text()

    def wait_for(self, words: str) -> None:
        until = time.monotonic() + 180
        while words not in self.said():
            assert self.process.poll() is None, self.said()
            assert time.monotonic() < until, self.said()
            time.sleep(0.1)

    def page(self, path: str = "/", *, mailbox: bool = False) -> str:
        port = self.mailbox_port if mailbox else self.port
        with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=20) as answer:
            text: str = answer.read().decode()
        return text

    def mails(self, address: str) -> dict[str, str]:
        """The mails that the mailbox page lists for a reader: their pages by subject, newest first."""
        section = next(each for each in self.page(mailbox=True).split("<section>") if address in each)
        return {unescape(subject): self.page(f"{path}/html", mailbox=True)
                for path, subject in re.findall(r'<a href="(/\d+)">([^<]*)</a>', section)}

    def press_ctrl_c(self) -> None:
        """As a terminal does it: every process of the group hears it. Nothing may be left, and no trace be printed."""
        family = psutil.Process(self.process.pid).children(recursive=True)
        os.killpg(self.process.pid, signal.SIGINT)
        assert self.process.wait(60) == 0
        assert not [each for each in family if each.is_running() and each.status() != psutil.STATUS_ZOMBIE]
        assert "已结束，所有进程都已停止" in self.said()
        assert "Traceback" not in self.said() + (self._folder / "var" / "demo" / "zonewatch.log").read_text()


def test_the_demo_shows_the_whole_road_and_leaves_no_process(tmp_path: Path) -> None:
    live = tmp_path / "live.db"
    (tmp_path / ".env").write_text(f"ZONEWATCH_DATABASE_URL=sqlite:///{live}\nZONEWATCH_NOW=2001-01-01T00:00:00+00:00\n")
    demo = Demo(tmp_path)
    demo.wait_for("演示已就绪")
    said = demo.said()
    assert "不发预警：邮箱收到 0 封" in said, "a first load alerts nobody"
    assert "×" not in said, "every source ends well"
    for step in range(1, 6):
        assert f"第 {step} 步" in said
    _mails_differ(demo)
    assert "SAMPLE FLOW" in demo.page("/?q=%E7%94%B5%E7%A3%81%E9%98%80")
    assert all(f"hit-{grade}" in demo.page("/?scope=all") for grade in ("red", "yellow", "plain"))
    assert "红色预警" not in demo.page("/?lang=en"), "in English the page explains itself in English"
    assert all(issue.title in demo.page("/bulletins") for issue in ISSUES)
    db = Database(f"sqlite:///{tmp_path / 'var' / 'demo' / 'zonewatch.db'}")
    with db.read() as session:
        titles = [each.notice.title for batch in notices.everything(session) for each in batch]
    db.close()
    assert [title for title in titles if not title.startswith("【样例】")] == [], "no sample may pass for a real notice"
    demo.press_ctrl_c()
    assert not live.exists(), "the demo must not touch the installation that lives beside it"


def _mails_differ(demo: Demo) -> None:
    """Every firm has one alert of its own and its zone's bulletin; nobody reads what another asked for."""
    alerts = []
    for firm in FIRMS:
        bulletin, alert = demo.mails(firm.email)
        assert bulletin.startswith("【简报】【样例】")
        assert alert.startswith("【红色预警】")
        alerts.append(demo.mails(firm.email)[alert])
        assert [word for word in (*WORDS, *firm.wishes) if word not in alerts[-1]] == []
        assert '<base target="_blank">' in alerts[-1], "links open beside the mail, not inside its frame"
    valves, compressors, cartridges = alerts
    for words, readers in (("solenoid valve", [valves]), ("Air Compressors", [compressors]), ("Toner", [cartridges]),
                           ("已撤回", [valves]), ("内容有变更", [compressors, cartridges]), ("信息推送", [cartridges])):
        assert [mail for mail in alerts if words in mail] == readers, words
    assert not any(word in mail for mail in alerts for word in ("Tattoo", "Toy", "Tires", "E-cigarette"))


def test_ctrl_c_in_the_middle_of_a_crawl_ends_tidily_and_the_demo_begins_anew(tmp_path: Path) -> None:
    for _ in range(2):
        demo = Demo(tmp_path)
        demo.wait_for("第 2 步")
        demo.press_ctrl_c()
        assert "第 4 步" not in demo.said()


@pytest.mark.parametrize(("option", "other_option"), [("--port", "--mailbox-port"), ("--mailbox-port", "--port")])
def test_a_port_that_is_taken_is_told_in_one_line(tmp_path: Path, option: str, other_option: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        demo = Installed(tmp_path).start("demo", "--no-browser", option, str(port), other_option, str(unused_port()),
                                         stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        said, _ = demo.communicate(timeout=60)
    assert demo.returncode == 2
    assert said == f"zonewatch: 端口 {port} 已被占用，也许演示已在运行。换一个端口：zonewatch demo {option} {port + 1}\n"
    assert not (tmp_path / "var").exists(), "nothing is begun, and nothing of a running demo removed"
