"""A search taken away: as a feed that a reader follows, as a file that a quality department keeps."""

from __future__ import annotations

import csv
import io
import json
import re
import sys
from collections.abc import Iterator
from datetime import date, timedelta
from html import unescape
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import feedparser
import pytest
from flask.testing import FlaskClient
from hypothesis import given, settings
from hypothesis import strategies as st
from werkzeug.datastructures import MultiDict

from domain import clock
from tests.attack.workbook import read
from tests.browser import scene
from tests.browser.portal import BASE_URL, Portal, links, text, total
from tests.builders import notice
from webapp.search import export
from webapp.search.forms import criteria_of

FEEDS = ("/feed.atom", "/feed.json")
FILES = ("/export.csv", "/export.xlsx")


def atom(reader: FlaskClient, query: str = "") -> feedparser.FeedParserDict:
    """A feed as a feed reader reads it, which finds nothing to complain about."""
    answer = reader.get(f"/feed.atom{query}")
    assert answer.status_code == 200
    found = feedparser.parse(answer.data)
    assert not found.bozo, found.get("bozo_exception")
    assert found.version == "atom10"
    return found


def table(reader: FlaskClient, query: str = "") -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(reader.get(f"/export.csv{query}").text.removeprefix("\ufeff"))))


# Addresses

@pytest.mark.parametrize("label", ["Atom", "JSON Feed", "CSV", "Excel"])
def test_links_carry_what_was_understood_and_not_what_was_typed(reader: FlaskClient, label: str) -> None:
    page = reader.get("/?q=墨盒 德国&grade=yellow&sort=date").text
    address = links(page)[label]
    query = parse_qs(urlsplit(address).query)
    assert query == {"product": ["ink_cartridge"], "market": ["DE"], "grade": ["yellow"]} | (
        {"sort": ["date"]} if label in ("CSV", "Excel") else {})
    assert reader.get(address).status_code == 200


def test_feed_readers_are_told_of_the_feeds_in_the_head(reader: FlaskClient) -> None:
    page = reader.get("/?q=墨盒").text
    found = re.findall(r'<link rel="alternate" type="([^"]+)" title="([^"]+)" href="([^"]+)">', page)
    assert [(kind, unescape(address)) for kind, _, address in found] == [
        ("application/atom+xml", "/feed.atom?product=ink_cartridge"),
        ("application/feed+json", "/feed.json?product=ink_cartridge")]
    assert found[0][1] == "产品类别 墨盒；与本行业相关"


def test_an_address_says_its_language(reader: FlaskClient) -> None:
    page = reader.get("/?q=ink cartridge&lang=en").text
    assert "lang=en" in links(page)["Atom"]
    assert atom(reader, "?product=ink_cartridge&lang=en").feed.title == (
        "Export Quality Watch – Product type Ink cartridge; Our industries")


@pytest.mark.parametrize("path", [*FEEDS, *FILES])
def test_what_is_typed_is_understood_there_too(reader: FlaskClient, path: str) -> None:
    typed, said = reader.get(f"{path}?q=墨盒"), reader.get(f"{path}?product=ink_cartridge&sort=relevance")
    assert typed.status_code == 200
    if path != "/export.xlsx":
        assert typed.data == said.data


@pytest.mark.parametrize("path", [*FEEDS, *FILES])
def test_search_engines_keep_out(reader: FlaskClient, path: str) -> None:
    assert reader.get(path).headers["X-Robots-Tag"] == "noindex, nofollow"
    assert 'rel="nofollow"' in re.findall(f'<a href="{path}[^>]*>', reader.get("/").text)[0]


@pytest.mark.parametrize("path", [*FEEDS, *FILES])
def test_nonsense_is_refused_in_words(reader: FlaskClient, path: str) -> None:
    assert reader.get(path, query_string={"product": "x" * 10_000}).status_code == 400
    assert reader.get(f"{path}?product=no_such&sort=nonsense&page=-3").status_code == 200


# Feeds

def test_a_feed_says_what_it_follows_and_holds_its_newest_notices(reader: FlaskClient) -> None:
    found = atom(reader, "?q=空压机 德国 召回")
    assert found.feed.title == "出口质量安全信息 – 产品类别 空气压缩机；目标市场 德国（含欧盟）；信息种类 召回；与本行业相关"
    [alternate] = [link.href for link in found.feed.links if link.rel == "alternate"]
    assert criteria_of(MultiDict(parse_qs(urlsplit(alternate).query))).product_types == {"air_compressor"}
    assert total(reader.get(alternate.removeprefix(BASE_URL)).text) == len(found.entries) == 1
    [entry] = found.entries
    assert entry.title.startswith("德国 · 召回 · 空气压缩机、储气罐/简单压力容器 – Rückruf: Druckluftkompressor")
    assert entry.author == "德国联邦职业安全与健康研究所"
    assert "红色预警" in entry.summary
    assert "发布机构编号 2026-118" in entry.summary
    assert entry.published == "2026-11-19T00:00:00Z"
    assert {link.rel: link.href for link in entry.links}["via"] == "https://baua.example/118"
    assert reader.get(entry.link.removeprefix(BASE_URL)).status_code == 200


def test_json_feed_says_the_same(reader: FlaskClient) -> None:
    found = json.loads(reader.get("/feed.json?scope=all").text)
    assert found["version"] == "https://jsonfeed.org/version/1.1"
    assert found["feed_url"] == f"{BASE_URL}/feed.json?scope=all"
    entries = atom(reader, "?scope=all").entries
    assert [(each["id"], each["title"], each["date_modified"]) for each in found["items"]] == [
        (each.id, each.title, each.updated) for each in entries]
    assert len(entries) == 50
    assert len({each.id for each in entries}) == 50


def test_a_feed_begins_with_the_newest(reader: FlaskClient) -> None:
    days = [entry.published for entry in atom(reader, "?sort=relevance&q=空压机").entries]
    assert days == sorted(days, reverse=True)


def test_a_withdrawn_notice_says_so(reader: FlaskClient) -> None:
    [entry] = atom(reader, "?q=SR/04210/26").entries
    assert entry.title.startswith("[已撤回] 欧盟")


def test_an_edit_keeps_the_entry_and_moves_its_date(tmp_path: Path) -> None:
    clock.fix(scene.NOW)
    portal = Portal(tmp_path)
    portal.store(notice())
    before = atom(portal.client()).entries[0]
    clock.fix(scene.NOW + timedelta(days=2))
    portal.store(notice(risk_level="serious", summary="The vessel may burst; the seller is another one."))
    after = atom(portal.client()).entries[0]
    assert after.id == before.id
    assert after.published == before.published
    assert after.updated > before.updated
    portal.db.close()


def test_the_same_notice_has_the_same_id_in_another_installation(tmp_path: Path) -> None:
    ids = []
    for folder, others in (("one", ()), ("two", ("a", "b"))):
        (tmp_path / folder).mkdir()
        portal = Portal(tmp_path / folder, f"https://{folder}.example")
        portal.store(*(notice(other, title="Air compressor 2", published_on=date(2020, 1, 1)) for other in others), notice())
        ids.append(atom(portal.client()).entries[0].id)
        portal.db.close()
    assert ids[0] == ids[1]


@pytest.mark.parametrize("path", FEEDS)
def test_a_feed_that_is_still_the_same_is_not_sent_again(tmp_path: Path, path: str) -> None:
    clock.fix(scene.NOW)
    portal = Portal(tmp_path)
    portal.store(notice())
    reader = portal.client()
    tag = {"If-None-Match": reader.get(path).headers["ETag"]}
    again = reader.get(path, headers=tag)
    assert (again.status_code, again.data, again.headers["ETag"]) == (304, b"", tag["If-None-Match"])
    assert reader.get(f"{path}?scope=all", headers=tag).status_code == 200
    assert reader.get(f"{path}?lang=en", headers=tag).status_code == 200
    portal.store(notice("SR/00002/26"))
    assert portal.client().get(path, headers=tag).status_code == 200
    portal.db.close()


@settings(max_examples=60)
@given(st.text(max_size=40), st.text(max_size=40))
def test_no_words_of_others_break_a_feed(nasty: Portal, title: str, summary: str) -> None:
    nasty.store(notice("X", title=f"{title}!", summary=summary))
    assert len(atom(nasty.client(), "?scope=all").entries) == 1
    json.loads(nasty.client().get("/feed.json?scope=all").text)


@pytest.fixture(scope="module")
def nasty(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Portal]:
    found = Portal(tmp_path_factory.mktemp("nasty"))
    yield found
    found.db.close()


# Files

def test_a_file_holds_what_the_page_counts_in_its_order(reader: FlaskClient) -> None:
    page = reader.get("/?q=空压机&sort=date").text
    rows = table(reader, "?q=空压机&sort=date")
    assert len(rows) == total(page) == 12
    assert [row["日期"] for row in rows] == sorted((row["日期"] for row in rows), reverse=True)
    [german] = [row for row in rows if row["目标市场"] == "德国"]
    assert german == {
        "日期": "2026-11-19", "目标市场": "德国", "信息种类": "召回", "产品类别": "空气压缩机、储气罐/简单压力容器",
        "法规": "", "级别": "红色预警", "级别的理由": german["级别的理由"], "状态": "有效", "要点": "爆炸/爆裂",
        "原文标题": "Rückruf: Druckluftkompressor „Beispiel 50/10“ – Gefahr des Berstens des Druckbehälters",
        "发布机构": "德国联邦职业安全与健康研究所", "发布机构编号": "2026-118", "评议截止": "", "生效日期": "",
        "原文链接": "https://baua.example/118", "本站链接": german["本站链接"]}
    assert reader.get(german["本站链接"].removeprefix(BASE_URL)).status_code == 200


def test_a_workbook_holds_the_same_with_real_dates_under_a_head_that_stays(reader: FlaskClient) -> None:
    answer = reader.get("/export.xlsx?q=空压机&sort=date")
    book = read(answer.data)
    head, *rows = book.sheets["信息"]
    lines = table(reader, "?q=空压机&sort=date")
    assert head == list(lines[0])
    assert [[str(cell or "") for cell in row] for row in rows] == [list(line.values()) for line in lines]
    assert all(isinstance(row[0], date) for row in rows)
    sheet = book.parts["xl/worksheets/sheet1.xml"]
    assert '<pane ySplit="1" topLeftCell="A2"' in sheet
    assert f'<autoFilter ref="A1:P{len(rows) + 1}"/>' in sheet
    assert re.search(r'filename=\S+\.xlsx', answer.headers["Content-Disposition"])


def test_a_workbook_says_what_it_is(reader: FlaskClient) -> None:
    about = {row[0]: row[1] for row in read(reader.get("/export.xlsx?q=空压机").data).sheets["说明"]}
    assert about["检索条件"] == "产品类别 空气压缩机；与本行业相关"
    assert about["检索页"] == f"{BASE_URL}/?product=air_compressor"
    assert about["条数"] == "12"


def test_files_speak_the_language_of_their_reader(reader: FlaskClient) -> None:
    rows = table(reader, "?product=ink_cartridge&market=DE&kind=recall&lang=en")
    assert [(row["Market"], row["Kind"], row["Product type"]) for row in rows] == [("Germany", "Recall", "Ink cartridge")]
    assert list(read(reader.get("/export.xlsx?lang=en").data).sheets) == ["Notice", "About"]


def test_a_file_that_is_cut_says_so(reader: FlaskClient, monkeypatch: pytest.MonkeyPatch) -> None:
    for module in ("views", "export", "page"):
        monkeypatch.setattr(sys.modules[f"webapp.search.{module}"], "MOST_ROWS", 3)
    said = "只含前 3 条。请缩小检索条件"
    answer = reader.get("/export.csv?q=空压机")
    assert "first-3.csv" in answer.headers["Content-Disposition"]
    rows = list(csv.reader(io.StringIO(answer.text)))
    assert len(rows) == 5
    assert said in rows[-1][0]
    book = read(reader.get("/export.xlsx?q=空压机").data)
    assert said in str(book.sheets["信息"][-1][0])
    assert said in str(book.sheets["说明"][-1][1])
    assert "只含前 3 条" in text(reader.get("/?q=空压机").text)


def test_nothing_found_is_an_empty_file_with_a_head(reader: FlaskClient) -> None:
    assert table(reader, "?product=no_such") == []
    assert len(read(reader.get("/export.xlsx?product=no_such").data).sheets["信息"]) == 1
    assert atom(reader, "?product=no_such").entries == []


@pytest.mark.parametrize("path", FILES)
def test_few_files_are_written_side_by_side(reader: FlaskClient, path: str) -> None:
    with export._slot(), export._slot():
        answer = reader.get(path)
    assert answer.status_code == 429
    assert "同时生成的文件太多" in answer.text
    for _ in range(export.AT_ONCE + 1):
        assert reader.head(path).status_code == reader.get(path).status_code == 200
