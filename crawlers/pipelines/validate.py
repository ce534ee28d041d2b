"""Step 1: a page is what it claims to be. A notice that stands twice on a page is taken once, the first time."""

from __future__ import annotations

from dataclasses import replace

from scrapy.crawler import Crawler
from scrapy.exceptions import DropItem

from crawlers.errors import shape
from crawlers.items import Page
from crawlers.job import Job
from domain.notice import Notice


def is_web_address(url: str) -> bool:
    """Whether an address is one a browser may open from our page."""
    return url.startswith(("https://", "http://")) and url.isprintable() and " " not in url


class Validate:
    """Loses a page whose notices cannot be what the publisher meant; repeats are dropped and counted."""

    def __init__(self, job: Job) -> None:
        self.job = job

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Validate:
        """Built by Scrapy."""
        return cls(crawler.spider.job)  # type: ignore[union-attr]

    def process_item(self, item: Page) -> Page:
        """Check a page."""
        for notice in item.notices:
            if what := self._fault(notice):
                error = shape(item.url, what)
                self.job.account.lose(item.url, error, entry=False)
                raise DropItem(str(error))
        once = {notice.external_id: notice for notice in reversed(item.notices)}
        if len(once) == len(item.notices):
            return item
        self.job.account.duplicates += len(item.notices) - len(once)
        return replace(item, notices=list(reversed(once.values())))

    def _fault(self, notice: Notice) -> str:
        if notice.source != self.job.run.source.slug:
            return f"{notice.external_id} names {notice.source} as its source"
        if not is_web_address(notice.url):
            return f"the address of {notice.external_id} is {notice.url!r}"
        return ""
