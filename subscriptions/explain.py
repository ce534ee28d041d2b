"""Why a person was told of a notice, or was not: each of their subscriptions, what it asked, what became of it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from domain.criteria import Criteria, Facts, facts, misfits
from domain.errors import NotFound
from domain.grade import Graded
from domain.organisation import Person
from domain.source import RunKind
from domain.subscription import Edit, Topic, asked_at, strays
from storage import changes, edits, grade_overrides, organisations, subscriptions
from storage.lineage import ChangeStep, Lineage, MailStep, MatchStep, lineage
from storage.notices import StoredNotice
from storage.session import Database
from storage.subscriptions import Term
from subscriptions import names
from subscriptions.describe import describe
from subscriptions.inert import one_line
from subscriptions.phrases import say
from subscriptions.times import moment


@dataclass(frozen=True, slots=True)
class Verdict:
    """One subscription: whether the notice met it, why (not), and what became of it, each a sentence."""

    label: str
    criteria: str
    matched: bool
    reasons: tuple[str, ...]
    steps: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Account:
    """What a person was told of a notice; no verdicts when they never subscribed to anything."""

    stored: StoredNotice
    person: Person
    verdicts: tuple[Verdict, ...]

    @property
    def was_told(self) -> bool:
        """Whether any subscription was met."""
        return any(each.matched for each in self.verdicts)


def account(db: Database, notice_id: int, person_id: int, lang: str = "zh") -> Account:
    """Why a person was told of a notice, or was not. Only reads. Raises NotFound."""
    with db.read() as session:
        way = lineage(session, notice_id)
        person = organisations.person(session, person_id)
        terms = subscriptions.terms(session, person_id, Topic.NOTICES)
        given = grade_overrides.of_notice(session, notice_id)
        edited = edits.of(session, [each.subscription.id for each in terms])
    return Account(way.stored, person, tuple(_verdict(
        way, _Asked(each, edited.get(each.subscription.id, ())),
        _facts(way.stored, given.get(each.subscription.zone_id or person.zone_id or 0)), lang) for each in terms))


@dataclass(frozen=True, slots=True)
class _Asked:
    """A subscription and how it was edited, oldest first."""

    term: Term
    edits: Sequence[Edit]

    @property
    def criteria(self) -> Criteria:
        """What it asks for now."""
        return self.term.subscription.criteria

    def at(self, at: datetime) -> Criteria:
        """What it asked for at a moment."""
        return asked_at(self.criteria, self.edits, at)

    def since(self, at: datetime, lang: str) -> Iterator[str]:
        """A sentence on what it asked for at a moment, if that was something else."""
        if (before := self.at(at)) != self.criteria:
            edited = next(each.at for each in self.edits if at <= each.at)
            yield say("订阅条件已于 {time} 修改，此前为：{criteria}。", lang, time=moment(edited, lang),
                      criteria=describe(before, lang))


def _facts(stored: StoredNotice, given: Graded | None) -> Facts:
    """What criteria are matched against, with the grade that the zone gave if it gave one."""
    return facts(stored.notice, stored.classification, given or stored.grade)


def person_at(db: Database, address: str) -> int:
    """The id of the person whose address this is. Raises NotFound, or InvalidValue for what is no address."""
    with db.read() as session:
        person = organisations.person_by_email(session, address)
    if person is None:
        raise NotFound("nobody has confirmed this address")
    return person.id


def _verdict(way: Lineage, asked: _Asked, found: Facts, lang: str) -> Verdict:
    met = [each for each in way.matches if each.subscription_id == asked.term.subscription.id]
    reasons = tuple(_why(asked, met, lang) if met else _why_not(way, asked, found, lang))
    steps = tuple(step for each in met for step in _steps(way, asked, each, found, lang))
    return Verdict(one_line(asked.term.subscription.label, 120), describe(asked.criteria, lang), bool(met), reasons, steps)


def _why(asked: _Asked, met: Sequence[MatchStep], lang: str) -> Iterator[str]:
    last = met[-1].created_at
    yield say("符合条件" if asked.at(last) == asked.criteria else "符合当时的条件", lang)
    yield from asked.since(last, lang)


def _why_not(way: Lineage, asked: _Asked, found: Facts, lang: str) -> Iterator[str]:
    """What the criteria of the time, or else those of today, lack; else what of time or of the house rules stood between."""
    news = [each for each in way.changes if each.consumer == changes.MATCH]
    at = max((each.created_at for each in news if each.alert), default=way.versions[0].version.seen_at)
    missed = misfits(asked.at(at), found) or misfits(asked.criteria, found)
    yield from (_misfit(part, found, lang) for part in missed)
    yield from asked.since(at, lang)
    if reason := _why_untold(way, asked.term, news, lang):
        yield reason
    elif not missed:
        yield say("当时不符合条件；此后信息、分类或订阅条件有过变化。", lang)


def _why_untold(way: Lineage, term: Term, news: list[ChangeStep], lang: str) -> str:
    alerting = [each for each in news if each.alert]
    begun, ended = term.confirmed_at, term.ended_at
    if begun is None:
        return say("订阅尚未通过邮件确认。", lang)
    if not news:
        return say("变更记录已超过 30 天，不再保留。", lang)
    if not alerting:
        return say("该信息不发预警：{why}", lang, why=_why_silent(way, news[0], lang))
    if all(each.created_at < begun for each in alerting):
        return say("订阅于 {time} 生效，晚于该信息。", lang, time=moment(begun, lang))
    if ended is not None and all(each.created_at > ended for each in alerting):
        return say("订阅已于 {time} 结束。", lang, time=moment(ended, lang))
    if any(each.done_at is None for each in alerting):
        return say("该信息正在等待匹配。", lang)
    return ""


def _why_silent(way: Lineage, change: ChangeStep, lang: str) -> str:
    """Which of the rules of ADR 4 it was."""
    step = next((each for each in way.versions if each.version.version == change.version), None)
    if change.run and change.run.kind is RunKind.REPARSE:
        return say("重新解析已存的原始记录，不提醒任何人。", lang)
    if change.run and not change.run.alerting:
        return say("来源首次采集，或解析程序更新后的首次采集。", lang)
    if step and not step.version.material:
        return say("没有实质变化。", lang)
    return say("旧信息重新发布。", lang)


_SINGLE: dict[str, tuple[str, Callable[[str, str], str]]] = {
    "markets": ("market", names.place), "kinds": ("kind", names.kind), "origins": ("origin", names.place),
    "grades": ("grade", names.grade)}
"""Criteria of which a notice has one value."""
_DROPPED = {"the subscription ended": "订阅已结束。", "an earlier mail told it": "此前的邮件已告知。",
            "no verified address": "没有已确认的邮箱。",
            "the subscription was changed": "订阅条件修改后，不再包括该信息。"}
"""Why a match goes untold (subscriptions.news)."""


def _misfit(part: Criteria, found: Facts, lang: str) -> str:
    wanted = describe(part, lang).removeprefix(say("全部来源", lang) + " · ")
    for name, (fact, shown) in _SINGLE.items():
        value = getattr(found, fact)
        if getattr(part, name) and value:
            return say("条件不符：要求 {wanted}，该信息为 {value}。", lang, wanted=wanted, value=shown(value, lang))
    return say("条件不符：{wanted}", lang, wanted=wanted)


def _steps(way: Lineage, asked: _Asked, match: MatchStep, found: Facts, lang: str) -> Iterator[str]:
    yield say("{time} 命中", lang, time=moment(match.created_at, lang))
    if match.notice_id != way.stored.id:
        yield say("由同一事件的另一条信息（编号 {id}）告知。", lang, id=match.notice_id)
    if match.dropped_why:
        yield say("未发送：{why}", lang, why=say(_DROPPED.get(match.dropped_why, match.dropped_why), lang))
    elif match.mail:
        yield from _of_mail(match.mail, lang)
    elif match.notice_id == way.stored.id and strays(asked.at(match.created_at), asked.criteria, found):
        yield say("订阅条件修改后不再包括该信息，到时不会发送。", lang)
    else:
        yield say("等待写入下一封邮件。", lang)


def _of_mail(mail: MailStep, lang: str) -> Iterator[str]:
    yield say("{time} 写成邮件 {id}", lang, time=moment(mail.created_at, lang), id=mail.message_id)
    for at, said in ((mail.sent_at, "{time} 邮件服务器已接收"), (mail.bounced_at, "{time} 被退回")):
        if at:
            yield say(said, lang, time=moment(at, lang))
    if not mail.sent_at:
        yield say("状态：{state}，已尝试 {count} 次", lang, state=mail.state, count=mail.attempts)
    if mail.last_error:
        yield say("最近的错误：{error}", lang, error=one_line(mail.last_error, 300))

