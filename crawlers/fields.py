"""Handled, ignored by name, or loud: the fields of a record checked against what the spider knows."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Set

from crawlers.errors import field_missing


class Fields:
    """The fields a kind of record is known to have. ``required`` ones stand in every record (perhaps empty), ``optional``
    ones in some; ``ignored`` ones are known and carry no meaning for us."""

    def __init__(self, required: Iterable[str], optional: Iterable[str] = (), ignored: Iterable[str] = ()) -> None:
        self.required = frozenset(required)
        self.optional = frozenset(optional)
        self.ignored = frozenset(ignored)
        self.known = self.required | self.optional | self.ignored

    def check(self, record: Mapping[str, object], url: str, where: str) -> frozenset[str]:
        """The names of fields nobody has seen before. Raises ShapeChanged when a required one is missing."""
        names = record.keys()
        if missing := self.required - names:
            raise field_missing(url, min(missing), where)
        return frozenset(names - self.known)

    def check_all(self, names: Set[str], url: str) -> None:
        """``names`` are those of all records of a page. Raises ShapeChanged when an optional field is not among them while
        a new one is: it may be that one by another name."""
        if (lost := self.optional - names) and (new := names - self.known):
            raise field_missing(url, min(lost), f"in no record, while {min(new)!r} is new")

    def raw(self, record: Mapping[str, str | None]) -> dict[str, str]:
        """The publisher's values as written, without the ignored and the empty ones; unknown fields included."""
        return {name: value for name, value in record.items() if value and name not in self.ignored}
