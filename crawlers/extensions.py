"""What happens when a spider closes: verdict, withdrawals of a full listing, end of the run."""

from __future__ import annotations

from typing import Any

from scrapy import Spider, signals
from scrapy.crawler import Crawler
from twisted.python.failure import Failure

from crawlers.errors import dropped
from crawlers.job import Job
from crawlers.verdict import verdict
from domain import clock
from domain.source import Listing, Reason, RunStatus
from storage import runs
from storage.ingest import mark_read
from storage.runs import RunReport


class RunEnd:
    """Gathers errors of our own code while a spider runs, and ends its run."""

    def __init__(self, crawler: Crawler) -> None:
        self.job: Job = crawler.spider.job  # type: ignore[union-attr]
        self.crawler = crawler

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> RunEnd:
        """Built by Scrapy."""
        found = cls(crawler)
        crawler.signals.connect(found.broke, signals.spider_error)
        crawler.signals.connect(found.broke, signals.item_error)
        crawler.signals.connect(found.closed, signals.spider_closed)
        return found

    def broke(self, failure: Failure, **_: Any) -> None:
        """A callback or pipeline raised: the run fails, what was stored stays."""
        self.job.account.broke(failure.value)

    def closed(self, spider: Spider, reason: str) -> None:
        """Judge the run and end it. Only a complete run of a full listing may find that something is gone."""
        account = self.job.account
        for url in account.pending.values():
            account.lose(url, dropped(url), entry=False)
        account.tally.requests = self.crawler.stats.get_value("downloader/request_count", 0)
        account.tally.details = account.details()
        status, why = verdict(account, None if self.job.options.since else self.job.floor, reason != "shutdown")
        if self.job.options.dry_run:
            self.job.report = dry_report(self.job, status, why)
            return
        if status is RunStatus.OK and self.job.run.source.listing is Listing.FULL and not self.job.options.since:
            account.tally.withdrawn += self._settle()
        self.job.report = runs.finish(self.job.db, self.job.run, status, why, account.tally,
                                      partial=bool(self.job.options.since))

    def _settle(self) -> int:
        account = self.job.account
        if not account.units_unchanged:
            withdrawn = runs.settle_missing(self.job.db, self.job.run, account.seen)
            for unit, items in account.unmarked:
                mark_read(self.job.db, self.job.run, unit, items)
            return withdrawn
        if not account.seen:
            return runs.settle_unchanged(self.job.db, self.job.run)
        return 0  # of the unchanged part of a listing nobody knows which notices it holds


def dry_report(job: Job, status: RunStatus, why: Reason) -> RunReport:
    """The report of a run that stored nothing: ``created`` counts notices that are not stored
    yet, ``unchanged`` those that are, whether they differ or not."""
    tally = job.account.tally
    return RunReport(0, job.run.source.slug, status, why, job.started_at, clock.now(), tally.created, 0, tally.unchanged, 0,
                     tally.requests, tally.seen, dict(job.account.warnings))
