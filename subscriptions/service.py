"""Subscribing, confirming and leaving, all by links in mails."""

from __future__ import annotations

from collections.abc import Sequence

from domain import clock
from domain.criteria import Criteria
from domain.errors import Conflict, InvalidValue, NotFound
from domain.organisation import checked_email
from domain.subscription import Frequency, Subscription, SubscriptionState, Topic
from storage import attempts, consents, emails, notices, organisations, outages, subscriptions, told, whereabouts
from storage.emails import Purpose
from storage.notices import StoredNotice
from storage.session import Database
from subscriptions.choice import MAX_LABEL, Choice, choose, rest
from subscriptions.composer import Composer
from subscriptions.estimate import check, estimate
from subscriptions.inert import one_line
from subscriptions.limits import DAY, LimitReached, Limits, refuse_mail
from subscriptions.news import urgency
from subscriptions.phrases import is_chinese, say
from subscriptions.tokens import BadToken, Leave, Tokens
from subscriptions.wanted import checked_criteria, label_of

PENDING_PER_DAY = 20


class SubscriptionService:
    """Subscriptions over the store. An address stands for a person; nothing here says whether it is known."""

    def __init__(self, db: Database, secret_key: str, base_url: str, mail_from: str) -> None:
        self._db = db
        self._tokens = Tokens(secret_key)
        self._composer = Composer(base_url, mail_from, secret_key)
        self._limits = Limits(secret_key)

    def subscribe(self, email: str, criteria: Criteria, label: str = "", topic: Topic = Topic.NOTICES,
                  zone_id: int | None = None, lang: str = "zh", frequency: Frequency = Frequency.IMMEDIATE,
                  red_at_once: bool = False, consent: str = "", network: str = "") -> None:
        """Keep a subscription that waits for its confirmation, and mail the link. Asking for the same again mails the
        link again; how often one that is confirmed already is told stays as it is. ``consent`` is the version of the text
        on their data that they agreed to; it is kept once confirmed.

        Raises InvalidValue for what is no address or matches everything, TooBroad for what would bring too much, NotFound
        for an unknown zone, LimitReached after too many mails to an address or its domain, or asked for by a network, and
        after twenty unconfirmed subscriptions within a day.
        """
        email = checked(email, lang)
        criteria = checked_criteria(criteria, lang) if topic is Topic.NOTICES else Criteria()
        if topic is Topic.NOTICES:
            check(estimate(self._db, criteria), frequency, lang)
        zone_id = zone_id if topic is Topic.BULLETINS else None
        label = one_line(label, MAX_LABEL) or self._label(criteria, topic, zone_id, lang)
        with self._db.write() as session:
            refuse_mail(attempts.take(session, self._limits.mail(Purpose.CONFIRM, email, network)), lang)
            person_id = organisations.find_or_create_person(session, email, lang)
            subscription_id = subscriptions.same(session, person_id, topic, criteria, zone_id)
            if subscription_id is None:
                if subscriptions.count_pending(session, person_id, clock.now() - DAY) >= PENDING_PER_DAY:
                    raise LimitReached(say("该邮箱今天已有 20 个订阅等待确认，请先在邮件中确认，明天可再订阅。", lang), DAY)
                subscription_id = subscriptions.create(session, person_id, topic, label, criteria, zone_id)
            # it is kept for as long as its newest link is good
            subscriptions.renew(session, subscription_id, frequency, red_at_once)
            address = organisations.address_of(session, person_id)
            emails.add(session, self._composer.confirm(
                person_id, address, lang, subscriptions.by_id(session, subscription_id), consent))

    def _label(self, criteria: Criteria, topic: Topic, zone_id: int | None, lang: str) -> str:
        if topic is Topic.NOTICES:
            return label_of(criteria, lang)
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
            if wanted.consent:
                consents.give(session, found.person_id, wanted.consent)
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

    def told(self, token: str) -> list[StoredNotice]:
        """The notices that a mail told, the most urgent first, as they stand now. Raises BadToken, NotFound when the mail is
        no longer kept."""
        message_id = self._tokens.read_mail(token)
        with self._db.read() as session:
            found = notices.by_ids(session, told.notice_ids(session, message_id))
        return sorted(found.values(), key=urgency)

    def of_person(self, person_id: int) -> list[Subscription]:
        """The subscriptions of a person, pending and active, oldest first."""
        with self._db.read() as session:
            return subscriptions.of_person(session, person_id)

    def choose(self, person_id: int, subscription_id: int, choice: Choice, lang: str = "zh") -> None:
        """See ``subscriptions.choice.choose``."""
        choose(self._db, person_id, subscription_id, choice, lang)

    def rest(self, person_id: int, time_zone: str, quiet: tuple[int, int] | None, lang: str = "zh") -> None:
        """See ``subscriptions.choice.rest``."""
        rest(self._db, person_id, time_zone, quiet, lang)

    def hear_of_outages(self, person_id: int, wants: bool) -> None:
        """Tell a person of outages of sources, or no longer; alerts go on."""
        with self._db.write() as session:
            outages.set_told(session, person_id, wants)

    def hears_of_outages(self, token: str) -> bool:
        """Whether whom a link in a mail about outages is for is still told of them. Raises BadToken."""
        person_id = self._tokens.read_outages(token)
        with self._db.read() as session:
            return outages.is_told(session, person_id)

    def end_outages(self, token: str) -> None:
        """Tell the person of a link of outages no longer. Doing it again changes nothing. Raises BadToken."""
        self.hear_of_outages(self._tokens.read_outages(token), False)

    def said_time_zone(self, person_id: int) -> str:
        """The time zone that a person chose; empty when it is that of their zone."""
        with self._db.read() as session:
            return whereabouts.own_time_zone(session, person_id) or ""

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


def checked(email: str, lang: str) -> str:
    """As ``checked_email``; what is wrong is said in the reader's language."""
    try:
        return checked_email(email)
    except InvalidValue as error:
        raise InvalidValue(say(str(error), lang)) from None
