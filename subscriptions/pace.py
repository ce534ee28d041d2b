"""How many mails may go within a minute."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable

MINUTE_SECONDS = 60.0


class Pace:
    """Counts the mails that were handed over: never more than ``per_minute`` within any minute; None is no limit."""

    def __init__(self, per_minute: int | None, now: Callable[[], float] = time.monotonic) -> None:
        self._per_minute, self._now = per_minute, now
        self._handed: deque[tuple[float, int]] = deque()

    def allowed(self, most: int) -> int:
        """How many mails may go now, at most ``most``."""
        if self._per_minute is None:
            return most
        while self._handed and self._now() - self._handed[0][0] >= MINUTE_SECONDS:
            self._handed.popleft()
        return max(0, min(most, self._per_minute - sum(count for _, count in self._handed)))

    def note(self, count: int) -> None:
        """So many mails were handed over, or tried."""
        if count and self._per_minute is not None:
            self._handed.append((self._now(), count))
