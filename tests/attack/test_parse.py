"""Attack cases 16 to 19, 21 to 23 and 35 on the side of the parsers: how much of a text is read, what no parser opens, which
encoding bytes are in, and what of a text nobody is meant to see. Real crawls where the way matters."""

from __future__ import annotations

import ast
import codecs
import io
import json
import time
import zipfile
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from crawlers.encodings import LOST, TWICE, NoText, read
from crawlers.pipelines.normalise import normalised, remarks
from crawlers.spiders.eu_safety_gate import split_measures, withdrawn
from crawlers.text import CUT, LONGEST, first_sentence, is_cut, line, links, plain, visible
from domain.notice import Notice
from domain.text import tokens
from storage import notices as stored_notices
from storage.captures import CaptureStore
from tests.attack.wire import GOOD, Serving, crawl, probe
from tests.builders import notice
from tests.databases import database
from tests.publishers import CA_DUMP, EU_INDEX, ca_dump, eu_index, eu_report, eu_report_url, kr_page, kr_url, uk_feed, uk_url
from tests.replay import ROOT, Answer, Gateway

CA, EU, KR, UK = "ca_recalls", "eu_safety_gate", "kr_kats_recalls", "uk_legislation"


def ca_rows(*changes: dict[str, Any]) -> Answer:
    """The Canadian dump with a row for each of these changes."""
    rows = json.loads(ca_dump(*range(1, len(changes) + 1)).body)
    return Answer(json.dumps([row | change for row, change in zip(rows, changes, strict=True)]).encode())


def run(serve: Serving, folder: Path, slug: str, answers: dict[str, Any], **options: Any) -> tuple[dict[str, Any], list[Notice]]:
    """A real crawl behind a gateway: its report, and the notices that are stored after it."""
    gateway = serve(Gateway, answers)
    report = crawl(folder, None, slug, gateway=gateway.url, **{"floor": 1} | options)
    with database(folder).read() as session:
        found = [each.notice for batch in stored_notices.everything(session) for each in batch]
    return report, sorted(found, key=lambda each: each.external_id)


def eu(report: bytes, **answer: Any) -> dict[str, Any]:
    """Safety Gate with one report."""
    return {EU_INDEX: eu_index(1001), eu_report_url(1001): Answer(report, "application/xml", **answer)}


# -- 16: depth and length ---------------------------------------------------------------------------------------------

def test_case_16_a_text_of_12_mb_in_json_is_bounded_and_the_loss_is_told(serve: Serving, tmp_path: Path) -> None:
    row = {"Title": "Air compressor " + "x" * 12_000_000, "What you should do": "Stop. " * 2_000_000}
    report, (found, other) = run(serve, tmp_path, CA, {CA_DUMP: ca_rows(row, {})})
    assert (report["status"], report["created"]) == ("ok", 2), report["why"]
    assert len(found.title) < 6_000
    assert len(found.summary) < 2 * LONGEST
    assert is_cut(found.title)
    assert found.summary.endswith(f"{CUT}12,000,000]")
    assert found.raw["What you should do"].endswith(f"{CUT}12,000,000]")
    assert not is_cut(other.summary)
    assert report["warnings"] == {"title too long, truncated": 1, "summary too long, truncated": 1,
                                  "original values too long, truncated": 1}
    assert report["memory"] < 250


def test_case_16_a_record_nested_deeply_is_a_bad_one_and_stops_no_other(serve: Serving, tmp_path: Path) -> None:
    deep = ca_rows({"Issue": "HERE"}, *[{}] * 9)
    deep = replace(deep, body=deep.body.replace(b'"HERE"', b"[" * 900 + b"]" * 900))
    report, found = run(serve, tmp_path, CA, {CA_DUMP: deep})
    assert report["reason"] in ("ok", "records_lost"), report["why"]
    assert len(found) >= 9


def test_case_16_a_web_page_nested_deeply_or_without_end_is_bounded(serve: Serving, tmp_path: Path) -> None:
    page = kr_page(1, 1, "2026-11-19")
    deep = replace(page, body=page.body.replace(b"<body>", b"<body>" + b"<div>" * 10_000))
    report, _ = run(serve, tmp_path, KR, {kr_url(1): deep})
    assert report["reason"] in ("ok", "shape", "html_instead"), report["why"]
    assert report["memory"] < 150
    long = replace(page, body=page.body.replace(b"<body>", b"<body>" + b"<b>x</b>" * 1_000_000))
    report, _ = run(serve, tmp_path, KR, {kr_url(1): long})
    assert (report["status"], report["reason"]) == ("failed", "too_large")
    assert report["memory"] < 100


def test_case_16_lists_ids_addresses_and_fields_are_bounded() -> None:
    many = tuple(f"https://a.example/{number}" for number in range(10_000))
    written = notice(identifiers=many, documents=(*many, "https://a.example/" + "x" * 9_000))
    found = normalised(written)
    assert (len(found.identifiers), len(found.documents)) == (2_000, 2_000)
    assert set(remarks(written, found)) == {"identifiers too many, truncated", "documents too many, truncated"}


# -- 17, 18: containers and documents, which nobody opens -------------------------------------------------------------

def zipped(name: str, body: bytes, *, symlink: bool = False, encrypted: bool = False) -> bytes:
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w", zipfile.ZIP_DEFLATED) as archive:
        entry = zipfile.ZipInfo(name)
        entry.compress_type = zipfile.ZIP_DEFLATED
        entry.external_attr = (0o120777 if symlink else 0o100644) << 16
        archive.writestr(entry, body)
    packed = bytearray(held.getvalue())
    if encrypted:
        packed[6] |= 1
    return bytes(packed)


CONTAINERS = {
    "slip": zipped("../../../../tmp/zonewatch-slipped", b"x"), "bomb": zipped("a.json", bytes(50_000_000)),
    "symlink": zipped("a", b"/etc/passwd", symlink=True), "encrypted": zipped("a.json", b"[]", encrypted=True),
    "misleading": b"PK\x03\x04" + ca_dump(1).body, "pdf": b"%PDF-1.7\n1 0 obj<</Type/Catalog/Pages 1 0 R>>endobj\nxref\n0 99999",
}


@pytest.mark.parametrize("form", ["application/json", "application/zip", "application/pdf", "application/xml"])
@pytest.mark.parametrize("body", CONTAINERS.values(), ids=CONTAINERS)
def test_case_17_an_archive_or_a_document_in_place_of_data_is_kept_as_bytes_and_never_opened(
        serve: Serving, tmp_path: Path, body: bytes, form: str) -> None:
    slug, entry = (EU, EU_INDEX) if "xml" in form else (CA, CA_DUMP)
    report, found = run(serve, tmp_path, slug, {entry: Answer(body, form)})
    assert (report["status"], report["reason"], found) == ("failed", "not_parsable", [])
    assert report["memory"] < 60
    (kept,) = (tmp_path / "captures").rglob("*.gz")
    assert CaptureStore(str(tmp_path / "captures")).get(kept.stem) == body
    assert not Path("/tmp/zonewatch-slipped").exists()


def test_case_17_no_room_that_reads_answers_can_open_an_archive_or_a_pdf() -> None:
    """Whoever adds such a reader adds its limits, and a place in this test."""
    openers = {"zipfile", "tarfile", "py7zr", "rarfile", "pypdf", "PyPDF2", "pdfplumber", "fitz", "pdfminer", "docx", "openpyxl"}
    for file in [*ROOT.joinpath("crawlers").rglob("*.py"), *ROOT.joinpath("domain").rglob("*.py")]:
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            names = [each.name for each in node.names] if isinstance(node, ast.Import) else (
                [node.module or ""] if isinstance(node, ast.ImportFrom) else [])
            assert not openers & {name.partition(".")[0] for name in names}, file


def test_case_18_a_pdf_is_linked_to_and_never_asked_for_and_its_notice_alerts_all_the_same(
        serve: Serving, tmp_path: Path) -> None:
    pdf = "https://recalls-rappels.canada.ca/notice.pdf"
    gateway = serve(Gateway, {CA_DUMP: ca_dump(1)})
    crawl(tmp_path, None, CA, gateway=gateway.url, floor=1)
    gateway.answers[CA_DUMP] = ca_rows({}, {"What you should do": f"Read {pdf}."})
    report = crawl(tmp_path, None, CA, gateway=gateway.url, floor=1)
    assert (report["status"], report["created"]) == ("ok", 1)
    assert set(gateway.addresses()) == {CA_DUMP}
    with database(tmp_path).read() as session:
        *_, found = stored_notices.newest_relevant(session, 10)
        every = [each.notice for batch in stored_notices.everything(session) for each in batch]
    assert any(each.documents == (pdf,) and each.title and each.url for each in every)
    assert found.notice.url


# -- 19: encodings ----------------------------------------------------------------------------------------------------

CHINESE, JAPANESE, KOREAN, RUSSIAN = "空气压缩机召回通报", "エアーコンプレッサーの回収", "공기 압축기 리콜 통보", "Отзыв компрессора"
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
        (RUSSIAN.encode("koi8_r"), "text/html; charset=ascii-but-not"), (JAPANESE.encode("cp932"), "text/html; charset=euc-jp"),
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


# -- 21 to 23: links, pictures, what nobody sees ----------------------------------------------------------------------

@pytest.mark.parametrize("link", [
    "javascript:alert(1)", "JaVaScRiPt:alert(1)", "java\tscript:alert(1)", "data:text/html,<b>x</b>", "//evil.example/x",
    "vbscript:x", "/relative/path", "https://user@evil.example/", "https://a.example\\@evil.example/", "http://[::1",
    "https://a\u202e.example/", "file:///etc/passwd"])
def test_case_21_only_whole_web_addresses_are_taken_from_a_text(link: str) -> None:
    text = f'<p>See <a href="{link}">here</a> or {link} </p>'
    assert not {link, link.replace("\t", "")} & set(normalised(notice(documents=links(text))).documents)
    assert normalised(notice(documents=(link,))).documents == ()
    assert "href" not in plain(text)


@pytest.mark.parametrize("url", ["http://[::1", "http://[", f"ftp://{GOOD}/", "javascript:alert(1)", f"//{GOOD}/", "https://",
                                 f"https://{GOOD}.evil.example/"])
def test_case_21_an_answer_that_leads_to_no_address_of_the_source_has_changed_its_shape(
        serve: Serving, tmp_path: Path, url: str) -> None:
    index = eu_index(1001)
    body = index.body.replace(eu_report_url(1001).partition("?")[0].encode(), url.encode())
    report, _ = run(serve, tmp_path, EU, {EU_INDEX: replace(index, body=body)}, floor=0)
    assert (report["status"], report["reason"]) == ("failed", "shape"), report["why"]
    assert "this is no address of the source" in report["why"]
    assert probe  # a card of its own may name any host; what is connected to is checked there


def test_case_22_pictures_and_what_is_embedded_leave_no_trace_in_a_text() -> None:
    said = plain('Stop.<img src="https://t.example/p.gif" width="1" height="1"><iframe src="https://t.example/f">f</iframe>'
                 '<svg onload="x()"><text>s</text></svg><object data="https://t.example/o">o</object><style>@import "t"</style>'
                 '<div style="background:url(https://t.example/b)">Call us.</div>')
    assert " ".join(said.split()) == "Stop. Call us."


HIDDEN = ['<span style="display: none">{}</span>', "<p hidden>{}</p>", '<i style="font-size:0px">{}</i>', "<!-- {} -->",
          '<b style="VISIBILITY:hidden;x:y">{}</b>', '<a style="opacity:0">{}</a>', "<template>{}</template>",
          '<div style="display:none"><p hidden>{}</p></div>', "<script>{}</script>"]


@pytest.mark.parametrize("hiding", HIDDEN)
def test_case_23_what_a_page_hides_is_not_read(hiding: str) -> None:
    assert line(f"Garden chair {hiding.format('toner cartridge')} recalled") == "Garden chair recalled"


def test_case_23_what_is_small_or_faint_is_read() -> None:
    assert line('A <i style="font-size:0.8em">small</i> <i style="opacity:0.5">faint</i> word') == "A small faint word"


def test_case_23_marks_are_removed_told_and_never_matched(serve: Serving, tmp_path: Path) -> None:
    rows = [{"Title": "Air com\u200bpres\u2060sor \u202ellacer\u202c", "Product": "Air compress\u043er"}, {}]
    report, (found, _) = run(serve, tmp_path, CA, {CA_DUMP: ca_rows(*rows)})
    assert found.title == "Air compressor llacer"
    assert found.raw["Title"] == rows[0]["Title"], "the publisher's own words stay as written"
    assert report["warnings"] == {"signs that nobody sees, removed from title": 1,
                                  "a word of product mixes Latin and Cyrillic letters": 1}
    assert "compressor" not in tokens(found.product), "a sign that looks like another one is another one"


def test_case_23_every_room_removes_the_same_signs() -> None:
    from domain.text import clean
    from subscriptions.inert import one_line
    from webapp.present import shown

    unseen = "\u00ad\u061c\u180e\u200b\u200c\u200d\u200e\u200f\u202a\u202e\u2060\u2065\u2066\u206f\ufeff\ufffa\x00\x7f\x9f\U000e0041"
    for room in (visible, clean, one_line, shown):
        assert room(f"a{unseen}b") == "ab"
        assert room("a\ud800b") == "ab"


# -- 35: texts made to be slow ----------------------------------------------------------------------------------------

def long(piece: str) -> str:
    return piece * (2 * LONGEST // len(piece))


SLOW = ["<!--", "<", "<a ", "&#", "&amp;", "http://", "<b>", ". ", "<![CDATA[", "<style>", '<a x="', "was withdrawn ",
        "A12/0123/45 and ", "Type of economic operator to whom the measure(s) were ordered:", "1", "<p hidden>", " \n",
        "Type of economic operator taking notified measure(s):Category of measure(s):"]


@pytest.mark.parametrize("piece", SLOW)
def test_case_35_no_text_is_slow_to_read(piece: str) -> None:
    text = long(piece)
    started = time.process_time()
    for reader in (plain, links, lambda said: first_sentence(said, 100), split_measures, lambda said: withdrawn(plain(said))):
        reader(text)
    assert time.process_time() - started < 10
