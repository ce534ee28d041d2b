"""Captures as a WARC file (ISO 28500), which web archives keep and replay."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime
from http import HTTPStatus
from io import BytesIO
from pathlib import Path
from uuid import uuid4

from warcio.statusandheaders import StatusAndHeaders
from warcio.warcwriter import WARCWriter

from domain import clock
from domain.errors import NotFound
from storage import captures, sources
from storage.captures import SESSION_HEADERS, CaptureRef, CaptureStore
from storage.session import Database

_OF_THE_WIRE = frozenset(("content-encoding", "transfer-encoding", "content-length", "connection", "keep-alive", "trailer"))
"""Headers that say how a body was sent; what is kept is the body itself."""


@dataclass(slots=True)
class Exported:
    """What a file holds: whole answers, repetitions of such, and how many captures were left out since their bytes are no
    longer kept."""

    responses: int = 0
    revisits: int = 0
    gone: int = 0


@dataclass(frozen=True, slots=True)
class _First:
    """Where a body stands for the first time."""

    url: str
    date: str
    digest: str


class _Writer(WARCWriter):  # type: ignore[misc]
    def curr_warc_date(self) -> str:
        """The date of records that state none."""
        return _stamp(clock.now())


def export(db: Database, store: CaptureStore, slug: str, path: Path, since: date | None = None) -> Exported:
    """Write the captures of a source, those of ``since`` and later, the oldest first; one body at a time is held. A name
    that ends in .gz gives a compressed file. The file is whole or not there. Raises NotFound for an unknown source."""
    with db.read() as session:
        card = sources.view(session, slug).card
    part = path.with_name(f"{path.name}.{uuid4().hex}.part")
    try:
        with part.open("wb") as file:
            writer = _Writer(file, gzip=path.suffix == ".gz", warc_version="WARC/1.1")
            writer.write_record(writer.create_warcinfo_record(path.name, {
                "software": "zonewatch", "format": "WARC File Format 1.1", "isPartOf": slug,
                "description": f"{card['title']}; publisher: {card['publisher']['name']}; licence: {card['licence']}"}))
            found = _write(writer, _captures(db, slug, since), store)
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)
    return found


def _captures(db: Database, slug: str, since: date | None) -> Iterator[CaptureRef]:
    after = 0
    while True:
        with db.read() as session:
            batch = captures.of_source(session, slug, since, after)
        if not batch:
            return
        yield from batch
        after = batch[-1].id


def _write(writer: _Writer, found: Iterator[CaptureRef], store: CaptureStore) -> Exported:
    first: dict[str, _First] = {}
    done = Exported()
    for capture in found:
        known = first.get(capture.sha256)
        try:
            body = b"" if known else store.get(capture.sha256)
        except NotFound:
            done.gone += 1
            continue
        headers, stamp = _headers(capture), {"WARC-Date": _stamp(capture.fetched_at)}
        if known:
            writer.write_record(writer.create_revisit_record(
                capture.url, known.digest, known.url, known.date, http_headers=headers, warc_headers_dict=stamp))
            done.revisits += 1
            continue
        record = writer.create_warc_record(capture.url, "response", payload=BytesIO(body), http_headers=headers,
                                           warc_headers_dict=stamp)
        writer.write_record(record)
        digest = record.rec_headers.get_header("WARC-Payload-Digest")
        first[capture.sha256] = _First(capture.url, stamp["WARC-Date"], digest)
        done.responses += 1
    return done


def _headers(capture: CaptureRef) -> StatusAndHeaders:
    """The headers of an answer: nothing of a session, and the length of the body as it is kept."""
    kept = [(name, value) for name, value in capture.headers.items()
            if name.lower() not in _OF_THE_WIRE | SESSION_HEADERS]
    try:
        said = HTTPStatus(capture.status).phrase
    except ValueError:  # a status that is in no list
        said = "Unknown"
    return StatusAndHeaders(f"{capture.status} {said}", [*kept, ("Content-Length", str(capture.size))], protocol="HTTP/1.1")


def _stamp(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")
