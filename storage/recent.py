"""What was published lately, as often as it would have been news."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta

from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session

from domain import clock
from storage import notices
from storage.models import NoticeRow, NoticeVersionRow, SourceRunRow
from storage.notices import StoredNotice

BATCH = 500


@dataclass(frozen=True, slots=True)
class Recent:
    """A notice that was news ``times`` times: when it was published, and at each material change seen since."""

    stored: StoredNotice
    times: int


def recent(session: Session, span: timedelta, *, relevant_only: bool) -> Iterator[Recent]:
    """The notices published, or materially changed, within a span before today, in the order in which they came. Changes
    count where the run that saw them was one that may alert; a date in the future, which is a mistake, does not count."""
    since = clock.today() - span
    changed = _changed(session, datetime.combine(since, time.min, UTC))
    published = (NoticeRow.event_on >= since) & (NoticeRow.event_on <= notices.tomorrow())
    query = select(NoticeRow.id, NoticeRow.event_on).where(or_(published, NoticeRow.id.in_(changed)))
    if relevant_only:
        query = query.where(NoticeRow.relevant.is_(True))
    rows = session.execute(query.order_by(NoticeRow.id)).all()
    for start in range(0, len(rows), BATCH):
        part = rows[start:start + BATCH]
        found = notices.by_ids(session, [row.id for row in part])
        for row in part:
            fresh = row.event_on is not None and since <= row.event_on <= notices.tomorrow()
            yield Recent(found[row.id], fresh + changed[row.id])


def _changed(session: Session, since: datetime) -> Counter[int]:
    """How many material changes of each notice were seen since a moment."""
    rows = session.execute(
        select(NoticeVersionRow.notice_id, func.count()).join(SourceRunRow, SourceRunRow.id == NoticeVersionRow.run_id)
        .where(NoticeVersionRow.version > 1, NoticeVersionRow.material.is_(True), NoticeVersionRow.seen_at >= since,
               SourceRunRow.alerting.is_(True)).group_by(NoticeVersionRow.notice_id))
    return Counter({notice_id: count for notice_id, count in rows})
