"""Cards, settings, gateway addresses and verdicts."""

from __future__ import annotations

import math
from pathlib import Path

import pytest
from scrapy.http import TextResponse

from crawlers import settings
from crawlers.cards import cards, spider
from crawlers.errors import (
    Blocked,
    ShapeChanged,
    SourceError,
    bad_status,
    field_missing,
    html_instead,
    is_html,
    not_parsable,
)
from crawlers.fetch.gateway import through
from crawlers.fetch.retry import wanted_wait
from crawlers.fields import Fields
from crawlers.job import Account, BadRecord
from crawlers.verdict import verdict
from domain.errors import NotFound
from domain.source import Grade

URL = "https://source.example/list"


def test_a_card_a_file_and_a_class_bear_the_same_name() -> None:
    found = cards()
    assert [card.slug for card in found] == sorted(
        path.stem for path in Path(settings.__file__).parent.joinpath("spiders").glob("[a-z]*.py"))
    for card in found:
        assert spider(card.slug).__name__.lower() == card.slug.replace("_", "")


def test_no_card_leaves_anything_open() -> None:
    for card in cards():
        texts = (card.title, card.title_zh, card.summary, card.summary_zh, card.licence, card.publisher.name,
                 card.publisher.name_zh)
        assert all(text.strip() for text in texts), card.slug
        assert card.caveats, card.slug
        assert len(card.caveats) == len(card.caveats_zh), card.slug
        assert card.delay >= 1, f"{card.slug} is asked more than once a second"
        assert card.url.startswith("https://") or any("(TLS)" in caveat for caveat in card.caveats), card.slug


def test_only_what_is_crawled_has_hosts_and_a_floor() -> None:
    for card in cards():
        is_crawled = card.grade is not Grade.CARD_ONLY
        assert bool(card.hosts) is is_crawled, card.slug
        assert (card.expectation.min_items > 0) is is_crawled, card.slug
        assert is_crawled or len(card.caveats) > 1, f"{card.slug} does not say why it is not crawled and where to look"


@pytest.mark.parametrize("slug", ["atlantis", "__init__", "../run", ""])
def test_there_is_no_spider_of_another_name(slug: str) -> None:
    with pytest.raises(NotFound):
        spider(slug)


@pytest.mark.parametrize(("url", "asked"), [
    ("https://a.example/b/c?d=%7C&e", "http://127.0.0.1:9/a.example/b/c?d=%7C&e"),
    ("http://a.example", "http://127.0.0.1:9/a.example/"),
    ("https://user:word@a.example:8443/x", "http://127.0.0.1:9/a.example:8443/x"),
])
def test_the_gateway_is_asked_for_the_real_address(url: str, asked: str) -> None:
    assert through("http://127.0.0.1:9/", url) == asked
    assert through("http://127.0.0.1:9", url) == asked


@pytest.mark.parametrize(("value", "seconds"), [
    (b"5", 5.0), (b" 7 ", 7.0), (b"Fri, 20 Nov 2026 10:00:09 GMT", 9.0), (b"Fri, 20 Nov 2026 09:00:00 GMT", 0.0),
    (b"Sat, 20 Nov 2027 10:00:00 GMT", 365 * 86400.0), (b"99999999999999", math.inf), (b"-1", 0.0), (b"soon", 0.0),
    (b"", 0.0),
])
def test_a_wait_is_asked_for_in_seconds_or_until_a_date(value: bytes, seconds: float) -> None:
    headers = {"Retry-After": value, "Date": b"Fri, 20 Nov 2026 10:00:00 GMT"}
    assert wanted_wait(TextResponse(URL, headers=headers)) == seconds


@pytest.mark.parametrize(("body", "kind", "answer"), [
    (b"<!DOCTYPE html><p>", "application/json", True), (b"\xef\xbb\xbf\n<HTML>", "application/xml", True),
    (b"Sorry.", "text/html; charset=utf-8", True), (b"<?xml version='1.0'?><a/>", "text/html", False),
    (b'{"a": 1}', "text/html", False), (b"<Safety-Gate/>", "application/xml", False), (b"", "application/json", False),
    (bytes(10_000), "text/html", False), ("\ufeff<p>잠시".encode("utf-16-le"), "text/html", True),
    ("<p>".encode("utf-16-be"), "text/html", True),
])
def test_a_page_for_people_is_known_by_its_looks(body: bytes, kind: str, answer: bool) -> None:
    assert is_html(TextResponse(URL, body=body, headers={"Content-Type": kind})) is answer


def test_fields_are_handled_ignored_by_name_or_loud() -> None:
    fields = Fields(("id", "title"), ("note",), ("order",))
    assert fields.check({"id": 1, "title": 2, "order": 3}, URL, "1") == frozenset()
    assert fields.check({"id": 1, "title": 2, "colour": 3}, URL, "1") == {"colour"}
    with pytest.raises(ShapeChanged, match="“title” is missing"):
        fields.check({"id": 1}, URL, "1")
    fields.check_all({"id", "title", "note", "colour"}, URL)
    fields.check_all({"id", "title"}, URL)
    with pytest.raises(ShapeChanged, match=r"“note” is missing .in no record, while 'colour' is new"):
        fields.check_all({"id", "title", "order", "colour"}, URL)
    assert fields.raw({"id": "1", "title": "", "order": "2", "colour": "red", "note": None}) == {"id": "1", "colour": "red"}


def account(seen: int = 10, *losses: tuple[SourceError, bool], **changes: object) -> Account:
    found = Account(asked=12)
    found.tally.seen = seen
    for error, entry in losses:
        found.lose(URL, error, entry)
    for name, value in changes.items():
        setattr(found, name, value)
    return found


SPOILT, SHAPE = (not_parsable(URL, "XML", "no"), False), (field_missing(URL, "title", "1"), False)
LOST, BLOCKED = (bad_status(URL, 500), False), (html_instead(URL, b"<title>Wait</title>"), False)


@pytest.mark.parametrize(("given", "said"), [
    (account(), ("ok", "ok")),
    (account(4), ("incomplete", "below_floor")),
    (account(10, stated=11, got=10), ("incomplete", "listing_short")),
    (account(10, LOST, stated=11, got=10), ("incomplete", "pages_lost")),
    (account(10, BLOCKED), ("incomplete", "pages_lost")),
    (account(0, LOST), ("failed", "http_status")),
    (account(0, BLOCKED), ("blocked", "html_instead")),
    (account(10, (bad_status(URL, 403), True)), ("blocked", "http_status")),
    (account(10, LOST, (not_parsable(URL, "XML", "no"), True)), ("failed", "not_parsable")),
    (account(10, LOST, (field_missing(URL, "title", "1"), False)), ("failed", "field_missing")),
    (account(10, LOST, error="KeyError: x"), ("failed", "error")),
    (account(10, bad=[BadRecord("1", "no title")]), ("incomplete", "records_lost")),
    (account(10, LOST, bad=[BadRecord("1", "no title")]), ("incomplete", "pages_lost")),
    (account(4, bad=[BadRecord("1", "no title")]), ("incomplete", "below_floor")),
    (account(10, SPOILT), ("failed", "not_parsable")),
    (account(10, SPOILT, asked=19), ("failed", "not_parsable")),
    (account(10, SPOILT, asked=20), ("failed", "not_parsable")),
    (account(10, SPOILT, asked=21), ("incomplete", "pages_lost")),
    (account(10, SPOILT, SHAPE, asked=40), ("failed", "not_parsable")),
    (account(10, SPOILT, SHAPE, asked=41), ("incomplete", "pages_lost")),
    (account(10, (not_parsable(URL, "XML", "no"), True), asked=41), ("failed", "not_parsable")),
    (account(10, SPOILT, known=900), ("failed", "not_parsable")),
])
def test_the_gravest_thing_decides_how_a_run_ended(given: Account, said: tuple[str, str]) -> None:
    status, reason = verdict(given, 5)
    assert (status, reason.code) == said
    assert all("{" not in reason.text(lang) for lang in ("en", "zh"))


def test_an_old_page_that_stays_unreadable_is_measured_against_the_whole_archive_a_new_one_is_not() -> None:
    found = account(10, known=900)
    found.lose(URL, not_parsable(URL, "XML", "no"), entry=False, archive=True)
    assert verdict(found, 5)[1].code == "pages_lost"
    found.lose(URL, not_parsable(URL, "XML", "no"), entry=False)
    assert verdict(found, 5)[1].code == "not_parsable"


def test_a_run_that_was_asked_for_a_part_has_no_floor_and_one_that_was_stopped_no_excuse() -> None:
    assert verdict(account(0), None)[0] == "ok"
    assert verdict(account(10), 5, finished=False)[1].code == "interrupted"


def test_refusals_are_told_from_absence() -> None:
    assert isinstance(bad_status(URL, 429), Blocked)
    assert not isinstance(bad_status(URL, 404), Blocked)
