"""What an exporter types finds what importing countries published, in whatever language, and no false friend."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from domain.criteria import Criteria, Scope
from domain.notice import Notice, NoticeKind
from indexer import sync
from indexer.backends.tantivy import TantivyIndex
from indexer.highlight import highlight
from indexer.service import SearchService
from tests.builders import notice, store
from tests.databases import database


def alert(external_id: str, title: str, category: str = "Other", **changes: Any) -> Notice:
    return notice(external_id, title=title, product=title, **({"category": category, "summary": ""} | changes))


def rule(external_id: str, title: str, market: str, lang: str = "en", **changes: Any) -> Notice:
    return notice(external_id, source="wto_tbt_notifications", kind=NoticeKind.TBT_NOTIFICATION, market=market, lang=lang,
                  title=title, product="", category="", **({"summary": "", "hazards": (), "risk_level": ""} | changes))


ALERTS = [
    alert("ink-en", "Ink cartridge for inkjet printers", published_on=date(2026, 10, 1)),
    alert("ink-de", "Tintenpatrone für Drucker", lang="de", published_on=date(2025, 3, 1)),
    alert("ink-fr", "Cartouches d'encre pour imprimante", lang="fr", published_on=date(2024, 3, 1)),
    alert("toner-en", "Toner cartridge for laser printers"),
    alert("solenoid-en", "Pneumatic solenoid valve 24 V", "Machinery"),
    alert("cylinder-de", "Pneumatikzylinder nach ISO 15552", "Machinery", lang="de"),
    alert("compressor-en", "Air compressor, portable", "Machinery"),
    alert("friend-tattoo", "Tattoo ink", "Chemical products", summary="Ink cartridge for tattoo machines."),
    alert("friend-toner", "Facial toner", "Cosmetics", summary="Toner with BMHCA in a cartridge."),
    alert("friend-sprinter", "Sprinter 907 van", "Motor vehicles", summary="The brake cylinder may leak."),
    alert("friend-e-cigarette", "E-cigarette cartridge with nicotine", "Other", summary="The cartridge leaks."),
    alert("friend-gas", "Gas cylinder with LPG", "Gas appliances and components", summary="The valve leaks."),
    alert("friend-heart", "Aortic heart valve", "Medical devices", summary="The solenoid of the valve fails."),
    alert("friend-engine", "发动机气缸盖", "Motor vehicles", lang="zh"),
]
RULES = [
    rule("G/TBT/N/JPN/900", "プリンタ用インクカートリッジの表示に関する規則", "JP", "ja"),
    rule("G/TBT/N/CHN/2500", "喷墨打印机用墨盒 安全要求", "CN", "zh"),
    rule("G/TBT/N/TPKM/600", "電磁閥安全要求", "TW", "zh"),
    rule("G/TBT/N/EU/1200", "Draft Delegated Directive amending Annex III to Directive 2011/65/EU (RoHS)", "EU"),
]


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> SearchService:
    folder = tmp_path_factory.mktemp("relevance")
    db = database(folder)
    store(db, *ALERTS)
    store(db, *RULES)
    index = TantivyIndex(folder / "index")
    assert sync.sync(db, index) == len(ALERTS) + len(RULES)
    return SearchService(db, index)


def found(service: SearchService, typed: str, scope: Scope = Scope.RELEVANT) -> list[str]:
    results = service.search(service.understand(typed, Criteria(scope=scope)).criteria)
    assert results.total == len(results.hits)
    return [hit.stored.notice.external_id for hit in results.hits]


def test_a_chinese_query_finds_foreign_notices(service: SearchService) -> None:
    assert set(found(service, "墨盒")) == {"ink-en", "ink-de", "ink-fr", "G/TBT/N/JPN/900", "G/TBT/N/CHN/2500"}


@pytest.mark.parametrize(("typed", "hits"), [
    ("硒鼓", {"toner-en"}), ("电磁阀", {"solenoid-en", "G/TBT/N/TPKM/600"}), ("電磁閥", {"solenoid-en", "G/TBT/N/TPKM/600"}),
    ("solenoid valve", {"solenoid-en", "G/TBT/N/TPKM/600"}), ("气缸", {"cylinder-de"}), ("RoHS", {"G/TBT/N/EU/1200"}),
    ("空压机", {"compressor-en"}), ("ISO 15552", {"cylinder-de"}), ("2011/65/EU", {"G/TBT/N/EU/1200"}),
    ("ink cartridge 日本", {"G/TBT/N/JPN/900"}), ("欧盟墨盒", {"ink-en", "ink-de", "ink-fr"}),
])
def test_a_query_finds_its_products_and_nothing_else(service: SearchService, typed: str, hits: set[str]) -> None:
    assert set(found(service, typed)) == hits


@pytest.mark.parametrize("typed", ["气缸", "硒鼓", "墨盒", "电磁阀", "solenoid valve", "RoHS", "打印耗材", "气动元件"])
def test_false_friends_stay_out_in_every_scope(service: SearchService, typed: str) -> None:
    for scope in Scope:
        assert not [name for name in found(service, typed, scope) if name.startswith("friend")]


def test_false_friends_are_there_for_who_looks_for_them(service: SearchService) -> None:
    assert found(service, "tattoo ink", Scope.ALL) == ["friend-tattoo"]
    assert found(service, "tattoo ink") == []


def test_the_switch_widens_the_scope(service: SearchService) -> None:
    relevant, everything = set(found(service, "")), set(found(service, "", Scope.ALL))
    assert relevant < everything
    assert not [name for name in relevant if name.startswith("friend")]


def test_the_newest_of_equals_is_on_top(service: SearchService) -> None:
    ranked = [name for name in found(service, "墨盒 欧盟") if name.startswith("ink")]
    assert ranked == ["ink-en", "ink-de", "ink-fr"]


def test_a_foreign_hit_says_in_chinese_what_it_is(service: SearchService) -> None:
    criteria = service.understand("墨盒").criteria
    (hit,) = [hit for hit in service.search(criteria).hits if hit.stored.notice.external_id == "ink-de"]
    marked = [segment for segment in highlight(hit.stored.notice.title, criteria) if segment.marked]
    assert [(segment.text, segment.gloss) for segment in marked] == [("Tintenpatrone", "墨盒")]


def test_facets_count_within_the_scope(service: SearchService) -> None:
    results = service.search(service.understand("墨盒").criteria)
    assert results.facets["market"] == {"EU": 3, "JP": 1, "CN": 1}
    assert results.facets["product_type"]["toner_cartridge"] == 1, "as if no product type were chosen"
    assert results.seconds < 1
