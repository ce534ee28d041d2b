"""The search page: what a reader types is understood, shown, narrowed, shared and subscribed to."""

from __future__ import annotations

import re
import shutil
from html import unescape
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
from flask.testing import FlaskClient
from werkzeug.datastructures import MultiDict

from domain.criteria import Criteria, Scope
from domain.errors import InvalidValue
from indexer.backends.tantivy import TantivyIndex
from indexer.service import SearchService
from tests.browser.portal import BASE_URL, SECRET, Portal, links, text, total
from tests.builders import notice
from webapp import create_app
from webapp.search.forms import criteria_of, params, search_form
from webapp.services import Services

pytestmark = pytest.mark.usefixtures("day_of_the_scene")


def test_a_chinese_word_finds_foreign_notices_and_explains_them(reader: FlaskClient) -> None:
    page = reader.get("/?q=墨盒").text
    assert 'Rückruf von <mark>Tintenpatronen</mark><span class="gloss" lang="zh-CN">〔墨盒〕</span>' in page
    assert "<mark>インクカートリッジ</mark>" in page
    assert "Tattoo ink" not in page


def test_a_hit_tells_level_market_kind_product_date_and_source(reader: FlaskClient) -> None:
    hit = text(reader.get("/?q=SR/04417/26").text)
    for word in ("红色预警", "欧盟", "国外通报", "空气压缩机", "严重风险", "2026-11-20",
                 "欧盟 Safety Gate 危险产品通报", "原产地 中国"):
        assert word in hit


def test_a_comment_deadline_counts_its_days(reader: FlaskClient) -> None:
    assert "评议截止 2026-11-30 （还剩 8 天）" in text(reader.get("/?q=RoHS").text)


def test_the_page_shows_only_notices_of_our_industries_until_the_switch_is_set(reader: FlaskClient) -> None:
    assert total(reader.get("/?q=tattoo").text) == 0
    page = reader.get(links(reader.get("/?q=tattoo").text)["全部来源"]).text
    assert total(page) == 1


def test_zero_results_say_what_all_sources_hold(reader: FlaskClient) -> None:
    page = reader.get("/?q=tattoo").text
    assert total(reader.get(links(page)["在全部来源中有 1 条，查看"]).text) == 1


def test_what_was_understood_can_be_taken_off_without_losing_the_rest(reader: FlaskClient) -> None:
    page = reader.get("/?q=空压机 法国&kind=recall").text
    [address] = re.findall(r'href="([^"]*)" aria-label="去掉条件：法国"', page)
    assert parse_qs(urlsplit(unescape(address)).query) == {"q": ["空压机"], "kind": ["recall"]}


def test_a_word_of_several_meanings_is_offered_as_a_product(reader: FlaskClient) -> None:
    page = reader.get("/?q=压缩机").text
    assert total(page) == 0
    assert total(reader.get(links(page)["产品类别 “空气压缩机”"]).text) == 12


def test_a_facet_says_how_many_a_value_would_find(reader: FlaskClient) -> None:
    page = reader.get("/?q=空压机").text
    [label] = [each for each in links(page) if re.fullmatch(r"法国\d+", each)]
    assert label == "法国1"
    assert total(reader.get(links(page)[label]).text) == 1


def test_a_facet_value_that_was_typed_can_be_exchanged(reader: FlaskClient) -> None:
    """RoHS means five rules; taking one off keeps the other four."""
    page = reader.get("/?q=RoHS").text
    [label] = [each for each in links(page) if each.startswith("欧盟RoHS指令")]
    query = parse_qs(urlsplit(links(page)[label]).query)
    assert "q" not in query
    assert len(query["regulation"]) == 4
    assert "eu_rohs" not in query["regulation"]


def test_results_are_turned_in_pages(reader: FlaskClient) -> None:
    first, second = reader.get("/").text, reader.get("/?page=2").text
    ids = [set(re.findall(r'href="/notices/(\d+)"', page)) for page in (first, second)]
    assert len(ids[0]) == len(ids[1]) == 20
    assert not ids[0] & ids[1]
    assert "这一页没有内容" in reader.get("/?page=400").text


def test_results_can_be_sorted_by_date(reader: FlaskClient) -> None:
    days = re.findall(r'<time datetime="(\d{4}-\d\d-\d\d)">', reader.get("/?q=空压机&sort=date").text)
    assert days
    assert days == sorted(days, reverse=True)


def test_the_subscribe_button_carries_what_is_searched(reader: FlaskClient) -> None:
    page = reader.get("/?q=墨盒 德国&grade=red").text
    query = parse_qs(urlsplit(links(page)["订阅此条件"]).query)
    assert query == {"product": ["ink_cartridge"], "market": ["DE"], "grade": ["red"]}
    assert f"共有 {total(page)} 条信息符合条件" in text(reader.get(links(page)["订阅此条件"]).text)


@pytest.mark.parametrize("criteria", [
    Criteria(),
    Criteria(scope=Scope.ALL, words=("EN 286-1", "Ventil & Düse"), excluded=("tattoo",)),
    Criteria(product_types=frozenset(("ink_cartridge", "opc_drum")), regulations=frozenset(("eu_rohs",)),
             markets=frozenset(("EU", "US")), kinds=frozenset(("recall",)), origins=frozenset(("CN",)),
             hazards=frozenset(("fire",)), grades=frozenset(("red",)), sources=frozenset(("ca_recalls",)),
             years=frozenset(("2025", "2026"))),
    Criteria(years=frozenset(("2026", ""))),
])
def test_every_criteria_has_an_address_that_says_it(criteria: Criteria) -> None:
    assert criteria_of(MultiDict(params(criteria))) == criteria


def test_an_unknown_value_finds_nothing_instead_of_everything(reader: FlaskClient) -> None:
    assert total(reader.get("/?product=no_such_type").text) == 0


@pytest.mark.parametrize("query", [
    '"', "*", "title:x", "(((((", "' OR 1=1 --", "AND OR NOT", "\x00", "-", "墨" * 200, "🛑", "a" * 200, "%", "\\"])
def test_no_text_breaks_the_page(reader: FlaskClient, query: str) -> None:
    for scope in ("relevant", "all"):
        assert reader.get("/", query_string={"q": query, "scope": scope}).status_code == 200


def test_a_text_too_long_to_be_meant_is_refused_in_words(reader: FlaskClient) -> None:
    answer = reader.get("/", query_string={"q": "x" * 10_000})
    assert answer.status_code == 400
    assert "检索词太长" in answer.text
    with pytest.raises(InvalidValue):
        search_form(MultiDict([("market", str(number)) for number in range(100)]))


@pytest.mark.parametrize("page", ["0", "-1", "x", "9" * 50, "1e3", "²"])
def test_a_page_that_is_no_number_is_the_first(page: str) -> None:
    assert search_form(MultiDict({"page": page})).page == 1


def test_what_was_typed_comes_back_as_text(reader: FlaskClient) -> None:
    page = reader.get("/", query_string={"q": '"><script>alert(1)</script>', "scope": "all"}).text
    assert "<script>alert" not in page


def test_a_lost_index_is_said_to_be_rebuilt(tmp_path: Path) -> None:
    lost = Portal(tmp_path)
    lost.store(notice())
    shutil.rmtree(tmp_path / "index")
    answer = create_app(Services(
        lost.db, lost.captures, SearchService(lost.db, TantivyIndex(tmp_path / "index")), lost.subscriptions, lost.bulletins,
        SECRET, BASE_URL)).test_client().get("/")
    assert answer.status_code == 503
    assert "检索索引正在重建" in answer.text


def test_before_anything_is_indexed_the_page_stands(tmp_path: Path) -> None:
    empty = Portal(tmp_path)
    assert total(empty.client().get("/").text) == 0
