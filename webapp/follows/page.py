"""What pages say of following."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from domain.deadline import DeadlineKind, days_left
from domain.notice import NoticeStatus
from domain.relations import Deadline
from storage.notices import StoredNotice
from subscriptions.deadlines import Followed
from webapp.accounts.visitor import visitor
from webapp.present import reader_zone
from webapp.services import services


@dataclass(frozen=True, slots=True)
class Mine:
    """What a person follows, and the address of their calendar."""

    followed: Sequence[Followed]
    calendar: str


def follows_of() -> Mine:
    """What whoever is signed in follows."""
    who = visitor().known
    return Mine(services().deadlines.of_person(who), services().deadlines.calendar_address(who.id))


def may_follow(stored: StoredNotice, closing: Deadline | None) -> bool:
    """Whether a notice has a deadline ahead, its own or (``closing``) that of its case."""
    notice, zone = stored.notice, reader_zone()
    if stored.status is NoticeStatus.WITHDRAWN:
        return False
    open_for_comment = closing is not None and days_left(closing.day, DeadlineKind.COMMENT, notice.market, zone) >= 0
    return open_for_comment or (notice.effective_on is not None and days_left(
        notice.effective_on, DeadlineKind.EFFECTIVE, notice.market, zone) > 0)


def is_followed(notice_id: int) -> bool:
    """Whether whoever is signed in follows a notice."""
    return visitor().is_signed_in and services().deadlines.is_followed(visitor().person_id, notice_id)
