"""What a person does about their own data: mend an address, agree, take it away, have it erased."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from domain import clock, consent
from domain.errors import Conflict, InvalidValue
from domain.organisation import checked_email, mailbox
from storage import bounces, consents, emails, organisations, personal
from storage.bounces import Standing
from storage.emails import Purpose
from storage.session import Database
from subscriptions.composer import Composer
from subscriptions.tokens import BadToken, NewAddress

MAILS_PER_HOUR = 3


class PersonalService:
    """Over the store; every call is for the person who is signed in, save those that a link of a mail proves."""

    def __init__(self, db: Database, composer: Composer) -> None:
        self._db = db
        self._composer = composer

    def standing(self, person_id: int) -> Standing | None:
        """How mail to a person's address fares; None without an address."""
        with self._db.read() as session:
            return bounces.standing(session, person_id)

    def ask_address(self, person_id: int) -> None:
        """Mail a link by which a person shows that mail reaches them again; three an hour at most."""
        with self._db.write() as session:
            person = organisations.person(session, person_id)
            hour_ago = clock.now() - timedelta(hours=1)
            if person.email and emails.count_since(session, person_id, Purpose.ADDRESS, hour_ago) < MAILS_PER_HOUR:
                emails.add(session, self._composer.reachable(person_id, person.email, person.lang))

    def address(self, token: str) -> str:
        """The address that a link is for. Raises BadToken."""
        return self._read(token).email

    def confirm_address(self, token: str) -> None:
        """Mail reaches this address. Raises BadToken."""
        link = self._read(token)
        with self._db.write() as session:
            organisations.verify(session, link.person_id, link.email)

    def _read(self, token: str) -> NewAddress:
        link = self._composer.tokens.read_reachable(token)
        with self._db.read() as session:
            person = organisations.person_by_email(session, link.email)
        if person is None or person.id != link.person_id:
            raise BadToken("broken")
        return link

    def must_agree(self, person_id: int) -> bool:
        """Whether a person has not agreed to the text that is in force."""
        with self._db.read() as session:
            return consents.agreed(session, person_id) != consent.VERSION

    def agree(self, person_id: int, version: str) -> None:
        """A person agrees to the text. Raises Conflict when it has changed since they read it."""
        if version != consent.VERSION:
            raise Conflict("the text has changed meanwhile")
        with self._db.write() as session:
            consents.give(session, person_id, version)

    def export(self, person_id: int) -> dict[str, Any]:
        """Everything that is kept about a person, for them to take away."""
        with self._db.read() as session:
            return personal.export(session, person_id)

    def erase(self, person_id: int, typed: str) -> None:
        """Erase a person who typed their address to say that they mean it. Raises InvalidValue when they did not, and
        Conflict for the last operator."""
        with self._db.write() as session:
            person = organisations.person(session, person_id)
            if not _is_same(typed, person.email):
                raise InvalidValue("输入的邮箱与您的邮箱不一致，没有删除任何内容")
            personal.erase(session, person_id, "the person asked for it")


def _is_same(typed: str, email: str) -> bool:
    try:
        return bool(email) and mailbox(checked_email(typed)) == mailbox(email)
    except InvalidValue:
        return False
