"""Attack case 62: words of others in a file that a spreadsheet program opens."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator

import pytest
from flask.testing import FlaskClient

from domain import clock
from tests.attack.workbook import read
from tests.browser import scene
from tests.browser.portal import Portal
from tests.builders import notice, source

ACTING = [
    '=HYPERLINK("https://evil.example","click")', "=1+1", "+1+1", "-1+1", "-2+3+cmd|' /C calc'!A0", "@SUM(1+1)", "\t=1+1",
    "\r=1+1", "\n=1+1", " =1+1", "＝1+1", "＋1+1", "－1+1", "＠SUM(1)", "\u3000=1+1", "\u200b=1+1", "\u202e=1+1", "\x00=1+1",
    "\x1f=1+1", '"=1+1', "';=1+1", "a;=1+1", "a\t=1+1", "a;\n+1+1", "a|@SUM(1)", "=cmd|'/c calc'!A1", "%0A=1+1",
    "_x003D_1+1", "{=1+1}", "=" * 40_000]
PLAIN = ["-5", "-5.25", "+7", "3-1", "a=b", "气缸 -20 ℃", "C#", "O'Ring"]
STARTS = "=+-@＝＋－＠\t\r\n"


@pytest.fixture(scope="module")
def portal(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Portal]:
    clock.fix(scene.NOW)
    found = Portal(tmp_path_factory.mktemp("export"))
    found.store(*(notice(f"{number}", title=title, summary="air compressor", url=url) for number, (title, url) in enumerate(
        [(each, "https://publisher.example/1") for each in (*ACTING, *PLAIN)]
        + [("bad address", "javascript:alert(1)"), ("formula as address", '=HYPERLINK("x")'),
           ("long", "https://publisher.example/" + "x" * 3_000), ("file", "file:///etc/passwd")])),
        card=source(title_zh="=1+1"))
    yield found
    found.db.close()


@pytest.fixture
def reader(portal: Portal) -> FlaskClient:
    return portal.client()


def titles(rows: list[list[str]]) -> list[str]:
    return [row[8] for row in rows[1:]]


def test_case_62_a_csv_file_holds_no_cell_that_acts(reader: FlaskClient) -> None:
    answer = reader.get("/export.csv?scope=all")
    assert answer.data.startswith(b"\xef\xbb\xbf")
    rows = list(csv.reader(io.StringIO(answer.text.removeprefix("\ufeff"), newline="")))
    assert len(rows) == 1 + len(ACTING) + len(PLAIN) + 4
    for row in rows:
        assert len(row) == len(rows[0])
        for cell in row:
            assert cell[:1] not in STARTS or not cell or cell in PLAIN, cell
            assert not set(cell) & set("\x00\x1f\t\r\n\u200b\u202e")


@pytest.mark.parametrize("separator", [";", "\t", "|"])
def test_case_62_no_cell_acts_where_another_sign_parts_cells(reader: FlaskClient, separator: str) -> None:
    text = reader.get("/export.csv?scope=all").text
    for line in csv.reader(io.StringIO(text, newline=""), delimiter=separator):
        for cell in line:
            assert cell.strip(' "')[:1] not in STARTS or not cell.strip(' "') or cell in PLAIN, cell


def test_case_62_numbers_and_words_stay_what_they_are(reader: FlaskClient) -> None:
    rows = list(csv.reader(io.StringIO(reader.get("/export.csv?scope=all").text)))
    assert set(PLAIN) <= set(titles(rows))


def test_case_62_a_workbook_holds_texts_and_dates_only(reader: FlaskClient) -> None:
    book = read(reader.get("/export.xlsx?scope=all").data)
    assert book.formulas == []
    assert not any(part in name for name in book.parts for part in ("vba", "externalLink", "embed", "connections"))
    rows = book.sheets["信息"]
    assert not any(isinstance(cell, float) for row in rows for cell in row)
    found = {row[8] for row in rows[1:]}
    assert set(PLAIN) <= found
    assert {"=1+1", "-1+1", "@SUM(1+1)", "_x003D_1+1"} <= found, "text is text: nothing is put before it"


def test_case_62_a_workbook_links_to_web_pages_only(reader: FlaskClient) -> None:
    book = read(reader.get("/export.xlsx?scope=all").data)
    links = book.parts["xl/worksheets/_rels/sheet1.xml.rels"]
    assert "javascript" not in links
    assert "file:" not in links
    addresses = {row[14] for row in book.sheets["信息"][1:]}
    assert {"javascript:alert(1)", '=HYPERLINK("x")', "file:///etc/passwd"} <= addresses
    assert any(len(str(each)) > 3_000 for each in addresses)
