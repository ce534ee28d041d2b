"""China's standards against the real captures, which hold the answers to other keywords than those of the card."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest
from sqlalchemy import select

from storage.models import NoticeRow
from tests.conftest import Mirror
from tests.databases import database
from tests.features.test_real_days import SHARED
from tests.replay import crawl

pytestmark = pytest.mark.mirror
RECORDED = ("GB/T 1.1", "GB/T 20223-2006", "GB/T 5606.1-2004")


def test_every_standard_that_was_recorded_is_read(tmp_path: Path, mirror: Mirror) -> None:
    expected = next(line.split("\t") for line in (SHARED / "mirror" / "expected.tsv").read_text().splitlines()
                    if line.startswith("cn-openstd\t") and "\thcno\t" in line)
    report = crawl(tmp_path, "cn_openstd", mirror.url, floor=1, constants={"KEYWORDS": RECORDED})
    assert (report["status"], report["created"]) == ("ok", int(expected[2])), report["why"]
    with database(tmp_path).read() as session:
        ids = sorted(session.scalars(select(NoticeRow.external_id)))
    assert hashlib.sha256("\n".join(ids).encode()).hexdigest() == expected[3]
