"""People who change what their subscriptions ask for, again and again, while everything is being killed."""

from __future__ import annotations

import random
import threading

from domain.criteria import Criteria
from domain.errors import StoreError
from storage import organisations, subscriptions
from storage.session import Database
from subscriptions.edit import Wanted, edit

CRITERIA = (
    Criteria(product_types=frozenset({"air_compressor", "solenoid_valve"})),
    Criteria(product_types=frozenset({"air_compressor"})), Criteria(product_types=frozenset({"solenoid_valve"})),
    Criteria(markets=frozenset({"CA"})))
"""What they ask for in turn, the first before any change."""
PEOPLE = ("changing@firm.example", "changing-digest@firm.example")


class Changing(threading.Thread):
    """``changes`` counts what they changed until ``enough`` is set."""

    def __init__(self, db: Database, seed: int, every: float) -> None:
        super().__init__(daemon=True)
        self._db, self._chance, self._every = db, random.Random(seed), every
        self.changes = 0
        self.enough = threading.Event()

    def run(self) -> None:
        while not self.enough.wait(self._chance.uniform(0, 2 * self._every)):
            self._change(self._chance.choice(PEOPLE), self._chance.choice(CRITERIA))

    def _change(self, address: str, criteria: Criteria) -> None:
        with self._db.read() as session:
            person = organisations.person_by_email(session, address)
            mine = subscriptions.of_person(session, person.id)[0] if person else None
        if mine is None:
            raise LookupError(address)
        try:
            self.changes += edit(self._db, mine.person_id, mine.id, Wanted(criteria, mine.label, mine.frequency))
        except StoreError:  # others wrote for too long: nothing was changed
            return
