"""The first sheet of a workbook (XLSX) as texts. What it looks like is left aside, but for struck-out text, by which some
publishers say that a line no longer holds."""

from __future__ import annotations

import io
import re
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from lxml import etree

LARGEST = 16 * 1024 * 1024
"""Bytes of all that is read of a workbook, unpacked."""
_SHEET, _STRINGS, _STYLES = "xl/worksheets/sheet1.xml", "xl/sharedStrings.xml", "xl/styles.xml"
_PLACE = re.compile(r"([A-Z]{1,3})\d+")
_EPOCH = date(1899, 12, 30)
_SERIAL = re.compile(r"(\d{4,5})(?:\.0+)?")


class NoWorkbook(ValueError):
    """The bytes are no workbook that can be read."""


@dataclass(frozen=True, slots=True)
class Cell:
    """The text of a cell (a number as it is kept), and whether it is struck out."""

    text: str = ""
    struck: bool = False


def sheet(body: bytes) -> Iterator[list[Cell]]:
    """The rows of the first sheet. Raises NoWorkbook."""
    try:
        with zipfile.ZipFile(io.BytesIO(body)) as archive:
            if sum(info.file_size for info in archive.infolist()) > LARGEST:
                raise NoWorkbook(f"it is larger than {LARGEST:,} bytes")
            root, strings, styles = (_tree(archive, name) for name in (_SHEET, _STRINGS, _STYLES))
    except (zipfile.BadZipFile, zlib.error, etree.XMLSyntaxError, NotImplementedError, RuntimeError) as error:
        raise NoWorkbook(str(error)) from None
    if root is None:
        raise NoWorkbook("it has no sheet")
    shared = [] if strings is None else [_shared(each) for each in strings.iterfind("{*}si")]
    struck = _struck_styles(styles)
    for row in root.iterfind("{*}sheetData/{*}row"):
        yield _row(row, shared, struck)


def serial_day(text: str) -> date | None:
    """The day that a number in a workbook means; None for anything else."""
    found = _SERIAL.fullmatch(text.strip())
    return _EPOCH + timedelta(days=int(found[1])) if found else None


def _tree(archive: zipfile.ZipFile, name: str) -> etree._Element | None:
    if name not in archive.namelist():
        return None
    parser = etree.XMLParser(resolve_entities=False, no_network=True, remove_comments=True, remove_pis=True)
    found = etree.fromstring(archive.read(name), parser)
    docinfo: Any = found.getroottree().docinfo
    if docinfo.doctype:
        raise NoWorkbook("it declares a document type (DOCTYPE), which we refuse")
    return found


def _row(row: etree._Element, shared: list[Cell], struck: list[bool]) -> list[Cell]:
    cells: list[Cell] = []
    for cell in row.iterfind("{*}c"):
        place = _PLACE.fullmatch(cell.get("r", ""))
        cells += [Cell()] * ((_column(place[1]) if place else len(cells)) - len(cells))
        cells.append(_cell(cell, shared, struck))
    return cells


def _column(letters: str) -> int:
    number = 0
    for letter in letters:
        number = number * 26 + ord(letter) - ord("A") + 1
    return number - 1


def _cell(cell: etree._Element, shared: list[Cell], struck: list[bool]) -> Cell:
    kind, value, style = cell.get("t", "n"), cell.findtext("{*}v", ""), _number(cell.get("s", "0"))
    if kind == "s" and _number(value) >= len(shared):
        raise NoWorkbook(f"cell {cell.get('r')} holds text {value}, of {len(shared)}")
    found = shared[_number(value)] if kind == "s" else Cell(value)
    if kind == "inlineStr" and (inline := cell.find("{*}is")) is not None:
        found = _shared(inline)
    return Cell(found.text, found.struck or (style < len(struck) and struck[style]))


def _shared(text: etree._Element) -> Cell:
    """A text in one piece or in runs; it is struck out where all of its runs are."""
    runs = text.findall("{*}r")
    if not runs:
        return Cell(text.findtext("{*}t", ""))
    said = [run for run in runs if run.findtext("{*}t", "").strip()]
    return Cell("".join(run.findtext("{*}t", "") for run in runs),
                bool(said) and all(_is_on(run.find("{*}rPr/{*}strike")) for run in said))


def _struck_styles(styles: etree._Element | None) -> list[bool]:
    if styles is None:
        return []
    fonts = [_is_on(font.find("{*}strike")) for font in styles.iterfind("{*}fonts/{*}font")]
    numbers = (_number(style.get("fontId", "0")) for style in styles.iterfind("{*}cellXfs/{*}xf"))
    return [number < len(fonts) and fonts[number] for number in numbers]


def _number(text: str) -> int:
    if not (text.isascii() and text.isdecimal() and len(text) < 10):
        raise NoWorkbook(f"{text[:20]!r} stands where a number is expected")
    return int(text)


def _is_on(mark: etree._Element | None) -> bool:
    return mark is not None and mark.get("val", "1") not in ("0", "false")
