"""Step 2: texts fit to be stored and shown. What the publisher wrote stays in ``raw``."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from typing import Any
from urllib.parse import urlsplit

from scrapy.crawler import Crawler

from crawlers.items import Page
from crawlers.job import Job
from crawlers.text import LONGEST_ADDRESS, bounded, is_cut, storable, visible
from domain.cas import cas_numbers
from domain.notice import Notice
from domain.web_address import is_web_address

LONGEST_LINE = 5_000
"""Signs of a title and its like."""
MOST_VALUES = 2_000
"""Values of a list; the longest known holds some hundreds."""

_LINES = ("title", "product", "brand", "model", "category")
_LISTS = ("identifiers", "hs_codes", "ics_codes", "relates_to")
_TRICKS = re.compile("[\u061c\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff\U000e0000-\U000e007f]")
_TWO_SCRIPTS = re.compile("[A-Za-z][\u0400-\u04ff]|[\u0400-\u04ff][A-Za-z]")


def normalised(notice: Notice) -> Notice:
    """The notice with clean texts of bounded length, the CAS numbers in them among its identifiers, and only web addresses
    among its documents."""
    changes: dict[str, Any] = {"summary": bounded(visible(notice.summary))}
    for name in _LINES:
        changes[name] = bounded(" ".join(visible(getattr(notice, name)).split()), LONGEST_LINE)
    for name in _LISTS:
        if values := getattr(notice, name):
            clean = (bounded(visible(value), LONGEST_LINE) for value in values[:MOST_VALUES])
            changes[name] = tuple(dict.fromkeys(filter(None, clean)))
    texts = "\n".join((changes["title"], changes["product"], changes["summary"]))
    if numbers := cas_numbers(texts):
        changes["identifiers"] = tuple(dict.fromkeys((*changes.get("identifiers", ()), *numbers)))[:MOST_VALUES]
    if notice.documents:
        changes["documents"] = tuple(url for url in notice.documents[:MOST_VALUES]
                                     if is_web_address(url) and len(url) <= LONGEST_ADDRESS)
    changes["raw"] = {name: bounded(storable(value)) for name, value in notice.raw.items()}
    return replace(notice, **changes)


def remarks(before: Notice, after: Notice) -> Iterator[str]:
    """What an operator should know of how a notice was written: what was cut, and what a reader could not see or tell."""
    for name in ("summary", *_LINES):
        written, clean = getattr(before, name), getattr(after, name)
        if is_cut(clean):
            yield f"{name} too long, truncated"
        if not written.isascii():
            if _TRICKS.search(written):
                yield f"signs that nobody sees, removed from {name}"
            if name != "summary" and _TWO_SCRIPTS.search(clean):
                yield f"a word of {name} mixes Latin and Cyrillic letters"
    for name in (*_LISTS, "documents"):
        if len(getattr(before, name)) > MOST_VALUES:
            yield f"{name} too many, truncated"
    if any(map(is_cut, after.raw.values())):
        yield "original values too long, truncated"


class Normalise:
    """Cleans every notice of a page; the account counts what was cut or disguised."""

    def __init__(self, job: Job) -> None:
        self.job = job
        card = job.run.source
        pages = (urlsplit(url).hostname or "" for url in (card.url, card.publisher.url))
        self._sites = {host.removeprefix("www.") for host in (*card.hosts, *pages) if host}

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Normalise:
        """Built by Scrapy."""
        return cls(crawler.spider.job)  # type: ignore[union-attr]

    def process_item(self, item: Page) -> Page:
        """Normalise a page."""
        return replace(item, notices=[self._normalised(notice) for notice in item.notices])

    def _normalised(self, notice: Notice) -> Notice:
        found = normalised(notice)
        warnings = self.job.account.warnings
        warnings.update(remarks(notice, found))
        host = urlsplit(found.url).hostname or ""
        if not self._is_of_the_source(host):
            warnings[f"a record leads to another site: {host}"] += 1
        return found

    def _is_of_the_source(self, host: str) -> bool:
        return any(host == known or host.endswith(f".{known}") for known in self._sites)
