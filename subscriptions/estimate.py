"""How many alerts a subscription would have brought lately, by the matcher itself."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta

from domain.criteria import Criteria, Scope, facts, matches
from domain.errors import InvalidValue
from domain.relations import covering
from domain.subscription import Frequency
from storage.notices import StoredNotice
from storage.recent import Recent, recent
from storage.session import Database
from subscriptions.phrases import say

SPAN = timedelta(days=100)
EXAMPLES = 5
MOST_AT_ONCE = 100
"""Alerts within SPAN, one a day, above which a subscription is told in digests only."""
MOST = 2_000
"""Alerts within SPAN, twenty a day, above which it is refused."""


@dataclass(frozen=True, slots=True)
class Estimate:
    """What SPAN would have brought: ``alerts`` told, each event once, on ``days`` different days of publication, and the
    newest examples of those counted. Counting ends above MOST (``is_cut``)."""

    alerts: int
    days: int
    examples: tuple[StoredNotice, ...]

    @property
    def is_cut(self) -> bool:
        """Whether there may be more than was counted."""
        return self.alerts > MOST

    @property
    def is_too_broad(self) -> bool:
        """Whether nobody could read as much."""
        return self.is_cut

    @property
    def needs_digest(self) -> bool:
        """Whether as many single mails would be noise."""
        return self.alerts > MOST_AT_ONCE


_TOO_BROAD = ("条件过宽：最近 100 天会有 {count} 条以上提醒，没有人读得完。"
              "请增加产品类别、目标市场或关键词，缩小范围。")
_TOO_OFTEN = ("按这些条件，最近 100 天会有 {count} 条提醒，平均每天超过一条。"
              "请改为每日、每周或每月摘要，或缩小范围。")


class TooBroad(InvalidValue):
    """Criteria that would bring too much; ``estimate`` holds the figure. A digest would do unless it is too broad."""

    def __init__(self, estimate: Estimate, lang: str) -> None:
        self.estimate = estimate
        said = _TOO_BROAD if estimate.is_too_broad else _TOO_OFTEN
        super().__init__(say(said, lang, count=MOST if estimate.is_cut else estimate.alerts))


def estimate(db: Database, criteria: Criteria) -> Estimate:
    """What criteria would have brought within SPAN. A second publisher of an event counts only where it adds a market, as it
    does for the matcher; a material change counts again."""
    with db.read() as session:
        return count(recent(session, SPAN, relevant_only=criteria.scope is Scope.RELEVANT), criteria)


def count(news: Iterable[Recent], criteria: Criteria) -> Estimate:
    """What criteria would have brought of these notices, which come in the order in which they were news."""
    openers: dict[str, int] = {}
    told: list[StoredNotice] = []
    alerts = 0
    for each in news:
        stored = each.stored
        found = facts(stored.notice, stored.classification, stored.grade)
        if alerts <= MOST and matches(criteria, found) and _opens(openers, stored):
            told.append(stored)
            alerts += each.times
    newest = sorted(told, key=lambda stored: (stored.notice.event_date or date.min, stored.id), reverse=True)
    return Estimate(alerts, len({each.notice.event_date for each in told}), tuple(newest[:EXAMPLES]))


def _opens(openers: dict[str, int], stored: StoredNotice) -> bool:
    market = stored.notice.market
    if any(f"{stored.event}@{wider}" in openers for wider in covering(market)):
        return False
    return openers.setdefault(f"{stored.event}@{market}", stored.id) == stored.id


def check(found: Estimate, frequency: Frequency, lang: str) -> None:
    """Raises TooBroad for criteria that bring too much for this frequency."""
    if found.is_too_broad or (found.needs_digest and frequency is Frequency.IMMEDIATE):
        raise TooBroad(found, lang)
