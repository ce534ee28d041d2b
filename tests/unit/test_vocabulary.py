"""The vocabularies hold together: ids stay, references exist, every term finds its product."""

from __future__ import annotations

import re

import pytest

from domain.classify import classify_record
from domain.hazard import HAZARDS, RISK_LEVELS, hazards_from_raw, risk_level_from_raw
from domain.kinds import NOTICE_KINDS, SOURCE_TIERS, TBT_OBJECTIVES, TBT_STAGES, objectives_from_raw, tbt_stage
from domain.market import MARKETS, country_name, group_of, holds_in, market_from_name, market_from_wto_code
from domain.measure import MEASURES, measures_from_text
from domain.notice import NoticeKind
from domain.product_type import ADJACENT_TYPES, INDUSTRIES, PRECEDENCE, PRODUCT_TYPES, name, types_of_industry
from domain.regulation import REGULATIONS, types_bound_by
from domain.source import SourceTier
from domain.text import normalise
from domain.vocabulary import load
from tests.conftest import SHARED

IDS = [
    "printer_consumables_general", "toner_cartridge", "ink_cartridge", "toner_powder", "printer_ink", "opc_drum",
    "developer", "ribbon", "label_tape", "cartridge_chip", "fuser_unit", "cartridge_component", "transfer_unit",
    "waste_toner_box", "printhead", "remanufactured_cartridge", "refill_system", "pneumatics_general",
    "pneumatic_cylinder", "rotary_actuator", "pneumatic_gripper", "solenoid_valve", "pneumatic_valve",
    "flow_control_valve", "proportional_valve", "pressure_regulator", "air_treatment_unit", "safety_valve",
    "pneumatic_fitting", "pneumatic_tubing", "vacuum_component", "silencer", "pressure_sensing", "position_sensor",
    "air_compressor", "air_dryer", "air_receiver", "shock_absorber", "air_blow_gun", "process_actuator",
]
LANGUAGES = {"zh-Hans", "zh-Hant", "en", "de", "fr", "es", "it", "pt", "nl", "pl", "ja", "ko", "ru"}


def test_no_product_type_is_ever_renamed() -> None:
    assert list(PRODUCT_TYPES) == IDS


def test_every_product_type_is_named_in_three_scripts_and_thirteen_languages() -> None:
    for each in PRODUCT_TYPES.values():
        assert each.name("zh")
        assert each.name("zh-Hant")
        assert each.name("en")
        written = set(each.terms) | set(each.weak)
        assert written == LANGUAGES or each.qualified, each.id
        assert LANGUAGES - {"ja", "ko"} <= written <= LANGUAGES, each.id


def test_an_industry_has_one_general_type_which_comes_first() -> None:
    for industry in INDUSTRIES:
        assert [each.general for each in types_of_industry(industry)].index(True) == 0
        assert sum(each.general for each in types_of_industry(industry)) == 1


def test_references_between_vocabularies_exist() -> None:
    subjects = PRODUCT_TYPES.keys() | INDUSTRIES.keys()
    for regulation in REGULATIONS.values():
        assert regulation.applies_to <= subjects, regulation.id
        assert regulation.market in MARKETS or regulation.market in load("countries")["countries"], regulation.id
    for product_type in PRODUCT_TYPES.values():
        assert {*product_type.regulations, *INDUSTRIES[product_type.industry].regulations} <= REGULATIONS.keys()
    for rule in PRECEDENCE:
        assert {rule.first, *rule.drop_weak} <= PRODUCT_TYPES.keys()


def test_codes_are_written_as_the_classifier_compares_them() -> None:
    for codes in (*(each.codes for each in PRODUCT_TYPES.values()), *(each.codes for each in ADJACENT_TYPES.values())):
        for code in (*codes.hs_exact, *codes.hs_shared):
            assert re.fullmatch(r"\d{6}", code)
        for code in (*codes.ics_exact, *codes.ics_shared):
            assert re.fullmatch(r"\d\d\.\d{3}(\.\d\d)?", code)
        assert set(codes.telling) <= {*codes.hs_shared, *codes.ics_shared}


@pytest.mark.parametrize("product_type", IDS)
def test_every_term_of_a_product_type_finds_it(product_type: str) -> None:
    each = PRODUCT_TYPES[product_type]
    weak = {normalise(term) for terms in each.weak.values() for term in terms}
    for lang, terms in each.terms.items():
        for term in terms:
            if normalise(term) not in weak:
                assert product_type in classify_record(term, lang).sure_product_types(), (lang, term)


def test_display_names_follow_the_language() -> None:
    assert name("toner_cartridge", "zh-Hant") == "碳粉匣"
    assert name("toner_cartridge", "en") == "Toner cartridge"
    assert name("pneumatics") == "气动元件"
    assert name("hydraulic_component", "en") == "Hydraulic components"


def test_rohs_reaches_all_consumables_and_some_pneumatics() -> None:
    bound = types_bound_by("eu_rohs")
    assert {"toner_cartridge", "solenoid_valve", "air_compressor"} <= set(bound)
    assert "pneumatic_fitting" not in bound


def test_false_leads_bind_nothing() -> None:
    assert types_bound_by("eu_cosmetics_none") == types_bound_by("us_cpsia") == ()


def test_labels_exist_for_every_notice_kind_and_source_tier() -> None:
    assert list(NOTICE_KINDS) == [kind.value for kind in NoticeKind]
    assert set(SOURCE_TIERS) == {tier.value for tier in SourceTier}
    assert NOTICE_KINDS["border_action"].name("zh") == "退货/扣留/拒绝入境"


@pytest.mark.mirror
def test_nothing_of_the_domain_pack_is_missing() -> None:
    pack = "".join((SHARED / "domain" / name).read_text(encoding="utf-8") for name in ("taxonomy.yaml", "vocabularies.yaml"))
    wanted = set(re.findall(r"\bid: \"?([\w-]+)", pack)) | set(re.findall(r"\btrap: (\w+)", pack))
    have = {row["id"] for file in ("kinds", "hazards", "measures", "markets") for table in load(file).values()
            if isinstance(table, list) for row in table if isinstance(row, dict)}
    have |= {*PRODUCT_TYPES, *ADJACENT_TYPES, *INDUSTRIES, *REGULATIONS, *(row["id"] for row in load("negatives")["traps"])}
    articles = {"2", "3", "5", "7"}  # "2.9.2" as far as the pattern reads it
    assert wanted - have - articles == set()


@pytest.mark.parametrize(("written", "code"), [
    ("People's Republic of China", "CN"), ("The Netherlands", "NL"), ("Türkiye", "TR"), ("Turkey", "TR"),
    ("United Kingdom in respect of Northern Ireland", "GB"), ("Czech Republic", "CZ"), ("Korea, Republic of", "KR"),
    ("Ivory Coast", "CI"), ("Côte d’Ivoire", "CI"), ("Hong Kong", "HK"), ("Democratic Republic Of Congo", "CD"),
    ("Saudi Arabia, Kingdom of", "SA"), ("Bosnia and Herzegovina", "BA"), ("European Union", "EU"), ("中国台湾", "TW"),
    ("Norway", "NO"), ("NO", "NO"), ("viet nam", "VN"), ("UNITED STATES OF AMERICA", "US"), ("San Marino", "SM"),
])
def test_a_country_is_known_in_every_spelling(written: str, code: str) -> None:
    assert market_from_name(written) == code


def test_an_unknown_country_is_not_guessed() -> None:
    assert market_from_name("Unknown") is None
    assert market_from_name("") is None
    assert market_from_name("Atlantis") is None


def test_wto_members_are_read_from_symbols() -> None:
    codes = {"EU": "EU", "TPKM": "TW", "CHN": "CN", "GBR": "GB", "NOR": "NO", "HKG": "HK", "BDI": "BI"}
    assert {code: market_from_wto_code(code) for code in codes} == codes
    assert market_from_wto_code("XYZ") is None


@pytest.mark.parametrize(("places", "group"), [
    (("AE", "BH", "KW", "OM", "QA", "SA", "YE"), "GCC"), (("RU", "KZ"), "EAEU"), (("KE", "BI", "RW", "TZ", "UG"), "EAC"),
    (("RU",), None), (("KE", "US"), None), (("BR", "AR"), None), ((), None)])
def test_most_of_them_belong_to_the_group_that_they_act_for(places: tuple[str, ...], group: str | None) -> None:
    assert group_of(places) == group


def test_rules_of_a_group_hold_in_its_members_and_followers() -> None:
    assert holds_in("EU", "DE")
    assert holds_in("EU", "NO")
    assert holds_in("EAEU", "RU")
    assert holds_in("US", "US")
    assert not holds_in("EU", "GB")
    assert not holds_in("EU", "CH")
    assert not holds_in("DE", "EU")


def test_norway_is_a_country_and_not_a_truth_value() -> None:
    assert country_name("NO", "en") == "Norway"
    assert country_name("NO") == "挪威"
    assert country_name("ZZ") == "ZZ"


def test_hazards_are_mapped_and_never_dropped() -> None:
    assert hazards_from_raw(["Electric shock", " fire hazard", "Burns"]) == ("electric_shock", "fire", "burns")
    assert hazards_from_raw(["Dragons"]) == ("other",)
    assert hazards_from_raw(["", "-", "Unknown"]) == ()
    assert set(hazards_from_raw(HAZARDS[each].en for each in HAZARDS)) == set(HAZARDS)


def test_risk_levels_come_from_words_or_case_numbers() -> None:
    assert risk_level_from_raw("Serious risk") == risk_level_from_raw("SR/03490/25") == "serious"
    assert risk_level_from_raw("Type III") == "low"
    assert risk_level_from_raw("A11/00110/22") == "other_levels"
    assert risk_level_from_raw("whatever") == risk_level_from_raw("") == "unknown"
    assert next(iter(RISK_LEVELS)) == "serious"


def test_measures_are_found_in_glued_phrases() -> None:
    text = ("Type of economic operator taking notified measure(s): DistributorCategory of measure(s): Withdrawal of the "
            "product from the marketDate of entry into force: 24/04/2026Type of economic operator to whom the measure(s) "
            "were ordered: OtherCategory of measure(s): Import rejected at borderDate of entry into force: Unknown")
    assert measures_from_text(text) == ("withdrawal", "import_rejected")
    assert measures_from_text("Refund") == ("refund",)
    assert measures_from_text("Geology report") == ("other",)
    assert measures_from_text("No measures taken") == measures_from_text("  ") == ()
    assert set(MEASURES) >= {"geo", "leo", "cdo"}


def test_objectives_are_read_in_english_and_chinese() -> None:
    named = ["Protection of the environment (TBT)", "Quality requirements (TBT)"]
    assert objectives_from_raw(named) == ("environment", "quality")
    assert objectives_from_raw(["保护人类健康和安全;保护环境"]) == ("human_health_safety", "environment")
    assert objectives_from_raw(["Other"]) == objectives_from_raw(["Fun"]) == ("other",)
    assert "not_specified" in TBT_OBJECTIVES


def test_the_stage_of_a_notification_is_in_its_symbol() -> None:
    symbols = {"G/TBT/N/EU/9101": "regular", "G/TBT/N/EU/9101/Add.1": "addendum", "G/TBT/N/EU/9101/Rev.1": "revision",
               "G/TBT/N/EU/9101/Rev.1/Corr.2": "corrigendum", "G/TBT/N/CHN/9120/Suppl.1": "supplement"}
    assert {symbol: tbt_stage(symbol) for symbol in symbols} == symbols
    assert set(symbols.values()) == set(TBT_STAGES)
