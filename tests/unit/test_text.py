"""One normaliser for index, matcher, criteria and classifier."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.text import clean, has_cjk, normalise, tokens


@pytest.mark.parametrize(("one", "other"), [
    ("Électrovannes", "ELECTROVANNES"), ("Türventil", "turventil"), ("Łożysko", "lozysko"), ("Straße", "strasse"),
    ("тормозной ЁЖ", "тормозной еж"), ("ＪＩＳ　Ｂ　８３６８", "jis b 8368"), ("電磁閥", "电磁阀"), ("ink‑jet", "ink-jet"),
    ("d’encre", "d'encre"), ("zero\u200bwidth", "zerowidth"), ("\u202eright\u202c", "right"), ("a \t\n b", "a b"),
    ("Strike Force™ Portable", "strike force portable"), ("soft\u00adhyphen", "softhyphen"), ("e\u0301", "é"),
    ("İSTANBUL", "istanbul"), ("1⁄2", "1/2"), ("ﬁlter", "filter"), ("\x00nul", "nul"),
    ("lone\ud800surrogate", "lonesurrogate"),
])
def test_texts_that_mean_the_same_become_equal(one: str, other: str) -> None:
    assert normalise(one) == normalise(other)


def test_voiced_kana_and_russian_letters_keep_their_marks() -> None:
    assert normalise("が") == "が"
    assert normalise("й") == "й"
    assert normalise("ガ") == normalise("ｶﾞ")


def test_cleaning_keeps_what_a_person_reads() -> None:
    assert clean("  Électro\u200bvanne\n電磁閥 ") == "Électrovanne 電磁閥"


@pytest.mark.parametrize(("text", "expected"), [
    ("Solenoid valve", ["solenoid", "valve"]),
    ("气缸盖", ["气缸", "缸盖"]),
    ("12V電磁閥", ["12", "v", "电磁", "磁阀"]),
    ("缸", ["缸"]),
    ("トナーカートリッジ", ["トナ", "ナー", "ーカ", "カー", "ート", "トリ", "リッ", "ッジ"]),
    ("공기압 밸브", ["공기", "기압", "밸브"]),
    ("2011/65/EU", ["2011", "65", "eu"]),
    ("G/TBT/N/EU/9101", ["g", "tbt", "n", "eu", "9101"]),
    ("ISO 15552:2018", ["iso", "15552", "2018"]),
    ("ISO15552", ["iso", "15552"]),
    ("TN-2420 XL", ["tn", "2420", "xl"]),
    ("CO2 at 12V", ["co", "2", "at", "12", "v"]),
    ("सुरक्षा मानक", ["सुरक्षा", "मानक"]),
    ("ประกาศ", ["ประกาศ"]),
    ("snake_case", ["snake", "case"]),
    ("… – !", []),
])
def test_tokens(text: str, expected: list[str]) -> None:
    assert tokens(text) == expected


def test_a_part_of_an_identifier_is_found_by_its_tokens_in_sequence() -> None:
    whole = tokens("Amendment of Annex III to Directive 2011/65/EU (RoHS)")
    part = tokens("2011/65/EU")
    assert any(whole[place:place + len(part)] == part for place in range(len(whole)))


def test_any_two_letters_in_a_row_are_a_token_of_a_chinese_text() -> None:
    assert set(tokens("电磁阀")) <= set(tokens("出口德国的12V電磁閥被通报"))


@given(st.text(max_size=60))
def test_normalising_never_fails_and_leaves_no_capital_blank_run_or_invisible(text: str) -> None:
    plain = normalise(text)
    assert plain == plain.strip()
    assert "  " not in plain
    assert "\u200b" not in plain
    assert all(token and " " not in token for token in tokens(text))


@given(st.text(alphabet=st.characters(max_codepoint=0x24F), max_size=60))
def test_normalising_alphabetic_text_twice_changes_nothing(text: str) -> None:
    assert normalise(normalise(text)) == normalise(text)


def test_cjk_is_told_from_other_scripts() -> None:
    assert has_cjk("墨盒")
    assert has_cjk("インク")
    assert has_cjk("잉크")
    assert not has_cjk("Чернила")
    assert not has_cjk("ink, 墨"[:4])
    assert not has_cjk("")


def test_tokenising_a_day_of_notices_takes_no_time() -> None:
    text = ("The product poses a risk of burst because the safety valve opens too late; it does not comply with the "
            "Pressure Equipment Directive nor with EN 1012-1. ") * 5
    started = time.perf_counter()
    for _ in range(2_000):
        tokens(text)
    assert time.perf_counter() - started < 1.0, "far below 2,000 notices a second: the fast path is lost"
