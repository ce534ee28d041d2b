"""Real captures of two days read anew by the parser that read them: no difference at all."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.conftest import Installed, Mirror

pytestmark = pytest.mark.mirror
SMALL = ("kr_kats_recalls", "uk_legislation", "us_cpsc_recalls", "wto_tbt_notifications")
NOTHING = {"count": 0, "examples": []}


def test_the_same_parser_over_two_days_of_captures_finds_no_difference(tmp_path: Path, mirror: Mirror) -> None:
    installed = Installed(tmp_path, GATEWAY_URL=mirror.url, CRAWL_DELAY="0", OPERATOR_EMAIL="operator@zone.example")
    installed.run("init")
    for day in (1, 2):
        mirror.day(day)
        installed.set(NOW=f"2026-11-2{day}T08:00:00+00:00")
        installed.run("crawl", *SMALL, status=None)
    held = {each["slug"]: each["notices"] for each in installed.json("sources")}
    for found in installed.json("reparse", *SMALL):
        slug = found["slug"]
        assert (found["same"], found["revised"], found["fields"]) == (held[slug], 0, {}), found
        for part in ("new", "withdrawn", "unreadable", "bad_records", "gone", "unfound", "unsaid"):
            assert found[part] == NOTHING, (slug, part)
        assert (found["status"], found["run"], found["unmarked"]) == ("ok", 0, 0)
