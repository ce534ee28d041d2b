"""How answers are fetched: through the gateway, at the pace of the card, within robots.txt, captured before parsing."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from sqlalchemy import select

from storage.captures import CaptureStore
from storage.models import Capture
from tests.databases import database
from tests.publishers import CA_DUMP, EU_INDEX, ca_dump, eu_index, eu_report, eu_report_url, wto_page, wto_url
from tests.replay import Answer, Gateway, crawl

Serve = Callable[..., Gateway]
CA = "ca_recalls"


def captured(folder: Path) -> list[Capture]:
    with database(folder).read() as session:
        return list(session.scalars(select(Capture).order_by(Capture.id)))


def test_behind_a_gateway_everything_keeps_its_real_address(serve: Serve, tmp_path: Path) -> None:
    gateway = serve({EU_INDEX: eu_index(1001), eu_report_url(1001): eu_report(1001, "SR/1/26")})
    report = crawl(tmp_path, "eu_safety_gate", gateway.url, floor=0)
    assert (report["status"], report["created"]) == ("ok", 1)
    assert gateway.asked[0][0] == "https://ec.europa.eu/robots.txt"
    assert {row.url for row in captured(tmp_path)} == {EU_INDEX, eu_report_url(1001)}


def test_a_redirect_to_a_real_address_goes_through_the_gateway_again(serve: Serve, tmp_path: Path) -> None:
    moved = CA_DUMP.replace("HCRSAMOpenData", "Moved")
    gateway = serve({CA_DUMP: Answer(status=301, headers={"Location": moved}), moved: ca_dump(1)})
    report = crawl(tmp_path, CA, gateway.url, floor=0)
    assert (report["status"], report["created"]) == ("ok", 1)
    assert [row.url for row in captured(tmp_path)] == [moved]


@pytest.mark.parametrize("target", ["http://127.0.0.1:1/", "https://elsewhere.example/", "https://www.ec.europa.eu.example/"])
def test_a_redirect_off_the_hosts_of_the_card_is_not_followed(serve: Serve, tmp_path: Path, target: str) -> None:
    gateway = serve({EU_INDEX: Answer(status=302, headers={"Location": target})})
    report = crawl(tmp_path, "eu_safety_gate", gateway.url)
    assert (report["status"], report["reason"]) == ("failed", "off_site")
    assert target in report["why"]
    assert gateway.addresses() == [EU_INDEX]


def test_an_address_off_the_hosts_of_the_card_is_not_asked(serve: Serve, tmp_path: Path) -> None:
    elsewhere = eu_index(1001).body.replace(b"[https://ec.europa.eu", b"[https://evil.example")
    gateway = serve({EU_INDEX: Answer(elsewhere, "application/xml")})
    report = crawl(tmp_path, "eu_safety_gate", gateway.url)
    assert (report["status"], report["reason"]) == ("failed", "shape")
    assert "https://evil.example" in report["why"]
    assert gateway.addresses() == [EU_INDEX]


def test_a_redirect_in_a_circle_ends(serve: Serve, tmp_path: Path) -> None:
    gateway = serve({CA_DUMP: Answer(status=302, headers={"Location": CA_DUMP})})
    report = crawl(tmp_path, CA, gateway.url)
    assert (report["status"], report["reason"]) == ("failed", "redirect_loop")
    assert len(gateway.addresses()) == 6


def test_without_another_wish_the_delay_of_the_card_is_kept(serve: Serve, tmp_path: Path) -> None:
    gateway = serve({wto_url(1): wto_page(3, USA="2026-11-19"), wto_url(2): wto_page(3, CHE="2026-11-18"),
                     wto_url(3): wto_page(3, EU="2026-11-17")})
    report = crawl(tmp_path, "wto_tbt_notifications", gateway.url, delay=None, floor=0)
    assert (report["status"], report["created"]) == ("ok", 3)
    times = [moment for _, moment, _ in gateway.asked]
    gaps = [later - sooner for sooner, later in pairwise(times)]
    assert len(gaps) == 3, "robots.txt counts as a request"
    assert min(gaps) > 0.98, gaps


def test_a_gateway_that_is_down_is_told_as_a_source_out_of_reach(tmp_path: Path) -> None:
    report = crawl(tmp_path, CA, "http://127.0.0.1:1")
    assert (report["status"], report["reason"], report["seen"]) == ("failed", "unreachable", 0)


def test_we_say_who_we_are(serve: Serve, tmp_path: Path) -> None:
    gateway = serve({CA_DUMP: ca_dump(1)})
    crawl(tmp_path, CA, gateway.url)
    agents = {headers["User-Agent"] for _, _, headers in gateway.asked}
    assert agents == {"Mozilla/5.0 (compatible; zonewatch/1.0; +https://zone.example)"}


@pytest.mark.parametrize(("robots", "status", "reason"), [
    (Answer(b"User-agent: *\nDisallow: /sites/", "text/plain"), "blocked", "robots"),
    (Answer(b"User-agent: zonewatch\nDisallow: /\n\nUser-agent: *\nDisallow:", "text/plain"), "blocked", "robots"),
    (Answer(b"", "text/plain", 503), "failed", "http_status"),
    (Answer(hang=0.1), "failed", "closed"),
])
def test_robots_txt_is_obeyed_and_without_it_nothing_is_asked(serve: Serve, tmp_path: Path, robots: Answer, status: str,
                                                              reason: str) -> None:
    host = urlsplit(CA_DUMP).netloc
    gateway = serve({f"https://{host}/robots.txt": robots, CA_DUMP: ca_dump(1)})
    report = crawl(tmp_path, CA, gateway.url)
    assert (report["status"], report["reason"]) == (status, reason)
    assert gateway.addresses() == []


def test_a_page_in_place_of_robots_txt_forbids_nothing(serve: Serve, tmp_path: Path) -> None:
    page = Answer(b"<html>User-agent: *\nDisallow: /</html>", "text/html", 404)
    gateway = serve({"https://recalls-rappels.canada.ca/robots.txt": page, CA_DUMP: ca_dump(1)})
    assert crawl(tmp_path, CA, gateway.url, floor=0)["status"] == "ok"


def test_a_publisher_that_asks_for_patience_gets_it(serve: Serve, tmp_path: Path) -> None:
    gateway = serve({CA_DUMP: [Answer(status=429, headers={"Retry-After": "1"}), ca_dump(1)]})
    assert crawl(tmp_path, CA, gateway.url, floor=0)["status"] == "ok"
    (_, refused, _), (_, again, _) = (entry for entry in gateway.asked if entry[0] == CA_DUMP)
    assert again - refused > 0.98


def test_who_asks_for_too_much_patience_is_asked_in_the_next_run(serve: Serve, tmp_path: Path) -> None:
    gateway = serve({CA_DUMP: Answer(status=503, headers={"Retry-After": "86400"})})
    report = crawl(tmp_path, CA, gateway.url)
    assert (report["status"], report["why"]) == ("failed", f"{CA_DUMP} answered with HTTP status 503")
    assert gateway.addresses() == [CA_DUMP]


def test_an_answer_is_kept_byte_for_byte_before_anybody_parses_it(serve: Serve, tmp_path: Path) -> None:
    garbage = bytes(range(256)) * 8
    gateway = serve({CA_DUMP: Answer(garbage, headers={"ETag": '"7"', "Set-Cookie": "who=you"})})
    report = crawl(tmp_path, CA, gateway.url)
    assert (report["status"], report["reason"]) == ("failed", "not_parsable")
    (row,) = captured(tmp_path)
    assert CaptureStore(str(tmp_path / "captures")).get(row.sha256) == garbage
    assert (row.url, row.status, row.size, row.run_id) == (CA_DUMP, 200, len(garbage), report["id"])
    assert row.headers["Etag"] == '"7"'
    assert "Set-Cookie" not in row.headers
