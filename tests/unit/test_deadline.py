"""What the day makes of a deadline: when it has passed, how many days are left, which reminder is due."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo, available_timezones

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain import clock
from domain.deadline import STEPS, DeadlineKind, closes_at, closing_text, days_left, reminder
from domain.market import MARKETS

BEIJING = ZoneInfo("Asia/Shanghai")
DAY = date(2026, 12, 1)
DAYS = st.dates(date(2026, 1, 1), date(2030, 1, 1))


@pytest.fixture(autouse=True)
def _running_clock() -> Iterator[None]:
    yield
    clock.fix(None)


@pytest.mark.parametrize(("market", "lang", "said"), [
    ("EU", "zh", "2026-12-01（欧盟当地时间 24:00 前，即北京时间 12 月 2 日 07:00）"),
    ("US", "zh", "2026-12-01（美国当地时间 24:00 前，即北京时间 12 月 2 日 13:00）"),
    ("JP", "zh", "2026-12-01（日本当地时间 24:00 前，即北京时间 12 月 1 日 23:00）"),
    ("MY", "zh", "2026-12-01（马来西亚当地时间 24:00 前，与北京时间相同）"),
    ("INT", "zh", "2026-12-01（日内瓦当地时间 24:00 前，即北京时间 12 月 2 日 07:00）"),
    ("EC", "zh", "2026-12-01（厄瓜多尔当地时间 24:00 前）"),
    ("EU", "en", "1 Dec 2026 (until the end of the day, European Union, that is 07:00 on 2 Dec, Beijing time)")])
def test_a_deadline_is_said_in_the_markets_time_and_the_readers(market: str, lang: str, said: str) -> None:
    assert closing_text(DAY, market, BEIJING, lang) == said


def test_summer_time_is_that_of_the_day_of_the_deadline() -> None:
    assert "即北京时间 7 月 2 日 06:00" in closing_text(date(2027, 7, 1), "EU", BEIJING, "zh")
    assert closes_at(date(2026, 10, 25), "EU") == datetime(2026, 10, 25, 23, tzinfo=UTC), "the day with 25 hours"


def test_a_reader_elsewhere_reads_the_name_of_their_time() -> None:
    assert closing_text(DAY, "EU", ZoneInfo("Asia/Urumqi"), "zh").endswith("即Asia/Urumqi 时间 12 月 2 日 05:00）")


@pytest.mark.parametrize(("market", "moment", "left"), [
    ("EU", datetime(2026, 12, 1, 22, 59, tzinfo=UTC), 0), ("EU", datetime(2026, 12, 1, 23, 0, tzinfo=UTC), -1),
    ("JP", datetime(2026, 12, 1, 14, 59, tzinfo=UTC), 0), ("JP", datetime(2026, 12, 1, 15, 0, tzinfo=UTC), -1),
    ("US", datetime(2026, 12, 2, 4, 59, tzinfo=UTC), 0), ("US", datetime(2026, 11, 30, 15, 59, tzinfo=UTC), 1)])
def test_comments_close_when_the_markets_day_ends(market: str, moment: datetime, left: int) -> None:
    clock.fix(moment)
    assert days_left(DAY, DeadlineKind.COMMENT, market, BEIJING) == left


def test_a_rule_is_in_force_from_the_beginning_of_its_day() -> None:
    clock.fix(datetime(2026, 11, 30, 16, tzinfo=UTC))
    assert days_left(DAY, DeadlineKind.EFFECTIVE, "US", BEIJING) == 0


def test_dates_that_are_mistakes_have_a_moment_too() -> None:
    for day in (date.min, date.max):
        assert closing_text(day, "NZ", BEIJING, "zh").startswith(day.isoformat())
        days_left(day, DeadlineKind.COMMENT, "US", BEIJING)


def test_every_market_has_a_time_zone_that_exists() -> None:
    assert {each.time_zone for each in MARKETS.values()} <= available_timezones()


@given(on=DAYS, followed=st.integers(0, 90), looked=st.sets(st.integers(-5, 89)))
def test_reminders_come_once_a_step_in_order_and_with_days_that_fit(on: date, followed: int, looked: set[int]) -> None:
    """Whatever days somebody looks on: each step is told at most once, none before its day or after the deadline, none that
    was reached before the follow began; and whoever looks on every day is told all of them on their days."""
    since = on - timedelta(days=followed)
    told: dict[int, int] = {}
    for left in sorted((each for each in looked if each <= followed), reverse=True):
        step = reminder(on, on - timedelta(days=left), since)
        if step is not None and step not in told:
            told[step] = left
    assert all(0 <= left <= step < followed for step, left in told.items())
    assert list(told) == sorted(told, reverse=True)
    for step, left in told.items():
        assert not any(left <= later < step for later in STEPS), "a nearer step speaks for the ones before it"


@given(on=DAYS, followed=st.integers(31, 90))
def test_whoever_is_there_every_morning_is_told_on_the_days_themselves(on: date, followed: int) -> None:
    since = on - timedelta(days=followed)
    told: dict[int, int] = {}
    for left in range(followed, -3, -1):
        step = reminder(on, on - timedelta(days=left), since)
        if step is not None:
            told.setdefault(step, left)
    assert told == {step: step for step in STEPS}


@given(day=DAYS, market=st.sampled_from(sorted(MARKETS)), zone=st.sampled_from(["Asia/Shanghai", "America/New_York", "UTC"]))
def test_the_moment_that_is_said_is_the_moment_at_which_it_closes(day: date, market: str, zone: str) -> None:
    ends_at = closes_at(day, market)
    here = ends_at.astimezone(ZoneInfo(zone))
    said = closing_text(day, market, ZoneInfo(zone), "zh")
    found = re.search(r"(?:(\d{4}) 年 )?(\d+) 月 (\d+) 日 (\d\d:\d\d)）$", said)
    if found is None:
        assert said.endswith("相同）")
        assert here.utcoffset() == ends_at.utcoffset()
    else:
        year, month, month_day, at = found.groups()
        assert date(int(year or day.year), int(month), int(month_day)) == here.date()
        assert at == f"{here:%H:%M}"
