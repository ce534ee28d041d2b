"""Red, yellow or plain: the rules and their edges. What is not said here is plain."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from domain import clock
from domain.classification import Classification, Confidence
from domain.criteria import facts
from domain.deadline import DeadlineState, deadline_states
from domain.grade import REASONS, Grade, Graded, grade, sentence
from domain.notice import NoticeKind as K
from domain.source import SourceTier
from tests.builders import notice

DAY = date(2026, 11, 20)
OURS = Classification({"air_compressor": Confidence.MEDIUM})
UNDER_A_RULE = Classification({}, {"eu_rohs": Confidence.HIGH})
NOT_OURS = Classification()


def graded(found: Classification = OURS, day: date = DAY, tier: SourceTier = SourceTier.OFFICIAL, **stated: Any) -> str:
    """Grade and reason of a rule on air compressors that states nothing but what is given."""
    values = {"kind": K.TECHNICAL_REGULATION, "origin": "", "published_on": None, "hazards": (), "risk_level": ""} | stated
    given = grade(notice(**values), found, day, tier)
    return f"{given.grade} {given.reason}"


def ahead(days: int) -> date:
    return DAY + timedelta(days=days)


STOPPING = [K.RECALL, K.FOREIGN_NOTIFICATION, K.BORDER_ACTION]


@pytest.mark.parametrize("kind", STOPPING)
def test_what_is_stopped_abroad_is_red_when_it_is_made_in_china(kind: K) -> None:
    assert graded(kind=kind, origin="CN") == "red ours_stopped"


@pytest.mark.parametrize("kind", STOPPING)
@pytest.mark.parametrize("origin", ["", "DE", "HK", "TW"])
def test_another_origin_or_none_is_not_ours(kind: K, origin: str) -> None:
    """Publishers often state none; a customs territory of its own is another origin."""
    assert graded(kind=kind, origin=origin) == "yellow others_stopped"


@pytest.mark.parametrize("found", [NOT_OURS, UNDER_A_RULE, Classification({"air_compressor": Confidence.LOW}),
                                   Classification({"air_compressor": Confidence.REVIEW})])
def test_only_a_core_type_found_with_enough_certainty_makes_a_recall_red(found: Classification) -> None:
    assert graded(found, kind=K.RECALL, origin="CN").startswith("plain")


def test_how_serious_a_risk_is_said_to_be_changes_nothing() -> None:
    assert graded(kind=K.FOREIGN_NOTIFICATION, origin="CN", risk_level="other_levels") == "red ours_stopped"


@pytest.mark.parametrize(("measures", "wanted"), [
    (("geo",), "red exclusion_order"), (("leo", "cdo"), "red exclusion_order"),
    (("cdo",), "plain for_information"), ((), "plain for_information")])
def test_an_exclusion_order_is_red_whatever_the_origin_and_an_investigation_is_not(measures: tuple[str, ...],
                                                                                  wanted: str) -> None:
    assert graded(kind=K.IP_EXCLUSION, measures=measures) == wanted


def test_an_exclusion_order_on_something_else_is_plain() -> None:
    assert graded(NOT_OURS, kind=K.IP_EXCLUSION, measures=("geo",)) == "plain not_ours"


@pytest.mark.parametrize("kind", [K.TECHNICAL_REGULATION, K.TBT_NOTIFICATION, K.TRADE_REMEDY])
@pytest.mark.parametrize(("days", "wanted"), [
    (0, "red in_force_soon"), (1, "red in_force_soon"), (90, "red in_force_soon"),
    (91, "yellow in_force_this_year"), (365, "yellow in_force_this_year")])
def test_a_measure_is_red_90_days_before_it_binds_and_yellow_a_year_before(kind: K, days: int, wanted: str) -> None:
    """The day itself and the last day count."""
    assert graded(kind=kind, effective_on=ahead(days)) == wanted


def test_what_is_in_force_is_not_entering_into_force() -> None:
    assert graded(effective_on=ahead(-1)) == "yellow new_obligation"
    assert graded(effective_on=ahead(-365)) == "yellow new_obligation"
    assert graded(effective_on=ahead(-366)) == "plain for_information"


def test_a_measure_more_than_a_year_ahead_is_a_new_obligation() -> None:
    assert graded(effective_on=ahead(366)) == "yellow new_obligation"


@pytest.mark.parametrize("kind", [K.STANDARD, K.GUIDANCE, K.BULLETIN, K.ENFORCEMENT_NEWS, K.OTHER])
def test_what_binds_nobody_is_plain_whenever_it_begins(kind: K) -> None:
    assert graded(kind=kind, effective_on=ahead(30), published_on=DAY, origin="CN") == "plain for_information"


@pytest.mark.parametrize("stage", ["repealed", "withdrawn"])
def test_the_date_of_what_is_over_says_nothing(stage: str) -> None:
    assert graded(stage=stage, effective_on=ahead(30), published_on=DAY) == "plain for_information"


def test_the_day_on_which_a_recall_began_is_no_entry_into_force() -> None:
    assert graded(kind=K.RECALL, effective_on=ahead(10)) == "yellow others_stopped"


def test_a_notification_that_names_a_core_type_is_yellow_however_old() -> None:
    assert graded(kind=K.TBT_NOTIFICATION, published_on=date(2009, 1, 1)) == "yellow notified"


@pytest.mark.parametrize(("days", "wanted"), [
    (-1, "plain for_information"), (0, "yellow closing"), (14, "yellow closing"), (15, "plain for_information")])
def test_a_comment_period_colours_its_last_two_weeks(days: int, wanted: str) -> None:
    assert graded(UNDER_A_RULE, kind=K.OTHER, comment_deadline=ahead(days)) == wanted


def test_a_deadline_on_something_else_colours_nothing() -> None:
    assert graded(NOT_OURS, kind=K.TBT_NOTIFICATION, comment_deadline=ahead(3)) == "plain not_ours"


@pytest.mark.parametrize("days", range(-2, 17))
def test_a_period_that_the_page_calls_closing_is_graded_as_closing(days: int) -> None:
    """Both go by the day in UTC, which begins at eight in the morning in China, as the digests do."""
    clock.fix(datetime(2026, 11, 19, 23, 59, tzinfo=UTC))
    deadline = clock.today() + timedelta(days=days)
    given = grade(notice(kind=K.OTHER, comment_deadline=deadline), UNDER_A_RULE)
    assert (given.reason == "closing") == (DeadlineState.CLOSING in deadline_states(deadline))


def test_a_rule_that_binds_whole_groups_is_yellow_for_a_year() -> None:
    assert graded(UNDER_A_RULE, published_on=ahead(-365)) == "yellow new_obligation"
    assert graded(UNDER_A_RULE, published_on=ahead(-366)) == "plain for_information"
    assert graded(UNDER_A_RULE, published_on=ahead(-3000), effective_on=ahead(30)) == "yellow new_obligation"
    assert graded(UNDER_A_RULE, kind=K.TBT_NOTIFICATION, published_on=DAY) == "yellow new_obligation"
    assert graded(UNDER_A_RULE) == "plain for_information", "of an undated text nobody can say that it is new"
    assert graded(UNDER_A_RULE, kind=K.RECALL, published_on=DAY, origin="CN") == "plain for_information"


def test_a_duty_binds_from_its_day_and_an_investigation_does_not() -> None:
    assert graded(kind=K.TRADE_REMEDY, effective_on=ahead(-10)) == "yellow new_obligation"
    assert graded(kind=K.TRADE_REMEDY, published_on=DAY) == "plain for_information"


@pytest.mark.parametrize(("tier", "wanted"), [
    (SourceTier.OFFICIAL, "red ours_stopped"), (SourceTier.MIRROR, "red ours_stopped"),
    (SourceTier.SECONDARY, "yellow unconfirmed"), (SourceTier.UNVERIFIED, "yellow unconfirmed")])
def test_only_an_authority_or_its_mirror_makes_a_notice_red(tier: SourceTier, wanted: str) -> None:
    assert graded(kind=K.RECALL, origin="CN", tier=tier) == wanted
    assert graded(effective_on=ahead(5), tier=tier).startswith(wanted.split()[0])
    assert graded(kind=K.IP_EXCLUSION, measures=("geo",), tier=tier).startswith(wanted.split()[0])
    assert graded(kind=K.TBT_NOTIFICATION, tier=tier) == "yellow notified"


def test_29_february_is_a_day_as_any_other() -> None:
    leap = date(2028, 2, 29)
    assert graded(day=leap - timedelta(days=90), effective_on=leap) == "red in_force_soon"
    assert graded(day=leap - timedelta(days=91), effective_on=leap) == "yellow in_force_this_year"
    assert graded(day=leap, effective_on=leap) == "red in_force_soon"
    assert graded(day=date(2028, 3, 1), effective_on=leap) == "yellow new_obligation"
    assert graded(day=leap, effective_on=date(2029, 2, 28)) == "yellow in_force_this_year"


def test_criteria_match_the_grade_that_they_are_told_and_else_that_of_today() -> None:
    clock.fix(datetime(2026, 11, 20, tzinfo=UTC))
    rule = notice(kind=K.TECHNICAL_REGULATION, origin="", effective_on=ahead(90))
    assert facts(rule, OURS).grade == "red"
    assert facts(rule, OURS, Graded(Grade.PLAIN, "unconfirmed")).grade == "plain"


def test_every_reason_is_a_sentence_in_both_languages() -> None:
    for reason, texts in REASONS.items():
        assert [sentence(Graded(Grade.RED, reason), lang) for lang in ("en", "zh")] == list(texts)
        assert not any(each.endswith((".", "。")) for each in texts)


def test_a_grade_of_a_zone_names_who_gave_it_and_why() -> None:
    given = Graded(Grade.RED, "our_firms: 三家企业正在出口", ("The association of Zhuhai", "珠海协会"))
    assert sentence(given, "zh") == "珠海协会判定：本园区企业生产或出口此类产品：三家企业正在出口"
    assert sentence(given, "en") == (
        "The association of Zhuhai rates it so: firms of our zone make or export this: 三家企业正在出口")
