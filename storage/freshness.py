"""Freshness log: when the publisher dated a notice, when we first saw it, when it could be found, when it was mailed.

Only what came after the first load counts: of decades read at once nobody can say how fast they were seen.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from sqlalchemy import Select, func, select
from sqlalchemy.orm import Session

from domain import clock
from domain.source import RunKind
from storage.emails import EmailState
from storage.models import EmailRow, MatchRow, NoticeRow, NoticeVersionRow, SourceRunRow

YEAR = timedelta(days=365)


@dataclass(frozen=True, slots=True)
class Lapse:
    """The way of one notice: the publisher's date (a calendar date, None when not stated) and our moments; ``indexed_at``
    and ``mailed_at`` are None for what has not been, or was nobody's to be mailed."""

    notice_id: int
    external_id: str
    title: str
    published_on: date | None
    seen_at: datetime
    indexed_at: datetime | None
    mailed_at: datetime | None

    @property
    def to_seen(self) -> timedelta | None:
        """From the beginning of the publisher's day (UTC) until we saw it: an upper bound, since publishers state no hour.
        Nothing for what is dated ahead."""
        if self.published_on is None:
            return None
        found = self.seen_at - datetime.combine(self.published_on, time.min, UTC)
        return found if found >= timedelta(0) else None

    @property
    def to_indexed(self) -> timedelta | None:
        """From then until it could be found."""
        return self.indexed_at - self.seen_at if self.indexed_at else None

    @property
    def to_mailed(self) -> timedelta | None:
        """From when we saw it until the first mail about it was taken by a server."""
        return self.mailed_at - self.seen_at if self.mailed_at else None


@dataclass(frozen=True, slots=True)
class Spread:
    """How long a step takes: for half of ``count`` notices at most ``p50``, for 95 of 100 at most ``p95``."""

    count: int
    p50: timedelta
    p95: timedelta


@dataclass(frozen=True, slots=True)
class Freshness:
    """The steps of the notices of a source in the last year; None where nothing has taken a step."""

    to_seen: Spread | None
    to_indexed: Spread | None
    to_mailed: Spread | None


def lapses(session: Session, slug: str, limit: int | None = None) -> list[Lapse]:
    """The notices of a source that came in the last year after its first load, the newest first."""
    return [Lapse(*row) for row in session.execute(_query(slug).limit(limit))]


def freshness(session: Session, slug: str) -> Freshness:
    """How fast the notices of a source were, as far as the log goes."""
    found = lapses(session, slug)
    return Freshness(_spread(each.to_seen for each in found), _spread(each.to_indexed for each in found),
                     _spread(each.to_mailed for each in found))


def _query(slug: str) -> Select[Any]:
    first_mail = (select(func.min(EmailRow.sent_at)).join(MatchRow, MatchRow.email_id == EmailRow.id)
                  .where(MatchRow.notice_id == NoticeRow.id, EmailRow.state == EmailState.SENT.value).scalar_subquery())
    title = NoticeRow.data["title"].as_string()
    return (select(NoticeRow.id, NoticeRow.external_id, title, NoticeRow.event_on, NoticeRow.first_seen_at,
                   NoticeRow.indexed_at, first_mail)
            .join(NoticeVersionRow, (NoticeVersionRow.notice_id == NoticeRow.id) & (NoticeVersionRow.version == 1))
            .join(SourceRunRow, SourceRunRow.id == NoticeVersionRow.run_id)
            .where(NoticeRow.source == slug, SourceRunRow.alerting.is_(True), SourceRunRow.kind == RunKind.CRAWL.value,
                   NoticeRow.first_seen_at > clock.now() - YEAR)
            .order_by(NoticeRow.first_seen_at.desc(), NoticeRow.id.desc()))


def _spread(steps: Iterable[timedelta | None]) -> Spread | None:
    found = sorted(step for step in steps if step is not None)
    return Spread(len(found), _at(found, 50), _at(found, 95)) if found else None


def _at(ordered: Sequence[timedelta], percent: int) -> timedelta:
    """The nearest-rank percentile: the least value that so many of a hundred do not exceed."""
    return ordered[max(0, -(-len(ordered) * percent // 100) - 1)]
