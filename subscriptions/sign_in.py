"""Signing in without a password: by the link or the code of a mail, or by a code on paper. Each lets somebody in once.

What is answered, and what is done for it, is the same whether an address is known or not (ADR 33): an address that nobody
has confirmed gets a way in that leads nowhere, and a mail that is written and taken back.
"""

from __future__ import annotations

import hmac
import secrets
import unicodedata
from datetime import timedelta

from domain.errors import ZonewatchError
from domain.organisation import Person
from storage import attempts, audit, emails, organisations, sign_ins
from storage.emails import Purpose
from storage.locks import alone
from storage.sealed import fingerprint
from storage.session import Database
from storage.sign_ins import Kind, SignIn
from subscriptions.composer import Composer
from subscriptions.limits import Limits, refuse_mail, refuse_try
from subscriptions.phrases import say
from subscriptions.service import checked
from subscriptions.tokens import SIGN_IN_LIFE, BadToken, Tokens

TRIES = 5
DIGITS = 6
PAPER_LIFE = timedelta(days=14)
PAPER_ALPHABET = "ABCDEFGHJKMNPQRTUWXY3479"
"""Letters and digits that nobody takes for one another when they are printed; twelve of them are 55 bits."""
PAPER_GROUPS, PAPER_GROUP = 3, 4


class WrongCode(ZonewatchError):
    """A code that lets nobody in; ``left`` says how many more tries there are."""

    def __init__(self, message: str, left: int = 0) -> None:
        super().__init__(message)
        self.left = left


class SignInService:
    """Ways in over the store."""

    def __init__(self, db: Database, secret_key: str, composer: Composer, limits: Limits) -> None:
        self._db, self._secret, self._composer, self._limits = db, secret_key, composer, limits
        self._tokens = Tokens(secret_key)

    def ask(self, email: str, network: str = "", lang: str = "zh") -> int:
        """Mail a link and a code to an address that somebody has confirmed, and end those of earlier mails; gives the
        number of the way in, which the browser that asked keeps for ``by_code``. Raises InvalidValue for what is no
        address, and LimitReached."""
        email = checked(email, lang)
        code = f"{secrets.randbelow(10 ** DIGITS):0{DIGITS}}"
        with self._db.write() as session:
            alone(session, organisations.PEOPLE)
            refuse_mail(attempts.take(session, self._limits.mail(Purpose.SIGN_IN, email, network)), lang)
            person = organisations.reader(session, email)
            sign_in_id = sign_ins.add(session, Kind.MAIL, person.id if person else None, self._hash(Kind.MAIL, code),
                                      SIGN_IN_LIFE)
            with session.begin_nested() as unsent:
                reader = person or Person(0, "", "zh", False, email)
                emails.add(session, self._composer.sign_in(reader, sign_in_id, code))
                if person is None:
                    unsent.rollback()
        return sign_in_id

    def offered(self, token: str) -> None:
        """Raises BadToken for a link that lets nobody in."""
        link = self._tokens.read_sign_in(token)
        with self._db.read() as session:
            _check_link(sign_ins.by_id(session, link.sign_in_id))

    def by_link(self, token: str) -> Person:
        """The person whom a link lets in, which is used by that. Raises BadToken, also when the address is no longer
        theirs."""
        link = self._tokens.read_sign_in(token)
        with self._db.write() as session:
            found = _check_link(sign_ins.taken(session, link.sign_in_id))
            person = organisations.person_by_email(session, link.email)
            if person is None or person.id != found.person_id:
                raise BadToken("broken")
            sign_ins.use(session, found.id)
        return person

    def by_code(self, sign_in_id: int, code: str, lang: str = "zh") -> Person:
        """The person whom a code from a mail lets in, where it was asked for; the mail is used by that. Raises WrongCode,
        and BadToken for the right code of a mail that was used: only who has read that mail is told so."""
        with self._db.write() as session:
            found = sign_ins.taken(session, sign_in_id)
            if found is None or found.has_expired:
                raise WrongCode(say("验证码已过期，请重新获取。", lang))
            if found.tries >= TRIES:
                raise WrongCode(say("验证码已输错 5 次，不能再试，请重新获取。", lang))
            sign_ins.count_try(session, found.id)
            is_right = hmac.compare_digest(self._hash(Kind.MAIL, plain(code)), found.code_hash) and found.person_id
            person = organisations.person(session, found.person_id) if is_right and found.person_id else None
            if person and not found.used_at:
                sign_ins.use(session, found.id)
        if person is None:
            left = TRIES - found.tries - 1
            raise WrongCode(say("验证码不正确，还可以试 {left} 次。", lang, left=left) if left
                            else say("验证码已输错 5 次，不能再试，请重新获取。", lang), left)
        if found.used_at:
            raise BadToken("used")
        return person

    def by_paper(self, code: str, network: str = "", lang: str = "zh") -> Person:
        """The person to whom a code on paper was handed, which is used by that. Raises WrongCode, and LimitReached."""
        with self._db.write() as session:
            refuse_try(attempts.take(session, self._limits.paper(network)), lang)
            found = sign_ins.by_paper(session, self._hash(Kind.PAPER, plain(code)))
            good = found is not None and found.person_id and not found.used_at and not found.has_expired
            person = organisations.person(session, found.person_id) if found and found.person_id and good else None
            if found and person:
                sign_ins.use(session, found.id)
                audit.add(session, f"person:{person.id}", "use_paper_code", f"sign_in:{found.id}")
        if person is None:
            raise WrongCode(say("编码不正确、已用过或已过期。请核对纸上的编码，或向发给您的人索取新的编码。", lang))
        return person

    def _hash(self, kind: Kind, code: str) -> str:
        return code_hash(self._secret, kind, code)


def code_hash(secret_key: str, kind: Kind, code: str) -> str:
    """A code as it is kept."""
    return fingerprint(secret_key, f"code of {kind.value}", code)


def paper_code() -> str:
    """A new code for paper, in groups."""
    signs = [secrets.choice(PAPER_ALPHABET) for _ in range(PAPER_GROUPS * PAPER_GROUP)]
    return "-".join("".join(signs[start:start + PAPER_GROUP]) for start in range(0, len(signs), PAPER_GROUP))


def plain(code: str) -> str:
    """A code as it was made: without blanks and dashes, in upper case, full-width signs made plain."""
    return "".join(sign for sign in unicodedata.normalize("NFKC", code)[:100].upper() if sign.isalnum())


def _check_link(found: SignIn | None) -> SignIn:
    if found is None or found.has_expired:
        raise BadToken("expired")
    if found.used_at:
        raise BadToken("used")
    return found
