"""Attack cases 16 to 18, 21 to 23 and 35 on the side of the parsers: how much of a text is read, what no parser opens, and
what of a text nobody is meant to see. Real crawls where the way matters."""

from __future__ import annotations

import ast
import io
import time
import zipfile
from dataclasses import replace
from pathlib import Path

import pytest

from crawlers.addendum import withdrawn
from crawlers.pipelines.normalise import normalised, remarks
from crawlers.spiders.eu_safety_gate import split_measures
from crawlers.text import CUT, LONGEST, first_sentence, is_cut, line, links, plain, visible
from domain.text import tokens
from storage import notices as stored_notices
from storage.captures import CaptureStore
from tests.attack.parsing import CA, EU, KR, ca_rows, run
from tests.attack.wire import GOOD, Serving, crawl
from tests.builders import notice
from tests.databases import database
from tests.publishers import CA_DUMP, EU_INDEX, ca_dump, eu_index, eu_report_url, kr_page, kr_url
from tests.replay import ROOT, Answer, Gateway

# -- 16: depth and length ---------------------------------------------------------------------------------------------

def test_case_16_a_text_of_12_mb_in_json_is_bounded_and_the_loss_is_told(serve: Serving, tmp_path: Path) -> None:
    row = {"Title": "Air compressor " + "x" * 12_000_000, "What you should do": "Stop. " * 2_000_000}
    report, (found, other) = run(serve, tmp_path, CA, {CA_DUMP: ca_rows(row, {})})
    assert (report["status"], report["created"]) == ("ok", 2), report["why"]
    assert len(found.title) < 6_000
    assert len(found.summary) < 2 * LONGEST
    assert found.title.endswith(f"{CUT}12,000,015]")
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
    "misleading": b"PK\x03\x04" + ca_dump(1).body,
    "pdf": b"%PDF-1.7\n1 0 obj<</Type/Catalog/Pages 1 0 R>>endobj\nxref\n0 99999",
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


OPENERS = {"crawlers/bases/zipped_xml.py": ("tw_moj_law", "https://law.moj.gov.tw/api/ch/law/xml"),
           "crawlers/workbook.py": ("us_prop65", "https://oehha.ca.gov/sites/default/files/media/downloads/proposition-65/"
                                                 "p65chemicalslist.xlsx"),
           "crawlers/spiders/us_fda_import_refusals.py": (
               "us_fda_import_refusals", "https://www.accessdata.fda.gov/scripts/importrefusals/downloads/"
                                         "Import_Refusal_2024-present.zip")}
"""What opens archives, each with a source that is read by it: in memory, up to a limit, and nothing is ever unpacked to a
file, whatever a member is called or is a link to."""
MEMBERS = {"tw_moj_law": "a.xml", "us_prop65": "xl/worksheets/sheet1.xml", "us_fda_import_refusals": "REFUSAL_ENTRY_1.csv"}
LARGER = 1_200_000_000


def lying(body: bytes, size: int) -> bytes:
    """An archive that states another size for its only member than it has."""
    packed = bytearray(body)
    place = packed.rindex(b"PK\x01\x02") + 24
    packed[place:place + 4] = size.to_bytes(4, "little")
    return bytes(packed)


@pytest.mark.parametrize(("slug", "url"), OPENERS.values(), ids=lambda each: str(each).rpartition("/")[2])
@pytest.mark.parametrize("name", [*CONTAINERS, "large", "lying", "within"])
def test_case_17_what_opens_archives_reads_them_bounded_or_not_at_all(serve: Serving, tmp_path: Path, slug: str, url: str,
                                                                     name: str) -> None:
    member = MEMBERS[slug]
    bodies = {"slip": zipped(f"../../../../tmp/zonewatch-slipped/{member}", b"x"), "bomb": zipped(member, bytes(50_000_000)),
              "symlink": zipped(member, b"/etc/passwd", symlink=True), "encrypted": zipped(member, b"<x/>", encrypted=True),
              "large": lying(zipped(member, b"<x/>"), LARGER), "lying": lying(zipped(member, bytes(50_000_000)), 40),
              "within": zipped(member, zipped(member, b"<x/>"))}
    report, found = run(serve, tmp_path, slug, {url: Answer(bodies.get(name, CONTAINERS.get(name, b"")), "application/zip")})
    assert (report["status"], found) == ("failed", []), report["why"]
    assert report["reason"] in ("not_parsable", "shape", "too_large", "field_missing"), report["why"]
    assert report["memory"] < 150
    assert not Path("/tmp/zonewatch-slipped").exists()


def test_case_17_no_other_room_that_reads_answers_can_open_an_archive_or_a_pdf() -> None:
    """Whoever adds such a reader adds its limits, and a place among OPENERS."""
    openers = {"zipfile", "tarfile", "py7zr", "rarfile", "pypdf", "PyPDF2", "pdfplumber", "fitz", "pdfminer", "docx",
               "openpyxl"}
    for file in [*ROOT.joinpath("crawlers").rglob("*.py"), *ROOT.joinpath("domain").rglob("*.py")]:
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            names = [each.name for each in node.names] if isinstance(node, ast.Import) else (
                [node.module or ""] if isinstance(node, ast.ImportFrom) else [])
            may = file.relative_to(ROOT).as_posix() in OPENERS
            assert may or not openers & {name.partition(".")[0] for name in names}, file


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


def test_case_22_pictures_and_what_is_embedded_leave_no_trace_in_a_text() -> None:
    said = plain('Stop.<img src="https://t.example/p.gif" width="1" height="1"><iframe src="https://t.example/f">f</iframe>'
                 '<svg onload="x()"><text>s</text></svg><object data="https://t.example/o">o</object>'
                 '<style>@import "t"</style>'
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

    unseen = ("\u00ad\u061c\u180e\u200b\u200c\u200d\u200e\u200f\u202a\u202e\u2060\u2065\u2066\u206f\ufeff\ufffa\x00\x7f\x9f"
              "\U000e0041")
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
    for reader in (plain, links, split_measures, lambda said: first_sentence(said, 9), lambda said: withdrawn(plain(said))):
        reader(text)
    assert time.process_time() - started < 10
