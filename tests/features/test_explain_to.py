"""Why an address was told of a notice, or was not: the audit of alerts."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain import clock
from domain.classify import classify
from domain.criteria import Criteria, Scope, facts, matches, misfits
from domain.errors import NotFound
from storage.lineage import find
from subscriptions.explain import Account, account, person_at
from tests.builders import notice, store
from tests.features.alerts import COMPRESSORS, LI, World

IN_AMERICA = replace(COMPRESSORS, markets=frozenset({"US"}))


def explained(here: World, notice_id: int, lang: str = "zh") -> Account:
    return account(here.db, notice_id, person_at(here.db, LI), lang)


def test_who_was_told_sees_the_match_the_mail_and_its_outcome(here: World) -> None:
    here.follow()
    [notice_id] = store(here.db, notice("news", published_on=clock.today()))
    here.round()
    found = explained(here, notice_id)
    assert found.was_told
    [verdict] = found.verdicts
    assert verdict.reasons == ("符合条件",)
    assert [line.split(" ", 2)[-1].split("<")[0] for line in verdict.steps] == ["命中", "写成邮件 ", "邮件服务器已接收"]
    mail = here.mailbox.mails[-1]["Message-ID"]
    assert any(mail in line for line in verdict.steps)


def test_who_was_not_told_sees_which_part_of_the_criteria_the_notice_did_not_meet(here: World) -> None:
    here.follow(criteria=replace(IN_AMERICA, words=("toner",)))
    [notice_id] = store(here.db, notice("news", published_on=clock.today()))
    assert here.round() == []
    [verdict] = explained(here, notice_id, "en").verdicts
    assert not verdict.matched
    assert verdict.reasons == ("Not met: wants United States, the notice has European Union.", "Not met: “toner”")


def test_a_notice_of_the_first_load_one_before_the_subscription_and_one_after_its_end_say_so(here: World) -> None:
    [early] = store(here.db, notice("early", published_on=clock.today()))
    here.wait()
    mine = here.follow()
    store(here.db, notice("other", source="uk_opss", market="GB"))
    with here.db.read() as session:
        first = find(session, "first")
    here.service.end(mine.person_id, mine.id)
    here.wait()
    [late] = store(here.db, notice("late", published_on=clock.today()))
    here.round()
    said = {which: explained(here, which).verdicts[0].reasons[-1] for which in (early, first, late)}
    assert "晚于该信息" in said[early]
    assert "首次采集" in said[first]
    assert "结束" in said[late]


def test_nobody_is_found_at_an_address_that_was_never_confirmed(here: World) -> None:
    here.service.subscribe("new@firm.example", COMPRESSORS)
    with pytest.raises(NotFound):
        person_at(here.db, "new@firm.example")


WORDS = st.sampled_from(["compressor", "toner", "Air compressor", "lotion"])
CRITERIA = st.builds(
    Criteria, product_types=st.frozensets(st.sampled_from(["air_compressor", "toner_cartridge"])),
    markets=st.frozensets(st.sampled_from(["EU", "US"])),
    kinds=st.frozensets(st.sampled_from(["foreign_notification", "recall"])),
    origins=st.frozensets(st.sampled_from(["CN", "DE"])), grades=st.frozensets(st.sampled_from(["red", "plain"])),
    words=st.lists(WORDS, max_size=2).map(tuple), excluded=st.lists(WORDS, max_size=1).map(tuple),
    scope=st.sampled_from(Scope))


@given(CRITERIA)
def test_something_is_named_as_missing_just_where_the_criteria_are_not_met(criteria: Criteria) -> None:
    found = facts(notice(), classify(notice()))
    assert (misfits(criteria, found) == ()) == matches(criteria, found)
