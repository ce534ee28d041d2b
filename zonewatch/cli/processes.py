"""Commands that run: web, worker, scheduler, up, demo."""

from __future__ import annotations

import contextlib
import signal
import threading
from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

import click

from storage import locks
from zonewatch import lifeline
from zonewatch.cli import installation, main

parent_option = click.option("--parent", type=int, hidden=True)


def until_signalled(work: Callable[[threading.Event], None]) -> None:
    """Run ``work`` with an event that SIGINT and SIGTERM set."""
    stop = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stop.set())
    work(stop)


@main.command()
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on; TLS is the proxy's work.")
@click.option("--port", type=int, help="Port to listen on; that of BASE_URL when that is this machine, else 8000.")
@parent_option
def web(host: str, port: int | None, parent: int | None) -> None:
    """Serve the portal."""
    import waitress
    lifeline.hold(parent)
    found = installation()
    base = urlsplit(found.settings.text("BASE_URL"))
    local = base.hostname in ("127.0.0.1", "localhost", "::1")
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    with contextlib.suppress(KeyboardInterrupt):  # how either signal ends the server
        waitress.serve(found.web(), host=host, port=port or (base.port if local and base.port else 8000), threads=8,
                       ident=None, **behind(found.settings.text("TRUSTED_PROXY")))


def behind(proxy: str) -> dict[str, Any]:
    """How the server learns who asks: from the proxy at this address, if there is one, and from nobody else."""
    if not proxy:
        return {"clear_untrusted_proxy_headers": True}
    return {"trusted_proxy": proxy, "trusted_proxy_headers": {"x-forwarded-for"}, "clear_untrusted_proxy_headers": True}


@main.command()
@parent_option
def worker(parent: int | None) -> None:
    """Index, match, compose, deliver and take tasks until stopped."""
    from zonewatch.worker import Worker
    lifeline.hold(parent)
    until_signalled(Worker(installation()).run)


@main.command()
@parent_option
def scheduler(parent: int | None) -> None:
    """Crawl every source when it is due until stopped."""
    from zonewatch.scheduler import Scheduler
    lifeline.hold(parent)
    until_signalled(Scheduler(installation()).run)


@main.command()
def up() -> None:
    """Run web, worker and scheduler under one parent."""
    from zonewatch.up import Supervisor
    found = installation()
    found.db.close()
    with locks.exclusive_in(found.settings.locks, "up"):
        until_signalled(Supervisor().run)


@main.command()
@click.option("--no-browser", is_flag=True, help="Do not open a browser.")
@click.option("--port", default=8000, show_default=True, help="Port of the portal.")
@click.option("--mailbox-port", default=8025, show_default=True, help="Port of the mailbox page.")
def demo(no_browser: bool, port: int, mailbox_port: int) -> None:
    """Show the product on sample sites of its own, all on this machine."""
    from zonewatch.demo.show import Show
    until_signalled(Show(port, mailbox_port, open_browser=not no_browser).run)
