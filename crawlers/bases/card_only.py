"""Publishers that we name, but do not read: no format of theirs is known, or their terms forbid it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

from scrapy import Request

from crawlers.base import SourceSpider
from domain.source import Expectation, Grade, Listing, Source


def card_only(**facts: Any) -> Source:
    """A card without a spider: ``facts`` are the fields of Source that do not speak of crawling. The first caveat says, in
    both languages, why the source is not crawled, the others where a reader looks instead."""
    return Source(hosts=(), listing=Listing.WINDOW, expectation=Expectation(0, 0), parser_version=1,
                  grade=Grade.CARD_ONLY, **facts)


class CardOnly(SourceSpider):
    """A source with nothing but a card, made by ``card_only``. It is never run: ``crawl`` refuses it."""

    async def start(self) -> AsyncIterator[Request]:
        """Nothing is asked for."""
        return
        yield
