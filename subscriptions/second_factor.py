"""The second factor of staff: codes of six digits that an app on their phone makes from a secret and the time (RFC 6238)."""

from __future__ import annotations

import hmac
from datetime import datetime

import pyotp

from domain import clock
from domain.errors import Conflict
from domain.organisation import Person
from storage import attempts, audit, organisations, second_factors
from storage.sealed import Box
from storage.second_factors import SecondFactor
from storage.session import Database
from subscriptions.limits import Limits, refuse_try
from subscriptions.phrases import say
from subscriptions.sign_in import WrongCode, plain

STEP_SECONDS = 30
SLACK = 1
"""Steps by which a phone's clock may be off."""


class SecondFactorService:
    """Second factors over the store. ``issuer`` is what the app on the phone calls us. Secrets are kept sealed; with
    another SECRET_KEY they open no more, and have to be reset."""

    def __init__(self, db: Database, secret_key: str, limits: Limits, issuer: str) -> None:
        self._db, self._limits, self._issuer, self._box = db, limits, issuer, Box(secret_key, "second factors")

    def since(self, person_id: int) -> datetime | None:
        """Since when a person signs in with a second factor; None when they do not."""
        with self._db.read() as session:
            found = second_factors.of(session, person_id)
        return found.since if found else None

    def begin(self, person_id: int) -> None:
        """Make a secret that waits for its first code. Raises Conflict when there is one that counts already."""
        with self._db.write() as session:
            found = second_factors.taken(session, person_id)
            if found and found.since:
                raise Conflict(f"person {person_id} has a second factor")
            second_factors.begin(session, person_id, self._box.seal(pyotp.random_base32()))

    def waiting(self, person_id: int) -> str:
        """The secret that waits for its first code; empty when none does. One that counts is never shown again."""
        with self._db.read() as session:
            found = second_factors.of(session, person_id)
        return self._box.opened(found.sealed) if found and not found.since else ""

    def address(self, person: Person, secret: str) -> str:
        """What the picture for the phone says."""
        return pyotp.TOTP(secret).provisioning_uri(name=person.email or person.name, issuer_name=self._issuer)

    def confirm(self, person_id: int, code: str, lang: str = "zh") -> None:
        """The phone shows a code: from now on it is asked for. Raises WrongCode, and LimitReached."""
        self._check(person_id, code, lang, is_first=True)

    def check(self, person_id: int, code: str, lang: str = "zh") -> None:
        """Let a person pass who types the code of their phone; each code passes once. Raises WrongCode, and LimitReached."""
        self._check(person_id, code, lang, is_first=False)

    def reset(self, email: str, actor: str) -> bool:
        """Take away the second factor of whoever has this address, who can set up another one; says whether there was one.
        Raises InvalidValue when it is no address, Conflict when nobody has confirmed it."""
        with self._db.write() as session:
            person = organisations.person_by_email(session, email)
            if person is None:
                raise Conflict(f"nobody has confirmed the address {email}")
            had = second_factors.taken(session, person.id)
            second_factors.begin(session, person.id, None)
            audit.add(session, actor, "reset_second_factor", f"person:{person.id}")
        return had is not None

    def _check(self, person_id: int, code: str, lang: str, is_first: bool) -> None:
        """The try counts even when the code is wrong: nothing is raised before it is kept."""
        with self._db.write() as session:
            refuse_try(attempts.take(session, self._limits.second_factor(person_id)), lang)
            found = second_factors.taken(session, person_id)
            step = self._step(found, code) if found and bool(found.since) is not is_first else None
            if step is not None:
                second_factors.use(session, person_id, step)
                if is_first:
                    audit.add(session, f"person:{person_id}", "set_up_second_factor", f"person:{person_id}")
        if step is None:
            raise WrongCode(say("动态验证码不正确。请核对手机时间，并输入当前显示的 6 位数字；每个数字只能用一次。", lang))

    def _step(self, found: SecondFactor, code: str) -> int | None:
        """The step that a code is of; None when it is of none that is near and was not used yet."""
        secret = self._box.opened(found.sealed)
        now = int(clock.now().timestamp()) // STEP_SECONDS
        steps = range(max(now - SLACK, found.last_step + 1), now + SLACK + 1) if secret else ()
        return next((step for step in steps if _is_same(pyotp.TOTP(secret).generate_otp(step), plain(code))), None)


def _is_same(code: str, typed: str) -> bool:
    return hmac.compare_digest(code.encode(), typed.encode())
