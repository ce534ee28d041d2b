"""What belongs together is found together: one event of several publishers, the steps of one case."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.criteria import Criteria, Scope
from domain.notice import Notice, NoticeKind
from domain.relations import CASE, EVENT, cases, deadline, names, same_matter
from domain.source import Source
from domain.subscription import Topic
from storage import notices as kept
from storage import organisations, relations, subscriptions
from storage.models import MatchRow
from storage.session import Database
from subscriptions.match import match
from tests.builders import notice, source, store
from tests.databases import database

NUMBER = "SR/00418/26"
EU = source()
FR = source("fr_rappelconso", market="FR")
DE = source("de_baua", market="DE")
US = source("us_cpsc_recalls", market="US")
CA = source("ca_recalls", market="CA")
WTO = source("wto_tbt_notifications", market="INT")
SYMBOL = "G/TBT/N/EU/9999"


@pytest.fixture
def db(tmp_path: Path) -> Database:
    return database(tmp_path)


def of(card: Source, external_id: str, **changes: object) -> Notice:
    return notice(external_id, source=card.slug, market=card.market, **changes)


def recall(card: Source, external_id: str, title: str, day: date = date(2026, 11, 5), **changes: object) -> Notice:
    values = {"product": "", "summary": "", "hs_codes": (), "published_on": day, **changes}
    return of(card, external_id, kind=NoticeKind.RECALL, title=title, **values)


def events(db: Database) -> dict[str, str]:
    with db.read() as session:
        return {each.notice.external_id: each.event for batch in kept.everything(session) for each in batch}


def together(db: Database, *external_ids: str) -> bool:
    found = events(db)
    return len({found[each] for each in external_ids}) == 1


# -- one event --------------------------------------------------------------------------------------------------------
ECHOES = {EU: of(EU, NUMBER), FR: of(FR, "4711", identifiers=(NUMBER.lower(),)), DE: of(DE, "49529", identifiers=(NUMBER,))}


@settings(max_examples=6)
@given(order=st.permutations(list(ECHOES)))
def test_publishers_that_repeat_a_number_tell_of_one_event_whoever_comes_first(
        tmp_path_factory: pytest.TempPathFactory, order: list[Source]) -> None:
    db = database(tmp_path_factory.mktemp("order"))
    for card in order:
        store(db, ECHOES[card], of(card, f"{card.slug} alone"), card=card)
    assert together(db, NUMBER, "4711", "49529")
    assert set(events(db).values()) == {f"{order[0].slug}:{ECHOES[order[0]].external_id}",
                                        *(f"{card.slug}:{card.slug} alone" for card in order)}
    db.close()


def test_a_number_that_a_notice_comes_to_bear_later_joins_it_then(db: Database) -> None:
    store(db, of(EU, NUMBER))
    store(db, of(FR, "4711"), card=FR)
    assert not together(db, NUMBER, "4711")
    store(db, of(FR, "4711", identifiers=(NUMBER,)), card=FR)
    assert together(db, NUMBER, "4711")


@pytest.mark.parametrize(("american", "canadian", "same"), [
    ("Sample International Recalls Label Printers Due to Fire Hazard", "Sample label printers recalled due to fire", True),
    ("Beispiel Lab Recalls X1 3D Printers Due to Shock", "Beispiel Lab Model X1 3D printer recalled due to shock", True),
    ("Agreeable Adult Portable Bed Rails Recalled Due to Entrapment", "Adult Portable Bed Rails recalled", False),
    ("Sample International Recalls Label Printers Due to Fire Hazard", "Sample air compressors recalled", False),
])
def test_recalls_without_a_shared_number_are_one_by_maker_product_and_date(american: str, canadian: str,
                                                                           same: bool) -> None:
    one, other = recall(US, "25-090", american), recall(CA, "76797", canadian, date(2026, 11, 9))
    assert same_matter(one, other) is same is same_matter(other, one)
    assert not same_matter(one, recall(CA, "2", canadian, date(2027, 2, 1))), "three months apart"
    assert not same_matter(one, recall(US, "2", american)), "a publisher tells of two recalls twice"


def test_a_joint_recall_says_so_and_may_share_less() -> None:
    american = recall(US, "25-416", "Muster Tools Recalls WERKER Framing Nailers Due to Laceration",
                      product="WERKER 18Volt 21-Degree Framing Nailers and WERKER 30-Degree Framing Nailers")
    canadian = recall(CA, "77752", "WERKER 18V brushless 21-degree and 30-degree framing nailers by Third recalled")
    joint = recall(CA, "77752", canadian.title, summary="Joint recall with Health Canada and the US CPSC.")
    assert (same_matter(american, canadian), same_matter(american, joint)) == (False, True)


def test_what_a_publisher_tells_twice_stays_two_events(db: Database) -> None:
    title = "{} HaloBank Wireless Power Banks Recalled Due to Fire"
    store(db, recall(US, "25-437", title.format("ESX")), card=US)
    store(db, recall(US, "26-011", title.format("ESX"), date(2026, 12, 20), summary="Expanded."), card=US)
    store(db, recall(CA, "77887", "ESX HaloBank Wireless Power Bank recalled due to fire"), card=CA)
    store(db, recall(CA, "78177", "ESX HaloBank Wireless Power Bank recalled due to fire", date(2026, 12, 20)), card=CA)
    assert together(db, "25-437", "77887")
    assert together(db, "26-011", "78177")
    assert not together(db, "25-437", "26-011")


def test_naming_all_anew_finds_what_was_joined_and_changes_nothing(db: Database) -> None:
    for card, each in ECHOES.items():
        store(db, each, card=card)
    before = events(db)
    assert relations.rebuild(db) == 3
    assert events(db) == before


# -- who is told ------------------------------------------------------------------------------------------------------
def told(db: Database, *stories: tuple[Source, Notice]) -> list[str]:
    """The ids whose notices open a match of one who asked for everything, in order."""
    with db.write() as session:
        person = organisations.find_or_create_person(session, "quality@firm.example")
        organisations.verify(session, person, "quality@firm.example")
        wanted = Criteria(scope=Scope.ALL)
        subscriptions.activate(session, subscriptions.create(session, person, Topic.NOTICES, "all", wanted))
    for card, _ in stories:
        store(db, of(card, f"{card.slug} first load", published_on=date(2026, 11, 1)), card=card)
    for card, each in stories:
        store(db, each, card=card)
        while match(db):
            pass
    with db.read() as session:
        ids = [row.notice_id for row in session.query(MatchRow).order_by(MatchRow.id)]
        return [kept.by_id(session, each).notice.external_id for each in ids]


def test_an_echo_is_told_only_where_it_adds_a_market(db: Database) -> None:
    canadian = of(CA, "76797", identifiers=(NUMBER,))
    assert told(db, (EU, ECHOES[EU]), (FR, ECHOES[FR]), (DE, ECHOES[DE]), (CA, canadian)) == [NUMBER, "76797"]


def test_the_union_adds_a_market_to_what_one_member_told(db: Database) -> None:
    assert told(db, (FR, ECHOES[FR]), (EU, ECHOES[EU]), (DE, ECHOES[DE])) == ["4711", NUMBER]


# -- one case -----------------------------------------------------------------------------------------------
def step(external_id: str, day: int, comments: date | None = None, **changes: object) -> Notice:
    return of(WTO, external_id, kind=NoticeKind.TBT_NOTIFICATION, published_on=date(2026, 10, day),
              comment_deadline=comments, **changes)


STEPS = (step(SYMBOL, 1, date(2026, 12, 1)), *(step(f"{SYMBOL}/{name}", day, comments, relates_to=(SYMBOL,)) for (
    name, day, comments) in (("Add.1", 9, date(2027, 1, 31)), ("Corr.1", 5, date(2026, 12, 5)), ("Add.2", 20, None))))


def test_a_notification_stands_with_all_that_followed_it_and_the_deadline_that_holds_now(db: Database) -> None:
    ids = store(db, *STEPS, step("G/TBT/N/EU/99991", 3), card=WTO)
    with db.read() as session:
        for number in ids[:4]:
            case = relations.case_of(session, kept.by_id(session, number))
            assert [each.notice.external_id.removeprefix(SYMBOL) for each in case] == ["", "/Corr.1", "/Add.1", "/Add.2"]
            found = deadline([each.notice for each in case])
            assert found is not None
            assert (found.day, found.stated_by) == (date(2027, 1, 31), f"{SYMBOL}/Add.1")
        assert len(relations.case_of(session, kept.by_id(session, ids[4]))) == 1
    assert deadline([STEPS[3]]) is None, "nothing is computed where nothing is stated"


def test_a_correction_stands_with_what_it_corrects(db: Database) -> None:
    register = source("us_federal_register", market="US")
    base, fix = of(register, "2021-07543"), of(register, "C1-2021-07543", relates_to=("2021-07543",))
    ids = store(db, base, fix, card=register)
    with db.read() as session:
        for number in ids:
            case = relations.case_of(session, kept.by_id(session, number))
            assert [each.notice.external_id for each in case] == ["2021-07543", "C1-2021-07543"]


def test_a_step_that_two_publishers_tell_stands_once_and_itself_on_its_own_page(db: Database) -> None:
    cards = [source("us_federal_register", market="US"), source("us_itc_337", market="US")]
    told = {"kind": NoticeKind.IP_EXCLUSION, "identifiers": ("337-TA-9259",)}
    for card in cards:
        store(db, of(card, "2026-10001", published_on=date(2026, 3, 1), **told),
              of(card, "2026-10002", published_on=date(2026, 9, 1), **told), card=card)
    with db.read() as session:
        for batch in kept.everything(session):
            for each in batch:
                case = [step.notice.key for step in relations.case_of(session, each)]
                assert [external_id for _, external_id in case] == ["2026-10001", "2026-10002"]
                assert each.notice.key in case


@pytest.mark.parametrize(("title", "number", "case"), [
    ("Certain Toner Widgets and Components Thereof (II); Notice of Request for Submissions", "",
     "337 certain toner widgets and components thereof (ii)"),
    ("Notice of Institution of Investigation; Certain Toner Widgets and Components Thereof (II)", "",
     "337 certain toner widgets and components thereof (ii)"),
    ("Certain Toner Widgets, and Systems Containing Same Commission Determination Not To Review", "",
     "337 certain toner widgets, and systems containing same"),
    ("Certain Toner Widgets; Notice of a Final Determination", "337-TA-9259", "337-TA-9259"),
])
def test_a_section_337_case_is_known_by_its_number_or_else_by_its_caption(title: str, number: str, case: str) -> None:
    found = of(US, "2026-1", kind=NoticeKind.IP_EXCLUSION, title=title, identifiers=(number,) if number else ())
    assert cases(found) == {case}
    assert CASE + case in names(found)


def test_a_document_of_the_federal_register_is_one_event_in_every_collection_of_it() -> None:
    one, other = of(US, "2026-07543"), of(source("us_itc_337", market="US"), "2026-07543")
    assert [name for name in names(one) if name.startswith(EVENT)] == [f"{EVENT}FR 2026-07543"]
    assert names(one) == names(other)
    assert not any(name.startswith(EVENT) for name in names(of(CA, "2026-07543")))
