"""A hit shows why it was found: in its title, in the piece of its text around the match, or in the field that holds it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.classify import classify
from domain.criteria import Criteria
from indexer.excerpt import EXCERPT, LONGEST_TITLE, shown
from indexer.highlight import Segment
from indexer.understand import understand
from tests.builders import notice

FILLER = "The manufacturer offers a refund to all customers who return the product. "


def said(parts: Sequence[Segment]) -> str:
    return "".join(f"[{each.text}{f'〔{each.gloss}〕' if each.gloss else ''}]" if each.marked else each.text
                   for each in parts)


def hit(typed: str, **changes: Any) -> tuple[str, str, str]:
    """Title, excerpt and its field as a reader of Chinese sees them."""
    values: dict[str, Any] = {"product": "", "category": "", "summary": ""} | changes
    found = shown(notice(**values), understand(typed).criteria)
    return said(found.title), said(found.excerpt), found.field


def test_a_title_that_says_it_all_leaves_the_beginning_of_the_text() -> None:
    title, excerpt, field = hit("墨盒", title="Rückruf von Tintenpatronen", summary=f"Seit Mai. {FILLER * 4}Tintenpatrone")
    assert title == "Rückruf von [Tintenpatronen〔墨盒〕]"
    assert excerpt.startswith("Seit Mai. The manufacturer")
    assert excerpt.endswith("…")
    assert field == "summary"


@pytest.mark.parametrize("lead", [0, 1, 5, 6, 7, 12, 40])
def test_what_the_title_lacks_is_shown_where_it_first_stands(lead: int) -> None:
    _, excerpt, _ = hit("墨盒", title="Recall", summary=FILLER * lead + "An ink cartridge leaks. " + FILLER)
    assert "An [ink cartridge〔墨盒〕] leaks." in excerpt
    assert excerpt.startswith("…" if lead else "An")


def test_of_several_words_the_excerpt_shows_one_that_the_title_lacks() -> None:
    title, excerpt, _ = hit('toner "lead acetate"', title="Toner", summary="Toner. " + FILLER * 3 + "It holds lead acetate.")
    assert title == "[Toner]"
    assert "It holds [lead acetate]." in excerpt


@pytest.mark.parametrize(("typed", "field", "excerpt"), [
    ("墨盒", "product", "Compatible [ink cartridge〔墨盒〕] 12 ml"),
    ("EX-24/8", "model", "EX-20, [EX-24/8]"),
    ("SR/00001/26", "external_id", "[SR/00001/26]"),
    ("EN 286-1", "identifiers", "[EN 286-1], EN 1012"),
])
def test_where_only_another_field_holds_it_that_field_is_shown(typed: str, field: str, excerpt: str) -> None:
    assert hit(typed, title="Recall", summary=FILLER, product="Compatible ink cartridge 12 ml", model="EX-20, EX-24/8",
               identifiers=("EN 286-1", "EN 1012"))[1:] == (excerpt, field)


def test_a_meaning_is_told_once_a_text() -> None:
    title, excerpt, _ = hit("墨盒", title="Ink cartridge, INK CARTRIDGES", summary="Ink cartridges and ink cartridges")
    assert title == "[Ink cartridge〔墨盒〕], [INK CARTRIDGES]"
    assert excerpt == "[Ink cartridges〔墨盒〕] and [ink cartridges]"


def test_a_weak_term_tells_its_meaning_where_it_is_what_the_notice_was_filed_by() -> None:
    title = "ISO 3320:1987 Fluid power systems and components - Cylinder bores and piston rod diameters"
    standard = notice(title=title, product="", category="", summary="", ics_codes=("23.100.20",))
    criteria = understand("气缸").criteria
    assert "[Cylinder〔气缸〕] bores" in said(shown(standard, criteria, found_in=classify(standard)).title)
    assert "[Cylinder] bores" in said(shown(standard, criteria).title)


def test_without_a_match_the_text_begins_at_its_beginning() -> None:
    assert hit("墨盒", title="Recall", summary="A  short\n\ntext.") == ("Recall", "A short text.", "summary")
    assert hit("墨盒", title="Recall")[1] == ""


def test_a_title_too_long_to_read_is_cut_and_its_rest_is_still_searched() -> None:
    title, excerpt, field = hit("墨盒", title=FILLER * 20 + "Ink cartridges")
    assert len(title) <= LONGEST_TITLE + 1
    assert title.endswith("…")
    assert field == "title"
    assert excerpt.endswith("[Ink cartridges〔墨盒〕]")


def test_chinese_japanese_and_korean_are_cut_between_any_two_letters() -> None:
    japanese = "使用中止のお願い。" * 50 + "互換インクカートリッジの一部。"
    korean = "사용을 중지하십시오. " * 40 + "에어 컴프레서 화재"
    assert "互換[インクカートリッジ〔墨盒〕]の" in hit("墨盒", title="お知らせ", summary=japanese)[1]
    assert "[에어 컴프레서〔空气压缩机〕]" in hit("空压机", title="리콜", summary=korean)[1]


def test_a_window_cuts_no_word_so_that_its_end_looks_like_another() -> None:
    for lead in range(340, 420):
        _, excerpt, _ = hit("printer", title="Recall", summary="x" * 20 + " y" * (lead // 2) + " Sprinter van " + FILLER * 9)
        assert "[" not in excerpt


@settings(max_examples=100)
@given(st.text(max_size=900), st.text(max_size=400), st.sampled_from(["墨盒 RoHS", "a", "é", "气", '"1 2"']))
def test_no_text_breaks_it_and_an_excerpt_is_short(summary: str, title: str, typed: str) -> None:
    found = shown(notice(summary=summary, title=f"{title}!"), understand(typed).criteria)
    assert sum(len(each.text) for each in found.excerpt) <= EXCERPT + 1
    assert shown(notice(), Criteria()).field == "summary"
