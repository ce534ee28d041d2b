"""An internet of the test's own, below everything a crawl does: names, addresses, servers. What the crawler decides to
connect to is written down before it is led to a loopback port; an address without a server refuses the connection."""

from __future__ import annotations

import os
import resource
import socket
import socketserver
import ssl
import threading
import time
from collections.abc import AsyncIterator, Callable, Iterable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, ClassVar

from scrapy import Request
from scrapy.http import Response
from sqlalchemy import select

from crawlers.base import Output, Records, SourceSpider
from storage.models import NoticeRow, SourceRunRow
from tests import replay
from tests.builders import source
from tests.databases import database
from tests.replay import Answer, Gateway

PUBLIC, PUBLIC_V6 = "5.6.7.8", "2a01:4f8::8"
"""Addresses that may be connected to."""
GOOD, OTHER, CA_HOST = "good.example", "other.example", "recalls-rappels.canada.ca"
BLANK = Answer(b"{}")
"""What the probe takes for an answer without notices."""
Serving = Callable[..., Any]
NOWHERE = 1
"""A loopback port that nobody listens to."""


@dataclass
class Wire:
    """``names`` say what each host leads to: addresses, or a list of them for each look-up, of which the last stays.
    ``routes`` give the loopback port of a server by address and port. ``looked_up`` and ``connected`` are what a crawl
    asked for."""

    names: dict[str, list[Any]] = field(default_factory=dict)
    routes: dict[tuple[str, int], int] = field(default_factory=dict)
    looked_up: list[str] = field(default_factory=list)
    connected: list[tuple[str, int]] = field(default_factory=list)

    def look_up(self, host: str, port: int) -> list[str]:
        """The resolver: an address leads to itself, however it is written, as with the system's."""
        self.looked_up.append(host)
        found = self.names.get(host)
        if found is None:
            return [str(entry[4][0]) for entry in _system_look_up(host, port, type=socket.SOCK_STREAM,
                                                                  flags=socket.AI_NUMERICHOST)]
        if not isinstance(found[0], list):
            return found
        answer: list[str] = found.pop(0) if len(found) > 1 else found[0]
        return answer

    def install(self) -> None:
        """Lead the connections of this process; nobody but ``look_up`` may ask for a name from now on."""
        from twisted.internet.posixbase import PosixReactorBase

        connect = PosixReactorBase.connectTCP

        def led(reactor: Any, host: str, port: int, *arguments: Any, **options: Any) -> Any:
            self.connected.append((host, port))
            return connect(reactor, "127.0.0.1", self.routes.get((host, port), NOWHERE), *arguments, **options)

        PosixReactorBase.connectTCP = led  # type: ignore[assignment]
        socket.getaddrinfo = _no_look_up


_system_look_up = socket.getaddrinfo


def _no_look_up(*arguments: Any, **options: Any) -> Any:
    raise AssertionError(f"looked up behind the check: {arguments}")


class Site(Gateway):
    """A web server that knows its answers by real address, like a gateway, and is asked directly."""

    def __init__(self, answers: dict[str, Any], context: ssl.SSLContext | None = None) -> None:
        super().__init__(answers)
        self.port = self._server.server_port
        self._server.handle_error = lambda *_: None  # type: ignore[method-assign]
        if context:
            self._server.socket = context.wrap_socket(self._server.socket, server_side=True, do_handshake_on_connect=False)

    def _handler(self) -> Any:
        class Handler(super()._handler()):  # type: ignore[misc]
            def do_GET(self) -> None:
                self.path = f"/{self.headers['Host']}{self.path}"
                super().do_GET()

        return Handler


class Raw:
    """A server that says what it likes: bytes, and seconds of silence between them. It has no robots.txt."""

    def __init__(self, says: Callable[[], Iterable[bytes | float]]) -> None:
        class Handler(socketserver.StreamRequestHandler):
            def handle(self) -> None:
                asked = self.rfile.readline()
                while self.rfile.readline().strip():
                    pass
                robots = b"robots.txt" in asked
                try:
                    for part in [b"HTTP/1.1 404 No\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"] if robots else says():
                        time.sleep(part) if isinstance(part, float) else self.wfile.write(part)
                except OSError:
                    return

        self._server = socketserver.ThreadingTCPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.port = self._server.server_address[1]
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()


class Probe(SourceSpider):
    """Asks for addresses, and reads whatever comes."""

    card = source("probe", delay=0.01)
    urls: ClassVar[list[str]] = []
    headers: ClassVar[dict[str, str]] = {}

    async def start(self) -> AsyncIterator[Request]:
        for url in self.urls:
            request = self.ask(url, self.read, unit=url)
            request.headers.update(self.headers)
            yield request

    def read(self, response: Response) -> Output:
        yield self.page(response, Records(), unit=response.url)


def probe(folder: Path, wire: Wire, urls: list[str], hosts: Iterable[str], **options: Any) -> dict[str, Any]:
    """Ask for ``urls`` as a source with these hosts. As ``crawl``."""
    return crawl(folder, wire, "probe", floor=0, probe=(urls, tuple(hosts), options.pop("headers", {})), **options)


def crawl(folder: Path, wire: Wire | None, slug: str = "ca_recalls", **options: Any) -> dict[str, Any]:
    """A real crawl on a wire (None: behind a gateway). The report tells besides what was ``looked_up`` and ``connected``,
    what was ``lost`` and why, what it was warned of, and how much memory it took (megabytes). ``settings`` replaces settings
    of Scrapy, ``delay`` the card's, ``trust`` the authorities of the system."""
    return replay._elsewhere(_crawl, folder, slug, wire, options)


def _crawl(folder: Path, slug: str, wire: Wire | None, options: dict[str, Any]) -> dict[str, Any]:
    import crawlers.settings
    from crawlers import cards

    for name, value in options.pop("settings", {}).items():
        assert hasattr(crawlers.settings, name), name
        setattr(crawlers.settings, name, value)
    if trust := options.pop("trust", None):
        os.environ["SSL_CERT_FILE"] = str(trust)
    spider: type[SourceSpider] = Probe if slug == "probe" else cards.spider(slug)
    if slug == "probe":
        Probe.urls, hosts, Probe.headers = options.pop("probe")
        Probe.card, Probe.allowed_domains = replace(Probe.card, hosts=hosts), list(hosts)
    spider.card = replace(spider.card, delay=options.pop("delay", 0.01))
    cards.spider = lambda slug: spider
    behind = {"gateway_url": options.pop("gateway", None), "delay": None}
    if wire:
        wire.install()
        options["look_up"] = wire.look_up
    before = _memory()
    report = replay._crawl(folder, slug, behind | options)
    with database(folder).read() as session:
        details = session.scalars(select(SourceRunRow).order_by(SourceRunRow.id.desc())).first()
    return report | {"lost": {each["url"]: each["why"] for each in details.details.get("lost", [])} if details else {},
                     "warnings": details.details.get("warnings", {}) if details else {}, "memory": _memory() - before,
                     "looked_up": wire.looked_up if wire else [], "connected": wire.connected if wire else []}


def on(server: Any, *hosts: str, port: int = 80) -> Wire:
    """A wire on which these hosts lead to one server."""
    return Wire({host: [PUBLIC] for host in hosts}, {(PUBLIC, port): server.port})


def notices(folder: Path) -> dict[str, str]:
    """What is stored, and how it stands."""
    with database(folder).read() as session:
        return {row.external_id: row.status for row in session.scalars(select(NoticeRow))}


def _memory() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
