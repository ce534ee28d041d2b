"""Findings of another classifier for stored notices: compared with what is kept, and kept. Nobody is mailed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from sqlalchemy import insert, select, update
from sqlalchemy.orm import Session

from domain import classification as classifications
from domain.classification import Classification
from storage import changes
from storage.decisions import Kept, kept, standing
from storage.models import ChangeRow, NoticeRow
from storage.notices import StoredNotice, stored

_COLUMNS = (NoticeRow.id, NoticeRow.version, NoticeRow.material_version, NoticeRow.classification, NoticeRow.found,
            NoticeRow.review, NoticeRow.classifier_version)


@dataclass(frozen=True, slots=True)
class Shift:
    """A notice of which another finding is kept now, or would be. ``before`` and ``after`` are what counts, a decision put
    over the finding; ``is_decided`` says whether one stands, ``review`` whether an editor should look now and need not
    before."""

    stored: StoredNotice
    before: Classification
    after: Classification
    is_decided: bool
    review: bool


def batch(session: Session, after: int, limit: int, outdated: int | None = None) -> list[StoredNotice]:
    """The next notices beyond the id ``after``, by id; with ``outdated`` only those whose finding comes from another
    classifier version than this."""
    query = select(NoticeRow).where(NoticeRow.id > after).order_by(NoticeRow.id).limit(limit)
    if outdated is not None:
        query = query.where(NoticeRow.classifier_version != outdated)
    return stored(session, session.scalars(query))


def compare(session: Session, found: Sequence[tuple[StoredNotice, Classification]]) -> list[Shift]:
    """What keeping these findings would change; notices that were revised since they were read are left out."""
    return [_shift(*pair) for pair in _pairs(session, found, _rows(session, found)) if _differs(*pair[1:])]


def keep(session: Session, found: Sequence[tuple[StoredNotice, Classification]], classifier_version: int,
         ) -> tuple[list[Shift], frozenset[int]]:
    """Keep these findings under the decisions that stand, and let the index follow, in the caller's transaction; at most
    500. Gives what changed, as ``compare`` does, and the ids of notices that somebody else is writing at this moment: they
    are left as they are. It waits for nobody, since it holds many rows that crawls may want in another order."""
    rows = _rows(session, found, locked=True)
    pairs = _pairs(session, found, rows)
    differing = [pair for pair in pairs if _differs(*pair[1:])]
    shifts = [_shift(*pair) for pair in differing]
    if differing:
        session.execute(update(NoticeRow), [
            {"id": row.id, "classifier_version": classifier_version, **asdict(now)} for _, row, now in differing])
    if log := [each for shift in shifts if shift.before != shift.after for each in changes.rows(
            changes.NOTICE, shift.stored.id, shift.stored.version, False, None, (changes.INDEX,))]:
        session.execute(insert(ChangeRow), log)
    if same := [row.id for _, row, now in pairs if not _differs(row, now) and row.classifier_version != classifier_version]:
        session.execute(update(NoticeRow).where(NoticeRow.id.in_(same)).values(classifier_version=classifier_version))
    return shifts, frozenset(notice.id for notice, _ in found) - rows.keys()


def _rows(session: Session, found: Sequence[tuple[StoredNotice, Classification]], locked: bool = False) -> dict[int, Any]:
    query = select(*_COLUMNS).where(NoticeRow.id.in_([notice.id for notice, _ in found]))
    return {row.id: row for row in session.execute(query.with_for_update(skip_locked=True) if locked else query)}


def _pairs(session: Session, found: Sequence[tuple[StoredNotice, Classification]], rows: Mapping[int, Any],
           ) -> list[tuple[StoredNotice, Any, Kept]]:
    """The notices that still are what was classified: with their rows, and with what is to be kept of them."""
    decisions = standing(session, rows.keys())
    return [(notice, row, kept(finding, decisions.get(notice.id), row.material_version)) for notice, finding in found
            if (row := rows.get(notice.id)) and row.version == notice.version]


def _differs(row: Any, now: Kept) -> bool:
    return bool((row.classification, row.found, row.review) != (now.classification, now.found, now.review))


def _shift(notice: StoredNotice, row: Any, now: Kept) -> Shift:
    return Shift(notice, _read(row.classification), _read(now.classification), now.found is not None,
                 now.review is not None and row.review is None)


def _read(values: Mapping[str, Any]) -> Classification:
    return classifications.from_json(values)
