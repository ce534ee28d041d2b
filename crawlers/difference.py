"""What today's parser makes of stored captures that is not in the store: counted, with a few examples of each sort."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from domain.notice import changed_fields
from domain.source import Reason, RunStatus

MOST_EXAMPLES = 3
"""Examples of a changed field."""
MOST_TOLD = 20
"""Examples of anything else."""
LONGEST_VALUE = 120
_BEFORE = 30
"""Signs that stand before the first difference of two long texts."""


@dataclass(frozen=True, slots=True)
class Example:
    """A field of a notice as it is stored and as it is read today."""

    external_id: str
    old: str
    new: str


@dataclass(frozen=True, slots=True)
class Told:
    """A page, a record or a notice, and what is to be said of it."""

    what: str
    why: str


@dataclass(slots=True)
class Some:
    """How many there are of something, and the first of them."""

    count: int = 0
    examples: list[Told] = field(default_factory=list)

    def note(self, what: str, why: str = "") -> None:
        """One more."""
        self.count += 1
        if len(self.examples) < MOST_TOLD:
            self.examples.append(Told(what, why))


@dataclass(slots=True)
class Difference:
    """The difference of one source. ``gone`` are captures whose bytes are no longer kept, ``unmarked`` how many captures do
    not say how they are read, ``unfound`` notices that no capture gives any more, ``unsaid`` withdrawals that no capture
    states any more: both stay as they are. ``run`` is the run that applied the difference, 0 when it was only looked at;
    ``status`` and ``reason`` are as of a crawl."""

    slug: str
    parser_version: int
    run: int = 0
    captures: int = 0
    same: int = 0
    revised: int = 0
    fields: Counter[str] = field(default_factory=Counter)
    changes: dict[str, list[Example]] = field(default_factory=dict)
    new: Some = field(default_factory=Some)
    withdrawn: Some = field(default_factory=Some)
    unreadable: Some = field(default_factory=Some)
    bad_records: Some = field(default_factory=Some)
    gone: Some = field(default_factory=Some)
    unmarked: int = 0
    unfound: Some = field(default_factory=Some)
    unsaid: Some = field(default_factory=Some)
    warnings: Counter[str] = field(default_factory=Counter)
    status: RunStatus = RunStatus.OK
    reason: Reason = field(default_factory=lambda: Reason("ok"))

    @property
    def is_none(self) -> bool:
        """Whether there is nothing to apply."""
        return not (self.revised or self.new.count or self.withdrawn.count)

    def revise(self, external_id: str, before: Mapping[str, Any], after: Mapping[str, Any]) -> None:
        """Note a notice that is read otherwise than it is stored."""
        self.revised += 1
        changed = changed_fields(before, after)
        self.fields.update(changed)
        for name in changed:
            examples = self.changes.setdefault(name, [])
            if len(examples) < MOST_EXAMPLES:
                examples.append(Example(external_id, *excerpts(_value(before, name), _value(after, name))))


def _value(values: Mapping[str, Any], name: str) -> str:
    """A field as ``domain.notice.changed_fields`` names it, as text."""
    inner = name.removeprefix("raw.")
    found = values.get(name) if inner == name else values.get("raw", {}).get(inner)
    return "; ".join(map(str, found)) if isinstance(found, list) else "" if found is None else str(found)


def excerpts(old: str, new: str) -> tuple[str, str]:
    """Two texts, long ones cut to where they begin to differ."""
    if max(len(old), len(new)) <= LONGEST_VALUE:
        return old, new
    same = next((place for place, (one, other) in enumerate(zip(old, new, strict=False)) if one != other),
                min(len(old), len(new)))
    start = max(0, same - _BEFORE)
    return _cut(old, start), _cut(new, start)


def _cut(text: str, start: int) -> str:
    end = start + LONGEST_VALUE
    return f"{'…' if start and text else ''}{text[start:end]}{'…' if len(text) > end else ''}"
