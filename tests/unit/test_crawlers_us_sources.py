"""What single fields of the US sources mean, trap by trap; every field that is read is missed when it is gone."""

from __future__ import annotations

from copy import deepcopy
from datetime import date, timedelta
from itertools import pairwise
from typing import Any

import pytest

from crawlers.bases.federal_register import TYPES, FederalRegisterSpider, agencies, case_stage, cfr_parts, corrected, ordered
from crawlers.bases.json_api import Record
from crawlers.bases.spans import Span
from crawlers.errors import ShapeChanged
from crawlers.hazards import hazards
from crawlers.spiders import us_cpsc_recalls, us_federal_register
from crawlers.spiders.us_cpsc_recalls import countries, settled_years, written, year_in_turn
from domain.errors import InvalidValue
from tests.publishers import cpsc_recall, fr_document

AT = "https://publisher.example/api"


@pytest.mark.parametrize(("title", "statement", "found"), [
    ("Dressers Recalled Due to Risk of Serious Injury or Death from Tip-Over and Entrapment Hazards; Violate Fire Rules", "",
     ("injuries", "entrapment")),
    ("Nordwind Recalls Fire Pits Due to Risk of Serious Injury or Death from Burns", "", ("burns",)),
    ("Bottles Recalled Due to Risk of Serious Injury or Death from Child Poisoning", "", ("chemical",)),
    ("Safes Recalled Due to Serious Injury Hazard and Risk of Death", "", ("injuries",)),
    ("Recall of Heaters", "The cord can spark, posing a risk of fire and electric shock.", ("electric_shock", "fire")),
    ("Beacons Recalled Due to Loss of Signal", "The beacon can fail.", ("other",)),
    ("Recall of Heaters", "", ()),
])
def test_hazards_are_read_from_the_cause_in_the_title_else_from_the_statement(
        title: str, statement: str, found: tuple[str, ...]) -> None:
    assert hazards(title, [statement] if statement else []) == found


def test_a_recall_number_is_known_in_both_its_forms() -> None:
    assert [written(number) for number in ("26645", "04211", "90-12")] == [
        ("26645", "26-645"), ("04211", "04-211"), ("90-12",)]


def test_countries_are_told_apart() -> None:
    assert countries("Vietnam (MMA008) and China; and United States\nTaiwan, Peru or Italy") == [
        "Vietnam", "China", "United States", "Taiwan", "Peru", "Italy"]


def test_every_settled_year_has_its_turn() -> None:
    today = date(2026, 11, 20)
    turns = [year_in_turn(today + timedelta(days=day)) for day in range(len(settled_years(today)))]
    assert sorted(turns, reverse=True) == settled_years(today) == list(range(2025, 1972, -1))
    assert settled_years(date(2027, 3, 31)) == list(range(2025, 1972, -1))
    assert settled_years(date(2027, 4, 1))[0] == 2026
    assert year_in_turn(date(1973, 5, 1)) is None


def test_the_halves_of_a_span_are_the_span() -> None:
    whole = Span(date(2016, 1, 1), 2 ** 14)
    spans = [whole]
    while spans[0].days > 1:
        spans = [half for span in spans for half in reversed(span.halves())][:512]
        assert spans[0].start == whole.start
        assert all(earlier.end + timedelta(days=1) == later.start for earlier, later in pairwise(spans))
        assert all(whole.holds(span.name) for span in spans)
    assert not spans[0].holds(whole.name)


def test_a_correction_names_its_document() -> None:
    address = "https://www.federalregister.gov/api/v1/documents/2026-17324"
    assert [corrected(number, of) for number, of in (
        ("C1-2021-07543", ""), ("R1-2010-1234", ""), ("2026-1", address),
        ("2026-1", f"{address}.json?publication_date=2026-09-01"), ("E9-1234", ""), ("2021-07543", ""))] == [
        ("2021-07543",), ("2010-1234",), ("2026-17324",), ("2026-17324",), (), ()]


def test_agencies_without_a_name_of_their_own_have_a_raw_one() -> None:
    assert agencies([{"raw_name": "DEPARTMENT OF ENERGY", "name": "Energy Department", "slug": "energy-department"},
                     {"raw_name": "Office of the Secretary"}, {"raw_name": "X", "name": "Energy Department"}], AT, "1") == [
        "Energy Department", "Office of the Secretary"]
    with pytest.raises(ShapeChanged, match="name"):
        agencies([{"raw_name": "DEPARTMENT OF ENERGY", "slug": "energy-department"}], AT, "1")


def test_parts_of_the_code_are_cited_as_lawyers_do() -> None:
    assert cfr_parts([{"title": 10, "part": 431}, {"title": 16, "part": None}]) == ["10 CFR 431", "16 CFR"]
    assert cfr_parts(None) == []


@pytest.mark.parametrize(("title", "stage", "orders"), [
    ("Notice of Receipt of Complaint; Solicitation of Comments Relating to the Public Interest", "complaint", ()),
    ("Certain Ink Tanks; Notice of Institution of Investigation", "institution", ()),
    ("Certain Ink Tanks; Notice of Commission Determination Not To Review an Initial Determination Amending the Complaint",
     "initial_determination", ()),
    ("Certain Ink Tanks; Notice of Commission Determination To Review in Part a Final Initial Determination Finding a "
     "Violation of Section 337; Request for Written Submissions", "review", ()),
    ("Certain Ink Tanks; Notice of a Final Determination Finding a Violation of Section 337; Issuance of a General "
     "Exclusion Order and Cease and Desist Orders; Termination of the Investigation", "final_violation", ("geo", "cdo")),
    ("Certain Ink Tanks; Commission Determination To Issue a Limited Exclusion Order", "final_violation", ("leo",)),
    ("Certain Ink Tanks; Finding of No Violation of Section 337; Termination of the Investigation", "termination", ()),
    ("Certain Ink Tanks; Institution of Rescission Proceeding; Rescission of a General Exclusion Order", "modification", ()),
    ("Certain Ink Tanks", "", ()),
])
def test_a_title_tells_the_stage_of_a_case_and_what_was_ordered(title: str, stage: str, orders: tuple[str, ...]) -> None:
    assert (case_stage(title), ordered(title)) == (stage, orders)


def full_recall() -> dict[str, Any]:
    """A recall in which no list is empty."""
    firms = {name: [{"Name": "Nordwind", "CompanyID": ""}] for name in ("Retailers", "Importers", "Distributors")}
    return cpsc_recall(1, "2026-11-12", Inconjunctions=[{"URL": AT}], ProductUPCs=[{"UPC": "1"}],
                       Injuries=[{"Name": "None"}], **firms)


def full_document() -> dict[str, Any]:
    return fr_document("2026-90001", "2026-11-18", cfr_references=[
        {"title": 10, "part": 431, "chapter": None, "citation_url": None}])


RECORDS = [(us_cpsc_recalls._RECALL, full_recall()), (FederalRegisterSpider.fields, full_document())]
READ = [(fields, record, (name,)) for fields, record in RECORDS for name in record
        if name not in ("SoldAtLabel", "Images")]
READ += [(fields, record, (name, inner)) for fields, record in RECORDS for name, value in record.items()
         if isinstance(value, list) for each in value if isinstance(each, dict)
         for inner in each if inner in {"Name", "NumberOfUnits", "Model", "Type", "URL", "UPC", "Country", "Option",
                                        "raw_name", "title", "part"}]


@pytest.mark.parametrize(("fields", "record", "path"), READ, ids=lambda part: ".".join(part) if type(part) is tuple else "")
def test_a_renamed_field_is_missed(fields: Record, record: dict[str, Any], path: tuple[str, ...]) -> None:
    assert fields.read(record, AT, "1") == frozenset()
    changed = deepcopy(record)
    holder = changed if len(path) == 1 else changed[path[0]][0]
    holder["renamed"] = holder.pop(path[-1])
    with pytest.raises(ShapeChanged, match=f"“{path[-1]}” is missing"):
        fields.read(changed, AT, "1")


@pytest.mark.parametrize("changes", [
    {"RecallID": "1"}, {"Title": ["x"]}, {"Products": {"Name": "x"}}, {"Products": ["x"]}, {"Hazards": [{"Name": 5}]},
])
def test_a_value_of_another_kind_makes_a_bad_record(changes: dict[str, Any]) -> None:
    with pytest.raises(InvalidValue):
        us_cpsc_recalls._RECALL.read(full_recall() | changes, AT, "1")


def test_new_fields_are_named_and_lists_may_be_null() -> None:
    recall = full_recall() | {"Score": 5, "Products": None, "Hazards": [{"Name": "x", "Class": "I"}]}
    assert us_cpsc_recalls._RECALL.read(recall, AT, "1") == {"Score", "Hazards.Class"}
    texts = us_cpsc_recalls._RECALL.texts(recall)
    assert (texts["Score"], texts["Hazards.Class"], texts["RemedyOptions.Option"]) == ("5", "I", "Refund")
    assert not {"Products.Name", "LastPublishDate", "Images", "SoldAtLabel"} & texts.keys()


def test_readers_are_told_what_is_left_out() -> None:
    register, recalls = us_federal_register.UsFederalRegister.card, us_cpsc_recalls.UsCpscRecalls.card
    assert "presidential documents are left out" in register.caveats[0]
    assert "不收录总统文件" in register.caveats_zh[0]
    for card in (register, recalls):
        assert len(card.caveats) == len(card.caveats_zh)
    assert TYPES == ("RULE", "PRORULE", "NOTICE")
