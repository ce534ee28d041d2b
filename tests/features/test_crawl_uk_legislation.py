"""A long feed, the newest first: walked to its end once, taken up where it was cut short, then only as far as needed."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import select

from storage.models import ChangeRow, NoticeRow
from tests.databases import database
from tests.publishers import uk_feed, uk_page, uk_url
from tests.replay import Answer, Gateway, crawl

Serve = Callable[..., Gateway]
UK = "uk_legislation"
NEWEST = date(2026, 11, 19)
A_PAGE = 3


def pages(entries: int, new: int = 0) -> dict[str, Any]:
    """The feed in pages of three entries, numbered from the oldest, ten days apart; the ``new`` ones a day."""
    days = [NEWEST + timedelta(days=place) for place in range(new, 0, -1)]
    days += [NEWEST - timedelta(days=10 * place) for place in range(entries)]
    numbers = list(range(len(days), 0, -1))
    found: dict[str, Any] = {}
    for start in range(0, len(days), A_PAGE):
        page = start // A_PAGE + 1
        shown = [uk_feed(page, day.isoformat(), number=number) for day, number in
                 zip(days[start:start + A_PAGE], numbers[start:start + A_PAGE], strict=True)]
        bodies = b"".join(answer.body[answer.body.index(b"<entry>"):-len(b"</feed>")] for answer in shown)
        frame = uk_page(page, more=start + A_PAGE < len(days))
        frame.body = frame.body.replace(b"</feed>", bodies + b"</feed>")
        found[uk_url(page)] = frame
    return found


def asked(gateway: Gateway) -> list[int]:
    """The pages asked for since the last time."""
    return [int(url.rpartition("=")[2]) for url in gateway.addresses()]


def test_a_run_goes_back_a_month_before_the_newest_it_knows(serve: Serve, tmp_path: Path) -> None:
    gateway = serve(pages(12))
    assert crawl(tmp_path, UK, gateway.url, floor=0)["created"] == 12
    assert asked(gateway) == [1, 2, 3, 4]
    gateway.answers |= pages(12, new=2)
    report = crawl(tmp_path, UK, gateway.url, floor=0)
    assert (report["status"], report["created"], report["revised"]) == ("ok", 2, 0)
    assert asked(gateway) == [1, 2, 3]
    assert crawl(tmp_path, UK, gateway.url, floor=0, full=True)["seen"] == 14
    assert asked(gateway) == [1, 2, 3, 4, 5]
    with database(tmp_path).read() as session:
        alerting = session.scalars(select(NoticeRow.external_id).join(ChangeRow, ChangeRow.subject_id == NoticeRow.id).where(
            ChangeRow.consumer == "match", ChangeRow.alert.is_(True)))
        assert {external_id.rpartition("/")[2] for external_id in alerting} == {"13", "14"}


def test_a_first_load_that_was_cut_short_is_taken_up_where_it_stood(serve: Serve, tmp_path: Path) -> None:
    gateway = serve(pages(42) | {uk_url(13): Answer(status=500)})
    report = crawl(tmp_path, UK, gateway.url, floor=0)
    assert (report["status"], report["reason"], report["created"]) == ("incomplete", "pages_lost", 36)
    asked(gateway)
    gateway.answers |= pages(42, new=4)
    report = crawl(tmp_path, UK, gateway.url, floor=0)
    assert (report["status"], report["created"]) == ("ok", 10)
    assert asked(gateway) == [1, 2, 3, 4, 10, 11, 12, 13, 14, 15, 16]
    assert crawl(tmp_path, UK, gateway.url, floor=0)["created"] == 0
    assert asked(gateway) == [1, 2, 3, 4]


def test_a_part_asked_for_by_date_says_nothing_about_the_rest(serve: Serve, tmp_path: Path) -> None:
    gateway = serve(pages(12))
    report = crawl(tmp_path, UK, gateway.url, since="2026-11-05")
    assert (report["status"], report["created"]) == ("ok", 2)
    assert asked(gateway) == [1, 2]
    assert crawl(tmp_path, UK, gateway.url, floor=0)["created"] == 10
    assert asked(gateway) == [1, 2, 3, 4]


def test_an_answer_that_is_still_being_made_is_asked_for_again(serve: Serve, tmp_path: Path) -> None:
    gateway = serve(pages(2))
    whole = gateway.answers[uk_url(1)]
    gateway.answers[uk_url(1)] = [Answer(status=202), whole]
    assert crawl(tmp_path, UK, gateway.url, floor=2)["status"] == "ok"
    gateway.answers[uk_url(1)] = Answer(status=202)
    report = crawl(tmp_path, UK, gateway.url, floor=2)
    assert (report["status"], report["reason"]) == ("failed", "http_status")
    assert asked(gateway) == [1] * 5


def test_what_the_publisher_changes_is_a_revision_and_no_new_notice(serve: Serve, tmp_path: Path) -> None:
    gateway = serve(pages(2))
    crawl(tmp_path, UK, gateway.url, floor=0)
    page = gateway.answers[uk_url(1)]
    page.body = page.body.replace(b"(2)</title>", b"(2) (revoked)</title>")
    report = crawl(tmp_path, UK, gateway.url, floor=0)
    assert (report["status"], report["created"], report["revised"]) == ("ok", 0, 1)
    with database(tmp_path).read() as session:
        data = session.scalars(select(NoticeRow.data).where(NoticeRow.version == 2)).one()
    assert (data["stage"], data["identifiers"]) == ("repealed", ["SI 2026/2", "uksi/2026/2"])
