"""Readers hear once of sources that have been of no use for a week, and once that they are back."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from domain import clock
from domain.criteria import Criteria
from domain.health import HealthState
from domain.subscription import Subscription
from storage import emails, health, organisations, outbox, sources
from subscriptions.failing import PAUSE
from subscriptions.match import match
from subscriptions.outage import announce
from subscriptions.times import moment
from tests.builders import notice, source, store
from tests.features.alerts import COMPRESSORS, LI, World, html, link, text, world, writes
from tests.features.outages import DAY, HOUR, S, crawl, days, load, no_mail, to, watched
from tests.moody import MoodyMailbox

WANG, CHEN = "wang@firm.example", "chen@firm.example"
HALF = 12 * HOUR
OF_CANADA = Criteria(product_types=frozenset({"air_compressor"}), markets=frozenset({"CA"}))


@pytest.fixture
def here(tmp_path: Path, mailbox: MoodyMailbox) -> Iterator[World]:
    """A world without sources."""
    with world(tmp_path, mailbox) as found:
        yield found


def test_after_a_week_everybody_whom_it_concerns_gets_one_mail(here: World) -> None:
    card = load(here, "ca_recalls", "CA")
    for email, criteria in ((LI, COMPRESSORS), (WANG, OF_CANADA), (CHEN, Criteria(markets=frozenset({"US"})))):
        here.follow(email, criteria)
    began = clock.now() + HALF
    assert to(days(here, 7, (card, S.FAILING)), LI) == []
    found = days(here, 0.5, (card, S.FAILING))
    assert [str(mail["To"]) for mail in found] == [LI, WANG], "nobody else's subscriptions could draw from it"
    mail = found[0]
    assert mail["Subject"] == "【来源提醒】ca_recalls 来源已 7 天收不到新信息"
    for words in ("没有收到邮件，不等于对方没有发布", "ca_recalls 来源", "欧盟委员会 · 加拿大",
                  f"自 {moment(began, 'zh')} 起（7 天）", "原因：对方网站打不开，或数据无法读取。", "官方网页：https://publisher.example/list",
                  "https://portal.example/sources/ca_recalls"):
        assert words in text(mail)
    assert 'href="https://publisher.example/list"' in html(mail)
    assert mail["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    with no_mail(here):
        days(here, 20, (card, S.FAILING))


def test_sources_that_fail_together_are_told_of_in_one_mail(here: World) -> None:
    cards = [load(here, slug, market) for slug, market in (("ca_recalls", "CA"), ("us_cpsc_recalls", "US"))]
    here.follow(LI)
    here.follow(WANG, OF_CANADA)
    crawl(here, cards[0], S.FAILING)
    watched(here, boss="")
    days(here, 0.5, (cards[0], S.FAILING))
    mails = days(here, 7, (cards[0], S.FAILING), (cards[1], S.BLOCKED))
    [both], [one] = to(mails, LI), to(mails, WANG)
    assert both["Subject"] == "【来源提醒】ca_recalls 来源等 2 个来源收不到新信息"
    assert "对方网站拒绝了我们的访问。" in text(both)
    assert "us_cpsc_recalls" not in text(one), "a person reads of what could concern them"


def test_it_is_told_when_it_is_back_for_a_day_with_what_was_caught_up(here: World) -> None:
    card = load(here, "ca_recalls", "CA")
    here.follow(LI)
    here.follow(WANG)
    days(here, 8, (card, S.FAILING))
    here.follow(CHEN)
    here.wait(HOUR)
    store(here.db, *(notice(f"ca-{number}", source="ca_recalls", market="CA", title="Tattoo ink", product="", summary="",
                            category="", published_on=clock.today()) for number in range(3)), card=card)
    watched(here, boss="")
    assert to(days(here, 0.5, (card, S.HEALTHY)), LI) == []
    mails = days(here, 0.5, (card, S.HEALTHY))
    assert [str(mail["To"]) for mail in mails if mail["To"] != "boss@zone.example"] == [LI, WANG], "who were told before"
    mail = to(mails, LI)[0]
    assert mail["Subject"] == "【来源恢复】ca_recalls 来源已恢复采集"
    assert "中断以来补收 3 条信息，其中与本行业相关 0 条。" in text(mail)
    assert "（7 天）" in text(mail)
    assert mail["List-Unsubscribe"]
    with no_mail(here):
        days(here, 5, (card, S.HEALTHY))


def test_a_source_that_comes_and_goes_within_a_day_is_not_called_back_nor_told_of_anew(here: World) -> None:
    card = load(here, "ca_recalls", "CA")
    here.follow(LI)
    assert len(to(days(here, 8, (card, S.FAILING)), LI)) == 1
    for _ in range(5):
        assert to(days(here, 0.5, (card, S.HEALTHY)) + days(here, 8, (card, S.FAILING)), LI) == []
    [mail] = to(days(here, 2, (card, S.HEALTHY)), LI)
    assert "恢复" in str(mail["Subject"])


def test_a_good_crawl_within_the_week_begins_it_anew(here: World) -> None:
    card = load(here, "ca_recalls", "CA")
    here.follow(LI)
    mails = days(here, 6.5, (card, S.FAILING)) + days(here, 0.5, (card, S.HEALTHY)) + days(here, 6.5, (card, S.FAILING))
    assert to(mails, LI) == []


@pytest.mark.parametrize(("states", "is_told"), [
    ((S.FAILING, S.BLOCKED), True), ((S.BELOW_FLOOR,), True), ((S.INCOMPLETE,), True), ((S.HELD,), False),
    ((S.HEALTHY,), False)])
def test_only_states_in_which_news_may_be_missed_count(here: World, states: tuple[HealthState, ...], is_told: bool) -> None:
    card = load(here, "ca_recalls", "CA")
    here.follow(LI)
    mails = [mail for at in range(16) for mail in days(here, 0.5, (card, states[at % len(states)]))]
    assert len(to(mails, LI)) == is_told


def test_an_incomplete_source_that_still_brings_news_is_no_outage(here: World) -> None:
    card = load(here, "ca_recalls", "CA")
    here.follow(LI)
    for _ in range(10):
        here.wait(DAY)
        crawl(here, card, S.INCOMPLETE, created=2)
        assert to(watched(here), LI) == []
    assert len(to(days(here, 7.5, (card, S.INCOMPLETE)), LI)) == 1, "from the last news on"


def test_a_pause_is_told_with_the_operators_words(here: World) -> None:
    card = load(here, "ca_recalls", "CA")
    here.follow(LI)
    sources.pause(here.db, card.slug, "对方正在更换网站", "test")
    [mail] = to(days(here, 7.5), LI)
    assert "我们暂停了采集，说明如下。" in text(mail)
    assert "说明：对方正在更换网站" in text(mail)


def test_a_dead_scheduler_is_told_to_readers_as_our_own_fault(here: World) -> None:
    load(here, "ca_recalls", "CA")
    here.follow(LI)
    [mail] = to(days(here, 9), LI)
    assert "本系统没有按时采集，不是对方的问题。" in text(mail)


def test_a_machine_that_was_off_for_a_fortnight_frightens_nobody(here: World) -> None:
    card = load(here, "ca_recalls", "CA")
    here.follow(LI)
    watched(here)
    here.wait(14 * DAY)
    mails = watched(here)
    crawl(here, card)
    assert to(mails + days(here, 2, (card, S.HEALTHY)), LI) == []


def test_a_source_that_never_held_anything_tells_nobody(here: World) -> None:
    sources.save_cards(here.db, [card := source("jp_caa_recalls", market="JP")])
    here.follow(LI)
    assert to(days(here, 9, (card, S.FAILING)), LI) == []


def test_who_is_not_confirmed_or_has_left_hears_nothing(here: World) -> None:
    card = load(here, "ca_recalls", "CA")
    here.follow(LI)
    gone = here.follow(WANG)
    here.service.subscribe(CHEN, COMPRESSORS)
    here.send()
    here.mailbox.mails.clear()
    days(here, 7, (card, S.FAILING))
    here.service.end(gone.person_id, gone.id)
    assert [str(mail["To"]) for mail in days(here, 1, (card, S.FAILING))] == [LI]


def test_the_way_out_of_the_mail_ends_these_mails_and_no_alert(here: World) -> None:
    card = load(here, "ca_recalls", "CA")
    mine = here.follow(LI)
    here.follow(WANG)
    mail = to(days(here, 7.5, (card, S.FAILING)), LI)[0]
    assert mail["List-Unsubscribe"] == f"<https://portal.example/outages/stop/{link(mail, 'outages/stop')}>"
    assert "不再接收来源中断通知；预警订阅不受影响" in text(mail)
    assert "退订" not in text(mail) + html(mail)
    here.service.end_outages(link(mail, "outages/stop"))
    later = days(here, 2, (card, S.HEALTHY))
    assert (to(later, LI), len(to(later, WANG))) == ([], 1), "nor are they told that it is back"
    assert [each.id for each in here.service.of_person(mine.person_id)] == [mine.id]
    store(here.db, notice("ca-2", source="ca_recalls", market="CA", published_on=clock.today()), card=card)
    assert "【来源" not in str(to(here.round(), LI)[0]["Subject"]), "an alert comes as ever"


def test_the_way_out_of_an_older_mail_ends_the_subscriptions_as_it_said(here: World) -> None:
    mine = here.follow(LI)
    ended = here.service.unsubscribe(here.composer.tokens.unsubscribe(mine.person_id, (mine.id,)))
    assert [each.id for each in ended] == [mine.id]
    with here.db.read() as session:
        assert organisations.person(session, mine.person_id).told_of_outages


def test_who_turns_them_on_again_is_told_of_the_next(here: World) -> None:
    card = load(here, "ca_recalls", "CA")
    mine = here.follow(LI)
    here.service.hear_of_outages(mine.person_id, False)
    assert to(days(here, 8, (card, S.FAILING)), LI) == []
    here.service.hear_of_outages(mine.person_id, True)
    assert to(days(here, 2, (card, S.HEALTHY)), LI) == [], "its end is no news to who never heard of it"
    assert len(to(days(here, 8, (card, S.FAILING)), LI)) == 1


@pytest.mark.parametrize("leave", [
    lambda here, mine: here.service.end(mine.person_id, mine.id),
    lambda here, mine: here.service.hear_of_outages(mine.person_id, False)], ids=["subscription", "outages"])
@pytest.mark.parametrize("until", ["announced", "owed", "written", "in hand"])
def test_a_mail_is_withheld_from_who_wants_none_before_it_is_sent(
        here: World, until: str, leave: Callable[[World, Subscription], None]) -> None:
    card = load(here, "ca_recalls", "CA")
    mine = here.follow(LI)
    days(here, 7, (card, S.FAILING))
    here.wait(HALF)
    health.note(here.db)
    assert announce(here.db) == 1
    if until != "announced":
        match(here.db)
    if until in ("written", "in hand"):
        here.write()
    if until == "in hand":
        assert len(outbox.claim(here.db, 10)) == 1
    leave(here, mine)
    outbox.give_back(here.db, emails.FIRST_SEAT)
    here.write()
    with no_mail(here):
        here.send()


def test_a_reader_of_english_is_written_to_in_english(here: World) -> None:
    card = load(here, "ca_recalls", "CA")
    here.follow(LI, lang="en")
    [mail] = to(days(here, 7.5, (card, S.FAILING)), LI)
    assert str(mail["Subject"]).strip() == "[Source] Title of ca_recalls: nothing received for 7 days"
    assert "That you get no mail does not mean that nothing was published" in text(mail)
    [mail] = to(days(here, 2, (card, S.HEALTHY)), LI)
    assert str(mail["Subject"]).strip() == "[Source] Title of ca_recalls is back"


def test_one_mail_that_cannot_be_written_holds_up_no_other(here: World, monkeypatch: pytest.MonkeyPatch) -> None:
    card = load(here, "ca_recalls", "CA")
    here.follow(LI)
    wang = here.follow(WANG)
    real = here.composer.outage
    monkeypatch.setattr(here.composer, "outage", lambda due, person, *rest: 1 / 0 if person.id == wang.person_id
                        else real(due, person, *rest))
    mails = days(here, 7.5, (card, S.FAILING))
    assert (len(to(mails, LI)), to(mails, WANG)) == (1, [])
    monkeypatch.undo()
    here.wait(PAUSE + timedelta(seconds=1))
    assert len(to(watched(here), WANG)) == 1


def test_a_killed_worker_owes_each_mail_once(here: World, monkeypatch: pytest.MonkeyPatch) -> None:
    card = load(here, "ca_recalls", "CA")
    for number in range(12):
        here.follow(f"reader{number}@firm.example")
    monkeypatch.setattr("storage.matches.BATCH", 5)
    real, left = emails.owe, [1]

    def owe(*arguments: Any) -> int:
        if not left:
            raise RuntimeError("killed here")
        left.pop()
        return real(*arguments)

    monkeypatch.setattr("storage.emails.owe", owe)
    mails = to(days(here, 7.5, (card, S.FAILING)), "reader0@firm.example")
    assert len(mails) == 1, "the first batch was kept, and goes out"
    monkeypatch.setattr("storage.emails.owe", real)
    here.wait(PAUSE + timedelta(seconds=1))
    watched(here)
    told = [str(mail["To"]) for mail in here.mailbox.mails if str(mail["To"]).startswith("reader")]
    assert sorted(told) == sorted({f"reader{number}@firm.example" for number in range(12)})


def test_many_readers_are_owed_in_few_transactions(here: World) -> None:
    card = load(here, "ca_recalls", "CA")
    for number in range(30):
        here.follow(f"reader{number}@firm.example")
    days(here, 7, (card, S.FAILING))
    here.wait(HALF)
    crawl(here, card, S.FAILING)
    health.note(here.db)
    announce(here.db)
    with writes(here.db) as found:
        match(here.db)
    assert len(found) == 1
