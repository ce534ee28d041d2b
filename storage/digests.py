"""Digests: which are cut, and which still have mails to be written. What a mail tells follows from the matches alone."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy import ColumnElement, exists, select, update
from sqlalchemy.orm import Session

from domain import clock
from domain.digest import Cut, newest
from domain.subscription import Frequency, SubscriptionState, Topic
from storage import whereabouts
from storage.locks import alone
from storage.models import DigestRunRow, EmailRow, SubscriptionRow
from storage.session import Database

RUNS = "digest runs"
LATE = timedelta(minutes=1)
"""Once a cut is older, nobody was there to make its run."""


@dataclass(frozen=True, slots=True)
class Run:
    """A digest that was cut; see ``storage.models.flow.DigestRunRow``."""

    id: int
    frequency: Frequency
    on: date
    time_zone: str
    cut_at: datetime
    done_at: datetime | None


def cut(db: Database, is_behind: Callable[[], bool]) -> list[Run]:
    """The newest digest of each frequency that anybody wants, in each time zone; what is cut since the last call is noted.

    A run that was missed is not made up for: the newest one tells what all before it would have. One that is made late
    tells all that was found until then, and waits while ``is_behind`` says that there is more to be found. A run in the
    future was made by a clock that ran ahead: it is open again.
    """
    with db.read() as session:
        cuts = list(_cuts(session))
        known = _known(session, cuts)
        lacking = [each for each in cuts if _key(each) not in known]
        late = [each for each in lacking if each.at < clock.now() - LATE and _was_cut(session, each)]
        is_ahead = session.scalar(select(exists().where(_is_ahead())))
    if late and is_behind():
        lacking = [each for each in lacking if each not in late]
    if lacking or is_ahead:
        with db.write() as session:
            alone(session, RUNS)
            _open_again(session)
            known = _known(session, cuts)
            session.add_all(_row(each, clock.now() if each in late else each.at) for each in lacking
                            if _key(each) not in known)
            session.flush()
            known = _known(session, cuts)
    return [run for run in known.values() if run.cut_at <= clock.now()]


def of_mail(session: Session, email_id: int) -> Run | None:
    """The digest that a mail is, if it is one."""
    row = session.scalar(select(DigestRunRow).join(EmailRow, EmailRow.digest_run_id == DigestRunRow.id).where(
        EmailRow.id == email_id))
    return _run(row) if row else None


def finish(session: Session, run: Run) -> None:
    """All mails of a digest are written."""
    session.execute(update(DigestRunRow).where(DigestRunRow.id == run.id, DigestRunRow.cut_at == run.cut_at).values(
        done_at=clock.now()))


def _cuts(session: Session) -> Iterator[Cut]:
    wanted = [each for each in Frequency if each is not Frequency.IMMEDIATE and session.scalar(select(exists().where(
        SubscriptionRow.frequency == each.value, SubscriptionRow.topic == Topic.NOTICES.value,
        SubscriptionRow.state == SubscriptionState.ACTIVE.value)))]
    names = whereabouts.time_zones(session) if wanted else []
    return (newest(frequency, name, clock.now()) for frequency in wanted for name in names)


def _key(cut: Cut | Run) -> tuple[Frequency, date, str]:
    return cut.frequency, cut.on, cut.time_zone


def _known(session: Session, cuts: list[Cut]) -> dict[tuple[Frequency, date, str], Run]:
    """The runs of these cuts, by frequency, day and time zone."""
    rows = session.scalars(select(DigestRunRow).where(DigestRunRow.date.in_({each.on for each in cuts})))
    wanted = {_key(each) for each in cuts}
    return {_key(run): run for run in map(_run, rows) if _key(run) in wanted}


def _run(row: DigestRunRow) -> Run:
    return Run(row.id, Frequency(row.range), row.date, row.time_zone, row.cut_at, row.done_at)


def _was_cut(session: Session, cut: Cut) -> bool:
    return bool(session.scalar(select(exists().where(
        DigestRunRow.range == cut.frequency.value, DigestRunRow.time_zone == cut.time_zone, DigestRunRow.date < cut.on))))


def _row(cut: Cut, at: datetime) -> DigestRunRow:
    return DigestRunRow(range=cut.frequency.value, date=cut.on, time_zone=cut.time_zone, cut_at=at, created_at=clock.now())


def _is_ahead() -> ColumnElement[bool]:
    return DigestRunRow.created_at > clock.now()


def _open_again(session: Session) -> None:
    """Give the runs that were made in the future the cut of their day by the calendar, and let their mails be written when
    it comes."""
    for row in session.scalars(select(DigestRunRow).where(_is_ahead())):
        row.cut_at = newest(Frequency(row.range), row.time_zone, row.cut_at).at
        row.created_at, row.done_at = clock.now(), None
