"""CSV files that a spreadsheet opens as data: no cell of others' words acts as a formula."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Iterator, Sequence

from flask import Response, stream_with_context

_ACTS = re.compile(r"[\s]*[=+\-@\uff1d\uff0b\uff0d\uff20\t\r]")
_INNER = re.compile(r"([;\t|]\s*)(?=[=+\-@\uff1d\uff0b\uff0d\uff20])")
"""What would begin a cell that acts, where another sign than the comma parts cells."""
CHUNK = 32_000
_NUMBER = re.compile(r"[+-]?\d+(?:\.\d+)?")


def cell(value: object) -> str:
    """A value as it may stand in a cell: what would be taken for a formula begins with an apostrophe; a negative number
    stays one."""
    text = "" if value is None else str(value)
    return f"'{text}" if _ACTS.match(text) and not _NUMBER.fullmatch(text) else text


def streamed(name: str, head: Sequence[str], rows: Iterable[Sequence[object]]) -> Response:
    """Many rows as a file that is written while it is sent; every cell in quotes, so that no office program whose list
    separator is another sign cuts it in two."""
    answer = Response(stream_with_context(_lines(head, rows)), content_type="text/csv; charset=utf-8")
    answer.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return answer


def _lines(head: Sequence[str], rows: Iterable[Sequence[object]]) -> Iterator[str]:
    text = io.StringIO()
    writer = csv.writer(text, quoting=csv.QUOTE_ALL)
    text.write("\ufeff")
    writer.writerow(head)
    for row in rows:
        writer.writerow([_INNER.sub(r"\1'", cell(value)) for value in row])
        if text.tell() > CHUNK:
            yield _taken(text)
    yield _taken(text)


def _taken(text: io.StringIO) -> str:
    found = text.getvalue()
    text.seek(0)
    text.truncate()
    return found


def download(name: str, head: Sequence[str], rows: Iterable[Sequence[object]]) -> Response:
    """Rows as a file; its mark lets office programs see that it is UTF-8."""
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(head)
    writer.writerows([cell(value) for value in row] for row in rows)
    answer = Response("\ufeff" + text.getvalue(), content_type="text/csv; charset=utf-8")
    answer.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return answer
