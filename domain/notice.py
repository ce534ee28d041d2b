"""Notice: what a source publishes; its identity, its fingerprint of meaning, what counts as a material change."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from datetime import date
from enum import StrEnum
from typing import Any

from domain.errors import InvalidValue


class NoticeKind(StrEnum):
    """Kinds of notices; the ids of ``notice_kinds`` in vocabulary/kinds.toml."""

    STANDARD = "standard"
    TECHNICAL_REGULATION = "technical_regulation"
    TBT_NOTIFICATION = "tbt_notification"
    RECALL = "recall"
    FOREIGN_NOTIFICATION = "foreign_notification"
    BORDER_ACTION = "border_action"
    TRADE_REMEDY = "trade_remedy"
    IP_EXCLUSION = "ip_exclusion"
    GUIDANCE = "guidance"
    BULLETIN = "bulletin"
    ENFORCEMENT_NEWS = "enforcement_news"
    OTHER = "other"


class NoticeStatus(StrEnum):
    """Whether the publisher still stands by a notice."""

    ACTIVE = "active"
    WITHDRAWN = "withdrawn"


@dataclass(frozen=True, slots=True)
class Notice:
    """One notice as its publisher states it, normalised to our vocabularies.

    ``source`` and ``external_id`` identify it: the publisher's own id as written, outer blanks trimmed. Dates are
    calendar dates of the publisher; None means not stated. ``raw`` keeps every value of the publisher that the other
    fields were read from, so that nothing is lost in mapping. All tuples are sets in meaning: order says nothing.
    """

    source: str
    external_id: str
    kind: NoticeKind
    market: str
    title: str
    url: str
    lang: str = "en"
    published_on: date | None = None
    updated_on: date | None = None
    summary: str = ""
    product: str = ""
    brand: str = ""
    model: str = ""
    category: str = ""
    hs_codes: tuple[str, ...] = ()
    ics_codes: tuple[str, ...] = ()
    origin: str = ""
    notifying_country: str = ""
    hazards: tuple[str, ...] = ()
    risk_level: str = ""
    measures: tuple[str, ...] = ()
    objectives: tuple[str, ...] = ()
    stage: str = ""
    comment_deadline: date | None = None
    effective_on: date | None = None
    identifiers: tuple[str, ...] = ()
    relates_to: tuple[str, ...] = ()
    documents: tuple[str, ...] = ()
    raw: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for name in ("source", "external_id", "market", "title", "url"):
            if not getattr(self, name).strip():
                raise InvalidValue(f"a notice of {self.source or 'no source'} has no {name} (id {self.external_id!r})")

    @property
    def key(self) -> tuple[str, str]:
        """Identity across runs."""
        return self.source, self.external_id

    @property
    def event_date(self) -> date | None:
        """When it happened for the publisher: publication, else last update, else not stated."""
        return self.published_on or self.updated_on


_MATERIAL = ("kind", "market", "product", "hs_codes", "ics_codes", "hazards", "risk_level", "measures",
             "comment_deadline", "effective_on")
MATERIAL_FIELDS = frozenset(_MATERIAL)
"""Fields whose change is worth an alert (status too, which the store keeps)."""


def to_json(notice: Notice) -> dict[str, Any]:
    """A notice as JSON-ready values; ``from_json`` reads it back. Defaults are left out."""
    return {name: _plain(value) for name in _NAMES if (value := getattr(notice, name))}


def _plain(value: Any) -> Any:
    if isinstance(value, str):
        return str(value)
    if isinstance(value, date):
        return value.isoformat()
    return list(value) if isinstance(value, tuple) else dict(value)


_NAMES = tuple(spec.name for spec in fields(Notice))


_DATES = frozenset(("published_on", "updated_on", "comment_deadline", "effective_on"))


def from_json(values: Mapping[str, Any]) -> Notice:
    """The notice written by ``to_json``."""
    ready: dict[str, Any] = {}
    for name, value in values.items():
        if name in _DATES:
            value = date.fromisoformat(value)
        elif name == "kind":
            value = NoticeKind(value)
        elif isinstance(value, list):
            value = tuple(value)
        ready[name] = value
    return Notice(**ready)


def _meaning(value: Any) -> Any:
    """Values that mean the same become the same: blanks squeezed, sets ordered."""
    if isinstance(value, str):
        return " ".join(value.split())
    if isinstance(value, list):
        return sorted(_meaning(item) for item in value)
    if isinstance(value, dict):
        return {name: _meaning(item) for name, item in value.items()}
    return value


def fingerprint(notice: Notice) -> str:
    """SHA-256 (hex) of what a notice means: never fetch time, never classification, never the order of a list."""
    return fingerprint_of(to_json(notice))


def fingerprint_of(values: Mapping[str, Any]) -> str:
    """``fingerprint`` of a notice that is at hand as ``to_json`` gives it."""
    text = _canonical(_meaning(values))
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


_canonical = json.JSONEncoder(sort_keys=True, ensure_ascii=False, separators=(",", ":")).encode


def changed_fields(before: Mapping[str, Any], after: Mapping[str, Any]) -> tuple[str, ...]:
    """Names of the fields in which two notices (as by ``to_json``) differ in meaning; raw values count one by one."""
    flat_before, flat_after = _flat(before), _flat(after)
    return tuple(sorted(name for name in flat_before.keys() | flat_after.keys()
                        if flat_before.get(name) != flat_after.get(name)))


def _flat(values: Mapping[str, Any]) -> dict[str, Any]:
    flat = {name: _meaning(value) for name, value in values.items() if name != "raw"}
    flat.update({f"raw.{name}": _meaning(value) for name, value in values.get("raw", {}).items()})
    return flat


def is_material(changed: tuple[str, ...], narrowed: frozenset[str] = MATERIAL_FIELDS) -> bool:
    """Whether a change of these fields is worth an alert; a card may narrow the fields that count."""
    return any(name in narrowed for name in changed)
