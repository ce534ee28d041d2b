"""What gives a word of several meanings its sense, and what takes a false friend's."""

from __future__ import annotations

from typing import Any

import pytest

from domain.classification import Confidence
from domain.classify import classify, classify_record
from domain.classify.record import split_title
from domain.notice import Notice, NoticeKind

MEDIUM, LOW = Confidence.MEDIUM, Confidence.LOW


def found(title: str, **facts: Any) -> dict[str, Confidence]:
    return dict(classify(Notice(**{"source": "a_source", "external_id": "1", "kind": NoticeKind.RECALL, "market": "EU",
                                   "title": title, "url": "https://example.org/1"} | facts)).product_types)


@pytest.mark.parametrize(("title", "lang", "expected"), [
    ("Counterfeit ink cartridges and toner seized", "en", {"ink_cartridge", "toner_powder"}),
    ("打印机用碳粉及墨水", "zh-Hans", {"toner_powder", "printer_ink"}),
    ("墨水、墨盒不得含铅", "zh-Hans", {"ink_cartridge", "printer_ink"}),
])
def test_a_member_of_an_enumeration_is_a_product_of_its_own(title: str, lang: str, expected: set[str]) -> None:
    assert {name for name, level in found(title, lang=lang).items() if level is MEDIUM} == expected


def test_a_word_about_a_product_is_no_member() -> None:
    assert found("Ink cartridges may leak ink") == {"ink_cartridge": MEDIUM}
    assert set(found("Air compressors with pressure gauges")) == {"air_compressor"}


def test_a_products_name_takes_the_first_word_of_a_trap() -> None:
    assert found("Cilindros neumáticos de doble efecto", lang="es") == {"pneumatic_cylinder": MEDIUM}
    assert not found("Neumáticos de turismo", lang="es")


def test_a_word_of_the_industry_anywhere_places_a_weak_term_unless_a_near_neighbour_stands_there() -> None:
    assert found("Pneumatic systems of presses: faulty cylinders")["pneumatic_cylinder"] is MEDIUM
    assert found("Pneumatic nailers whose valve sticks").get("pneumatic_valve") is LOW
    assert found("Printers that spill ink").get("printer_ink") is LOW


def test_a_refrigerated_air_dryer_may_speak_of_its_refrigerant() -> None:
    assert found("Compressed air dryers leak refrigerant") == {"air_dryer": MEDIUM}
    assert not found("Air compressor of a refrigerator leaks refrigerant")


def test_the_body_of_a_single_product_says_which_type_where_the_title_does_not() -> None:
    body = {"summary": "An ink cartridge for inkjet printers."}
    assert found("Printer cartridge XL", **body) == {"ink_cartridge": MEDIUM}
    rules = found("Rules on printer cartridges", kind=NoticeKind.TECHNICAL_REGULATION, **body)
    assert rules["printer_consumables_general"] is MEDIUM


def test_the_body_adds_no_type_where_the_head_names_one() -> None:
    outcome = found("Pneumatic fluid power - Filter-regulators", kind=NoticeKind.STANDARD, ics_codes=("23.100.50",),
                    summary="Not for electro-pneumatic pressure control valves.")
    assert {name for name, level in outcome.items() if level.at_least(MEDIUM)} == {"pressure_regulator"}


def test_a_weak_title_and_a_body_about_the_industry_make_a_product() -> None:
    body = "Coupling for compressed air hoses. The plug may be ejected."
    assert found("Coupling Euro 1/4", summary=body)["pneumatic_fitting"] is MEDIUM
    assert "pneumatic_fitting" not in found("Coupling Euro 1/4", summary="Coupling for trailers. The plug may be ejected.")


@pytest.mark.parametrize("title", [
    "Connections for general use and fluid power - Ports and stud ends", "Particular requirements for motor-compressors",
    "Compressors for the process industry", "Graphical symbols for diagrams - Pumps, compressors and fans",
    "Dyeing machines: 空気圧式クロスガイダ", "航空機空気圧系統", "燃料油用電磁弁", "Solenoid valves of gas appliances",
])
def test_neighbours_seen_in_the_field_are_none_of_ours(title: str) -> None:
    codes = {"ics_codes": ("23.140",)} if "ompressor" in title else {}
    outcome = found(title, kind=NoticeKind.STANDARD, **codes)
    assert not [name for name, level in outcome.items() if level.at_least(MEDIUM)]


def test_fluid_power_is_both_hydraulic_and_pneumatic() -> None:
    for title in ("Fluid power systems and components - Vocabulary", "流体传动系统及元件 图形符号", "油圧・空気圧システム"):
        assert found(title, kind=NoticeKind.STANDARD) == {"pneumatics_general": MEDIUM}
    assert "pneumatic_cylinder" in found("油圧及び空気圧シリンダ", lang="ja", kind=NoticeKind.STANDARD)
    assert not found("Hydraulic fluid power - Vocabulary", kind=NoticeKind.STANDARD)


def test_the_number_of_a_part_ends_no_title() -> None:
    assert split_title("ГОСТ Сжатый воздух. Часть 1. Классы чистоты") == ("ГОСТ Сжатый воздух. Часть 1. Классы чистоты", "")
    assert split_title("Valves. Part 2. Terms. Gives terms") == ("Valves. Part 2. Terms", "Gives terms")


def test_a_word_against_a_type_is_none_beside_one_of_its_industry() -> None:
    assert found("Hydraulic and pneumatic cylinders, double acting") == {"pneumatic_cylinder": MEDIUM}
    assert not found("Hydraulic cylinders of pneumatic presses")
    assert not found("油圧用ソレノイドバルブ", lang="ja")


def test_the_machine_in_a_cartridges_name_explains_no_ink() -> None:
    outcome = found("Cartucce per stampanti: perdita di inchiostro", lang="it")
    assert outcome == {"printer_consumables_general": MEDIUM, "printer_ink": LOW}


@pytest.mark.parametrize("title", [
    "Cafetera exprés: válvula de seguridad", "Waschmaschine mit defektem Magnetventil", "洗衣机电磁阀"])
def test_valves_of_household_machines_are_none_of_ours_in_any_language(title: str) -> None:
    assert not found(title, lang="")


def test_codes_of_space_kitchens_and_photography_rule_ours_out() -> None:
    for code in ("49.140", "97.040.20", "37.040.30"):
        assert not found("Pneumatic components and developers", kind=NoticeKind.STANDARD, ics_codes=(code,))


def test_what_the_expert_calls_a_name_of_a_product_needs_nothing_beside_it() -> None:
    for title, lang, product_type in (
            ("Schwenkantrieb", "de", "rotary_actuator"), ("Pressostat", "fr", "pressure_sensing"),
            ("电控阀", "zh-Hans", "solenoid_valve"),
            ("Push-in connectors", "en", "pneumatic_fitting"), ("Refill kit", "en", "refill_system"),
            ("通用耗材", "zh-Hans", "printer_consumables_general"), ("Sprężarka", "pl", "air_compressor")):
        assert classify_record(title, lang).sure_product_types() == {product_type}, title


def test_a_word_of_the_industry_places_a_weak_term_in_every_language() -> None:
    for title, lang, product_type in (
            ("Reduceerventiel voor perslucht", "nl", "pressure_regulator"),
            ("Регулятор давления пневматический", "ru", "pressure_regulator"),
            ("Przewody do sprężonego powietrza", "pl", "pneumatic_tubing"),
            ("エジェクタ（空気圧用真空機器）", "ja", "vacuum_component")):
        assert classify_record(title, lang).sure_product_types() == {product_type}, title


def test_a_container_of_a_filter_unit_is_no_air_receiver() -> None:
    found = classify_record("Wartungseinheiten für Druckluft: Behälter aus Polycarbonat platzt", "de").sure_product_types()
    assert found == {"air_treatment_unit"}
