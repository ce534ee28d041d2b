"""Beside and below the results: every number is the total of the search that chooses this value alone, what is chosen stands
open, notices of one event stand once."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from html import unescape
from pathlib import Path
from urllib.parse import parse_qsl, urlsplit

import pytest
from flask.testing import FlaskClient

from domain import clock
from domain.notice import NoticeKind
from domain.product_type import PRODUCT_TYPES, types_of_industry
from domain.source import Publisher
from tests.browser import scene
from tests.browser.portal import Portal, links, text, total
from tests.builders import notice, source
from webapp.search.facets import ORDER, SHOWN
from webapp.search.forms import address

SUBJECT = ("product", "regulation")
VALUE = re.compile(r'<a href="([^"]+)" (class="on")? ?rel="nofollow"><span class="box".*?<span class="facet-name">(.*?)'
                   r'</span>(?:<span class="count">(\d+)</span>)?</a>')


@dataclass(frozen=True)
class Value:
    name: str
    url: str
    chosen: bool
    count: int


def values(page: str) -> list[Value]:
    """The values of all facets of a page."""
    return [Value(text(name.split("<")[0]), unescape(url), bool(chosen), int(count or -1))
            for url, chosen, name, count in VALUE.findall(page)]


def of_facet(page: str, title: str) -> dict[str, Value]:
    """The values of one facet; the folded ones too."""
    parts = re.split(r'<details class="facet"', page)
    [part] = [part for part in parts[1:] if text(re.search("<summary>(.*?)</summary>", part)[1]).startswith(title)]  # type: ignore[index]
    return {each.name: each for each in values(part)}


def alone(page_url: str, value: Value) -> str:
    """The search in which a value is chosen and nothing else of its facet."""
    before = parse_qsl(urlsplit(page_url).query)
    after = parse_qsl(urlsplit(value.url).query)
    added = [pair for pair in after if pair not in before]
    param, name = added[0]
    own = SUBJECT if param in SUBJECT else (param,)
    if param == "product" and len(added) > 1:
        added = [(param, each.id) for each in types_of_industry(PRODUCT_TYPES[name].industry)]
    return address("/", [*(pair for pair in before if pair[0] not in own), *added])


@pytest.mark.parametrize("url", [
    "/", "/?scope=all", "/?q=“pressure”", "/?market=EU", "/?market=EU&market=DE&kind=recall", "/?grade=red&hazard=injuries",
    "/?product=ink_cartridge&scope=all", "/?source=eu_safety_gate&year=2026", "/?deadline=open", "/?regulation=eu_rohs"])
def test_every_number_is_the_total_of_the_search_with_this_value_alone(reader: FlaskClient, url: str) -> None:
    found = [value for value in values(reader.get(url).text) if not value.chosen]
    assert found
    assert [(value, number) for value in found
            if (number := total(reader.get(alone(url, value)).text)) != value.count] == []


def test_choosing_an_industry_chooses_all_its_product_types(reader: FlaskClient) -> None:
    industry = of_facet(reader.get("/").text, "产品类别")["打印耗材"]
    chosen = reader.get(industry.url).text
    assert total(chosen) == industry.count
    types = [value for param, value in parse_qsl(urlsplit(industry.url).query) if param == "product"]
    assert sorted(types) == sorted(each.id for each in types_of_industry("printer_consumables"))
    assert "产品类别 打印耗材" in text(chosen)
    assert parse_qsl(urlsplit(of_facet(chosen, "产品类别")["打印耗材"].url).query) == []


def test_an_industry_that_is_chosen_folds_its_types_as_before(reader: FlaskClient) -> None:
    before = reader.get("/").text
    after = reader.get(of_facet(before, "产品类别")["打印耗材"].url).text
    assert "产品类别 已选 1" in text(after)
    assert list(of_facet(after, "产品类别")) == list(of_facet(before, "产品类别"))


def test_an_industry_that_was_typed_can_be_taken_off(reader: FlaskClient) -> None:
    page = reader.get("/?q=打印耗材 召回").text
    assert parse_qsl(urlsplit(of_facet(page, "产品类别")["打印耗材"].url).query) == [("q", "召回")]


def test_what_was_typed_twice_is_taken_off_at_once(reader: FlaskClient) -> None:
    page = reader.get("/?q=墨盒 ink cartridge 墨盒 召回").text
    assert parse_qsl(urlsplit(of_facet(page, "产品类别")["墨盒"].url).query) == [("q", "召回")]


def test_what_is_chosen_stays_visible_and_in_its_place_even_when_it_finds_nothing(reader: FlaskClient) -> None:
    page = reader.get("/?market=DE&market=ZA&scope=all").text
    markets = of_facet(page, "目标市场")
    assert markets["德国（含欧盟）"].chosen
    assert markets["南非"] == Value("南非", "/?market=DE&scope=all", True, 0)
    assert [name for name in markets if name != "南非"] == list(of_facet(reader.get("/?scope=all").text, "目标市场"))


def test_a_group_of_markets_stands_above_its_members(reader: FlaskClient) -> None:
    markets = of_facet(reader.get("/").text, "目标市场")
    below = [name for name in markets if name.endswith("（含欧盟）")]
    names = list(markets)
    assert below
    first = names.index("欧盟（含成员国）")
    assert names[first + 1:first + 1 + len(below)] == below
    assert all(markets[name].count < markets["欧盟（含成员国）"].count for name in below)


def test_a_facet_in_which_no_value_would_change_anything_is_left_out(reader: FlaskClient) -> None:
    page = reader.get("/?q=G/TBT/N/EU/1402").text
    assert total(page) == 1
    assert '<details class="facet"' not in page


def test_deadlines_are_told_apart_and_sorted_by(reader: FlaskClient) -> None:
    states = of_facet(reader.get("/").text, "评议期")
    assert {name: value.count for name, value in states.items()} == {"可评议": 2, "14 天内截止": 1}
    page = reader.get(links(reader.get("/?scope=all").text)["评议截止"]).text
    assert re.findall(r"评议截止 (\d\S+)", text(page))[:2] == ["2026-11-30", "2027-01-15"]
    assert "评议截止" not in links(reader.get("/?market=JP").text)


# Publishers and events: a portal with several sources of one publisher

ECHA = Publisher("ECHA", "欧洲化学品管理局", "https://echa.example", "EU")


@pytest.fixture(scope="module")
def joined(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Portal]:
    clock.fix(scene.NOW)
    found = Portal(tmp_path_factory.mktemp("joined"))
    for slug, names in (("eu_echa_candidate_list", "abc"), ("eu_echa_restrictions", "de")):
        found.store(*(notice(name, source=slug, kind=NoticeKind.TECHNICAL_REGULATION) for name in names),
                    card=source(slug, publisher=ECHA))
    number = "2026-16788"
    for slug, day in (("us_federal_register", 12), ("us_itc_337", 11)):
        found.store(notice(number, source=slug, market="US", kind=NoticeKind.IP_EXCLUSION, title="Certain Toner Cartridges",
                           product="Toner cartridges", identifiers=(number,), published_on=date(2026, 11, day)),
                    card=source(slug, market="US", publisher=Publisher(slug, f"{slug} 机构", "https://us.example", "US")))
    yield found
    found.db.close()


def test_sources_stand_under_their_publisher_with_the_sum_of_what_they_hold(joined: Portal) -> None:
    reader = joined.client()
    publishers = of_facet(reader.get("/").text, "发布机构")
    assert {name: each.count for name, each in publishers.items()} == {
        "欧洲化学品管理局": 5, "eu_echa_candidate_list 来源": 3, "eu_echa_restrictions 来源": 2,
        "us_federal_register 机构": 1, "us_itc_337 机构": 1}
    chosen = reader.get(publishers["欧洲化学品管理局"].url).text
    assert total(chosen) == 5
    assert total(reader.get(of_facet(chosen, "发布机构")["eu_echa_restrictions 来源"].url).text) == 3


def test_a_publisher_stands_for_all_its_sources_also_for_those_that_hold_nothing_yet(joined: Portal) -> None:
    page = joined.client().get("/?word=Compressor&source=us_itc_337").text
    link = of_facet(page, "发布机构")["欧洲化学品管理局"].url
    assert ("source", "eu_echa_candidate_list") in parse_qsl(urlsplit(link).query)


def test_notices_of_one_event_are_folded_under_the_first_and_stay_counted(joined: Portal) -> None:
    page = joined.client().get("/?q=toner").text
    assert total(page) == 2
    assert len(re.findall(r'<li class="hit ', page)) == 1
    assert "同一事件另有 1 个来源 us_itc_337 机构 美国 · 2026-11-11 Certain Toner Cartridges" in text(page)
    assert len(set(re.findall(r'href="/notices/(\d+)"', page))) == 2


def test_who_chose_sources_sees_each_of_their_notices(joined: Portal) -> None:
    page = joined.client().get("/?q=toner&source=us_itc_337&source=us_federal_register").text
    assert len(re.findall(r'<li class="hit ', page)) == 2


def test_long_facets_are_folded_but_not_what_is_chosen(tmp_path: Path) -> None:
    portal = Portal(tmp_path)
    portal.store(*(notice(str(number), published_on=date(2026, 1, 1) - timedelta(days=366 * number))
                   for number in range(SHOWN + 6)))
    page = portal.client().get("/?year=2014&scope=all").text
    years = re.split('<details class="facet"', page)[1:]
    [facet] = [part for part in years if "年份" in part]
    shown, rest = facet.split("其余 5 项")
    assert len(values(shown)) == SHOWN + 1
    assert values(shown)[-1].chosen
    assert not any(value.chosen for value in values(rest))
    portal.db.close()


def test_facets_stand_in_the_order_of_the_page(reader: FlaskClient) -> None:
    titles = [text(each) for each in re.findall(r'<details class="facet"[^>]*>\s*<summary>(.*?)</summary>',
                                                reader.get("/?scope=all").text)]
    assert titles == ["产品类别", "法规", "目标市场", "信息种类", "发布机构", "危害", "年份", "评议期", "级别"][:len(titles)]
    assert len(titles) == len(ORDER)
