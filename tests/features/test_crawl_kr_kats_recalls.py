"""A list that runs dry long before its stated total: told as incomplete, walked to its end twice, then as far as needed."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from sqlalchemy import select

from storage.models import ChangeRow, NoticeRow
from tests.databases import database
from tests.publishers import kr_page, kr_url
from tests.replay import Answer, Gateway, crawl

Serve = Callable[..., Gateway]
KR = "kr_kats_recalls"
TOTAL = 1240
DRY = {kr_url(1): kr_page(1, TOTAL, "2026-11-17", "2026-11-10"), kr_url(2): kr_page(2, TOTAL, "2026-09-01"),
       kr_url(3): kr_page(3, TOTAL, "2025-12-12"), kr_url(4): kr_page(4, TOTAL), kr_url(5): kr_page(5, TOTAL)}


def asked(gateway: Gateway) -> list[int]:
    """The pages asked for since the last time."""
    return [int(url.rpartition("=")[2]) for url in gateway.addresses()]


def run(folder: Path, gateway: Gateway, **options: Any) -> tuple[str, str, int, int, list[int]]:
    """How a run ended, what was new and revised, and the pages asked for; no run of this source withdraws anything."""
    report = crawl(folder, KR, gateway.url, floor=0, **options)
    assert report["withdrawn"] == 0
    return report["status"], report["why"], report["created"], report["revised"], asked(gateway)


def alerting(folder: Path) -> list[str]:
    with database(folder).read() as session:
        return sorted(session.scalars(
            select(NoticeRow.external_id).join(ChangeRow, ChangeRow.subject_id == NoticeRow.id)
            .where(ChangeRow.consumer == "match", ChangeRow.alert.is_(True))))


def test_a_list_that_runs_dry_is_walked_twice_and_then_alerts_of_what_is_new(serve: Serve, tmp_path: Path) -> None:
    gateway = serve(dict(DRY))
    said = f"got 4 of the {TOTAL} that the publisher states"
    assert run(tmp_path, gateway) == ("incomplete", said, 4, 0, [1, 2, 3, 4])
    assert run(tmp_path, gateway) == ("incomplete", said, 0, 0, [1, 2, 3, 4])
    assert alerting(tmp_path) == []
    gateway.answers[kr_url(1)] = kr_page(1, TOTAL + 1, "2026-11-19", "2026-11-17", "2026-11-10", number=99)
    gateway.answers[kr_url(2)] = kr_page(2, TOTAL + 1, "2026-11-18", "2026-09-01", number=199)
    assert run(tmp_path, gateway) == ("ok", "", 2, 0, [1, 2, 3])
    assert alerting(tmp_path) == ["199", "99"], "the lower one was registered earlier than it was announced"
    assert run(tmp_path, gateway, full=True)[:2] == ("incomplete", f"got 6 of the {TOTAL} that the publisher states")


def test_a_walk_that_lost_a_page_is_not_the_whole_list(serve: Serve, tmp_path: Path) -> None:
    gateway = serve(DRY | {kr_url(2): Answer(status=404)})
    for created in (2, 0):
        status, why, new, _, pages = run(tmp_path, gateway)
        assert (status, new, pages) == ("incomplete", created, [1, 2])
        assert why.startswith("1 of 2 pages could not be read")
    gateway.answers |= DRY
    assert run(tmp_path, gateway)[2:] == (2, 0, [1, 2, 3, 4])
    assert run(tmp_path, gateway)[2:] == (0, 0, [1, 2, 3])


def test_an_empty_table_tells_that_a_usual_run_missed_something_too(serve: Serve, tmp_path: Path) -> None:
    gateway = serve(dict(DRY))
    for _ in range(2):
        run(tmp_path, gateway)
    gateway.answers[kr_url(2)] = kr_page(2, TOTAL)
    assert run(tmp_path, gateway) == ("incomplete", f"got 2 of the {TOTAL} that the publisher states", 0, 0, [1, 2])
    gateway.answers[kr_url(1)] = kr_page(1, TOTAL)
    assert run(tmp_path, gateway) == ("incomplete", f"got 0 of the {TOTAL} that the publisher states", 0, 0, [1])


def test_a_list_that_is_read_to_its_stated_total_is_complete(serve: Serve, tmp_path: Path) -> None:
    gateway = serve({kr_url(1): kr_page(1, 3, "2026-11-17", "2026-11-10"), kr_url(2): kr_page(2, 3, "2025-09-01")})
    assert run(tmp_path, gateway) == ("ok", "", 3, 0, [1, 2])


def test_places_in_the_list_and_session_ids_mean_nothing(serve: Serve, tmp_path: Path) -> None:
    gateway = serve({kr_url(1): kr_page(1, 2, "2026-11-17", "2026-11-10")})
    run(tmp_path, gateway)
    page = kr_page(1, 2, "2026-11-17", "2026-11-10")
    page.body = page.body.replace(b"<td>-98</td>", b"<td>7</td>").replace(b"</head>", b"<!-- ;jsessionid=FF --></head>")
    assert b"<td>7</td>" in page.body
    gateway.answers[kr_url(1)] = page
    assert run(tmp_path, gateway) == ("ok", "", 0, 0, [1])


def test_a_part_asked_for_by_date_allows_for_the_order_of_the_list(serve: Serve, tmp_path: Path) -> None:
    gateway = serve(dict(DRY))
    gateway.answers[kr_url(2)] = kr_page(2, TOTAL, "2026-08-20", "2026-08-19")
    gateway.answers[kr_url(3)] = kr_page(3, TOTAL, "2026-11-15", "2026-08-15")
    gateway.answers[kr_url(4)] = kr_page(4, TOTAL, "2026-07-01")
    assert run(tmp_path, gateway, since="2026-11-12") == ("ok", "", 2, 0, [1, 2, 3, 4])
