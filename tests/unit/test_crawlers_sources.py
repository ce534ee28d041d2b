"""What single fields of the three sources mean, trap by trap."""

from __future__ import annotations

from datetime import date

import pytest

from crawlers.addendum import withdrawn
from crawlers.spiders import ca_recalls, wto_tbt_notifications
from crawlers.spiders.eu_safety_gate import measures, risk_level, split_measures, title
from domain.kinds import kind_of_alert


def test_glued_measures_come_apart() -> None:
    steps = split_measures(
        "Type of economic operator to whom the measure(s) were ordered: DistributorCategory of measure(s): Withdrawal of "
        "the product from the marketDate of entry into force: 24/04/2026Type of economic operator taking notified "
        "measure(s): OtherCategory of measure(s): Recall of the product from end usersDate of entry into force: Unknown")
    assert [(step.operator, step.category, step.since) for step in steps] == [
        ("Distributor", "Withdrawal of the product from the market", date(2026, 4, 24)),
        ("Other", "Recall of the product from end users", None)]
    assert measures(steps) == ("recall_end_users", "withdrawal")


def test_a_measure_without_labels_is_not_lost() -> None:
    assert [(step.operator, step.category) for step in split_measures("Sales ban ordered by the authorities.")] == [
        ("", "Sales ban ordered by the authorities.")]
    assert split_measures(" ") == []


def test_the_measures_make_the_kind() -> None:
    assert [kind_of_alert(taken) for taken in (("import_rejected",), ("recall_end_users", "import_rejected"),
                                               ("recall_end_users",), ("withdrawal",), ())] == [
        "border_action", "border_action", "recall", "foreign_notification", "foreign_notification"]


def test_the_case_number_tells_the_level_where_the_level_does_not() -> None:
    levels = {"SR/00001/26": "serious", "A12/1/13": "serious", "OR/00001/26": "other_levels", "A11/1/13": "other_levels",
              "INFO/1/23": "information", "0657/11": "unknown"}
    assert {case: risk_level("", case) for case in levels} == levels
    assert risk_level("Other types of alerts", "SR/00001/26") == "information"


@pytest.mark.parametrize(("product", "brand", "name", "read"), [
    ("Air compressor", "Nordwind", "Portable 24 L", "Air compressor – Nordwind – Portable 24 L"),
    ("Air compressor Nordwind", "Nordwind", "", "Air compressor Nordwind"), ("", "", "Jet ski", "Jet ski"),
    ("", "Nordwind", "", "Portable compressor – Nordwind"), ("Lamp", "", "lamp", "Lamp"),
])
def test_a_title_says_each_thing_once(product: str, brand: str, name: str, read: str) -> None:
    record = {"description": "Portable compressor. Blue.", "type_numberOfModel": "X", "category": "Machinery"}
    assert title(product, brand, name, record) == read


def test_without_any_words_the_model_or_the_category_is_the_title() -> None:
    assert title("", "", "", {"description": "", "type_numberOfModel": "NW-24", "category": "Machinery"}) == "NW-24"
    assert title("", "", "", {"description": " ", "type_numberOfModel": "Unknown", "category": "Other - -"}) == "Other - -"


@pytest.mark.parametrize(("said", "cases"), [
    ("At the request of the notifying authority, notification A12/00172/23 has been withdrawn as a duplication of "
     "A12/00152/23.", ["A12/00172/23"]),
    ("alerts A12/01365/24, A12/01367/24, A12/01368/24 and A12/01369/24 have been withdrawn.",
     ["A12/01365/24", "A12/01367/24", "A12/01368/24", "A12/01369/24"]),
    ("Notification 0361/06 of week 24 of year 2006 and notifications 0365/06 and 0366/06 of week 25 of year 2006 have been "
     "withdrawn because the risk was moderate.", ["0361/06", "0365/06", "0366/06"]),
    ("notification A11/00066/23 has been withdrawn.A12/01311/23 a new measure has been added.", ["A11/00066/23"]),
    ("Notification SR/04008/25: at the request of the notifying authority the notification has been withdrawn.",
     ["SR/04008/25"]),
    ("Notification SR/04008/25: at the request of the notifying authority a measure has been withdrawn.", []),
    ("Notification SR/03420/25: has been withdrawn on the request of the notifying country.", ["SR/03420/25"]),
    ("Notification 0948 /09 from week 27 has been removed pending clarification.Notification 0949/09 has been updated",
     ["0948/09"]),
    ("Notification 0015/08 of week 2 has been removed because all affected vehicles have been withdrawn from the market.",
     ["0015/08"]),
    ("Notification 0015/08 has been updated because all affected vehicles have been withdrawn.", []),
    ("The status of notification 0227/12 from week 6 has been changed and was consequently removed from the website.",
     ["0227/12"]),
    ("Notification 0179/07 of week 8 concerns the models AVL105, AVL109.2-  Notification 0512/07 concerning a dish of "
     "3,2 lt. has been withdrawn.", ["0512/07"]),
    ("Notification 0670/07 does not comply with Directive 2006/42/EC and has been temporarily withdrawn.", ["0670/07"]),
    ("A12/1283/12 has been removed because the measures were already notified (A12/1279/12)", ["A12/1283/12"]),
    ("The notification published under no.5 in the week report n° 35 – 2005 has been withdrawn.", []),
    ("", []),
])
def test_a_report_withdraws_only_what_it_says_is_withdrawn(said: str, cases: list[str]) -> None:
    assert list(withdrawn(said)) == cases


def row(**values: str) -> dict[str, str]:
    return {"Recall class": "", "Title": "Air Compressors", "Organization": "Consumer product safety"} | values


@pytest.mark.parametrize(("values", "expected"), [
    ({}, "recall"), ({"Title": "Health Canada warns about ink"}, "foreign_notification"),
    ({"Title": "Health Canada warns about ink", "Recall class": "Type II"}, "recall"),
    ({"Title": "Company recalls ink after Health Canada warns"}, "recall"),
    ({"Organization": "Marketed health products", "Title": "PREPULSID (cisapride)"}, "foreign_notification"),
    ({"Title": "Foreign Product Alert: pills", "Recall class": "--"}, "foreign_notification"),
])
def test_canada_advises_only_where_it_clearly_does(values: dict[str, str], expected: str) -> None:
    assert ca_recalls.kind(row(**values)) == expected


def test_of_several_recall_classes_the_worst_counts() -> None:
    levels = {"Type I": "serious", "Class 2": "moderate", "Type II - Type III": "moderate", "Type II - Type I": "serious",
              "--": "", "": ""}
    assert {text: ca_recalls.risk_level(text) for text in levels} == levels


def test_hazards_come_out_of_a_joined_issue() -> None:
    assert ca_recalls.hazards("Burn hazard - Fire hazard - Quantum hazard") == ("fire", "burns", "other")


def test_codes_come_without_their_names_and_dots() -> None:
    entries = [{"name": "8443.31 - Machines which print, scan - and copy"}, "370790", {"name": ""},
               {"name": "844331 - again"}]
    assert wto_tbt_notifications.hs_codes(entries) == ("844331", "370790")
    assert wto_tbt_notifications.codes([{"name": "37.100.10 - Reproduction equipment"}]) == ("37.100.10",)
    assert wto_tbt_notifications.codes(None) == ()


def test_readers_are_told_how_far_back_deadlines_are_followed() -> None:
    spider = wto_tbt_notifications.WtoTbtNotifications
    days = str(spider.look_back.days)
    assert any(days in text and "full crawl" in text for text in spider.card.caveats)
    assert any(days in text and "完整采集" in text for text in spider.card.caveats_zh)


def test_every_symbol_of_a_joint_notification_belongs_to_its_own_base() -> None:
    symbols = wto_tbt_notifications.symbols_in("G/TBT/N/KEN/9402/Add.1, G/TBT/N/EU/9101/Rev. 1/Corr.2 G/TBT/N/TPKM/1")
    assert symbols == ("G/TBT/N/KEN/9402/Add.1", "G/TBT/N/EU/9101/Rev.1/Corr.2", "G/TBT/N/TPKM/1")
    assert wto_tbt_notifications.base(symbols) == ("G/TBT/N/KEN/9402", "G/TBT/N/EU/9101")
