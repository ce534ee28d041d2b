"""Links in mails: each for one purpose, for as long as it says."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest

from domain import clock
from subscriptions.tokens import BadToken, Confirmation, Leave, NewAddress, SignIn, Tokens

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)
tokens = Tokens("secret")
WRITERS: dict[str, Callable[[Tokens], str]] = {
    "confirm": lambda each: each.confirm(7, "li@firm.example", "zh"),
    "unsubscribe": lambda each: each.unsubscribe(3, (7, 8)),
    "sign_in": lambda each: each.sign_in(3, "li@firm.example"),
    "address": lambda each: each.address(3, "li@firm.example"),
    "reachable": lambda each: each.reachable(3, "li@firm.example"),
    "mail": lambda each: each.mail("<1@portal.example>"),
    "silence": lambda each: each.silence(3, (4,)), "outages": lambda each: each.outages(3),
    "calendar": lambda each: each.calendar(3, 0),
}
READERS: dict[str, Callable[[str], object]] = {
    "confirm": tokens.read_confirm, "unsubscribe": tokens.read_unsubscribe, "sign_in": tokens.read_sign_in,
    "address": tokens.read_address, "reachable": tokens.read_reachable, "mail": tokens.read_mail,
    "silence": tokens.read_silence, "outages": tokens.read_outages, "calendar": tokens.read_calendar}


def why(read: Callable[[str], object], token: str) -> str:
    with pytest.raises(BadToken) as raised:
        read(token)
    return raised.value.why


def test_a_link_says_what_it_was_made_to_say() -> None:
    assert tokens.read_confirm(tokens.confirm(7, "李@firm.example", "en")) == Confirmation(7, "李@firm.example", "en")
    assert tokens.read_unsubscribe(tokens.unsubscribe(3, (7, 8))) == Leave(3, (7, 8))
    assert tokens.read_mail(tokens.mail("<1@portal.example>")) == "<1@portal.example>"
    assert tokens.read_sign_in(tokens.sign_in(3, "li@firm.example")) == SignIn(3, "li@firm.example")
    assert tokens.read_address(tokens.address(3, "li@firm.example")) == NewAddress(3, "li@firm.example")


@pytest.mark.parametrize("made_for", WRITERS)
@pytest.mark.parametrize("used_for", READERS)
def test_a_link_of_another_purpose_is_refused(made_for: str, used_for: str) -> None:
    token = WRITERS[made_for](tokens)
    if made_for == used_for:
        READERS[used_for](token)
    else:
        assert why(READERS[used_for], token) == "broken"


@pytest.mark.parametrize(("purpose", "life"), [("confirm", timedelta(days=7)), ("sign_in", timedelta(minutes=10)),
                                              ("address", timedelta(days=1))])
def test_a_link_expires(purpose: str, life: timedelta) -> None:
    clock.fix(NOON)
    token = WRITERS[purpose](tokens)
    clock.fix(NOON + life)
    READERS[purpose](token)
    clock.fix(NOON + life + timedelta(seconds=1))
    assert why(READERS[purpose], token) == "expired"


@pytest.mark.parametrize("purpose", ["unsubscribe", "silence", "outages"])
def test_a_way_out_never_expires(purpose: str) -> None:
    clock.fix(NOON)
    token = WRITERS[purpose](tokens)
    said = READERS[purpose](token)
    clock.fix(NOON + timedelta(days=4000))
    assert READERS[purpose](token) == said


@pytest.mark.parametrize("spoil", [lambda _: "", lambda _: "x", lambda _: "a.b.c", lambda _: "令牌", lambda text: text[:-2],
                                   lambda text: "A" + text[1:], lambda text: text + "\n", lambda text: text * 500])
def test_a_spoilt_link_is_refused(spoil: Callable[[str], str]) -> None:
    for purpose, write in WRITERS.items():
        assert why(READERS[purpose], spoil(write(tokens))) == "broken"


def test_a_link_of_another_installation_is_refused() -> None:
    assert why(tokens.read_sign_in, Tokens("other").sign_in(3, "li@firm.example")) == "broken"


def test_a_person_is_told_in_their_language_what_is_wrong() -> None:
    assert str(BadToken("expired")) == BadToken("expired").text("zh-CN") == "链接已过期，请重新申请"
    assert BadToken("expired").text("en") == "The link has expired. Please ask for a new one."
