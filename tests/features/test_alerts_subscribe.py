"""Subscribing, confirming, leaving and signing in by mail."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import timedelta
from pathlib import Path

import pytest

from domain.criteria import Criteria, Scope
from domain.errors import InvalidValue, NotFound
from domain.subscription import SubscriptionState, Topic
from storage import emails, organisations, subscriptions
from storage.emails import Letter, Purpose
from storage.publishers import SourceName
from subscriptions.compose import compose
from subscriptions.composer import Composer
from subscriptions.deliver import Delivered
from subscriptions.limits import LimitReached
from subscriptions.match import match
from subscriptions.news import News
from subscriptions.recover import forget
from subscriptions.tokens import BadToken
from tests.builders import notice, store
from tests.features.alerts import (
    BASE_URL,
    COMPRESSORS,
    EVERYTHING_OF_OURS,
    LI,
    MAIL_FROM,
    SECRET,
    World,
    link,
    world,
)
from tests.moody import MoodyMailbox

VALVES = Criteria(product_types=frozenset({"solenoid_valve"}))


@pytest.fixture
def here(tmp_path: Path, mailbox: MoodyMailbox) -> Iterator[World]:
    with world(tmp_path, mailbox) as found:
        yield found


def asked(here: World, email: str = LI, criteria: Criteria = COMPRESSORS) -> str:
    """The confirmation link that subscribing brings."""
    here.service.subscribe(email, criteria)
    here.send()
    return link(here.mailbox.mails[-1], "confirm")


def test_a_subscription_begins_when_its_mail_is_confirmed(here: World) -> None:
    token = asked(here)
    (mail,) = here.mailbox.mails
    assert mail["To"] == LI
    assert mail["Subject"] == "请确认订阅：空气压缩机"
    for _ in range(3):
        assert here.service.pending(token).state is SubscriptionState.PENDING
    confirmed = here.service.confirm(token)
    assert (confirmed.state, confirmed.criteria) == (SubscriptionState.ACTIVE, COMPRESSORS)
    assert here.service.confirm(token) == confirmed == here.service.pending(token)
    assert here.service.of_person(confirmed.person_id) == [confirmed]


def test_mails_that_are_asked_for_by_their_reader_carry_no_list_headers(here: World) -> None:
    person = here.follow()
    here.accounts.sign_in.ask(LI)
    here.service.subscribe(LI, VALVES)
    here.send()
    assert len(here.mailbox.mails) == 2
    for mail in here.mailbox.mails:
        assert not [name for name in mail if name.lower().startswith("list-")]
    assert person.label == "空气压缩机"


def test_a_known_address_confirms_every_new_subscription_too(here: World) -> None:
    here.follow()
    second = here.service.confirm(asked(here, criteria=VALVES))
    assert [each.label for each in here.service.of_person(second.person_id)] == ["空气压缩机", "电磁阀"]


def test_letter_case_and_tag_make_no_second_person_and_mail_goes_to_the_verified_address(here: World) -> None:
    first = here.follow("Li@firm.example")
    second = here.service.confirm(asked(here, "lI+alerts@FIRM.example", VALVES))
    assert second.person_id == first.person_id
    assert here.mailbox.mails[-1]["To"] == "Li@firm.example"


def test_an_unconfirmed_address_follows_what_was_typed_last(here: World) -> None:
    before = asked(here, "li+typo@firm.example")
    asked(here)
    assert [mail["To"] for mail in here.mailbox.mails] == ["li+typo@firm.example", LI]
    person = here.service.confirm(before).person_id
    with here.db.read() as session:
        assert organisations.person(session, person).email == LI


def test_asking_for_the_same_again_only_mails_the_link_again(here: World) -> None:
    first, again = asked(here), asked(here)
    assert here.service.confirm(first).id == here.service.confirm(again).id == here.service.confirm(asked(here)).id


def test_nobody_is_written_to_more_than_three_times_an_hour(here: World) -> None:
    for number in range(3):
        here.service.subscribe(LI, Criteria(words=(f"word{number}",)))
    for form in (LI, "LI@firm.example", "li+x@firm.example"):
        with pytest.raises(LimitReached, match="3 封"):
            here.service.subscribe(form, VALVES)
    here.service.subscribe("han@firm.example", VALVES)
    assert here.send().sent == 4
    here.wait(timedelta(hours=1, seconds=1))
    here.service.subscribe(LI, VALVES)
    assert here.send().sent == 1


def test_at_most_twenty_subscriptions_of_a_day_wait_for_confirmation(here: World) -> None:
    for number in range(20):
        here.wait(timedelta(minutes=21))
        here.service.subscribe(LI, Criteria(words=(f"word{number}",)))
    here.wait(timedelta(minutes=21))
    with pytest.raises(LimitReached, match="20 个"):
        here.service.subscribe(LI, VALVES)
    here.wait(timedelta(hours=12))
    here.wait(timedelta(hours=12))
    here.service.subscribe(LI, VALVES)


@pytest.mark.parametrize("criteria", [
    Criteria(scope=Scope.ALL), Criteria(scope=Scope.ALL, excluded=("toy",)), Criteria(scope=Scope.ALL, words=("!!!", " "))])
def test_whoever_asks_for_everything_is_told_how_to_narrow_it(here: World, criteria: Criteria) -> None:
    with pytest.raises(InvalidValue, match=r"条件过宽.*至少选择一个产品类别"):
        here.service.subscribe(LI, criteria)
    with pytest.raises(InvalidValue, match="Choose at least one product type"):
        here.service.subscribe(LI, criteria, lang="en")


def test_everything_of_our_industries_may_be_asked_for(here: World) -> None:
    assert here.follow(criteria=EVERYTHING_OF_OURS).label == "本行业全部信息"


def test_conditions_have_a_limit(here: World) -> None:
    with pytest.raises(InvalidValue, match="条件过多"):
        here.service.subscribe(LI, Criteria(words=tuple(f"w{number}" for number in range(501))))
    words = tuple(f"w{number}" for number in range(11))
    for groups in ((words, words), (words[:2],) * 3):
        with pytest.raises(InvalidValue, match="条件过多"):
            here.service.subscribe(LI, Criteria(any_words=groups))
    here.service.subscribe(LI, Criteria(words=tuple(f"w{number}" for number in range(500))))


def test_what_cannot_be_watched_for_is_not_kept(here: World) -> None:
    asked_for = Criteria(words=("toner",), any_words=(("!!", "ink"), ("lead", "tin")), years=frozenset({"2026"}),
                         deadlines=frozenset({"closed"}))
    assert here.follow(criteria=asked_for).criteria == Criteria(words=("toner",), any_words=(("lead", "tin"),))


def test_what_is_no_address_is_refused_in_the_readers_language(here: World) -> None:
    with pytest.raises(InvalidValue, match="邮箱地址不正确"):
        here.service.subscribe("li at firm", COMPRESSORS)
    with pytest.raises(InvalidValue, match="not a mail address"):
        here.service.subscribe("li at firm", COMPRESSORS, lang="en")


def test_a_label_is_one_line_and_may_be_chosen(here: World) -> None:
    here.service.subscribe(LI, COMPRESSORS, "我的\r\nBcc: x@y.example")
    here.send()
    assert here.mailbox.mails[-1]["Subject"] == "请确认订阅：我的 Bcc: x@y.example"


def test_mails_are_in_the_language_of_the_form_and_stay_so_once_confirmed(here: World) -> None:
    here.load()
    found = here.follow(lang="en")
    assert found.label == "Air compressor"
    here.service.subscribe(LI, VALVES, lang="zh")  # whoever types an address has not shown that it is theirs
    store(here.db, notice())
    (mail,) = here.round()[-1:]
    assert mail["Subject"].startswith("[Red alert] European Union: Foreign safety notification")


def test_an_unconfirmed_subscription_gets_nothing_and_is_forgotten_with_its_address(here: World) -> None:
    here.load()
    token = asked(here)
    store(here.db, notice())
    assert here.round() == []
    here.wait(timedelta(days=7, seconds=1))
    assert forget(here.db) == 1
    with pytest.raises(BadToken):
        here.service.confirm(token)
    with here.db.read() as session:
        with pytest.raises(NotFound):
            organisations.person(session, 1)
        assert organisations.person_by_email(session, LI) is None


def test_asking_again_keeps_a_pending_subscription_for_as_long_as_the_new_link_is_good(here: World) -> None:
    asked(here)
    here.wait(timedelta(days=6))
    again = asked(here)
    here.wait(timedelta(days=6))
    assert forget(here.db) == 0
    assert here.service.confirm(again).state is SubscriptionState.ACTIVE


def test_forgetting_spares_whoever_confirmed_anything(here: World) -> None:
    kept = here.follow()
    asked(here, criteria=VALVES)
    here.wait(timedelta(days=8))
    assert forget(here.db) == 1
    assert here.service.of_person(kept.person_id) == [kept]


def test_confirming_after_a_week_is_too_late(here: World) -> None:
    token = asked(here)
    here.wait(timedelta(days=7, seconds=1))
    with pytest.raises(BadToken) as raised:
        here.service.confirm(token)
    assert raised.value.why == "expired"


def test_an_old_confirmation_link_does_not_revive_what_was_ended(here: World) -> None:
    token = asked(here)
    found = here.service.confirm(token)
    here.service.end(found.person_id, found.id)
    for use in (here.service.confirm, here.service.pending):
        with pytest.raises(BadToken) as raised:
            use(token)
        assert raised.value.why == "ended"


def test_leaving_by_the_link_of_an_alert_ends_what_it_names_and_nothing_else(here: World) -> None:
    here.load()
    named = [here.follow(), here.follow(criteria=Criteria(markets=frozenset({"EU"})))]
    other = here.follow(criteria=VALVES)
    store(here.db, notice())
    token = link(here.round()[0], "unsubscribe")
    assert here.service.unsubscribe_offer(token) == named
    ended = here.service.unsubscribe(token, [named[0].id])
    assert [(each.id, each.state) for each in ended] == [(named[0].id, SubscriptionState.ENDED)]
    for _ in range(2):
        assert {each.state for each in here.service.unsubscribe(token)} == {SubscriptionState.ENDED}
    assert here.service.of_person(other.person_id) == [other]
    with pytest.raises(BadToken):
        here.service.unsubscribe(token, [other.id])


def test_a_way_out_of_many_subscriptions_at_once_names_all_of_them(here: World) -> None:
    here.load()
    first = here.follow()
    with here.db.write() as session:
        for number in range(120):
            subscriptions.activate(session, subscriptions.create(
                session, first.person_id, Topic.NOTICES, f"label {number}", Criteria(words=("compressor",))))
    here.wait()
    store(here.db, notice())
    (mail,) = here.round()
    assert len(mail["List-Unsubscribe"]) < 200
    token = link(mail, "unsubscribe")
    chosen = [each.id for each in here.service.unsubscribe_offer(token)]
    for ids in (chosen, chosen, None):
        assert [each.state for each in here.service.unsubscribe(token, ids)] == [SubscriptionState.ENDED] * 121
    assert here.service.of_person(first.person_id) == []


def test_mail_that_has_not_left_is_withheld_from_whoever_left(here: World) -> None:
    here.load()
    found = here.follow()
    store(here.db, notice())
    here.write()
    here.service.end(found.person_id, found.id)
    assert here.send().sent == 0


def test_an_alert_that_only_ended_subscriptions_met_does_not_leave(here: World) -> None:
    here.load()
    ended, other = here.follow(), here.follow(criteria=VALVES)
    store(here.db, notice())
    here.write()
    here.service.end(ended.person_id, ended.id)
    for _ in range(2):
        assert here.send() == Delivered()
        here.wait(timedelta(days=1))
    assert here.service.of_person(other.person_id) == [other]


def test_an_alert_that_waits_for_its_next_try_does_not_leave_after_unsubscribing(here: World) -> None:
    here.load()
    ended = here.follow()
    store(here.db, notice())
    here.write()

    def leave(_: str) -> str:
        here.service.end(ended.person_id, ended.id)
        return "451 try later"

    here.mailbox.on_data = leave
    assert here.send() == Delivered(postponed=1)
    here.mailbox.on_data = lambda _: None
    here.wait(timedelta(days=1))
    assert here.send() == Delivered()


def test_an_alert_that_an_active_subscription_met_too_leaves(here: World) -> None:
    here.load()
    ended = here.follow()
    here.follow(criteria=Criteria(markets=frozenset({"EU"})))
    store(here.db, notice())
    here.write()
    here.service.end(ended.person_id, ended.id)
    assert here.send() == Delivered(sent=1)


def test_whoever_leaves_while_their_mail_is_written_is_not_told(here: World) -> None:
    here.load()
    ended = here.follow()
    here.follow(criteria=VALVES)
    store(here.db, notice())

    class Slow(Composer):
        """Its reader leaves before it is done."""

        def alert(self, news: News, sources: Mapping[str, SourceName]) -> tuple[Letter, News]:
            here.service.end(ended.person_id, ended.id)
            return super().alert(news, sources)

    while match(here.db):
        pass
    assert compose(here.db, Slow(BASE_URL, MAIL_FROM, SECRET)) == 0
    with here.db.read() as session:
        assert emails.newest(session, Purpose.ALERT, [ended.person_id]) == {}
    assert here.round() == []


def test_a_match_of_a_subscription_that_ended_is_not_told(here: World) -> None:
    here.load()
    ended, kept = here.follow(), here.follow("han@firm.example")
    store(here.db, notice())
    here.service.end(ended.person_id, ended.id)
    assert [mail["To"] for mail in here.round()] == ["han@firm.example"]
    assert kept.state is SubscriptionState.ACTIVE


def test_nobody_ends_or_sees_the_subscription_of_another(here: World) -> None:
    mine, theirs = here.follow(), here.follow("han@firm.example")
    with pytest.raises(NotFound):
        here.service.end(mine.person_id, theirs.id)
    with pytest.raises(NotFound):
        here.service.end(mine.person_id, 999)
    assert here.service.of_person(mine.person_id) == [mine]


def test_a_link_is_good_for_its_own_purpose_only(here: World) -> None:
    here.load()
    here.follow()
    store(here.db, notice())
    leave = link(here.round()[0], "unsubscribe")
    confirm = asked(here, criteria=VALVES)
    for use in (here.accounts.sign_in.by_link, here.service.confirm, here.service.pending):
        with pytest.raises(BadToken):
            use(leave)
    for refuse in (here.service.unsubscribe, here.service.unsubscribe_offer, here.accounts.sign_in.by_link):
        with pytest.raises(BadToken):
            refuse(confirm)


def test_bulletins_need_a_zone(here: World) -> None:
    with pytest.raises(NotFound):
        here.service.subscribe(LI, Criteria(), topic=Topic.BULLETINS, zone_id=5)
    with here.db.write() as session:
        zone = organisations.ensure_zone(session, "fenghua", "奉化", "Fenghua")
    assert here.follow(topic=Topic.BULLETINS, zone_id=zone).label == "奉化简报"
