"""Standards are followed by their stage: a new edition, a revision, a withdrawal are news once, to whom they concern."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest

from crawlers.spiders.iso_open_data import DUMP
from domain import clock
from domain.criteria import Criteria
from domain.notice import NoticeKind
from storage import notices
from tests.builders import notice, source, store
from tests.databases import database
from tests.features.alerts import LI, World, text, told
from tests.replay import SOURCES, Answer, Gateway, crawl

Serve = Callable[..., Gateway]
HAN = "han@firm.example"
CYLINDERS, TONER = (Criteria(product_types=frozenset({name})) for name in ("pneumatic_cylinder", "toner_cartridge"))
CYLINDER = "Pneumatic fluid power – Cylinders with detachable mountings, 1 000 kPa (10 bar) series"


def record(number: int, reference: str, stage: int, published: str | None, title: str = CYLINDER, **more: Any) -> str:
    """A line of ISO's open data."""
    return json.dumps({
        "id": number, "deliverableType": "IS", "supplementType": None, "reference": reference, "title": {"en": title},
        "publicationDate": published, "edition": 3, "icsCode": ["23.100.20"], "ownerCommittee": "ISO/TC 131/SC 3",
        "currentStage": stage, "replaces": None, "replacedBy": None, "languages": ["en"], "pages": {"en": 22},
        "scope": {"en": None}} | more)


FORMER = record(66921, "ISO 15552:2018", 9092, "2018-04-15")
TONER_YIELD = record(68555, "ISO/IEC 19752:2017", 6060, "2017-01-10", "Determination of toner cartridge yield",
                     icsCode=["37.100.10"], ownerCommittee="ISO/IEC JTC 1/SC 28")


class Iso:
    """ISO's open data as it changes from day to day, crawled into the world's database."""

    def __init__(self, folder: Path, serve: Serve) -> None:
        self.folder, self.gateway = folder, serve({})

    def publish(self, *lines: str) -> dict[str, Any]:
        self.gateway.answers[DUMP] = Answer("\n".join(lines).encode())
        report = crawl(self.folder, "iso_open_data", self.gateway.url, floor=1, now=clock.now().isoformat())
        assert report["status"] == "ok", report
        return report


@pytest.fixture
def iso(tmp_path: Path, serve: Serve) -> Iso:
    return Iso(tmp_path, serve)


@pytest.fixture
def followed(here: World) -> World:
    """Li follows cylinders, Han toner cartridges."""
    here.follow(criteria=CYLINDERS)
    here.follow(HAN, TONER)
    return here


def test_a_new_edition_of_iso_15552_reaches_whoever_follows_cylinders_once(followed: World, iso: Iso) -> None:
    draft = record(84310, "ISO/FDIS 15552", 5020, None)
    iso.publish(FORMER, draft, TONER_YIELD)
    assert followed.round() == []
    followed.wait()
    edition = record(84310, "ISO 15552:2026", 6060, "2026-11-18", replaces=[66921])
    replaced = record(66921, "ISO 15552:2018", 9599, "2018-04-15", replacedBy=[84310])
    assert iso.publish(edition, replaced, TONER_YIELD)["revised"] == 2
    (mail,) = followed.round()
    assert mail["To"] == LI
    assert told(mail) == [f"ISO 15552:2026 {CYLINDER}", f"ISO 15552:2018 {CYLINDER}"]
    assert text(mail).count("内容有变更：") == 2
    assert "  阶段：批准 → 已发布/现行\n" in text(mail)
    assert "  阶段：待修订 → 废止\n" in text(mail)
    for _ in range(2):
        followed.wait(timedelta(days=1))
        iso.publish(replaced, edition, TONER_YIELD)
        assert followed.round() == []


def test_a_new_edition_that_was_never_listed_as_a_draft_is_told_once(followed: World, iso: Iso) -> None:
    iso.publish(TONER_YIELD, record(66921, "ISO 15552:2018", 9599, "2018-04-15", replacedBy=[84310]))
    followed.wait()
    edition = record(84310, "ISO 15552:2026", 6060, "2026-11-18", replaces=[66921])
    iso.publish(TONER_YIELD, edition, record(66921, "ISO 15552:2018", 9599, "2018-04-15", replacedBy=[84310]))
    (mail,) = followed.round()
    assert (mail["To"], told(mail)) == (LI, [f"ISO 15552:2026 {CYLINDER}"])
    assert "\n阶段：已发布/现行\n" in text(mail)
    followed.wait()
    assert followed.round() == []


def test_the_withdrawal_of_a_followed_standard_is_told_once_with_its_stages(followed: World, iso: Iso) -> None:
    standard = record(66921, "ISO 15552:2018", 6060, "2018-04-15")
    iso.publish(standard, TONER_YIELD)
    followed.wait()
    withdrawn = record(66921, "ISO 15552:2018", 9599, "2018-04-15")
    iso.publish(withdrawn, TONER_YIELD)
    (mail,) = followed.round()
    assert (mail["To"], told(mail)) == (LI, [f"ISO 15552:2018 {CYLINDER}"])
    assert "内容有变更：\n  阶段：已发布/现行 → 废止\n" in text(mail)
    followed.wait()
    iso.publish(TONER_YIELD, withdrawn)
    assert followed.round() == []


def test_what_changes_of_a_standard_besides_its_stage_and_scope_is_no_news(followed: World, iso: Iso) -> None:
    iso.publish(FORMER, TONER_YIELD)
    followed.wait()
    corrected = record(66921, "ISO 15552:2018", 9092, "2018-04-15", title=f"{CYLINDER}, corrected", pages={"en": 24})
    assert iso.publish(corrected, TONER_YIELD)["revised"] == 1
    assert followed.round() == []


STAGED = {
    "iec_catalogue": ("files", ("published", "withdrawn"), {
        "files.folder.json": ('"sha": "1111', '"sha": "1112'), "files.1.txt": ("value: PUBLISHED", "value: WITHDRAWN")}),
    "jp_jis_catalogue": ("list", ("published", "withdrawn"), {"list.first.html": ("状態： 有効", "状態： 廃止")}),
    "cn_openstd": ("lists", ("adopted", "published"), {
        name: ("即将实施", "现行") for name in ("lists.1.html", "lists.2.html", "lists.a.html")}),
}
"""A stage that changes at each of the other catalogues: in its own record, and in the list that leads there."""


@pytest.mark.parametrize("slug", STAGED)
def test_a_stage_that_changes_is_material_at_every_catalogue(tmp_path: Path, serve: Serve, slug: str) -> None:
    name, stages, changes = STAGED[slug]
    case = json.loads((SOURCES / slug / f"{name}.json").read_text(encoding="utf-8"))
    texts = {url: (SOURCES / slug / file).read_text(encoding="utf-8") for url, file in case["answers"].items()}
    gateway = serve({url: Answer(each.encode()) for url, each in texts.items()})
    crawl(tmp_path, slug, gateway.url, floor=0, now=case["now"])
    for url, file in case["answers"].items():
        gateway.answers[url] = Answer(texts[url].replace(*changes.get(file, ("", ""))).encode())
    crawl(tmp_path, slug, gateway.url, floor=0, now=case["now"])
    with database(tmp_path).read() as session:
        versions = [notices.versions(session, each.id) for batch in notices.everything(session) for each in batch]
    [(newest, oldest)] = [found for found in versions if len(found) == 2]
    assert (oldest.notice.stage, newest.notice.stage) == stages
    assert newest.material
    assert "stage" in newest.changed


def test_an_edition_that_iso_and_iec_both_list_is_told_once(followed: World) -> None:
    """Both catalogues hold what the two bodies publish together."""
    number = "ISO/IEC 19752:2026"
    standard = {"kind": NoticeKind.STANDARD, "market": "INT", "identifiers": (number,), "published_on": date(2026, 11, 18),
                "title": f"{number} Determination of toner cartridge yield", "product": "", "origin": "", "hazards": ()}
    for slug in ("iso_open_data", "iec_catalogue"):
        store(followed.db, notice("first", source=slug), card=source(slug))
        store(followed.db, notice(f"{slug} of {number}", source=slug, **standard), card=source(slug))
    (mail,) = followed.round()
    assert mail["To"] == HAN
    assert len(told(mail)) == 1
