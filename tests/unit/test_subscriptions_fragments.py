"""Mails assembled of kept pieces say, byte for byte, what one rendering of the whole says."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from functools import cache
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from bench.plain_mail import whole
from domain import clock
from domain.classification import Classification, Confidence
from domain.classify import classify
from domain.criteria import Criteria, Scope
from domain.notice import Notice, NoticeKind, NoticeStatus
from domain.organisation import Person
from domain.relations import Deadline
from domain.subscription import Subscription, SubscriptionState, Topic
from storage.notices import StoredNotice
from storage.publishers import SourceName
from subscriptions.alert import SHAPES, alert
from subscriptions.fragments import Fragments
from subscriptions.inert import one_line
from subscriptions.news import News, Told
from subscriptions.render import Written
from tests.builders import notice

NOW = datetime(2026, 11, 20, 4, tzinfo=UTC)
SOURCE = SourceName("EU & alerts", "欧盟 <通报>", "Commission", "欧盟委员会")
SOURCES = {"eu_safety_gate": SOURCE}
BASE_URL, LEAVE, ALL = "https://portal.example", "https://portal.example/unsubscribe/u?a&b", "https://portal.example/mails/m"
TEXTS = st.text(st.characters(), max_size=40)
CRITERIA = (Criteria(), Criteria(words=("pressure vessel",)), Criteria(product_types=frozenset({"air_compressor"})),
            Criteria(scope=Scope.ALL), Criteria(words=("{x}", "<b>")))
SHARED = Fragments(BASE_URL, most=8)
"""One store of pieces for all examples, and too small for them: what is kept must never show in another mail."""


def assembled(news: News, fragments: Fragments, sources: dict[str, SourceName] = SOURCES) -> Written:
    return alert(news, sources, fragments, BASE_URL, LEAVE, lambda: ALL)


def rendered(news: News) -> Written:
    return whole(news, SOURCES, SHAPES[0], BASE_URL, LEAVE, ALL)


@cache
def told_of() -> st.SearchStrategy[Notice]:
    return st.builds(
        notice, st.sampled_from(("SR/1/26", "SR/2/26")), title=st.one_of(TEXTS.filter(str.strip), st.just("Air compressor")),
        summary=TEXTS, brand=TEXTS, kind=st.sampled_from(NoticeKind),
        hazards=st.sampled_from(((), ("fire",), ("burns", "fire"))),
        comment_deadline=st.sampled_from((None, date(2026, 11, 20), date(2026, 12, 1))), identifiers=st.tuples(TEXTS),
        effective_on=st.sampled_from((None, date(2027, 7, 1))), lang=st.sampled_from(("en", '"><script>')),
        url=st.sampled_from(("https://publisher.example/a?b=1&c=2", "javascript:alert(1)")))


def stored(number: int, each: Notice, found: Classification, version: int, status: NoticeStatus) -> StoredNotice:
    return StoredNotice(number, each, found, "event", version, version, status, None, None, None, NOW, NOW, None)


@st.composite
def news(draw: st.DrawFn) -> News:
    labels = draw(st.lists(TEXTS, min_size=1, max_size=4))
    asked = [Subscription(at + 1, 1, Topic.NOTICES, label, draw(st.sampled_from(CRITERIA)), SubscriptionState.ACTIVE)
             for at, label in enumerate(labels)]
    told = []
    for number in range(draw(st.integers(1, 4))):
        each = draw(told_of())
        found = draw(st.sampled_from((classify(each), Classification({"air_compressor": Confidence.LOW}))))
        told.append(Told(
            stored(number, each, found, draw(st.integers(1, 2)), draw(st.sampled_from(NoticeStatus))),
            tuple(draw(st.lists(st.sampled_from(asked), min_size=1, unique_by=lambda one: one.id))), (number + 1,),
            draw(st.one_of(st.none(), told_of())), draw(st.booleans()),
            draw(st.sampled_from((None, Deadline(date(2026, 12, 20), "G/TBT/N/EU/1"))))))
    return News(Person(1, "", draw(st.sampled_from(("zh", "en"))), True, "li@firm.example"), tuple(told), {})


@settings(max_examples=150)
@given(news=news(), days=st.integers(0, 2))
def test_pieces_that_are_kept_make_the_mail_that_one_rendering_makes(news: News, days: int) -> None:
    clock.fix(NOW + timedelta(days=days))
    assert assembled(news, SHARED) == rendered(news)


def crowd(count: int, **changes: Any) -> News:
    asked = (Subscription(1, 1, Topic.NOTICES, "空压机", CRITERIA[2], SubscriptionState.ACTIVE),)
    told = [Told(stored(number, each, classify(each), 1, NoticeStatus.ACTIVE), asked, (number,))
            for number in range(1, count + 1)
            for each in [notice(f"SR/{number}", title=f"Air compressor {number}", **changes)]]
    return News(Person(1, "", "zh", True, "li@firm.example"), tuple(told), {})


def test_what_is_shown_by_title_is_the_same_too() -> None:
    clock.fix(NOW)
    for count in (20, 21, 80, 81, 300):
        assert assembled(crowd(count), SHARED) == rendered(crowd(count))


def test_a_piece_is_made_anew_when_what_it_shows_has_changed() -> None:
    clock.fix(NOW)
    fragments = Fragments(BASE_URL)
    first = crowd(1, comment_deadline=date(2026, 12, 1))
    assert "还剩 11 天" in assembled(first, fragments).html
    clock.fix(NOW + timedelta(days=1))
    assert "还剩 10 天" in assembled(first, fragments).html
    (told,) = first.told
    for name, value in (("stored", replace(told.stored, notice=replace(told.stored.notice, hazards=("burns",)))),
                        ("stored", replace(told.stored, classification=Classification())),
                        ("stored", replace(told.stored, status=NoticeStatus.WITHDRAWN))):
        changed = replace(first, told=(replace(told, **{name: value}),))
        assert assembled(changed, fragments) == rendered(changed)
    renamed = {"eu_safety_gate": replace(SOURCE, publisher_zh="新名称")}
    assert "新名称" in assembled(first, fragments, renamed).html


def test_no_more_is_kept_than_is_allowed() -> None:
    clock.fix(NOW)
    fragments = Fragments(BASE_URL, most=5)
    assembled(crowd(20), fragments)
    assert len(fragments) == 5


def test_nobody_can_bring_the_mark_of_a_place_for_names() -> None:
    assert one_line("a\x00b") == "ab"
