"""What ids of the vocabularies are called in mails; an id that the vocabulary no longer knows is shown as it is."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

from domain import market as domain_market
from domain.deadline import DEADLINE_STATES
from domain.grade import Grade
from domain.hazard import HAZARDS, RISK_LEVELS
from domain.health import HealthState
from domain.kinds import DOCUMENT_STAGES, NOTICE_KINDS, S337_EVENTS, TBT_OBJECTIVES, TBT_STAGES
from domain.market import country_name
from domain.measure import MEASURES
from domain.product_type import PRODUCT_TYPES
from domain.regulation import REGULATIONS
from subscriptions.phrases import say

_GRADES = {Grade.RED.value: "红色预警", Grade.YELLOW.value: "黄色预警", Grade.PLAIN.value: "信息推送"}

_STATES = {
    HealthState.HEALTHY: "正常", HealthState.NEVER_RUN: "尚未采集", HealthState.INCOMPLETE: "不完整",
    HealthState.BELOW_FLOOR: "数量异常偏少", HealthState.SILENT: "长期无新信息", HealthState.BLOCKED: "被拦截",
    HealthState.FAILING: "采集失败", HealthState.OVERDUE: "到期未采集", HealthState.PAUSED: "已暂停",
    HealthState.HELD: "预警待核对", HealthState.NOT_CRAWLED: "不采集",
}
_PLAIN = {
    HealthState.INCOMPLETE: "每次采集都没有取全，也没有取到新信息。",
    HealthState.BELOW_FLOOR: "取到的信息远少于平常，对方的网页或数据可能已改变。",
    HealthState.BLOCKED: "对方网站拒绝了我们的访问。", HealthState.FAILING: "对方网站打不开，或数据无法读取。",
    HealthState.OVERDUE: "本系统没有按时采集，不是对方的问题。", HealthState.PAUSED: "我们暂停了采集，说明如下。",
}
"""Why news may be missed, for readers who know nothing of crawling."""


class _Named(Protocol):
    def name(self, lang: str = "zh") -> str:
        """The name."""


def _name(table: Mapping[str, _Named], key: str, lang: str) -> str:
    return table[key].name(lang) if key in table else key


def product_type(key: str, lang: str) -> str:
    """A product type."""
    return _name(PRODUCT_TYPES, key, lang)


def regulation(key: str, lang: str) -> str:
    """A horizontal regulation."""
    return _name(REGULATIONS, key, lang)


def kind(key: str, lang: str) -> str:
    """A kind of notices."""
    return _name(NOTICE_KINDS, key, lang)


def hazard(key: str, lang: str) -> str:
    """A hazard."""
    return _name(HAZARDS, key, lang)


def risk_level(key: str, lang: str) -> str:
    """A risk level."""
    return _name(RISK_LEVELS, key, lang)


def measure(key: str, lang: str) -> str:
    """A measure taken."""
    return _name(MEASURES, key, lang)


def objective(key: str, lang: str) -> str:
    """An objective that a notification states."""
    return _name(TBT_OBJECTIVES, key, lang)


def stage(key: str, lang: str) -> str:
    """A stage of a standard or a rule, of a notification or of a case."""
    return _name(next((table for table in (DOCUMENT_STAGES, TBT_STAGES, S337_EVENTS) if key in table), {}), key, lang)


def place(code: str, lang: str) -> str:
    """A market or country."""
    return country_name(code, lang)


def market_asked(code: str, lang: str) -> str:
    """A market as something asked for, with what asking for it takes in."""
    return domain_market.market_asked(code, lang)


def origin(code: str, lang: str) -> str:
    """The country a product comes from; empty where none is stated."""
    return country_name(code, lang) if code else say("未注明", lang)


def deadline(key: str, lang: str) -> str:
    """A state of a comment deadline."""
    return _name(DEADLINE_STATES, key, lang)


def grade(key: str, lang: str) -> str:
    """A grade."""
    return say(_GRADES[key], lang) if key in _GRADES else key


def state(key: HealthState, lang: str) -> str:
    """The state of a source."""
    return say(_STATES[key], lang) if key in _STATES else key.value


def why_missed(key: HealthState, lang: str) -> str:
    """Why news of a source may be missed in this state, in plain words."""
    return say(_PLAIN[key], lang)
