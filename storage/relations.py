"""Notices that belong together: their names, the events that they join, the cases that they are steps of."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import timedelta
from typing import Any

from sqlalchemy import Insert, Select, delete, func, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from domain import notice as notices
from domain.notice import Notice
from domain.relations import CASE, COMMON, EVENT, MAKER, NEAR, apart, cases, in_order, names, own_case, same_matter
from storage.models import NoticeNameRow, NoticeRow
from storage.notices import StoredNotice, everything, stored
from storage.session import Database

REBUILD_BATCH = 1_000
LONGEST_CASE = 200
"""Steps of a case that are shown; the longest known has some forty."""


def relate(session: Session, source: str, written: Iterable[Notice], revised: frozenset[str] = frozenset()) -> None:
    """Keep the names of notices that were just written, and join each with the events that other sources tell of;
    ``revised`` are the external ids of those that had names before. Call it in the transaction that writes them."""
    named = {notice.external_id: (notice, found) for notice in written
             if (found := names(notice)) or notice.external_id in revised}
    if not named:
        return
    ids = _ids(session, source, list(named))
    if old := [ids[each] for each in revised if each in ids]:
        session.execute(delete(NoticeNameRow).where(NoticeNameRow.notice_id.in_(old)))
    rows = [{"name": name, "notice_id": ids[external_id]} for external_id, (_, found) in named.items() for name in found]
    if rows:
        session.execute(_insert_new(session), rows)
        _join(session, source, {ids[external_id]: each for external_id, each in named.items()})


def _ids(session: Session, source: str, external_ids: Sequence[str]) -> dict[str, int]:
    return {external_id: notice_id for external_id, notice_id in session.execute(select(
        NoticeRow.external_id, NoticeRow.id).where(NoticeRow.source == source, NoticeRow.external_id.in_(external_ids)))}


def _insert_new(session: Session) -> Insert:
    insert = postgresql.insert if session.get_bind().dialect.name == "postgresql" else sqlite.insert
    return insert(NoticeNameRow).on_conflict_do_nothing()


def _join(session: Session, source: str, named: Mapping[int, tuple[Notice, frozenset[str]]]) -> None:
    """Each notice joins the event of those of other sources that share its number, or are the same recall."""
    for notice_id, others in (*_by_number(session, source, named), *_by_maker(session, source, named)):
        for other in others:
            _unite(session, notice_id, other)


def _unite(session: Session, notice_id: int, other: int) -> None:
    """Make two events one, named after its oldest notice. An event holds one notice of a source: what a publisher tells
    twice is two events to it, and the second must not be taken for an echo of the first."""
    events = select(NoticeRow.event).where(NoticeRow.id.in_((notice_id, other)))
    rows = session.execute(select(NoticeRow.event, NoticeRow.source).where(NoticeRow.event.in_(events)).order_by(
        NoticeRow.id)).all()
    names_of = {row.event for row in rows}
    if len(names_of) > 1 and len({row.source for row in rows}) == len(rows):
        session.execute(update(NoticeRow).where(NoticeRow.event.in_(names_of)).values(event=rows[0].event))


def _sharing(prefix: str, named: Mapping[int, tuple[Notice, frozenset[str]]]) -> dict[str, list[int]]:
    """The notices that bear each name of a kind."""
    found: dict[str, list[int]] = {}
    for notice_id, (_, own) in named.items():
        for name in own:
            if name.startswith(prefix):
                found.setdefault(name, []).append(notice_id)
    return found


def _elsewhere(source: str, wanted: Iterable[str], *columns: Any) -> Select[Any]:
    """The notices of other sources that bear any of these names."""
    return select(NoticeNameRow.name, NoticeRow.id, *columns).join(NoticeRow, NoticeRow.id == NoticeNameRow.notice_id).where(
        NoticeNameRow.name.in_(list(wanted)), NoticeRow.source != source)


def _by_number(session: Session, source: str, named: Mapping[int, tuple[Notice, frozenset[str]]],
               ) -> Iterator[tuple[int, list[int]]]:
    sharing = _sharing(EVENT, named)
    others: dict[int, list[int]] = {}
    for name, other in session.execute(_elsewhere(source, sharing)) if sharing else ():
        for notice_id in sharing[name]:
            others.setdefault(notice_id, []).append(other)
    yield from others.items()


def _by_maker(session: Session, source: str, named: Mapping[int, tuple[Notice, frozenset[str]]],
              ) -> Iterator[tuple[int, list[int]]]:
    sharing = _sharing(MAKER, named)
    if not sharing:
        return
    days = [day for notice, _ in named.values() if (day := notice.event_date)]
    query = _elsewhere(source, sharing, NoticeRow.data).where(
        NoticeRow.event_on.between(min(days) - NEAR, max(days) + NEAR))
    found = session.execute(query).all()
    common = _common(session, {name for name, *_ in found})
    same: dict[int, dict[int, timedelta]] = {}
    for name, other_id, data in found:
        other = notices.from_json(data)
        for notice_id in () if name in common else sharing[name]:
            if same_matter(notice := named[notice_id][0], other):
                same.setdefault(notice_id, {})[other_id] = apart(notice, other)
    for notice_id, others in same.items():
        yield notice_id, sorted(others, key=lambda each: others[each])


def _common(session: Session, wanted: set[str]) -> set[str]:
    """The names that too many bear."""
    return set(session.scalars(select(NoticeNameRow.name).where(NoticeNameRow.name.in_(wanted)).group_by(
        NoticeNameRow.name).having(func.count() > COMMON)))


def rebuild(db: Database) -> int:
    """Name every notice anew and join the events again; gives how many bear a name. What was joined stays joined."""
    count = 0
    with db.read() as reading:
        for batch in everything(reading, REBUILD_BATCH):
            by_source: dict[str, list[Notice]] = {}
            for each in batch:
                by_source.setdefault(each.notice.source, []).append(each.notice)
            with db.write() as session:
                for source, found in by_source.items():
                    relate(session, source, found, frozenset(notice.external_id for notice in found))
                    count += sum(bool(names(notice)) for notice in found)
    return count


def case_of(session: Session, one: StoredNotice) -> list[StoredNotice]:
    """The steps of the cases that a notice belongs to, itself among them, as they came; it alone when it stands alone. Of a
    step that several publishers tell, one stands for all: itself, or the oldest."""
    notice = one.notice
    wanted = {CASE + name for name in (*cases(notice), own_case(notice.source, notice.external_id))}
    ids = set(session.scalars(select(NoticeNameRow.notice_id).where(NoticeNameRow.name.in_(wanted)).limit(LONGEST_CASE)))
    ids.update(session.scalars(select(NoticeRow.id).where(
        NoticeRow.source == notice.source, NoticeRow.external_id.in_(notice.relates_to))))
    rows = session.scalars(select(NoticeRow).where(NoticeRow.id.in_(ids)).order_by(NoticeRow.id.desc()))
    events = {each.event: each for each in stored(session, rows)} | {one.event: one}
    steps = {each.notice.key: each for each in events.values()}
    return [steps[step.key] for step in in_order(each.notice for each in steps.values())]
