"""Markets (importing economies and their groups), countries, and the many ways publishers write them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from types import MappingProxyType

from domain.text import normalise
from domain.vocabulary import load


@dataclass(frozen=True, slots=True)
class Market:
    """An importing economy we watch; a group's rules hold in its ``members`` (ISO 3166-1 alpha-2). Its days end in
    ``time_zone``, an IANA name."""

    id: str
    zh: str
    en: str
    is_group: bool = False
    members: frozenset[str] = frozenset()
    time_zone: str = "UTC"

    def name(self, lang: str = "zh") -> str:
        """The market in Chinese for ``zh`` and its variants, else in English."""
        return self.zh if lang.startswith("zh") else self.en


MARKETS: Mapping[str, Market] = MappingProxyType({
    row["id"]: Market(row["id"], row["zh"], row["en"], row.get("group", False), frozenset(row.get("members", ())),
                      row["time_zone"])
    for row in load("markets")["markets"]
})
"""Every market of the service by id."""

INTERNATIONAL = "INT"


def holds_in(market: str, place: str) -> bool:
    """Whether the rules of ``market`` hold in ``place``: the same, a member, or one that follows its rules (EEA)."""
    members = MARKETS[market].members if market in MARKETS else frozenset()
    return place == market or place in members or place in load("markets")["follows"].get(market, ())


def country_name(code: str, lang: str = "zh") -> str:
    """The name of a market or country code; the code itself when it is unknown."""
    if code in MARKETS:
        return MARKETS[code].name(lang)
    country = load("countries")["countries"].get(code)
    return str(country["zh" if lang.startswith("zh") else "en"]) if country else code


def market_from_name(text: str) -> str | None:
    """The code of a country or market as a publisher writes it: an alpha-2 code, one of our market ids, or None.

    Knows English and Chinese names, inverted forms ("Korea, Republic of") and ISO codes; None for "Unknown" and for
    what it does not know: keep the raw text then.
    """
    plain = text.strip()
    if plain in MARKETS or plain in load("countries")["countries"]:
        return plain
    return _names().get(_key(plain)) or _iso3().get(plain)


def market_from_wto_code(code: str) -> str | None:
    """The market of the member part of a WTO symbol (ISO alpha-3, or EU, TPKM); None when unknown."""
    code = code.strip().upper()
    own: str | None = load("markets")["wto"].get(code)
    return own or _iso3().get(code)


_NOISE = re.compile(r"[^\w\s]+")


def _key(name: str) -> str:
    return " ".join(_NOISE.sub(" ", normalise(name).replace("&", " and ")).removeprefix("the ").split())


@cache
def _names() -> Mapping[str, str]:
    table = {}
    for code, country in load("countries")["countries"].items():
        table.update({_key(country["en"]): code, _key(country["zh"]): code})
    for market in MARKETS.values():
        table.update({_key(market.en): market.id, _key(market.zh): market.id})
    table.update({_key(name): code for name, code in load("countries")["aliases"].items()})
    return table


@cache
def _iso3() -> Mapping[str, str]:
    return {country["iso3"]: code for code, country in load("countries")["countries"].items()}
