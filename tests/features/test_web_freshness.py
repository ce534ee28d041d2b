"""Timeliness, which both zones are assessed by: what the log says is what happened, and the first load is no part of it."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from math import ceil

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain import clock
from domain.criteria import Criteria
from indexer.sync import sync
from storage.freshness import _spread, freshness, lapses
from subscriptions.channels.smtp import SmtpChannel
from subscriptions.compose import compose
from subscriptions.composer import Composer
from subscriptions.deliver import deliver
from subscriptions.match import match
from tests.browser.portal import SECRET, Portal, text
from tests.builders import notice, store
from tests.mailbox import Mailbox
from webapp.csv_file import cell

SLUG = "eu_safety_gate"
SEEN = datetime(2026, 11, 20, 6, 0, tzinfo=UTC)


@pytest.fixture
def portal(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Portal]:
    """A notice of the first load, and three that came after it: one found after 4 s and mailed after 90, one found only,
    one of a title that would act in a spreadsheet."""
    found, mailbox = Portal(tmp_path_factory.mktemp("portal")), Mailbox()
    clock.fix(SEEN - timedelta(days=1))
    store(found.db, notice("SR/00001/26"))
    found.subscriptions.subscribe("quality@firm.example", Criteria(product_types=frozenset({"air_compressor"})), "")
    found.subscriptions.confirm(found.token("confirm"))
    clock.fix(SEEN)
    store(found.db, notice("SR/00002/26", published_on=date(2026, 11, 19)))
    others = {"product": "", "category": "", "summary": ""}
    store(found.db, notice("SR/00003/26", title="Lamp", published_on=None, **others))
    store(found.db, notice("SR/00004/26", title="=HYPERLINK(1)", published_on=date(2027, 1, 1), **others))
    clock.fix(SEEN + timedelta(seconds=4))
    sync(found.db, found.index)
    clock.fix(SEEN + timedelta(seconds=90))
    match(found.db)
    compose(found.db, Composer("https://zone.example", "zonewatch <alerts@zone.example>", SECRET))
    deliver(found.db, SmtpChannel(mailbox.url))
    yield found
    mailbox.close()
    found.db.close()


def test_each_notice_shows_its_moments_and_the_first_load_none(portal: Portal) -> None:
    with portal.db.read() as session:
        found = {each.external_id: each for each in lapses(session, SLUG)}
    assert found.keys() == {"SR/00002/26", "SR/00003/26", "SR/00004/26"}
    mailed, undated, ahead = (found[f"SR/0000{number}/26"] for number in (2, 3, 4))
    assert (mailed.to_seen, mailed.to_indexed, mailed.to_mailed) == (
        timedelta(hours=30), timedelta(seconds=4), timedelta(seconds=90))
    assert (undated.to_seen, ahead.to_seen, undated.to_mailed) == (None, None, None)


def test_a_source_says_how_long_half_and_nearly_all_take(portal: Portal) -> None:
    with portal.db.read() as session:
        found = freshness(session, SLUG)
    assert found.to_indexed is not None
    assert (found.to_indexed.count, found.to_indexed.p50, found.to_indexed.p95) == (3, *[timedelta(seconds=4)] * 2)
    page = text(portal.client().get(f"/sources/{SLUG}").text)
    for words in ("发布 → 采集", "30 小时 30 小时 1", "采集 → 可检索", "4 秒 4 秒 3", "采集 → 邮件送交", "90 秒 90 秒 1"):
        assert words in page, words


def test_the_log_is_a_page_and_a_file_in_which_nothing_acts(portal: Portal) -> None:
    page = text(portal.client().get(f"/sources/{SLUG}/freshness").text)
    assert "SR/00002/26" in page
    assert "SR/00001/26" not in page
    answer = portal.client().get(f"/sources/{SLUG}/freshness.csv")
    assert answer.mimetype == "text/csv"
    rows = {row["external_id"]: row for row in csv.DictReader(io.StringIO(answer.text.removeprefix("\ufeff")))}
    assert rows["SR/00004/26"]["title"] == "'=HYPERLINK(1)"
    assert (rows["SR/00002/26"]["seen_to_indexed_s"], rows["SR/00002/26"]["seen_to_mailed_s"]) == ("4.0", "90.0")
    assert rows["SR/00003/26"]["published_on"] == ""
    assert portal.client().get("/sources/none/freshness.csv").status_code == 404


@pytest.mark.parametrize(("value", "shown"), [
    ("=1+1", "'=1+1"), ("+86 10", "'+86 10"), ("-5", "-5"), ("-5.25", "-5.25"), ("-cmd", "'-cmd"), ("@a", "'@a"),
    ("\t=1", "'\t=1"), (" =1", "' =1"), ("＝1", "'＝1"), (None, ""), ("气缸", "气缸"), (-3, "-3")])
def test_a_cell_of_others_words_is_no_formula(value: object, shown: str) -> None:
    assert cell(value) == shown


@given(st.lists(st.integers(0, 10**6), min_size=1))
def test_percentiles_are_values_that_so_many_do_not_exceed(seconds: list[int]) -> None:
    found = _spread(timedelta(seconds=each) for each in seconds)
    assert found is not None
    for percent, value in ((50, found.p50), (95, found.p95)):
        enough = ceil(len(seconds) * percent / 100)
        assert sum(each <= value.total_seconds() for each in seconds) >= enough
        assert sum(each < value.total_seconds() for each in seconds) < enough
