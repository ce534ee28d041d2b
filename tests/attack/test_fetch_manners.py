"""Attack cases 10 to 14: manners, excuses, robots.txt, and what answers say of themselves."""

from __future__ import annotations

import gzip
import json
import threading
import time
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from crawlers.fetch.conditional import LIE
from storage.models import Capture, ChangeRow, ReadUnit
from tests.attack.wire import (
    BLANK,
    CA_HOST,
    GOOD,
    OTHER,
    PUBLIC,
    Serving,
    Site,
    Wire,
    crawl,
    notices,
    on,
    probe,
)
from tests.databases import database
from tests.publishers import CA_DUMP, EU_INDEX, ca_dump, eu_index, eu_report, eu_report_url
from tests.replay import Answer, Gateway

APOLOGY = b"<!doctype html><title>Abuse Detection Apology</title><h1>Apology</h1><p>We apologize. Try again later."

# -- 10: manners ------------------------------------------------------------------------------------------------------

def later(seconds: float) -> str:
    return format_datetime(datetime.now(UTC) + timedelta(seconds=seconds), usegmt=True)


@pytest.mark.parametrize("status", [429, 503])
@pytest.mark.parametrize("wish", ["2", "date"])
def test_case_10_a_wait_in_seconds_or_until_a_date_is_kept(serve: Serving, tmp_path: Path, status: int, wish: str) -> None:
    wait = later(3) if wish == "date" else wish
    gateway = serve(Gateway, {CA_DUMP: [Answer(status=status, headers={"Retry-After": wait}), ca_dump(1)]})
    report = crawl(tmp_path, None, gateway=gateway.url, floor=0)
    assert report["status"] == "ok", report["why"]
    (_, refused, _), (_, again, _) = (entry for entry in gateway.asked if entry[0] == CA_DUMP)
    assert 1.9 < again - refused < 5


@pytest.mark.parametrize("wait", ["3600", "999999999999999999999", "Fri, 31 Dec 9999 23:59:59 GMT"])
def test_case_10_who_asks_for_an_absurd_wait_is_left_alone_for_this_run(serve: Serving, tmp_path: Path, wait: str) -> None:
    """Not only the page: the whole host, until the next run."""
    gateway = serve(Gateway, {EU_INDEX: eu_index(1001, 1002, 1003), eu_report_url(1001): eu_report(1001, "SR/1/26")} | {
        eu_report_url(number): Answer(status=503, headers={"Retry-After": wait}) for number in (1002, 1003)})
    begun = time.monotonic()
    report = crawl(tmp_path, None, "eu_safety_gate", gateway=gateway.url, floor=0)
    assert report["status"] in ("failed", "incomplete")
    assert "status 503" in report["why"]
    asked = gateway.addresses()
    assert len([url for url in asked if url in (eu_report_url(1002), eu_report_url(1003))]) == 1
    assert time.monotonic() - begun < 20


@pytest.mark.parametrize("wait", ["soon", "-5", "Sun, 22 Nov 2026 03:00:00 GMT", "Fri, 31 Dec 99999 23:59:59 GMT"])
def test_case_10_a_wait_that_says_nothing_is_none(serve: Serving, tmp_path: Path, wait: str) -> None:
    gateway = serve(Gateway, {CA_DUMP: [Answer(status=503, headers={"Retry-After": wait}), ca_dump(1)]})
    assert crawl(tmp_path, None, gateway=gateway.url, floor=0)["status"] == "ok"


class Busy(Site):
    """A site that takes its time, and counts who asks meanwhile."""

    def __init__(self, answers: dict[str, Any]) -> None:
        self.now = self.most = 0
        super().__init__(answers)

    def answer(self, url: str) -> Answer:
        self.now += 1
        self.most = max(self.most, self.now)
        time.sleep(0.15)
        self.now -= 1
        return super().answer(url)


def gaps(site: Gateway, host: str) -> list[float]:
    times = [moment for url, moment, _ in site.asked if f"//{host}/" in url]
    return [later - sooner for sooner, later in pairwise(times)]


def test_case_10_one_request_at_a_time_with_the_delay_of_the_card_for_every_real_host(serve: Serving,
                                                                                      tmp_path: Path) -> None:
    """Also when a redirect leads from one host of the card to the other."""
    paths = [f"https://{host}/{number}" for host in (GOOD, OTHER) for number in range(3)]
    moved = {f"https://{GOOD}/moved": Answer(status=302, headers={"Location": f"http://{OTHER}/there"})}
    site = serve(Busy, dict.fromkeys([*paths, f"https://{OTHER}/there"], BLANK) | moved)
    urls = [f"http://{OTHER}/0", f"http://{GOOD}/moved", f"http://{OTHER}/1", f"http://{GOOD}/1", f"http://{OTHER}/2"]
    report = probe(tmp_path, on(site, GOOD, OTHER), urls, [GOOD, OTHER], delay=0.4)
    assert (report["status"], site.most) == ("ok", 1), report["why"]
    assert len(gaps(site, OTHER)) == 4
    assert min(gaps(site, GOOD) + gaps(site, OTHER)) > 0.4 + 0.15, "the delay counts from the end of an answer"


def test_case_10_two_sources_of_one_host_take_turns(serve: Serving, tmp_path: Path) -> None:
    site = serve(Busy, {f"https://{CA_HOST}/{number}": BLANK for number in range(4)} | {
        CA_DUMP: Answer(status=404)})
    urls = [f"http://{CA_HOST}/{number}" for number in range(4)]
    database(tmp_path).close()
    wire, found = on(site, CA_HOST), []
    probing = threading.Thread(target=lambda: found.append(probe(tmp_path, wire, urls, [CA_HOST], delay=0.3)))
    probing.start()
    while not site.asked:
        time.sleep(0.05)
    other = Wire({CA_HOST: [PUBLIC]}, {(PUBLIC, 443): site.port})
    crawl(tmp_path, other, delay=0.3, settings={"RETRY_TIMES": 0})
    last = time.monotonic()
    probing.join()
    assert (found[0]["status"], site.most) == ("ok", 1)
    assert last - site.asked[-1][1] > 0.25


# -- 11: excuses ------------------------------------------------------------------------------------------------------

EXCUSES = {
    "apology": APOLOGY,
    "difficulties": b"<html><head><title>Technical Difficulties</title></head><body>" + b"<p>menu " * 999,
    "captcha": b"<!DOCTYPE html><html><title>Just a moment...</title><body>Enable JavaScript and cookies to continue",
    "cookies": b"<html><body><form>Please enable cookies to continue.</form></body></html>",
    "denied": b"<HTML><HEAD>\n<TITLE>Access Denied</TITLE>\n</HEAD><BODY>\n<H1>Access Denied</H1>Reference #18.1",
    "robot": b"<html><h1>Are you a robot?</h1>" + b"<p>Something long about us. " * 200,
    "chinese": "<html><head><meta charset=gbk><title>提示</title></head><body>访问过于频繁，请稍后再试</body>".encode("gbk"),
    "maintenance": "<html><title>系统维护</title><body>系统正在维护".encode(),
}


@pytest.mark.parametrize("page", EXCUSES.values(), ids=EXCUSES)
def test_case_11_an_excuse_with_status_200_is_a_block_also_where_pages_are_the_data(serve: Serving, tmp_path: Path,
                                                                                    page: bytes) -> None:
    """The probe reads anything, as a reader of pages would: without the check it would have found an empty list."""
    gateway = serve(Gateway, {f"https://{GOOD}/list": Answer(page, "text/html")})
    report = probe(tmp_path, None, [f"http://{GOOD}/list"], [GOOD], gateway=gateway.url)
    assert (report["status"], report["reason"]) == ("blocked", "html_instead"), report["why"]
    with database(tmp_path).read() as session:
        assert session.scalars(select(Capture)).one().size == len(page), "the operator can see it"
        assert session.scalars(select(ReadUnit)).all() == []


@pytest.mark.parametrize("page", [
    b"<html><title>Recalls</title><h1>Recalls</h1>" + b"<li>Gate controller: access denied to residents" * 30,
    b"<html><title>Power strip sold at Best Buy recalled: security check of the cable failed, service is not available in "
    b"shops</title><p>Notice 12-345.</p>",
    "<html><title>通知公告</title><ul>".encode() + "<li>关于发布电磁阀标准的通知</li>".encode() * 60 + "<p>验证码".encode(),
], ids=["list", "headline", "search-form"])
def test_case_11_news_about_such_things_is_no_excuse(serve: Serving, tmp_path: Path, page: bytes) -> None:
    gateway = serve(Gateway, {f"https://{GOOD}/list": Answer(page, "text/html")})
    assert probe(tmp_path, None, [f"http://{GOOD}/list"], [GOOD], gateway=gateway.url)["status"] == "ok"


@pytest.mark.parametrize("there", [f"https://{CA_HOST}/apology_objects/abuse.html", "https://www.elsewhere.example/apology.html"],
                         ids=["here", "elsewhere"])
def test_case_11_a_redirect_to_an_apology_is_a_block_and_changes_nothing(serve: Serving, tmp_path: Path, there: str) -> None:
    gateway = serve(Gateway, {CA_DUMP: ca_dump(1, 2), there: Answer(APOLOGY, "text/html")})
    assert crawl(tmp_path, None, gateway=gateway.url, floor=2)["status"] == "ok"
    gateway.answers[CA_DUMP] = Answer(status=302, headers={"Location": there})
    with database(tmp_path).read() as session:
        changes = len(session.scalars(select(ChangeRow)).all())
    for _ in range(3):
        report = crawl(tmp_path, None, gateway=gateway.url, floor=2)
        assert (report["status"], report["withdrawn"]) == ("blocked", 0), report["why"]
    assert notices(tmp_path) == {"1": "active", "2": "active"}
    with database(tmp_path).read() as session:
        assert len(session.scalars(select(ChangeRow)).all()) == changes


# -- 12: robots.txt ---------------------------------------------------------------------------------------------------

ROBOTS = f"https://{CA_HOST}/robots.txt"
PADDING = b"# nothing\n" * 52_000
RULES = b"User-agent: *\nDisallow: /\n"


@pytest.mark.parametrize(("robots", "said"), [
    (Answer(RULES, "text/plain"), ("blocked", "robots")), (Answer(b"", status=401), ("blocked", "http_status")),
    (Answer(b"", status=500), ("failed", "http_status")), (Answer(b"", status=503), ("failed", "http_status")),
    (Answer(b"", status=429), ("blocked", "http_status")), (Answer(b"", status=404), ("ok", "ok")),
    (Answer(b"", status=410), ("ok", "ok")), (Answer(RULES + PADDING, "text/plain"), ("blocked", "robots")),
    (Answer(PADDING + RULES, "text/plain"), ("ok", "ok")), (Answer(PADDING * 9, "text/plain"), ("failed", "too_large")),
    (Answer(gzip.compress(PADDING * 20), headers={"Content-Encoding": "gzip"}), ("failed", "too_large")),
    (Answer(status=302, headers={"Location": "/robots.txt"}), ("failed", "redirect_loop")),
    (Answer(status=302, headers={"Location": "https://elsewhere.example/robots.txt"}), ("failed", "off_site")),
    (Answer(status=304), ("failed", "http_status")),
], ids=["disallow", "401", "500", "503", "429", "404", "410", "500kB-with-rules", "rules-after-500kB", "5MB", "bomb", "loop",
        "elsewhere", "304"])
def test_case_12_robots_txt_is_respected_fail_safe_and_capped(serve: Serving, tmp_path: Path, robots: Answer,
                                                              said: tuple[str, str]) -> None:
    gateway = serve(Gateway, {ROBOTS: robots, CA_DUMP: ca_dump(1)})
    report = crawl(tmp_path, None, gateway=gateway.url, floor=0)
    assert (report["status"], report["reason"]) == said, report["why"]
    assert (CA_DUMP in gateway.addresses()) is (said[0] == "ok")


def test_case_12_rules_cut_at_the_cap_are_not_misread(serve: Serving, tmp_path: Path) -> None:
    """The cap falls within ``Disallow: /sites-of-old``, whose first half would forbid the dump."""
    head = b"User-agent: *\n"
    rules = head + b"#" * (500 * 1024 - len(head) - 17) + b"\nDisallow: /sites-of-old/\n"
    gateway = serve(Gateway, {ROBOTS: Answer(rules, "text/plain"), CA_DUMP: ca_dump(1)})
    assert crawl(tmp_path, None, gateway=gateway.url, floor=0)["status"] == "ok"


def test_case_12_rules_made_to_be_slow_are_read_in_time(serve: Serving, tmp_path: Path) -> None:
    rules = b"User-agent: *\n" + b"Disallow: /" + b"*a" * 400 + b"$\n"
    gateway = serve(Gateway, {ROBOTS: Answer(rules * 20, "text/plain"), f"https://{CA_HOST}/{'a' * 1500}": BLANK})
    begun = time.monotonic()
    report = probe(tmp_path, None, [f"http://{CA_HOST}/{'a' * 1500}"], [CA_HOST], gateway=gateway.url)
    assert report["status"] in ("ok", "blocked")
    assert time.monotonic() - begun < 15


# -- 13, 14: what answers say of themselves ---------------------------------------------------------------------------

def days_on(days: int) -> str:
    return (datetime(2026, 11, 20, 8, tzinfo=UTC) + timedelta(days=days)).isoformat()


def test_case_13_a_blind_upload_with_new_validators_is_no_change(serve: Serving, tmp_path: Path) -> None:
    gateway = serve(Gateway, {CA_DUMP: ca_dump(1, 2)})
    for day in range(4):
        gateway.answers[CA_DUMP] = ca_dump(1, 2, etag=f'"{day}"', headers={"Last-Modified": later(day)})
        report = crawl(tmp_path, None, gateway=gateway.url, floor=2, now=days_on(day))
        assert (report["status"], report["created"], report["revised"]) == ("ok", 0 if day else 2, 0)
        assert report["unchanged"] == (2 if day else 0)
        if day:
            assert gateway.asked[-1][2]["If-None-Match"] == f'"{day - 1}"', "the newest validator is asked with"


def test_case_13_new_bytes_with_the_same_content_are_no_change(serve: Serving, tmp_path: Path) -> None:
    rows = json.loads(ca_dump(1, 2).body)
    for number, body in enumerate((rows, rows[::-1], [dict(reversed(row.items())) for row in rows])):
        gateway = serve(Gateway, {CA_DUMP: Answer(json.dumps(body, indent=number).encode(), etag=f'"{number}"')})
        report = crawl(tmp_path, None, gateway=gateway.url, floor=2)
        assert (report["status"], report["created"], report["revised"]) == ("ok", 0 if number else 2, 0)


@pytest.mark.parametrize("validators", [
    {"etag": '"always"'}, {"headers": {"Last-Modified": "Fri, 20 Nov 2026 08:00:00 GMT"}}], ids=["etag", "last-modified"])
def test_case_13_not_modified_is_not_believed_for_ever(serve: Serving, tmp_path: Path, validators: dict[str, Any]) -> None:
    """A server that says 304 to everybody: after a week the whole answer is asked for, and it has changed. From then on
    its validators are not used."""
    gateway = serve(Lazy, {CA_DUMP: ca_dump(1, **validators)})
    assert crawl(tmp_path, None, gateway=gateway.url, floor=1, now=days_on(0))["created"] == 1
    gateway.answers[CA_DUMP] = ca_dump(1, 2, **validators)
    assert crawl(tmp_path, None, gateway=gateway.url, floor=1, now=days_on(6))["created"] == 0
    report = crawl(tmp_path, None, gateway=gateway.url, floor=1, now=days_on(8))
    assert (report["status"], report["created"], report["warnings"]) == ("ok", 1, {LIE: 1})
    for day, dump, created in ((9, ca_dump(1, 2, **validators), 0), (10, ca_dump(1, 2, 3, **validators), 1)):
        gateway.answers[CA_DUMP] = dump
        assert crawl(tmp_path, None, gateway=gateway.url, floor=1, now=days_on(day))["created"] == created
        assert not gateway.asked[-1][2].keys() & {"If-None-Match", "If-Modified-Since"}


def test_case_13_honest_validators_stay_in_use(serve: Serving, tmp_path: Path) -> None:
    gateway = serve(Gateway, {CA_DUMP: ca_dump(1, etag='"1"')})
    asked = []
    for day in (0, 1, 8, 9, 14, 16):
        assert crawl(tmp_path, None, gateway=gateway.url, floor=1, now=days_on(day))["status"] == "ok"
        asked.append(gateway.asked[-1][2].get("If-None-Match"))
    assert asked == [None, '"1"', None, '"1"', '"1"', None]


def test_case_13_not_modified_without_a_question_is_no_answer(serve: Serving, tmp_path: Path) -> None:
    gateway = serve(Gateway, {CA_DUMP: ca_dump(1)})
    assert crawl(tmp_path, None, gateway=gateway.url, floor=1)["created"] == 1
    gateway.answers[CA_DUMP] = Answer(status=304)
    report = crawl(tmp_path, None, gateway=gateway.url, floor=1)
    assert (report["status"], report["reason"]) == ("failed", "http_status")


class Lazy(Gateway):
    """Answers every conditional request with 304, whatever has changed."""

    def answer(self, url: str) -> Answer:
        asked = self.asked[-1][2]
        if asked.keys() & {"If-None-Match", "If-Modified-Since"}:
            self.used.add(url)
            return Answer(status=304)
        return super().answer(url)


@pytest.mark.parametrize(("answer", "status"), [
    (Answer(b'{"STATUSCODE": 400, "MESSAGE": "success", "RESULT": []}'), "ok"),
    (Answer(b'{"STATUSCODE": 400, "MESSAGE": "success", "RESULT": []}', status=400), "failed"),
    (Answer(b'{"STATUSCODE": 500}', status=200), "ok"),
], ids=["400-in-the-body", "400-of-the-wire", "500-in-the-body"])
def test_case_14_a_status_in_the_body_is_for_the_reader_alone(serve: Serving, tmp_path: Path, answer: Answer,
                                                              status: str) -> None:
    """Fetching judges by the status of the wire; what a body says is judged by the spider that knows its publisher."""
    gateway = serve(Gateway, {f"https://{GOOD}/api": answer})
    report = probe(tmp_path, None, [f"http://{GOOD}/api"], [GOOD], gateway=gateway.url)
    assert report["status"] == status
    with database(tmp_path).read() as session:
        kept = [row.size for row in session.scalars(select(Capture))]
    assert kept == ([len(answer.body)] if answer.status == 200 else [])
