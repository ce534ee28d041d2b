"""The cells of the fault table, and the table as a text."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

MOST_SIGNS = 1000
"""Signs of a note; addresses can be long."""
NONE, SCHEMA, NOT_APPLICABLE = "none", "schema", "n/a"
_FEW = "the captures hold so few records that ten times as many stay at or below the least that the breaker holds (50)"
_WHOLE = "what the mirror multiplies is no record of this source"
_NO_TABLE = "the page has no table"
KNOWN: dict[tuple[str, str], str] = {
    **{(slug, "burst10x"): _FEW for slug in ("au_accc", "fr_rappelconso", "uk_opss")},
    **{(slug, "burst10x"): _WHOLE for slug in ("cn_gacc_announcements", "eu_eurlex", "iec_catalogue", "jp_jis_catalogue",
                                               "nz_product_safety")},
    **{("jp_jis_catalogue", fault): _NO_TABLE for fault in ("empty200", "schema ~ table", "schema ~ td", "schema ~ tr")},
    ("cn_openstd", "empty200"): "the mirror takes the head of the table away too: the shape has changed",
    ("uk_opss", "schema ~ product_recall_alert_date"): "an optional field is missed on ten records or more, here are four",
}
"""Cells that differ from what is expected and may, by slug (``*``: any) and fault, each with the reason."""


@dataclass(frozen=True, slots=True)
class Cell:
    """What came of a fault; ``wrong`` says how it differs from what is expected, ``note`` why it does not although it seems
    to."""

    fault: str
    status: str
    why: str = ""
    wrong: str = ""
    note: str = ""


@dataclass
class Row:
    """A source and its cells."""

    slug: str
    cells: list[Cell] = field(default_factory=list)
    seconds: float = 0.0

    def of(self, fault: str) -> list[Cell]:
        return [cell for cell in self.cells if cell.fault.partition(" ~ ")[0] == fault]


def table(rows: Sequence[Row], chosen: Sequence[str]) -> tuple[str, list[str]]:
    """The report, and the cells that are neither as expected nor known."""
    width = max(len(each.slug) for each in rows)
    heads = [name for name in (NONE, *chosen) if any(each.of(name) for each in rows)]
    lines = ["".join([f"{'source':<{width}}", *(f"  {name:<{_width(name)}}" for name in heads)])]
    lines += ["".join([f"{each.slug:<{width}}", *(f"  {_shown(each, name):<{_width(name)}}" for name in heads)])
              for each in rows]
    broken = [f"{each.slug}: {cell.fault}" for each in rows for cell in each.cells if cell.wrong and not known(each, cell)]
    return "\n".join([*lines, "", *(note[:MOST_SIGNS] for each in rows for note in _notes(each))]), broken


def known(row: Row, cell: Cell) -> str:
    """Why a cell may differ from what is expected; empty when it may not."""
    return KNOWN.get((row.slug, cell.fault)) or KNOWN.get(("*", cell.fault)) or ""


def _notes(row: Row) -> Iterator[str]:
    for absent, what in ((False, "fields renamed one at a time"), (True, "fields that stand in no answer of that day")):
        names = [cell.fault.partition(" ~ ")[2] for cell in row.of(SCHEMA) if (cell.status == NOT_APPLICABLE) is absent]
        if names:
            yield f"{row.slug}: {what}: {', '.join(names)}"
    for cell in row.cells:
        if cell.note:
            yield f"{row.slug}: {cell.fault}: {cell.status}: {cell.note}"
        if cell.wrong:
            why = known(row, cell)
            yield f"! {row.slug}: {cell.fault}: {cell.status} ({cell.why}): {f'known: {why}: ' if why else ''}{cell.wrong}"


def _width(name: str) -> int:
    return max(len(name), 12 if name in (NONE, "empty200", SCHEMA) else 8)


def _shown(found: Row, name: str) -> str:
    cells = found.of(name)
    if not cells:
        return ""
    if name != SCHEMA:
        return cells[0].status + ("!" if cells[0].wrong else "")
    tried = [cell for cell in cells if cell.status != NOT_APPLICABLE]
    well = sum(not cell.wrong for cell in tried)
    return f"failed {well}/{len(tried)}" + ("!" if well < len(tried) else "") if tried else NOT_APPLICABLE
