"""The grades of a day: what the calendar alone has changed reaches the index. Nobody is mailed because of it."""

from __future__ import annotations

import time
from collections.abc import Sequence

from sqlalchemy import insert, select, update
from sqlalchemy.orm import Session

from storage import changes, notices
from storage.models import ChangeRow, NoticeRow, SourceRow
from storage.session import Database

BATCH = 500
BUSY_SECONDS = 0.05


def regrade(db: Database) -> int:
    """Give every indexed notice its grade of today, and let the index follow where that is another; gives how many moved.
    Running it again, on any day and after a kill at any moment, moves only what differs then."""
    with db.read() as session:
        ids = _candidates(session)
    return sum(_regrade(db, ids[start:start + BATCH]) for start in range(0, len(ids), BATCH))


def _candidates(session: Session) -> Sequence[int]:
    """Notices of our industries: no day makes others anything but plain. The first condition is what the index is by."""
    return session.scalars(select(NoticeRow.id).where(
        NoticeRow.source.in_(select(SourceRow.slug)), NoticeRow.relevant.is_(True)).order_by(NoticeRow.id)).all()


def _regrade(db: Database, ids: Sequence[int]) -> int:
    with db.read() as session:
        waiting = set(_moved(session, ids))
    done = 0
    while waiting:
        with db.write() as session:  # it waits for nobody: a crawl may want the same rows in another order
            free = session.scalars(select(NoticeRow.id).where(NoticeRow.id.in_(waiting)).with_for_update(
                skip_locked=True)).all()
            done += _keep(session, _moved(session, free))
        waiting.difference_update(free)
        if waiting:
            time.sleep(BUSY_SECONDS)
    return done


def _moved(session: Session, ids: Sequence[int]) -> dict[int, tuple[int, str]]:
    """Of these notices those whose grade is not the one that the index holds: their versions and grades. What is not yet
    indexed will be, with its grade of that day."""
    rows = session.execute(select(NoticeRow.id, NoticeRow.grade).where(
        NoticeRow.id.in_(ids), NoticeRow.indexed_at.is_not(None)))
    kept = {notice_id: value for notice_id, value in rows}
    return {each.id: (each.version, each.grade.grade.value) for each in notices.by_ids(session, list(kept)).values()
            if each.grade.grade != kept[each.id]}


def _keep(session: Session, moved: dict[int, tuple[int, str]]) -> int:
    if moved:
        session.execute(update(NoticeRow), [{"id": each, "grade": value} for each, (_, value) in moved.items()])
        session.execute(insert(ChangeRow), [row for each, (version, _) in moved.items() for row in changes.rows(
            changes.NOTICE, each, version, False, None, (changes.INDEX,))])
    return len(moved)
