"""What fails again and again must neither hold up the rest nor fill the log: it is logged once until it works, and left
alone for a while between two tries."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from functools import partial
from typing import TypeVar
from weakref import WeakKeyDictionary

from domain import clock
from storage.session import Database

log = logging.getLogger(__name__)

PAUSE = timedelta(minutes=5)
"""How long what failed is left alone."""
Done = TypeVar("Done")
_known: WeakKeyDictionary[Database, Failing] = WeakKeyDictionary()


class Failing:
    """What failed in this process, by kind and id."""

    def __init__(self) -> None:
        self._failed_at: dict[tuple[str, int], datetime] = {}

    def attempt(self, kind: str, number: int, action: Callable[[], Done]) -> Done | None:
        """What the action gives; None when it failed."""
        key = kind, number
        try:
            done = action()
        except Exception:
            if key not in self._failed_at:
                log.exception("%s %d fails; it is tried again every %d minutes", kind, number, PAUSE.total_seconds() // 60)
            self._failed_at[key] = clock.now()
            return None
        if self._failed_at.pop(key, None):
            log.warning("%s %d works again", kind, number)
        return done

    def attempt_all(self, kind: str, numbers: Sequence[int], action: Callable[[Sequence[int]], int]) -> int:
        """As ``attempt`` for many at once; gives the sum of what the action gives. Where it fails each is attempted alone,
        as are those that failed before."""
        alone = [each for each in numbers if (kind, each) in self._failed_at]
        together = [each for each in numbers if (kind, each) not in self._failed_at]
        done = 0
        try:
            done = action(together)
        except Exception:  # whoever fails alone is logged below
            log.info("%s: %d together fail, each is tried alone", kind, len(together), exc_info=True)
            alone = list(numbers)
        return done + sum(self.attempt(kind, each, partial(action, [each])) or 0 for each in alone)

    def waits(self, kind: str, number: int) -> bool:
        """Whether this failed so lately that it is not tried. A failure in the future is a clock that was put back."""
        failed_at = self._failed_at.get((kind, number))
        return failed_at is not None and timedelta(0) <= clock.now() - failed_at < PAUSE

    def count(self, kind: str) -> int:
        """How many of a kind fail."""
        return sum(key[0] == kind for key in self._failed_at)


def failing(db: Database) -> Failing:
    """What failed over this database."""
    return _known.setdefault(db, Failing())
