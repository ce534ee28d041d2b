"""Before a subscription is saved: how many alerts the last 100 days would have brought, by the matcher itself."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import date, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from domain import clock
from domain.criteria import Criteria, Scope
from domain.notice import NoticeKind
from domain.subscription import Frequency
from storage import matches as kept
from storage.session import Database
from subscriptions.estimate import MOST, MOST_AT_ONCE, Estimate, TooBroad, check, estimate
from subscriptions.match import match
from tests.builders import notice, store
from tests.features.alerts import COMPRESSORS, NOON, world
from tests.moody import MoodyMailbox

TODAY = NOON.date()
FAR = date(2026, 1, 1)


@pytest.fixture
def noon(db: Database) -> Iterator[Database]:
    clock.fix(NOON)
    yield db
    clock.fix(None)


def test_only_what_the_last_hundred_days_brought_counts(noon: Database) -> None:
    store(noon, notice("old", published_on=TODAY - timedelta(days=101)),
          notice("first", published_on=TODAY - timedelta(days=100)),
          notice("last", published_on=TODAY), notice("mistaken", published_on=TODAY + timedelta(days=40)),
          notice("other", title="Face lotion", product="Lotion", category="Cosmetics", published_on=TODAY))
    found = estimate(noon, COMPRESSORS)
    assert (found.alerts, found.days) == (2, 2)
    assert [each.notice.external_id for each in found.examples] == ["last", "first"]


def test_an_event_that_two_publishers_tell_counts_once_and_a_material_change_again(noon: Database) -> None:
    store(noon, notice("A12/01234/26", published_on=FAR))
    store(noon, notice("fr", source="fr_rappelconso", market="FR", published_on=FAR))
    same = {"identifiers": ("A12/09999/26",), "published_on": TODAY}
    store(noon, notice("A12/09999/26", published_on=TODAY))
    store(noon, notice("fr2", source="fr_rappelconso", market="FR", **same))
    assert estimate(noon, COMPRESSORS).alerts == 1
    store(noon, notice("A12/09999/26", published_on=TODAY, measures=("recall_end_user",)))
    assert estimate(noon, COMPRESSORS).alerts == 2


def test_five_examples_are_shown_the_newest_first(noon: Database) -> None:
    store(noon, *(notice(f"n{day}", published_on=TODAY - timedelta(days=day)) for day in range(8)))
    found = estimate(noon, COMPRESSORS)
    assert found.alerts == 8
    assert [each.notice.external_id for each in found.examples] == ["n0", "n1", "n2", "n3", "n4"]


@settings(max_examples=25, suppress_health_check=list(HealthCheck))
@given(news=st.lists(st.tuples(st.sampled_from(["compressor", "lotion"]), st.sampled_from(["EU", "US"]),
                               st.integers(0, 3)), max_size=8),
       criteria=st.sampled_from([COMPRESSORS, replace(COMPRESSORS, markets=frozenset({"US"})), Criteria()]))
def test_it_counts_what_the_matcher_would_have_opened(
        tmp_path_factory: pytest.TempPathFactory, mailbox: MoodyMailbox, criteria: Criteria,
        news: list[tuple[str, str, int]]) -> None:
    """The oracle is the matcher: somebody who had subscribed before the news came has as many matches."""
    with world(tmp_path_factory.mktemp("w"), mailbox) as here:
        here.load()
        here.follow(criteria=criteria)
        before = estimate(here.db, criteria).alerts
        written = [notice(f"n{at}", product="Air compressor" if what == "compressor" else "Lotion",
                          title=f"Air compressor {at}" if what == "compressor" else f"Face lotion {at}",
                          category="", market=market, published_on=TODAY - timedelta(days=age))
                   for at, (what, market, age) in enumerate(news)]
        if written:
            store(here.db, *written)
        while match(here.db):
            pass
        with here.db.read() as session:
            persons = kept.persons_waiting(session, clock.now())
            opened = [len(found) for found in kept.waiting(session, persons).values()]
        assert estimate(here.db, criteria).alerts - before == sum(opened)


def test_case_39_what_would_be_noise_is_offered_as_a_digest_and_what_nobody_could_read_is_refused() -> None:
    quiet, noisy, flood = (Estimate(count, 1, ()) for count in (MOST_AT_ONCE, MOST_AT_ONCE + 1, MOST + 1))
    for frequency in Frequency:
        check(quiet, frequency, "zh")
    check(noisy, Frequency.DAILY, "zh")
    with pytest.raises(TooBroad, match=f"{MOST_AT_ONCE + 1} 条.*每日"):
        check(noisy, Frequency.IMMEDIATE, "zh")
    for frequency in Frequency:
        with pytest.raises(TooBroad, match=f"more than {MOST} alerts"):
            check(flood, frequency, "en")


def test_counting_ends_where_nobody_would_read_on(noon: Database) -> None:
    kind = NoticeKind.STANDARD
    store(noon, *(notice(f"n{at}", kind=kind, published_on=TODAY) for at in range(MOST + 40)))
    found = estimate(noon, Criteria(scope=Scope.ALL, kinds=frozenset({kind.value})))
    assert found.is_too_broad
    assert found.alerts == MOST + 1
