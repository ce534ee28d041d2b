"""One crawl of one source in this process. Its event loop cannot start twice: a process crawls once."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from functools import partial
from typing import Any

from scrapy.core.downloader import contextfactory, tls  # noqa: F401 each looks through the whole stack when it is loaded
from scrapy.crawler import CrawlerProcess
from scrapy.settings import Settings
from twisted.python.failure import Failure

from crawlers import cards
from crawlers.base import SourceSpider
from crawlers.extensions import dry_report
from crawlers.job import CrawlOptions, Job, KnownUnit
from crawlers.settings import DOWNLOADER_MIDDLEWARES
from domain.errors import Conflict, InvalidValue
from domain.source import Grade, Reason, RunStatus, Source
from storage import notices, runs, sources
from storage.captures import CaptureStore
from storage.locks import exclusive, of_crawl
from storage.runs import Run, RunReport
from storage.session import Database

__all__ = ["CrawlOptions", "crawl"]

_LOG_LEVELS = {
    "scrapy": logging.WARNING, "twisted": logging.WARNING,
    "scrapy.core.downloader.handlers.http11": logging.ERROR,  # answers cut short: the account has them
    "scrapy.downloadermiddlewares.robotstxt": logging.CRITICAL,  # tracebacks of network failures: likewise
}
MARGIN = 0.02
"""Seconds added to a card's delay: a request that left a moment late must not make the next gap shorter than promised."""
HOST_WAIT = 60.0
"""Seconds that a crawl waits for another one to be done with a host of both; the scheduler comes back to it later."""
TOGETHER = 8
"""Requests at a time where no delay is kept."""


def crawl(slug: str, db: Database, captures: CaptureStore, options: CrawlOptions) -> RunReport:
    """Crawl a source and store what it holds; ends with a verdict, whatever happens on the way.

    Raises NotFound for an unknown source, InvalidValue for a delay without a gateway, Conflict for a source that has a
    card only, while another process crawls the source, when one crawls its hosts without end, or when the operator
    paused it.
    """
    spider = cards.spider(slug)
    if spider.card.grade is Grade.CARD_ONLY:
        raise Conflict(f"{slug}: {spider.card.caveats[0]}")
    if options.delay is not None and not options.gateway_url:
        raise InvalidValue("the delay of a source may be replaced only behind a gateway")
    with _alone(spider.card, db, options) as still:
        job = _begin(spider, db, captures, options)
        job.still = still
        if spider.card.needs_key and not options.key:
            return _not_run(job, Reason("missing_key", {"setting": f"ZONEWATCH_KEY_{slug.upper()}"}))
        error = _run(spider, job)
        return job.report or _broken(job, error)


@contextmanager
def _alone(card: Source, db: Database, options: CrawlOptions) -> Iterator[Callable[[], None]]:
    """Be the only crawl of a source, and the only one that asks its hosts: another source there is waited for."""
    with ExitStack() as held:
        own = held.enter_context(exclusive(db, of_crawl(card.slug)))
        for host in sorted(card.hosts):
            try:
                held.enter_context(exclusive(db, f"host-{host}"))
            except Conflict:
                held.enter_context(exclusive(db, f"host-{host}", HOST_WAIT))
                time.sleep(_delay(card, options))
        yield own.check


def _delay(card: Source, options: CrawlOptions) -> float:
    return card.delay + MARGIN if options.delay is None else options.delay


def _begin(spider: type[SourceSpider], db: Database, captures: CaptureStore, options: CrawlOptions) -> Job:
    card = spider.card
    again = options.full or not spider.whole_records or options.since
    with db.read() as session:
        if runs.is_paused(session, card.slug):
            raise Conflict(f"{card.slug} is paused; resume it first")
        units = {} if options.full else {
            name: KnownUnit(row.sha256, row.etag, row.last_modified, row.items, row.read_at)
            for name, row in sources.units(session, card).items()}
        floor = sources.floor(session, card)
        dry_run = Run(0, card, False, notices.watermark(session, card.slug))
    hashes = dict if again else partial(_record_hashes, db, card.slug)
    if options.dry_run:
        return Job(dry_run, db, captures, options, floor, units, hashes)
    runs.recover(db, card.slug)
    sources.save_cards(db, [card])
    return Job(runs.start(db, card), db, captures, options, floor, units, hashes)


def _record_hashes(db: Database, slug: str) -> dict[str, str]:
    with db.read() as session:
        return notices.record_hashes(session, slug)


def _run(spider: type[SourceSpider], job: Job) -> BaseException | None:
    """Run the spider to its end; gives the error that kept it from starting."""
    failed: list[BaseException | None] = []

    def note(failure: Failure) -> None:
        failed.append(failure.value)

    process = _process(job)
    process.crawl(spider, job=job).addErrback(note)
    process.start()
    return failed[0] if failed else None


def _process(job: Job) -> CrawlerProcess:
    """A process that logs what is wrong and no more; Scrapy makes its loggers talkative and introduces itself."""
    before = logging.root.manager.disable
    logging.disable(logging.INFO)
    try:
        process = CrawlerProcess(_settings(job))
    finally:
        logging.disable(before)
    for name, level in _LOG_LEVELS.items():
        logging.getLogger(name).setLevel(level)
    return process


def _settings(job: Job) -> Settings:
    found = cards.settings()
    found.set("SPIDER_MODULES", [], priority="cmdline")  # the spider is at hand: no other one is loaded
    card, options = job.run.source, job.options
    delay = _delay(card, options)
    changes: dict[str, Any] = {
        "USER_AGENT": f"Mozilla/5.0 (compatible; zonewatch/1.0; +{options.base_url})", "DOWNLOAD_DELAY": delay}
    if not delay:
        changes |= {"CONCURRENT_REQUESTS": TOGETHER, "CONCURRENT_REQUESTS_PER_DOMAIN": TOGETHER}
    if options.on_answer:
        changes["DOWNLOADER_MIDDLEWARES"] = {**DOWNLOADER_MIDDLEWARES, "crawlers.record.AnswerMiddleware": 580}
    found.setdict(changes, priority="cmdline")
    return found


def _broken(job: Job, error: BaseException | None) -> RunReport:
    """End a run whose spider did not come to its own end."""
    what = f"{type(error).__name__}: {error}" if error else "the spider ended without a verdict"
    return _not_run(job, Reason("error", {"what": what}))


def _not_run(job: Job, reason: Reason) -> RunReport:
    """End a run that asked for nothing, or did not come to its own end."""
    if job.options.dry_run:
        return dry_report(job, RunStatus.FAILED, reason)
    return runs.finish(job.db, job.run, RunStatus.FAILED, reason, job.account.tally, partial=bool(job.options.since))
