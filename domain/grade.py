"""How urgent a notice is for our industries on a day: red, yellow or plain, with the reason.

A withdrawal changes no grade: the page says that a notice is withdrawn, and whoever was told of it must hear of that too.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum

from domain import clock
from domain.classification import Classification
from domain.deadline import CLOSING
from domain.decision import reason_text
from domain.notice import Notice, NoticeKind
from domain.source import SourceTier


class Grade(StrEnum):
    """red 红色预警, yellow 黄色预警, plain 信息推送."""

    RED = "red"
    YELLOW = "yellow"
    PLAIN = "plain"


@dataclass(frozen=True, slots=True)
class Graded:
    """A grade and the rule that gave it (a key of REASONS); or the grade that a zone gave instead, with the names of its
    association in English and Chinese, and ``reason`` as its editor keeps it (see domain.decision)."""

    grade: Grade
    reason: str
    zone: tuple[str, str] | None = None


REASONS = {
    "ours_stopped": (
        "a product of our industries made in China was recalled, notified as dangerous or stopped at the border",
        "原产中国的本行业产品在目标市场被召回、被通报或在口岸被拦截"),
    "exclusion_order": (
        "an exclusion order names our product type: goods that infringe are kept out",
        "排除令涉及本行业产品，被认定侵权的产品不得进口"),
    "in_force_soon": (
        "a measure on our product type enters into force within 90 days", "涉及本行业产品的措施将在 90 天内生效"),
    "unconfirmed": (
        "it would be red, but the source is not the authority itself: check with the authority first",
        "按内容应为红色，但来源不是主管机构，请先向主管机构核实"),
    "others_stopped": (
        "a product of our industries was recalled, notified as dangerous or stopped at the border; its origin is not China, "
        "or is not stated", "本行业产品在目标市场被召回、被通报或在口岸被拦截，原产地不是中国或未注明"),
    "closing": (
        "the time to comment on a draft that concerns our industries ends within 14 days",
        "涉及本行业的草案，评议将在 14 天内截止"),
    "in_force_this_year": (
        "a measure on our product type enters into force within a year", "涉及本行业产品的措施将在一年内生效"),
    "notified": ("a WTO TBT notification names our product type", "WTO/TBT 通报涉及本行业产品"),
    "new_obligation": ("a measure that binds our products is new or about to come", "约束本行业产品的措施有新要求"),
    "for_information": ("it concerns our industries, and nothing in it is urgent", "与本行业有关，目前没有需要预警的情形"),
    "not_ours": (
        "no product type or rule of our industries was found with enough certainty", "未发现与本行业产品或法规的可靠关联"),
}
"""Why a notice has its grade, in English and Chinese."""
_BY_ZONE = ("{zone} rates it so: {why}", "{zone}判定：{why}")

SOON, YEAR = timedelta(days=90), timedelta(days=365)
_STOPPING = frozenset((NoticeKind.RECALL, NoticeKind.FOREIGN_NOTIFICATION, NoticeKind.BORDER_ACTION))
_RULES = frozenset((NoticeKind.TECHNICAL_REGULATION, NoticeKind.TBT_NOTIFICATION))
_MEASURES = _RULES | {NoticeKind.TRADE_REMEDY, NoticeKind.IP_EXCLUSION}
"""What binds once it is in force. A standard does not: it is voluntary until a regulation cites it, and that is a notice of
its own."""
_ORDERS = frozenset(("geo", "leo"))
_OVER = frozenset(("repealed", "withdrawn"))
"""Stages at which a day of entry into force is past history, or that of the end."""


def grade(notice: Notice, found: Classification, day: date | None = None,
          tier: SourceTier = SourceTier.OFFICIAL) -> Graded:
    """The grade of a notice on a day (today in UTC, by which deadlines are told too) from a source of this tier. Findings
    below medium confidence never colour it; a source that does not stand alone never makes it red."""
    day = day or clock.today()
    if red := _red(notice, found, day):
        return Graded(Grade.RED, red) if tier.stands_alone else Graded(Grade.YELLOW, "unconfirmed")
    if yellow := _yellow(notice, found, day):
        return Graded(Grade.YELLOW, yellow)
    return Graded(Grade.PLAIN, "for_information" if found.is_relevant else "not_ours")


def sentence(graded: Graded, lang: str) -> str:
    """Why a notice has its grade, in ``zh`` or ``en``, without a full stop."""
    column = 1 if lang.startswith("zh") else 0
    if graded.zone is None:
        return REASONS[graded.reason][column]
    return _BY_ZONE[column].format(zone=graded.zone[column], why=reason_text(graded.reason, lang))


def _red(notice: Notice, found: Classification, day: date) -> str:
    if not found.sure_product_types():
        return ""
    if notice.kind in _STOPPING and notice.origin == "CN":
        return "ours_stopped"
    if notice.kind is NoticeKind.IP_EXCLUSION and not _ORDERS.isdisjoint(notice.measures):
        return "exclusion_order"
    return "in_force_soon" if _enters(notice, day, SOON) else ""


def _yellow(notice: Notice, found: Classification, day: date) -> str:
    named = bool(found.sure_product_types())
    if named and notice.kind in _STOPPING:
        return "others_stopped"
    if found.is_relevant and notice.comment_deadline and _ahead(notice.comment_deadline, day, CLOSING):
        return "closing"
    if named and _enters(notice, day, YEAR):
        return "in_force_this_year"
    if named and notice.kind is NoticeKind.TBT_NOTIFICATION:
        return "notified"
    return "new_obligation" if found.is_relevant and _binds_anew(notice, day) else ""


def _ahead(on: date, day: date, within: timedelta) -> bool:
    """Whether a date is to come within a time, the day itself and the last day included; what is past is not."""
    return timedelta(0) <= on - day <= within


def _enters(notice: Notice, day: date, within: timedelta) -> bool:
    return (notice.kind in _MEASURES and notice.stage not in _OVER and notice.effective_on is not None
            and _ahead(notice.effective_on, day, within))


def _binds_anew(notice: Notice, day: date) -> bool:
    """Whether a measure is to come, or came into force (a rule or its draft: else was published) within the last year."""
    since = notice.effective_on or (notice.event_date if notice.kind in _RULES else None)
    return notice.kind in _MEASURES and notice.stage not in _OVER and since is not None and day - since <= YEAR
