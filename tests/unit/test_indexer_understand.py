"""What people type becomes criteria that they can see."""

from __future__ import annotations

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.criteria import Criteria, Scope
from domain.notice import NoticeKind
from domain.product_type import PRODUCT_TYPES
from indexer.chips import Chip
from indexer.understand import LONGEST_TEXT, understand


def chip(text: str, kind: str) -> Chip:
    (found,) = [each for each in understand(text).chips if each.kind == kind]
    return found


@pytest.mark.parametrize(("typed", "product_type"), [
    ("气缸", "pneumatic_cylinder"), ("氣缸", "pneumatic_cylinder"), ("Pneumatikzylindern", "pneumatic_cylinder"),
    ("硒鼓", "toner_cartridge"), ("碳粉匣", "toner_cartridge"), ("Toner Cartridges", "toner_cartridge"),
    ("墨盒", "ink_cartridge"), ("墨水匣", "ink_cartridge"), ("ink-jet cartridge", "ink_cartridge"),
    ("Tintenpatrone", "ink_cartridge"), ("インクカートリッジ", "ink_cartridge"), ("잉크 카트리지", "ink_cartridge"),
    ("cartouches d’encre", "ink_cartridge"), ("чернильные картриджи", "ink_cartridge"),
    ("电磁阀", "solenoid_valve"), ("電磁閥", "solenoid_valve"), ("solenoid valve", "solenoid_valve"),
    ("SOLENOID-VALVES", "solenoid_valve"), ("Électrovanne", "solenoid_valve"), ("空压机", "air_compressor"),
])
def test_a_term_in_any_language_becomes_its_product_type(typed: str, product_type: str) -> None:
    found = understand(typed)
    assert found.criteria == Criteria(product_types=frozenset({product_type}))
    assert [(each.kind, each.value, each.typed) for each in found.chips] == [("product_type", product_type, typed)]


def test_the_name_of_a_product_type_is_understood() -> None:
    for each in PRODUCT_TYPES.values():
        for name in (each.name("zh"), each.name("zh-Hant")):
            if "/" not in name:
                assert each.id in understand(name.split("（")[0]).criteria.product_types, name


def test_the_longest_term_wins() -> None:
    assert understand("墨盒芯片").criteria.product_types == {"cartridge_chip"}


def test_two_product_words_are_alternatives() -> None:
    assert understand("墨盒 硒鼓").criteria.product_types == {"ink_cartridge", "toner_cartridge"}


def test_a_term_of_a_whole_industry_means_all_its_types() -> None:
    found = understand("打印耗材")
    assert found.criteria.product_types == {
        each.id for each in PRODUCT_TYPES.values() if each.industry == "printer_consumables"}
    assert (chip("打印耗材", "product_type").zh, chip("打印耗材", "product_type").en) == ("打印耗材", "Printer consumables")


def test_a_name_of_the_industry_before_a_product_says_nothing_new() -> None:
    assert understand("打印机墨盒").criteria == understand("墨盒").criteria
    assert understand("laser printer toner cartridge").criteria == understand("toner cartridge").criteria
    assert understand("打印机").criteria.words == ("打印机",)


@pytest.mark.parametrize("typed", ["ink", "valve", "cylinder", "toner", "Zylinder", "Sprinter", "diffuser"])
def test_a_word_of_many_meanings_stays_a_word(typed: str) -> None:
    found = understand(typed)
    assert found.criteria == Criteria(words=(typed,))


def test_what_a_weak_word_may_mean_is_offered_and_not_taken() -> None:
    (offer,) = understand("ink").offers
    assert (offer.kind, offer.value, offer.zh, offer.typed) == ("product_type", "printer_ink", "打印墨水", "ink")


@pytest.mark.parametrize("typed", ["气缸盖", "发动机气缸", "tattoo ink", "facial toner", "toner cartridge respirator"])
def test_a_false_friend_keeps_its_words(typed: str) -> None:
    found = understand(typed)
    assert not found.criteria.product_types
    assert found.criteria.words == tuple(typed.split())
    assert not found.offers


@pytest.mark.parametrize("typed", ["RoHS", "rohs", "ROHS", "ＲｏＨＳ"])
def test_an_acronym_means_every_rule_that_bears_it(typed: str) -> None:
    assert understand(typed).criteria.regulations == {"eu_rohs", "uk_rohs", "sa_rohs", "ae_rohs", "eaeu_037"}


@pytest.mark.parametrize(("typed", "regulation"), [
    ("REACH", "eu_reach"), ("REACH法规", "eu_reach"), ("机械法规", "eu_machinery"), ("英国RoHS", "uk_rohs"),
    ("UK RoHS", "uk_rohs"), ("K-REACH", "kr_kreach"), ("Prop 65", "us_prop65"),
    ("337调查", "us_s337"), ("337", "us_s337"), ("ped", "eu_ped"),
])
def test_an_alias_means_its_regulation(typed: str, regulation: str) -> None:
    assert understand(typed).criteria == Criteria(regulations=frozenset({regulation}))


def test_an_acronym_that_is_a_plain_word_needs_its_capitals_among_other_words() -> None:
    assert understand("out of reach").criteria.words == ("out", "of", "reach")
    assert understand("REACH 邻苯").criteria == Criteria(regulations=frozenset({"eu_reach"}), words=("邻苯",))
    assert understand("model 337").criteria.words == ("model", "337")


@pytest.mark.parametrize(("typed", "market"), [
    ("欧盟", "EU"), ("歐盟", "EU"), ("EU", "EU"), ("美国", "US"), ("US", "US"), ("USA", "US"), ("Japan", "JP"),
    ("日本", "JP"), ("UK", "GB"), ("沙特", "SA"), ("south korea", "KR"),
])
def test_a_market_in_words(typed: str, market: str) -> None:
    assert understand(typed).criteria == Criteria(markets=frozenset({market}))


def test_small_letters_are_no_country() -> None:
    assert understand("tell us").criteria.words == ("tell", "us")


@pytest.mark.parametrize(("typed", "kinds"), [
    ("召回", {NoticeKind.RECALL}), ("recalls", {NoticeKind.RECALL}), ("标准", {NoticeKind.STANDARD}),
    ("通报", {NoticeKind.FOREIGN_NOTIFICATION, NoticeKind.TBT_NOTIFICATION}), ("TBT通报", {NoticeKind.TBT_NOTIFICATION}),
    ("技术法规", {NoticeKind.TECHNICAL_REGULATION}),
])
def test_a_kind_in_words(typed: str, kinds: set[NoticeKind]) -> None:
    assert understand(typed).criteria == Criteria(kinds=frozenset(kinds))


def test_a_year_is_a_year_only_where_it_says_so() -> None:
    assert understand("2024年 召回").criteria == Criteria(years=frozenset({"2024"}), kinds=frozenset({"recall"}))
    assert understand("2024").criteria.words == ("2024",)


def test_chinese_without_blanks_is_taken_apart() -> None:
    assert understand("欧盟墨盒召回").criteria == Criteria(
        product_types=frozenset({"ink_cartridge"}), markets=frozenset({"EU"}), kinds=frozenset({"recall"}))
    assert understand("12V电磁阀").criteria == understand("电磁阀").criteria


def test_words_that_only_join_are_left_out_and_shown() -> None:
    found = understand("电磁阀的召回")
    assert not found.criteria.words
    assert [(each.kind, each.typed) for each in found.chips] == [
        ("product_type", "电磁阀"), ("ignored", "的"), ("kind", "召回")]
    assert understand("recall of toner cartridges").criteria.words == ()
    assert understand("the of").criteria.words == ("the", "of"), "alone they are what is looked for"


@pytest.mark.parametrize("typed", [
    "G/TBT/N/EU/9101", "2011/65/EU", "ISO 15552", "ISO15552:2018", "A12/00421/21", "SR/00012/26", "GB/T 8170-2008",
    "EN ISO 4414:2010", "JIS B 8370", "iso 15552", "HL-2240D/1",
])
def test_an_identifier_is_one_word(typed: str) -> None:
    assert understand(typed).criteria == Criteria(words=(typed,))


def test_an_identifier_stands_beside_other_words() -> None:
    assert understand("ISO 15552 气缸 欧盟").criteria == Criteria(
        words=("ISO 15552",), product_types=frozenset({"pneumatic_cylinder"}), markets=frozenset({"EU"}))


@pytest.mark.parametrize("quotes", ['""', "“”", "「」", "＂＂"])
def test_quoted_text_is_a_phrase_as_it_stands(quotes: str) -> None:
    assert understand(f"{quotes[0]}solenoid valve{quotes[1]} ink").criteria.words == ("solenoid valve", "ink")


def test_minus_excludes_a_word_or_a_phrase() -> None:
    found = understand('墨盒 -纹身 －"tattoo ink"').criteria
    assert found == Criteria(product_types=frozenset({"ink_cartridge"}), excluded=("纹身", "tattoo ink"))
    assert understand("ink-jet – printer").criteria.excluded == ()


def test_signs_alone_are_shown_as_ignored() -> None:
    found = understand('[[((" -!')
    assert found.criteria == Criteria()
    assert {each.kind for each in found.chips} == {"ignored"}


def test_the_base_is_kept_and_added_to() -> None:
    base = Criteria(markets=frozenset({"CA"}), words=("Ningbo",), scope=Scope.ALL)
    assert understand("欧盟 plastic", base).criteria == Criteria(
        markets=frozenset({"CA", "EU"}), words=("Ningbo", "plastic"), scope=Scope.ALL)


def test_a_very_long_text_is_read_up_to_a_limit_and_says_so() -> None:
    began = time.perf_counter()
    for sign in ("(", '"', "“", "-", "墨", "AND ", "a/", "1/", "ISO ", "G/TBT/N/"):
        found = understand(sign * 10_000)
        assert sum(len(word) for word in found.criteria.words) <= LONGEST_TEXT
        assert found.chips[-1].kind == "ignored"
    assert time.perf_counter() - began < 2


@settings(max_examples=150)
@given(st.one_of(st.text(max_size=60), st.lists(st.sampled_from(
    ["墨盒", "RoHS", "的", "-", '"', "“", "EU", "ISO 1", " ", "ink", "12V", "/", "2024年", "\ud800", "召回", "(", "é"]),
    max_size=12).map("".join)))
def test_any_text_is_understood_and_every_letter_of_it_stands_in_a_chip(text: str) -> None:
    found = understand(text)
    shown = "".join(each.typed for each in found.chips)
    for word in (*found.criteria.words, *found.criteria.excluded):
        assert word in shown
    assert sorted(letter for letter in text if letter.isalnum()) == sorted(letter for letter in shown if letter.isalnum())
