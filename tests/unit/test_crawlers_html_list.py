"""Tables on web pages: which page is ours, which one stands in its place, what changed about it."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from scrapy.http import HtmlResponse, Response

from crawlers.errors import Blocked, NotParsable, ShapeChanged, SourceError
from crawlers.job import CrawlOptions, Job
from crawlers.spiders.kr_kats_recalls import KrKatsRecalls
from domain.errors import InvalidValue
from storage.captures import CaptureStore
from storage.runs import Run
from storage.session import Database

URL = "https://sftc.seoul.go.kr/fe/si/recallDmstc/NR_list.do?pageIndex=1"
PAGE = Path(__file__).parent.parent / "sources" / "kr_kats_recalls" / "list.1.html"
TITLE = "국내 리콜정보"


def response(body: str, encoding: str = "utf-8") -> HtmlResponse:
    return HtmlResponse(URL, body=body.encode(encoding), headers={"Content-Type": f"text/html;charset={encoding}"})


@pytest.fixture
def kr(db: Database, tmp_path: Path) -> KrKatsRecalls:
    options = CrawlOptions(None, None, "https://zone.example")
    return KrKatsRecalls(job=Job(Run(0, KrKatsRecalls.card, False, None), db, CaptureStore(str(tmp_path)), options, 0, {}))


def page() -> str:
    return PAGE.read_text("utf-8")


def numbers(kr: KrKatsRecalls, answer: Response) -> list[str]:
    return [row.cells["번호"] for row in kr.rows(kr.html(answer), URL)]


def test_the_table_is_known_by_its_columns_not_by_its_place(kr: KrKatsRecalls) -> None:
    assert numbers(kr, response(page())) == ["5", "4", "3"]


def test_a_page_in_another_encoding_is_read_if_it_says_so(kr: KrKatsRecalls) -> None:
    old = page().replace('charset="UTF-8"', 'charset="EUC-KR"').replace("㈜", "(주)")
    assert numbers(kr, response(old, "euc-kr")) == ["5", "4", "3"]


@pytest.mark.parametrize(("change", "error", "said"), [
    ((r"(?s).*", "<!DOCTYPE html><title>잠시 후 다시</title>점검 중"), Blocked, "잠시 후 다시"),
    ((r"(?s).*", "<!DOCTYPE html>" + "<table><tr><td>1</td></tr></table>"), Blocked, "“?”"),
    ((r"(?s).*", f"<html><title>{TITLE}</title></html>"), ShapeChanged, "no table with the columns of the list"),
    ((r"(?s).*", '{"rows": []}'), NotParsable, "it is no web page"),
    ((r"<th>", "<td>"), ShapeChanged, "no table with the columns of the list"),
    ((r"공표일", "날짜"), ShapeChanged, "the field “공표일” is missing"),
    ((r"tbody>", "tbodies>"), ShapeChanged, "the table has no <tbody>"),
    ((r"(?s)<tr>(?=\s*<td>\d)|</tr>(?=\s*<tr>\s*<td>)", "<row>"), ShapeChanged, "the table holds text, but no rows"),
    ((r"<td>2026.11.17</td>", ""), ShapeChanged, "a row has 5 cells, the table 6 columns"),
])
def test_a_page_in_its_place_is_told_apart_from_a_page_that_changed(
        kr: KrKatsRecalls, change: tuple[str, str], error: type[SourceError], said: str) -> None:
    body = re.sub(change[0], change[1], page(), count=1 if "(?s).*" in change[0] else 0)
    with pytest.raises(error, match=re.escape(said)):
        kr.rows(kr.html(response(body)), URL)


@pytest.mark.parametrize("body", [bytes(range(128, 256)), "리콜".encode("euc-kr") * 20])
def test_bytes_that_are_not_in_the_stated_encoding_are_no_page(kr: KrKatsRecalls, body: bytes) -> None:
    whole = b"<!DOCTYPE html><html><body>" + body
    with pytest.raises(NotParsable, match="the bytes are no text"):
        kr.html(HtmlResponse(URL, body=whole, headers={"Content-Type": "text/html;charset=UTF-8"}))


@pytest.mark.parametrize(("stated", "said"), [
    ("", "it does not state how many rows there are"), ("(3/2 page)", "it says that it is page 3, page 1 was asked for"),
])
def test_a_page_states_the_total_and_which_page_it_is(kr: KrKatsRecalls, stated: str, said: str) -> None:
    soup = kr.html(response(page().replace("(1/2 page)", stated)))
    with pytest.raises(ShapeChanged, match=re.escape(said)):
        kr._total(soup, URL, 1)


@pytest.mark.parametrize(("value", "spoilt", "said"), [
    ("viewDtail(10099105)", "", "the row leads to 0 recalls"),
    ("viewDtail(10099105)", "viewDtail(10099105);viewDtail(10099999)", "the row leads to 2 recalls"),
    ("2026.11.17", "2026.11", "공표일 of 10099105 is '2026.11'"),
])
def test_a_row_that_is_not_about_one_recall_of_a_day_is_bad(kr: KrKatsRecalls, value: str, spoilt: str, said: str) -> None:
    row = kr.rows(kr.html(response(page().replace(value, spoilt))), URL)[0]
    with pytest.raises(InvalidValue, match=re.escape(said)):
        kr.notice(row, URL)
