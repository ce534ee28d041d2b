"""The way of a notice from bytes to index and mails, as the rows tell it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import String, cast, or_, select
from sqlalchemy.orm import Session

from domain.errors import InvalidValue, NotFound
from domain.source import Reason, RunKind, RunStatus
from storage import captures, changes, edits, notices, relations
from storage.captures import CaptureRef
from storage.models import (
    AddressRow,
    ChangeRow,
    EmailRow,
    MatchRow,
    NoticeRow,
    SourceRow,
    SourceRunRow,
    SubscriptionRow,
)
from storage.notices import NoticeVersion, StoredNotice

_PAGE = re.compile(r"(?:^|/)notices/([0-9]{1,9})$", re.ASCII)
"""The end of the address of a notice's page, as mails have it."""
MOST_NAMED = 20
"""Notices that an ambiguous name lists."""
MAX_ID = 2**31 - 1


@dataclass(frozen=True, slots=True)
class RunStep:
    """A run that read a version. ``alerting`` is false where house rules forbid alerts for the whole run."""

    id: int
    kind: RunKind
    status: RunStatus
    reason: Reason
    parser_version: int
    alerting: bool
    started_at: datetime
    ended_at: datetime | None
    released_at: datetime | None

    @property
    def holds_back(self) -> bool:
        """Whether its alerts wait: it has not ended, or is held."""
        return self.released_at is None and self.status in (RunStatus.RUNNING, RunStatus.HELD)


@dataclass(frozen=True, slots=True)
class VersionStep:
    """A version with the run and the answer that it was read from."""

    version: NoticeVersion
    run: RunStep
    capture: CaptureRef | None


@dataclass(frozen=True, slots=True)
class ChangeStep:
    """What a version asked of a consumer."""

    consumer: str
    version: int
    alert: bool
    run: RunStep | None
    created_at: datetime
    done_at: datetime | None


@dataclass(frozen=True, slots=True)
class MailStep:
    """The mail that told of a match."""

    id: int
    message_id: str
    state: str
    attempts: int
    created_at: datetime
    sent_at: datetime | None
    last_error: str | None
    bounced_at: datetime | None
    has_body: bool = True


@dataclass(frozen=True, slots=True)
class MatchStep:
    """A subscription that was met, by this notice or by another one about the same event; ``edited_at`` is when its
    criteria were changed, if they have been since."""

    subscription_id: int
    label: str
    address: str
    notice_id: int
    version: int
    created_at: datetime
    dropped_why: str | None
    mail: MailStep | None
    edited_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Lineage:
    """Everything that is known of a notice's way; versions and changes newest first, matches oldest first. ``related`` are
    other notices about the same event, ``case`` the steps of the case that it belongs to."""

    stored: StoredNotice
    card: dict[str, Any]
    classifier_version: int
    versions: Sequence[VersionStep]
    changes: Sequence[ChangeStep]
    matches: Sequence[MatchStep]
    related: Sequence[StoredNotice]
    case: Sequence[StoredNotice]


def find(session: Session, name: str) -> int:
    """The id of the notice that a name means: the address of its page, an id, "source:external_id", an external id, or an
    identifier. Raises NotFound, or InvalidValue with a list when it means several."""
    if page := _PAGE.search(name):
        return notices.by_id(session, int(page[1])).id
    source, _, external_id = name.partition(":")
    exact = session.scalar(select(NoticeRow.id).where(NoticeRow.source == source, NoticeRow.external_id == external_id))
    if exact is not None:
        return exact
    found = _named(session, name)
    if not found:
        raise NotFound(f"there is no notice {name!r}")
    if len(found) > 1:
        lines = [f"  {source}:{external_id}  (id {notice_id}) {title}"
                 for notice_id, source, external_id, title in found[:MOST_NAMED]]
        more = [f"  and {len(found) - MOST_NAMED} more"] if len(found) > MOST_NAMED else []
        said = f"{name!r} means {len(found)} notices; name one by its source, or as notices/ID:"
        raise InvalidValue("\n".join([said, *lines, *more]))
    return found[0][0]


def _named(session: Session, name: str) -> list[tuple[int, str, str, str]]:
    same = NoticeRow.external_id == name
    if name.isascii() and name.isdigit() and int(name) <= MAX_ID:
        same = or_(same, NoticeRow.id == int(name))
    wanted = select(NoticeRow.id, NoticeRow.source, NoticeRow.external_id, NoticeRow.data).order_by(NoticeRow.id)
    rows = session.execute(wanted.where(same)).all()
    if not rows and name:
        written = cast(NoticeRow.data, String).icontains(name, autoescape=True)
        rows = [row for row in session.execute(wanted.where(written))
                if name.casefold() in (each.casefold() for each in row.data.get("identifiers", ()))]
    return [(row.id, row.source, row.external_id, row.data["title"]) for row in rows]


def lineage(session: Session, notice_id: int) -> Lineage:
    """The way of a notice. Raises NotFound."""
    stored = notices.by_id(session, notice_id)
    versions = notices.versions(session, notice_id)
    rows = session.scalars(select(ChangeRow).where(
        ChangeRow.kind == changes.NOTICE, ChangeRow.subject_id == notice_id).order_by(ChangeRow.id.desc())).all()
    runs = _runs(session, {each.run_id for each in versions} | {row.run_id for row in rows if row.run_id})
    kept = {each.id: each for each in captures.by_ids(session, {each.capture_id for each in versions if each.capture_id})}
    return Lineage(
        stored, session.get_one(SourceRow, stored.notice.source).card,
        session.get_one(NoticeRow, notice_id).classifier_version,
        [VersionStep(each, runs[each.run_id], kept.get(each.capture_id or 0)) for each in versions],
        [ChangeStep(row.consumer, row.version, row.alert, runs.get(row.run_id or 0), row.created_at, row.done_at)
         for row in rows],
        _matches(session, stored), [each for each in notices.of_event(session, stored.event) if each.id != notice_id],
        relations.case_of(session, stored))


def _runs(session: Session, ids: set[int]) -> dict[int, RunStep]:
    return {row.id: RunStep(
        row.id, RunKind(row.kind), RunStatus(row.status), Reason(row.reason_code, dict(row.reason_facts)),
        row.parser_version, row.alerting, row.started_at, row.ended_at, row.released_at)
        for row in session.scalars(select(SourceRunRow).where(SourceRunRow.id.in_(ids)))}


def _matches(session: Session, stored: StoredNotice) -> list[MatchStep]:
    rows = session.execute(
        select(MatchRow, SubscriptionRow, EmailRow).join(SubscriptionRow, SubscriptionRow.id == MatchRow.subscription_id)
        .outerjoin(EmailRow, EmailRow.id == MatchRow.email_id)
        .where(or_(MatchRow.notice_id == stored.id, MatchRow.event == f"{stored.event}@{stored.notice.market}"))
        .order_by(MatchRow.id)).all()
    edited = edits.of(session, sorted({subscription.id for _, subscription, _ in rows}))
    return [MatchStep(
        subscription.id, subscription.label, email.address if email else _address(session, subscription.person_id),
        match.notice_id, match.version, match.created_at, match.dropped_why, _mail(email) if email else None,
        next((each.at for each in edited.get(subscription.id, ()) if match.created_at <= each.at), None))
        for match, subscription, email in rows]


def _address(session: Session, person_id: int) -> str:
    return session.scalar(select(AddressRow.email).where(AddressRow.person_id == person_id).order_by(
        AddressRow.verified_at.is_(None), AddressRow.id).limit(1)) or "?"


def _mail(row: EmailRow) -> MailStep:
    return MailStep(row.id, row.message_id, row.state, row.attempts, row.created_at, row.sent_at, row.last_error,
                    row.bounced_at, bool(row.body_text))
