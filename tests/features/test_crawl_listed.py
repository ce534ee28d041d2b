"""Listings whose records lead to an answer each: an item is asked for when its record says something new, and again until
it could be read. The answers are those of the sources' own cases."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tests.replay import SOURCES, Answer, Gateway, crawl

Serve = Callable[..., Gateway]
GB, NZ = "uk_opss", "nz_product_safety"
SITE, CONTENT = "https://www.productsafety.govt.nz/recalls", "https://www.gov.uk/api/content"
FIRST, SECOND = SITE, f"{SITE}?start=12"


def answers(slug: str, case: str, kind: str) -> dict[str, Answer]:
    found = json.loads((SOURCES / slug / f"{case}.json").read_text(encoding="utf-8"))["answers"]
    return {url: Answer((SOURCES / slug / name).read_bytes(), kind) for url, name in found.items()}


def changed(answer: Answer, change: Callable[[Any], None]) -> Answer:
    """A JSON answer after a change."""
    value = json.loads(answer.body)
    change(value)
    return Answer(json.dumps(value).encode())


def run(folder: Path, slug: str, gateway: Gateway, **options: Any) -> tuple[str, int, int, int, list[str]]:
    """How a run ended, what was new, revised and withdrawn, and what was asked for."""
    report = crawl(folder, slug, gateway.url, floor=0, **options)
    return report["status"], report["created"], report["revised"], report["withdrawn"], sorted(gateway.addresses())


def test_what_was_lost_is_asked_for_again_and_then_nothing_but_the_list(serve: Serve, tmp_path: Path) -> None:
    gateway = serve(answers(NZ, "list", "text/html;charset=UTF-8"))
    lamp, toy = f"{SITE}/old-name-of-a-lamp", f"{SITE}/plain-page-toy"
    kept = gateway.answers[toy]
    gateway.answers[toy] = Answer(status=404)
    assert run(tmp_path, NZ, gateway)[:2] == ("incomplete", 2)
    gateway.answers[toy] = kept
    assert run(tmp_path, NZ, gateway) == ("ok", 1, 0, 0, sorted([FIRST, SECOND, toy]))
    assert run(tmp_path, NZ, gateway) == ("ok", 0, 0, 0, [FIRST, SECOND])
    page = gateway.answers[FIRST].body.replace(b"Renamed Lamp", b"Lamp with another name")
    gateway.answers[FIRST] = Answer(page, "text/html;charset=UTF-8")
    assert run(tmp_path, NZ, gateway) == ("ok", 0, 1, 0, sorted([FIRST, SECOND, lamp]))
    assert len(run(tmp_path, NZ, gateway, full=True)[-1]) == 5


def test_a_document_that_its_publisher_withdraws_is_withdrawn_once(serve: Serve, tmp_path: Path) -> None:
    gateway = serve(answers(GB, "alerts", "application/json"))
    pages = [url for url in gateway.answers if "search.json" in url]
    ink = next(url for url in gateway.answers if url.endswith("product-safety-report-ink-set"))
    gone = next(url for url in gateway.answers if url.endswith("product-recall-old-kettle-2101-0001"))
    assert run(tmp_path, GB, gateway)[:2] == ("ok", 3)
    assert run(tmp_path, GB, gateway) == ("ok", 0, 0, 0, sorted([*pages, gone])), "withdrawn before it was ever seen"
    gateway.answers[pages[1]] = changed(gateway.answers[pages[1]], lambda page: page["results"][0].update(
        public_timestamp="2026-10-02T10:00:00Z"))
    gateway.answers[ink] = changed(gateway.answers[ink], lambda item: item.update(
        withdrawn_notice={"explanation": "<p>Published in error</p>", "withdrawn_at": "2026-10-02T10:00:00Z"}))
    assert run(tmp_path, GB, gateway)[:4] == ("ok", 0, 0, 1)
    for _ in range(3):
        assert run(tmp_path, GB, gateway)[:4] == ("ok", 0, 0, 0)
