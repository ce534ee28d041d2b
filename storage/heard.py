"""Whether a person hears of a changed notice by an alert, so that nobody tells them twice."""

from __future__ import annotations

from enum import IntEnum
from itertools import takewhile

from sqlalchemy.orm import Session

from domain.deadline import DeadlineKind
from storage import changes, matches, notices
from storage.notices import StoredNotice

_FIELDS = {DeadlineKind.COMMENT: "comment_deadline", DeadlineKind.EFFECTIVE: "effective_on"}


class Heard(IntEnum):
    """known: an alert has told it, or nobody is to be told (we read it anew); untold; soon: an alert may tell it yet."""

    KNOWN = 0
    UNTOLD = 1
    SOON = 2


def heard(session: Session, person_id: int, stored: StoredNotice, what: DeadlineKind) -> Heard:
    """Whether a person knows a deadline that a notice states, or no longer states."""
    version = _since_version(session, stored, what)
    may_alert, waits = changes.of_version(session, changes.MATCH, changes.NOTICE, stored.id, version)
    if not may_alert or matches.told(session, [person_id], [stored.id])[person_id].get(stored.id, 0) >= version:
        return Heard.KNOWN
    return Heard.SOON if waits or matches.leaves_soon(session, person_id, stored.id) else Heard.UNTOLD


def _since_version(session: Session, stored: StoredNotice, what: DeadlineKind) -> int:
    """The version since which a notice states its present date, or is withdrawn."""
    newest, *older = notices.versions(session, stored.id)
    said = newest.status, getattr(newest.notice, _FIELDS[what])
    same = list(takewhile(lambda each: (each.status, getattr(each.notice, _FIELDS[what])) == said, older))
    return (same[-1] if same else newest).version
