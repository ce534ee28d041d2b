"""Step 1: a page is what it claims to be. A bad record is left out and told; a notice that stands twice on a page is taken
once, the first time."""

from __future__ import annotations

import re
from dataclasses import replace

from scrapy.crawler import Crawler
from scrapy.exceptions import DropItem

from crawlers.errors import shape
from crawlers.items import Page
from crawlers.job import BadRecord, Job
from crawlers.text import LONGEST_ADDRESS, storable, visible
from domain.market import country_name
from domain.notice import Notice
from domain.web_address import is_web_address

BAD_TAKEN = 3
"""Bad records a page may hold whatever its length."""

BAD_SHARE = 0.05
"""The share of bad records beyond which a page has changed its shape."""

LONGEST_ID, MOST_FIELDS = 500, 500
"""Signs of an id; fields of a record. More of them is an attack, or another shape."""
SAID = 300
"""Signs of a value that a message repeats."""

_LANGUAGE = re.compile(r"[a-z]{2}(?:-[A-Z][A-Za-z]{1,3})?")


class Validate:
    """Leaves out bad records, which the account tells; loses a page of which too many are bad. Of a run that was asked for
    a part by date, only the notices of that part go on. A page that was not taken whole does not count as read."""

    def __init__(self, job: Job) -> None:
        self.job = job

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Validate:
        """Built by Scrapy."""
        return cls(crawler.spider.job)  # type: ignore[union-attr]

    def process_item(self, item: Page) -> Page:
        """Check a page."""
        faults = {place: what for place, notice in enumerate(item.notices) if (what := self._fault(notice))}
        bad = [*item.bad, *(BadRecord(item.notices[place].external_id, what) for place, what in faults.items())]
        if len(bad) > max(BAD_TAKEN, BAD_SHARE * (len(item.notices) + len(item.bad) + len(item.known))):
            error = shape(item.url, f"{len(bad)} records cannot be read, the first: {bad[0].why}")
            self.job.account.lose(item.url, error, item.entry, item.archive)
            raise DropItem(str(error))
        self.job.account.bad += bad
        good = [notice for place, notice in enumerate(item.notices) if place not in faults]
        wanted = [notice for notice in good if self._wanted(notice)]
        once = list({notice.external_id: notice for notice in reversed(wanted)}.values())[::-1]
        self.job.account.duplicates += len(wanted) - len(once)
        item.parts.whole &= not bad and len(wanted) == len(good)
        return replace(item, notices=once, unit=item.unit if item.parts.whole else None)

    def _wanted(self, notice: Notice) -> bool:
        since = self.job.options.since
        return since is None or (notice.event_date is not None and notice.event_date >= since)

    def _fault(self, notice: Notice) -> str:
        if notice.source != self.job.run.source.slug:
            return f"it names {notice.source} as its source"
        if notice.external_id != storable(notice.external_id) or len(notice.external_id) > LONGEST_ID:
            return f"its id is {notice.external_id!r}"[:SAID]
        if not visible(notice.title):
            return f"its title is {notice.title!r}"[:SAID]
        if not is_web_address(notice.url) or len(notice.url) > LONGEST_ADDRESS:
            return f"its address is {notice.url!r}"[:SAID]
        if len(notice.raw) > MOST_FIELDS:
            return f"it has {len(notice.raw):,} fields"
        if country_name(notice.market) == notice.market:
            return f"its market is {notice.market!r}, which is in no list"
        return "" if _LANGUAGE.fullmatch(notice.lang) else f"its language is {notice.lang!r}"
