"""The US sources against real captures, where ../shared is: what is stored is what the publishers' records say."""

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


def checksum(folder: Path) -> str:
    with database(folder).read() as session:
        return hashlib.sha256("\n".join(sorted(session.scalars(select(NoticeRow.external_id)))).encode()).hexdigest()


def expected(source: str, field: str) -> dict[int, tuple[int, str]]:
    """Number and checksum of a source's records, by day."""
    with (SHARED / "mirror" / "expected.tsv").open(encoding="utf-8") as lines:
        return {int(row["day"]): (int(row["records"]), row["sha256"]) for row in csv.DictReader(lines, delimiter="\t")
                if (row["source-id"], row["id_field"]) == (source, field)}


def test_recalls_of_the_cpsc_once_and_again(mirror: Mirror, tmp_path: Path) -> None:
    [(records, sha256)] = expected("us-cpsc", "RecallID").values()
    for created in (records, 0):
        report = crawl(tmp_path, "us_cpsc_recalls", mirror.url)
        assert (report["status"], report["created"], report["revised"]) == ("ok", created, 0)
        assert checksum(tmp_path) == sha256


def test_the_federal_register_day_by_day(mirror: Mirror, tmp_path: Path) -> None:
    held = 0
    for day, (records, sha256) in sorted(expected("us-federal-register", "document_number").items()):
        mirror.day(day)
        report = crawl(tmp_path, "us_federal_register", mirror.url)
        assert (report["status"], report["created"], report["revised"]) == ("ok", records - held, 0), day
        assert checksum(tmp_path) == sha256
        held = records


@pytest.mark.parametrize(("rule", "status"), [
    ("www.saferproducts.gov:flaky:0.2", "ok"), ("www.saferproducts.gov:html200", "blocked"),
    ("www.saferproducts.gov:empty200", "incomplete"), ("www.saferproducts.gov:truncate", "failed"),
    ("www.saferproducts.gov:schema:Option", "failed"), ("www.federalregister.gov/api/*:schema:total_pages", "failed"),
    ("www.federalregister.gov/api/*:empty200", "incomplete"), ("www.federalregister.gov/api/*:garbage", "failed"),
])
def test_a_broken_service_stores_nothing_wrong(mirror: Mirror, tmp_path: Path, rule: str, status: str) -> None:
    mirror.fault(rule)
    slug = "us_cpsc_recalls" if "saferproducts" in rule else "us_federal_register"
    report = crawl(tmp_path, slug, mirror.url)
    assert report["status"] == status, report["why"]
    assert report["withdrawn"] == 0
    assert report["created"] == (888 if status == "ok" else 0)
