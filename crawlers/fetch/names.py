"""From names to addresses, checked at the moment of connecting.

A name is looked up once before each request, what it leads to is checked, and the reactor is told the addresses that
passed. It has no other way from names to addresses, so nothing can look a name up again between check and connection.
"""

from __future__ import annotations

import asyncio
import logging
import socket
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from scrapy.crawler import Crawler
from scrapy.exceptions import CannotResolveHostError, DownloadTimeoutError
from scrapy.resolver import HostResolution
from twisted.internet.address import IPv4Address, IPv6Address
from twisted.internet.interfaces import IHostnameResolver
from zope.interface import implementer  # type: ignore[import-untyped]

from crawlers.errors import Refusal, refused_address
from crawlers.fetch.addresses import rule_against

LookUp = Callable[[str, int], Iterable[str]]
"""From a host and a port to IP addresses; raises OSError when there are none."""

LONGEST_LOOK_UP = 30.0
"""Seconds."""
logger = logging.getLogger(__name__)


def system_look_up(host: str, port: int) -> list[str]:
    """What the system's resolver says."""
    return [str(found[4][0]) for found in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)]


async def find(look_up: LookUp, host: str, port: int) -> list[str]:
    """The addresses of a host. Raises Scrapy's errors, which are told as a source out of reach."""
    try:
        async with asyncio.timeout(LONGEST_LOOK_UP):
            found = await asyncio.to_thread(look_up, host, port)
    except TimeoutError:
        raise DownloadTimeoutError(f"the name {host} could not be looked up in time") from None
    except (OSError, UnicodeError) as error:
        raise CannotResolveHostError(f"{host}: {error}") from error
    return list(dict.fromkeys(found))


def only_public(url: str, addresses: Sequence[str]) -> list[str]:
    """Those of a host's addresses that may be connected to. Raises Refusal when all are forbidden."""
    rules = {address: rule_against(address) for address in addresses}
    allowed = [address for address, rule in rules.items() if rule is None]
    for address, rule in rules.items():
        if rule and not allowed:
            raise Refusal(refused_address(url, address, rule))
        if rule:
            logger.warning("%s also leads to %s, which is left out: %s", url, address, rule.en)
    return allowed


@implementer(IHostnameResolver)
class CheckedNames:
    """The reactor's resolver: knows the addresses that have been admitted, and asks nobody."""

    def __init__(self, reactor: Any) -> None:
        self.reactor = reactor
        self._admitted: dict[tuple[str, int], tuple[str, ...]] = {}

    @classmethod
    def from_crawler(cls, crawler: Crawler, reactor: Any) -> CheckedNames:
        """Built by Scrapy."""
        return cls(reactor)

    def install_on_reactor(self) -> None:
        """Called by Scrapy before the reactor runs."""
        self.reactor.installNameResolver(self)

    def admit(self, host: str, port: int, addresses: Sequence[str]) -> None:
        """From now on, connections to this host and port go to these addresses."""
        self._admitted[host.lower(), port] = tuple(addresses)

    def resolveHostName(self, resolutionReceiver: Any, hostName: str, portNumber: int = 0,
                        addressTypes: Any = None, transportSemantics: str = "TCP") -> HostResolution:
        """See IHostnameResolver. A name with letters outside ASCII is known by its encoded form."""
        resolution = HostResolution(hostName)
        resolutionReceiver.resolutionBegan(resolution)
        name = hostName.lower() if hostName.isascii() else hostName.encode("idna").decode("ascii")
        for address in self._admitted.get((name, portNumber), ()):
            kind = IPv6Address if ":" in address else IPv4Address
            resolutionReceiver.addressResolved(kind("TCP", address, portNumber))
        resolutionReceiver.resolutionComplete()
        return resolution
