"""CSV files that a spreadsheet opens as data: no cell of others' words acts as a formula."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Sequence
from typing import IO

from flask import Response

_ACTS = re.compile(r"[\s]*[=+\-@\uff1d\uff0b\uff0d\uff20\t\r]")
_INNER = re.compile(r"([;\t|]\s*)(?=[=+\-@\uff1d\uff0b\uff0d\uff20])")
"""What would begin a cell that acts, where another sign than the comma parts cells."""
_NUMBER = re.compile(r"[+-]?\d+(?:\.\d+)?")


def cell(value: object) -> str:
    """A value as it may stand in a cell: what would be taken for a formula begins with an apostrophe; a negative number
    stays one."""
    text = "" if value is None else str(value)
    return f"'{text}" if _ACTS.match(text) and not _NUMBER.fullmatch(text) else text


def write(file: IO[bytes], head: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """Many rows into a file; every cell in quotes, so that no office program whose list separator is another sign cuts it
    in two."""
    text = io.TextIOWrapper(file, encoding="utf-8-sig", newline="")
    writer = csv.writer(text, quoting=csv.QUOTE_ALL)
    writer.writerow(head)
    writer.writerows([_INNER.sub(r"\1'", cell(value)) for value in row] for row in rows)
    text.detach()


def download(name: str, head: Sequence[str], rows: Iterable[Sequence[object]]) -> Response:
    """Rows as a file; its mark lets office programs see that it is UTF-8."""
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(head)
    writer.writerows([cell(value) for value in row] for row in rows)
    answer = Response("\ufeff" + text.getvalue(), content_type="text/csv; charset=utf-8")
    answer.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return answer
