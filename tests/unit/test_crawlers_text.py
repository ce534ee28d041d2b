"""Text and dates as publishers write them."""

from __future__ import annotations

from datetime import date

import pytest

from crawlers.pipelines.normalise import normalised
from crawlers.pipelines.validate import is_web_address
from crawlers.text import day, first_sentence, iso_day, line, links, plain, stated, storable, visible
from tests.builders import notice


@pytest.mark.parametrize(("written", "read"), [
    ("H&amp;M", "H&M"), ("63 &amp;micro;g", "63 µg"), ("at&nbsp;home", "at\xa0home"), ("AT&T; R&D", "AT&T; R&D"),
    ("?a=1&copy=2", "?a=1&copy=2"), ("traction < 60 Newton, > 5", "traction < 60 Newton, > 5"),
    ("one<br/>two <b>three</b>", "one\ntwo three"), ("<p>a</p><p>b</p>", "a\nb"), ("<script>alert(1)</script>safe", "safe"),
    ("Pony <font color=\"#ff", "Pony"), ("x <a href=\"http://y.exa", "x"), ("&lt;b&gt;", "<b>"), (None, ""), ("  a\t", "a"),
])
def test_html_is_read_as_a_person_would(written: str | None, read: str) -> None:
    assert plain(written) == read


def test_a_line_is_one_line() -> None:
    assert line(" a<br/>b \n\n c ") == "a b c"


@pytest.mark.parametrize("nothing", ["Unknown", "unknown.", " N/A", "-", "--", "", None, "Not applicable"])
def test_words_for_nothing_say_nothing(nothing: str | None) -> None:
    assert stated(nothing) == ""


def test_only_web_addresses_are_links_and_their_punctuation_is_not() -> None:
    text = 'see https://a.example/x?b=1&amp;c=2, (http://b.example/y) or <a href="https://c.example">c</a>; javascript:x'
    assert links(text, None, "https://a.example/x?b=1&c=2") == (
        "https://a.example/x?b=1&c=2", "http://b.example/y", "https://c.example")


def test_a_date_in_another_form_is_no_date() -> None:
    assert day("06/02/2012", "%d/%m/%Y") == date(2012, 2, 6)
    assert [day(text, "%d/%m/%Y") for text in ("31/02/2012", "2012-02-06", "Unknown", "", None)] == [None] * 5
    assert iso_day("2026-01-14T00:00:00") == date(2026, 1, 14)
    assert [iso_day(text) for text in ("2026-01-14 or later", "60 days", "2026-1-14", "2026-11-31", None)] == [
        None, None, None, None, None]


def test_a_title_from_a_text_ends_at_a_sentence_or_a_word() -> None:
    assert first_sentence("Desk lamp YUPPY.Type: 5", 100) == "Desk lamp YUPPY"
    assert first_sentence("Candle (EAN no. 123) blue. Sold in pairs.", 100) == "Candle (EAN no. 123) blue"
    assert first_sentence("A very long name of a thing", 16) == "A very long …"


def test_invisible_signs_go_and_words_stay_apart() -> None:
    assert visible("zero\u200bwidth \u202ereversed\u202c\x00") == "zerowidth reversed"
    assert visible("one\x0btwo\u2028three\r\nfour") == "one two three\nfour"
    assert visible("lone \ud800 surrogate") == "lone  surrogate"


def test_raw_values_stay_as_written_but_for_what_no_database_takes() -> None:
    assert storable("a\u200b\u202eb\tc") == "a\u200b\u202eb\tc"
    assert storable("a\x00b\udfffc") == "a\ufffdb\ufffdc"


@pytest.mark.parametrize(("url", "answer"), [
    ("https://a.example/b?c=1#d", True), ("http://a.example:8080", True), ("https://[::1]/", True),
    ("https://例子.example/路", True), ("javascript:alert(1)", False), ("ftp://a.example/", False), ("//a.example/", False),
    ("https:/a.example", False), ("https:///a", False), ("https://", False), ("https://user@a.example/", False),
    ("https://a.example\\@b.example/", False), ("https:\\\\a.example", False), ("https://a.example/b c", False),
    (" https://a.example/", False), ("https://a.example/\n", False), ("https://a\u200b.example/", False),
    ("https://[a.example/", False), ("https://a.example/@b", True), ("", False),
])
def test_a_web_address_leads_where_it_seems_to(url: str, answer: bool) -> None:
    assert is_web_address(url) is answer


def test_a_notice_links_to_web_addresses_only() -> None:
    found = normalised(notice(title=" Air\u00a0 compressor\u200b ", summary="a\r\nb", identifiers=("1", "\u200b1", "\x00"),
                              documents=("javascript:alert(1)", "https://a.example/b c", "https://a.example/")))
    assert (found.title, found.summary, found.documents, found.identifiers) == (
        "Air compressor", "a\nb", ("https://a.example/",), ("1",))
