"""A search as a file: its notices as CSV and as a workbook, for quality departments that keep lists of their own.

What others wrote is text in it and nothing else: no cell acts when the file is opened.
"""

from __future__ import annotations

import tempfile
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from typing import IO, Any

import xlsxwriter
from flask import Response, send_file
from werkzeug.exceptions import TooManyRequests
from xlsxwriter.worksheet import Worksheet

from domain import clock
from domain.classification import Confidence
from domain.criteria import Criteria
from indexer.service import Found
from storage.notices import StoredNotice
from webapp import csv_file, labels
from webapp.i18n import N_, gettext
from webapp.present import HERE, one_line, today, web_address
from webapp.search import chips
from webapp.search.forms import MOST_ROWS, address, params
from webapp.sources.titles import SourceNames

AT_ONCE = 2
"""Files that a process writes side by side: each costs seconds, and pages must not wait for them."""
COLUMNS: tuple[tuple[str, int], ...] = (
    (N_("日期"), 11), (N_("目标市场"), 12), (N_("信息种类"), 14), (N_("产品类别"), 24), (N_("法规"), 24), (N_("级别"), 10),
    (N_("级别的理由"), 30), (N_("状态"), 8), (N_("原文标题"), 60), (N_("要点"), 36), (N_("发布机构"), 26),
    (N_("发布机构编号"), 20), (N_("评议截止"), 11), (N_("生效日期"), 11), (N_("原文链接"), 36), (N_("本站链接"), 36))
"""Columns with their width in the workbook."""
ORIGIN = N_("信息来自各国（地区）主管机构的公开发布，以发布机构原文为准。"
            "产品类别与预警级别由系统依据公开规则判定，仅供参考。")
_SAFE: dict[str, Any] = {"constant_memory": True, "strings_to_formulas": False, "strings_to_urls": False,
                         "strings_to_numbers": False, "default_date_format": "yyyy-mm-dd"}
_LONGEST_CELL = 32_000
_LONGEST_LINK = 2_000
"""Signs that a workbook can hold in a cell and in a link, a little less."""
_FIRST_YEAR = 1900
"""What is older, workbooks do not know as a date."""
_slots = threading.BoundedSemaphore(AT_ONCE)


@dataclass(frozen=True, slots=True)
class Link:
    """An address that may be followed."""

    url: str


Cell = str | date | Link | None


@dataclass(frozen=True, slots=True)
class Export:
    """What a file is made of: the notices found, what they were asked for by, and where this portal is."""

    found: Found
    criteria: Criteria
    names: SourceNames
    base_url: str

    @property
    def file_name(self) -> str:
        """Its name without the ending; it says when the file does not hold everything."""
        return f"zonewatch-{today().isoformat()}{f'-first-{MOST_ROWS}' if self.is_cut else ''}"

    @property
    def is_cut(self) -> bool:
        """Whether more was found than it holds."""
        return self.found.total > MOST_ROWS

    @property
    def note(self) -> str:
        """What a reader must know of a file that was cut."""
        return gettext("注意：共 %(total)s 条，本文件只含前 %(most)s 条。请缩小检索条件，分几次导出。",
                       total=self.found.total, most=MOST_ROWS)

    def rows(self) -> Iterator[list[Cell]]:
        """A row for each notice."""
        return (self._row(stored) for stored in self.found.stored)

    def _row(self, stored: StoredNotice) -> list[Cell]:
        notice, found = stored.notice, stored.classification
        types = [labels.product_type(name) + ("" if level.at_least(Confidence.MEDIUM) else gettext("（待核实）"))
                 for name, level in found.product_types.items() if level.at_least(Confidence.LOW)]
        rules = [labels.regulation(name) for name, level in found.horizontal.items() if level.at_least(Confidence.MEDIUM)]
        cells: list[Cell] = [
            notice.event_date, labels.market(notice.market), labels.kind(notice.kind.value), gettext("、").join(types),
            gettext("、").join(rules), labels.grade(stored.grade.grade.value), labels.grade_reason(stored.grade),
            gettext(labels.STATUSES[stored.status.value]), notice.title, labels.gist(notice),
            self.names.publishers.get(notice.source, notice.source), notice.external_id, notice.comment_deadline,
            notice.effective_on, Link(notice.url) if web_address(notice.url) else notice.url,
            Link(f"{self.base_url}/notices/{stored.id}")]
        return [one_line(each)[:_LONGEST_CELL] if isinstance(each, str) else each for each in cells]


@contextmanager
def _slot() -> Iterator[None]:
    """One of the few places to write a file; refuses who finds none free."""
    if not _slots.acquire(blocking=False):
        raise TooManyRequests
    try:
        yield
    finally:
        _slots.release()


def csv(export: Export) -> Response:
    """The file for any program, UTF-8 with the mark by which Chinese Excel knows it."""
    with _slot(), _file() as file:
        csv_file.write(file, [gettext(name) for name, _ in COLUMNS], _csv_rows(export))
    return _download(file, f"{export.file_name}.csv", "text/csv")


def _csv_rows(export: Export) -> Iterator[Sequence[object]]:
    yield from ([each.url if isinstance(each, Link) else each for each in row] for row in export.rows())
    if export.is_cut:
        yield [export.note]


def xlsx(export: Export) -> Response:
    """The workbook: the notices on one sheet, what they are on another."""
    with _slot(), _file() as file, xlsxwriter.Workbook(file, _SAFE) as book:
        bold = book.add_format({"bold": True})
        _fill(book.add_worksheet(gettext("信息")), export, bold)
        _explain(book.add_worksheet(gettext("说明")), export, bold)
    return _download(file, f"{export.file_name}.xlsx", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet")


@contextmanager
def _file() -> Iterator[IO[bytes]]:
    """A file on disk: it is whole before it is sent, so a slow reader keeps neither a place nor the store busy."""
    file = tempfile.TemporaryFile()  # noqa: SIM115  # the answer closes it
    try:
        yield file
        file.seek(0)
    except BaseException:
        file.close()
        raise


def _download(file: IO[bytes], name: str, content_type: str) -> Response:
    answer = send_file(file, content_type, as_attachment=True, download_name=name)
    answer.headers["X-Robots-Tag"] = "noindex, nofollow"
    return answer


def _fill(sheet: Worksheet, export: Export, bold: Any) -> None:
    for column, (name, width) in enumerate(COLUMNS):
        sheet.set_column(column, column, width)
        sheet.write_string(0, column, gettext(name), bold)
    sheet.freeze_panes(1, 0)
    last = 0
    for last, row in enumerate(export.rows(), 1):
        for column, value in enumerate(row):
            _write(sheet, last, column, value)
    sheet.autofilter(0, 0, last, len(COLUMNS) - 1)
    if export.is_cut:
        sheet.write_string(last + 1, 0, export.note, bold)


def _write(sheet: Worksheet, row: int, column: int, value: Cell) -> None:
    if isinstance(value, Link) and len(value.url) < _LONGEST_LINK:
        sheet.write_url(row, column, value.url, string=value.url)
    elif isinstance(value, date) and value.year > _FIRST_YEAR:
        sheet.write_datetime(row, column, value)
    elif value:
        sheet.write_string(row, column, value.url if isinstance(value, Link) else str(value))


def _explain(sheet: Worksheet, export: Export, bold: Any) -> None:
    said = [(gettext("检索条件"), chips.name(export.criteria, export.names.titles)),
            (gettext("检索页"), export.base_url + address("/", params(export.criteria))),
            (gettext("条数"), str(export.found.total)),
            (gettext("导出时间"), f"{clock.now().astimezone(HERE):%Y-%m-%d %H:%M}"),
            (gettext("说明"), gettext(ORIGIN)),
            *([(gettext("注意"), export.note)] if export.is_cut else [])]
    sheet.set_column(0, 0, 14)
    sheet.set_column(1, 1, 110)
    for row, (name, text) in enumerate(said):
        sheet.write_string(row, 0, name, bold)
        sheet.write_string(row, 1, one_line(text))
