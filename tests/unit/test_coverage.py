"""Which numbers of a list are held: by the rule of phrases, whatever stands around them, and never in another's part."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crawlers.cards import cards
from domain.coverage import Bearer, Covered, Found, Wanted, cover, read, spellings, undated
from domain.criteria import contains
from domain.errors import InvalidValue
from domain.text import tokens

FORMS = {card.slug: card.numbers for card in cards()}
HEAD = "number,title,market,kind,basis\n"


def wanted(number: str, kind: str = "standard", basis: str = "catalogue") -> Wanted:
    return Wanted(number, "A title", "INT", kind, basis)


def bearer(title: str = "A notice", external_id: str = "1", *identifiers: str) -> Bearer:
    return Bearer("iso_open_data", external_id, title, identifiers)


def one(row: Wanted, *notices: Bearer) -> Covered:
    [found] = cover([row], notices, FORMS)
    return found


@pytest.mark.parametrize(("number", "notice"), [
    ("ISO 15552:2018", bearer("ISO 15552:2018 Cylinders")), ("ISO 15552:2018", bearer("Cylinders", "ISO15552-2018")),
    ("iso 15552:2018", bearer("Cylinders", "66921", "ISO 15552:2018")),
    ("JIS B 8373:2015", bearer("ＪＩＳ　Ｂ　８３７３：２０１５　空気圧用電磁弁")),
    ("2011/65/EU", bearer("Directive 2011/65/EU of the European Parliament and of the Council")),
    ("(EC) 1907/2006", bearer("Regulation (EC) No 1907/2006", "32006R1907")),
    ("G/TBT/N/EU/1102", bearer("Lead in solders", "G/TBT/N/EU/1102")),
])
def test_a_number_is_held_however_it_is_written(number: str, notice: Bearer) -> None:
    assert one(wanted(number), bearer(), notice).found is Found.HELD


@pytest.mark.parametrize(("number", "notice"), [
    ("ISO 15552:2018", bearer("Cylinders to ISO 21287:2018, not 15552")), ("2011/65/EU", bearer("Directive 2011/6/EU, 65")),
    ("ISO 15552:2018", bearer("ISO", "15552", "2018")), ("337-TA-565", bearer("Certain inks, 337-TA-5651")),
])
def test_a_number_is_a_phrase_within_one_field(number: str, notice: Bearer) -> None:
    found = one(wanted(number, kind="technical_regulation"), notice)
    assert (found.held.count, found.other_editions.count) == (0, 0)


@pytest.mark.parametrize("title", ["ISO 4414:2026 Rules", "ISO 4414 Rules", "ISO 1, see ISO 4414", "EN ISO 4414:2010-11"])
def test_the_number_of_a_standard_in_another_year_or_none_is_another_edition(title: str) -> None:
    assert one(wanted("ISO 4414:1998"), bearer(title)).found is Found.OTHER_EDITION


def test_an_edition_and_a_later_one_are_told_apart() -> None:
    found = one(wanted("ISO 4414:2010"), bearer("ISO 4414:2010"), bearer("ISO/DIS 4414", "2", "ISO/DIS 4414", "ISO 4414"))
    assert found.found is Found.HELD
    assert [hit.notice.external_id for hit in found.held.shown()] == ["1"]
    assert [hit.notice.external_id for hit in found.other_editions.shown()] == ["2"]


@pytest.mark.parametrize("number", ["ISO 4414:2010", "ISO 4414"])
def test_another_part_is_no_other_edition(number: str) -> None:
    assert one(wanted(number), bearer("ISO 4414-2:2010 Rules – Part 2")).found is Found.EXPECTED


def test_only_standards_have_editions() -> None:
    assert undated("JIS B 8368-1:2012") == "JIS B 8368-1"
    assert undated("GB/T 1234-2008") == "GB/T 1234"
    assert undated("DIN 33870-1") == "DIN 33870-1"
    row = wanted("NOM-020-STPS-2011", kind="technical_regulation")
    assert one(row, bearer("NOM-020-STPS-2030")).found is Found.NONE


def test_what_only_names_a_number_is_told_from_what_bears_it() -> None:
    amendment = bearer("ISO 6432:2015/Amd 1:2019", "2", "ISO 6432:2015/Amd 1:2019")
    found = one(wanted("ISO 6432:2015"), amendment, bearer("ISO 6432:2015 Cylinders", "1", "ISO 6432:2015"))
    assert [(hit.notice.external_id, hit.is_own) for hit in found.held.shown()] == [("1", True), ("2", False)]
    reach = bearer("Regulation (EC) No 1907/2006", "32006R1907", "1907/2006")
    change = bearer("Regulation (EU) 2018/588 amending Regulation (EC) No 1907/2006", "32018R0588", "2018/588")
    found = one(wanted("(EC) 1907/2006", kind="technical_regulation"), change, reach)
    assert [(hit.notice.external_id, hit.is_own) for hit in found.held.shown()] == [("32006R1907", True),
                                                                                    ("32018R0588", False)]


def test_all_notices_are_counted_and_the_first_of_them_kept() -> None:
    named = [bearer(f"Amendment {number} of ISO 4414:2010", str(number)) for number in range(500)]
    found = one(wanted("ISO 4414:2010"), *named, bearer("Rules", "own", "ISO 4414:2010"))
    assert found.held.count == 501
    assert len(found.held.shown()) == 20
    assert found.held.shown()[0].notice.external_id == "own"


@pytest.mark.parametrize(("number", "sources"), [
    ("ISO 15552:2018", {"iso_open_data"}), ("ISO/IEC 19752:2017", {"iso_open_data", "iec_catalogue"}),
    ("IEC 60335-1:2020", {"iec_catalogue"}), ("EN ISO 4414:2010", set()), ("JIS B 8373:2015", {"jp_jis_catalogue"}),
    ("GB/T 33400-2016", {"cn_openstd"}), ("2011/65/EU", {"eu_eurlex"}), ("(EC) No 1907/2006", {"eu_eurlex"}),
    ("COM(2013) 23", set()), ("SI 2016/1105", {"uk_legislation"}), ("G/TBT/N/EU/1102/Add.1", {"wto_tbt_notifications",
                                                                                              "cn_tbtsps"}),
    ("G/TBT/N/CHN/1391", {"wto_tbt_notifications"}), ("337-TA-1174", {"us_itc_337", "us_federal_register"}),
    ("337-TA-565", set()), ("29 CFR 1910.169", set()), ("IS 10617", {"in_bis_qco"}), ("S.O. OTR 2024", set()),
    ("TR CU 010/2011", {"ru_eaeu"}), ("NOM-020-STPS-2011", set()), ("UL 429", set()), ("SR/00001/26", {"eu_safety_gate"}),
])
def test_the_cards_say_which_source_would_hold_a_number(number: str, sources: set[str]) -> None:
    assert set(one(wanted(number, kind="other")).sources) == sources


def test_no_card_claims_what_is_no_number() -> None:
    for text in ("", "2018", "ISO", "Air compressor 2018", "ISO 15552:2018 or another", "see 2011/65/EU"):
        claiming = {slug for slug, forms in FORMS.items() for form in forms if re.fullmatch(form, text)}
        assert claiming <= {"iso_open_data"} if text.startswith("ISO 1") else not claiming, (text, claiming)


PIECES = st.sampled_from(["ISO", "EN", "15552", "2018", ":", "-", "/", "1", "(EU)", "No", "65", "2011", "EU", " ", "气缸",
                          "JIS", "B", "８３７３", ".", "ä"])
TEXTS = st.lists(PIECES, max_size=8).map("".join) | st.lists(PIECES, max_size=8).map(" ".join)
NUMBERS = st.sampled_from(["ISO 15552:2018", "ISO 15552-1:2018", "2011/65/EU", "(EU) 65/2011", "JIS B 8373:2018", "65",
                           "气缸 1"])


@given(st.lists(NUMBERS, min_size=1), st.sampled_from(["standard", "other"]),
       st.lists(st.tuples(TEXTS, TEXTS, st.lists(TEXTS, max_size=2)), max_size=6))
def test_what_is_held_is_what_each_phrase_for_itself_finds(
        numbers: list[str], kind: str, texts: list[tuple[str, str, list[str]]]) -> None:
    notices = [bearer(title, number, *identifiers) for title, number, identifiers in texts]
    for row in cover([wanted(number, kind) for number in numbers], notices, {}):
        holding = [notice for notice in notices if any(
            contains(tokens(text), spelling) for text in (notice.title, notice.external_id, *notice.identifiers)
            for spelling in spellings(row.wanted.number))]
        is_undated_standard = kind == "standard" and undated(row.wanted.number) == row.wanted.number
        assert row.held.count == len(holding) or (is_undated_standard and row.held.count < len(holding))


def test_a_list_is_read_row_by_row() -> None:
    rows = read([HEAD, '"(EU) 2015/863",  A   title ,EU,technical_regulation,expert\n', "\n", "UL 429,x,US,standard,seen"],
                "list.csv")
    assert rows == [Wanted("(EU) 2015/863", "A title", "EU", "technical_regulation", "expert"),
                    Wanted("UL 429", "x", "US", "standard", "seen")]
    assert [row.is_verified for row in rows] == [False, True]


@pytest.mark.parametrize(("lines", "said"), [
    ([], "list.csv is empty"), ([HEAD], "list.csv has a head and no rows"),
    (["number,title\n", "1,2"], "list.csv has no column market, kind, basis; wanted: number, title, market, kind, basis"),
    ([HEAD, "UL 429,x,US\n"], "list.csv line 2 has fewer cells than the head"),
    ([HEAD, "UL 429,x,US,standard,seen,more\n"], "list.csv line 2 has more cells than the head"),
    ([HEAD, " - ,x,US,standard,seen\n"], "list.csv line 2 has no number"),
    ([HEAD, 'UL 429,"x"y,US,standard,seen\n'], "list.csv line 2 is not CSV: ',' expected after '\"'"),
])
def test_a_list_that_is_none_is_told(lines: list[str], said: str) -> None:
    with pytest.raises(InvalidValue) as raised:
        read(lines, "list.csv")
    assert str(raised.value) == said
