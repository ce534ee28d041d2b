"""Who is alerted about what: each notice once per person, and never what the house rules keep silent."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

from domain import clock
from domain.bulletin import BulletinState
from domain.classify import VERSION, classify
from domain.criteria import Criteria
from domain.notice import NoticeKind
from domain.source import Listing, Reason, RunStatus
from domain.subscription import Topic
from storage import bulletins, changes, organisations, runs
from storage.ingest import Reading, ingest
from storage.matches import Found, add
from subscriptions.compose import compose
from subscriptions.match import match
from subscriptions.operator import tell
from tests.builders import notice, source, store
from tests.features.alerts import (
    COMPRESSORS,
    EVERYTHING_OF_OURS,
    LI,
    World,
    html,
    link,
    text,
    told,
)

HAN = "han@firm.example"


def test_a_notice_reaches_whoever_asked_for_it_and_nobody_else(here: World) -> None:
    here.follow()
    here.follow(HAN, Criteria(product_types=frozenset({"ink_cartridge"})))
    store(here.db, notice())
    (mail,) = here.round()
    assert mail["To"] == LI
    assert told(mail) == ["Air compressor – Portable 24 L"]
    assert here.round() == []


def test_five_overlapping_subscriptions_bring_one_mail_that_names_the_notice_once(here: World) -> None:
    wanted = [COMPRESSORS, EVERYTHING_OF_OURS, Criteria(markets=frozenset({"EU"})), Criteria(words=("pressure vessel",)),
              Criteria(grades=frozenset({"red"}))]
    for criteria in wanted:
        here.follow(criteria=criteria)
        here.wait(timedelta(hours=1))
    store(here.db, notice())
    (mail,) = here.round()
    assert told(mail) == ["Air compressor – Portable 24 L"]
    assert "命中订阅：空气压缩机；本行业全部信息；本行业全部信息 · 欧盟（含成员国）；本行业全部信息 · 红色预警\n" \
           "依据：空气压缩机：标题中的“Air compressor”\n" in text(mail)
    assert "命中订阅：本行业全部信息 · “pressure vessel”\n依据：正文中的关键词“pressure vessel”\n" in text(mail)


def test_a_mail_says_which_word_of_a_group_was_found(here: World) -> None:
    groups = (("toner", "burst", "portable"), ("explode", "burst"))
    here.follow(criteria=Criteria(any_words=groups, markets=frozenset({"DE"})))
    store(here.db, notice())
    (mail,) = here.round()
    assert "命中订阅：本行业全部信息 · “toner” 或 “burst” 或 “portable” · “explode” 或 “burst” · 德国（含欧盟）\n" \
           "依据：标题中的关键词“portable”；正文中的关键词“burst”\n" in text(mail)


def test_the_most_urgent_notice_comes_first(here: World) -> None:
    here.follow(criteria=EVERYTHING_OF_OURS)
    draft = notice("G/1", kind=NoticeKind.TBT_NOTIFICATION, title="Draft rule on air compressors")
    store(here.db, draft, notice("old", published_on=date(2026, 11, 1), title="Air compressor, older"),
          notice("new", title="Air compressor, newer"))
    (mail,) = here.round()
    assert told(mail) == ["Air compressor, newer", "Air compressor, older", "Draft rule on air compressors"]
    assert mail["Subject"] == "【红色预警】欧盟通报 空气压缩机：人身伤害（3 条）"


def test_the_first_load_of_a_source_alerts_nobody(here: World) -> None:
    here.follow(criteria=EVERYTHING_OF_OURS)
    store(here.db, notice(source="ca_recalls", market="CA"))
    assert here.round() == []
    with here.db.read() as session:
        assert changes.pending(session, changes.MATCH) == 0


def test_the_first_run_of_a_new_parser_alerts_nobody(here: World) -> None:
    here.follow()
    store(here.db, notice(), card=source(parser_version=2))
    assert here.round() == []
    store(here.db, notice("next"), card=source(parser_version=2))
    assert len(here.round()) == 1


def test_an_archive_that_is_published_again_alerts_nobody(here: World) -> None:
    here.follow()
    store(here.db, notice("1999", published_on=date(2026, 5, 1)), notice("2026"))
    (mail,) = here.round()
    assert text(mail).count("详情：") == 1


def test_a_change_that_says_nothing_new_alerts_nobody(here: World) -> None:
    here.follow()
    store(here.db, notice())
    here.round()
    here.wait()
    store(here.db, notice(title="Air compressor – portable, 24 L", summary="The vessel may burst."))
    assert here.round() == []


def test_a_material_change_is_told_once_with_what_changed(here: World) -> None:
    here.follow()
    here.follow(criteria=Criteria(markets=frozenset({"EU"})))
    draft = notice("G/1", kind=NoticeKind.TBT_NOTIFICATION, title="Draft rule on air compressors",
                   comment_deadline=date(2026, 12, 20))
    store(here.db, draft)
    assert "内容有变更" not in text(here.round()[0])
    here.wait()
    store(here.db, replace(draft, comment_deadline=date(2027, 1, 15)))
    (mail,) = here.round()
    assert "内容有变更：\n  评议截止：2026-12-20 → 2027-01-15\n" in text(mail)
    here.wait()
    assert here.round() == []


def test_a_change_of_a_notice_that_was_never_told_is_told_against_the_reading_before_it(here: World) -> None:
    here.follow()
    store(here.db, notice("first", source="ca_recalls"))
    store(here.db, notice("first", source="ca_recalls", hazards=("fire",)))
    (mail,) = here.round()
    assert "  危害：人身伤害 → 火灾\n" in text(mail)


def test_a_withdrawn_notice_is_told_once_as_such(here: World) -> None:
    card = source("ca_recalls", listing=Listing.FULL)
    store(here.db, notice("first", source="ca_recalls"), card=card)
    here.follow()
    ids = store(here.db, notice("gone", source="ca_recalls"), card=card)
    here.round()
    here.wait()
    run = runs.start(here.db, card)
    runs.withdraw(here.db, run, ids, "the publisher says so")
    runs.finish(here.db, run, RunStatus.OK, Reason("ok"), runs.Tally(seen=1, withdrawn=1))
    (mail,) = here.round()
    assert mail["Subject"] == "【已撤回】欧盟通报 空气压缩机：人身伤害"
    assert text(mail).startswith("发布机构撤回了 1 条信息。\n")
    assert "发布机构已撤回这条信息" in text(mail)
    assert "发布机构已撤回这条信息" in html(mail)
    here.wait()
    assert here.round() == []
    store(here.db, notice("gone", source="ca_recalls"), card=card)
    (mail,) = here.round()
    assert "  状态：已撤回 → 重新发布\n" in text(mail)


def test_what_was_withdrawn_before_its_mail_is_told_as_it_stands_and_not_again(here: World) -> None:
    here.follow()
    ids = store(here.db, notice("gone"))
    while match(here.db):
        pass
    run = runs.start(here.db, source())
    runs.withdraw(here.db, run, ids, "the publisher says so")
    runs.finish(here.db, run, RunStatus.OK, Reason("ok"), runs.Tally(seen=1, withdrawn=1))
    assert compose(here.db, here.composer) == 1
    here.send()
    (mail,) = here.mailbox.mails
    assert "已撤回" in mail["Subject"]
    here.wait()
    assert here.round() == []


def test_a_change_that_only_a_failed_mail_showed_is_told(here: World) -> None:
    here.follow()
    here.follow(HAN)
    store(here.db, notice())
    while match(here.db):
        pass
    store(here.db, notice(hazards=("fire",)))  # the mails show this reading before its own change is matched
    assert compose(here.db, here.composer) == 2
    here.mailbox.on_recipient = lambda address: "554 this mail is taken for spam" if address == HAN else None
    here.send()
    here.mailbox.on_recipient = lambda _: None
    here.wait()
    assert [mail["To"] for mail in here.round()] == [HAN]


def test_a_mail_shows_the_newest_text(here: World) -> None:
    here.follow()
    store(here.db, notice())
    while match(here.db):
        pass
    store(here.db, notice(title="Air compressor, corrected"))
    (mail,) = here.round()
    assert told(mail) == ["Air compressor, corrected"]


def test_whoever_subscribes_later_hears_of_later_notices_only(here: World) -> None:
    here.follow()
    store(here.db, notice())
    here.wait(timedelta(seconds=1))
    here.follow(HAN)
    here.round()
    assert here.mailbox.recipients() == [LI]


def crowd(here: World, count: int) -> runs.RunReport:
    """A run that brings so many notices at once."""
    readings = [notice(f"SR/{number}", title=f"Air compressor {number}") for number in range(count)]
    run = runs.start(here.db, source())
    ingest(here.db, run, [Reading(each, classify(each)) for each in readings], VERSION)
    return runs.finish(here.db, run, RunStatus.OK, Reason("ok"), runs.Tally(seen=count, created=count))


def test_a_run_alerts_nobody_before_it_has_ended(here: World) -> None:
    here.follow()
    run = runs.start(here.db, source())
    ingest(here.db, run, [Reading(notice(), classify(notice()))], VERSION)
    assert here.round() == []
    runs.finish(here.db, run, RunStatus.OK, Reason("ok"), runs.Tally(seen=1, created=1))
    assert len(here.round()) == 1


def test_a_held_run_alerts_nobody_until_it_is_released(here: World) -> None:
    here.follow()
    report = crowd(here, 60)
    assert report.status is RunStatus.HELD
    assert here.round() == []
    store(here.db, notice("meanwhile", title="Air compressor of another run"))
    assert told(here.round()[0]) == ["Air compressor of another run"]
    here.wait()
    runs.release(here.db, report.id, "operator")
    (mail,) = here.round()
    assert len(told(mail)) == 60
    assert here.round() == []


def test_the_operator_gets_one_mail_for_a_held_run(here: World) -> None:
    report = crowd(here, 60)
    assert tell(here.db, None, here.composer) == 0
    assert tell(here.db, "operator@zone.example", here.composer) == 1
    assert tell(here.db, "operator@zone.example", here.composer) == 0
    here.send()
    (mail,) = here.mailbox.mails
    assert mail["To"] == "operator@zone.example"
    assert mail["Subject"] == "【待核对】来源“eu_safety_gate 来源”一次触发 60 条预警，已暂停推送"
    assert f"zonewatch release {report.id}" in text(mail)


def test_further_matches_within_ten_minutes_are_gathered_into_the_next_mail(here: World) -> None:
    here.follow()
    here.follow(HAN)
    store(here.db, notice("1", title="Air compressor one"))
    assert len(here.round()) == 2
    for number in ("two", "three"):
        here.wait(timedelta(minutes=4))
        store(here.db, notice(number, title=f"Air compressor {number}"))
        assert here.round() == []
    here.wait(timedelta(minutes=2))
    mails = here.round()
    assert [sorted(told(mail)) for mail in mails] == [["Air compressor three", "Air compressor two"]] * 2
    here.wait(timedelta(minutes=9))
    store(here.db, notice("4"))
    assert here.round() == []
    here.wait(timedelta(minutes=1))
    assert len(here.round()) == 2


def test_a_clock_that_was_put_back_holds_no_alert(here: World) -> None:
    here.follow()
    store(here.db, notice("1"))
    here.round()
    confirmed = clock.now()
    here.wait(timedelta(minutes=1))
    store(here.db, notice("2"))
    clock.fix(confirmed - timedelta(minutes=30))
    assert len(here.round()) == 1


def test_catching_up_after_two_days_tells_everything_once(here: World) -> None:
    here.follow()
    for number in range(4):
        store(here.db, notice(f"SR/{number}", title=f"Air compressor {number}"))
        here.wait(timedelta(hours=12))
    (mail,) = here.round()
    assert len(told(mail)) == 4


def test_a_second_publisher_is_no_second_mail_unless_it_adds_a_market(here: World) -> None:
    subscription = here.follow()
    first, second, elsewhere = store(here.db, notice("1"), notice("2"), notice("3"))

    def opened(notice_id: int, market: str, material_version: int = 1) -> int:
        with here.db.write() as session:
            return add(session, [Found(subscription.id, notice_id, f"case 7@{market}", material_version, material_version)])

    assert opened(first, "EU") == 1
    assert opened(first, "EU") == 0
    assert opened(second, "EU") == 0
    assert opened(second, "EU", material_version=2) == 0
    assert opened(elsewhere, "GB") == 1
    assert opened(first, "EU", material_version=2) == 1


def bulletin_zone(here: World, slug: str) -> int:
    with here.db.write() as session:
        return organisations.ensure_zone(session, slug, slug.title(), slug.title())


def publish(here: World, zone: int, notice_ids: list[int]) -> int:
    with here.db.write() as session:
        author = organisations.find_or_create_person(session, "editor@zone.example")
        bulletin = bulletins.create(session, zone, author, "十一月简报", "请注意\n空压机")
        bulletins.set_items(session, [zone], bulletin, notice_ids)
        assert bulletins.publish(session, [zone], bulletin).state is BulletinState.PUBLISHED
        changes.add(session, changes.BULLETIN, bulletin, alert=True, consumers=(changes.MATCH,))
    return bulletin


def test_a_bulletin_reaches_the_confirmed_readers_of_its_zone_once(here: World) -> None:
    zone, other = bulletin_zone(here, "fenghua"), bulletin_zone(here, "zhuhai")
    here.follow(topic=Topic.BULLETINS, zone_id=zone)
    here.follow(HAN, topic=Topic.BULLETINS, zone_id=other)
    here.follow("third@firm.example")
    here.service.subscribe("unconfirmed@firm.example", Criteria(), topic=Topic.BULLETINS, zone_id=zone)
    here.send()
    here.mailbox.mails.clear()
    bulletin = publish(here, zone, store(here.db, notice("first")))
    here.wait(timedelta(seconds=1))
    here.follow("late@firm.example", topic=Topic.BULLETINS, zone_id=zone)
    (mail,) = here.round()
    assert mail["To"] == LI
    assert mail["Subject"] == "【简报】十一月简报（Fenghua）"
    assert "请注意\n空压机\n" in text(mail)
    assert f"https://portal.example/bulletins/{bulletin}" in text(mail)
    assert told(mail) == ["Air compressor – Portable 24 L"]
    assert here.round() == []
    ended = here.service.unsubscribe(link(mail, "unsubscribe"))
    assert [each.topic for each in ended] == [Topic.BULLETINS]
    publish(here, zone, [1])
    assert [mail["To"] for mail in here.round()] == ["late@firm.example"]


def test_bulletin_and_alert_mails_offer_the_way_out_in_their_headers(here: World) -> None:
    zone = bulletin_zone(here, "fenghua")
    here.follow()
    here.follow(topic=Topic.BULLETINS, zone_id=zone)
    publish(here, zone, store(here.db, notice()))
    mails = here.round()
    assert len(mails) == 2
    for mail in mails:
        assert mail["List-Unsubscribe"] == f"<https://portal.example/unsubscribe/{link(mail, 'unsubscribe')}>"
        assert mail["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
        assert text(mail).index("退订") < 200


def test_days_left_are_counted_where_the_readers_are(here: World) -> None:
    here.follow()
    clock.fix(datetime(2026, 11, 20, 15, 59, tzinfo=UTC))
    store(here.db, notice("1", comment_deadline=date(2026, 12, 1)), notice("2", comment_deadline=date(2026, 11, 20)),
          notice("3", comment_deadline=date(2026, 11, 19)))
    (mail,) = here.round()
    for on, left in (("2026-12-01", "还剩 11 天"), ("2026-11-20", "今天截止"), ("2026-11-19", "已截止")):
        assert re.search(rf"^评议截止：{on}（.+）（{left}）$", text(mail), re.MULTILINE)
    here.wait(timedelta(hours=1))
    store(here.db, notice("4", comment_deadline=date(2026, 12, 1)))
    assert "2026-12-01（还剩 10 天）" in text(here.round()[0])
