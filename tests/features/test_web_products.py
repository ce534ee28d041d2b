"""Product pages: what has come for a type, by market and kind; every number is the total of the search it leads to."""

from __future__ import annotations

import random
import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from html import unescape
from pathlib import Path
from urllib.parse import parse_qsl, urlsplit

import pytest
from flask.testing import FlaskClient
from hypothesis import given, settings
from hypothesis import strategies as st
from werkzeug.datastructures import MultiDict

from domain import clock
from domain.classification import Classification, Confidence
from domain.classify import VERSION
from domain.criteria import Criteria, facts, matches
from domain.notice import Notice, NoticeKind
from domain.product_type import PRODUCT_TYPES
from domain.regulation import rules_for
from domain.source import Reason, RunStatus
from indexer.sync import sync
from storage import runs, sources
from storage.ingest import Reading, ingest
from tests.browser.portal import Portal, links, text, total
from tests.builders import notice, source
from webapp.search.forms import address, criteria_of, params

pytestmark = pytest.mark.usefixtures("day_of_the_scene")

YEARS = frozenset(("2021", "2022", "2023", "2024", "2025", "2026"))
COUNTED = re.compile(r'<a href="([^"]+)" rel="nofollow">(\d+)</a>')


def counted(page: str) -> set[tuple[Criteria, int]]:
    """The numbers on a page with the criteria of the searches they lead to."""
    return {(criteria_of(MultiDict(parse_qsl(urlsplit(unescape(address)).query))), int(number))
            for address, number in COUNTED.findall(page)}


def differing(reader: FlaskClient, page: str) -> list[tuple[Criteria, int]]:
    """Numbers on a page that are not the total of the search they lead to."""
    return [(criteria, number) for criteria, number in counted(page)
            if total(reader.get(address("/", params(criteria))).text) != number]


def cell(page: str, market: str, kind: str) -> int:
    """The number in the table for a market and a kind."""
    kinds = re.findall(r'<th scope="col" class="number">(\D+?)</th>', page[:page.index("</thead>")])
    row = next(row for row in re.findall(r"<tr>(.*?)</tr>", page, re.DOTALL) if f'<th scope="row">{market}</th>' in row)
    return int(text(re.findall(r"<td.*?</td>", row, re.DOTALL)[kinds.index(kind)]))


# Numbers on the pages

def test_a_type_shows_its_notices_by_market_and_kind(reader: FlaskClient) -> None:
    page = reader.get("/products/air_compressor").text
    assert cell(page, "欧盟（含成员国）", "国外通报") == 9
    assert [cell(page, market, "召回") for market in ("加拿大", "欧盟（含成员国）")] == [1, 2]
    assert cell(page, "合计", "召回") == 3
    assert '<th scope="row">德国' not in page, "what Germany published stands in the row of the EU, and in no other"
    assert cell(page, "合计", "合计") == 12


@pytest.mark.parametrize("path", ["/products", *(f"/products/{each}" for each in PRODUCT_TYPES)])
def test_every_number_is_the_total_of_the_search_it_leads_to(reader: FlaskClient, path: str) -> None:
    assert differing(reader, reader.get(path).text) == []


def test_the_newest_ten_stand_below_and_a_link_leads_to_all(reader: FlaskClient) -> None:
    page = reader.get("/products/air_compressor").text
    assert len(re.findall(r'<h3><a href="/notices/\d+">', page)) == 10
    assert page.index("Air compressor – Portable") < page.index("Rückruf: Druckluftkompressor") < page.index("Compresseur")
    assert total(reader.get(links(page)["查看全部 12 条"]).text) == 12


def test_years_are_told_apart_even_those_without_a_notice(reader: FlaskClient) -> None:
    page = reader.get("/products/toner_cartridge").text
    [table] = re.findall(r'<table class="years">(.*?)</table>', page, re.DOTALL)
    assert re.findall(r">(\d{4})</th>", table) == ["2021", "2022", "2023", "2024", "2025", "2026"]
    assert [int(text(each)) for each in re.findall(r"<td.*?</td>", table)] == [0, 0, 0, 0, 8, 1]


def test_what_rules_bring_is_told_apart(reader: FlaskClient) -> None:
    """Drafts and alerts under RoHS name no chip, yet bind cartridges with a chip."""
    page = reader.get("/products/cartridge_chip").text
    assert "没有涉及此类产品的信息" in page
    assert "涉及约束此类产品的法规" in page
    assert (Criteria(regulations=frozenset(("eu_rohs",)), years=YEARS), 2) in counted(page)
    assert "欧盟RoHS指令" in text(page)


def test_one_event_from_two_sources_is_told_as_one_event(tmp_path: Path) -> None:
    portal, number = Portal(tmp_path), "2026-16788"
    for slug in ("us_federal_register", "us_itc_337"):
        portal.store(notice(number, source=slug, market="US", kind=NoticeKind.IP_EXCLUSION, title="Certain Toner Cartridges",
                            product="Toner cartridges", identifiers=(number,)), card=source(slug, market="US"))
    page = portal.client().get("/products/toner_cartridge").text
    assert cell(page, "美国", "合计") == 2
    assert "这 2 条信息共涉及 1 个事件" in page
    portal.db.close()


def test_what_bears_no_date_is_not_in_the_table_but_a_link_leads_to_it(tmp_path: Path) -> None:
    portal = Portal(tmp_path)
    title = "ISO/DIS 21287 Pneumatic fluid power - Cylinders"
    portal.store(notice("ISO/DIS 21287", title=title, product="", published_on=None))
    reader = portal.client()
    page = reader.get("/products/pneumatic_cylinder").text
    assert "没有涉及此类产品的信息" in page
    assert "其中未注明日期、不在下表的： 1" in text(page)
    found = reader.get(next(unescape(each) for each, _ in COUNTED.findall(page) if "year=none" in each)).text
    assert total(found) == 1
    assert "年份 未注明日期" in text(found)
    portal.db.close()


def test_a_type_without_a_notice_says_so_and_where_to_look(reader: FlaskClient) -> None:
    page = reader.get("/products/silencer").text
    assert "2021 年以来，我们监看的来源中没有涉及此类产品的信息" in page
    assert reader.get(links(page)["查看各来源是否正常采集"]).status_code == 200


def test_the_overview_lists_all_types_with_their_last_notice(reader: FlaskClient) -> None:
    page = reader.get("/products").text
    assert all(f'href="/products/{each}"' in page for each in PRODUCT_TYPES)
    [row] = [row for row in re.findall(r"<tr>(.*?)</tr>", page, re.DOTALL) if "/products/air_compressor" in row]
    assert text(row).startswith("空气压缩机 12 ")
    assert text(row).endswith("2026-11-20 欧盟 · 国外通报")


def test_the_navigation_leads_there_and_an_unknown_type_does_not_exist(reader: FlaskClient) -> None:
    assert links(reader.get("/").text)["产品总览"] == "/products"
    assert reader.get("/products/tattoo_ink").status_code == 404


# What a source has held

def test_a_source_says_what_it_has_held_for_each_industry(reader: FlaskClient) -> None:
    page = reader.get("/sources/eu_safety_gate").text
    for label, number in (("10 条涉及其产品", 10), ("合计 11 条", 11), ("35 条涉及其产品", 35)):
        assert total(reader.get(links(page)[label]).text) == number
    assert "1 条只涉及约束它的通用法规，合计 11 条" in text(page).replace("， ", "，")
    assert "没有只涉及通用法规的信息" in page


def test_a_source_that_has_held_nothing_for_an_industry_says_so(reader: FlaskClient) -> None:
    assert "迄今未收到涉及气动元件的信息" in text(reader.get("/sources/jp_caa_recalls").text)
    assert "迄今未收到涉及打印耗材的信息" in text(reader.get("/sources/ca_recalls").text)
    assert "Nothing about printer consumables has come so far" in text(reader.get("/sources/ca_recalls?lang=en").text)


def test_what_comes_under_a_rule_alone_is_no_notice_about_a_product(reader: FlaskClient) -> None:
    page = reader.get("/sources/wto_tbt_notifications?lang=zh").text
    assert "迄今未收到涉及打印耗材的信息" in page
    assert total(reader.get(links(page)["1 条只涉及约束它的通用法规"]).text) == 1


def test_a_source_that_was_never_read_makes_no_claim(portal: Portal, reader: FlaskClient) -> None:
    sources.save_cards(portal.db, [source("never_read")])
    page = reader.get("/sources/never_read").text
    assert "还没有从此来源收到任何信息，无从判断" in page
    assert "迄今未收到" not in page


# Random notices against the definition of a match

MARKETS, KINDS = ("EU", "US", "FR", "SG"), (NoticeKind.RECALL, NoticeKind.STANDARD)
TYPES, RULES = ("toner_cartridge", "cartridge_chip", "pneumatic_cylinder"), ("eu_rohs", "eu_reach", "eu_machinery")


def invented(count: int) -> list[tuple[Notice, Classification]]:
    some = random.Random(count)

    def levels(names: tuple[str, ...], share: float) -> dict[str, Confidence]:
        return {name: some.choice(list(Confidence)) for name in names if some.random() < share}

    def one(number: int) -> tuple[Notice, Classification]:
        day = date(2028, 1, 1) - timedelta(days=some.randrange(4500))
        return (notice(f"R/{number}", market=some.choice(MARKETS), kind=some.choice(KINDS),
                       published_on=some.choice((day, day, day, None))),
                Classification(levels(TYPES, 0.5), levels(RULES, 0.3)))

    return [one(number) for number in range(count)]


Known = tuple[Portal, list[tuple[Notice, Classification]]]


@pytest.fixture(scope="module")
def known(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Known]:
    portal, random_ones, card = Portal(tmp_path_factory.mktemp("random")), invented(250), source()
    sources.save_cards(portal.db, [card])
    run = runs.start(portal.db, card)
    ingest(portal.db, run, [Reading(*each) for each in random_ones], VERSION)
    runs.finish(portal.db, run, RunStatus.OK, Reason("ok"), runs.Tally(seen=250))
    sync(portal.db, portal.index)
    yield portal, random_ones
    portal.db.close()


@settings(max_examples=40)
@given(product_type=st.sampled_from(TYPES), day=st.dates(date(2016, 1, 2), date(2031, 12, 30)))
def test_pages_count_what_the_criteria_mean(known: Known, product_type: str, day: date) -> None:
    portal, random_ones = known
    clock.fix(datetime(day.year, day.month, day.day, tzinfo=UTC))
    known_facts = [facts(*each) for each in random_ones]

    def total_of(criteria: Criteria) -> int:
        return sum(matches(criteria, each) for each in known_facts)

    years = frozenset(str(year) for year in range(day.year - 5, day.year + 1))
    meant = {criteria: total_of(criteria) for criteria in asked(product_type, years)}
    reader = portal.client()
    page = reader.get(f"/products/{product_type}").text
    counts = dict(counted(page))
    assert counts == {criteria: total_of(criteria) for criteria in counts}
    assert counts.keys() >= {criteria for criteria, number in meant.items() if number}
    assert differing(reader, page) == []


def asked(product_type: str, years: frozenset[str]) -> list[Criteria]:
    """Everything that the page of a type counts."""
    named = Criteria(product_types=frozenset((product_type,)), years=years)
    rules = frozenset(rules_for(product_type))
    rows = [market for market in MARKETS if market not in ("EU", "FR")]  # theirs is one, where the EU published
    places = [frozenset[str](), *(frozenset((market,)) for market in rows)]
    kinds = [frozenset[str](), *(frozenset((kind.value,)) for kind in KINDS)]
    return [replace(named, years=frozenset()), *(replace(named, years=frozenset((year,))) for year in (*years, "")),
            *(replace(named, markets=market, kinds=kind) for market in places for kind in kinds),
            *(Criteria(regulations=wanted, years=years) for wanted in (rules, *(frozenset((rule,)) for rule in rules)))]
