"""CAS numbers in texts: found as they are written, told from dates, other numbers and slips of the pen."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crawlers.pipelines.normalise import MOST_VALUES, normalised
from domain.cas import cas_numbers, check_digit
from tests.builders import notice

NUMBERS = st.builds(lambda first, second: f"{first}-{second:02d}-{check_digit(f'{first}{second:02d}')}",
                    st.integers(10, 9_999_999), st.integers(13, 99))
"""Those that are no days."""


@pytest.mark.parametrize(("text", "found"), [
    ("lead (CAS 7439-92-1), EC 231-100-4", ("7439-92-1",)),
    ("炭黑1333-86-4，苯71-43-2。", ("1333-86-4", "71-43-2")),
    ("bisphenol A (80\u201105\u20117)", ("80-05-7",)),
    ("50-00-0; 50-00-0, 50-00-0.", ("50-00-0",)),
    ("7439-92-2, 07439-92-1, 7439-92-1-2, X7439-92-1, 7439-92-11, 1,7439-92-1", ()),
    ("picloram, CAS 1918-02-1", ("1918-02-1",)),
    ("announced on 1918-02-1 in case 7", ()),
    ("", ()),
])
def test_what_is_a_number(text: str, found: tuple[str, ...]) -> None:
    assert cas_numbers(text) == found


@given(st.lists(NUMBERS, max_size=5), st.sampled_from(("-", "\u2010", "\u2011", "\u2013", "\u2212")),
       st.sampled_from((", ", " ", "；", ") (", "\n", "和")))
def test_every_number_is_found_once_however_it_is_written(numbers: list[str], hyphen: str, between: str) -> None:
    text = between.join(number.replace("-", hyphen) for number in numbers)
    assert cas_numbers(f"CAS: {text}.") == tuple(dict.fromkeys(numbers))


@given(NUMBERS, st.integers(1, 9))
def test_a_slip_in_the_last_digit_is_no_number(number: str, slip: int) -> None:
    assert cas_numbers(number[:-1] + str((int(number[-1]) + slip) % 10)) == ()


@given(st.text())
def test_any_text_is_taken(text: str) -> None:
    assert all(number.replace("-", "").isdigit() for number in cas_numbers(text))


def test_a_notice_is_found_by_the_numbers_in_its_texts() -> None:
    found = normalised(notice(title="Lead, 7439-92-1", product="Toner with 1333-86-4", summary="lead 7439-92-1; 71-43-2",
                              identifiers=("71-43-2", "A-1")))
    assert found.identifiers == ("71-43-2", "A-1", "7439-92-1", "1333-86-4")


def test_the_numbers_of_a_notice_are_bounded() -> None:
    text = " ".join(f"{first}-13-{check_digit(f'{first}13')}" for first in range(10, MOST_VALUES + 100))
    assert len(normalised(notice(summary=text)).identifiers) == MOST_VALUES
