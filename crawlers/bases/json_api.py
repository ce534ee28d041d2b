"""Sources that answer with JSON records: every field checked by name and by the kind of value it holds."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from io import BytesIO
from types import UnionType
from typing import Any

from scrapy.http import Response

from crawlers.base import SourceSpider
from crawlers.errors import not_parsable, shape
from crawlers.fields import Fields
from domain.errors import InvalidValue

TEXT, LIST = str | None, list | None
"""Kinds of values that may be null."""


class Record(Fields):
    """The fields of a JSON object, each with the kind of value it holds: a type, a union of types, or a Record for a list
    (or null) of such objects. ``required`` ones stand in every object (perhaps null), ``optional`` ones in some;
    ``ignored`` ones are known and carry no meaning for us."""

    def __init__(self, required: Mapping[str, type | UnionType | Record],
                 optional: Mapping[str, type | UnionType | Record] | None = None, ignored: Iterable[str] = ()) -> None:
        super().__init__(required, optional or {}, ignored)
        self._kinds = {**required, **(optional or {})}

    def read(self, value: object, url: str, where: str) -> frozenset[str]:
        """Names of fields nobody has seen before. Raises ShapeChanged when a required one is missing, InvalidValue when
        a value is not of its kind."""
        if not isinstance(value, dict):
            raise InvalidValue(f"{where} is a {type(value).__name__}"[:200])
        unknown = set(self.check(value, url, where))
        for name, kind in self._kinds.items():
            nested, held = isinstance(kind, Record), value.get(name)
            if name in value and not isinstance(held, LIST if nested else kind):  # type: ignore[arg-type]
                raise InvalidValue(f"{name} of {where} is {held!r}"[:200])
            if isinstance(kind, Record):
                for each in held or ():
                    unknown.update(f"{name}.{inner}" for inner in kind.read(each, url, f"{name} of {where}"))
        return frozenset(unknown)

    def texts(self, record: Mapping[str, Any]) -> dict[str, str]:
        """The publisher's values as written, without the ignored and the empty ones; those of a list of objects by their
        fields, as in "Products.Name"."""
        found: dict[str, str] = {}
        for name, value in record.items():
            kind = self._kinds.get(name)
            if isinstance(kind, Record) and name not in self.ignored and _are_objects(value):
                rows = [kind.texts(each) for each in value]
                inner = dict.fromkeys(field for row in rows for field in row)
                found |= {f"{name}.{field}": "; ".join(row[field] for row in rows if field in row) for field in inner}
            else:
                found[name] = as_text(value)
        return self.raw(found)


def _are_objects(value: object) -> bool:
    return isinstance(value, list) and all(isinstance(each, dict) for each in value)


def as_text(value: object) -> str:
    """A JSON value as text: null is nothing, a list its values one after the other."""
    if isinstance(value, list):
        return "; ".join(filter(None, map(as_text, value)))
    return "" if value is None else value if isinstance(value, str) else str(value)


class JsonApiSpider(SourceSpider):
    """A spider that reads JSON answers."""

    def answer(self, response: Response, envelope: Record) -> dict[str, Any]:
        """An answer that is an object. Raises ShapeChanged when it is not as ``envelope`` says, or as ``json`` does."""
        return self.frame(self.json(response, dict), envelope, response.url)

    def frame(self, value: Any, fields: Record, url: str, where: str = "the answer") -> dict[str, Any]:
        """An object that all of an answer hangs on. Raises ShapeChanged when it is not as ``fields`` say."""
        try:
            unknown = fields.read(value, url, where)
        except InvalidValue as error:
            raise shape(url, str(error)) from None
        self.warn_of_fields(unknown, url)
        found: dict[str, Any] = value
        return found

    def json_lines(self, response: Response) -> Iterator[Any]:
        """The values of an answer of one JSON text a line, each parsed when its turn comes. Raises Blocked, NotParsable."""
        self._refuse_html(response)
        self._warn_of_scars(response.body, response.url)
        for number, text in enumerate(BytesIO(response.body), 1):
            try:
                if text.strip():
                    yield json.loads(text)
            except (ValueError, RecursionError) as error:
                raise not_parsable(response.url, "JSON", f"line {number}: {error}") from None

    def record(self, value: Any, fields: Record, url: str, *ids: str) -> dict[str, Any]:
        """A record of an answer, which the first of the fields ``ids`` that says something names in messages. Raises as
        ``Record.read`` does."""
        where = next((as_text(value[name]) for name in ids if value.get(name)), "") if isinstance(value, dict) else ""
        self.warn_of_fields(fields.read(value, url, where or "a record"), where)
        found: dict[str, Any] = value
        return found
