"""Sources as kept: which of them run by themselves, and what is said of those that do not."""

from __future__ import annotations

from pathlib import Path

import pytest

from crawlers.cards import cards
from crawlers.run import CrawlOptions, crawl
from domain.errors import Conflict
from domain.health import HealthState
from domain.source import Grade
from storage import sources
from storage.captures import CaptureStore
from storage.session import Database
from tests.builders import source
from tests.databases import database


@pytest.fixture
def db(tmp_path: Path) -> Database:
    return database(tmp_path)


@pytest.mark.parametrize(("grade", "may"), [(Grade.PROVEN, True), (Grade.DOCUMENTED, False), (Grade.CARD_ONLY, False)])
def test_only_what_is_proven_runs_by_itself(db: Database, grade: Grade, may: bool) -> None:
    with db.read() as session:
        assert sources.may_run(session, source(grade=grade)) is may


def test_what_is_paused_does_not_run(db: Database) -> None:
    sources.save_cards(db, [source()])
    sources.pause(db, "eu_safety_gate", "they move house", "test")
    with db.read() as session:
        assert not sources.may_run(session, source())


def test_a_card_without_a_spider_is_no_alarm_and_says_why_it_is_not_crawled(db: Database) -> None:
    found = next(card for card in cards() if card.grade is Grade.CARD_ONLY)
    sources.save_cards(db, [found])
    with db.read() as session:
        state = sources.view(session, found.slug).health
    assert state.state is HealthState.NOT_CRAWLED
    assert (state.reason.text("en"), state.reason.text("zh")) == (found.caveats[0], found.caveats_zh[0])


def test_a_card_without_a_spider_is_not_crawled_even_by_name(db: Database, tmp_path: Path) -> None:
    slug = next(card.slug for card in cards() if card.grade is Grade.CARD_ONLY)
    with pytest.raises(Conflict, match="is not crawled"):
        crawl(slug, db, CaptureStore(str(tmp_path)), CrawlOptions(None, None, "https://zone.example"))
