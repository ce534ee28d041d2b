"""The check of a must-know list: what the store holds of it, what another edition, and who would hold the rest."""

from __future__ import annotations

from pathlib import Path

import pytest

from crawlers.cards import cards
from domain.notice import Notice, NoticeKind
from tests.builders import notice, store
from tests.conftest import Installed

LIST = Path(__file__).with_name("must_know.csv")


def standard(source: str, external_id: str, title: str, *identifiers: str, market: str = "INT") -> Notice:
    return notice(external_id, source=source, kind=NoticeKind.STANDARD, market=market, title=title, product="",
                  identifiers=identifiers)


@pytest.fixture
def holding(installed: Installed) -> Installed:
    """A store with two ISO standards and a notice that names a regulation."""
    installed.run("init")
    known = {card.slug: card for card in cards()}
    iso, tbt = known["iso_open_data"], known["wto_tbt_notifications"]
    store(installed.db, standard(iso.slug, "66921", "ISO 15552:2018 Pneumatic cylinders", "ISO 15552:2018"),
          standard(iso.slug, "90001", "ISO/DIS 4414 General rules", "ISO/DIS 4414", "ISO 4414"), card=iso)
    draft = notice("G/TBT/N/EU/9", source=tbt.slug, title="Draft amending Regulation (EC) No 1907/2006")
    store(installed.db, draft, card=tbt)
    return installed


def test_every_number_of_the_list_is_answered(holding: Installed) -> None:
    rows = holding.json("coverage", str(LIST))
    assert [(row["number"], row["status"], [each["slug"] for each in row["sources"]]) for row in rows] == [
        ("ISO 15552:2018", "held", ["iso_open_data"]), ("ISO 4414:2010", "other_edition", ["iso_open_data"]),
        ("JIS B 8373:2015", "expected", ["jp_jis_catalogue"]), ("(EC) 1907/2006", "held", ["eu_eurlex"]),
        ("TR CU 010/2011", "expected", ["ru_eaeu"]), ("DIN 33870-1", "none", [])]
    held, edition, expected, named, unread, none = rows
    assert held["held"] == {"count": 1, "notices": [{
        "source": "iso_open_data", "external_id": "66921", "title": "ISO 15552:2018 Pneumatic cylinders", "own": True}]}
    assert edition["other_editions"]["notices"][0]["external_id"] == "90001"
    assert [(each["grade"], each["state"]) for each in (*expected["sources"], *unread["sources"])] == [
        ("proven", "never_run"), ("card_only", "not_crawled")]
    assert named["held"]["notices"][0] | {"title": ""} == {
        "source": "wto_tbt_notifications", "external_id": "G/TBT/N/EU/9", "title": "", "own": False}
    assert [row["verified"] for row in (held, named, none)] == [True, False, False]


def test_the_table_groups_the_numbers_and_sums_them_up(holding: Installed) -> None:
    holding.environment["COLUMNS"] = "200"
    said = holding.run("coverage", str(LIST))
    for line in ("held: 2", "another edition is held: 1", "would be held by a source: 2", "no source: 1", "by market",
                 "by kind", "jp_jis_catalogue (proven, never run)", "ru_eaeu (card only, not crawled)",
                 "1 of those held are only named by notices of other numbers.",
                 "1 of those that a source would hold belong to sources that have a card and are not read.",
                 "2 rows are unverified; 1 of them are not held, and may not exist as written."):
        assert line in said, said
    totals = {" ".join(line.split()) for line in said.splitlines() if line.startswith("│ all")}
    assert totals == {"│ all │ 6 │ 2 (33%) │ 1 (17%) │ 2 (33%) │ 1 (17%) │ 2 │"}


@pytest.mark.parametrize(("content", "said"), [
    (b"", "bad.csv is empty"), (b"number,title\n1,2\n", "bad.csv has no column market, kind, basis"),
    ("number,title,market,kind,basis\nJIS B 1,空気圧,JP,standard,seen\n".encode("shift_jis"), "bad.csv is not UTF-8"),
    (b"number,title,market,kind,basis\nUL 429,x,US,standard,seen\nUL 430,x\n", "bad.csv line 3 has fewer cells"),
])
def test_a_bad_list_is_told_in_one_line_and_half_of_it_is_not_answered(installed: Installed, tmp_path: Path, content: bytes,
                                                                       said: str) -> None:
    file = tmp_path / "bad.csv"
    file.write_bytes(content)
    process = installed.start("coverage", str(file), stdout=-1, stderr=-1)
    printed, error = process.communicate(timeout=60)
    assert (process.returncode, printed) == (2, "")
    assert error.startswith(f"zonewatch: {said}")
    assert error.count("\n") == 1
