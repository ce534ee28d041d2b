"""What beats what when a notice is filed under our products and rules."""

from __future__ import annotations

import time
from typing import Any

import pytest

from domain.classification import Classification, Confidence
from domain.classify import classify, classify_record
from domain.classify.record import split_title
from domain.errors import InvalidValue
from domain.notice import Notice, NoticeKind

HIGH, MEDIUM, LOW, REVIEW = Confidence.HIGH, Confidence.MEDIUM, Confidence.LOW, Confidence.REVIEW


def notice(title: str, **facts: Any) -> Notice:
    return Notice(**{"source": "a_source", "external_id": "1", "kind": NoticeKind.FOREIGN_NOTIFICATION, "market": "EU",
                     "title": title, "url": "https://example.org/1"} | facts)


def found(title: str, **facts: Any) -> dict[str, Confidence]:
    return dict(classify(notice(title, **facts)).product_types)


def vetoes(outcome: Classification) -> set[str]:
    return {line.rule for line in outcome.evidence if line.rule.startswith("vetoed_by:")}


# ---- what beats what

def test_a_category_of_the_source_excludes_whatever_the_title_says() -> None:
    outcome = classify(notice("Over-Pressure Safety Valve", category="Medical devices | Cardiovascular"))
    assert not outcome.product_types
    assert vetoes(outcome) == {"vetoed_by:category"}
    assert not found("Toner cartridge for dolls", category="Toys")
    assert not found("Solenoid valve", source="us_nhtsa_recalls")


def test_an_exact_code_is_accepted_alone_even_in_an_excluding_category() -> None:
    assert found("Machine parts", hs_codes=("8412.31.00",)) == {"pneumatic_cylinder": HIGH}
    assert found("Parts", hs_codes=("961210",), category="Toys") == {"ribbon": HIGH}


def test_a_shared_code_with_a_title_term_is_sure_and_alone_only_a_candidate() -> None:
    assert found("Toner cartridges", hs_codes=("844399",)) == {"toner_cartridge": HIGH}
    assert found("Parts of machines", hs_codes=("844399",)) == {"printer_consumables_general": REVIEW}
    assert found("Pneumatic fluid power - Cylinders", kind=NoticeKind.STANDARD, ics_codes=("23.100.20",)) == {
        "pneumatic_cylinder": HIGH}


def test_a_heading_above_the_code_agrees_with_a_title_term() -> None:
    assert found("Safety valves", hs_codes=("8481",), ics_codes=("23.060",)) == {"safety_valve": HIGH}


def test_codes_that_mean_other_goods_rule_ours_out_unless_others_stand_beside_them() -> None:
    outcome = classify(notice("Pneumatic cylinders for brakes", hs_codes=("8708.30",)))
    assert not outcome.product_types
    assert vetoes(outcome) == {"vetoed_by:codes"}
    assert "pneumatic_cylinder" in found("Pneumatic cylinders", hs_codes=("870830", "841290"))


def test_when_codes_and_title_disagree_the_title_is_believed_but_less() -> None:
    assert found("Pneumatic cylinders for spot welding", ics_codes=("25.160.30",)) == {"pneumatic_cylinder": MEDIUM}
    assert found("Pneumatic cylinders for spot welding", ics_codes=("23.100.20",)) == {"pneumatic_cylinder": HIGH}
    assert found("Compressors, air, tank", hs_codes=("847130",)) == {"air_compressor": LOW}


def test_a_category_that_includes_makes_a_vague_title_clear() -> None:
    facts = {"summary": "Mobile compressor, vessel of 30 l, p = 8 bar."}
    assert found("Compressors (Somebrand)", category="Machinery", **facts) == {"air_compressor": MEDIUM}
    assert found("Compressors (Somebrand)", category="Hobby/sports equipment", **facts) == {"air_compressor": REVIEW}


def test_a_strong_term_in_the_title_is_accepted() -> None:
    assert found("ASCO Solenoid Valves recalled due to electric shock") == {"solenoid_valve": MEDIUM}


def test_a_weak_term_needs_its_context() -> None:
    assert found("Toner recalled") == {}
    assert found("Toner recalled from offices: the copier may stain") == {"toner_powder": LOW}
    assert found("Printer toner recalled") == {"toner_powder": MEDIUM}


def test_a_word_is_no_context_of_itself() -> None:
    assert found("Air pump recalled") == {}


def test_the_body_alone_makes_only_a_candidate() -> None:
    assert found("Spare parts", summary="Among them air compressors.") == {"air_compressor": REVIEW}


def test_where_titles_never_name_the_product_the_body_may() -> None:
    title = "Significant New Use Rules on Certain Chemical Substances"
    assert found(title, summary="Generic use: component of electrophotographic toner.") == {"toner_powder": MEDIUM}


def test_the_body_says_which_cartridge_a_general_title_means() -> None:
    assert found("Print cartridge characterization", kind=NoticeKind.STANDARD, ics_codes=("37.100.10",),
                 summary="Covers toner cartridges used in printing devices.") == {"toner_cartridge": MEDIUM}


def test_several_types_stand_together_and_the_general_one_gives_way() -> None:
    assert set(found("Pneumatic systems: air compressors and safety valves")) == {"air_compressor", "safety_valve"}
    assert found("Pneumatic systems - general rules") == {"pneumatics_general": MEDIUM}


def test_a_remanufactured_toner_cartridge_is_a_toner_cartridge_too() -> None:
    assert set(found("Remanufactured toner cartridges")) == {"remanufactured_cartridge", "toner_cartridge"}


def test_a_weak_find_gives_way_to_the_type_that_explains_it() -> None:
    outcome = classify(notice("Ink cartridge for inkjet printer: ink leaks"))
    assert set(outcome.product_types) == {"ink_cartridge"}
    assert any(line.rule == "dropped_for:ink_cartridge" for line in outcome.evidence)


def test_near_neighbours_are_told_and_never_ours() -> None:
    outcome = classify(notice("Pneumatic nail gun"))
    assert not outcome.product_types
    assert "pneumatic_tool" in outcome.adjacent
    assert classify(notice("Laser printers")).adjacent == ("printing_equipment",)


# ---- false friends

@pytest.mark.parametrize("title", [
    "Facial toner - rose water", "Bleach and toner powder for hair", "Tatto Ink - Red (World Famous Tattoo Ink)",
    "Permanent makeup ink - black", "Passenger van - Sprinter", "Electronic cigarette cartridge - Lemon",
    "LPG gas cylinder with valve", "Brake master cylinder", "Hydraulic cylinder for log splitter", "Hot water cylinder",
    "Heart valve", "Pneumatic concrete nailer gun", "Refrigerator compressors", "Aquarium air pump for fish tank",
    "Air compressor pump for inflatable mattress", "Tyre valve with inflator", "Aroma diffuser", "3D printer with printhead",
    "Ink-jet colour printers", "Digital receiver", "Chicago Pneumatic battery packs", "INK+IVY dresser", "Hair ribbon set",
    "Scuba regulator for compressed air", "Solenoid Voltage Tester", "Airworthiness Directives; direct drive solenoid valve",
])
@pytest.mark.parametrize("kind", [NoticeKind.RECALL, NoticeKind.TECHNICAL_REGULATION])
def test_a_false_friend_is_not_ours(title: str, kind: NoticeKind) -> None:
    assert not classify(notice(title, kind=kind)).is_relevant
    assert LOW not in found(title, kind=kind).values()


@pytest.mark.parametrize(("lang", "title"), [
    ("zh", "发动机气缸盖召回"), ("zh", "轮胎充气泵召回"), ("zh", "医用气管插管警戒信息"), ("zh", "钢笔墨水召回"),
    ("zh", "爽肤水被通报"), ("zh", "CPU管理软件召回"), ("zh", "液压油缸"), ("zh", "支气管镜召回"),
    ("zh-Hant", "機車汽缸召回"), ("ja", "水道用減圧弁"), ("ja", "油圧シリンダ"),
    ("de", "Druckluftkartuschen für Sportluftgewehre, Manometer"), ("it", "Compressore per frigorifero"),
    ("ru", "Чернила для татуировок"), ("pl", "Tusz do rzęs"), ("ko", "토너패드 화장품 회수"),
])
def test_a_false_friend_in_another_language_is_not_ours(lang: str, title: str) -> None:
    assert not classify(notice(title, lang=lang)).is_relevant
    assert LOW not in found(title, lang=lang).values()


def test_false_friends_of_customs_and_courts_are_not_ours() -> None:
    assert not found("Certain Vaporizer Devices, Cartridges Used Therewith, and Components", kind=NoticeKind.IP_EXCLUSION)
    assert not found("New Pneumatic Off-the-Road Tires From India", kind=NoticeKind.TRADE_REMEDY)


def test_a_trap_in_the_title_is_told_as_the_reason() -> None:
    outcome = classify(notice("Compressors for refrigerators and freezers"))
    assert vetoes(outcome) == {"vetoed_by:refrigeration_compressor"}
    assert {"refrigerator", "compressor"} <= {line.what for line in outcome.evidence}


def test_in_a_product_list_a_false_friend_spoils_only_its_own_item() -> None:
    types = found("Technical regulation on machinery, part 4: air dryers", kind=NoticeKind.TBT_NOTIFICATION,
                  product="Refrigerated air dryers, compressed air filters, air pistols and air blow guns")
    assert set(types) == {"air_dryer", "air_treatment_unit"}


def test_a_trap_in_the_body_does_not_undo_a_clear_title() -> None:
    body = "It may also be used to fill an air mattress of 2 bar or with a grill."
    assert found("Air compressor, 50 l", summary=body) == {"air_compressor": MEDIUM}


def test_the_brand_is_no_evidence() -> None:
    assert found("Wrench set - 12 pcs (Air Compressor Pros)", brand="Air Compressor Pros") == {}
    assert found("Battery - 9V", brand="Toner Cartridge Depot") == {}


# ---- words

@pytest.mark.parametrize(("lang", "title", "expected"), [
    ("de", "Sicherheitsventil eines Druckluftkompressors", {"safety_valve", "air_compressor"}),
    ("de", "Druckluft-Kompressoren", {"air_compressor"}),
    ("de", "Rückruf von Druckluftschläuchen", {"pneumatic_tubing"}),
    ("pl", "Wycofanie sprężarek powietrza: zaworu bezpieczeństwa", {"air_compressor", "safety_valve"}),
    ("pl", "Wycofanie siłowników pneumatycznych", {"pneumatic_cylinder"}),
    ("ru", "О пневматических цилиндрах и электромагнитных клапанах", {"pneumatic_cylinder", "solenoid_valve"}),
    ("nl", "Luchtcompressoren teruggeroepen", {"air_compressor"}),
    ("nl", "Magneetventielen", {"solenoid_valve"}),
    ("fr", "Électrovannes pneumatiques", {"solenoid_valve"}),
    ("fr", "Cartouches d’encre compatibles", {"ink_cartridge"}),
    ("it", "Cilindri pneumatici difettosi", {"pneumatic_cylinder"}),
    ("es", "Cartuchos de tóner", {"toner_cartridge"}),
    ("en", "Ink-jet cartridges, push in fittings", {"ink_cartridge", "pneumatic_fitting"}),
    ("zh-Hant", "真空發生器與氣壓缸", {"vacuum_component", "pneumatic_cylinder"}),
    ("zh", "打印机用硒鼓和墨盒", {"toner_cartridge", "ink_cartridge"}),
    ("ja", "トナー・カートリッジの回収", {"toner_cartridge"}),
    ("ja", "ＪＩＳ　空気圧用電磁弁", {"solenoid_valve"}),
    ("ko", "공기압축기용 안전밸브", {"safety_valve", "air_compressor"}),
    ("ko", "프린터용 잉크 카트리지", {"ink_cartridge"}),
])
def test_words_are_found_in_their_inflections_and_spellings(lang: str, title: str, expected: set[str]) -> None:
    assert classify(notice(title, lang=lang)).sure_product_types() == expected


def test_a_foreign_word_with_an_english_meaning_counts_only_in_its_language() -> None:
    assert found("Printer ribbon holder", lang="pt")
    assert not found("Hand-made ribbon", lang="en")
    assert found("Druckluftkompressor", lang="en") == {"air_compressor": MEDIUM}


def test_no_phrase_reaches_across_a_comma() -> None:
    assert found("Oil for air compressors") == {"air_compressor": MEDIUM}
    assert found("Filters for air, compressor oil") == {"air_compressor": LOW}


def test_acronyms_are_compared_as_written() -> None:
    assert found("CISS for desktop printer") == {"refill_system": MEDIUM}
    assert found("Ciss holiday village") == {}


# ---- records, evidence, robustness

def test_the_first_sentence_of_a_record_is_its_title() -> None:
    assert split_title("Makita U.S.A., Inc. Recalls Grease Guns. This recall involves hoses") == (
        "Makita U.S.A., Inc. Recalls Grease Guns", "This recall involves hoses")
    assert split_title("ISO 6432:2015 Cylinders, 8 mm to 25 mm. ISO 6432 establishes") == (
        "ISO 6432:2015 Cylinders, 8 mm to 25 mm", "ISO 6432 establishes")
    assert split_title("感光鼓被扣留。依据普遍排除令") == ("感光鼓被扣留", "依据普遍排除令")
    assert split_title("Air compressors") == ("Air compressors", "")


def test_a_record_may_lack_everything_but_its_text() -> None:
    assert classify_record("Air compressors").sure_product_types() == {"air_compressor"}
    assert not classify_record("Something else. With air compressors in the body").is_relevant
    with pytest.raises(InvalidValue, match="unknown kind"):
        classify_record("Air compressors", kind="gossip")


def test_every_finding_and_every_veto_carries_its_evidence() -> None:
    outcome = classify(notice("Safety valve - SNPN", category="Pressure equipment/vessels",
                              summary="No conformity with the Pressure Equipment Directive."))
    assert {line.subject for line in outcome.evidence} == {"safety_valve", "eu_ped"}
    assert {(line.rule, line.where, line.what) for line in outcome.evidence if line.subject == "safety_valve"} == {
        ("category+title_term", "title", "safety valve"), ("category+title_term", "category", "pressure equipment/vessels")}


def test_a_category_is_told_as_a_category() -> None:
    outcome = classify(notice("Compressors", category="Machinery", summary="Vessel of 24 l, 8 bar."))
    assert {(line.where, line.what) for line in outcome.evidence} == {
        ("title", "compressor"), ("body", "vessel"), ("category", "machinery")}


def test_a_monstrous_text_is_read_in_bounded_time() -> None:
    monster = "pneumatic cylinder, air hose-compressor " * 20_000
    started = time.perf_counter()
    classify(notice(monster, product=monster, summary=monster, brand="x" * 100_000))
    classify(notice("a" * 1_000_000, summary="-" + "b" * 1_000_000))
    assert time.perf_counter() - started < 60
