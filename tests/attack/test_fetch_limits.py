"""Attack cases 7 to 9, 15 and 16: how much, how long, from whom, and what a body may not do."""

from __future__ import annotations

import gzip
import io
import json
import time
import zipfile
import zlib
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from crawlers import settings
from storage.models import Capture, NoticeRow
from tests.attack.certificates import Authority
from tests.attack.wire import (
    CA_HOST,
    GOOD,
    OTHER,
    Raw,
    Serving,
    Site,
    crawl,
    notices,
    on,
    probe,
)
from tests.databases import database
from tests.publishers import CA_DUMP, EU_INDEX, ca_dump, eu_index, eu_report, eu_report_url
from tests.replay import Answer, Gateway

# -- 7, 8: how much, how long -----------------------------------------------------------------------------------------

@cache
def bomb(coding: str) -> bytes:
    """Four times what is taken, all zeros."""
    packer = zlib.compressobj(wbits=31 if coding == "gzip" else 15)
    return b"".join(packer.compress(bytes(2**20)) for _ in range(4 * settings.DOWNLOAD_MAXSIZE >> 20)) + packer.flush()


def packed(body: bytes, coding: str, **more: Any) -> Answer:
    return Answer(body, headers={"Content-Encoding": coding}, **more)


@pytest.mark.parametrize(("body", "coding", "reason"), [
    (lambda: bomb("gzip"), "gzip", "too_large"), (lambda: bomb("gzip"), "x-gzip", "too_large"),
    (lambda: bomb("deflate"), "deflate", "too_large"), (lambda: gzip.compress(bomb("gzip")), "gzip, gzip", "too_large"),
    (lambda: bomb("gzip"), "gzip, gzip, gzip", "unpacking"), (lambda: b"\x1b" * 1000, "br", "unpacking"),
    (lambda: b"\x28\xb5\x2f\xfd" * 100, "zstd", "unpacking"), (lambda: gzip.compress(b"") * 5000, "gzip", "unpacking"),
], ids=["gzip", "x-gzip", "deflate", "layers", "many-layers", "br", "zstd", "many-parts"])
def test_case_07_bombs_are_cut_off_and_memory_stays_flat(serve: Serving, tmp_path: Path, body: Callable[[], bytes],
                                                         coding: str, reason: str) -> None:
    gateway = serve(Gateway, {CA_DUMP: packed(body(), coding)})
    report = crawl(tmp_path, None, gateway=gateway.url)
    assert (report["status"], report["reason"]) == ("failed", reason), report["why"]
    assert report["memory"] < 2 * settings.DOWNLOAD_MAXSIZE / 2**20
    with database(tmp_path).read() as session:
        assert session.scalars(select(Capture)).all() == []


@pytest.mark.parametrize("status", [302, 404, 503])
def test_case_07_a_bomb_in_the_body_of_a_redirect_or_an_error_harms_nobody(serve: Serving, tmp_path: Path,
                                                                           status: int) -> None:
    answer = packed(bomb("gzip"), "gzip", status=status)
    answer.headers["Location"] = CA_DUMP + "?there"
    gateway = serve(Gateway, {CA_DUMP: answer, CA_DUMP + "?there": ca_dump(1)})
    report = crawl(tmp_path, None, gateway=gateway.url, floor=0)
    assert report["status"] == ("ok" if status == 302 else "failed")
    assert report["memory"] < 2 * settings.DOWNLOAD_MAXSIZE / 2**20


@pytest.mark.parametrize(("body", "coding", "reason"), [
    (gzip.compress(ca_dump(1, 2, 3).body)[:-30], "gzip", "cut_off"), (zlib.compress(b"[]")[:-5], "deflate", "cut_off"),
    (gzip.compress(ca_dump(1).body)[:-8] + bytes(8), "gzip", "unpacking"), (b"no gzip", "gzip", "unpacking"),
])
def test_case_07_what_cannot_be_unpacked_whole_is_not_read(serve: Serving, tmp_path: Path, body: bytes, coding: str,
                                                           reason: str) -> None:
    report = crawl(tmp_path, None, gateway=serve(Gateway, {CA_DUMP: packed(body, coding)}).url, floor=0)
    assert (report["status"], report["reason"], report["created"]) == ("failed", reason, 0)


@pytest.mark.parametrize(("body", "coding"), [
    (gzip.compress(ca_dump(1).body), "gzip"), (zlib.compress(ca_dump(1).body), "deflate"),
    (zlib.compress(ca_dump(1).body)[2:-4], "deflate"), (ca_dump(1).body, "identity"),
    (gzip.compress(ca_dump(1).body[:50]) + gzip.compress(ca_dump(1).body[50:]) + bytes(9), "gzip"),
], ids=["gzip", "zlib", "raw", "identity", "parts"])
def test_case_07_honest_packing_is_read_and_captured_unpacked(serve: Serving, tmp_path: Path, body: bytes,
                                                              coding: str) -> None:
    gateway = serve(Gateway, {CA_DUMP: packed(body, coding)})
    report = crawl(tmp_path, None, gateway=gateway.url, floor=0)
    assert (report["status"], report["created"]) == ("ok", 1), report["why"]
    assert gateway.asked[-1][2]["Accept-Encoding"] == "gzip, deflate"
    with database(tmp_path).read() as session:
        assert session.scalars(select(Capture)).one().size == len(ca_dump(1).body)


HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"


def trickle() -> Iterator[bytes | float]:
    yield HEAD + b"Content-Length: 1000\r\n\r\n"
    while True:
        yield b" "
        yield 0.1


def slow_head() -> Iterator[bytes | float]:
    yield HEAD
    while True:
        yield b"X: y\r\n"
        yield 0.1


def endless() -> Iterator[bytes | float]:
    yield HEAD + b"Transfer-Encoding: chunked\r\n\r\n"
    while True:
        yield b"10000\r\n" + bytes(0x10000) + b"\r\n"


def announced() -> Iterator[bytes | float]:
    yield HEAD + b"Content-Length: 1000000000000\r\n\r\n["


def long_line() -> Iterator[bytes | float]:
    yield HEAD + b"X-Long: " + b"y" * 1_000_000 + b"\r\n\r\n[]"


def many_lines() -> Iterator[bytes | float]:
    yield HEAD
    while True:
        yield b"".join(b"X-%d: %s\r\n" % (number, b"y" * 1000) for number in range(100))


def continues() -> Iterator[bytes | float]:
    while True:
        yield b"HTTP/1.1 100 Continue\r\nX: " + b"y" * 1000 + b"\r\n\r\n"


@pytest.mark.parametrize(("says", "reason"), [
    (trickle, "timed_out"), (slow_head, "timed_out"), (endless, "too_large"), (announced, "too_large"),
    (long_line, "too_large"), (many_lines, "too_large"), (continues, "too_large")])
def test_case_08_an_answer_without_end_is_ended(serve: Serving, tmp_path: Path, says: Any, reason: str) -> None:
    wire = on(serve(Raw, says), GOOD)
    begun = time.monotonic()
    report = probe(tmp_path, wire, [f"http://{GOOD}/"], [GOOD],
                   settings={"DOWNLOAD_TIMEOUT": 2, "RETRY_TIMES": 0, "DOWNLOAD_MAXSIZE": 8_000_000})
    assert (report["status"], report["reason"]) == ("failed", reason), report["why"]
    assert time.monotonic() - begun < 12
    assert report["memory"] < 60


def test_case_08_limits_are_set_for_a_run() -> None:
    assert settings.DOWNLOAD_TIMEOUT <= 120
    assert settings.DOWNLOAD_MAXSIZE <= 100 * 2**20
    assert settings.REDIRECT_MAX_TIMES == 5


# -- 9: who answers ---------------------------------------------------------------------------------------------------

@pytest.mark.parametrize(("shown", "trusted"), [
    ((CA_HOST, -1, True), True), ((OTHER, 30, True), True), ((CA_HOST, 30, False), True), ((CA_HOST, 30, True), False)],
    ids=["expired", "wrong-host", "self-signed", "unknown-authority"])
def test_case_09_who_cannot_prove_its_name_is_not_believed(serve: Serving, tmp_path: Path, shown: tuple[str, int, bool],
                                                           trusted: bool) -> None:
    site = serve(Site, {CA_DUMP: ca_dump(1)}, Authority(tmp_path).context(*shown))
    (tmp_path / "nobody.pem").write_text("")
    trust = tmp_path / ("authority.pem" if trusted else "nobody.pem")
    report = crawl(tmp_path, on(site, CA_HOST, port=443), trust=trust, floor=0)
    assert (report["status"], report["reason"]) == ("failed", "unverified_tls"), report["why"]
    assert "unverified TLS" in report["why"]
    assert "TLS 证书未通过验证" in report["why_zh"]
    assert (site.asked, notices(tmp_path)) == ([], {})


def test_case_09_who_proves_it_is_believed(serve: Serving, tmp_path: Path) -> None:
    site = serve(Site, {CA_DUMP: ca_dump(1)}, Authority(tmp_path).context(CA_HOST))
    report = crawl(tmp_path, on(site, CA_HOST, port=443), trust=tmp_path / "authority.pem", floor=0)
    assert (report["status"], report["created"]) == ("ok", 1)


def test_case_09_a_gateway_must_prove_its_name_too(serve: Serving, tmp_path: Path) -> None:
    gateway = serve(Site, {}, Authority(tmp_path).context("localhost", signed=False))
    report = crawl(tmp_path, None, gateway=f"https://localhost:{gateway.port}", trust=tmp_path / "authority.pem")
    assert (report["status"], report["reason"], gateway.asked) == ("failed", "unverified_tls", [])




# -- 15, 16: what a body may not do (the parsers have cases of their own) ---------------------------------------------

ENTITIES = {
    "file": b'<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]><Safety-Gate>&x;</Safety-Gate>',
    "http": b'<!DOCTYPE a [<!ENTITY x SYSTEM "https://ec.europa.eu/inside">]><Safety-Gate>&x;</Safety-Gate>',
    "dtd": b'<!DOCTYPE a SYSTEM "https://ec.europa.eu/a.dtd"><Safety-Gate/>',
    "parameter": b'<!DOCTYPE a [<!ENTITY % x SYSTEM "https://ec.europa.eu/a.dtd"> %x;]><Safety-Gate/>',
    "laughs": b'<!DOCTYPE a [<!ENTITY a "ha">' + b"".join(
        b'<!ENTITY %c "%s">' % (98 + number, b"&%c;" % (97 + number) * 10) for number in range(12)) + (
        b"]><Safety-Gate>&m;</Safety-Gate>"),
    "xinclude": b'<Safety-Gate xmlns:xi="http://www.w3.org/2001/XInclude"><xi:include href="file:///etc/passwd"/>'
                b"</Safety-Gate>",
}


@pytest.mark.parametrize("body", ENTITIES.values(), ids=ENTITIES)
def test_case_15_entities_read_no_file_and_ask_nobody(serve: Serving, tmp_path: Path, body: bytes) -> None:
    gateway = serve(Gateway, {EU_INDEX: Answer(body, "application/xml")})
    report = crawl(tmp_path, None, "eu_safety_gate", gateway=gateway.url, floor=1)
    assert report["status"] == "failed"
    assert report["reason"] in ("not_parsable", "shape")
    assert gateway.addresses() == [EU_INDEX]
    assert "root:" not in json.dumps(report)
    assert report["memory"] < 60


def office(name: str) -> bytes:
    """A document of an office program whose XML asks for a file."""
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w") as archive:
        archive.writestr(name, ENTITIES["file"])
    return held.getvalue()


CARRIERS = {
    "svg": ENTITIES["file"].replace(b"Safety-Gate", b"svg"), "docx": office("word/document.xml"),
    "xlsx": office("xl/sharedStrings.xml"), "odt": office("content.xml"),
    "svg that includes": ENTITIES["xinclude"].replace(b"Safety-Gate", b"svg"),
}


@pytest.mark.parametrize("body", CARRIERS.values(), ids=CARRIERS)
def test_case_15_documents_that_carry_entities_are_not_taken_for_data(serve: Serving, tmp_path: Path, body: bytes) -> None:
    answers = {EU_INDEX: eu_index(1001), eu_report_url(1001): Answer(body, "application/xml")}
    gateway = serve(Gateway, answers)
    report = crawl(tmp_path, None, "eu_safety_gate", gateway=gateway.url, floor=1)
    assert (report["status"], report["reason"] in ("not_parsable", "shape"), report["created"]) == ("failed", True, 0)
    assert gateway.addresses() == list(answers)
    assert "root:" not in json.dumps(report)


def test_case_15_an_inclusion_inside_a_record_is_a_text_without_content(serve: Serving, tmp_path: Path) -> None:
    body = eu_report(1001, "SR/1/26").body.replace(
        b"<danger>It may burst.", b'<danger xmlns:xi="http://www.w3.org/2001/XInclude">It may burst.'
                                  b'<xi:include href="file:///etc/passwd" parse="text"/>')
    gateway = serve(Gateway, {EU_INDEX: eu_index(1001), eu_report_url(1001): Answer(body, "application/xml")})
    report = crawl(tmp_path, None, "eu_safety_gate", gateway=gateway.url, floor=1)
    with database(tmp_path).read() as session:
        (kept,) = session.scalars(select(NoticeRow))
    assert (report["status"], kept.data["raw"]["danger"]) == ("ok", "It may burst.")


@pytest.mark.parametrize("report_body", [
    b"<Safety-Gate>" + b"<a>" * 10_000 + b"</a>" * 10_000 + b"</Safety-Gate>",
    eu_report(1001, "SR/1/26").body.replace(b"It may burst.", b"y" * 12_000_000)], ids=["nesting", "text"])
def test_case_16_depth_and_length_of_xml_are_bounded_and_never_silently(serve: Serving, tmp_path: Path,
                                                                        report_body: bytes) -> None:
    gateway = serve(Gateway, {EU_INDEX: eu_index(1001), eu_report_url(1001): Answer(report_body, "application/xml")})
    report = crawl(tmp_path, None, "eu_safety_gate", gateway=gateway.url, floor=1)
    assert (report["status"], report["reason"], report["created"]) == ("failed", "not_parsable", 0)
    assert report["memory"] < 100


def test_case_16_depth_of_json_is_bounded(serve: Serving, tmp_path: Path) -> None:
    gateway = serve(Gateway, {CA_DUMP: Answer(b'[{"a":' * 10_000 + b"1" + b"}]" * 10_000)})
    report = crawl(tmp_path, None, gateway=gateway.url, floor=1)
    assert (report["status"], report["reason"], notices(tmp_path)) == ("failed", "not_parsable", {})
