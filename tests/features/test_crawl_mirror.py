"""Against real captures, where ../shared is: the small source day by day, and faults no small server has."""

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

pytestmark = pytest.mark.mirror
WTO = "wto_tbt_notifications"


def checksum(folder: Path) -> str:
    with database(folder).read() as session:
        return hashlib.sha256("\n".join(sorted(session.scalars(select(NoticeRow.external_id)))).encode()).hexdigest()


def expected() -> dict[int, tuple[int, str]]:
    with (SHARED / "mirror" / "expected.tsv").open(encoding="utf-8") as lines:
        return {int(row["day"]): (int(row["records"]), row["sha256"]) for row in csv.DictReader(lines, delimiter="\t")
                if row["source-id"] == "wto-eping"}


def test_wto_notifications_day_by_day(mirror: Mirror, tmp_path: Path) -> None:
    held = 0
    for day, (records, sha256) in sorted(expected().items()):
        mirror.day(day)
        report = crawl(tmp_path, WTO, mirror.url)
        assert (report["status"], report["created"], report["revised"]) == ("ok", records - held, 0), day
        assert checksum(tmp_path) == sha256
        held = records


@pytest.mark.parametrize(("rule", "status", "reason"), [
    ("ec.europa.eu:xxe", "failed", "not_parsable"), ("ec.europa.eu/safety*:gzipbomb", "failed", "not_parsable"),
    ("ec.europa.eu/safety*:reset", "failed", "cut_off"), ("ec.europa.eu/safety*:redirect-private", "failed", "off_site"),
    ("ec.europa.eu/safety*:loop", "failed", "redirect_loop"), ("ec.europa.eu:429:0", "blocked", "http_status"),
])
def test_faults_of_the_wire_are_told_apart(mirror: Mirror, tmp_path: Path, rule: str, status: str, reason: str) -> None:
    mirror.fault(rule)
    report = crawl(tmp_path, "eu_safety_gate", mirror.url)
    assert (report["status"], report["reason"]) == (status, reason), report["why"]
