"""Markets (importing economies and their groups), countries, and the many ways publishers write them."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
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
FROM_CHINA = frozenset(("CN", "HK", "MO"))
"""Origins that publishers name for goods of factories in China; much of it leaves by way of Hong Kong and Macao."""


def holds_in(market: str, place: str) -> bool:
    """Whether the rules of ``market`` hold in ``place``: the same, a member, or one that follows its rules (EEA)."""
    members = MARKETS[market].members if market in MARKETS else frozenset()
    return place == market or place in members or place in load("markets")["follows"].get(market, ())


def related(market: str) -> frozenset[str]:
    """What holds where ``market`` is meant: itself, of a group its members and who follows its rules, of these the group.
    Who asks for one of them finds notices of all. It works both ways: whatever finds is found."""
    return _RELATED.get(market) or frozenset((market,))


def group_of(places: Sequence[str]) -> str | None:
    """The group that places act for together: most of them, and two at least, are its members; None when there is none."""
    found = {name: sum(place in market.members for place in places) for name, market in MARKETS.items() if market.members}
    name = max(found, key=lambda each: found[each])
    return name if found[name] >= 2 and 2 * found[name] > len(places) else None


def market_asked(code: str, lang: str = "zh") -> str:
    """What asking for a market is called, with what it takes in: 欧盟（含成员国）, 德国（含欧盟）."""
    zh, others = lang.startswith("zh"), sorted(related(code) - {code})
    if not others:
        return country_name(code, lang)
    if code in MARKETS and MARKETS[code].is_group:
        return f"{MARKETS[code].zh}（含成员国）" if zh else f"{MARKETS[code].en} (with its members)"
    names = [country_name(each, lang) for each in others]
    name = country_name(code, lang)
    return f"{name}（含{'、'.join(names)}）" if zh else f"{name} (with {', '.join(names)})"


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


def _places(group: str) -> frozenset[str]:
    """The group, its members and who follows its rules."""
    return frozenset((group, *MARKETS[group].members, *load("markets")["follows"].get(group, ())))


_GROUPS = {name: _places(name) for name, market in MARKETS.items() if market.members}
_RELATED = {**{place: frozenset((place, *(name for name, places in _GROUPS.items() if place in places)))
               for places in _GROUPS.values() for place in places}, **_GROUPS}


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
