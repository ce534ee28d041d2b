"""Attack case 19: which encoding bytes are in. They are read right, or they are no text; nobody guesses."""

from __future__ import annotations

import codecs
import json
from pathlib import Path
from typing import Any

import pytest

from crawlers.encodings import LOST, TWICE, NoText, read
from tests.attack.parsing import CA, EU, KR, UK, run
from tests.attack.wire import Serving
from tests.publishers import CA_DUMP, EU_INDEX, ca_dump, eu_index, eu_report, eu_report_url, kr_page, kr_url, uk_feed, uk_url
from tests.replay import Answer

CHINESE, JAPANESE = "空气压缩机召回通报", "エアーコンプレッサーの回収"
KOREAN, RUSSIAN = "공기 압축기 리콜 통보", "Отзыв компрессора"
TRUE = [("GB2312", "gb18030", CHINESE), ("gbk", "gb18030", CHINESE + "鎔"), ("GB18030", "gb18030", CHINESE + "㐂"),
        ("Big5", "big5", "空氣壓縮機召回通報"), ("EUC-KR", "cp949", KOREAN), ("ks_c_5601-1987", "cp949", KOREAN + "똠"),
        ("Shift_JIS", "cp932", JAPANESE + "①"), ("EUC-JP", "euc_jp", JAPANESE), ("ISO-2022-JP", "iso2022_jp", JAPANESE),
        ("KOI8-R", "koi8_r", RUSSIAN), ("windows-1251", "cp1251", RUSSIAN), ("ISO-8859-1", "cp1252", "Électrovanne “24 V”")]


@pytest.mark.parametrize(("label", "codec", "said"), TRUE, ids=[label for label, _, _ in TRUE])
@pytest.mark.parametrize("where", ["header", "meta", "prolog", "header lies"])
def test_case_19_a_true_label_is_believed_wherever_it_stands(label: str, codec: str, said: str, where: str) -> None:
    page = {"meta": f'<html><meta charset="{label}">{said}</html>',
            "header lies": f'<html><meta charset="{label}">{said}</html>',
            "prolog": f'<?xml version="1.0" encoding="{label}"?><a>{said}</a>'}.get(where, said)
    header = {"header": f"text/html; charset={label}", "header lies": "text/html; charset=UTF-8"}.get(where, "text/html")
    found = read(page.encode(codec), header)
    assert said in found.content
    assert found.untrue == (("utf-8",) if where == "header lies" and codec != "iso2022_jp" else found.untrue)


LIES = [(CHINESE.encode("gbk"), "text/html; charset=UTF-8"), (CHINESE.encode("gbk"), "text/html"),
        (KOREAN.encode("cp949"), "application/json"), ("Électrique".encode("latin-1"), "text/xml; charset=utf-8"),
        (RUSSIAN.encode("koi8_r"), "text/html; charset=ascii-but-not"),
        (JAPANESE.encode("cp932"), "text/html; charset=euc-jp"),
        (JAPANESE.encode("iso2022_jp"), "text/html"), (CHINESE.encode("utf-16-le"), "text/html; charset=iso-8859-1"),
        ("plain words".encode("utf-16-le"), "text/plain"), (CHINESE.encode("gbk"), "text/html; charset=unicode_escape"),
        ("+ADw-script+AD4- é".encode("latin-1"), "text/html; charset=utf-7"), (b"\xff\xfe\x00", "text/html"),
        (b"\xef\xbb\xbf" + CHINESE.encode("gbk"), "text/html; charset=gbk")]


@pytest.mark.parametrize(("body", "header"), LIES)
def test_case_19_bytes_that_bear_out_no_label_are_no_text_and_nobody_guesses(body: bytes, header: str) -> None:
    with pytest.raises(NoText, match="the bytes are"):
        read(body, header)


@pytest.mark.parametrize("header", ["text/html; charset=gb2312", "text/html; charset=ISO-8859-1", "text/html; charset=big5"])
def test_case_19_utf_8_is_known_by_its_bytes_and_the_lie_is_told(header: str) -> None:
    found = read(CHINESE.encode(), header)
    assert (found.content, found.encoding, len(found.untrue)) == (CHINESE, "utf-8", 1)
    assert read(b"plain", header).untrue == ()


@pytest.mark.parametrize("codec", ["utf-8-sig", "utf-16", "utf-16-be", "utf-32"])
def test_case_19_a_mark_says_which_unicode_it_is(codec: str) -> None:
    mark = codecs.BOM_UTF16_BE if codec == "utf-16-be" else b""
    assert read(mark + CHINESE.encode(codec), "text/html; charset=gbk").content == CHINESE
    assert read(f"<a>{CHINESE}</a>".encode("utf-16-le")).content == f"<a>{CHINESE}</a>"


SAME = "Verdichter für Öl – „groß“"


@pytest.mark.parametrize(("prolog", "codec", "header", "created", "warned"), [
    ("UTF-8", "utf-8", "", 1, []), ("ISO-8859-1", "cp1252", "", 1, []), ("UTF-16", "utf-16", "", 1, []),
    ("UTF-16", "utf-16-le", "", 1, []), ("ISO-8859-1", "utf-8", "", 1, ["said to be 'cp1252', but is utf-8"]),
    ("UTF-8", "cp1252", "", 0, []), ("UTF-8", "cp1252", ";charset=ISO-8859-1", 1, ["said to be 'utf-8', but is cp1252"]),
])
def test_case_19_a_report_in_any_encoding_is_read_right_or_not_at_all(
        serve: Serving, tmp_path: Path, prolog: str, codec: str, header: str, created: int, warned: list[str]) -> None:
    body = eu_report(1001, "SR/1/26").body.decode().replace('encoding="UTF-8"', f'encoding="{prolog}"')
    answer = Answer(body.replace("A compressor.", SAME).encode(codec), f"application/xml{header}")
    report, found = run(serve, tmp_path, EU, {EU_INDEX: eu_index(1001), eu_report_url(1001): answer}, floor=0)
    assert [each.summary.splitlines()[0] for each in found] == [SAME] * created, report["why"]
    assert report["created"] == created
    assert report["reason"] == ("ok" if created else "not_parsable")
    assert list(report["warnings"]) == warned


@pytest.mark.parametrize(("codec", "header", "meta", "good"), [
    ("utf-8", "text/html;charset=EUC-KR", "", True), ("cp949", "text/html", "euc-kr", True),
    ("cp949", "text/html;charset=UTF-8", "euc-kr", True), ("cp949", "text/html;charset=UTF-8", "", False),
    ("cp949", "text/html", "", False), ("utf-16", "text/html", "", True),
])
def test_case_19_a_web_page_in_any_encoding_is_read_right_or_not_at_all(
        serve: Serving, tmp_path: Path, codec: str, header: str, meta: str, good: bool) -> None:
    body = kr_page(1, 1, "2026-11-19").body.decode()
    body = body.replace("<head>", f'<head><meta charset="{meta}">') if meta else body
    report, found = run(serve, tmp_path, KR, {kr_url(1): Answer(body.encode(codec), header)}, floor=0)
    assert [each.brand for each in found] == ["(주)푸른바람"] * good, report["why"]
    assert report["status"] == ("ok" if good else "failed")


@pytest.mark.parametrize(("prolog", "codec", "good"), [("utf-8", "utf-8", True), ("GB2312", "gb18030", True),
                                                       ("utf-8", "gb18030", False), ("GB2312", "utf-8", True)])
def test_case_19_a_feed_in_any_encoding_is_read_right_or_not_at_all(
        serve: Serving, tmp_path: Path, prolog: str, codec: str, good: bool) -> None:
    body = uk_feed(1, "2026-11-19").body.decode().replace('encoding="utf-8"', f'encoding="{prolog}"')
    answer = Answer(body.replace("On compressors.", CHINESE).encode(codec), "application/atom+xml")
    report, found = run(serve, tmp_path, UK, {uk_url(1): answer}, floor=0)
    assert [each.summary for each in found] == [CHINESE] * good, report["why"]
    assert report["reason"] == ("ok" if good else "not_parsable")


@pytest.mark.parametrize(("body", "header", "good"), [
    (lambda text: text.encode("utf-8-sig"), "", True), (lambda text: text.encode("utf-16"), "", True),
    (lambda text: text.encode("gbk"), ";charset=GBK", True), (lambda text: text.encode("gbk"), "", False),
    (lambda text: text.encode("gbk"), ";charset=utf-8", False), (lambda text: text.encode(), ";charset=gbk", True)])
def test_case_19_json_in_any_encoding_is_read_right_or_not_at_all(
        serve: Serving, tmp_path: Path, body: Any, header: str, good: bool) -> None:
    text = json.dumps(json.loads(ca_dump(1, title=CHINESE).body), ensure_ascii=False)
    report, found = run(serve, tmp_path, CA, {CA_DUMP: Answer(body(text), f"application/json{header}")}, floor=0)
    assert [each.title for each in found] == [f"{CHINESE} 1"] * good, report["why"]
    assert report["reason"] == ("ok" if good else "not_parsable")


def test_case_19_nul_and_halves_of_signs_are_stored_as_what_can_be_and_the_rest_is_told(
        serve: Serving, tmp_path: Path) -> None:
    raw = '[{"NID": "1", "Title": "Air\\u0000 compressor \\ud83d broken"' + ca_dump(1).body.decode().partition(' 1"')[2]
    spoilt = raw.replace("Fire hazard", "Fire hazard \ufffd et caf\u00c3\u00a9")
    report, (found,) = run(serve, tmp_path, CA, {CA_DUMP: Answer(spoilt.encode())})
    assert (found.title, found.raw["Title"]) == ("Air compressor broken", "Air\ufffd compressor \ufffd broken")
    assert {LOST, TWICE} <= report["warnings"].keys()
