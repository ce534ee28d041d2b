"""Codes on paper: how a new member gets in before any address of theirs is known here."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from domain import clock
from domain.errors import InvalidValue, NotFound
from domain.organisation import Person, Zone
from storage import audit, bulletins, members, organisations, sign_ins
from storage.session import Database
from storage.sign_ins import Handed, Kind
from subscriptions.inert import one_line
from subscriptions.phrases import say
from subscriptions.sign_in import PAPER_LIFE, code_hash, paper_code, plain

MAX_NAME = 80


@dataclass(frozen=True, slots=True)
class Paper:
    """What goes into the envelope. The code stands nowhere else: it is kept as a hash."""

    code: str
    name: str
    organisation: str
    expires_at: datetime


class PaperService:
    """Codes on paper over the store. An operator hands them out in every zone, an editor in those they write for."""

    def __init__(self, db: Database, secret_key: str) -> None:
        self._db, self._secret = db, secret_key

    def zones(self, actor: Person) -> list[Zone]:
        """Where a person may hand out codes."""
        with self._db.read() as session:
            return organisations.zones(session) if actor.is_operator else bulletins.zones_edited(session, actor.id)

    def issue(self, actor: Person, zone_id: int, name: str, organisation: str, lang: str = "zh") -> Paper:
        """Make a member of an organisation of a zone, which is made when it is not known, and a code by which they get in
        once. Raises InvalidValue without names, NotFound for a zone that is not the actor's."""
        name, organisation = one_line(name, MAX_NAME), one_line(organisation, MAX_NAME)
        if not name or not organisation:
            raise InvalidValue(say("请填写成员姓名和所在单位", lang))
        self._own(actor, zone_id)
        code = paper_code()
        with self._db.write() as session:
            organisation_id = organisations.find_or_create_organisation(session, zone_id, organisation)
            person_id = members.create(session, name, organisation_id, lang)
            number = sign_ins.add(session, Kind.PAPER, person_id, code_hash(self._secret, Kind.PAPER, plain(code)),
                                  PAPER_LIFE, actor.id)
            audit.add(session, f"person:{actor.id}", "issue_paper_code", f"sign_in:{number}",
                      {"person": person_id, "organisation": organisation_id, "zone": zone_id})
        return Paper(code, name, organisation, clock.now() + PAPER_LIFE)

    def handed(self, actor: Person) -> list[Handed]:
        """The codes of the actor's zones that still let somebody in, newest first."""
        zone_ids = [zone.id for zone in self.zones(actor)]
        with self._db.read() as session:
            return sign_ins.handed(session, zone_ids)

    def withdraw(self, actor: Person, sign_in_id: int) -> None:
        """Let a code let nobody in any more. Raises NotFound for one that is not among ``handed``."""
        if sign_in_id not in {each.id for each in self.handed(actor)}:
            raise NotFound(f"there is no code {sign_in_id}")
        with self._db.write() as session:
            sign_ins.use(session, sign_in_id)
            audit.add(session, f"person:{actor.id}", "withdraw_paper_code", f"sign_in:{sign_in_id}")

    def _own(self, actor: Person, zone_id: int) -> None:
        if zone_id not in {zone.id for zone in self.zones(actor)}:
            raise NotFound(f"there is no zone {zone_id}")
