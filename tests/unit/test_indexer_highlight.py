"""Marks show why a notice was found."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.criteria import Criteria
from indexer.highlight import highlight, marks
from indexer.terms import Finder, longest, units
from indexer.understand import understand


def shown(typed: str, text: str, lang: str = "zh") -> str:
    """The text with marks in brackets and glosses as readers see them."""
    return "".join(f"[{each.text}{f'〔{each.gloss}〕' if each.gloss else ''}]" if each.marked else each.text
                   for each in highlight(text, understand(typed).criteria, lang))


@pytest.mark.parametrize(("typed", "text", "marked"), [
    ("Tinte", "Die tinte, TINTE und Tintenfass", "Die [tinte], [TINTE] und Tintenfass"),
    ("printer", "Sprinter or printer", "Sprinter or [printer]"),
    ("“磁阀”", "电磁阀", "电[磁阀]"),
    ('"12V valve"', "A 12V-valve and a valve", "A [12V-valve] and a valve"),
    ("ISO 15552", "nach ISO15552:2018", "nach [ISO15552]:2018"),
    ("électrique", "Electrique E\u0301LECTRIQUE", "[Electrique] [E\u0301LECTRIQUE]"),
    ("１２Ｖ", "12v", "[12v]"),
    ("12V", "24 V or 12 V, 112 V", "24 V or [12 V], 112 V"),
    ("ISO15552", "ISO 15552 and ISO 155521", "[ISO 15552] and ISO 155521"),
    ("“阀”", "电磁阀、阀门", "电磁[阀]、[阀]门"),
    ("“V”", "V and VW, 5V", "[V] and VW, 5[V]"),
    ("G/TBT/N/EU/9101", "see G/TBT/N/EU/9101/Add.1", "see [G/TBT/N/EU/9101]/Add.1"),
])
def test_words_of_the_search_are_marked(typed: str, text: str, marked: str) -> None:
    assert shown(typed, text) == marked


def test_terms_of_a_product_type_are_marked_with_what_they_mean() -> None:
    text = "Tintenpatronen, インクカートリッジ, 墨水匣, Ink Cartridge, blink"
    assert shown("墨盒", text).split(", ") == [
        "[Tintenpatronen〔墨盒〕]", "[インクカートリッジ〔墨盒〕]", "[墨水匣]", "[Ink Cartridge〔墨盒〕]", "blink"]
    assert shown("墨盒", text, "en").split(", ") == [
        "[Tintenpatronen〔Ink cartridge〕]", "[インクカートリッジ〔Ink cartridge〕]", "[墨水匣〔Ink cartridge〕]",
        "[Ink Cartridge]", "blink"]


def test_a_false_friend_is_not_marked() -> None:
    assert shown("气缸", "气缸盖和气缸") == "气缸盖和[气缸]"


def test_a_weak_term_is_marked_only_where_nothing_better_stands_and_without_a_meaning() -> None:
    assert shown("气缸", "A cylinder") == "A [cylinder]"
    assert shown("气缸", "Air cylinder with a cylinder") == "[Air cylinder〔气缸〕] with a cylinder"


def test_a_meaning_leaves_out_what_a_name_explains_in_brackets() -> None:
    assert shown("冷干机", "エアドライヤ") == "[エアドライヤ〔冷干机/吸干机〕]"


def test_names_of_a_regulation_are_marked() -> None:
    assert shown("RoHS", "under RoHS, Directive 2011/65/EU") == "under [RoHS], Directive [2011/65/EU]"
    assert shown("RoHS", "依据欧盟RoHS指令") == "依据[欧盟RoHS指令]"
    assert shown("REACH", "out of reach, REACH") == "out of reach, [REACH]"


def test_excluded_words_are_not_marked() -> None:
    assert shown("toner -tattoo", "toner tattoo") == "[toner] tattoo"


@settings(max_examples=200)
@given(st.text(max_size=80), st.sampled_from(["墨盒 RoHS", "a", "é", "\u0301", "气", "ß"]))
def test_the_segments_joined_are_the_text(text: str, typed: str) -> None:
    assert "".join(each.text for each in highlight(text, understand(typed).criteria)) == text


def test_an_unknown_product_type_marks_nothing() -> None:
    (segment,) = highlight("Ink", Criteria(product_types=frozenset({"gone"})))
    assert not segment.marked


WRITTEN = st.lists(st.sampled_from((
    "ink", "Inkjet", "ink jet", "INK-JET", "Türventil", "turventil", "12V", "12 V", "ISO15552", "ISO 15552", "电磁阀",
    "電磁閥", "阀", "プリンタ", "ß", "ﬁlter", "e\u0301", " ", "-", "_", "/", ".", "x", "3")), max_size=8).map("".join)


@settings(max_examples=400)
@given(text=WRITTEN, words=st.lists(WRITTEN.filter(str.strip), min_size=1, max_size=2).map(tuple))
def test_words_are_marked_the_same_the_quick_way_and_unit_by_unit(text: str, words: tuple[str, ...]) -> None:
    quick = {(mark.start, mark.end) for mark in marks(text, Criteria(words=words))}
    finder, found = Finder[str](), units(text)
    for word in words:
        finder.add(word, word, inflect=False, loose=True)
    slow = {(found[hit.first].start, found[hit.end - 1].end) for hit in longest(finder.find(found))}
    assert quick == slow or all(any(start < other_end and other < end for other, other_end in slow)
                                for start, end in quick ^ slow), "they differ only where words overlap"
