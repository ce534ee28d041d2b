"""Attack cases 36 to 39: queries in every script and shape, false friends, injected syntax, watches of everything."""

from __future__ import annotations

import time
from datetime import date

import pytest

from domain.criteria import Criteria, Scope
from domain.errors import InvalidValue
from domain.notice import Notice
from indexer import sync
from indexer.backends.tantivy import TantivyIndex
from indexer.service import SearchService
from indexer.spelling import SpellingFiles
from storage import subscriptions
from subscriptions.service import SubscriptionService
from tests.browser.portal import BASE_URL, SECRET, Portal
from tests.builders import notice, store
from tests.databases import database

TITLE = "关于批准发布电磁阀安全技术要求等国家标准的公告第二十号"


def product(external_id: str, title: str, category: str = "Machinery", **changes: object) -> Notice:
    return notice(external_id, **({"title": title, "product": title, "category": category, "summary": ""} | changes))


NOTICES = [
    product("solenoid-en", "Pneumatic solenoid valve 24 V"), product("solenoid-zh", TITLE, lang="zh"),
    product("cylinder-en", "Pneumatic cylinder"), product("cylinder-de", "Pneumatikzylinder nach ISO 15552", lang="de"),
    product("cylinder-es", "Cilindro neumático ISO 15552", lang="es"),
    product("friend-engine", "发动机气缸盖", "Motor vehicles", lang="zh"),
    product("friend-brake", "Car", "Motor vehicles", summary="The cylinder of the engine may crack."),
    product("friend-gas", "LPG gas cylinder", "Gas appliances and components"),
    product("toner-en", "Toner cartridge for laser printers", "Other"),
    product("toner-de", "Tonerkartusche für Laserdrucker", "Other", lang="de"),
    product("friend-drum", "Drum kit for children", "Toys"), product("friend-face", "Facial toner", "Cosmetics"),
    product("literal", 'Gauge "title:x" AND (y) * 100%', "Other", published_on=date(2026, 1, 1)),
]


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> SearchService:
    folder = tmp_path_factory.mktemp("search")
    db, index, spelling = database(folder), TantivyIndex(folder / "index"), SpellingFiles(folder / "spelling")
    store(db, *NOTICES)
    sync.sync(db, index, spelling=spelling)
    return SearchService(db, index, spelling)


def found(service: SearchService, typed: str, scope: Scope = Scope.RELEVANT) -> set[str]:
    results = service.search(service.understand(typed, Criteria(scope=scope)).criteria)
    return {hit.stored.notice.external_id for hit in results.hits}


SOLENOIDS = {"solenoid-en", "solenoid-zh"}


@pytest.mark.parametrize("typed", [
    "电磁阀", "電磁閥", "12V电磁阀", "１２Ｖ电磁阀", "１２Ｖ電磁閥", "DC24V电磁阀", "电磁阀24V", "diancifa", "dianci fa",
    "diancfa", "dcf", "ｄｉａｎｃｉｆａ", "Solenoid-Valve", "ＳＯＬＥＮＯＩＤ ＶＡＬＶＥ", "solenod valve",
    "出口欧盟的电磁阀有什么最新要求",
])
def test_case_36_a_product_is_found_however_it_is_typed(service: SearchService, typed: str) -> None:
    assert found(service, typed) & SOLENOIDS == SOLENOIDS or found(service, typed) == {"solenoid-zh"}


@pytest.mark.parametrize("typed", ["阀", "公告", "技术", TITLE[:20], TITLE[5:25], "第二十号", "標準", "國家標準"])
def test_case_36_any_piece_of_a_chinese_text_finds_it(service: SearchService, typed: str) -> None:
    assert "solenoid-zh" in found(service, f'"{typed}"', Scope.ALL)


def test_case_36_one_letter_finds_texts_and_offers_products(service: SearchService) -> None:
    assert "solenoid-zh" in found(service, "阀")
    assert service.understand("阀").offers


def test_case_37_a_product_word_means_the_product_and_no_false_friend(service: SearchService) -> None:
    for scope in Scope:
        assert found(service, "气缸", scope) == {"cylinder-en", "cylinder-de", "cylinder-es"}
        assert found(service, "硒鼓", scope) == {"toner-en", "toner-de"}
    assert found(service, "气缸盖", Scope.ALL) == {"friend-engine"}


INJECTED = ['"', "*", "title:x", "(((((", "' OR 1=1 --", '"; DROP TABLE notices; --', "AND OR NOT", "a~2", "[a TO z]",
            "/.*/", "\\", "\x00", "${jndi:x}", "{{7*7}}", "%27", "^9", "+x -y", "\ud800"]


@pytest.mark.parametrize("typed", INJECTED)
def test_case_38_signs_of_query_languages_are_letters_like_others(service: SearchService, typed: str) -> None:
    assert "friend-face" not in found(service, f"gauge {typed}", Scope.ALL)
    assert len(found(service, typed)) <= len(NOTICES)


def test_case_38_what_looks_like_syntax_is_found_as_it_stands(service: SearchService) -> None:
    assert found(service, '"title:x"', Scope.ALL) == {"literal"}
    assert found(service, "title:nothing", Scope.ALL) == set()


@pytest.mark.parametrize("sign", ["(", "[", "((a", '"', "*", "墨", "a ", "solenod", "qigang", "1/", "-", "的"])
def test_case_38_ten_kilobytes_are_answered_in_bounded_time(service: SearchService, sign: str) -> None:
    began = time.perf_counter()
    understood = service.understand(sign * (10_000 // len(sign)))
    service.search(understood.criteria)
    assert time.perf_counter() - began < 3
    assert understood.chips[-1].kind == "ignored", "what was not read is named"


def test_case_38_the_portal_reads_the_beginning_of_ten_kilobytes_and_says_so(
        tmp_path_factory: pytest.TempPathFactory) -> None:
    portal = Portal(tmp_path_factory.mktemp("portal"))
    portal.store(*NOTICES)
    began = time.perf_counter()
    for sign in ("(", "气缸 ", "solenod "):
        answer = portal.client().get("/", query_string={"q": sign * (10_000 // len(sign))})
        assert answer.status_code == 200
        assert "未用于检索" in answer.text
    assert time.perf_counter() - began < 10


def test_case_39_a_watch_of_everything_is_refused_and_one_of_an_industry_is_kept(
        tmp_path_factory: pytest.TempPathFactory) -> None:
    db = database(tmp_path_factory.mktemp("watch"))
    service = SubscriptionService(db, SECRET, BASE_URL, "zonewatch <from@portal.example>")
    for everything in (Criteria(scope=Scope.ALL), Criteria(scope=Scope.ALL, words=("***", "()")),
                       Criteria(scope=Scope.ALL, excluded=("x",))):
        with pytest.raises(InvalidValue, match="条件过宽"):
            service.subscribe("li@firm.example", everything)
    service.subscribe("li@firm.example", Criteria())
    with db.read() as session:
        assert [each.criteria for each in subscriptions.of_person(session, 1)] == [Criteria()]
