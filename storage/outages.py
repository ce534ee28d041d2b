"""Outages: times in which news of a source may pass its readers by, whether they were told, and what came afterwards."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import takewhile

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from domain import clock
from domain.health import MISSED, HealthState
from domain.source import Reason, RunKind, RunStatus
from storage import changes, emails, health, notices
from storage.emails import Purpose
from storage.health import Noted
from storage.models import HealthRow, PersonRow, SourceRow, SourceRunRow

WELL = (HealthState.HEALTHY, HealthState.SILENT)
"""States in which all news of a source come through again."""


@dataclass(frozen=True, slots=True)
class Turn:
    """An outage that goes on and that readers do not know of, or the end of one that they know of: since when, and since
    when we see it. ``row_id`` is what is marked when they are told."""

    slug: str
    row_id: int
    since: datetime
    seen_at: datetime


@dataclass(frozen=True, slots=True)
class Outage:
    """An outage as readers are told of it. ``until`` is set when it is over: then ``caught_up`` notices have come since it
    began, ``relevant`` of them of our industries, and ``told`` are the persons who knew of it."""

    slug: str
    url: str
    market: str
    markets: frozenset[str]
    state: HealthState
    reason: Reason
    since: datetime
    until: datetime | None = None
    caught_up: int = 0
    relevant: int = 0
    told: frozenset[int] = frozenset()


def untold(session: Session) -> list[Turn]:
    """The outages of sources that have ever held anything of which readers were not told."""
    told = _newest_told(session)
    return [_beginning(session, each) for slug, each in health.newest(session).items()
            if each.state in MISSED and not _is_open(told.get(slug)) and notices.holds_any(session, slug)]


def over(session: Session) -> list[Turn]:
    """The ends of outages that readers were told of and whose end they were not."""
    told = _newest_told(session)
    return [_ending(session, each) for slug, each in health.newest(session).items()
            if each.state in WELL and _is_open(told.get(slug))]


def last_told(session: Session, is_over: bool) -> datetime | None:
    """When readers were last told of an outage, or of the end of one."""
    told = [each.told_at for each in _newest_told(session).values() if each.told_at and _is_open(each) is not is_over]
    return max(told, default=None)


def tell(session: Session, turns: Sequence[Turn]) -> None:
    """Have readers told of these turns, all in one: they count as told from now on, and a change waits for whoever owes
    the mails."""
    ids = [each.row_id for each in turns]
    session.execute(update(HealthRow).where(HealthRow.id.in_(ids)).values(readers_told_at=clock.now()))
    changes.add(session, changes.HEALTH, max(ids), alert=True, consumers=(changes.MATCH,))


def told_with(session: Session, row_id: int) -> list[Outage]:
    """What readers are told in one with the row ``row_id``, by source."""
    return [_outage(session, each) for each in _rows_told_with(session, row_id)]


def unwilling(session: Session) -> set[int]:
    """Those who do not want to be told of outages."""
    return set(session.scalars(select(PersonRow.id).where(~PersonRow.told_of_outages)))


def is_told(session: Session, person_id: int) -> bool:
    """Whether a person wants to be told of outages; nobody does who is not known any more."""
    return bool(session.scalar(select(PersonRow.told_of_outages).where(
        PersonRow.id == person_id, PersonRow.erased_at.is_(None))))


def set_told(session: Session, person_id: int, wants: bool) -> None:
    """Tell a person of outages from now on, or no longer: then also what has not left yet is withheld."""
    session.execute(update(PersonRow).where(PersonRow.id == person_id).values(told_of_outages=wants))
    if not wants:
        emails.withhold(session, person_id, Purpose.OUTAGE, emails.UNWANTED)


def _newest_told(session: Session) -> dict[str, Noted]:
    """What readers were told last of each source."""
    return health.by_slug(session, select(func.max(HealthRow.id)).where(HealthRow.readers_told_at.is_not(None))
                          .group_by(HealthRow.slug))


def _is_open(told: Noted | None) -> bool:
    return told is not None and told.state in MISSED


def _rows_told_with(session: Session, row_id: int) -> list[Noted]:
    """The rows of one announcement; outages and ends of outages are never in the same."""
    told_at = select(HealthRow.readers_told_at).where(HealthRow.id == row_id).scalar_subquery()
    rows = [health.of_row(row) for row in session.scalars(
        select(HealthRow).where(HealthRow.readers_told_at == told_at).order_by(HealthRow.slug))]
    is_open = next(_is_open(each) for each in rows if each.id == row_id)
    return [each for each in rows if _is_open(each) is is_open]


def _beginning(session: Session, row: Noted) -> Turn:
    """When an outage began. A crawl that was incomplete and yet brought something new shows that there was none."""
    first = _first(_upto(session, row), lambda state: state in MISSED)
    news = session.scalar(select(func.max(SourceRunRow.ended_at)).where(
        SourceRunRow.slug == row.slug, SourceRunRow.kind == RunKind.CRAWL.value, SourceRunRow.created > 0,
        SourceRunRow.status == RunStatus.INCOMPLETE.value, SourceRunRow.reason_code != "below_floor",
        SourceRunRow.ended_at <= row.noted_at if row.told_at else SourceRunRow.ended_at.is_not(None)))
    return Turn(row.slug, row.id, max(filter(None, (first.since, news))), first.noted_at)


def _ending(session: Session, row: Noted) -> Turn:
    first = _first(_upto(session, row), lambda state: state not in MISSED)
    since = first.since if first.state is HealthState.HEALTHY else first.noted_at
    return Turn(row.slug, row.id, since, first.noted_at)


def _upto(session: Session, row: Noted) -> list[Noted]:
    """What was noted of a source up to a row, newest first."""
    return [each for each in health.of_source(session, row.slug) if each.id <= row.id]


def _first(rows: Sequence[Noted], belongs: Callable[[HealthState], bool]) -> Noted:
    """The oldest of the rows at the head that belong together; the head itself always does."""
    return list(takewhile(lambda each: each is rows[0] or belongs(each.state), rows))[-1]


def _outage(session: Session, row: Noted) -> Outage:
    card = session.get_one(SourceRow, row.slug).card
    told = row if row.state in MISSED else next(each for each in _upto(session, row) if _is_open(each) and each.told_at)
    found = Outage(row.slug, str(card["url"]), str(card["market"]),
                   notices.markets(session, row.slug) | {str(card["market"])}, told.state, told.reason,
                   _beginning(session, told).since)
    if told is row:
        return found
    caught_up, relevant = notices.count_since(session, row.slug, found.since)
    mail_id = max(each.id for each in _rows_told_with(session, told.id))
    return replace(found, until=_ending(session, row).since, caught_up=caught_up, relevant=relevant,
                   told=emails.owed_to(session, Purpose.OUTAGE, mail_id))
