"""Decisions of editors: made, undone, remembered; and the one place where a decision is put over a finding."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from domain import classification as classifications
from domain import clock
from domain.classification import Classification
from domain.decision import Decision, effective, levels, review
from domain.errors import Conflict, InvalidValue, NotFound
from storage import audit, changes, notices, organisations
from storage.models import DecisionRow, NoticeRow
from storage.notices import StoredNotice
from storage.session import Database


@dataclass(frozen=True, slots=True)
class Kept:
    """What the row of a notice says of its subject: its fields of these names."""

    classification: dict[str, Any]
    relevant: bool
    found: dict[str, Any] | None
    review: str | None


def kept(found: Classification, decision: Decision | None, material_version: int) -> Kept:
    """The subject of a notice in which the classifier found this. Whatever writes a notice or classifies it anew (ingest,
    reparse, reclassify, a decision) takes it from here, so that nothing can overrule an editor."""
    counts, why = effective(found, decision), review(found, decision, material_version)
    return Kept(classifications.to_json(counts), counts.is_relevant,
                classifications.to_json(found) if decision else None, why.value if why else None)


def standing(session: Session, notice_ids: Collection[int]) -> dict[int, Decision]:
    """The decisions that stand for notices, at most some 2,000; one query."""
    rows = session.scalars(select(DecisionRow).where(DecisionRow.notice_id.in_(notice_ids)).order_by(DecisionRow.id))
    newest = {row.notice_id: row for row in rows}
    return {notice_id: _decision(row) for notice_id, row in newest.items() if not row.undone}


def _decision(row: DecisionRow) -> Decision:
    return Decision(frozenset(row.product_types), frozenset(row.regulations), row.reason, row.material_version, row.levels)


@dataclass(frozen=True, slots=True)
class Made:
    """A decision in the history of a notice, or the undoing of the one before; ``who`` is the editor's name or address."""

    id: int
    undone: bool
    product_types: Sequence[str]
    regulations: Sequence[str]
    reason: str
    version: int
    who: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Dossier:
    """What an editor needs to decide about a notice: what the classifier found, and the history, newest first. ``stamp``
    names this state: a decision that was made on another one is refused."""

    stored: StoredNotice
    found: Classification
    history: Sequence[Made]
    stamp: str

    @property
    def standing(self) -> Made | None:
        """The decision that stands."""
        return self.history[0] if self.history and not self.history[0].undone else None


def dossier(session: Session, notice_id: int) -> Dossier:
    """Everything about a notice that an editor needs. Raises NotFound."""
    return dossiers(session, [notices.by_id(session, notice_id)])[0]


def dossiers(session: Session, stored: Sequence[StoredNotice]) -> list[Dossier]:
    """The same for several notices."""
    rows = session.scalars(select(DecisionRow).where(DecisionRow.notice_id.in_([each.id for each in stored])).order_by(
        DecisionRow.id.desc())).all()
    people = {each: organisations.person(session, each) for each in {row.person_id for row in rows}}
    history: dict[int, list[Made]] = {}
    for row in rows:
        who = people[row.person_id]
        history.setdefault(row.notice_id, []).append(Made(
            row.id, row.undone, row.product_types, row.regulations, row.reason, row.version, who.name or who.email,
            row.decided_at))
    return [Dossier(each, each.overruled or each.classification, made := history.get(each.id, []),
                    _stamp(each.version, made[0].id if made else 0)) for each in stored]


def decide(db: Database, notice_id: int, person_id: int, stamp: str, product_types: Collection[str],
           regulations: Collection[str], reason: str) -> None:
    """Let a decision stand, in place of any before; the index follows, nobody is mailed. No product types and no regulations
    mean that the notice is not about ours. Raises NotFound, InvalidValue for a missing reason, Conflict when the notice is
    not what the stamp of its dossier says: it was revised, or somebody else decided."""
    with db.write() as session:
        row = _stamped(session, notice_id, stamp)
        found = _found(row)
        made = _add(session, row, person_id, reason, levels(found), sorted(product_types), sorted(regulations))
        _settle(session, row, kept(found, _decision(made), row.material_version))
        audit.add(session, f"person:{person_id}", "decide_notice", f"notice:{notice_id}", {
            "decision": made.id, "product_types": made.product_types, "regulations": made.regulations, "reason": reason})


def undo(db: Database, notice_id: int, person_id: int, stamp: str, reason: str) -> None:
    """Let the classifier's finding stand again. Raises as ``decide`` does, and Conflict when no decision stands."""
    with db.write() as session:
        row = _stamped(session, notice_id, stamp)
        if not standing(session, [notice_id]):
            raise Conflict(f"no decision stands for notice {notice_id}")
        found = _found(row)
        made = _add(session, row, person_id, reason, levels(found), undone=True)
        _settle(session, row, kept(found, None, row.material_version))
        audit.add(session, f"person:{person_id}", "undo_decision", f"notice:{notice_id}", {
            "decision": made.id, "reason": reason})


def _stamped(session: Session, notice_id: int, stamp: str) -> NoticeRow:
    """The row of a notice, which nobody changes meanwhile."""
    row = session.get(NoticeRow, notice_id, with_for_update=True)
    if row is None:
        raise NotFound(f"there is no notice {notice_id}")
    newest = session.scalar(select(DecisionRow.id).where(DecisionRow.notice_id == notice_id).order_by(
        DecisionRow.id.desc()).limit(1))
    if stamp != _stamp(row.version, newest or 0):
        raise Conflict(f"notice {notice_id} was revised or decided meanwhile")
    return row


def _stamp(version: int, decision_id: int) -> str:
    return f"{version}.{decision_id}"


def _found(row: NoticeRow) -> Classification:
    return classifications.from_json(row.found or row.classification)


def _add(session: Session, row: NoticeRow, person_id: int, reason: str, found: dict[str, str],
         product_types: Sequence[str] = (), regulations: Sequence[str] = (), *, undone: bool = False) -> DecisionRow:
    if not reason.strip():
        raise InvalidValue("a decision needs a reason")
    made = DecisionRow(
        notice_id=row.id, undone=undone, product_types=list(product_types), regulations=list(regulations), reason=reason,
        version=row.version, material_version=row.material_version, levels=found, person_id=person_id,
        decided_at=clock.now())
    session.add(made)
    session.flush()
    return made


def _settle(session: Session, row: NoticeRow, now: Kept) -> None:
    row.classification, row.relevant, row.found, row.review = now.classification, now.relevant, now.found, now.review
    changes.add(session, changes.NOTICE, row.id, row.version, alert=False, consumers=(changes.INDEX,))
