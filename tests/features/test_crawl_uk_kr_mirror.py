"""The British and the Korean source against real captures, where ../shared is: what is stored is what the records say."""

from __future__ import annotations

import csv
import hashlib
from pathlib import Path

import pytest
from sqlalchemy import select

from storage.models import NoticeRow
from tests.conftest import SHARED, Mirror
from tests.databases import database
from tests.replay import crawl

pytestmark = [pytest.mark.mirror, pytest.mark.xdist_group("mirror")]
UK, KR = "uk_legislation", "kr_kats_recalls"


def checksum(folder: Path) -> str:
    with database(folder).read() as session:
        return hashlib.sha256("\n".join(sorted(session.scalars(select(NoticeRow.external_id)))).encode()).hexdigest()


def expected(source: str) -> list[tuple[int, int, str]]:
    """Day, number and checksum of a source's records."""
    with (SHARED / "mirror" / "expected.tsv").open(encoding="utf-8") as lines:
        return sorted((int(row["day"]), int(row["records"]), row["sha256"])
                      for row in csv.DictReader(lines, delimiter="\t") if row["source-id"] == source)


def test_legislation_day_by_day(mirror: Mirror, tmp_path: Path) -> None:
    held = 0
    for day, records, sha256 in expected("uk-legislation"):
        mirror.day(day)
        report = crawl(tmp_path, UK, mirror.url)
        assert (report["status"], report["created"], report["revised"]) == ("ok", records - held, 0), day
        assert checksum(tmp_path) == sha256
        assert report["requests"] < 5 or not held
        held = records


def test_korean_recalls_day_by_day(mirror: Mirror, tmp_path: Path) -> None:
    held = 0
    for (day, records, sha256), status in zip(expected("kr-kats"), ("incomplete", "incomplete", "ok", "ok"), strict=True):
        mirror.day(day)
        report = crawl(tmp_path, KR, mirror.url)
        assert (report["status"], report["created"], report["revised"], report["withdrawn"]) == (
            status, records - held, 0, 0), report["why"]
        assert checksum(tmp_path) == sha256
        assert status == "ok" or report["why"] == f"got {records} of the 1240 that the publisher states"
        held = records


@pytest.mark.parametrize(("rule", "slug", "status", "reason"), [
    ("www.legislation.gov.uk/all/*:xxe", UK, "failed", "not_parsable"),
    ("www.legislation.gov.uk/all/*:html200", UK, "blocked", "html_instead"),
    ("www.legislation.gov.uk/all/*:empty200", UK, "incomplete", "below_floor"),
    ("www.legislation.gov.uk/all/*:truncate", UK, "failed", "cut_off"),
    ("www.legislation.gov.uk/all/*:schema:ukm:Supersedes", UK, "failed", "field_missing"),
    ("sftc.seoul.go.kr/fe/*:html200", KR, "blocked", "html_instead"),
    ("sftc.seoul.go.kr/fe/*:empty200", KR, "incomplete", "listing_short"),
    ("sftc.seoul.go.kr/fe/*:garbage", KR, "failed", "not_parsable"),
    ("sftc.seoul.go.kr/fe/*:schema:td", KR, "failed", "shape"),
])
def test_a_broken_publisher_is_told_in_words_and_stores_nothing(
        mirror: Mirror, tmp_path: Path, rule: str, slug: str, status: str, reason: str) -> None:
    mirror.fault(rule)
    report = crawl(tmp_path, slug, mirror.url)
    assert (report["status"], report["reason"], report["created"]) == (status, reason, 0), report["why"]
