"""Raw bytes as they came: one compressed file per SHA-256 under the captures URL; address, headers and time in SQL."""

from __future__ import annotations

import gzip
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import uuid4

import fsspec
from sqlalchemy import select
from sqlalchemy.orm import Session

from domain import clock
from domain.errors import NotFound
from storage.models import Capture
from storage.session import Database


@dataclass(frozen=True, slots=True)
class CaptureRef:
    """A stored answer: where it came from, when, and the hash its bytes are kept under."""

    id: int
    run_id: int
    url: str
    status: int
    headers: Mapping[str, str]
    sha256: str
    size: int
    fetched_at: datetime


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
        path = self.path(sha256)
        if not self._fs.exists(path):
            self._fs.makedirs(path.rsplit("/", 1)[0], exist_ok=True)
            part = f"{path}.{uuid4().hex}.part"
            self._fs.pipe_file(part, gzip.compress(body, compresslevel=3, mtime=0))
            self._fs.mv(part, path)
        return sha256

    def get(self, sha256: str) -> bytes:
        """The bytes under a hash. Raises NotFound when they were removed."""
        try:
            return gzip.decompress(self._fs.cat_file(self.path(sha256)))
        except FileNotFoundError:
            raise NotFound(f"the captured bytes {sha256} are no longer kept") from None


def record(db: Database, run_id: int, url: str, status: int, headers: Mapping[str, str], sha256: str, size: int,
           reader: str | None = None, known: Mapping[str, Any] | None = None) -> int:
    """Note one answer of a run, and which method of the spider reads it with what it knows; gives the capture's id."""
    with db.write() as session:
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


def _ref(row: Capture) -> CaptureRef:
    return CaptureRef(row.id, row.run_id, row.url, row.status, row.headers, row.sha256, row.size, row.fetched_at)
