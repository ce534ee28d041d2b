"""Which addresses may be asked, and which may be connected to: public ones, written so that nobody can misread them."""

from __future__ import annotations

import re
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from typing import NamedTuple
from urllib.parse import urlsplit


class Rule(NamedTuple):
    """Why an address is refused, for people."""

    en: str
    zh: str


_KINDS: tuple[tuple[Rule, tuple[str, ...]], ...] = (
    (Rule("loopback", "本机回环地址"), ("127.0.0.0/8", "::1/128")),
    (Rule("unspecified", "未指定地址"), ("0.0.0.0/8", "::/128")),
    (Rule("private network", "内网地址"), ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "fc00::/7", "fec0::/10")),
    (Rule("carrier-grade NAT", "运营商级 NAT 地址"), ("100.64.0.0/10",)),
    (Rule("link-local", "链路本地地址"), ("169.254.0.0/16", "fe80::/10")),
    (Rule("multicast", "组播地址"), ("224.0.0.0/4", "ff00::/8")),
    (Rule("documentation", "文档示例地址"),
     ("192.0.2.0/24", "198.51.100.0/24", "203.0.113.0/24", "2001:db8::/32", "3fff::/20")),
    (Rule("IPv4 within IPv6", "IPv6 中内嵌的 IPv4 地址"),  # compatible, mapped, translated, NAT64 (two), Teredo, 6to4
     ("::/96", "::ffff:0:0/96", "::ffff:0:0:0/96", "64:ff9b::/96", "64:ff9b:1::/48", "2001::/32", "2002::/16")),
    (Rule("reserved", "保留地址"),
     ("192.0.0.0/24", "192.88.99.0/24", "198.18.0.0/15", "240.0.0.0/4", "2001::/23")),
)
_NETWORKS = tuple((ip_network(network), rule) for rule, networks in _KINDS for network in networks)
_RESERVED = _KINDS[-1][0]
_GLOBAL_UNICAST = ip_network("2000::/3")

SCHEME = Rule("only http and https are asked", "只访问 http 和 https 地址")
UNCLEAR = Rule("readers of addresses disagree about its host", "不同程序会解析出不同的主机")
USERINFO = Rule("a name stands before the host", "主机名前带有用户名")
ODD_NUMBER = Rule("a number that is no plain IPv4 address", "非标准写法的 IPv4 地址")
TRAILING_DOT = Rule("a dot ends the host", "主机名以点结尾")

_AUTHORITY = re.compile(r"([a-z][a-z0-9+.-]*):(?://([^/]*))?", re.I)
_NUMBER = re.compile(r"\d+|0x[0-9a-f]*", re.I)


def rule_against(address: str) -> Rule | None:
    """The rule that forbids to connect to an IP address; None when it is a public one. What is not known to be public
    is refused. Raises ValueError for anything but an IP address."""
    ip = ip_address(address)
    found = next((rule for network, rule in _NETWORKS if ip.version == network.version and ip in network), None)
    return found or (None if _is_unicast(ip) else _RESERVED)


def is_public(address: str) -> bool:
    """Whether an IP address may be connected to."""
    return rule_against(address) is None


def _is_unicast(ip: IPv4Address | IPv6Address) -> bool:
    return ip.is_global and not ip.is_multicast and (ip.version == 4 or ip in _GLOBAL_UNICAST)


def rule_against_url(url: str) -> Rule | None:
    """The rule that forbids to ask an address, whatever its name leads to; None when the name must be looked up."""
    found = _AUTHORITY.match(url)
    if not found or found[1].lower() not in ("http", "https"):
        return SCHEME
    if not found[2] or "\\" in url or not url.isprintable() or any(sign in found[2] for sign in " %"):
        return UNCLEAR
    if "@" in found[2]:
        return USERINFO
    try:
        parts = urlsplit(url)
        return UNCLEAR if parts.port == 0 else _rule_against_host(parts.hostname or "")
    except ValueError:
        return UNCLEAR


def _rule_against_host(host: str) -> Rule | None:
    if not host:
        return UNCLEAR
    if host.endswith("."):
        return TRAILING_DOT
    try:
        return rule_against(host)
    except ValueError:
        return ODD_NUMBER if _NUMBER.fullmatch(host.rpartition(".")[2]) else None
