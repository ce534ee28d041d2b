"""Matches: a notice met a subscription. Written once, then told in one mail or dropped with a reason."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, Insert, and_, exists, func, or_, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from domain import clock
from domain.subscription import Frequency, SubscriptionState
from storage import whereabouts
from storage.digests import Run
from storage.emails import EmailState
from storage.models import EmailRow, MatchRow, PersonRow, SubscriptionRow

WAITING = (MatchRow.email_id.is_(None), MatchRow.dropped_why.is_(None))
BATCH = 500
"""Most matches of one write transaction."""


@dataclass(frozen=True, slots=True)
class Found:
    """A match to be kept. ``event`` names what is told: the event and the market it is told for; ``covered_by`` the same
    event in markets whose rules hold in this one."""

    subscription_id: int
    notice_id: int
    event: str
    material_version: int
    version: int
    covered_by: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Match:
    """A match that waits to be told."""

    id: int
    subscription_id: int
    notice_id: int
    material_version: int
    created_at: datetime


def add(session: Session, found: Sequence[Found]) -> int:
    """Keep those that are new; gives how many. At most BATCH a call.

    Once per subscription, event and material version; and what one notice has opened for a subscription is not opened
    again by another notice about the same event, unless that adds a market.
    """
    first = _openers(session, found)
    fresh = [each for each in found if _opens(first, each)]
    if not fresh:
        return 0
    now = clock.now()
    rows = [{name: value for name, value in asdict(each).items() if name != "covered_by"}
            | {"created_at": now, "email_id": None, "dropped_why": None} for each in fresh]
    kept = session.scalars(_insert_new(session).returning(MatchRow.id), rows)
    return len(kept.all())


def _opens(first: dict[tuple[int, str], int], found: Found) -> bool:
    """Whether no other notice has told the event for this market, or for one that covers it."""
    wider = (first.get((found.subscription_id, event), found.notice_id) for event in found.covered_by)
    return (all(opener == found.notice_id for opener in wider)
            and first.setdefault((found.subscription_id, found.event), found.notice_id) == found.notice_id)


def _openers(session: Session, found: Sequence[Found]) -> dict[tuple[int, str], int]:
    rows = session.execute(select(MatchRow.subscription_id, MatchRow.event, MatchRow.notice_id).where(
        MatchRow.subscription_id.in_({each.subscription_id for each in found}),
        MatchRow.event.in_({event for each in found for event in (each.event, *each.covered_by)})).order_by(
            MatchRow.id.desc()))
    return {(subscription_id, event): notice_id for subscription_id, event, notice_id in rows}


def _insert_new(session: Session) -> Insert:
    """An insert that passes over rows which exist; both databases know it, each in its own dialect."""
    if session.get_bind().dialect.name == "postgresql":
        return postgresql.insert(MatchRow).on_conflict_do_nothing(constraint="uq_matches_once")
    return sqlite.insert(MatchRow).on_conflict_do_nothing()


def persons_waiting(session: Session, now: datetime) -> list[int]:
    """Persons with matches to be told at once, the longest waiting first; what waits for a digest or the end of a pause
    does not count."""
    return _persons(session, (SubscriptionRow.frequency == Frequency.IMMEDIATE.value, _not_paused(now)))


def persons_of_digest(session: Session, run: Run) -> list[int]:
    """Persons with matches that go with a digest, the longest waiting first."""
    return _persons(session, (SubscriptionRow.frequency == run.frequency.value, _not_paused(run.cut_at),
                              whereabouts.time_zone() == run.time_zone), MatchRow.created_at < run.cut_at)


def _not_paused(at: datetime) -> ColumnElement[bool]:
    return or_(SubscriptionRow.paused_until.is_(None), SubscriptionRow.paused_until <= at)


def _persons(session: Session, asked: Sequence[ColumnElement[bool]], *found: ColumnElement[bool]) -> list[int]:
    """Persons with subscriptions of a kind that have waiting matches of a kind. From the subscriptions to the matches: far
    more of these may wait for a digest than go at once."""
    first = (select(func.min(MatchRow.id)).where(MatchRow.subscription_id == SubscriptionRow.id, *WAITING, *found)
             .correlate(SubscriptionRow).scalar_subquery())
    rows = session.execute(
        select(SubscriptionRow.person_id, first).join(PersonRow, PersonRow.id == SubscriptionRow.person_id)
        .where(*asked, first.is_not(None)))
    oldest: dict[int, int] = {}
    for person_id, match_id in rows:
        oldest[person_id] = min(match_id, oldest.get(person_id, match_id))
    return sorted(oldest, key=oldest.__getitem__)


def newest_id(session: Session) -> int:
    """The last match; 0 when there is none."""
    return session.scalar(select(func.max(MatchRow.id))) or 0


def pressing(session: Session, after: int) -> list[tuple[int, int]]:
    """What waits for a subscription whose red notices go at once, of the matches after one; each with its notice."""
    rows = session.execute(
        select(MatchRow.id, MatchRow.notice_id).join(SubscriptionRow, SubscriptionRow.id == MatchRow.subscription_id)
        .where(*WAITING, MatchRow.id > after, SubscriptionRow.red_at_once).order_by(MatchRow.id))
    return [(match_id, notice_id) for match_id, notice_id in rows]


def still_pressing(session: Session, match_ids: Collection[int]) -> list[tuple[int, int, datetime | None]]:
    """Those of these that wait and may go at once, each with its person and the end of its pause."""
    found: list[tuple[int, int, datetime | None]] = []
    ids = sorted(match_ids)
    for start in range(0, len(ids), BATCH):
        rows = session.execute(
            select(MatchRow.id, SubscriptionRow.person_id, SubscriptionRow.paused_until)
            .join(SubscriptionRow, SubscriptionRow.id == MatchRow.subscription_id)
            .where(*WAITING, MatchRow.id.in_(ids[start:start + BATCH]), SubscriptionRow.red_at_once)
            .order_by(MatchRow.id))
        found += [(match_id, person_id, until) for match_id, person_id, until in rows]
    return found


def waiting(session: Session, person_ids: Sequence[int]) -> dict[int, list[Match]]:
    """The matches that wait to be told to each of these persons, oldest first; at most BATCH persons a call."""
    rows = session.execute(  # an outer join, or SQLite reads everything that waits
        select(SubscriptionRow.person_id, MatchRow.id, MatchRow.subscription_id, MatchRow.notice_id,
               MatchRow.material_version, MatchRow.created_at)
        .outerjoin(MatchRow, and_(MatchRow.subscription_id == SubscriptionRow.id, *WAITING))
        .where(SubscriptionRow.person_id.in_(person_ids)).order_by(MatchRow.id))
    found: dict[int, list[Match]] = {each: [] for each in person_ids}
    for row in rows:
        if row[1] is not None:
            found[row[0]].append(Match(*row[1:]))
    return found


def still_wait(session: Session, match_ids: Sequence[int]) -> set[int]:
    """Those of these that still wait; nobody else can tell them before this transaction ends."""
    found: set[int] = set()
    ids = sorted(match_ids)
    for start in range(0, len(ids), BATCH):
        found.update(session.scalars(select(MatchRow.id).where(MatchRow.id.in_(ids[start:start + BATCH]), *WAITING)
                                     .order_by(MatchRow.id).with_for_update()))
    return found


def told(session: Session, person_ids: Sequence[int], notice_ids: Sequence[int], before: int | None = None,
         ) -> dict[int, dict[int, int]]:
    """The newest version of each of these notices that a mail has already shown each of these persons (at most BATCH a
    call), or is on its way to; a mail that failed has shown nothing. ``before``: only mails older than this one count."""
    older = () if before is None else (EmailRow.id < before,)
    found: dict[int, dict[int, int]] = {each: {} for each in person_ids}
    for start in range(0, len(notice_ids), BATCH):
        some = notice_ids[start:start + BATCH]
        rows = session.execute(
            select(SubscriptionRow.person_id, MatchRow.notice_id, func.max(MatchRow.version))
            .join(SubscriptionRow, SubscriptionRow.id == MatchRow.subscription_id)
            .join(EmailRow, EmailRow.id == MatchRow.email_id)
            .where(SubscriptionRow.person_id.in_(person_ids), EmailRow.state != EmailState.FAILED.value,
                   (MatchRow.notice_id + 0).in_(some), *older)  # + 0: from the persons, since everybody may have a notice
            .group_by(SubscriptionRow.person_id, MatchRow.notice_id))
        for person_id, notice_id, version in rows:
            found[person_id][notice_id] = version
    return found


def leaves_soon(session: Session, person_id: int, notice_id: int) -> bool:
    """Whether a mail is to tell a person of a notice within a day: at once, or in a daily digest."""
    paused = SubscriptionRow.paused_until.is_not(None) & (SubscriptionRow.paused_until > clock.now())
    return bool(session.scalar(
        select(exists().where(
            MatchRow.subscription_id == SubscriptionRow.id, MatchRow.notice_id == notice_id, MatchRow.email_id.is_(None),
            MatchRow.dropped_why.is_(None), SubscriptionRow.person_id == person_id, ~paused,
            SubscriptionRow.state == SubscriptionState.ACTIVE.value,
            SubscriptionRow.frequency.in_((Frequency.IMMEDIATE.value, Frequency.DAILY.value))))))


def composed(session: Session, mails: Mapping[int, Mapping[int, int]]) -> None:
    """Bind matches to the mails that tell them: by the id of the mail, the version of the notice that it shows, by match
    id."""
    rows = [{"id": match_id, "email_id": email_id, "version": version}
            for email_id, versions in mails.items() for match_id, version in versions.items()]
    if rows:
        session.execute(update(MatchRow), rows)


def drop(session: Session, match_ids: Sequence[int], why: str) -> None:
    """Let matches go untold."""
    session.execute(update(MatchRow).where(MatchRow.id.in_(match_ids), MatchRow.email_id.is_(None)).values(dropped_why=why))
