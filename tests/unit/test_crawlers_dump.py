"""A dump of any size: read to its end before any of it is stored, and never held as notices as a whole."""

from __future__ import annotations

import gc
import json
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import pytest
from scrapy import Request
from scrapy.http import Response

from crawlers.bases import dump
from crawlers.errors import NotParsable
from crawlers.fetch.capture import META, Captured
from crawlers.items import Page
from crawlers.job import Account
from crawlers.pipelines.validate import Validate
from crawlers.spiders.iso_open_data import DUMP, IsoOpenData
from domain.notice import Notice

ROWS = 2 * dump.BATCH + 500


def line_of(number: int, **changes: object) -> bytes:
    record = {"id": number, "deliverableType": "IS", "supplementType": None, "reference": f"ISO {number}:2020",
              "publicationDate": "2020-01-15", "edition": 1, "icsCode": ["23.100.20"], "ownerCommittee": "ISO/TC 131/SC 3",
              "currentStage": 6060, "replaces": None, "replacedBy": None, "languages": ["en"], "pages": {"en": 12},
              "title": {"en": "Invented cylinders"}, "scope": {"en": "<p>What is invented.</p>"}}
    return json.dumps(record | changes).encode()


def reader(records: dict[str, str] | None = None) -> IsoOpenData:
    job: Any = SimpleNamespace(account=Account(), records=records or {})
    return IsoOpenData(job=job)


def pages(spider: IsoOpenData, body: bytes) -> Iterator[Page]:
    meta = {META: Captured(1, "a" * 64, None, None), "unit": "dump", "entry": True, "archive": False}
    for found in spider.read_dump(Response(DUMP, body=body, request=Request(DUMP, meta=meta))):
        assert isinstance(found, Page)
        yield found


def alive() -> int:
    gc.collect()
    return sum(isinstance(each, Notice) for each in gc.get_objects())


def test_a_large_dump_is_read_as_several_pages_of_which_the_last_says_that_all_is_read() -> None:
    found = list(pages(reader(), b"\n".join(map(line_of, range(ROWS)))))
    assert [len(page.notices) for page in found] == [dump.BATCH, dump.BATCH, 500]
    assert [page.unit is not None for page in found] == [False, False, True]
    assert [notice.external_id for page in found for notice in page.notices] == [str(number) for number in range(ROWS)]
    assert {id(page.parts) for page in found} == {id(found[0].parts)}
    assert found[0].parts.left == 3


def test_of_a_large_dump_no_more_than_two_batches_of_notices_are_in_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dump, "BATCH", 100)
    before, most = alive(), 0
    spider, lines = reader(), [line_of(number) for number in range(500)]
    every = iter(spider.json_lines(Response(DUMP, body=b"\n".join(lines))))

    def watched(response: Response) -> Iterator[Any]:
        nonlocal most
        for place, record in enumerate(every):
            if place % 100 == 50:
                most = max(most, alive())
            yield record

    monkeypatch.setattr(spider, "records", watched)
    for page in pages(spider, b""):
        most = max(most, alive())
        assert len(page.notices) == 100
    assert most - before <= 2 * 100


def test_of_a_dump_that_breaks_off_nothing_is_given() -> None:
    spider = reader()
    with pytest.raises(NotParsable, match=f"line {ROWS + 1}"):
        next(pages(spider, b"\n".join([*map(line_of, range(ROWS)), b'{"id": 7, "refer'])))


def test_a_record_that_is_known_is_named_and_not_read() -> None:
    spider = reader()
    known = {spider._hash(json.loads(line_of(3))): "3"}
    (page,) = pages(reader(known), b"\n".join(map(line_of, range(5))))
    assert page.known == ("3",)
    assert [notice.external_id for notice in page.notices] == ["0", "1", "2", "4"]


def test_an_empty_dump_is_one_empty_page() -> None:
    (page,) = pages(reader(), b"")
    assert (page.notices, page.unit is not None) == ([], True)


def test_a_dump_of_which_a_part_was_not_taken_whole_does_not_count_as_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dump, "BATCH", 10)
    spider = reader()
    job: Any = SimpleNamespace(account=Account(), options=SimpleNamespace(since=None),
                               run=SimpleNamespace(source=IsoOpenData.card))
    validate = Validate(job)
    body = b"\n".join(line_of(number, **({"icsCode": "23.100"} if number == 3 else {})) for number in range(20))
    first, last = map(validate.process_item, pages(spider, body))
    assert ([bad.record for bad in first.bad], len(last.notices)) == ([f"{DUMP} #4"], 10)
    assert last.unit is None
