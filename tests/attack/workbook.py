"""What a spreadsheet program finds in a workbook, read from its XML."""

from __future__ import annotations

import io
import re
import zipfile
from dataclasses import dataclass
from datetime import date, timedelta
from xml.etree import ElementTree as ET

MAIN = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"


@dataclass(frozen=True)
class Workbook:
    """The cells of each sheet by name: texts, dates and numbers; and all its XML."""

    sheets: dict[str, list[list[str | date | float | None]]]
    parts: dict[str, str]

    @property
    def formulas(self) -> list[str]:
        return [name for name, part in self.parts.items() if re.search(r"<f[ >/]", part)]


def read(data: bytes) -> Workbook:
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        parts = {name: archive.read(name).decode() for name in archive.namelist()}
    shared = ET.fromstring(parts["xl/sharedStrings.xml"]) if "xl/sharedStrings.xml" in parts else ET.Element("none")
    strings = [_text(item) for item in shared]
    names = [sheet.attrib["name"] for sheet in ET.fromstring(parts["xl/workbook.xml"]).iter(f"{MAIN}sheet")]
    return Workbook({name: _rows(parts[f"xl/worksheets/sheet{number}.xml"], strings)
                     for number, name in enumerate(names, 1)}, parts)


def _rows(sheet: str, strings: list[str]) -> list[list[str | date | float | None]]:
    rows = []
    for row in ET.fromstring(sheet).iter(f"{MAIN}row"):
        cells: dict[int, str | date | float | None] = {}
        for cell in row:
            cells[_column(cell.attrib["r"])] = _value(cell, strings)
        rows.append([cells.get(at) for at in range(max(cells, default=-1) + 1)])
    return rows


def _text(item: ET.Element) -> str:
    """A text; a sign that XML cannot hold, and what looks like one, is written as its number."""
    found = "".join(text.text or "" for text in item.iter(f"{MAIN}t"))
    return re.sub("_x([0-9A-F]{4})_", lambda match: chr(int(match[1], 16)), found)


def _column(place: str) -> int:
    found = 0
    for letter in re.match("[A-Z]+", place)[0]:  # type: ignore[index]
        found = found * 26 + ord(letter) - ord("A") + 1
    return found - 1


def _value(cell: ET.Element, strings: list[str]) -> str | date | float | None:
    kind = cell.attrib.get("t", "n")
    if kind == "inlineStr":
        return _text(cell)
    value = cell.findtext(f"{MAIN}v")
    if value is None:
        return None
    if kind == "s":
        return strings[int(value)]
    return date(1899, 12, 30) + timedelta(days=int(value)) if "s" in cell.attrib else float(value)
