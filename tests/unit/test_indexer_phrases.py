"""What the search server is given: texts that it cannot change, and the phrases that it would find wrongly."""

from __future__ import annotations

import re
from itertools import pairwise, product

from hypothesis import given
from hypothesis import strategies as st

from domain.criteria import BOUNDARY
from indexer.backends.meilisearch.texts import LONGEST_TEXT, decoded, encoded, phrase, text, value, whole_text
from indexer.backends.meilisearch.traps import LONGEST, SHORTEST, parts, traps, word

short_texts = st.lists(st.sampled_from(("a", "b", "c", BOUNDARY)), max_size=14)
short_phrases = st.lists(st.sampled_from("abc"), min_size=1, max_size=LONGEST).map(tuple)


@given(st.text(max_size=100), st.text(max_size=100))
def test_what_differs_still_differs_when_encoded(one: str, other: str) -> None:
    assert (encoded(one) == encoded(other)) == (one == other)
    assert re.fullmatch("[a-z0-9_]{1,250}", encoded(one))
    assert decoded(value(one)) == one


def test_every_sign_can_be_encoded() -> None:
    seen = {encoded(chr(code)) for code in range(0x11_0000)}
    assert len(seen) == 0x11_0000


def holds(tokens: list[str], wanted: tuple[str, ...]) -> bool:
    return any(tuple(tokens[at:at + len(wanted)]) == wanted for at in range(len(tokens)))


def seems_to_hold(tokens: list[str], wanted: tuple[str, ...]) -> bool:
    """What the server finds: neighbours are neighbours somewhere, and the next but one is near somewhere."""
    near = {*pairwise(tokens), *zip(tokens, tokens[2:], strict=False)}
    return (set(wanted) <= set(tokens) and set(pairwise(wanted)) <= set(pairwise(tokens))
            and set(zip(wanted, wanted[2:], strict=False)) <= near)


@given(short_texts, short_phrases)
def test_a_phrase_that_seems_to_stand_there_does_unless_it_falls_into_a_trap(
        tokens: list[str], wanted: tuple[str, ...]) -> None:
    found = traps(tokens)
    assert found is not None
    assert holds(tokens, wanted) == (seems_to_hold(tokens, wanted) and found.isdisjoint(parts(wanted)))


def test_short_phrases_of_one_text_one_by_one() -> None:
    tokens = ["a", "b", "x", "b", "c", "a", "b", "y"]
    found = traps(tokens)
    assert found is not None
    assert ("a", "b", "c") in found
    for length in range(SHORTEST, 6):
        for wanted in product("abcxy", repeat=length):
            assert holds(tokens, wanted) == (seems_to_hold(tokens, wanted) and found.isdisjoint(parts(wanted)))


def test_a_text_with_too_many_traps_says_so() -> None:
    assert traps([token for number in range(60) for token in (f"l{number}", "of", "the", f"r{number}")]) is None


def test_a_trap_is_no_token() -> None:
    assert word(("a", "b", "c")) != encoded(word(("a", "b", "c")))


def test_a_long_text_in_parts_is_the_same_text() -> None:
    for length in (0, 1, LONGEST_TEXT, LONGEST_TEXT + 1, 2 * LONGEST_TEXT - 2, 2 * LONGEST_TEXT - 1, 2 * LONGEST_TEXT + 5):
        tokens = [f"w{number}" for number in range(length)]
        assert whole_text(text(tokens)) == f" {phrase(tokens)} "
