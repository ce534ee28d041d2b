"""Builders of real things for tests: notices, cards, migrated databases, stored notices."""

from __future__ import annotations

from datetime import date
from typing import Any

from domain.classification import Classification
from domain.classify import VERSION, classify
from domain.notice import Notice, NoticeKind
from domain.source import Expectation, Listing, Publisher, Reason, RunStatus, Source
from storage import runs, sources
from storage.ingest import Reading, ingest
from storage.session import Database


def source(slug: str = "eu_safety_gate", **changes: Any) -> Source:
    """A card that asks for nothing."""
    card: dict[str, Any] = {
        "slug": slug, "title": f"Title of {slug}", "title_zh": f"{slug} 来源", "market": "EU",
        "publisher": Publisher("European Commission", "欧盟委员会", "https://publisher.example", "EU"),
        "url": "https://publisher.example/list", "hosts": ("publisher.example",), "licence": "CC BY 4.0",
        "listing": Listing.WINDOW, "expectation": Expectation(min_items=0, max_silence_days=30), "parser_version": 1,
        "summary": "Alerts", "summary_zh": "通报",
    }
    return Source(**(card | changes))


def notice(external_id: str = "SR/00001/26", **changes: Any) -> Notice:
    """A Safety Gate alert on an air compressor."""
    values: dict[str, Any] = {
        "source": "eu_safety_gate", "external_id": external_id, "kind": NoticeKind.FOREIGN_NOTIFICATION, "market": "EU",
        "title": "Air compressor – Portable 24 L", "product": "Air compressor", "url": "https://publisher.example/1",
        "published_on": date(2026, 11, 13), "category": "Machinery", "origin": "CN", "risk_level": "serious",
        "hazards": ("injuries",), "summary": "The pressure vessel may burst.",
    }
    return Notice(**(values | changes))


def store(db: Database, *notices: Notice, card: Source | None = None) -> list[int]:
    """Store notices in one run that ends well; gives their ids. The first call for a source is its first load."""
    return store_found(db, *((each, classify(each)) for each in notices), card=card)


def store_found(db: Database, *found: tuple[Notice, Classification], card: Source | None = None) -> list[int]:
    """The same for notices in which the classifier found what stands beside them."""
    notices = [notice for notice, _ in found]
    card = card or source(notices[0].source)
    sources.save_cards(db, [card])
    run = runs.start(db, card)
    outcome = ingest(db, run, [Reading(*each) for each in found], VERSION)
    runs.finish(db, run, RunStatus.OK, Reason("ok"), runs.Tally(
        seen=len(notices), created=outcome.created, revised=outcome.revised, unchanged=outcome.unchanged))
    with db.read() as session:
        found = runs.by_external_ids(session, card.slug, {each.external_id for each in notices})
    return [found[each.external_id] for each in notices]
