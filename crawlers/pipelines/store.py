"""Step 4: notices into the store, page by page; withdrawals when all pages are in."""

from __future__ import annotations

import logging
import time

from scrapy.crawler import Crawler

from crawlers.items import ReadPage, Withdrawal
from crawlers.job import Job
from domain.source import Listing
from storage import notices, runs
from storage.ingest import ingest, mark_read

logger = logging.getLogger(__name__)

PROGRESS_SECONDS = 10.0


class Store:
    """Writes what differs from what is stored. A page that withdraws notices counts as read only when they have been
    withdrawn, a page of a full listing when the run has settled what is missing: a run killed in between reads it again."""

    def __init__(self, job: Job) -> None:
        self.job = job
        self._is_full = job.run.source.listing is Listing.FULL
        self._withdrawing: list[ReadPage] = []
        self._told = time.monotonic()
        self._pages = 0

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Store:
        """Built by Scrapy."""
        return cls(crawler.spider.job)  # type: ignore[union-attr]

    def process_item(self, item: ReadPage) -> ReadPage:
        """Store a page; a notice read before in this run stands as it was read first."""
        account = self.job.account
        fresh = [reading for reading in item.readings if reading.notice.external_id not in account.seen]
        account.duplicates += len(item.readings) - len(fresh)
        account.seen.update(reading.notice.external_id for reading in fresh)
        known = set(item.page.known) - account.seen
        account.duplicates += len(item.page.known) - len(known)
        account.seen |= known
        account.tally.seen += len(fresh) + len(known)
        account.tally.unchanged += len(known)
        if on_notice := self.job.options.on_notice:
            for reading in fresh:
                on_notice(reading.notice)
        item = ReadPage(item.page, fresh)
        self._write(item)
        if item.page.withdrawals:
            self._withdrawing.append(item)
        self._tell()
        return item

    def _write(self, item: ReadPage) -> None:
        tally, parts = self.job.account.tally, item.page.parts
        parts.left -= 1
        parts.count += item.count
        if self.job.options.dry_run:
            unknown = self._unknown(item)
            tally.created += unknown
            tally.unchanged += len(item.readings) - unknown
            return
        unit = None if item.page.withdrawals or parts.left else item.page.unit
        if item.page.unit and self._is_full and not parts.left:
            self.job.account.unmarked.append((item.page.unit, parts.count))
            unit = None
        self.job.still()
        outcome = ingest(self.job.db, self.job.run, item.readings, _classifier(), item.page.capture_id, unit,
                         parts.count - len(item.readings))
        tally.created += outcome.created
        tally.revised += outcome.revised
        tally.unchanged += outcome.unchanged

    def _unknown(self, item: ReadPage) -> int:
        ids = {reading.notice.external_id for reading in item.readings}
        with self.job.db.read() as session:
            return len(ids) - len(runs.by_external_ids(session, self.job.run.source.slug, ids))

    def close_spider(self) -> None:
        """Apply the withdrawals, then mark their pages as read."""
        try:
            for item in self._withdrawing:
                if not self.job.options.dry_run:
                    self._withdraw(item)
        except Exception as error:
            self.job.account.broke(error)
            raise

    def _withdraw(self, item: ReadPage) -> None:
        for withdrawal in item.page.withdrawals:
            if notice_id := self._withdrawable(withdrawal):
                self.job.account.tally.withdrawn += runs.withdraw(self.job.db, self.job.run, [notice_id], withdrawal.why)
        if item.page.unit and not self._is_full:
            mark_read(self.job.db, self.job.run, item.page.unit, item.count)

    def _withdrawable(self, withdrawal: Withdrawal) -> int | None:
        """The stored notice that is meant; not one that was published after the statement."""
        slug = self.job.run.source.slug
        with self.job.db.read() as session:
            found = runs.by_external_ids(session, slug, {withdrawal.external_id}).get(withdrawal.external_id)
            if found is None:
                return None
            event_date = notices.by_id(session, found).notice.event_date
        return None if event_date and event_date > withdrawal.stated_on else found

    def _tell(self) -> None:
        self._pages += 1
        if time.monotonic() - self._told > PROGRESS_SECONDS:
            self._told = time.monotonic()
            account = self.job.account
            logger.info("%s: %s pages, %s notices", self.job.run.source.slug, self._pages, account.tally.seen)


def _classifier() -> int:
    from domain.classify import VERSION

    return VERSION
