"""Raw bytes as they came: one compressed file per SHA-256 under the captures URL; address, headers and time in SQL."""

from __future__ import annotations

import gzip
import hashlib
import json
import re
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from hashlib import blake2b
from typing import Any
from uuid import uuid4

import fsspec
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from domain import clock
from domain.errors import NotFound
from storage.locks import alone
from storage.models import Capture, SourceRunRow
from storage.session import Database

SESSION_HEADERS = frozenset(("set-cookie", "set-cookie2", "www-authenticate", "proxy-authenticate", "authorization",
                             "cookie"))
"""Headers (in small letters) that belong to a session with the publisher: neither shown nor handed out."""


BYTES = "bytes of captures"
"""What notes a body and what removes one take turns by this name."""
_SHA256 = re.compile("[0-9a-f]{64}")


@dataclass(frozen=True, slots=True)
class CaptureRef:
    """A stored answer: where it came from, when, and the hash its bytes are kept under."""

    id: int
    url: str
    status: int
    headers: Mapping[str, str]
    sha256: str
    size: int
    fetched_at: datetime
    run_id: int
    reader: str | None
    known: Mapping[str, Any]

    @property
    def rank(self) -> Rank:
        """See ``Rank``."""
        return self.run_id, -self.id


Rank = tuple[int, int]
"""How recent a capture is: the greater, the newer. Of a run the first answer ranks highest, since what stands in several
answers of a run is taken as it was read first."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """A capture that can be read again; those with the same ``key`` are answers to the same question."""

    id: int
    run_id: int
    key: bytes
    sha256: str


class CaptureStore:
    """Bytes by hash. ``url`` is any fsspec address; a plain path is a folder."""

    def __init__(self, url: str) -> None:
        self._fs, self._root = fsspec.url_to_fs(url)

    def path(self, sha256: str) -> str:
        """Where a body is kept."""
        return f"{self._root}/{sha256[:2]}/{sha256}.gz"

    def put(self, body: bytes) -> str:
        """Keep a body and give its SHA-256 (hex). A body that is there already is not written again; a half-written
        file never stands under its final name."""
        sha256 = hashlib.sha256(body).hexdigest()
        self.ensure(sha256, body)
        return sha256

    def ensure(self, sha256: str, body: bytes) -> None:
        """Keep a body whose hash is at hand, unless it is there."""
        path = self.path(sha256)
        if not self._fs.exists(path):
            self._fs.makedirs(path.rsplit("/", 1)[0], exist_ok=True)
            part = f"{path}.{uuid4().hex}.part"
            self._fs.pipe_file(part, gzip.compress(body, compresslevel=3, mtime=0))
            self._fs.mv(part, path)

    def get(self, sha256: str) -> bytes:
        """The bytes under a hash. Raises NotFound when they were removed."""
        try:
            return gzip.decompress(self._fs.cat_file(self.path(sha256)))
        except FileNotFoundError:
            raise NotFound(f"the captured bytes {sha256} are no longer kept") from None

    def has(self, sha256: str) -> bool:
        """Whether the bytes under a hash are kept."""
        return bool(self._fs.exists(self.path(sha256)))

    def everything(self) -> Iterator[tuple[str, int]]:
        """The hashes of all bodies that are kept, each with its size as it is kept."""
        for path, info in self._fs.find(self._root, detail=True).items():
            name = path.rsplit("/", 1)[-1].removesuffix(".gz")
            if path.endswith(f"{name[:2]}/{name}.gz") and _SHA256.fullmatch(name):
                yield name, info["size"]

    def remove(self, sha256: str) -> None:
        """Forget the bytes under a hash, if they are there; see storage.retention, which knows when that is right."""
        with suppress(FileNotFoundError):
            self._fs.rm_file(self.path(sha256))


def record(db: Database, run_id: int, url: str, status: int, headers: Mapping[str, str], sha256: str, size: int,
           reader: str | None = None, known: Mapping[str, Any] | None = None) -> int:
    """Note one answer of a run, and which method of the spider reads it with what it knows; gives the capture's id. Make
    sure of the body afterwards (``ensure``): before it was noted, nothing kept it from being removed."""
    with db.write() as session:
        alone(session, BYTES)
        row = Capture(run_id=run_id, url=url, status=status, headers=dict(headers), sha256=sha256, size=size, reader=reader,
                      known=dict(known or {}), fetched_at=clock.now())
        session.add(row)
        session.flush()
        return row.id


def by_id(session: Session, capture_id: int) -> CaptureRef:
    """A capture. Raises NotFound."""
    row = session.get(Capture, capture_id)
    if row is None:
        raise NotFound(f"there is no capture {capture_id}")
    return _ref(row)


def of_run(session: Session, run_id: int, limit: int) -> list[CaptureRef]:
    """The answers of a run, in the order in which they came."""
    return [_ref(row) for row in session.scalars(select(Capture).where(Capture.run_id == run_id).order_by(
        Capture.id).limit(limit))]


def by_ids(session: Session, capture_ids: Iterable[int]) -> list[CaptureRef]:
    """The captures that exist among these ids, the newest first."""
    ids = sorted(capture_ids)
    found = [_ref(row) for start in range(0, len(ids), 500)
             for row in session.scalars(select(Capture).where(Capture.id.in_(ids[start:start + 500])))]
    return sorted(found, key=lambda capture: capture.rank, reverse=True)


def candidates(session: Session, slug: str, since: datetime | None = None) -> Iterator[Candidate]:
    """The captures of a source that note how they are read, the latest first; none that came before ``since``."""
    query = (
        select(Capture.id, Capture.run_id, Capture.url, Capture.reader, Capture.known, Capture.sha256)
        .join(SourceRunRow, SourceRunRow.id == Capture.run_id)
        .where(SourceRunRow.slug == slug, Capture.reader.is_not(None)).order_by(Capture.id.desc()).execution_options(
            yield_per=1000))
    for row in session.execute(query.where(Capture.fetched_at >= since) if since else query):
        question = json.dumps([row.url, row.reader, row.known or {}], sort_keys=True)
        yield Candidate(row.id, row.run_id, blake2b(question.encode(), digest_size=16).digest(), row.sha256)


def of_source(session: Session, slug: str, since: date | None, after: int, limit: int = 500) -> list[CaptureRef]:
    """The first captures of a source beyond the id ``after``, by id; those of the day ``since`` and later."""
    query = select(Capture).join(SourceRunRow, SourceRunRow.id == Capture.run_id).where(
        SourceRunRow.slug == slug, Capture.id > after).order_by(Capture.id).limit(limit)
    if since:
        query = query.where(Capture.fetched_at >= datetime.combine(since, time(), UTC))
    return [_ref(row) for row in session.scalars(query)]


def without_reader(session: Session, slug: str) -> int:
    """How many captures of a source do not note how they are read: they are older than such notes."""
    return session.scalar(select(func.count()).select_from(Capture).join(
        SourceRunRow, SourceRunRow.id == Capture.run_id).where(
            SourceRunRow.slug == slug, Capture.reader.is_(None))) or 0


def _ref(row: Capture) -> CaptureRef:
    return CaptureRef(row.id, row.url, row.status, row.headers, row.sha256, row.size, row.fetched_at, row.run_id,
                      row.reader, row.known or {})
