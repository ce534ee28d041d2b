"""Listings whose records lead to an answer each, which is asked for when its record is new or not what it was."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from scrapy import Request
from scrapy.http import Response

from crawlers.base import Output, Records, SourceSpider
from domain.notice import Notice


@dataclass(frozen=True, slots=True)
class Listed:
    """A record of a listing: the id of its notice, where the rest of it stands, and what the listing says of it, as JSON
    values that name it."""

    external_id: str
    url: str
    values: dict[str, Any]


class ListedSpider(SourceSpider):
    """Reads an item only when its listing says something new of it. What changes in an item while its record in the
    listing stays as it was is seen by a full crawl only; a card's caveats must say so."""

    whole_records = True

    def notice(self, response: Response, listed: dict[str, Any]) -> Notice:
        """The notice of an item, of which the listing says ``listed``. Raises InvalidValue for one that makes none."""
        raise NotImplementedError

    def sort_out(self, found: Iterable[Listed]) -> tuple[Records, list[Request]]:
        """The records that are what they were when their notices were stored, and the requests for the other items."""
        records, requests = Records(), []
        for each in found:
            if self.job.records.get(self._hash(each.values)) == each.external_id:
                records.take_known(each.external_id)
            else:
                requests.append(self.ask(each.url, self.read_item, listed=each.values))
        return records, requests

    def read_item(self, response: Response, listed: dict[str, Any]) -> Output:
        """The notice of an item."""
        yield self.page(response, self.item(response, listed))

    def item(self, response: Response, listed: dict[str, Any]) -> Records:
        """The notice of an item, by its record in the listing."""
        return self.each(response, [listed], lambda values: self.notice(response, values))
