"""The search page: what a reader types is understood, shown, narrowed, shared and subscribed to."""

from __future__ import annotations

import json
import re
import shutil
from dataclasses import replace
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
from tests.browser.portal import Portal, links, text, total
from tests.builders import notice
from webapp import create_app
from webapp.search.forms import criteria_of, params, search_form

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


@pytest.mark.parametrize(("query", "is_promised"), [
    ("q=外壳毛刺", False), ("any=外壳毛刺&any=毛边", False), ("any=外壳毛刺&any=burr", True), ("q=tattoo", True)])
def test_where_nothing_is_found_mails_are_promised_only_for_what_publishers_may_write(
        reader: FlaskClient, query: str, is_promised: bool) -> None:
    page = reader.get(f"/?{query}").text
    assert total(page) == 0
    assert ("今后一有相关信息就会收到邮件" in page) == is_promised
    assert ("“外壳毛刺" in page and "可能一直收不到邮件" in page) != is_promised
    assert "/subscribe?" in links(page)["订阅此条件，今后一有相关信息就会收到邮件" if is_promised else "仍要订阅此条件"]


def test_what_was_understood_can_be_taken_off_without_losing_the_rest(reader: FlaskClient) -> None:
    page = reader.get("/?q=空压机 法国&kind=recall").text
    [address] = re.findall(r'href="([^"]*)" aria-label="去掉条件：法国（含欧盟）"', page)
    assert parse_qs(urlsplit(unescape(address)).query) == {"q": ["空压机"], "kind": ["recall"]}


def test_a_word_is_taken_off_and_not_the_letters_of_another(reader: FlaskClient) -> None:
    page = reader.get("/?q=gizmotron gizmo 墨盒").text
    [address] = re.findall(r'href="([^"]*)" aria-label="去掉条件：gizmo"', page)
    assert parse_qs(urlsplit(unescape(address)).query)["q"] == ["gizmotron 墨盒"]


def test_a_word_of_several_meanings_is_offered_as_a_product(reader: FlaskClient) -> None:
    offered = links(reader.get("/?q=ink 德国").text)["产品类别 “打印墨水”"]
    assert parse_qs(urlsplit(offered).query) == {"q": ["德国"], "product": ["printer_ink"]}


def test_a_facet_says_how_many_a_value_would_find(reader: FlaskClient) -> None:
    page = reader.get("/?q=空压机").text
    labels = [each for each in links(page) if re.fullmatch(r"(?:法国（含欧盟）|欧盟（含成员国）|加拿大)\d+", each)]
    assert sorted(labels) == ["加拿大1", "欧盟（含成员国）11", "法国（含欧盟）10"]
    for label in labels:
        assert total(reader.get(links(page)[label]).text) == int(re.findall(r"\d+", label)[0])


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


@pytest.mark.parametrize("typed", [
    '"' + "Rückruf von Tintenpatronen " * 20 + '"', " ".join(f"w{number}" for number in range(250)), "墨" * 1_000,
    "x" * 1_000, "-" + "墨" * 999])
def test_whatever_is_searched_can_be_subscribed_to_and_taken_away(reader: FlaskClient, typed: str) -> None:
    page = reader.get("/", query_string={"q": typed, "scope": "all"}).text
    for url in re.findall(r'href="(/(?:subscribe[?]|feed|export)[^"]*)"', page):
        assert reader.get(unescape(url)).status_code == 200


@pytest.mark.parametrize("criteria", [
    Criteria(),
    Criteria(scope=Scope.ALL, words=("EN 286-1", "Ventil & Düse"), excluded=("tattoo",)),
    Criteria(product_types=frozenset(("ink_cartridge", "opc_drum")), regulations=frozenset(("eu_rohs",)),
             markets=frozenset(("EU", "US")), kinds=frozenset(("recall",)), origins=frozenset(("CN",)),
             hazards=frozenset(("fire",)), grades=frozenset(("red",)), sources=frozenset(("ca_recalls",)),
             years=frozenset(("2025", "2026"))),
    Criteria(years=frozenset(("2026", "")), origins=frozenset(("CN", ""))),
    Criteria(any_words=(("recall", "Rückruf, öffentlich"), ("铅", "lead")), words=("toner",)),
    Criteria(any_words=(("recall",),)),
])
def test_every_criteria_has_an_address_that_says_it(criteria: Criteria) -> None:
    assert criteria_of(MultiDict(params(criteria))) == criteria


def test_words_of_a_group_are_one_chip_and_go_together(reader: FlaskClient) -> None:
    page = reader.get("/?any=compressor&any=cartridge&any2=burns&any2=tank&kind=recall").text
    assert "含任一文字 compressor 或 cartridge" in text(page)
    assert "并含任一文字 burns 或 tank" in text(page)
    [address] = re.findall(r'href="([^"]*)" aria-label="去掉条件：compressor 或 cartridge"', page)
    assert parse_qs(urlsplit(unescape(address)).query) == {"kind": ["recall"], "any2": ["burns", "tank"]}
    one, other, both = (total(reader.get(f"/?scope=all&{query}").text)
                        for query in ("any=tattoo", "any=cartridge", "any=tattoo&any=cartridge"))
    assert max(one, other) < both <= one + other


def test_two_groups_of_too_many_words_are_refused_in_words(reader: FlaskClient) -> None:
    words = [f"w{number}" for number in range(11)]
    answer = reader.get("/", query_string={"any": words, "any2": words})
    assert answer.status_code == 400
    assert "两组的词数相乘不能超过 100" in answer.text


def test_an_unknown_value_finds_nothing_instead_of_everything(reader: FlaskClient) -> None:
    assert total(reader.get("/?product=no_such_type").text) == 0


@pytest.mark.parametrize("query", [
    '"', "*", "title:x", "(((((", "' OR 1=1 --", "AND OR NOT", "\x00", "-", "墨" * 200, "🛑", "a" * 200, "%", "\\"])
def test_no_text_breaks_the_page(reader: FlaskClient, query: str) -> None:
    for scope in ("relevant", "all"):
        assert reader.get("/", query_string={"q": query, "scope": scope}).status_code == 200


def test_of_a_very_long_text_the_beginning_is_read_and_the_rest_named(reader: FlaskClient) -> None:
    answer = reader.get("/", query_string={"q": "墨盒 " + "(" * 10_000})
    assert answer.status_code == 200
    assert total(answer.text) == total(reader.get("/?q=墨盒").text)
    assert "未用于检索" in answer.text
    assert len(answer.text) < 1_000_000
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
    search = SearchService(lost.db, TantivyIndex(tmp_path / "index"))
    answer = create_app(replace(lost.services, search=search)).test_client().get("/")
    assert answer.status_code == 503
    assert "检索索引正在重建" in answer.text


def test_before_anything_is_indexed_the_page_stands(tmp_path: Path) -> None:
    empty = Portal(tmp_path)
    assert total(empty.client().get("/").text) == 0


def test_a_correction_is_shown_and_leads_to_the_word_as_typed(reader: FlaskClient) -> None:
    page = reader.get("/?q=compresor+air+compresser").text
    assert "已将“compresser”更正为“compressor”" in text(page)
    undo = re.search(r'class="chip corrected".*?href="([^"]*)"', page, re.DOTALL)
    assert undo
    again = reader.get(unescape(undo[1])).text
    assert "更正为" not in again
    assert 'value="compresor air &#34;compresser&#34;"' in again


def test_pinyin_is_shown_with_what_it_was_taken_for_and_subscribed_to_as_that(reader: FlaskClient) -> None:
    page = reader.get("/?q=mohe").text
    assert "“mohe”按拼音理解为“墨盒”" in text(page)
    assert total(page) == total(reader.get("/?q=墨盒").text)
    assert links(page)["订阅此条件"] == links(reader.get("/?q=墨盒").text)["订阅此条件"]
    assert "read as pinyin" in reader.get("/?q=mohe&lang=en").text


def suggested(reader: FlaskClient, **query: str) -> dict[str, str]:
    answer = reader.get("/suggest", query_string=query)
    assert answer.status_code == 200
    assert answer.mimetype == "application/json"
    found = json.loads(answer.text)
    assert len(found) <= 8
    return {each["label"]: each["url"] for each in found}


@pytest.mark.parametrize(("typed", "label", "leads_to"), [
    ("墨", "墨盒", "product=ink_cartridge"), ("tinten", "墨盒", "product=ink_cartridge"),
    ("mohe", "墨盒", "product=ink_cartridge"), ("qg", "气缸", "product=pneumatic_cylinder"), ("日", "日本", "market=JP"),
    ("oum", "欧盟", "market=EU"), ("召", "召回", "kind=recall"), ("2011/65", "欧盟RoHS指令", "regulation=eu_rohs"),
    ("g/tbt/n/eu/14", "G/TBT/N/EU/1402", "q=G%2FTBT%2FN%2FEU%2F1402"),
    ("ＳＲ／０４４１", "SR/04417/26", "q=SR%2F04417%2F26"),
])
def test_what_is_typed_is_completed(reader: FlaskClient, typed: str, label: str, leads_to: str) -> None:
    url = suggested(reader, q=typed)[label]
    assert url == f"/?{leads_to}"
    assert total(reader.get(url).text) >= 0


def test_a_suggestion_keeps_the_rest_of_the_search(reader: FlaskClient) -> None:
    url = suggested(reader, q="plastic moh", market="DE", scope="all")["墨盒"]
    assert parse_qs(urlsplit(url).query) == {
        "q": ["plastic"], "market": ["DE"], "scope": ["all"], "product": ["ink_cartridge"]}


@pytest.mark.parametrize("typed", ["", " ", ")", "x" * 5_000, "%", "\x00", "a" * 79, "墨" * 80])
def test_nothing_to_suggest_is_an_empty_list(reader: FlaskClient, typed: str) -> None:
    assert suggested(reader, q=typed) == {}


def test_suggestions_speak_the_reader_s_language(reader: FlaskClient) -> None:
    assert "Ink cartridge" in suggested(reader, q="moh", lang="en")
