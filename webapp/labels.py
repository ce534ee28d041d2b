"""What ids are called in the reader's language: vocabulary values, fields, states."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from datetime import timedelta

from flask import Flask

from domain import clock
from domain.bounce import BounceKind
from domain.classification import Confidence
from domain.criteria import Scope
from domain.deadline import DEADLINE_STATES
from domain.decision import Review, reason_text
from domain.grade import Grade, Graded, sentence
from domain.hazard import HAZARDS, RISK_LEVELS
from domain.health import HealthState
from domain.kinds import DOCUMENT_STAGES, NOTICE_KINDS, S337_EVENTS, SOURCE_TIERS, TBT_OBJECTIVES, TBT_STAGES
from domain.market import country_name
from domain.market import market_asked as market_asked_name
from domain.measure import MEASURES
from domain.notice import Notice
from domain.organisation import AddressState, Zone
from domain.product_type import ADJACENT_TYPES, INDUSTRIES, PRODUCT_TYPES
from domain.regulation import REGULATIONS
from domain.source import Grade as GradeOfSource
from domain.source import RunStatus
from domain.subscription import Frequency
from domain.vocabulary import Label
from storage.grade_overrides import Override
from storage.runs import MISSED_TWICE
from storage.sources import SourceView
from subscriptions.dsn import NO_REPORT, UNREADABLE
from webapp.i18n import N_, gettext, lang, ngettext

GRADES: Mapping[str, str] = {Grade.RED: N_("红色预警"), Grade.YELLOW: N_("黄色预警"), Grade.PLAIN: N_("信息推送")}
CONFIDENCES: Mapping[str, str] = {Confidence.HIGH: N_("高"), Confidence.MEDIUM: N_("中"), Confidence.LOW: N_("低（待核实）"),
               Confidence.REVIEW: N_("待人工核对")}
REVIEWS: Mapping[str, str] = {Review.CANDIDATE: N_("待判定"), Review.CHANGED: N_("已判定，但原文有变"),
                              Review.OUTDATED: N_("已判定，但类别已取消")}
"""Why a notice waits for an editor."""
SCOPES: Mapping[str, str] = {Scope.RELEVANT: N_("与本行业相关"), Scope.ALL: N_("全部来源")}
FREQUENCIES: Mapping[str, str] = {
    Frequency.IMMEDIATE: N_("立即发送"), Frequency.DAILY: N_("每日摘要"), Frequency.WEEKLY: N_("每周摘要"),
    Frequency.MONTHLY: N_("每月摘要")}
FREQUENCY_HINTS: Mapping[str, str] = {
    Frequency.IMMEDIATE: N_("系统采集到后几分钟内，一天可能有多封"), Frequency.DAILY: N_("每天早上 8 点一封"),
    Frequency.WEEKLY: N_("每周一早上 8 点一封"), Frequency.MONTHLY: N_("每月 1 日早上 8 点一封")}
HEALTH: dict[HealthState, tuple[str, str, str]] = {
    HealthState.HEALTHY: ("good", N_("正常"), N_("最近一次采集完整。")),
    HealthState.NEVER_RUN: ("off", N_("尚未采集"), N_("尚无已完成的采集记录。")),
    HealthState.INCOMPLETE: ("warn", N_("不完整"), N_("最近一次采集没有取全，可能漏掉新信息；已收集的信息不受影响。")),
    HealthState.BELOW_FLOOR: (
        "warn", N_("数量异常偏少"), N_("取到的信息少于预期，对方页面可能已改变；已收集的信息不受影响。")),
    HealthState.SILENT: (
        "warn", N_("长期无新信息"), N_("采集正常，但对方很久没有发布新信息；可能确实没有，也可能已改在别处发布。")),
    HealthState.BLOCKED: ("bad", N_("被拦截"), N_("对方拒绝了我们的访问，暂时收不到新信息；已收集的信息不受影响。")),
    HealthState.FAILING: ("bad", N_("采集失败"), N_("暂时收不到新信息；已收集的信息不受影响。")),
    HealthState.OVERDUE: ("bad", N_("到期未采集"), N_("到了时间却没有采集，暂时收不到新信息；已收集的信息不受影响。")),
    HealthState.PAUSED: ("off", N_("已暂停"), N_("运维人员已暂停采集此来源。")),
    HealthState.HELD: ("warn", N_("预警待核对"), N_("信息已收集并可检索；因数量异常，预警邮件待运维人员核对后发送。")),
    HealthState.NOT_CRAWLED: ("off", N_("不采集"), N_("这里只登记此来源，不读取其内容；原因和查阅办法见来源页。")),
}
"""By state: colour, word, what it means for readers."""
BOUNCES: Mapping[str, str] = {
    BounceKind.HARD: N_("邮箱不存在"), BounceKind.SOFT: N_("暂时收不进"), BounceKind.COMPLAINT: N_("投诉为垃圾邮件"),
    BounceKind.DELIVERED: N_("已送达"), BounceKind.REJECTED: N_("邮件被拒收"), BounceKind.UNKNOWN: N_("看不懂的退信")}
ADDRESSES: Mapping[str, str] = {
    AddressState.GOOD: N_("正常"), AddressState.HELD: N_("暂缓发送"), AddressState.SUSPENDED: N_("已暂停"),
    AddressState.ENDED: N_("已停止")}
"""How mail to an address fares."""
TOLD_BY: Mapping[str, str] = {"mailbox": N_("退信邮箱"), "callback": N_("邮件服务回调"), "smtp": N_("发送时")}
"""By which way something came back."""
NOT_UNDERSTOOD: Mapping[str, str] = {NO_REPORT: N_("没有标准的退信报告"), UNREADABLE: N_("无法解析")}
NOT_OURS = N_("找不到对应的邮件，或收件人不符")
RUN_STATES: dict[RunStatus, tuple[str, str]] = {
    RunStatus.RUNNING: ("off", N_("采集中")), RunStatus.OK: ("good", N_("完成")),
    RunStatus.INCOMPLETE: ("warn", N_("不完整")), RunStatus.BLOCKED: ("bad", N_("被拦截")),
    RunStatus.FAILED: ("bad", N_("失败")), RunStatus.HELD: ("warn", N_("待核对")),
}
SOURCE_GRADES = {
    GradeOfSource.DOCUMENTED: N_("仅按公开文档编写，尚未用真实数据验证"),
    GradeOfSource.CARD_ONLY: N_("只有来源卡，没有采集程序"),
}
"""What readers must know of a source's grade; of a proven one nothing."""
LISTINGS = {"full": N_("完整清单（能发现撤回）"), "window": N_("近期窗口"), "append": N_("只增不减")}
TASKS = {"rebuild": N_("重建检索索引"), "crawl": N_("采集来源"), "index": N_("更新索引"), "match": N_("匹配订阅"),
         "send": N_("发送邮件")}
TASK_STATES = {"waiting": N_("等待中"), "taken": N_("执行中"), "done": N_("完成"), "failed": N_("失败")}
FIELDS = {
    "kind": N_("信息种类"), "market": N_("目标市场"), "title": N_("原文标题"), "url": N_("原文链接"),
    "lang": N_("原文语言"), "published_on": N_("发布日期"), "updated_on": N_("更新日期"), "summary": N_("原文摘要"),
    "product": N_("产品"), "brand": N_("品牌"), "model": N_("型号"), "category": N_("发布机构的类别"),
    "hs_codes": N_("HS 编码"), "ics_codes": N_("ICS 编码"), "origin": N_("原产地"),
    "notifying_country": N_("通报国"), "hazards": N_("危害"), "risk_level": N_("风险等级"), "measures": N_("措施"),
    "objectives": N_("通报目的"), "stage": N_("阶段"), "comment_deadline": N_("评议截止"),
    "effective_on": N_("生效日期"), "identifiers": N_("其他编号"), "relates_to": N_("关联文件"),
    "documents": N_("文件"), "external_id": N_("发布机构编号"), "status": N_("状态"),
}
"""Fields of a notice."""
STATUSES = {"active": N_("有效"), "withdrawn": N_("已撤回")}
CRITERIA = {
    "product": N_("产品类别"), "regulation": N_("法规"), "market": N_("目标市场"), "kind": N_("信息种类"),
    "origin": N_("原产地"), "hazard": N_("危害"), "grade": N_("级别"), "source": N_("信息来源"), "year": N_("年份"),
    "deadline": N_("评议期"),
    "word": N_("包含文字"), "any": N_("含任一文字"), "any2": N_("并含任一文字"), "not": N_("不含文字"),
}
"""Parameters of a search."""
WITHDRAWALS = {
    MISSED_TWICE: N_("发布机构的完整清单已连续两次不再列出此信息。"),
}
"""What the store says of withdrawals that the publisher did not explain."""


def market(code: str) -> str:
    """A market or country."""
    return country_name(code, lang())


def market_asked(code: str) -> str:
    """A market as something to ask for, with what asking for it takes in."""
    return market_asked_name(code, lang())


def product_type(name: str) -> str:
    """A product type or near neighbour."""
    found = PRODUCT_TYPES.get(name) or ADJACENT_TYPES.get(name)
    return found.name(lang()) if found else name


def industry(name: str) -> str:
    """An industry."""
    return INDUSTRIES[name].name(lang())


def regulation(name: str) -> str:
    """A horizontal regulation."""
    return REGULATIONS[name].name(lang()) if name in REGULATIONS else name


def kind(name: str) -> str:
    """A kind of notice."""
    return _listed(NOTICE_KINDS, name)


def hazard(name: str) -> str:
    """A hazard."""
    return _listed(HAZARDS, name)


def risk_level(name: str) -> str:
    """A risk level."""
    return _listed(RISK_LEVELS, name)


def measure(name: str) -> str:
    """A measure."""
    return _listed(MEASURES, name)


def objective(name: str) -> str:
    """An objective of a WTO notification."""
    return _listed(TBT_OBJECTIVES, name)


def stage(name: str) -> str:
    """A stage of a WTO notification, of a document or of a case."""
    return next((_listed(table, name) for table in (TBT_STAGES, DOCUMENT_STAGES, S337_EVENTS) if name in table), name)


def tier(name: str) -> str:
    """How far a source may be believed."""
    return _listed(SOURCE_TIERS, name)


def deadline(name: str) -> str:
    """A state of a comment deadline."""
    return _listed(DEADLINE_STATES, name)


def gist(notice: Notice) -> str:
    """What is wrong and what was done."""
    risk = [risk_level(notice.risk_level)] if notice.risk_level and notice.risk_level != "unknown" else []
    return " · ".join((*risk, *map(hazard, notice.hazards), *map(measure, notice.measures),
                       *([stage(notice.stage)] if notice.stage else [])))


def grade(name: str) -> str:
    """An alert level."""
    return worded(GRADES)(name)


def grade_reason(graded: Graded) -> str:
    """Why a notice has its level, as a sentence."""
    return sentence(graded, lang())


def zone_grade(given: Override) -> str:
    """Which grade a zone gave, and why, as a sentence."""
    if given.graded is None or given.graded.zone is None:
        return ""
    return gettext("%(zone)s判定为%(grade)s：%(why)s", zone=given.graded.zone[0 if lang() == "en" else 1],
                   grade=grade(given.graded.grade.value), why=reason(given.reason))


def decided(product_types: Collection[str], regulations: Collection[str]) -> str:
    """What an editor decided a notice to be about."""
    names = [*map(product_type, sorted(product_types)), *map(regulation, sorted(regulations))]
    return gettext("、").join(names) or gettext("与本行业无关")


def reason(kept: str) -> str:
    """The reason of a decision, with the editor's own words."""
    return reason_text(kept, lang())


def zone_name(zone: Zone) -> str:
    """The name of a zone."""
    return zone.name_en if lang() == "en" else zone.name


def source_title(view: SourceView) -> str:
    """The title of a source."""
    return str(view.card["title" if lang() == "en" else "title_zh"])


def publisher(view: SourceView) -> str:
    """The authority behind a source."""
    return str(view.card["publisher"]["name" if lang() == "en" else "name_zh"])


def why(view: SourceView) -> str:
    """Why a source is in its state: the operator's words when paused, else the reason of its last run; of a silent one also
    how much longer than usual it has been so."""
    said = view.health.reason.text(lang())
    if view.health.state is not HealthState.SILENT or view.newest_on is None:
        return said
    days = (clock.today() - view.newest_on).days
    return said + gettext("；已 %(days)s 天，是这一间隔的 %(times)s 倍", days=days,
                          times=f"{days / view.card['max_silence_days']:.1f}")


def lasted(time: timedelta) -> str:
    """How long something lasted, in whole days, hours or (at least one) minutes."""
    days, hours, minutes = time.days, time.seconds // 3600, max(time.seconds // 60, 1)
    if days:
        return ngettext("%(num)s 天", "%(num)s 天", days)
    return ngettext("%(num)s 小时", "%(num)s 小时", hours) if hours else ngettext("%(num)s 分钟", "%(num)s 分钟", minutes)


def withdrawal(why: str | None) -> str:
    """Why a notice was withdrawn."""
    return gettext(WITHDRAWALS[why]) if why in WITHDRAWALS else why or ""


def _listed(table: Mapping[str, Label], name: str) -> str:
    return table[name].name(lang()) if name in table else name


def worded(table: Mapping[str, str]) -> Callable[[str], str]:
    """A function that says the word of a table for an id, or the id itself."""
    return lambda name: gettext(table[name]) if name in table else name


def init(app: Flask) -> None:
    """Offer all of it to templates as filters."""
    app.jinja_env.filters.update(
        market=market, market_asked=market_asked, product_type=product_type, industry=industry, regulation=regulation,
        kind=kind, hazard=hazard, risk_level=risk_level, measure=measure, objective=objective, stage=stage, tier=tier,
        grade=grade, gist=gist,
        grade_reason=grade_reason, zone_grade=zone_grade, source_title=source_title, publisher=publisher, why=why,
        zone_name=zone_name, withdrawal=withdrawal, lasted=lasted, reason=reason, review=worded(REVIEWS),
        confidence=worded(CONFIDENCES), scope=worded(SCOPES), frequency=worded(FREQUENCIES),
        frequency_hint=worded(FREQUENCY_HINTS),
        field_name=worded(FIELDS), status=worded(STATUSES), listing=worded(LISTINGS),
        task=worded(TASKS), task_state=worded(TASK_STATES),
        bounce=worded(BOUNCES), address_state=worded(ADDRESSES), told_by=worded(TOLD_BY),
        not_understood=lambda status: gettext(NOT_UNDERSTOOD.get(status, NOT_OURS)))
    app.jinja_env.globals.update(decided=decided, HEALTH=HEALTH, RUN_STATES=RUN_STATES, SOURCE_GRADES=SOURCE_GRADES)
