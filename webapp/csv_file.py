"""CSV files that a spreadsheet opens as data: no cell of others' words acts as a formula."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Sequence

from flask import Response

_ACTS = re.compile(r"[\s]*[=+\-@\uff1d\uff0b\uff0d\uff20\t\r]")
_NUMBER = re.compile(r"[+-]?\d+(?:\.\d+)?")


def cell(value: object) -> str:
    """A value as it may stand in a cell: what would be taken for a formula begins with an apostrophe; a negative number
    stays one."""
    text = "" if value is None else str(value)
    return f"'{text}" if _ACTS.match(text) and not _NUMBER.fullmatch(text) else text


def download(name: str, head: Sequence[str], rows: Iterable[Sequence[object]]) -> Response:
    """Rows as a file; its mark lets office programs see that it is UTF-8."""
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(head)
    writer.writerows([cell(value) for value in row] for row in rows)
    answer = Response("\ufeff" + text.getvalue(), content_type="text/csv; charset=utf-8")
    answer.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return answer
