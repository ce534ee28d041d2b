"""Feeds: what is refused, what is read from where, which renamed field fails a page."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from scrapy.http import TextResponse

from crawlers.bases.feed import RSS_FORM, Entry, Feed, FeedSpider
from crawlers.errors import Blocked, NoAnswer, NotParsable, ShapeChanged, SourceError
from crawlers.fields import Fields
from crawlers.job import CrawlOptions, Job
from crawlers.spiders.uk_legislation import UkLegislation
from storage.captures import CaptureStore
from storage.runs import Run
from storage.session import Database

URL = "https://www.legislation.gov.uk/all/data.feed?results-count=100&sort=published&page=1"
PAGE = Path(__file__).parent.parent / "sources" / "uk_legislation" / "feed.1.xml"


class Notes(FeedSpider):
    """An RSS feed of nobody."""

    name = "notes"
    form = RSS_FORM
    namespaces = {"https://own.example/ns": "own"}
    head = Fields(("title", "link"), ("item",))
    fields = Fields(("title", "link", "guid"), ("description", "own:number"))


def response(body: bytes, status: int = 200, kind: str = "application/atom+xml") -> TextResponse:
    return TextResponse(URL, body=body, status=status, headers={"Content-Type": kind})


@pytest.fixture
def uk(db: Database, tmp_path: Path) -> UkLegislation:
    options = CrawlOptions(None, None, "https://zone.example")
    return UkLegislation(job=Job(Run(0, UkLegislation.card, False, None), db, CaptureStore(str(tmp_path)), options, 0, {}))


def read(uk: UkLegislation, body: bytes, number: int = 1) -> Feed:
    feed = uk.feed(response(body))
    uk._check(feed, URL, number)
    return feed


def named(uk: UkLegislation, ending: str) -> Entry:
    return next(entry for entry in read(uk, PAGE.read_bytes()).entries if entry.core.id.endswith(ending))


@pytest.mark.parametrize(("body", "status", "error", "said"), [
    (b"<html><head><title>Are you human?</title></head></html>", 200, Blocked, "Are you human?"),
    (b'<?xml version="1.0"?><!DOCTYPE feed [<!ENTITY x "y">]><feed xmlns="http://www.w3.org/2005/Atom"/>', 200, NotParsable,
     "DOCTYPE"),
    (b'<feed xmlns="http://www.w3.org/2005/Atom"><entry></feed>', 200, NotParsable, "readable XML"),
    (b"", 200, NotParsable, "readable XML"), (b"", 202, NoAnswer, "status 202"),
    (str(PAGE).encode(), 200, NotParsable, "readable XML"),
    (b"<rss><channel/></rss>", 200, ShapeChanged, "the root element is <rss>"),
    (b"<feed/>", 200, ShapeChanged, "the root element is <feed>"),
])
def test_what_is_no_feed_is_refused(
        uk: UkLegislation, body: bytes, status: int, error: type[SourceError], said: str) -> None:
    with pytest.raises(error, match=re.escape(said)):
        uk.feed(response(body, status))


def test_a_feed_that_is_another_page_than_the_one_asked_for_is_no_answer_to_it(uk: UkLegislation) -> None:
    with pytest.raises(ShapeChanged, match="leg:page is '1', page 2 was asked for"):
        read(uk, PAGE.read_bytes(), number=2)


def test_the_publishers_own_elements_are_those_of_the_entry_not_of_one_inside_it(uk: UkLegislation) -> None:
    entry = named(uk, "/uksi/2026/9001")
    assert entry.values("ukm:DocumentMainType", "Value") == ["UnitedKingdomStatutoryInstrument"]
    assert entry.values("ukm:Year", "Value") == ["2026"]
    assert entry.values("ukm:Subject", "Value") == ["HEALTH AND SAFETY", "CONSUMER PROTECTION"]
    assert entry.core["ukm_documentmaintype"]["value"] == "UnitedKingdomDraftStatutoryInstrument", "feedparser's reading"


def test_a_text_is_told_apart_by_language(uk: UkLegislation) -> None:
    assert named(uk, "/wsi/2026/9002").by_language("summary", "en") == {
        "en": "This Order concerns toner cartridges.\nIt applies in relation to Wales.",
        "cy": "Mae’r Gorchymyn hwn yn ymwneud â chetris arlliw."}
    assert named(uk, "/wsi/2026/9003").by_language("title", "en") == {
        "cy": "Gorchymyn Cefnffordd yr A99 (Gwahardd Aros) 2026"}
    assert named(uk, "/wsi/2026/9003").by_language("summary", "en") == {}


READ = sorted({"entry", "leg:page", *UkLegislation.fields.required, *UkLegislation.fields.optional})


@pytest.mark.parametrize("field", READ)
def test_every_field_that_is_read_fails_the_newest_page_when_it_is_renamed(uk: UkLegislation, field: str) -> None:
    body = re.sub(rf"(?<=<){field}(?=[\s>/])|(?<=</){field}(?=>)", f"{field}Renamed", PAGE.read_text("utf-8"))
    with pytest.raises(ShapeChanged, match=f"the field “{field}” is missing"):
        read(uk, body.encode())


def test_a_new_field_beside_all_known_ones_is_told_and_no_more(uk: UkLegislation) -> None:
    body = PAGE.read_bytes().replace(b"<author><name/></author>", b"<ukm:Extent/><author/>")
    assert len(read(uk, body).entries) == 4
    assert uk.job.account.warnings == {"unknown field 'ukm:Extent'": 4}


def test_rss_is_read_as_well() -> None:
    body = b"""<?xml version="1.0"?><rss version="2.0" xmlns:own="https://own.example/ns" xmlns:atom="http://www.w3.org/2005/Atom">
        <channel><title>Notes</title><link>https://own.example/</link>
        <atom:link rel="next" href="https://own.example/feed?page=2"/><item><title>Ink &amp; toner</title>
        <link>https://own.example/1</link><guid>n-1</guid><description>&lt;p&gt;Of &lt;b&gt;inks&lt;/b&gt;.&lt;/p&gt;
        </description><own:number>7</own:number></item></channel></rss>"""
    feed = Notes().feed(response(body, kind="application/rss+xml"))
    entry, = feed.entries
    assert (feed.stated["title"], feed.has_next) == ("Notes", True)
    assert (entry.core.id, entry.core.title, entry.core.published if "published" in entry.core else "") == (
        "n-1", "Ink & toner", "")
    assert entry.by_language("description", "en") == {"en": "Of inks."}
    assert entry.raw()["own:number"] == "7"
