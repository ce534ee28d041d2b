"""Today's parser over what was captured: what it would change, and the change itself. No publisher is asked and nobody is
mailed.

First the newest readable answer to each question that the source was ever asked; then, for stored notices that stand in
none of these, the answer that each was read from. Nothing is withdrawn because it is missing: only a crawl sees a whole
listing.
"""

from __future__ import annotations

import heapq
import logging
from collections.abc import Callable, Set

from scrapy.exceptions import DropItem

from crawlers.base import SourceSpider
from crawlers.difference import Difference
from crawlers.errors import SourceError
from crawlers.items import Page, Withdrawal
from crawlers.job import CrawlOptions, Job
from crawlers.pipelines.classify import Classify
from crawlers.pipelines.normalise import Normalise
from crawlers.pipelines.validate import Validate
from crawlers.stored import pages_of
from crawlers.verdict import verdict
from domain import notice as notices
from domain.errors import NotFound
from domain.notice import Notice
from domain.source import Reason, RunKind, RunStatus
from storage import captures, readings, runs, sources
from storage.captures import Candidate, CaptureRef, CaptureStore
from storage.ingest import ingest
from storage.locks import exclusive, of_crawl
from storage.runs import Run
from storage.session import Database

log = logging.getLogger(__name__)

BATCH = 500
"""Notices that are compared at a time."""
Progress = Callable[[int, int], None]
"""Hears how many captures were looked at, and how many there are as far as is known."""


def reparse(spider: type[SourceSpider], db: Database, store: CaptureStore, *, apply: bool = False,
            progress: Progress = lambda done, known: None) -> Difference:
    """Read the captures of a source anew. With ``apply`` the difference is stored, in a run of its own kind, of which nobody
    is alerted; raises Conflict while the source is crawled."""
    if not apply:
        return _Reparse(spider, _job(spider, db, store, Run(0, spider.card, False, None, RunKind.REPARSE)), progress).whole()
    with exclusive(db, of_crawl(spider.card.slug)) as held:
        runs.recover(db, spider.card.slug)
        sources.save_cards(db, [spider.card])
        job = _job(spider, db, store, runs.start(db, spider.card, RunKind.REPARSE))
        job.still = held.check
        return _applied(_Reparse(spider, job, progress))


def _job(spider: type[SourceSpider], db: Database, store: CaptureStore, run: Run) -> Job:
    return Job(run, db, store, CrawlOptions(None, None, ""), spider.card.expectation.min_items, {})


def _applied(work: _Reparse) -> Difference:
    """Read and store; the run ends with a verdict, whatever happens on the way."""
    job = work.job
    try:
        found = work.whole()
    except BaseException as error:
        reason = Reason("error", {"what": f"{type(error).__name__}: {error}"[:300]})
        runs.finish(job.db, job.run, RunStatus.FAILED, reason, job.account.tally)
        raise
    job.account.tally.details = job.account.details()
    runs.finish(job.db, job.run, found.status, found.reason, job.account.tally)
    return found


class _Reparse:
    """One reading of a source's captures. ``read`` holds the external ids that were read, each from its newest capture."""

    def __init__(self, spider: type[SourceSpider], job: Job, progress: Progress) -> None:
        self.job, self.progress = job, progress
        self.spider = spider(job=job)
        self.validate, self.normalise = Validate(job), Normalise(job)
        self.found = Difference(spider.card.slug, spider.card.parser_version, job.run.id)
        self.read: set[str] = set()
        self.looked_at: set[int] = set()
        self.stated: dict[str, tuple[Withdrawal, int]] = {}

    @property
    def applies(self) -> bool:
        """Whether what differs is stored."""
        return bool(self.job.run.id)

    def whole(self) -> Difference:
        """Read everything; what differs is stored page by page, what is withdrawn at the end."""
        self._newest()
        self._others()
        self._withdraw()
        with self.job.db.read() as session:
            self.found.unmarked = captures.without_reader(session, self.found.slug)
        return self._judged()

    def _newest(self) -> None:
        """The newest readable answer to each question: of one that cannot be read the one before it, of a run the first
        answer first, since a notice that stands in several stands as it was read first."""
        older = self._candidates()
        waiting = [(-latest[-1].run_id, latest[-1].id, key) for key, latest in older.items()]
        heapq.heapify(waiting)
        while waiting:
            *_, key = heapq.heappop(waiting)
            candidate = older[key].pop()
            self.progress(len(self.looked_at), len(self.looked_at) + len(waiting) + 1)
            if not self._looked_at(candidate.id, None):
                older[key] = [each for each in older[key] if each.sha256 != candidate.sha256]
                if older[key]:
                    heapq.heappush(waiting, (-older[key][-1].run_id, older[key][-1].id, key))

    def _candidates(self) -> dict[bytes, list[Candidate]]:
        """The captures by their question, the latest last."""
        found: dict[bytes, list[Candidate]] = {}
        with self.job.db.read() as session:
            for candidate in captures.candidates(session, self.found.slug):
                found.setdefault(candidate.key, []).append(candidate)
        for each in found.values():
            each.reverse()
        return found

    def _others(self) -> None:
        """The notices that are not read yet, from the captures that they were read from."""
        with self.job.db.read() as session:
            unread = readings.unread(session, self.found.slug, self.read)
            kept = captures.by_ids(session, [each for each in unread if each is not None and each not in self.looked_at])
        for place, capture in enumerate(kept):
            self.progress(len(self.looked_at), len(self.looked_at) + len(kept) - place)
            if capture.reader:
                self._looked_at(capture.id, unread[capture.id])
        for missing in unread.values():
            for external_id in sorted(missing - self.read):
                self.found.unfound.note(external_id)

    def _looked_at(self, capture_id: int, wanted: Set[str] | None) -> bool:
        """Read a capture, or only the notices that are wanted of it; gives whether it could be read."""
        self.looked_at.add(capture_id)
        with self.job.db.read() as session:
            capture = captures.by_id(session, capture_id)
        account = self.job.account
        account.got, account.stated = 0, None
        try:
            body = self.job.captures.get(capture.sha256)
        except NotFound as error:
            self.found.gone.note(capture.url, str(error))
            return False
        try:
            for page in pages_of(self.spider, capture, body):
                self._take(page, capture, wanted)
        except (SourceError, DropItem) as error:
            self._lose(capture, error)
            return False
        except Exception as error:  # as in a crawl: the run fails, and goes on
            log.exception("%s cannot be read anew", capture.url)
            account.broke(error)
            self.found.unreadable.note(capture.url, f"error in our own code: {type(error).__name__}: {error}")
            return False
        finally:
            account.pending.clear()
        self.found.captures += 1
        return True

    def _lose(self, capture: CaptureRef, error: Exception) -> None:
        if isinstance(error, SourceError):  # of a dropped page the pipeline has told
            self.job.account.lose(capture.url, error, entry=False)
        self.found.unreadable.note(capture.url, str(error))

    def _take(self, page: Page, capture: CaptureRef, wanted: Set[str] | None) -> None:
        page = self.validate.process_item(page)
        if wanted is None:
            self.stated.update({each.external_id: (each, capture.run_id) for each in page.withdrawals
                                if each.external_id not in self.stated})
        chosen = [each for each in page.notices if each.external_id not in self.read
                  and (wanted is None or each.external_id in wanted)]
        for start in range(0, len(chosen), BATCH):
            part = Page(page.url, chosen[start:start + BATCH], capture_id=capture.id, hashes=page.hashes)
            self._compare(self.normalise.process_item(part), capture)

    def _compare(self, part: Page, capture: CaptureRef) -> None:
        """Note what differs from the store, and store it. A notice that was read from a newer capture is left to that."""
        with self.job.db.read() as session:
            stored = readings.standing(session, self.found.slug, [each.external_id for each in part.notices])
        differing: list[Notice] = []
        revised: dict[int, Notice] = {}
        for notice in part.notices:
            before = stored.get(notice.external_id)
            if before and before.outranks(capture.rank):
                continue
            self.read.add(notice.external_id)
            if before is None:
                self.found.new.note(notice.external_id, notice.title)
            elif before.fingerprint == notices.fingerprint(notice):
                self.found.same += 1
                continue
            else:
                revised[before.id] = notice
            differing.append(notice)
        self._note(revised)
        if self.applies:
            self._store(Page(part.url, differing, capture_id=capture.id, hashes=part.hashes))

    def _note(self, revised: dict[int, Notice]) -> None:
        with self.job.db.read() as session:
            before = readings.data(session, revised.keys())
        for notice_id, notice in revised.items():
            self.found.revise(notice.external_id, before[notice_id], notices.to_json(notice))

    def _store(self, page: Page) -> None:
        from domain.classify import VERSION

        if page.notices:
            self.job.still()
            ingest(self.job.db, self.job.run, Classify().process_item(page).readings, VERSION, page.capture_id)

    def _withdraw(self) -> None:
        """What pages say of notices that are in force; and what was withdrawn by words that no page says any more."""
        slug, db = self.found.slug, self.job.db
        for external_id, (withdrawal, run_id) in self.stated.items():
            with db.read() as session:
                notice_id = readings.withdrawable(session, slug, external_id, withdrawal.stated_on, run_id)
            if notice_id is not None:
                self.found.withdrawn.note(external_id, withdrawal.why)
                if self.applies:
                    self.job.still()
                    runs.withdraw(db, self.job.run, [notice_id], withdrawal.why)
        with db.read() as session:
            for each in readings.withdrawn_by_word(session, slug):
                if each.external_id not in self.stated:
                    self.found.unsaid.note(each.external_id, each.why)

    def _judged(self) -> Difference:
        found, account = self.found, self.job.account
        for bad in account.bad:
            found.bad_records.note(bad.record, bad.why)
        found.warnings.update(account.warnings)
        tally = account.tally
        tally.seen, tally.unchanged = len(self.read), found.same
        tally.created, tally.revised, tally.withdrawn = found.new.count, found.revised, found.withdrawn.count
        account.asked, account.got, account.stated, account.emptied = len(self.looked_at), 0, None, None
        found.status, found.reason = verdict(account, None)
        return found
