"""What mails tell: the matches of one mail, and the mails that have been overtaken before they left."""

from __future__ import annotations

from dataclasses import asdict

from sqlalchemy import exists, select, update
from sqlalchemy.orm import Session

from domain.errors import NotFound
from storage.emails import EmailState, ErrorClass, Letter, Purpose
from storage.matches import Match
from storage.models import EmailRow, MatchRow, NoticeRow
from storage.outbox import NEXT_OUT

_UNTAKEN = (EmailRow.state == EmailState.PENDING.value, EmailRow.sent_at.is_(None),
            EmailRow.error_class.is_(None) | (EmailRow.error_class != ErrorClass.BROKEN.value))
"""Mails that the server is known not to have taken in any try."""


def overtaken(session: Session, limit: int) -> list[int]:
    """Those alerts among the ``limit`` mails that leave next of which a notice has changed, or was withdrawn, since they
    were written. One that was in the hands of a worker that died, or of a connection that broke, may have been taken as
    it was: its reader knows that form under its Message-ID, so what is new is for another mail."""
    next_out = select(EmailRow.id, EmailRow.purpose).where(*_UNTAKEN).order_by(*NEXT_OUT).limit(limit).subquery()
    moved_on = exists().where(MatchRow.email_id == next_out.c.id, MatchRow.dropped_why.is_(None),
                              NoticeRow.id == MatchRow.notice_id, NoticeRow.version > MatchRow.version)
    return list(session.scalars(select(next_out.c.id).where(
        next_out.c.purpose == Purpose.ALERT.value, moved_on).order_by(next_out.c.id)))


def of_mail(session: Session, email_id: int) -> list[Match]:
    """The matches that a mail tells, oldest first."""
    rows = session.execute(
        select(MatchRow.id, MatchRow.subscription_id, MatchRow.notice_id, MatchRow.material_version,
               MatchRow.created_at)
        .where(MatchRow.email_id == email_id, MatchRow.dropped_why.is_(None)).order_by(MatchRow.id))
    return [Match(*row) for row in rows]


def notice_ids(session: Session, message_id: str) -> list[int]:
    """The notices that a mail tells. Raises NotFound when no such mail is kept."""
    email_id = session.scalar(select(EmailRow.id).where(EmailRow.message_id == message_id))
    if email_id is None:
        raise NotFound("there is no such mail")
    return sorted({each.notice_id for each in of_mail(session, email_id)})


def whose(session: Session, email_id: int) -> tuple[int, str]:
    """To whom a mail goes, and its Message-ID. Raises NotFound for mail to nobody we know."""
    row = session.get(EmailRow, email_id)
    if row is None or row.person_id is None:
        raise NotFound("there is no such mail to a person")
    return row.person_id, row.message_id


def rewrite(session: Session, email_id: int, letter: Letter) -> bool:
    """Let a mail say something else, in place and under its name, unless the server may have taken it; gives whether it
    does."""
    found = session.scalars(update(EmailRow).where(EmailRow.id == email_id, *_UNTAKEN).values(
        subject=letter.subject, body_text=letter.text, body_html=letter.html,
        headers={"From": letter.sender, **letter.headers},
        attachments=[asdict(each) for each in letter.attachments] or None).returning(EmailRow.id))
    return found.first() is not None
