"""The gist of a notice for a mail: built from our vocabularies and the publisher's own words, never translated by machine,
never invented. What the publisher does not state is left out."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from zoneinfo import ZoneInfo

from domain import clock
from domain.classification import Confidence
from domain.criteria import facts
from domain.deadline import DeadlineKind, closing_text, days_left
from domain.grade import sentence
from domain.notice import Notice, NoticeKind
from domain.product_type import ADJACENT_TYPES
from domain.relations import Deadline
from domain.subscription import Subscription
from storage.notices import StoredNotice
from storage.publishers import SourceName
from subscriptions import names
from subscriptions.inert import one_line, web_link
from subscriptions.news import Told
from subscriptions.phrases import is_chinese, say
from subscriptions.reasons import Why, grouped, reasons
from subscriptions.times import HERE

MOST_VALUES = 8
MOST_NUMBERS = 3
MOST_IN_SUBJECT = 2
_VAGUE = frozenset(("other", "other_health", "unknown"))
"""What says nothing in a subject."""
EXCERPT = 280
"""Signs of the publisher's own text that a mail quotes."""


@dataclass(frozen=True, slots=True)
class Row:
    """A labelled value; ``note`` says what follows from it."""

    label: str
    value: str
    note: str = ""


@dataclass(frozen=True, slots=True)
class Changed:
    """A field that a material change touched."""

    label: str
    before: str
    after: str


@dataclass(frozen=True, slots=True)
class Line:
    """A notice on one line; ``what`` is the most telling of what is wrong, what was done, or what is due."""

    title: str
    title_lang: str
    page_url: str
    grade: str
    grade_name: str
    kind: str
    about: str
    market: str
    what: str
    is_withdrawn: bool


@dataclass(frozen=True, slots=True)
class Gist:
    """A notice in full: ``reason`` says why it has its grade, ``summary`` what is wrong and what was done, both in the
    reader's language; ``excerpt`` is the publisher's own text, ``url`` its page (empty when it is no plain web link)."""

    line: Line
    reason: str
    summary: str
    excerpt: str
    url: str
    rows: tuple[Row, ...]
    changes: tuple[Changed, ...]
    whys: tuple[Why, ...]


def line(stored: StoredNotice, base_url: str, lang: str, title_limit: int = 120) -> Line:
    """A notice on one line, its title cut where that is long."""
    notice, grade = stored.notice, stored.grade.grade.value
    return Line(one_line(notice.title, title_limit), _lang_tag(notice.lang), f"{base_url}/notices/{stored.id}", grade,
                names.grade(grade, lang), _kind(notice, lang), _about(stored, lang),
                _place(notice.market, lang), _what(notice, lang), stored.status.value == "withdrawn")


def gist(told: Told, sources: Mapping[str, SourceName], base_url: str, lang: str, zone: ZoneInfo = HERE) -> Gist:
    """A notice in full for the person it is told to, whose time is that of ``zone``."""
    stored = told.stored
    found = facts(stored.notice, stored.classification, stored.grade)
    labels = {each.id: label(each) for each in told.subscriptions}
    whys = grouped(told, labels, lambda criteria: reasons(criteria, stored, found, lang))
    return gist_of(stored, told.closes, sources.get(stored.notice.source), base_url, lang, changes(told, lang), whys, zone)


def gist_of(stored: StoredNotice, closes: Deadline | None, source: SourceName | None, base_url: str, lang: str,
            changed: tuple[Changed, ...], whys: tuple[Why, ...], zone: ZoneInfo) -> Gist:
    """A notice in full, with what changed for whom it is told to, and why it is."""
    notice = stored.notice
    return Gist(line(stored, base_url, lang, 300), sentence(stored.grade, lang),
                _summary(notice, closes, lang, zone), one_line(notice.summary, EXCERPT), web_link(notice.url),
                (*_rows(stored, source, lang), *_dates(notice, closes, lang, zone)), changed, whys)


def label(subscription: Subscription) -> str:
    """What a subscription is called in a mail."""
    return one_line(subscription.label, 120)


def today() -> date:
    """The date where the readers are."""
    return clock.now().astimezone(HERE).date()


def day(value: date, lang: str) -> str:
    """A calendar date."""
    return value.isoformat() if is_chinese(lang) else f"{value.day} {value:%b %Y}"


def _kind(notice: Notice, lang: str) -> str:
    """The kind as it is said beside a market: that the 通报 of the EU is a foreign one goes without saying."""
    if notice.kind is NoticeKind.FOREIGN_NOTIFICATION and notice.market and is_chinese(lang):
        return say("通报", lang)
    return names.kind(notice.kind.value, lang)


def _lang_tag(tag: str) -> str:
    return tag if tag.isascii() and tag.replace("-", "").isalnum() and len(tag) <= 12 else "und"


def _about(stored: StoredNotice, lang: str) -> str:
    """What a notice is about in a few words: our product types, the surest first, else the rule, else a near neighbour of
    our products, else the publisher's product, else its kind."""
    found = stored.classification
    if types := sorted(found.sure_product_types(), key=lambda each: (-found.product_types[each].rank, each)):
        return _listed((names.product_type(each, lang) for each in types), lang, MOST_IN_SUBJECT)
    if rules := sorted(found.sure_horizontal()):
        return names.regulation(rules[0], lang)
    near = [ADJACENT_TYPES[each] for each in sorted(stored.classification.adjacent) if each in ADJACENT_TYPES]
    if near:
        return near[0].name(lang)
    return one_line(stored.notice.product, 40) or names.kind(stored.notice.kind.value, lang)


def _what(notice: Notice, lang: str) -> str:
    """For a subject: the hazards, else the measures, else until when one may speak up, else from when it holds."""
    for field in ("hazards", "measures"):
        values = [each for each in getattr(notice, field) if each not in _VAGUE]
        if values:
            return _listed((_NAMED[field](each, lang) for each in values), lang, MOST_IN_SUBJECT)
    if notice.comment_deadline and notice.comment_deadline >= today():
        return say("{day} 前可评议", lang, day=day(notice.comment_deadline, lang))
    return say("{day} 起生效", lang, day=day(notice.effective_on, lang)) if notice.effective_on else ""


def _summary(notice: Notice, closes: Deadline | None, lang: str, zone: ZoneInfo) -> str:
    """What is wrong, what was done, until when one may speak up and from when it holds, in one line; empty when nothing of
    it is stated."""
    parts = [_shown(notice, field, lang) for field in ("hazards", "risk_level", "measures")]
    if on := notice.comment_deadline or (closes.day if closes else None):
        parts.append(say("评议截止 {day}（{left}）", lang, day=day(on, lang),
                         left=left_text(on, DeadlineKind.COMMENT, notice.market, zone, lang)))
    if notice.effective_on:
        parts.append(say("{day} 起生效", lang, day=day(notice.effective_on, lang)))
    return say("；", lang).join(part for part in parts if part)


def _number(notice: Notice, lang: str) -> str:
    """The publisher's own number: those it states, else the id under which it keeps the notice."""
    stated = [one_line(each, 80) for each in notice.identifiers if each.strip()]
    return _listed(stated or [one_line(notice.external_id, 80)], lang, MOST_NUMBERS)


def _rows(stored: StoredNotice, source: SourceName | None, lang: str) -> Iterator[Row]:
    notice, found = stored.notice, stored.classification
    floor = Confidence.LOW
    own_words = one_line(" · ".join(each for each in (notice.product, notice.brand, notice.model) if each.strip()), 200)
    values = (
        ("目标市场", _place(notice.market, lang)),
        ("类别", names.kind(notice.kind.value, lang)),
        ("产品类别", _findings(found.product_types, names.product_type, floor, lang)),
        ("相关法规", _findings(found.horizontal, names.regulation, floor, lang)),
        ("阶段", _stage(notice, lang)),
        ("产品（原文）", own_words if notice.product.strip() != notice.title.strip() else ""),
        ("危害", _shown(notice, "hazards", lang)),
        ("风险等级", _shown(notice, "risk_level", lang)),
        ("措施", _shown(notice, "measures", lang)),
        ("通报目的", _shown(notice, "objectives", lang)),
        ("原产地", _place(notice.origin, lang)),
        ("通报国", _place(notice.notifying_country, lang)),
        ("发布机构", _publisher(source, notice, lang)),
        ("发布编号", _number(notice, lang)),
    )
    yield from (Row(say(label, lang), value) for label, value in values if value)


def _stage(notice: Notice, lang: str) -> str:
    """The stage of a standard; and whether a notification adds to an earlier one or corrects it."""
    if notice.kind is NoticeKind.STANDARD or (notice.kind is NoticeKind.TBT_NOTIFICATION and notice.stage != "regular"):
        return _shown(notice, "stage", lang)
    return ""


def _dates(notice: Notice, closes: Deadline | None, lang: str, zone: ZoneInfo) -> Iterator[Row]:
    if notice.published_on:
        yield Row(say("发布日期", lang), day(notice.published_on, lang))
    elif notice.updated_on:
        yield Row(say("更新日期", lang), day(notice.updated_on, lang))
    if notice.comment_deadline:
        yield Row(say("评议截止", lang), closing_text(notice.comment_deadline, notice.market, zone, lang),
                  left_text(notice.comment_deadline, DeadlineKind.COMMENT, notice.market, zone, lang))
    elif closes:
        yield Row(say("评议截止", lang), say("{time}（见 {number}）", lang, number=one_line(closes.stated_by, 80),
                                         time=closing_text(closes.day, notice.market, zone, lang)),
                  left_text(closes.day, DeadlineKind.COMMENT, notice.market, zone, lang))
    if notice.effective_on:
        yield Row(say("生效日期", lang), day(notice.effective_on, lang))


def left_text(on: date, what: DeadlineKind, market: str, zone: ZoneInfo, lang: str) -> str:
    """How long a deadline is away for a reader."""
    days = days_left(on, what, market, zone)
    if days < 0:
        return say("已截止" if what is DeadlineKind.COMMENT else "已生效", lang)
    if days:
        return say("还剩 {days} 天", lang, days=days)
    return say("今天截止" if what is DeadlineKind.COMMENT else "今天生效", lang)


def _publisher(source: SourceName | None, notice: Notice, lang: str) -> str:
    if source is None:
        return notice.source
    return f"{source.publisher_zh} · {source.title_zh}" if is_chinese(lang) else f"{source.publisher} · {source.title}"


def _findings(levels: Mapping[str, Confidence], name: Callable[[str, str], str], floor: Confidence, lang: str) -> str:
    """Findings from the surest down; those of low confidence are marked as such, candidates for review never shown."""
    ranked = sorted((-level.rank, key) for key, level in levels.items() if level.at_least(floor))
    return _listed((name(key, lang) if levels[key].at_least(Confidence.MEDIUM)
                    else say("{name}（待核实）", lang, name=name(key, lang)) for _, key in ranked), lang)


def _place(text: str, lang: str) -> str:
    return names.place(one_line(text, 80), lang)


def _listed(values: Iterable[str], lang: str, most: int = MOST_VALUES) -> str:
    found = list(dict.fromkeys(value for value in values if value))
    text = say("、", lang).join(found[:most])
    return say("{list}等 {count} 项", lang, list=text, count=len(found)) if len(found) > most else text


_LABELS = {"kind": "类别", "market": "目标市场", "product": "产品（原文）", "brand": "品牌", "model": "型号",
           "hs_codes": "HS 编码", "ics_codes": "ICS 编码", "hazards": "危害", "risk_level": "风险等级", "measures": "措施",
           "origin": "原产地", "comment_deadline": "评议截止", "effective_on": "生效日期", "stage": "阶段"}
"""The material fields; the stage, which is material where a card says so; the origin, which a grade hangs on; and what tells
a reader whether it is their product."""
_NAMED: Mapping[str, Callable[[str, str], str]] = {
    "kind": names.kind, "market": names.place, "hazards": names.hazard, "measures": names.measure, "origin": _place,
    "risk_level": names.risk_level, "stage": names.stage, "objectives": names.objective}


def _shown(notice: Notice, field: str, lang: str) -> str:
    """The value of a field as a reader sees it."""
    value = getattr(notice, field)
    if isinstance(value, date):
        return day(value, lang)
    values: Collection[str] = value if isinstance(value, tuple) else (str(value),) if value else ()
    name = _NAMED.get(field)
    return _listed((one_line(name(each, lang) if name else each, 200) for each in values if each != "unknown"), lang)


def changes(told: Told, lang: str) -> tuple[Changed, ...]:
    """What changed against the reading the person knows."""
    return tuple(_changes(told, lang)) if told.before else ()


def _changes(told: Told, lang: str) -> Iterator[Changed]:
    if told.was_withdrawn and not told.is_withdrawn:
        yield Changed(say("状态", lang), say("已撤回", lang), say("重新发布", lang))
    for field in _LABELS:
        before, after = (_shown(notice, field, lang) for notice in (told.before, told.stored.notice) if notice)
        if before != after:
            unstated = say("未注明", lang)
            yield Changed(say(_LABELS[field], lang), before or unstated, after or unstated)
