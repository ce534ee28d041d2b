"""What spiders yield: one item a page, so that the framework's cost is paid per answer and not per notice."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date

from crawlers.job import BadRecord
from domain.notice import Notice
from storage.ingest import Reading, Unit


@dataclass(frozen=True, slots=True)
class Withdrawal:
    """The publisher says that it no longer stands by a notice: in whose words, and as of when."""

    external_id: str
    why: str
    stated_on: date


@dataclass(slots=True)
class Parts:
    """What becomes of an answer that is read as several pages, which share this: how many of them are not stored yet, the
    notices of those that are, and whether all of them were taken whole."""

    left: int = 1
    count: int = 0
    whole: bool = True


@dataclass(frozen=True, slots=True)
class Page:
    """Everything that one answer holds, or a part of it; ``bad`` are its records that made no notice. ``unit`` names what
    need not be read again once these notices are stored (of several parts the last one bears it); ``known`` are the notices
    whose records are what they were when they were read, ``hashes`` those of the other records by external id; ``entry`` and
    ``archive`` are as in Loss."""

    url: str
    notices: list[Notice]
    bad: tuple[BadRecord, ...] = ()
    capture_id: int | None = None
    unit: Unit | None = None
    withdrawals: tuple[Withdrawal, ...] = ()
    known: tuple[str, ...] = ()
    hashes: Mapping[str, str] = field(default_factory=dict)
    parts: Parts = field(default_factory=Parts)
    entry: bool = False
    archive: bool = False


@dataclass(frozen=True, slots=True)
class ReadPage:
    """A page with what was found in its notices."""

    page: Page
    readings: list[Reading]

    @property
    def count(self) -> int:
        """How many notices it holds."""
        return len(self.readings) + len(self.page.known)
