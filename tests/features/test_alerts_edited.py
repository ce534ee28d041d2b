"""A subscription whose criteria were changed: what waits, what is yet to be matched, what comes; and what is said of it."""

from __future__ import annotations

import random
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import pytest
from sqlalchemy import select, update

from domain import clock
from domain.criteria import Criteria, Scope
from domain.errors import InvalidValue, NotFound
from domain.grade import Grade
from domain.notice import NoticeKind
from domain.subscription import Frequency, Subscription, Topic
from storage import edits, grade_overrides, organisations, runs, subscriptions
from storage.captures import CaptureStore
from storage.models import MatchRow, SourceRunRow, SubscriptionEditRow
from storage.personal import erase
from subscriptions import match as matching
from subscriptions.edit import Wanted, edit
from subscriptions.estimate import MOST_AT_ONCE, TooBroad
from subscriptions.match import match
from tests.builders import notice, store
from tests.features.alerts import COMPRESSORS, World, names, publish, told_once
from tests.features.test_alerts_who import bulletin_zone
from tests.features.test_explain_to import explained
from zonewatch.explain import explain

IN_EUROPE = replace(COMPRESSORS, markets=frozenset({"EU"}))
IN_AMERICA = replace(COMPRESSORS, markets=frozenset({"US"}))
AMERICAN = {"source": "us_cpsc_recalls", "market": "US"}
YELLOW = {"kind": NoticeKind.TBT_NOTIFICATION}


@pytest.fixture(autouse=True)
def _both_sources(here: World) -> None:
    here.load("us_cpsc_recalls")


def change(here: World, mine: Subscription, criteria: Criteria, lang: str = "zh") -> bool:
    """Change the criteria and nothing else, a moment after what happened before and before what comes."""
    with here.db.read() as session:
        now = subscriptions.by_id(session, mine.id)
    here.wait(timedelta(seconds=1))
    changed = edit(here.db, mine.person_id, mine.id, Wanted(criteria, now.label, now.frequency, now.red_at_once), lang)
    here.wait(timedelta(seconds=1))
    return changed


def outcomes(here: World) -> dict[str, int]:
    """How many matches went into a mail, wait, or were dropped and why."""
    found: dict[str, int] = {}
    with here.db.read() as session:
        for row in session.scalars(select(MatchRow)):
            what = "told" if row.email_id else row.dropped_why or "waits"
            found[what] = found.get(what, 0) + 1
    return found


def test_what_comes_after_an_edit_is_told_by_the_new_criteria(here: World) -> None:
    mine = here.follow(criteria=IN_EUROPE)
    assert change(here, mine, IN_AMERICA)
    publish(here, "eu")
    publish(here, "us", **AMERICAN)
    assert names(here.round()) == [["us"]]


def test_nobody_gets_old_notices_because_they_asked_for_more(here: World) -> None:
    mine = here.follow(criteria=IN_AMERICA)
    publish(here, "old")
    here.round()
    publish(here, "not yet matched")
    change(here, mine, COMPRESSORS)
    publish(here, "new")
    assert names(here.round()) == [["new"]]
    told_once(here)


def test_what_was_asked_for_before_and_after_is_told_although_it_was_not_yet_matched(here: World) -> None:
    mine = here.follow()
    publish(here, "eu")
    publish(here, "us", **AMERICAN)
    change(here, mine, IN_EUROPE)
    assert names(here.round()) == [["eu"]]


@pytest.mark.parametrize("frequency", [Frequency.DAILY, Frequency.WEEKLY, Frequency.MONTHLY])
def test_what_waits_for_a_digest_and_is_no_longer_asked_for_is_dropped_with_a_reason(
        here: World, frequency: Frequency) -> None:
    mine = here.follow()
    here.choose(mine, frequency)
    publish(here, "eu")
    publish(here, "us", **AMERICAN)
    here.round()
    change(here, mine, IN_EUROPE)
    here.at("2026-12-01 08:00")
    assert names(here.round()) == [["eu"]]
    assert outcomes(here) == {"told": 1, "the subscription was changed": 1}
    told_once(here)


def test_what_waits_for_the_end_of_a_pause_or_of_quiet_hours_is_told_by_the_new_criteria(here: World) -> None:
    mine = here.follow()
    here.choose(mine, paused_until=date(2026, 12, 1))
    here.service.rest(mine.person_id, "", (22 * 60, 9 * 60))
    publish(here, "eu")
    publish(here, "us", **AMERICAN)
    here.round()
    change(here, mine, IN_AMERICA)
    here.at("2026-12-01 08:00")
    assert here.round() == []
    here.at("2026-12-01 09:00")
    assert names(here.round()) == [["us"]]
    assert outcomes(here) == {"told": 1, "the subscription was changed": 1}


def test_a_slip_that_is_undone_before_the_digest_loses_nothing(here: World) -> None:
    mine = here.follow()
    here.choose(mine, Frequency.WEEKLY)
    publish(here, "eu")
    here.round()
    change(here, mine, IN_AMERICA)
    assert here.round() == []
    change(here, mine, COMPRESSORS)
    here.at("2026-11-23 08:00")
    assert names(here.round()) == [["eu"]]
    told_once(here)


def test_a_red_notice_that_is_no_longer_asked_for_does_not_go_at_once(here: World) -> None:
    mine = here.follow()
    here.choose(mine, Frequency.WEEKLY, red_at_once=True)
    publish(here, "red")
    publish(here, "yellow", **YELLOW)
    while match(here.db):
        pass
    change(here, mine, IN_AMERICA)
    assert here.round() == []
    assert outcomes(here) == {"the subscription was changed": 1, "waits": 1}
    here.at("2026-11-23 08:00")
    assert here.round() == []
    assert outcomes(here) == {"the subscription was changed": 2}


def test_another_subscription_that_asks_for_the_notice_tells_it_in_its_own_time(here: World) -> None:
    mine, other = here.follow(), here.follow(criteria=Criteria(words=("compressor",)))
    here.choose(other, Frequency.WEEKLY)
    publish(here, "eu")
    while match(here.db):
        pass
    change(here, mine, IN_AMERICA)
    assert here.round() == [], "what is due is not asked for, what is asked for is not due"
    here.at("2026-11-23 08:00")
    assert names(here.round()) == [["eu"]]
    assert outcomes(here) == {"told": 1, "the subscription was changed": 1}
    told_once(here)


def test_what_changed_by_itself_since_it_matched_is_told_all_the_same(here: World) -> None:
    """Only what its owner changed lets a notice go: not a grade that it has lost meanwhile."""
    zone = bulletin_zone(here, "fenghua")
    mine = here.follow(criteria=replace(COMPRESSORS, grades=frozenset({"red"})))
    with here.db.write() as session:
        firm = organisations.ensure_organisation(session, zone, organisations.OrganisationKind.ENTERPRISE, "某厂")
        organisations.add_member(session, mine.person_id, firm, organisations.Role.MEMBER)
    here.choose(mine, Frequency.DAILY)
    eu, other = publish(here, "eu", "other")
    us = publish(here, "us", **AMERICAN)
    here.round()
    change(here, mine, replace(IN_EUROPE, grades=frozenset({"red"})))
    for notice_id in (eu, *us):
        grade_overrides.give(here.db, zone, notice_id, mine.person_id, 0, Grade.YELLOW, "less than it seems")
    here.at("2026-11-21 08:00")
    assert names(here.round()) == [["eu", "other"]]
    assert other != eu


def test_a_run_that_is_held_while_a_subscription_is_edited_tells_what_is_asked_for_before_and_after(here: World) -> None:
    mine = here.follow()
    publish(here, "eu")
    publish(here, "us", **AMERICAN)
    with here.db.write() as session:
        session.execute(update(SourceRunRow).values(status="held"))
    assert here.round() == []
    change(here, mine, replace(IN_EUROPE, kinds=frozenset({NoticeKind.FOREIGN_NOTIFICATION.value})))
    with here.db.read() as session:
        held = session.scalars(select(SourceRunRow.id)).all()
    for run_id in held:
        runs.release(here.db, run_id, "operator")
    assert names(here.round()) == [["eu"]]


def test_an_edit_while_the_matcher_is_at_work_is_not_overlooked(here: World, monkeypatch: pytest.MonkeyPatch) -> None:
    mine = here.follow()
    publish(here, "eu")
    opened = matching._opened
    edited = list[bool]()

    def meanwhile(*arguments: object) -> object:
        found = opened(*arguments)  # type: ignore[arg-type]
        if not edited:
            edited.append(change(here, mine, IN_AMERICA))
        return found

    monkeypatch.setattr(matching, "_opened", meanwhile)
    assert here.round() == []
    assert outcomes(here) == {}, "what was found by the old criteria was found anew"


def test_edits_and_the_matcher_beside_each_other_block_nobody(here: World) -> None:
    mine = here.follow()

    def editing() -> list[bool]:
        return [edit(here.db, mine.person_id, mine.id, Wanted(criteria))
                for criteria in (IN_AMERICA, IN_EUROPE, COMPRESSORS) * 4]

    with ThreadPoolExecutor() as others:
        edited = others.submit(editing)
        for number in range(12):
            publish(here, f"{number}")
            here.write()
        assert all(edited.result(30))


def test_seeded_days_of_publishing_and_editing_end_as_worked_out_by_hand(here: World) -> None:
    """The oracle: what was asked for when the notice came, when it was matched, and when the digest was written."""
    chance = random.Random(7)
    markets: dict[str, dict[str, str]] = {"EU": {}, "US": AMERICAN}
    mine, criteria = here.follow(), COMPRESSORS
    here.choose(mine, Frequency.DAILY)
    came, met = list[tuple[str, str]](), list[tuple[str, str]]()
    expected: list[list[str]] = []

    def asked_for(some: list[tuple[str, str]]) -> list[tuple[str, str]]:
        return [(name, market) for name, market in some if not criteria.markets or market in criteria.markets]

    for day in range(21, 29):
        here.at(f"2026-11-{day} 09:00")
        for number in range(12):
            here.wait(timedelta(minutes=20))
            if chance.random() < 0.3:
                criteria = chance.choice([COMPRESSORS, IN_EUROPE, IN_AMERICA])
                change(here, mine, criteria)
            else:
                market = chance.choice(list(markets))
                publish(here, f"{day}-{number}", **markets[market])
                came += asked_for([(f"{day}-{number}", market)])
            if number == 11 or chance.random() < 0.5:
                here.round()
                met, came = met + asked_for(came), []
        here.at(f"2026-11-{day + 1} 08:00")
        due = sorted(name for name, _ in asked_for(met))
        expected += [due] if due else []
        met = []
        here.round()
    assert names(here.mailbox.mails) == expected
    assert {"told", "the subscription was changed"} == outcomes(here).keys()
    told_once(here)


def test_saving_anew_and_editing_refuse_the_same(here: World) -> None:
    mine, other = here.follow(), here.follow(criteria=IN_EUROPE)
    store(here.db, *(notice(f"n{at}", title=f"Air compressor {at}", published_on=clock.today())
                     for at in range(MOST_AT_ONCE + 1)))
    with pytest.raises(TooBroad):
        change(here, mine, replace(COMPRESSORS, markets=frozenset({"EU", "GB"})))
    with pytest.raises(InvalidValue, match="条件过宽"):
        change(here, mine, Criteria(scope=Scope.ALL))
    with pytest.raises(InvalidValue, match="另一个订阅"):
        edit(here.db, mine.person_id, mine.id, Wanted(IN_EUROPE, frequency=Frequency.DAILY))
    assert edit(here.db, mine.person_id, mine.id, Wanted(COMPRESSORS, "renamed")) is False, "a name is not refused"
    assert other.person_id == mine.person_id


def test_only_the_owner_edits_and_only_what_is_active(here: World) -> None:
    mine = here.follow()
    here.service.subscribe("han@firm.example", COMPRESSORS)
    with here.db.read() as session:
        stranger = organisations.find_or_create_person(session, "han@firm.example")
        [pending] = subscriptions.of_person(session, stranger)
    for person_id, subscription_id in ((stranger, mine.id), (stranger, pending.id), (mine.person_id, 99)):
        with pytest.raises(NotFound):
            edit(here.db, person_id, subscription_id, Wanted(IN_EUROPE))
    here.service.end(mine.person_id, mine.id)
    with pytest.raises(NotFound):
        edit(here.db, mine.person_id, mine.id, Wanted(IN_EUROPE))


@pytest.mark.parametrize(("label", "then"), [
    ("", "空气压缩机 · 欧盟（含成员国）"), ("空气压缩机", "空气压缩机 · 欧盟（含成员国）"), ("出口产品", "出口产品")])
def test_a_name_that_only_says_the_criteria_follows_them(here: World, label: str, then: str) -> None:
    mine = here.follow()
    assert mine.label == "空气压缩机"
    edit(here.db, mine.person_id, mine.id, Wanted(IN_EUROPE, label))
    [found] = here.service.of_person(mine.person_id)
    assert (found.label, found.criteria) == (then, IN_EUROPE)


def test_of_a_subscription_to_bulletins_only_the_name_is_changed(here: World) -> None:
    zone = bulletin_zone(here, "fenghua")
    mine = here.follow(topic=Topic.BULLETINS, zone_id=zone)
    assert edit(here.db, mine.person_id, mine.id, Wanted(COMPRESSORS, "协会", Frequency.WEEKLY, True)) is False
    [found] = here.service.of_person(mine.person_id)
    assert found == replace(mine, label="协会")


def test_the_account_of_an_alert_says_that_and_when_the_criteria_were_changed(here: World) -> None:
    mine = here.follow(criteria=IN_EUROPE)
    here.choose(mine, Frequency.DAILY)
    [eu] = publish(here, "eu")
    [us] = publish(here, "us", **AMERICAN)
    here.round()
    change(here, mine, IN_AMERICA)
    [waiting] = explained(here, eu).verdicts
    assert waiting.reasons[0] == "符合当时的条件"
    assert "修改，此前为：空气压缩机 · 欧盟" in waiting.reasons[1]
    assert waiting.steps[-1] == "订阅条件修改后不再包括该信息，到时不会发送。"
    here.at("2026-11-21 08:00")
    here.round()
    assert explained(here, eu).verdicts[0].steps[-1] == "未发送：订阅条件修改后，不再包括该信息。"
    [missed] = explained(here, us, "en").verdicts
    assert missed.reasons[0] == "Not met: wants European Union (with its members), the notice has United States."
    assert "before, they were: Air compressor · European Union" in missed.reasons[1]
    assert missed.criteria == "Air compressor · United States"


def test_the_operators_account_of_a_notice_says_that_a_subscription_was_changed(here: World, tmp_path: Path) -> None:
    mine = here.follow()
    here.choose(mine, Frequency.DAILY)
    publish(here, "eu")
    here.round()

    def said() -> tuple[str, ...]:
        found = explain(here.db, CaptureStore(str(tmp_path / "captures")), "eu")
        return next(each.lines for each in found.sections if each.title == "mails")[1:]

    assert said() == ("  waits to be told",)
    change(here, mine, IN_AMERICA)
    assert said() == ("  its criteria were changed 2026-11-20 05:00:01 UTC", "  waits to be told, if it is still asked for")
    here.at("2026-11-21 08:00")
    here.round()
    assert said()[1] == "  not told: the subscription was changed"


def test_an_erased_person_leaves_no_trace_of_what_they_had_asked_for(here: World) -> None:
    mine = here.follow(criteria=replace(COMPRESSORS, words=("secret-model",)))
    change(here, mine, COMPRESSORS)
    with here.db.write() as session:
        assert edits.of(session, [mine.id])[mine.id][0].before.words == ("secret-model",)
        erase(session, mine.person_id, "asked")
    with here.db.read() as session:
        assert "secret-model" not in repr([row.before for row in session.scalars(select(SubscriptionEditRow))])
        assert [each.before for each in edits.of(session, [mine.id])[mine.id]] == [Criteria()]
