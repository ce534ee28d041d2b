"""The gist of a notice for a mail: built from our vocabularies and the publisher's own words, never translated by machine,
never invented. What the publisher does not state is left out."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from domain import clock
from domain.classification import Confidence, Evidence
from domain.criteria import Criteria, Facts, contains, facts, subjects
from domain.decision import DECIDED
from domain.grade import REASONS
from domain.notice import Notice, NoticeKind
from domain.product_type import ADJACENT_TYPES
from domain.text import has_cjk
from storage.notices import StoredNotice
from storage.publishers import SourceName
from subscriptions import names
from subscriptions.inert import one_line, web_link
from subscriptions.news import Told
from subscriptions.phrases import is_chinese, say
from subscriptions.times import HERE

MOST_ENDING = 3
"""Letters in which a word of the vocabulary and the publisher's may differ at the end (compressor, compressors)."""
MOST_REASONS = 4
MOST_VALUES = 8
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
class Why:
    """Subscriptions that a notice met for the same reasons."""

    labels: tuple[str, ...]
    reasons: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Line:
    """A notice on one line."""

    title: str
    title_lang: str
    page_url: str
    grade: str
    grade_name: str
    kind: str
    about: str
    market: str
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
                names.grade(grade, lang), names.kind(notice.kind.value, lang), _about(stored, lang),
                names.place(notice.market, lang), stored.status.value == "withdrawn")


def gist(told: Told, sources: Mapping[str, SourceName], base_url: str, lang: str) -> Gist:
    """A notice in full for the person it is told to."""
    stored = told.stored
    found = facts(stored.notice, stored.classification)
    return Gist(line(stored, base_url, lang, 300), REASONS[stored.grade.reason][1 if is_chinese(lang) else 0],
                _summary(stored.notice, lang), one_line(stored.notice.summary, EXCERPT), web_link(stored.notice.url),
                tuple(_rows(stored, sources, lang)), tuple(_changes(told, lang)), tuple(_whys(told, found, lang)))


def today() -> date:
    """The date where the readers are."""
    return clock.now().astimezone(HERE).date()


def day(value: date, lang: str) -> str:
    """A calendar date."""
    return value.isoformat() if is_chinese(lang) else f"{value.day} {value:%b %Y}"


def _lang_tag(tag: str) -> str:
    return tag if tag.isascii() and tag.replace("-", "").isalnum() and len(tag) <= 12 else "und"


def _about(stored: StoredNotice, lang: str) -> str:
    """What a notice is about in a word or two: our product type, else the rule, else a near neighbour of our products, else
    the publisher's product, else its kind."""
    sure = sorted(stored.classification.sure_product_types()), sorted(stored.classification.sure_horizontal())
    if sure[0]:
        return names.product_type(sure[0][0], lang)
    if sure[1]:
        return names.regulation(sure[1][0], lang)
    near = [ADJACENT_TYPES[each] for each in sorted(stored.classification.adjacent) if each in ADJACENT_TYPES]
    if near:
        return near[0].name(lang)
    return one_line(stored.notice.product, 40) or names.kind(stored.notice.kind.value, lang)


def _summary(notice: Notice, lang: str) -> str:
    """What is wrong, what was done and until when one may speak up, in one line; empty when nothing of it is stated."""
    parts = [_shown(notice, field, lang) for field in ("hazards", "risk_level", "measures")]
    if notice.comment_deadline:
        parts.append(say("评议截止 {day}（{left}）", lang, day=day(notice.comment_deadline, lang),
                         left=_days_left(notice.comment_deadline, lang)))
    return say("；", lang).join(part for part in parts if part)


def _rows(stored: StoredNotice, sources: Mapping[str, SourceName], lang: str) -> Iterator[Row]:
    notice, found = stored.notice, stored.classification
    floor = Confidence.LOW
    own_words = one_line(" · ".join(each for each in (notice.product, notice.brand, notice.model) if each.strip()), 200)
    values = (
        ("目标市场", names.place(notice.market, lang)),
        ("类别", names.kind(notice.kind.value, lang)),
        ("产品类别", _findings(found.product_types, names.product_type, floor, lang)),
        ("相关法规", _findings(found.horizontal, names.regulation, floor, lang)),
        ("阶段", _shown(notice, "stage", lang) if notice.kind is NoticeKind.STANDARD else ""),
        ("产品（原文）", own_words if notice.product.strip() != notice.title.strip() else ""),
        ("危害", _shown(notice, "hazards", lang)),
        ("风险等级", _shown(notice, "risk_level", lang)),
        ("措施", _shown(notice, "measures", lang)),
        ("原产地", _place(notice.origin, lang)),
        ("通报国", _place(notice.notifying_country, lang)),
        ("发布机构", _publisher(sources.get(notice.source), notice, lang)),
    )
    yield from (Row(say(label, lang), value) for label, value in values if value)
    yield from _dates(notice, lang)


def _dates(notice: Notice, lang: str) -> Iterator[Row]:
    if notice.published_on:
        yield Row(say("发布日期", lang), day(notice.published_on, lang))
    elif notice.updated_on:
        yield Row(say("更新日期", lang), day(notice.updated_on, lang))
    if notice.comment_deadline:
        yield Row(say("评议截止", lang), day(notice.comment_deadline, lang), _days_left(notice.comment_deadline, lang))
    if notice.effective_on:
        yield Row(say("生效日期", lang), day(notice.effective_on, lang))


def _days_left(deadline: date, lang: str) -> str:
    days = (deadline - today()).days
    if days < 0:
        return say("已截止", lang)
    return say("还剩 {days} 天", lang, days=days) if days else say("今天截止", lang)


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


def _listed(values: Iterable[str], lang: str) -> str:
    found = list(dict.fromkeys(value for value in values if value))
    text = say("、", lang).join(found[:MOST_VALUES])
    return say("{list}等 {count} 项", lang, list=text, count=len(found)) if len(found) > MOST_VALUES else text


_LABELS = {"kind": "类别", "market": "目标市场", "product": "产品（原文）", "hs_codes": "HS 编码", "ics_codes": "ICS 编码",
           "hazards": "危害", "risk_level": "风险等级", "measures": "措施", "comment_deadline": "评议截止",
           "effective_on": "生效日期", "stage": "阶段"}
"""The material fields, and the stage, which is material where a card says so."""
_NAMED: Mapping[str, Callable[[str, str], str]] = {
    "kind": names.kind, "market": names.place, "hazards": names.hazard, "measures": names.measure,
    "risk_level": names.risk_level, "stage": names.stage}


def _shown(notice: Notice, field: str, lang: str) -> str:
    """The value of a field as a reader sees it."""
    value = getattr(notice, field)
    if isinstance(value, date):
        return day(value, lang)
    values: Collection[str] = value if isinstance(value, tuple) else (str(value),) if value else ()
    name = _NAMED.get(field)
    return _listed((name(each, lang) if name else one_line(each, 200) for each in values if each != "unknown"), lang)


def _changes(told: Told, lang: str) -> Iterator[Changed]:
    """What changed against the reading the person knows."""
    if told.before is None:
        return
    if told.was_withdrawn and not told.is_withdrawn:
        yield Changed(say("状态", lang), say("已撤回", lang), say("重新发布", lang))
    for field in _LABELS:
        before, after = (_shown(notice, field, lang) for notice in (told.before, told.stored.notice))
        if before != after:
            unstated = say("未注明", lang)
            yield Changed(say(_LABELS[field], lang), before or unstated, after or unstated)


_WHERE = {"title": "标题", "product": "产品名称", "codes": "HS/ICS 编码", "category": "来源类别", "body": "正文"}
"""Fields that evidence comes from, the most telling first."""


def _whys(told: Told, found: Facts, lang: str) -> Iterator[Why]:
    """What in the notice met its subscriptions: the words they ask for and where these stand; products and rules with the
    evidence that the classifier saw."""
    by_reasons: dict[tuple[str, ...], list[str]] = {}
    for each in told.subscriptions:
        picked = [_picked(group, found) for group in each.criteria.any_words]
        reasons = [_by_word(word, found, lang) for word in dict.fromkeys((*each.criteria.words, *picked))]
        reasons += [_by_finding(subject, told.stored, lang) for subject in _met(each.criteria, found)]
        by_reasons.setdefault(tuple(reasons[:MOST_REASONS]), []).append(one_line(each.label, 120))
    yield from (Why(tuple(dict.fromkeys(labels)), reasons) for reasons, labels in by_reasons.items())


def _met(criteria: Criteria, found: Facts) -> list[str]:
    """The findings that a subscription asks for; all that count when it asks neither for any nor for words."""
    present = subjects(found.product_types, criteria.scope) | subjects(found.regulations, criteria.scope)
    asked = criteria.product_types | criteria.regulations
    return sorted(present & asked if asked else frozenset() if criteria.all_words else present)


def _picked(group: Sequence[str], found: Facts) -> str:
    """The word of a group that a notice holds, one of the title if there is any."""
    held = [word for word in group if contains(found.tokens, word)]
    return next((word for word in held if contains(found.title_tokens, word)), held[0] if held else "")


def _by_word(word: str, found: Facts, lang: str) -> str:
    in_title = contains(found.title_tokens, word)
    return say("标题中的关键词“{word}”" if in_title else "正文中的关键词“{word}”", lang, word=one_line(word, 60))


def _by_finding(subject: str, stored: StoredNotice, lang: str) -> str:
    """A finding with its best evidence: from the title if there is any, in the publisher's own letters if they can be
    found again, the longest."""
    name = names.product_type if subject in stored.classification.product_types else names.regulation
    seen = [(list(_WHERE).index(each.where) if each.where in _WHERE else len(_WHERE), not written, -len(what), what, each)
            for each in stored.classification.evidence if each.subject == subject and not each.rule.startswith("vetoed")
            for written, what in [_as_written(each, stored.notice)]]
    if not seen:
        return name(subject, lang)
    *_, what, best = min(seen, key=lambda piece: piece[:4])
    if best.rule == DECIDED:
        return say("{name}：编辑判定", lang, name=name(subject, lang))
    return say("{name}：{where}中的“{what}”", lang, name=name(subject, lang), what=what,
               where=say(_WHERE.get(best.where, best.where), lang))


def _as_written(evidence: Evidence, notice: Notice) -> tuple[bool, str]:
    """Whether the evidence can be found again in its field, and how it is written there."""
    text = {"title": notice.title, "product": notice.product, "category": notice.category,
            "body": notice.summary}.get(evidence.where, "")
    for cut in range(MOST_ENDING + 1):
        stem = re.escape(evidence.what[:len(evidence.what) - cut])
        found = re.search(stem if has_cjk(stem) else rf"(?<!\w){stem}[^\W\d_]*", text, re.IGNORECASE)
        if found and len(evidence.what) > 2 * cut:
            return True, one_line(found.group(), 80)
    return False, one_line(evidence.what, 80)
