"""The demo: a fresh installation on this machine, its story, then the portal until Ctrl-C."""

from __future__ import annotations

import contextlib
import os
import shutil
import socket
import sys
import threading
import time
import webbrowser
from collections.abc import Iterator
from pathlib import Path

from rich.console import Console

from domain.errors import Conflict
from zonewatch.demo.cast import FIRMS, ISSUES, OPERATOR, SENDER
from zonewatch.demo.mailbox import Mailbox
from zonewatch.demo.sites import SampleSites
from zonewatch.demo.story import Stopped, Story, deaf
from zonewatch.settings import DEFAULTS, PREFIX, Settings
from zonewatch.up import Supervisor
from zonewatch.wiring import Installation

FOLDER = Path("var/demo")
LOG = "zonewatch.log"
PATIENCE_SECONDS = 60
FAREWELL = f"\n已结束，所有进程都已停止。样例数据留在 {FOLDER}，下次运行会重新开始。"
GUIDE = f"""
[bold green]演示已就绪[/]
  门户　　　{{portal}}/
  演示邮箱　{{mailbox}}

[bold]可以这样看[/]
  1. 在演示邮箱打开三家企业的预警邮件：级别和理由、措施、日期、为什么发给您、怎样退订。
  2. 在门户搜索“电磁阀”“墨盒”“空压机”：中文查到外文信息，并标出对应的原词。
  3. 只看红色预警　{{portal}}/?grade=red
  4. 协会简报　　　{{portal}}/bulletins
  5. 来源是否正常　{{portal}}/sources

[bold]登录[/]　不用密码：在 {{portal}}/sign-in 填写邮箱，登录邮件会寄到演示邮箱。
{chr(10).join(f"  企业　　　{firm.email}　查看、停止自己的订阅" for firm in FIRMS)}
{chr(10).join(f"  协会编辑　{issue.editor}　挑选信息，发布简报" for issue in ISSUES)}
  运维人员　{OPERATOR}　立即采集、暂停来源、放行预警

按 Ctrl-C 结束。运行日志在 {FOLDER / LOG}。"""


class Show:
    """Runs the demo until stopped."""

    def __init__(self, port: int, mailbox_port: int, *, open_browser: bool) -> None:
        self.port, self.portal = port, f"http://127.0.0.1:{port}"
        self.mailbox_port, self.open_browser = mailbox_port, open_browser
        self.screen = Console(highlight=False, soft_wrap=True)

    def run(self, stop: threading.Event) -> None:
        """The whole story; then the portal until ``stop``. Raises Conflict when a port is taken."""
        for port, option in ((self.port, "--port"), (self.mailbox_port, "--mailbox-port")):
            _must_be_free(port, option)
        shutil.rmtree(FOLDER, ignore_errors=True)
        sites, mailbox = SampleSites(), Mailbox(self.mailbox_port, {
            firm.email: f"{firm.name}（{firm.makes}）" for firm in FIRMS})
        try:
            with _logged_into(FOLDER / LOG), contextlib.suppress(Stopped):
                Story(self._installation(sites, mailbox), sites, mailbox, self.screen, stop).tell()
                self._serve(mailbox, stop)
        finally:
            sites.close()
            mailbox.close()
        self.screen.print(FAREWELL)

    def _installation(self, sites: SampleSites, mailbox: Mailbox) -> Installation:
        """A fresh installation; the child processes learn of it by the environment."""
        chosen = {"DATA_DIR": str(FOLDER.absolute()), "GATEWAY_URL": sites.url, "CRAWL_DELAY": "0",
                  "MAIL_URL": mailbox.smtp_url, "MAIL_FROM": SENDER, "OPERATOR_EMAIL": OPERATOR, "BASE_URL": self.portal}
        # Everything else is set to nothing, so that no .env beside us leads the demo into a live database.
        os.environ.update({PREFIX + name: chosen.get(name, "") for name in DEFAULTS})
        return Installation(Settings())

    def _serve(self, mailbox: Mailbox, stop: threading.Event) -> None:
        with deaf():
            supervisor = Supervisor()
        greeter = threading.Thread(target=self._greet, args=(mailbox, stop))
        greeter.start()
        supervisor.run(stop)
        greeter.join()

    def _greet(self, mailbox: Mailbox, stop: threading.Event) -> None:
        """Say where to look once the portal answers; one that takes too long is named all the same."""
        until = time.monotonic() + PATIENCE_SECONDS
        while not _answers(self.port) and time.monotonic() < until:
            if stop.wait(0.1):
                return
        self.screen.print(GUIDE.format(portal=self.portal, mailbox=mailbox.page_url))
        if self.open_browser:
            _open_browser(self.portal)


@contextlib.contextmanager
def _logged_into(path: Path) -> Iterator[None]:
    """What this process and its children log goes into a file: the screen is for people."""
    path.parent.mkdir(parents=True, exist_ok=True)
    screen = os.dup(sys.stderr.fileno())
    with path.open("ab") as file:
        os.dup2(file.fileno(), sys.stderr.fileno())
    try:
        yield
    finally:
        sys.stderr.flush()
        os.dup2(screen, sys.stderr.fileno())
        os.close(screen)


def _must_be_free(port: int, option: str) -> None:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            raise Conflict(f"端口 {port} 已被占用，也许演示已在运行。"
                           f"换一个端口：zonewatch demo {option} {port + 1}") from None


def _answers(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def _open_browser(url: str) -> None:
    """Open a browser in a window of its own; one that runs in the terminal would hide the story."""
    try:
        browser = webbrowser.get()
    except webbrowser.Error:
        return
    if not isinstance(browser, webbrowser.GenericBrowser) or isinstance(browser, webbrowser.BackgroundBrowser):
        browser.open(url)
