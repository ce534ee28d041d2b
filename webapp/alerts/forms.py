"""What the subscribe form says."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, time

from werkzeug.datastructures import MultiDict

from domain.consent import VERSION
from domain.criteria import Criteria, lasting
from domain.errors import InvalidValue
from domain.grade import Grade
from domain.regulation import binding
from domain.subscription import Frequency, Topic
from subscriptions.choice import Choice
from subscriptions.service import SubscriptionService
from webapp.i18n import gettext
from webapp.present import MAX_ID
from webapp.search.forms import criteria_of

MAX_TEXT = 300
BETWEEN = "|"
"""Stands between the values that one choice of a form stands for."""
ONE_OF = {"grades": "grade", "origins": "origin"}
"""Fields of the form of which one is chosen, and the parameters of a search that its values are of."""


@dataclass(frozen=True, slots=True)
class SubscribeForm:
    """Who wants what: notices that meet the criteria, the bulletins of a zone (0: none), or both. ``left_out`` names the
    fields of Criteria of which something was asked for that cannot be watched for."""

    criteria: Criteria
    email: str = ""
    label: str = ""
    wants_notices: bool = True
    zone_id: int = 0
    frequency: Frequency = Frequency.IMMEDIATE
    red_at_once: bool = False
    consent: str = ""
    left_out: frozenset[str] = frozenset()

    @property
    def mails(self) -> int:
        """How many confirmation mails will be sent."""
        return self.wants_notices + bool(self.zone_id)

    def for_address(self, email: str) -> SubscribeForm:
        """The same form with an address filled in."""
        return replace(self, email=email)


def subscribe_form(values: MultiDict[str, str]) -> SubscribeForm:
    """The form as sent, or as an address fills it in beforehand. Raises InvalidValue for too many criteria."""
    zone_id = values.get("zone", default=0, type=int)
    asked = _asked(values)
    criteria = lasting(asked)
    left_out = frozenset(name for name in ("years", "deadlines") if getattr(asked, name) != getattr(criteria, name))
    return SubscribeForm(criteria, values.get("email", "").strip()[:MAX_TEXT],
                         values.get("label", "").strip()[:MAX_TEXT], "notices" in values or "sent" not in values,
                         zone_id if 0 < zone_id <= MAX_ID else 0, frequency_of(values), "red" in values,
                         values.get("consent", "")[:MAX_TEXT], left_out)


def _asked(values: MultiDict[str, str]) -> Criteria:
    """The criteria of the form; all grades are no condition, and one tick adds the rules that bind the products."""
    spelled = values.copy()
    for name, param in ONE_OF.items():
        if name in values:
            spelled.setlist(param, values[name].split(BETWEEN))
    found = criteria_of(spelled)
    if found.grades >= frozenset(Grade):
        found = replace(found, grades=frozenset())
    if "rules" in values:
        found = replace(found, regulations=found.regulations | binding(found.product_types, found.markets))
    return found


def send(form: SubscribeForm, service: SubscriptionService, lang: str, network: str) -> None:
    """Ask for everything the form wants; each subscription is confirmed by its own mail. Raises InvalidValue and
    LimitReached as the service does, with a sentence for the reader."""
    if not form.mails:
        raise InvalidValue(gettext("请选择要订阅的内容"))
    if form.consent != VERSION:
        raise InvalidValue(gettext("请阅读个人信息处理说明，并勾选同意后再订阅"))
    if form.wants_notices:
        service.subscribe(form.email, form.criteria, form.label, lang=lang, frequency=form.frequency,
                          red_at_once=form.red_at_once, consent=form.consent, network=network)
    if form.zone_id:
        service.subscribe(form.email, Criteria(), "", Topic.BULLETINS, form.zone_id, lang,
                          consent=form.consent, network=network)


def frequency_of(values: MultiDict[str, str]) -> Frequency:
    """How often, as chosen; at once where nothing known is."""
    wanted = values.get("digest") or values.get("frequency", "")
    return Frequency(wanted) if wanted in set(Frequency) else Frequency.IMMEDIATE


def choice_of(values: MultiDict[str, str]) -> Choice:
    """How a subscription is called and told, as sent. Raises InvalidValue for what is no date."""
    until = values.get("until", "").strip()
    try:
        paused_until = date.fromisoformat(until) if until else None
    except ValueError:
        raise InvalidValue(gettext("日期应形如 2026-12-01")) from None
    return Choice(values.get("label", "").strip()[:MAX_TEXT], frequency_of(values), "red" in values, paused_until)


def quiet_of(values: MultiDict[str, str]) -> tuple[int, int] | None:
    """The minutes of the day between which no mail is wanted that can wait, as sent; None when both are empty. Raises
    InvalidValue for what is no time, or one without the other."""
    sent = [values.get(name, "").strip() for name in ("quiet_from", "quiet_until")]
    if not any(sent):
        return None
    try:
        begin, end = (time.fromisoformat(each) for each in sent)
    except ValueError:
        raise InvalidValue(gettext("请同时填写免打扰的开始和结束时间，形如 22:00")) from None
    return begin.hour * 60 + begin.minute, end.hour * 60 + end.minute


def chosen_ids(values: MultiDict[str, str]) -> list[int]:
    """The ids ticked in a form."""
    return [int(value) for value in values.getlist("id") if value.isascii() and value.isdigit() and len(value) < 10]
