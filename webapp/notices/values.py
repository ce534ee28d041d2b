"""Fields of a notice in the reader's words, and which of them are the publisher's own words."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from domain.notice import Notice
from webapp import labels
from webapp.i18n import gettext

WORDS: Mapping[str, Callable[[str], str]] = {
    "kind": labels.kind, "market": labels.market, "origin": labels.market, "notifying_country": labels.market,
    "hazards": labels.hazard, "risk_level": labels.risk_level, "measures": labels.measure, "objectives": labels.objective,
    "stage": labels.stage,
}
"""Fields of controlled values; all others are the publisher's own words."""
TEXTS = ("product", "brand", "model", "category")
SHOWN = ("kind", "market", "notifying_country", *TEXTS, "origin", "hazards", "risk_level", "measures", "objectives", "stage",
         "hs_codes", "ics_codes", "external_id", "identifiers")
"""Fields of the table of facts, in its order; dates, links and texts have places of their own."""


@dataclass(frozen=True, slots=True)
class Row:
    """A fact: its label and its values; ``foreign`` when they are the publisher's own words."""

    name: str
    label: str
    values: Sequence[str]
    foreign: bool


def value_text(name: str, value: str) -> str:
    """One value of a field."""
    return WORDS[name](value) if name in WORDS and value else value


def rows(notice: Notice) -> Iterator[Row]:
    """The facts that the publisher states."""
    for name in SHOWN:
        value = getattr(notice, name)
        each_value = value if isinstance(value, tuple) else (value,)
        if name == "identifiers":
            each_value = tuple(each for each in each_value if each != notice.external_id)
        values = [value_text(name, str(each)) for each in each_value if each]
        if values:
            yield Row(name, gettext(labels.FIELDS[name]), values, name not in WORDS)
