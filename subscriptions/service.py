"""Subscribing, confirming, leaving and signing in, all by links in mails."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

from domain import clock
from domain import criteria as criterias
from domain.criteria import Criteria, Scope
from domain.errors import Conflict, InvalidValue, NotFound, ZonewatchError
from domain.organisation import Person, checked_email
from domain.subscription import Subscription, SubscriptionState, Topic
from domain.text import tokens as word_tokens
from storage import emails, organisations, subscriptions
from storage.emails import Purpose
from storage.locks import alone
from storage.session import Database
from subscriptions.composer import Composer
from subscriptions.describe import describe
from subscriptions.inert import one_line
from subscriptions.phrases import is_chinese, say
from subscriptions.tokens import BadToken, Leave, Tokens

MAILS_PER_HOUR = 3
PENDING_PER_DAY = 20
MAX_VALUES = 500
MAX_LABEL = 100
LONGEST_WORD = 1_000
"""Letters of a word or phrase; mails say its beginning."""


class LimitReached(ZonewatchError):
    """An address was written to, or typed into the form, too often for now."""


class SubscriptionService:
    """Subscriptions over the store. An address stands for a person; nothing here says whether it is known."""

    def __init__(self, db: Database, secret_key: str, base_url: str, mail_from: str) -> None:
        self._db = db
        self._tokens = Tokens(secret_key)
        self._composer = Composer(base_url, mail_from, secret_key)

    def subscribe(self, email: str, criteria: Criteria, label: str = "", topic: Topic = Topic.NOTICES,
                  zone_id: int | None = None, lang: str = "zh") -> None:
        """Keep a subscription that waits for its confirmation, and mail the link. Asking for the same again mails the
        link again.

        Raises InvalidValue for what is no address or matches everything, NotFound for an unknown zone, LimitReached
        after three mails to an address within an hour or twenty unconfirmed subscriptions within a day.
        """
        email = _checked(email, lang)
        criteria = _checked_criteria(criteria, lang) if topic is Topic.NOTICES else Criteria()
        zone_id = zone_id if topic is Topic.BULLETINS else None
        label = one_line(label, MAX_LABEL) or self._label(criteria, topic, zone_id, lang)
        with self._db.write() as session:
            person_id = organisations.find_or_create_person(session, email, lang)
            now = clock.now()
            if emails.count_since(session, person_id, Purpose.CONFIRM, now - timedelta(hours=1)) >= MAILS_PER_HOUR:
                raise LimitReached(say(
                    "一小时内最多发送 3 封确认邮件。请先查收邮箱（包括垃圾邮件）并点击其中的链接，一小时后可再订阅。", lang))
            subscription_id = subscriptions.same(session, person_id, topic, criteria, zone_id)
            if subscription_id is None:
                if subscriptions.count_pending(session, person_id, now - timedelta(days=1)) >= PENDING_PER_DAY:
                    raise LimitReached(say("该邮箱今天已有 20 个订阅等待确认，请先在邮件中确认，明天可再订阅。", lang))
                subscription_id = subscriptions.create(session, person_id, topic, label, criteria, zone_id)
            subscriptions.renew(session, subscription_id)  # it is kept for as long as its newest link is good
            address = organisations.address_of(session, person_id)
            emails.add(session, self._composer.confirm(
                person_id, address, lang, subscriptions.by_id(session, subscription_id)))

    def _label(self, criteria: Criteria, topic: Topic, zone_id: int | None, lang: str) -> str:
        if topic is Topic.NOTICES:
            return one_line(describe(criteria, lang), MAX_LABEL)
        with self._db.read() as session:
            zone = organisations.zone_by_id(session, zone_id or 0)
        return say("{zone}简报", lang, zone=zone.name if is_chinese(lang) else zone.name_en)

    def pending(self, token: str) -> Subscription:
        """The subscription that a confirmation link is for; it may be active already. Raises BadToken."""
        with self._db.read() as session:
            try:
                found = subscriptions.by_id(session, self._tokens.read_confirm(token).subscription_id)
            except NotFound:
                raise BadToken("expired") from None
        if found.state is SubscriptionState.ENDED:
            raise BadToken("ended")
        return found

    def confirm(self, token: str) -> Subscription:
        """Begin to deliver a subscription; its address is verified by that. Doing it again changes nothing. Raises
        BadToken, also for a subscription that has ended since."""
        wanted = self._tokens.read_confirm(token)
        with self._db.write() as session:
            try:
                found = subscriptions.activate(session, wanted.subscription_id)
                organisations.verify(session, found.person_id, wanted.email)
            except NotFound:
                raise BadToken("expired") from None
            except Conflict:
                raise BadToken("ended") from None
            organisations.set_lang(session, found.person_id, wanted.lang)
            return subscriptions.by_id(session, found.id)

    def unsubscribe_offer(self, token: str) -> list[Subscription]:
        """The subscriptions that an unsubscribe link can end, ended ones included. Raises BadToken."""
        return self._offered(self._tokens.read_unsubscribe(token))

    def unsubscribe(self, token: str, subscription_ids: Sequence[int] | None = None) -> list[Subscription]:
        """End these of the subscriptions that a link names, or all of them; gives them as they are now. Doing it again
        changes nothing. Raises BadToken, also for a subscription that the link does not name."""
        leave = self._tokens.read_unsubscribe(token)
        offered = {each.id for each in self._offered(leave)}
        chosen = offered if subscription_ids is None else set(subscription_ids)
        if chosen - offered:
            raise BadToken("broken")
        self._end(leave.person_id, sorted(chosen), "unsubscribed by mail")
        with self._db.read() as session:
            found = subscriptions.by_ids(session, sorted(chosen))
        return [found[each] for each in sorted(found)]

    def _offered(self, leave: Leave) -> list[Subscription]:
        with self._db.read() as session:
            if not leave.subscription_ids:
                return subscriptions.ever_of_person(session, leave.person_id, Topic.NOTICES)
            found = subscriptions.by_ids(session, leave.subscription_ids)
        return [found[each] for each in sorted(found) if found[each].person_id == leave.person_id]

    def ask_sign_in(self, email: str) -> None:
        """Mail a sign-in link to an address that has confirmed a subscription. For any other, and after three mails within
        an hour, nothing happens, and nothing shows it. Raises InvalidValue for what is no address."""
        email = _checked(email, "zh")
        with self._db.write() as session:
            alone(session, organisations.PEOPLE)
            person = organisations.person_by_email(session, email)
            letter = self._composer.sign_in(person or Person(0, "", "zh", False, email))  # the same work for strangers
            hour_ago = clock.now() - timedelta(hours=1)
            if person and emails.count_since(session, person.id, Purpose.SIGN_IN, hour_ago) < MAILS_PER_HOUR:
                emails.add(session, letter)

    def signed_in(self, token: str) -> Person:
        """The person whom a sign-in link signs in. Raises BadToken, also when the address is no longer theirs."""
        link = self._tokens.read_sign_in(token)
        with self._db.read() as session:
            person = organisations.person_by_email(session, link.email)
        if person is None or person.id != link.person_id:
            raise BadToken("broken")
        return person

    def of_person(self, person_id: int) -> list[Subscription]:
        """The subscriptions of a person, pending and active, oldest first."""
        with self._db.read() as session:
            return subscriptions.of_person(session, person_id)

    def end(self, person_id: int, subscription_id: int) -> None:
        """Stop a subscription of the person. Raises NotFound when it is not theirs."""
        with self._db.read() as session:
            found = subscriptions.by_ids(session, [subscription_id]).get(subscription_id)
        if found is None or found.person_id != person_id:
            raise NotFound(f"there is no subscription {subscription_id}")
        self._end(person_id, [subscription_id], "ended by the person")

    def _end(self, person_id: int, subscription_ids: Sequence[int], why: str) -> None:
        """End subscriptions; mail of a topic that nobody wants any more and that has not left yet is withheld. An alert of
        which only some subscriptions have ended is looked at again when it is about to leave."""
        with self._db.write() as session:
            subscriptions.end(session, subscription_ids, why)
            for topic, purpose in ((Topic.NOTICES, Purpose.ALERT), (Topic.NOTICES, Purpose.OUTAGE),
                                   (Topic.BULLETINS, Purpose.BULLETIN)):
                if not subscriptions.has_active(session, person_id, topic):
                    emails.withhold(session, person_id, purpose, emails.UNWANTED)


def _checked(email: str, lang: str) -> str:
    try:
        return checked_email(email)
    except InvalidValue as error:
        raise InvalidValue(say(str(error), lang)) from None


def _checked_criteria(criteria: Criteria, lang: str) -> Criteria:
    """What of the criteria can be watched for, without words that say nothing. Raises InvalidValue when nothing narrows all
    sources, and for too much of it."""
    groups = [group for group in criteria.any_words if all(map(word_tokens, group))]  # a mere sign is in every text
    criteria = criterias.lasting(replace(
        criteria, words=_told(criteria.words), any_words=tuple(map(_told, groups)), excluded=_told(criteria.excluded)))
    if criteria.scope is Scope.ALL and replace(criteria, excluded=()).is_everything:
        raise InvalidValue(say("条件过宽：这会把所有来源的全部信息发给您。请至少选择一个产品类别、法规、目标市场或关键词，"
                               "或改用“与本行业相关”。", lang))
    too_many = len(criteria.any_words) > criterias.MOST_GROUPS or criterias.pairs(criteria) > criterias.MOST_PAIRS
    if too_many or criterias.size(criteria) > MAX_VALUES:
        raise InvalidValue(say("条件过多，请减少所选的值。", lang))
    return criteria


def _told(words: Sequence[str]) -> tuple[str, ...]:
    return tuple(one_line(word, LONGEST_WORD) for word in words if word_tokens(word))
