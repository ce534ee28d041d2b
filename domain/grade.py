"""How urgent a notice is for our industries: red, yellow or plain, with the reason."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from domain.classification import Classification
from domain.notice import Notice, NoticeKind


class Grade(StrEnum):
    """red 红色预警, yellow 黄色预警, plain 信息推送."""

    RED = "red"
    YELLOW = "yellow"
    PLAIN = "plain"


@dataclass(frozen=True, slots=True)
class Graded:
    """A grade and the rule that gave it (a key of REASONS)."""

    grade: Grade
    reason: str


REASONS = {
    "stopped_abroad": ("our product type was recalled, refused at a border or excluded",
                       "本行业产品在目标市场被召回、拒绝入境或禁止进口"),
    "serious_risk": ("a serious risk was notified for our product type", "目标市场通报本行业产品存在严重风险"),
    "named_product": ("the notice names our product type", "信息涉及本行业产品"),
    "horizontal_rule": ("a rule that binds our product types is concerned", "涉及约束本行业产品的通用法规"),
    "not_ours": ("no product type or rule of our industries was found with enough certainty",
                 "未发现与本行业产品或法规的可靠关联"),
}
_STOPPING = frozenset((NoticeKind.RECALL, NoticeKind.BORDER_ACTION, NoticeKind.IP_EXCLUSION))


def grade(notice: Notice, found: Classification) -> Graded:
    """The grade of a notice; findings below medium confidence never colour it."""
    if found.sure_product_types():
        if notice.kind in _STOPPING:
            return Graded(Grade.RED, "stopped_abroad")
        if notice.kind == NoticeKind.FOREIGN_NOTIFICATION and notice.risk_level == "serious":
            return Graded(Grade.RED, "serious_risk")
        return Graded(Grade.YELLOW, "named_product")
    if found.sure_horizontal():
        return Graded(Grade.YELLOW, "horizontal_rule")
    return Graded(Grade.PLAIN, "not_ours")
