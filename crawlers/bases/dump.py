"""Files that hold everything a source has: read to their end in every run, a batch of records at a time."""

from __future__ import annotations

import pickle
from collections.abc import AsyncIterator, Iterable, Iterator, Mapping
from itertools import islice
from tempfile import SpooledTemporaryFile
from typing import Any, ClassVar

from scrapy import Request
from scrapy.http import Response

from crawlers.base import Output, Records, SourceSpider
from crawlers.items import Parts
from domain.notice import Notice

BATCH = 2_000
"""Records whose notices are in memory at a time."""
IN_MEMORY = 1_000_000
"""Bytes of notices from which on they wait in a temporary file for the end of their dump to be seen."""


class DumpSpider(SourceSpider):
    """Of a dump that breaks off, or is not built as expected anywhere, nothing is stored: its notices wait until the last
    record was read. A subclass says how the records of a file are had, and what each of them is."""

    dumps: ClassVar[Mapping[str, str]]
    """The addresses of the files, each under the name of its unit."""

    def records(self, response: Response) -> Iterable[Any]:
        """The records of a file, best each only when it is asked for. Raises SourceError for one that cannot be used."""
        raise NotImplementedError

    def notice(self, record: Any, url: str) -> Notice:
        """The notice of a record. Raises InvalidValue for one that makes none."""
        raise NotImplementedError

    async def start(self) -> AsyncIterator[Request]:
        """The files."""
        for unit, url in self.dumps.items():
            yield self.ask(url, self.read_dump, unit=unit, entry=True)

    def read_dump(self, response: Response) -> Output:
        """All records of a file."""
        with SpooledTemporaryFile(IN_MEMORY) as waiting:
            parts = Parts(left=0)
            for batch in self._batches(response):
                pickle.dump(batch, waiting)
                parts.left += 1
            waiting.seek(0)
            for left in reversed(range(parts.left)):
                yield self.page(response, pickle.load(waiting), unit="" if left else response.meta["unit"], parts=parts)

    def _batches(self, response: Response) -> Iterator[Records]:
        """The records of the file as ``each`` reads them; one batch at least, perhaps an empty one."""
        records = enumerate(self.looked_at(self.records(response), response.url), 1)
        batch = list(islice(records, BATCH))
        yield self.made(response.url, batch, lambda record: self.notice(record, response.url))
        while batch := list(islice(records, BATCH)):
            yield self.made(response.url, batch, lambda record: self.notice(record, response.url))
