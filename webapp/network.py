"""Who asks, as limits count: by network, not by person."""

from __future__ import annotations

import ipaddress

from flask import Flask, request

from webapp.i18n import lang
from webapp.security import SAFE_METHODS
from webapp.services import services

IPV6_NETWORK = 64
"""Bits of an IPv6 address that a household or firm is given; the others are its own choice."""


def init(app: Flask) -> None:
    """Limit how many buttons a network presses; call it after the CSRF token was looked at."""
    app.before_request(_count)


def network() -> str:
    """The IPv4 address that asks, or the /64 of an IPv6 address. Behind a proxy the server has put the real one here."""
    return network_of(request.remote_addr or "")


def network_of(address: str) -> str:
    """The network that an address counts for; the text itself when it is no address."""
    try:
        found = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return address
    if found.version == 6:
        return str(found.ipv4_mapped or ipaddress.ip_network((int(found), IPV6_NETWORK), strict=False))
    return str(found)


def _count() -> None:
    if request.method not in SAFE_METHODS and request.endpoint is not None:
        services().accounts.press(network(), lang())
