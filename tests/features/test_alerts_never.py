"""What mails nobody, each on the whole way from the publisher's answer to the mail server."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from domain import clock
from domain.criteria import Criteria
from tests.features.alerts import World, told, world
from tests.moody import MoodyMailbox
from tests.publishers import cpsc_answer, cpsc_recall, cpsc_url
from tests.replay import Gateway, crawl

CPSC = "us_cpsc_recalls"
OLD_CASES = 709
"""So many recalls of 2000 to 2004 CPSC once put on the web anew with fresh dates of publication."""


def compressor(number: int, on: str, published: str = "") -> dict[str, Any]:
    return cpsc_recall(number, on, RecallNumber=str(number), Title=f"Maker {number} Recalls Air Compressors",
                       Manufacturers=[{"Name": f"Maker {number}", "CompanyID": ""}],
                       LastPublishDate=f"{published or on}T00:00:00")


def answers(*recalls: dict[str, Any]) -> dict[str, Any]:
    by_year = {year: [each for each in recalls if each["RecallDate"].startswith(str(year))] for year in range(1973, 2027)}
    return {cpsc_url(year): cpsc_answer(*found) for year, found in by_year.items()}


def test_a_first_load_and_an_archive_published_again_with_fresh_dates_mail_nobody(
        serve: Callable[..., Gateway], tmp_path: Path, mailbox: MoodyMailbox) -> None:
    known = [compressor(19001, "2026-11-12"), compressor(19002, "2026-11-13")]
    days = (date(2000, 1, 3) + timedelta(days=number * 2) for number in range(OLD_CASES))
    again = [compressor(1000 + at, day.isoformat(), "2026-11-21") for at, day in enumerate(days)]
    with world(tmp_path, mailbox) as here:
        here.follow(criteria=Criteria())
        assert run(here, tmp_path, serve, answers(*known))["created"] == 2
        assert here.round() == [], "a first load"
        later = run(here, tmp_path, serve, answers(*known, *again, compressor(19003, "2026-11-21")))
        assert later["created"] == OLD_CASES + 1
        [mail] = here.round()
        assert told(mail) == ["Maker 19003 Recalls Air Compressors"]


def run(here: World, folder: Path, serve: Callable[..., Gateway], found: dict[str, Any]) -> dict[str, Any]:
    here.wait(timedelta(days=1))
    return crawl(folder, CPSC, serve(found).url, floor=1, now=clock.now().isoformat(), full=True)

