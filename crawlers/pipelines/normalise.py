"""Step 2: texts fit to be stored and shown, values of our vocabularies only. What the publisher wrote stays in ``raw``."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

from scrapy.crawler import Crawler
from scrapy.exceptions import DropItem

from crawlers.errors import shape
from crawlers.items import Page
from crawlers.job import Job
from crawlers.pipelines.validate import is_web_address
from domain.market import country_name
from domain.notice import Notice

_INVISIBLE = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u00ad\u200b-\u200f\u2028-\u202e\u2060-\u2064\u2066-\u206f\ufeff"
                        "\ud800-\udfff\ufff9-\ufffb]+")
_NOT_STORABLE = re.compile("[\x00\ud800-\udfff]")
_LINES = ("title", "product", "brand", "model", "category")
_LANGUAGE = re.compile(r"[a-z]{2}(?:-[A-Z][A-Za-z]{1,3})?")


def visible(text: str) -> str:
    """A text without control, direction and zero-width characters, ends trimmed; line breaks stay."""
    if text.isprintable():  # true for nearly all, and fast
        return text.strip()
    return _INVISIBLE.sub(_blank, text.replace("\r\n", "\n")).strip()


def _blank(found: re.Match[str]) -> str:
    """Controls between words separate them; zero-width characters never did."""
    return " " if found[0][0] in "\x0b\x0c\r\x85\u2028\u2029" else ""


def storable(text: str) -> str:
    """A text as written, but for NUL and lone surrogates, which no database takes."""
    return text if text.isprintable() else _NOT_STORABLE.sub("\ufffd", text)


def normalised(notice: Notice) -> Notice:
    """The notice with clean texts and only web addresses among its documents."""
    changes: dict[str, Any] = {"summary": visible(notice.summary)}
    for name in _LINES:
        changes[name] = " ".join(visible(getattr(notice, name)).split())
    for name in ("identifiers", "hs_codes", "ics_codes", "relates_to"):
        if values := getattr(notice, name):
            changes[name] = tuple(dict.fromkeys(filter(None, map(visible, values))))
    if notice.documents:
        changes["documents"] = tuple(url for url in notice.documents if is_web_address(url))
    changes["raw"] = {name: storable(value) for name, value in notice.raw.items()}
    return replace(notice, **changes)


class Normalise:
    """Loses a page with a market or language we have no word for."""

    def __init__(self, job: Job) -> None:
        self.job = job

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Normalise:
        """Built by Scrapy."""
        return cls(crawler.spider.job)  # type: ignore[union-attr]

    def process_item(self, item: Page) -> Page:
        """Normalise a page."""
        for notice in item.notices:
            if what := _unknown_word(notice):
                error = shape(item.url, what)
                self.job.account.lose(item.url, error, entry=False)
                raise DropItem(str(error))
        return replace(item, notices=[normalised(notice) for notice in item.notices])


def _unknown_word(notice: Notice) -> str:
    if country_name(notice.market) == notice.market:
        return f"{notice.external_id} is of the market {notice.market!r}, which is in no list"
    if not _LANGUAGE.fullmatch(notice.lang):
        return f"{notice.external_id} is in the language {notice.lang!r}"
    return ""
