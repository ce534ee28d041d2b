"""Grades that a zone gives notices instead of the system's: given, given up, remembered. Only the zone's own readers are
told by them; search counts by the system's."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.orm import Session

from domain import clock
from domain.errors import Conflict, InvalidValue, NotFound
from domain.grade import Grade, Graded
from domain.organisation import OrganisationKind
from storage import audit, organisations
from storage.models import GradeOverrideRow, NoticeRow, OrganisationRow, ZoneRow
from storage.notices import StoredNotice
from storage.session import Database


@dataclass(frozen=True, slots=True)
class Override:
    """A grade that a zone gave, or (``graded`` is None) gave up, for ``reason``. ``who`` is the editor's name or address."""

    id: int
    zone_id: int
    graded: Graded | None
    reason: str
    who: str
    at: datetime


def of_zone(session: Session, zone_id: int, notice_ids: Collection[int]) -> dict[int, Graded]:
    """The grades that a zone gave among these notices; what it gave none keeps the system's."""
    found: dict[int, Graded] = {}
    ids = list(notice_ids)
    for start in range(0, len(ids), 500):
        rows = _newest(session, GradeOverrideRow.zone_id == zone_id, GradeOverrideRow.notice_id.in_(ids[start:start + 500]))
        found.update((row.notice_id, graded) for row, graded in _read(session, rows) if graded)
    return found


def told_in(session: Session, zones: Mapping[int, Collection[int]], stored: Mapping[int, StoredNotice],
            ) -> dict[int, StoredNotice]:
    """Notices as they are told in zones (``zones`` by notice id): with the grade that one of those gave, the most urgent
    where they differ, else with the system's."""
    given = {zone_id: of_zone(session, zone_id, stored) for zone_id in {each for found in zones.values() for each in found}}
    return {notice_id: as_told(each, zones.get(notice_id, ()), given) for notice_id, each in stored.items()}


def as_told(stored: StoredNotice, zone_ids: Collection[int], given: Mapping[int, Mapping[int, Graded]]) -> StoredNotice:
    """As ``told_in`` for one notice; ``given`` holds the grades of these zones by notice."""
    found = [given[zone_id][stored.id] for zone_id in zone_ids if stored.id in given[zone_id]]
    return replace(stored, zone_grade=min(found, key=lambda each: list(Grade).index(each.grade))) if found else stored


def of_notice(session: Session, notice_id: int) -> dict[int, Graded]:
    """The grades that zones gave a notice, by zone."""
    rows = _newest(session, GradeOverrideRow.notice_id == notice_id)
    return {row.zone_id: graded for row, graded in _read(session, rows) if graded}


def history(session: Session, notice_id: int) -> list[Override]:
    """Everything that zones gave a notice or gave up, newest first."""
    rows = session.scalars(select(GradeOverrideRow).where(GradeOverrideRow.notice_id == notice_id).order_by(
        GradeOverrideRow.id.desc())).all()
    people = {each: organisations.person(session, each) for each in {row.person_id for row in rows}}
    return [Override(row.id, row.zone_id, graded, row.reason,
                     people[row.person_id].name or people[row.person_id].email, row.decided_at)
            for row, graded in _read(session, rows)]


def give(db: Database, zone_id: int, notice_id: int, person_id: int, stamp: int, grade: Grade, reason: str) -> None:
    """Let a zone's grade stand, in place of any before; nobody is mailed. ``stamp`` is the id of the newest row of zone and
    notice that the editor saw, 0 for none. Raises NotFound, InvalidValue without a reason, Conflict when somebody else of
    the zone was faster."""
    _add(db, zone_id, notice_id, person_id, stamp, grade, reason)


def give_up(db: Database, zone_id: int, notice_id: int, person_id: int, stamp: int, reason: str) -> None:
    """Let the system's grade stand again. Raises as ``give`` does, and Conflict when the zone gave none."""
    _add(db, zone_id, notice_id, person_id, stamp, None, reason)


def _add(db: Database, zone_id: int, notice_id: int, person_id: int, stamp: int, grade: Grade | None, reason: str) -> None:
    if not reason.strip():
        raise InvalidValue("a grade of a zone needs a reason")
    with db.write() as session:
        if session.scalar(select(NoticeRow.id).where(NoticeRow.id == notice_id).with_for_update()) is None:
            raise NotFound(f"there is no notice {notice_id}")
        before = next(iter(_newest(
            session, GradeOverrideRow.zone_id == zone_id, GradeOverrideRow.notice_id == notice_id)), None)
        if stamp != (before.id if before else 0):
            raise Conflict(f"zone {zone_id} graded notice {notice_id} meanwhile")
        if grade is None and (before is None or before.grade is None):
            raise Conflict(f"zone {zone_id} gave notice {notice_id} no grade")
        row = GradeOverrideRow(zone_id=zone_id, notice_id=notice_id, grade=grade.value if grade else None, reason=reason,
                               person_id=person_id, decided_at=clock.now())
        session.add(row)
        session.flush()
        audit.add(session, f"person:{person_id}", "grade_notice" if grade else "ungrade_notice", f"notice:{notice_id}", {
            "override": row.id, "zone": zone_id, "grade": row.grade, "reason": reason})


def _newest(session: Session, *wanted: ColumnElement[bool]) -> Sequence[GradeOverrideRow]:
    """The rows that count among those that are wanted: the newest of each zone and notice."""
    newest = select(func.max(GradeOverrideRow.id)).where(*wanted).group_by(
        GradeOverrideRow.zone_id, GradeOverrideRow.notice_id)
    return session.scalars(select(GradeOverrideRow).where(GradeOverrideRow.id.in_(newest)).order_by(
        GradeOverrideRow.zone_id, GradeOverrideRow.notice_id)).all()


def _read(session: Session, rows: Sequence[GradeOverrideRow]) -> list[tuple[GradeOverrideRow, Graded | None]]:
    names = {zone_id: _association(session, zone_id) for zone_id in {row.zone_id for row in rows}}
    return [(row, Graded(Grade(row.grade), row.reason, names[row.zone_id]) if row.grade else None) for row in rows]


def _association(session: Session, zone_id: int) -> tuple[str, str]:
    """What a zone's association is called, in English and Chinese; it has but one name of its own."""
    zone = session.get_one(ZoneRow, zone_id)
    name = session.scalar(select(OrganisationRow.name).where(
        OrganisationRow.zone_id == zone_id, OrganisationRow.kind == OrganisationKind.ASSOCIATION.value).order_by(
            OrganisationRow.id).limit(1))
    return f"The association of the {zone.name_en}", name or zone.name
