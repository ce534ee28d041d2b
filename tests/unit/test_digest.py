"""The calendar of digests and quiet hours: leap days, clocks that are put forward and back, days that never were."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.digest import HOME, following, newest
from domain.quiet import DAY, Quiet
from domain.subscription import Frequency

DIGESTS = (Frequency.DAILY, Frequency.WEEKLY, Frequency.MONTHLY)
ZONES = (HOME, "UTC", "Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Asia/Kathmandu", "Pacific/Apia",
         "America/Sao_Paulo", "Pacific/Kwajalein", "Africa/Casablanca")
moments = st.integers(631_152_000, 2_840_140_800).map(lambda second: datetime.fromtimestamp(second, UTC))  # 1990 to 2060
a_digest, a_zone = st.sampled_from(DIGESTS), st.sampled_from(ZONES)


@given(a_digest, a_zone, moments)
def test_every_moment_lies_between_two_cuts_that_know_each_other(frequency: Frequency, zone: str, now: datetime) -> None:
    before, after = newest(frequency, zone, now), following(frequency, zone, now)
    assert before.at <= now < after.at
    assert newest(frequency, zone, after.at - timedelta(microseconds=1)).at == before.at
    assert newest(frequency, zone, after.at) == newest(frequency, zone, after.at + timedelta(microseconds=1))
    assert newest(frequency, zone, after.at).at == after.at
    assert before.on < after.on


@given(a_digest, a_zone, st.lists(moments, min_size=1, max_size=30))
def test_windows_leave_nothing_out_and_share_nothing(frequency: Frequency, zone: str, found: list[datetime]) -> None:
    """Whatever is found falls into the one window whose cut follows it."""
    for at in found:
        ends = following(frequency, zone, at).at
        begins = newest(frequency, zone, at).at
        assert begins <= at < ends
        assert following(frequency, zone, begins).at == ends


@given(a_zone, moments)
def test_it_is_eight_o_clock_where_the_reader_is(zone: str, now: datetime) -> None:
    cut = newest(Frequency.DAILY, zone, now)
    here = cut.at.astimezone(ZoneInfo(zone))
    assert (here.time(), here.date()) == (time(8), cut.on) or zone in ("Pacific/Apia", "Pacific/Kwajalein")


@given(a_zone, moments)
def test_weeks_begin_on_monday_and_months_on_the_first(zone: str, now: datetime) -> None:
    assert newest(Frequency.WEEKLY, zone, now).on.weekday() == 0
    assert newest(Frequency.MONTHLY, zone, now).on.day == 1


def test_the_29th_of_february_has_its_digest_and_no_month_is_skipped() -> None:
    at = datetime(2028, 2, 29, 1, tzinfo=UTC)
    assert newest(Frequency.DAILY, HOME, at).on == date(2028, 2, 29)
    assert following(Frequency.DAILY, HOME, at).on == date(2028, 3, 1)
    cuts = [datetime(2027, 12, 31, tzinfo=UTC)]
    while len(cuts) < 15:
        cuts.append(following(Frequency.MONTHLY, HOME, cuts[-1]).at)
    assert [each.astimezone(ZoneInfo(HOME)).month for each in cuts[1:]] == [*range(1, 13), 1, 2]


def test_a_digest_abroad_is_a_day_of_23_or_25_hours() -> None:
    """Clocks in Berlin are put forward on 28 March 2027 and back on 31 October."""
    for on, hours in ((date(2027, 3, 28), 23), (date(2027, 10, 31), 25)):
        noon = datetime.combine(on, time(12), UTC)
        one, two = (newest(Frequency.DAILY, "Europe/Berlin", noon + timedelta(days=days)) for days in (-1, 0))
        assert two.at - one.at == timedelta(hours=hours)


def test_a_day_that_a_calendar_left_out_makes_no_second_digest() -> None:
    """Samoa had no 30 December 2011."""
    at = datetime(2011, 12, 28, tzinfo=UTC)
    cuts = []
    for _ in range(4):
        at = following(Frequency.DAILY, "Pacific/Apia", at).at
        cuts.append(newest(Frequency.DAILY, "Pacific/Apia", at))
    assert [cut.on.day for cut in cuts] == [28, 29, 31, 1]
    assert {after.at - before.at for before, after in pairwise(cuts)} == {timedelta(days=1)}


def test_what_goes_at_once_has_no_cuts() -> None:
    with pytest.raises(ValueError, match="no cuts"):
        newest(Frequency.IMMEDIATE, HOME, datetime(2026, 11, 20, tzinfo=UTC))


minutes = st.integers(0, DAY - 1)


@given(minutes, minutes, a_zone, moments)
def test_quiet_hours_end_within_a_day_and_are_over_then(begin: int, end: int, zone: str, now: datetime) -> None:
    if begin == end:
        return
    until = Quiet(begin, end).until(zone, now)
    here = now.astimezone(ZoneInfo(zone))
    minute = here.hour * 60 + here.minute
    assert (until is not None) == (begin <= minute < end if begin < end else not end <= minute < begin)
    assert until is None or now <= until <= now + timedelta(hours=25)


@pytest.mark.parametrize(("at", "ends"), [
    ("2026-11-20 21:59", None), ("2026-11-20 22:00", "2026-11-21 07:30"), ("2026-11-21 00:00", "2026-11-21 07:30"),
    ("2026-11-21 07:29", "2026-11-21 07:30"), ("2026-11-21 07:30", None)])
def test_quiet_hours_may_lie_around_midnight(at: str, ends: str | None) -> None:
    here = ZoneInfo(HOME)
    until = Quiet(22 * 60, 7 * 60 + 30).until(HOME, datetime.fromisoformat(at).replace(tzinfo=here))
    assert (f"{until.astimezone(here):%Y-%m-%d %H:%M}" if until else None) == ends


@pytest.mark.parametrize(("begin", "end"), [(60, 60), (-1, 5), (0, DAY)])
def test_quiet_hours_that_never_begin_or_end_are_refused(begin: int, end: int) -> None:
    with pytest.raises(ValueError, match="no quiet hours"):
        Quiet(begin, end)
