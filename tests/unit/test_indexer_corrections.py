"""Slips of the keyboard, pinyin, ratings and numbers: read as they were meant, shown, and undone by quotation marks."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pypinyin import lazy_pinyin

from domain.criteria import Criteria, Scope
from domain.product_type import PRODUCT_TYPES
from indexer.pinyin import parts, spellings
from indexer.spelling import Vocabulary
from indexer.tables import WordTable
from indexer.understand import Understood, held, understand

KNOWN = Vocabulary((WordTable.of({
    "cause": 700, "solenoid": 15, "valve": 900, "cylinder": 500, "printer": 80, "tonner": 2, "toner": 60, "cartridge": 150,
    "taiwan": 120, "mh": 17, "xxl": 11, "mg": 1600, "xingchen": 1, "machine": 300, "gang": 40, "qi": 30, "qrs": 1}),))


def read(typed: str, scope: Scope = Scope.RELEVANT) -> Understood:
    found = understand(typed, Criteria(scope=scope), KNOWN)
    shown = "".join(each.typed for each in found.chips)
    assert sorted(filter(str.isalnum, typed)) == sorted(filter(str.isalnum, shown)), "everything typed stands in a chip"
    return found


def types(typed: str) -> frozenset[str]:
    found = read(typed).criteria
    assert not found.words, found
    return found.product_types


@pytest.mark.parametrize(("typed", "product_type"), [
    ("solenod valve", "solenoid_valve"), ("soleniod valve", "solenoid_valve"), ("Solenoid Vavle", "solenoid_valve"),
    ("toner catridge", "toner_cartridge"), ("tonner cartridge", "toner_cartridge"), ("Tintenpatronne", "ink_cartridge"),
    ("Pneumatikzilinder", "pneumatic_cylinder"), ("électrovane", "solenoid_valve"),
    ("pneumatic cyilnder", "pneumatic_cylinder"), ("Pneumatikzilindr", "pneumatic_cylinder"),
    ("air compresor", "air_compressor"), ("pneumatic cilinder", "pneumatic_cylinder"),
])
def test_a_slip_in_a_term_is_forgiven(typed: str, product_type: str) -> None:
    assert types(typed) == {product_type}
    assert [each.kind for each in read(typed).corrections] == ["spelling"]


def test_a_correction_says_what_was_typed_and_how_to_search_for_it() -> None:
    (correction,) = read("欧盟 solenod valve -nomad").corrections
    assert (correction.typed, correction.zh, correction.en) == ("solenod", "solenoid", "solenoid")
    assert correction.quoted == '欧盟 "solenod" valve -nomad'
    assert read(correction.quoted).criteria.words == ("solenod", "valve")
    assert not read(correction.quoted).corrections


def test_a_word_outside_the_vocabulary_is_corrected_to_the_one_that_most_notices_bear() -> None:
    assert read("machien").criteria.words == ("machine",)
    assert read("qrst").criteria.words == ("qrst",), "what hardly any notice bears is no better"
    assert read("macine").criteria.words == ("machine",)
    assert read("caise mohe").criteria.words == ("caise",), "it reads as Chinese, though cause is near"


@pytest.mark.parametrize("typed", [
    "tonner", "solenod2", "CE285", "VALV", '"solenod"', "val", "TN-valv-20", "solenod-12", "xingchen", "Taiwan",
])
def test_what_is_known_quoted_short_or_part_of_a_number_stays(typed: str) -> None:
    assert not read(typed).corrections


def test_nothing_is_corrected_without_the_words_of_the_notices() -> None:
    assert understand("solenod valve").criteria.words == ("solenod", "valve")


@pytest.mark.parametrize(("typed", "product_type"), [
    ("qigang", "pneumatic_cylinder"), ("qi gang", "pneumatic_cylinder"), ("QiGang", "pneumatic_cylinder"),
    ("ｑｉｇａｎｇ", "pneumatic_cylinder"), ("qìgāng", "pneumatic_cylinder"), ("qigagn", "pneumatic_cylinder"),
    ("dianci fa", "solenoid_valve"), ("dian ci fa", "solenoid_valve"), ("dianci-fa", "solenoid_valve"),
    ("mohe", "ink_cartridge"), ("dayinji mohe", "ink_cartridge"), ("qg", "pneumatic_cylinder"), ("dcf", "solenoid_valve"),
    ("mh", "ink_cartridge"),
])
def test_pinyin_and_initials_mean_the_chinese_term(typed: str, product_type: str) -> None:
    found = read(typed)
    assert product_type in found.criteria.product_types
    assert not found.criteria.words
    assert {each.kind for each in found.corrections} == {"pinyin"}
    assert found.corrections[-1].quoted.count('"') == 2


def test_several_words_of_pinyin_mean_several_things() -> None:
    wanted = Criteria(product_types=frozenset({"pneumatic_cylinder"}), markets=frozenset({"EU"}))
    assert read("qigang oumeng").criteria == read("qigangoumeng").criteria == read("qigang 欧盟").criteria == wanted
    assert [each.zh for each in read("qigangoumeng").corrections] == ["气缸", "欧盟"]
    assert read("mohe zhaohui").criteria.kinds == {"recall"}


def test_every_product_type_is_found_by_the_pinyin_of_its_name() -> None:
    for each in PRODUCT_TYPES.values():
        name = each.name("zh").split("（")[0]
        if "/" not in each.name("zh") and name.isalpha() and not any(map(str.isascii, name)):
            assert each.id in read("".join(lazy_pinyin(name))).criteria.product_types, name


def test_a_rule_in_pinyin_is_one_in_the_scope_of_all_sources_too() -> None:
    assert read("jixiefagui", Scope.ALL).criteria.regulations == {"eu_machinery"}
    assert read("RoHS", Scope.ALL).criteria.words == ("RoHS",)


def test_initials_of_several_things_are_one_chip_of_alternatives() -> None:
    (chip,) = read("bl").chips
    assert chip.kind == "market"
    assert len(chip.values) > 1
    assert read("xg").criteria == read("硒鼓").criteria
    assert [(each.kind, each.zh) for each in read("xg").offers] == [("market", "中国香港")]


def test_a_word_that_notices_bear_stays_one_and_its_pinyin_is_an_offer() -> None:
    busy = Vocabulary((WordTable.of({"qigang": 40, "qg": 90}),))
    for typed in ("qigang", "qg"):
        found = understand(typed, Criteria(), busy)
        assert found.criteria.words == (typed,)
        assert [each.value for each in found.offers] == ["pneumatic_cylinder"]
    assert read("QG").criteria.words == ("QG",), "capitals name a firm"


ENGLISH = (
    "the of and to in for on with at by from as is are was were be been has have not or an it its this that which "
    "may can could shall will products product safety recall hazard risk children fire burn battery charger printer "
    "paper machine pressure compressor valve hose air tank gas water heater lamp toy chain saw drill pump motor "
    "engine seat belt bike helmet lead cadmium phthalate label warning standard directive regulation notice draft "
    "market import export china germany france man men woman gender tong tongue bang sang hang hang-up fang pang "
    "chai shui tai chi feng anger finger danger singer banana baobab genre guide fan pan can ban dan mango tango "
    "mambo bao mei hei lei jie die lie pie tie hue cue sue due cai mai"
)


def test_no_english_word_is_taken_for_pinyin() -> None:
    words, nothing_known = ENGLISH.split(), Vocabulary((WordTable.of({"zzz": 1}),))
    for word in words:
        assert not [each for each in understand(word, Criteria(), nothing_known).corrections
                    if each.kind == "pinyin" and len(word) >= 4], word
    assert not [each for first, second in pairwise(words)
                for each in understand(f"{first} {second}", Criteria(), nothing_known).corrections if " " in each.typed]


def test_pinyin_without_blanks_is_cut_only_into_whole_terms() -> None:
    assert parts("qigangdianciffa") == []
    assert parts("dianciqigang") == []
    assert parts("dianciffa" * 200) == []
    assert "qigang" in spellings()
    assert read("qi\u0300gangoumeng").criteria.words, "an accent of its own has no place in a piece"


@pytest.mark.parametrize("typed", [
    "12V电磁阀", "DC24V电磁阀", "电磁阀 12V/DC", "24 VDC 电磁阀", "１２Ｖ电磁阀", "电磁阀 AC220V/50Hz",
    "电磁阀0.15-0.8MPa", "电磁阀 5W", "solenoid valve 24V",
])
def test_a_rating_beside_a_product_is_left_out_and_shown(typed: str) -> None:
    found = read(typed)
    assert found.criteria == Criteria(product_types=frozenset({"solenoid_valve"}))
    assert [each.kind for each in found.chips if any(map(str.isdigit, each.typed))] == ["ignored"]


def test_a_rating_is_a_word_where_it_is_quoted_or_alone_or_may_be_a_cartridge() -> None:
    for size in ("8*5", "DN15", "G1/4", "1/2寸", "12伏"):
        assert read(f"{size}电磁阀").criteria == read("电磁阀").criteria
    assert read('电磁阀 "12V"').criteria.words == ("12V",)
    assert read("12V").criteria.words == ("12V",)
    assert read("硒鼓 285A").criteria.words == ("285A",)
    assert read("气缸12bar").criteria == read("气缸").criteria
    assert read("500g碳粉").criteria == read("碳粉").criteria


@pytest.mark.parametrize(("typed", "word"), [
    ("CE285A硒鼓", "CE285A"), ("TN-2320 硒鼓", "TN-2320"), ("硒鼓HL2240d", "HL2240d")])
def test_a_model_number_beside_a_product_is_a_word(typed: str, word: str) -> None:
    assert read(typed).criteria == Criteria(product_types=frozenset({"toner_cartridge"}), words=(word,))


@pytest.mark.parametrize("typed", [
    "1163-19-5", "CAS 1163-19-5", "CAS1163-19-5", "CAS No. 1163-19-5", "CAS号1163-19-5", "CAS号：1163-19-5", "cas 1163-19-5",
    "ＣＡＳ　１１６３－１９－５",
])
def test_a_cas_number_is_the_same_behind_the_name_of_its_list(typed: str) -> None:
    assert read(typed).criteria == Criteria(words=("1163-19-5",))


@pytest.mark.parametrize(("typed", "word"), [
    ("Inv. No. 337-TA-1259", "337-TA-1259"), ("337-TA-1259", "337-TA-1259"), ("FR Doc. 2021-05126", "2021-05126"),
    ("G TBT N EU 1234", "G TBT N EU 1234"), ("Ｇ／ＴＢＴ／Ｎ／ＥＵ／１２３４", "G/TBT/N/EU/1234"),
    ("g/tbt/n/eu/1234/add.1", "g/tbt/n/eu/1234/add.1"), ("ＩＳＯ１５５５２", "ISO15552"), ("2011/65", "2011/65"),
    ("A12/00421", "A12/00421"),
])
def test_a_number_in_whatever_signs_is_one_word(typed: str, word: str) -> None:
    assert read(typed).criteria == Criteria(words=(word,))


@pytest.mark.parametrize(("typed", "left_out"), [
    ("出口欧盟的打印机硒鼓有什么环保要求", ["出口", "的", "有什么环保要求"]),
    ("硒鼓出口到欧盟需要什么认证", ["出口到", "需要什么认证"]),
    ("硒鼓在欧盟被召回了吗", ["在", "被", "了吗"]),
    ("请问欧盟对硒鼓有哪些最新规定", ["请问", "对", "有哪些最新规定"]),
    ("what is required for toner cartridge EU", None),
])
def test_a_sentence_is_what_it_speaks_of(typed: str, left_out: list[str] | None) -> None:
    found = read(typed)
    assert found.criteria.product_types == {"toner_cartridge"}
    assert found.criteria.markets == {"EU"}
    if left_out:
        assert not found.criteria.words
        assert [each.typed for each in found.chips if each.kind == "ignored"] == left_out


def test_a_long_phrase_beside_a_product_is_taken_apart() -> None:
    assert read("打印机硒鼓对环境的影响").criteria.words == ("环境", "影响")
    assert read("硒鼓 新能源").criteria.words == ("新能源",)


def test_one_letter_is_short_for_the_types_whose_names_hold_it() -> None:
    found = read("墨")
    assert {"ink_cartridge", "printer_ink"} <= found.criteria.product_types
    assert found.criteria.words == ()
    assert read('"墨"').criteria.words == ("墨",)


def test_among_all_sources_one_letter_is_a_word_and_its_meaning_is_offered() -> None:
    found = read("墨", Scope.ALL)
    assert found.criteria.words == ("墨",)
    (offer,) = found.offers
    assert {"ink_cartridge", "printer_ink"} <= set(offer.values)


def test_a_name_of_a_type_is_understood_as_our_pages_have_it() -> None:
    for each in PRODUCT_TYPES.values():
        for name in each.names.values():
            found = read(name).criteria
            assert each.id in found.product_types, name
            assert found.words == (), name


def test_hazards_are_filters() -> None:
    assert read("空压机 起火").criteria.hazards == {"fire"}
    assert read("electric shock").criteria.hazards == {"electric_shock"}


def test_of_a_chinese_sentence_what_nothing_holds_is_left_out_where_product_and_market_are_named() -> None:
    asked = read("空气压缩机出口韩国要做安全认证吗")
    assert asked.criteria.words
    kept = held(asked, lambda criteria: not criteria.words)
    assert (kept.criteria.words, kept.criteria.markets) == ((), {"KR"})
    assert [each.typed for each in kept.chips if each.kind == "ignored"] == ["出口", "要做安全认证吗"]
    assert held(asked, lambda criteria: True) == asked, "while something meets all of it nothing is left out"


def test_what_was_chosen_beside_a_sentence_is_never_left_out() -> None:
    chosen = Criteria(kinds=frozenset(("standard",)))
    asked = understand("气缸出口欧盟需要满足哪些标准", chosen)
    assert held(asked, lambda criteria: not criteria.kinds).criteria.kinds == {"standard"}
    assert held(understand("气缸出口欧盟需要满足哪些标准"), lambda criteria: not criteria.kinds).criteria.kinds == set()


@pytest.mark.parametrize("typed", ["纹身墨水", "硒鼓 火星", '欧盟硒鼓"火星"'])
def test_a_word_beside_a_product_alone_between_blanks_or_quoted_is_never_left_out(typed: str) -> None:
    assert held(read(typed), lambda criteria: not criteria.words) == read(typed)


@pytest.mark.parametrize(("typed", "markets", "words"), [
    ("美国线规", set(), ("美国线规",)), ("欧盟 美国 硒鼓", {"EU", "US"}, ()), ("日本的墨盒", {"JP"}, ()),
    ("墨盒 Japan EU", {"JP", "EU"}, ()),
    ("欧盟RoHS指令", set(), ()), ("硒鼓 美国、加拿大", {"US", "CA"}, ()),
])
def test_market_words_are_filters_but_not_inside_a_longer_name(
        typed: str, markets: set[str], words: tuple[str, ...]) -> None:
    found = read(typed).criteria
    assert found.markets == markets
    assert found.words == words


PIECES = [
    "solenod", "valve", "qigang", "qi", "gang", "mohe", "12V", "电磁阀", "硒鼓", "285A", " ", " ", "-", '"', "的", "欧盟",
    "有什么要求", "catridge", "toner", "CAS 1163-19-5", "G TBT N EU 12", "被", "oumeng", "é", "ü", "１", "/", "mh",
    "\ud800", "。"]


@settings(max_examples=300)
@given(st.lists(st.sampled_from(PIECES), max_size=9).map("".join))
def test_whatever_is_typed_stands_in_a_chip_and_what_was_corrected_can_be_undone(typed: str) -> None:
    for correction in read(typed).corrections:
        assert correction.typed in typed
        again = read(correction.quoted)
        assert correction.typed in again.criteria.words
        assert len(again.corrections) < len(read(typed).corrections)
