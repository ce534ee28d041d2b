"""The operator hears of sources that break and recover: in one mail a day at most, and only when something changed."""

from __future__ import annotations

from datetime import timedelta

import pytest

from domain import clock
from domain.health import HealthState
from storage import health, organisations, runs, sources
from storage.models import HealthRow
from subscriptions.operator import report
from tests.builders import source
from tests.conftest import Installed
from tests.features.alerts import World, html, text
from tests.features.outages import BOSS, DAY, ENDS, HOUR, S, crawl, days, load, no_mail, to, watched
from tests.moody import MoodyMailbox
from zonewatch.settings import Settings
from zonewatch.wiring import Installation
from zonewatch.worker import Worker

STATES = (S.FAILING, S.BLOCKED, S.BELOW_FLOOR, S.HEALTHY, S.INCOMPLETE, S.HEALTHY, S.HEALTHY)


def subjects(found: list) -> list[str]:  # type: ignore[type-arg]
    return [str(mail["Subject"]) for mail in found]


def test_a_change_is_told_at_once_with_since_when_why_and_a_link(here: World) -> None:
    card = load(here, "eu_safety_gate")
    with no_mail(here):
        watched(here)
    here.wait(HOUR)
    crawl(here, card, S.FAILING)
    [mail] = watched(here)
    assert (mail["To"], mail["Subject"]) == (BOSS, "【来源状态】新异常 1 个")
    for words in ("新出现的异常（1）", "eu_safety_gate 来源", "采集失败，自 2026-11-20 13:00 起",
                  "原因：https://publisher.example/list 超时未应答", "https://portal.example/sources/eu_safety_gate"):
        assert words in text(mail)
    assert "https://portal.example/sources/eu_safety_gate" in html(mail)
    assert mail["List-Unsubscribe"] is None


def test_it_says_what_broke_what_recovered_and_what_is_still_broken(here: World) -> None:
    one, two, three = load(here, "eu_safety_gate"), load(here, "ca_recalls", "CA"), load(here, "us_cpsc_recalls", "US")
    here.wait(HOUR)
    crawl(here, one, S.FAILING)
    crawl(here, two, S.BLOCKED)
    watched(here)
    with no_mail(here):
        here.wait(HOUR)
        crawl(here, one)
        crawl(here, three, S.HELD)
        health.note(here.db)
        report(here.db, BOSS, here.composer)
        here.send()
    here.wait(DAY)
    for card, state in ((one, S.HEALTHY), (two, S.BLOCKED), (three, S.HEALTHY)):
        crawl(here, card, state)
    found = watched(here)
    assert "【来源状态】新异常 1 个，恢复 1 个，仍异常 1 个" in subjects(found)
    said = text(found[-1])
    broken, recovered, still = (said.index(words) for words in ("新出现的异常（1）", "已恢复（1）", "仍未恢复（1）"))
    cpsc, eu, ca = (said.index(slug) for slug in ("us_cpsc_recalls", "eu_safety_gate", "ca_recalls"))
    assert broken < cpsc < recovered < eu < still < ca
    assert "预警待核对" in said, "a held run is in it, too"
    assert "被拦截，自 2026-11-20 13:00 起" in said


def test_a_held_run_is_also_told_by_a_mail_of_its_own_at_once(here: World) -> None:
    card = load(here, "eu_safety_gate")
    crawl(here, card, S.FAILING)
    watched(here)
    here.wait(HOUR)
    held = crawl(here, card, S.HELD)
    [mail] = watched(here)
    assert f"zonewatch release {held}" in text(mail)


def test_nothing_is_told_twice_and_nothing_while_nothing_changes(here: World) -> None:
    card = load(here, "eu_safety_gate")
    crawl(here, card, S.FAILING)
    assert len(watched(here)) == 1
    with no_mail(here):
        days(here, 5, (card, S.FAILING))


def test_what_came_and_went_between_two_mails_is_no_news(here: World) -> None:
    card, other = load(here, "eu_safety_gate"), load(here, "ca_recalls", "CA")
    crawl(here, card, S.FAILING)
    watched(here)
    with no_mail(here):
        days(here, 0.5, (card, S.FAILING), (other, S.FAILING))
        days(here, 2, (card, S.FAILING), (other, S.HEALTHY))


def test_three_days_of_states_that_change_every_minute_make_four_mails_at_most(here: World) -> None:
    load(here, "eu_safety_gate")
    written = []
    for minute in range(3 * 24 * 60):
        here.wait(timedelta(minutes=1))
        _note(here, STATES[minute % len(STATES)])
        written += [minute] * report(here.db, BOSS, here.composer)
    here.send()
    assert 1 <= len(written) <= 4
    assert [str(mail["To"]) for mail in here.mailbox.mails] == [BOSS] * len(written)
    assert "其间状态变化 14" in text(here.mailbox.mails[-1])


def _note(here: World, state: HealthState) -> None:
    """A state as if it had been noted now."""
    with here.db.write() as session:
        session.add(HealthRow(slug="eu_safety_gate", state=state.value, reason_code="ok", reason_facts={}, since=clock.now(),
                              noted_at=clock.now(), readers_told_at=None))


def test_a_killed_worker_loses_no_mail_and_writes_none_twice(here: World, monkeypatch: pytest.MonkeyPatch) -> None:
    card = load(here, "eu_safety_gate")
    crawl(here, card, S.FAILING)
    health.note(here.db)
    monkeypatch.setattr("storage.emails.add", _dies)
    with pytest.raises(RuntimeError):
        report(here.db, BOSS, here.composer)
    monkeypatch.undo()
    assert [report(here.db, BOSS, here.composer) for _ in range(3)] == [1, 0, 0]


def _dies(*_: object) -> None:
    raise RuntimeError("killed here")


def test_the_operator_is_written_to_in_their_language(here: World) -> None:
    with here.db.write() as session:
        person = organisations.find_or_create_person(session, BOSS, "en")
        organisations.verify(session, person, BOSS)
    card = load(here, "eu_safety_gate")
    crawl(here, card, S.HELD)
    held, state = watched(here)
    assert "zonewatch release" in text(held)
    assert "alerts held since 20 Nov 2026, 12:00" in text(state)
    assert not any("\u4e00" <= sign <= "\u9fff" for sign in text(state).replace("来源", ""))


def test_a_pause_is_the_operators_own_doing_and_no_news_to_them(here: World) -> None:
    card = load(here, "eu_safety_gate")
    crawl(here, card, S.FAILING)
    watched(here)
    sources.pause(here.db, card.slug, "对方改版", "test")
    with no_mail(here):
        days(here, 3)


def test_a_dead_scheduler_is_told_of_though_no_crawl_says_anything(here: World) -> None:
    load(here, "eu_safety_gate")
    with no_mail(here):
        days(here, 2)
    mails = days(here, 0.5)
    assert "到期未采集，自 2026-11-21 12:00 起" in text(mails[0])
    assert "调度进程可能没有运行" in text(mails[0])


def test_without_an_operator_nothing_is_written(here: World) -> None:
    card = load(here, "eu_safety_gate")
    crawl(here, card, S.FAILING)
    with no_mail(here):
        watched(here, boss="")


def test_a_release_recovers_the_source(here: World) -> None:
    card = load(here, "eu_safety_gate")
    run = crawl(here, card, S.HELD)
    watched(here)
    here.wait(HOUR)
    runs.release(here.db, run, "test")
    here.wait(DAY)
    crawl(here, card)
    [mail] = to(watched(here), BOSS)
    assert mail["Subject"] == "【来源状态】恢复 1 个"


def test_the_worker_looks_once_a_minute_and_a_new_one_at_once(installed: Installed, mailbox: MoodyMailbox) -> None:
    mailbox.reset()
    installed.set(MAIL_URL=mailbox.url, OPERATOR_EMAIL=BOSS)
    found = Installation(Settings(installed.environment, installed.folder / ".env"))
    sources.save_cards(found.db, [card := source()])
    runs.finish(found.db, runs.start(found.db, card), *ENDS[S.FAILING], runs.Tally())
    worker = Worker(found)
    while worker.round():
        pass
    assert [str(mail["To"]) for mail in mailbox.mails] == [BOSS]
    runs.finish(found.db, runs.start(found.db, card), *ENDS[S.BLOCKED], runs.Tally())
    worker.round()
    with found.db.read() as session:
        assert [each.state for each in health.of_source(session, "eu_safety_gate")] == [S.FAILING]
    Worker(found).round()
    with found.db.read() as session:
        assert [each.state for each in health.of_source(session, "eu_safety_gate")] == [S.BLOCKED, S.FAILING]
    found.db.close()
