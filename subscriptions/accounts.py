"""Everything about getting in: ways in, second factors, codes on paper, addresses, and the limits of all of them."""

from __future__ import annotations

from urllib.parse import urlsplit

from domain.errors import NotFound
from domain.organisation import Person
from storage import attempts, audit, emails, members, organisations
from storage.emails import Purpose
from storage.session import Database
from subscriptions.composer import Composer
from subscriptions.limits import Limits, refuse_mail, refuse_try
from subscriptions.papers import PaperService
from subscriptions.second_factor import SecondFactorService
from subscriptions.service import checked
from subscriptions.sign_in import SignInService
from subscriptions.tokens import BadToken, NewAddress, Tokens


class AddressService:
    """Addresses that a person adds, each by a mail to it."""

    def __init__(self, db: Database, secret_key: str, composer: Composer, limits: Limits) -> None:
        self._db, self._composer, self._limits, self._tokens = db, composer, limits, Tokens(secret_key)

    def ask(self, person_id: int, email: str, network: str = "", lang: str = "zh") -> None:
        """Mail a link to an address that is to become a person's, whether it is known or not. Raises InvalidValue for what
        is no address, and LimitReached."""
        email = checked(email, lang)
        with self._db.write() as session:
            refuse_mail(attempts.take(session, self._limits.mail(Purpose.CONFIRM, email, network)), lang)
            emails.add(session, self._composer.address(person_id, email, lang))

    def offered(self, token: str) -> NewAddress:
        """What a link is for. Raises BadToken."""
        return self._tokens.read_address(token)

    def confirm(self, token: str) -> Person:
        """The person to whom the address of a link leads from now on; doing it again changes nothing. Raises BadToken, and
        Conflict for an address of somebody else who has others too."""
        link = self._tokens.read_address(token)
        with self._db.write() as session:
            try:
                organisations.person(session, link.person_id)
            except NotFound:
                raise BadToken("expired") from None
            person_id = members.give_address(session, link.person_id, link.email)
            audit.add(session, f"person:{link.person_id}", "add_address", f"person:{person_id}")
            return organisations.person(session, person_id)


class Accounts:
    """The services about getting in, over one store. Raises SettingsError when ``mail_from`` is no address."""

    def __init__(self, db: Database, secret_key: str, base_url: str, mail_from: str) -> None:
        composer, self._db, self._limits = Composer(base_url, mail_from, secret_key), db, Limits(secret_key)
        self.sign_in = SignInService(db, secret_key, composer, self._limits)
        self.second = SecondFactorService(db, secret_key, self._limits, urlsplit(base_url).hostname or "zonewatch")
        self.papers = PaperService(db, secret_key)
        self.addresses = AddressService(db, secret_key, composer, self._limits)

    def press(self, network: str, lang: str) -> None:
        """Somebody presses a button of the portal, or a mail program does. Raises LimitReached."""
        with self._db.write() as session:
            refuse_try(attempts.take(session, self._limits.post(network)), lang)
