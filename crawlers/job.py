"""One crawl as its parts share it: what was asked for, and the account of what came of it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime

from scrapy import Request
from scrapy.http import Response

from crawlers.errors import SourceError
from crawlers.fetch.names import LookUp, system_look_up
from domain import clock
from domain.notice import Notice
from domain.source import Reason
from storage.captures import CaptureStore
from storage.ingest import Unit
from storage.runs import Run, RunReport, Tally
from storage.session import Database

MOST_NOTED = 20
"""Warnings and losses that a run keeps word for word; beyond that they are counted."""


@dataclass(frozen=True, slots=True)
class CrawlOptions:
    """How to crawl. ``gateway_url``: a relay that every request goes through; ``delay``: replaces the card's, only behind
    a gateway; ``base_url``: our own address, told to publishers; ``full``: read again
    what has been read; ``since``: only what is dated on or after this day, without judging the run by its floor;
    ``dry_run``: fetch and parse, store nothing; ``key``: what the source knows us by, if its card needs one, never kept
    anywhere; ``look_up``: how names become addresses (which are checked all the same); ``on_answer`` and ``on_notice`` hear
    every answer to a request of the spider, and every notice once."""

    gateway_url: str | None
    delay: float | None
    base_url: str
    full: bool = False
    since: date | None = None
    dry_run: bool = False
    key: str = field(default="", repr=False)
    look_up: LookUp = system_look_up
    on_answer: Callable[[Request, Response], None] | None = None
    on_notice: Callable[[Notice], None] | None = None


@dataclass(frozen=True, slots=True)
class KnownUnit:
    """An answer whose notices are all stored: what it was, how many notices it holds, and when it was last seen whole.
    Validators that are empty (not None) have been found to lie."""

    sha256: str
    etag: str | None
    last_modified: str | None
    items: int
    read_at: datetime


@dataclass(frozen=True, slots=True)
class Loss:
    """A page that could not be read; ``entry`` when nothing can be found without it, ``archive`` when it is an old one that
    says nothing about the shape of new ones."""

    url: str
    error: SourceError
    entry: bool
    archive: bool = False


@dataclass(frozen=True, slots=True)
class BadRecord:
    """A record on a page whose values make no notice."""

    record: str
    why: str


@dataclass(slots=True)
class Account:
    """What happened so far. Every request is asked once and must be answered or lost. ``known`` counts the pages of the
    archive that were not asked for because they are read; ``unmarked`` are the answers of a full listing that count as
    read once the run has settled what is missing, each with its number of notices; ``emptied`` says of an answer that it
    holds nothing where there was something."""

    tally: Tally = field(default_factory=Tally)
    seen: set[str] = field(default_factory=set)
    asked: int = 0
    pending: dict[int, str] = field(default_factory=dict)
    known: int = 0
    losses: list[Loss] = field(default_factory=list)
    bad: list[BadRecord] = field(default_factory=list)
    unmarked: list[tuple[Unit, int]] = field(default_factory=list)
    warnings: Counter[str] = field(default_factory=Counter)
    duplicates: int = 0
    units_unchanged: int = 0
    stated: int | None = None
    got: int = 0
    emptied: Reason | None = None
    error: str | None = None

    def ask(self, url: str) -> int:
        """Note a request; gives its number."""
        self.asked += 1
        self.pending[self.asked] = url
        return self.asked

    def answered(self, number: int) -> None:
        """A request came to an end, good or bad."""
        self.pending.pop(number, None)

    def lose(self, url: str, error: SourceError, entry: bool, archive: bool = False) -> None:
        """Note a page that could not be read."""
        self.losses.append(Loss(url, error, entry, archive))

    def unchanged(self, items: int) -> None:
        """An answer is what it was when its notices were stored."""
        self.units_unchanged += 1
        self.tally.seen += items
        self.tally.unchanged += items

    def broke(self, error: BaseException | None) -> None:
        """Note an error of our own; the first one is told."""
        self.error = self.error or f"{type(error).__name__}: {error}"[:300]

    def details(self) -> dict[str, object]:
        """What the run keeps beside its counts; empty parts are left out."""
        found: dict[str, object] = {
            "pages": self.asked, "units_unchanged": self.units_unchanged, "duplicates": self.duplicates,
            "warnings": dict(self.warnings.most_common(MOST_NOTED)),
            "warnings_in_all": self.warnings.total() if len(self.warnings) > MOST_NOTED else 0,
            "lost": [{"url": loss.url, "why": str(loss.error)} for loss in self.losses[:MOST_NOTED]],
            "records_lost": len(self.bad),
            "bad_records": [{"record": bad.record, "why": bad.why} for bad in self.bad[:MOST_NOTED]],
        }
        return {name: value for name, value in found.items() if value}


@dataclass(slots=True)
class Job:
    """A crawl under way. ``units`` are the answers already read under this parser, ``hashes`` finds the external ids of
    notices by the hash of their record (none when all is to be read again); ``still`` raises when the lock of the
    crawl is lost, and another one may have begun; ``report`` is there once the run has ended."""

    run: Run
    db: Database
    captures: CaptureStore
    options: CrawlOptions
    floor: int
    units: Mapping[str, KnownUnit]
    hashes: Callable[[], Mapping[str, str]] = dict
    still: Callable[[], None] = lambda: None
    account: Account = field(default_factory=Account)
    started_at: datetime = field(default_factory=clock.now)
    report: RunReport | None = None
    _records: Mapping[str, str] | None = None

    @property
    def records(self) -> Mapping[str, str]:
        """External ids by the hash of their record; looked up when first wanted, since a large answer is parsed before."""
        if self._records is None:
            self._records = self.hashes()
        return self._records
