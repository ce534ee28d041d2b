"""An installation in a hurry: ``python -m tests.prove.hasty COMMAND…`` is ``zonewatch COMMAND…`` with its minutes and hours
made seconds. Processes that it starts are in the same hurry. Nothing in the product knows of it.
"""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

from domain.digest import Cut
from domain.subscription import Frequency

RHYTHM = timedelta(seconds=4)
"""Between two crawls of a source."""
GATHERING = timedelta(seconds=2)
"""Between two alerts of a person."""
WAITS = tuple(timedelta(seconds=seconds) for seconds in (0.5, 1, 2))
"""Between two tries of a mail."""
DAY = 20
"""Seconds from one digest to the next, whatever its frequency."""
SLUGS = ("ca_recalls", "eu_safety_gate", "wto_tbt_notifications")
"""What tests.prove.news publishes; other sources are left alone, unless HASTY_SOURCES names others."""


class Popen(subprocess.Popen[Any]):
    """Starts ``zonewatch`` by this module."""

    def __init__(self, command: list[str], **options: Any) -> None:
        hasty = [__spec__.name if word == "zonewatch" else word for word in command]
        super().__init__(hasty, **options)


def newest(frequency: Frequency, time_zone: str, now: datetime) -> Cut:
    """The last cut of a calendar whose days are short; each has a date of its own, as a digest is one of its date."""
    day = int(now.timestamp()) // DAY
    on = date(1900, 1, 1) + timedelta(days=day % 1_000_000)
    return Cut(frequency, on, time_zone, datetime.fromtimestamp(day * DAY, UTC))


def hurry(role: str) -> None:
    subprocess.Popen = Popen  # type: ignore[assignment,misc]
    if role == "up":
        from zonewatch import up
        up.POLL_SECONDS, up.RESTART_SECONDS = 0.1, 0.2
    if role == "worker":
        from storage import digests
        from subscriptions import deliver, due, failing
        from zonewatch import worker
        due.GATHERING, failing.PAUSE = GATHERING, WAITS[0]
        digests.newest, digests.LATE = newest, timedelta(seconds=2)
        deliver.WAITS, deliver.OUTAGE_WAITS = WAITS, WAITS
        worker.MINUTE_SECONDS = 1.0
    if role == "scheduler":
        from crawlers.cards import cards
        from zonewatch import scheduler
        known = cards()
        scheduler.CHECK_SECONDS, scheduler.RETRY_AFTER = 1, RHYTHM
        chosen = os.environ.get("HASTY_SOURCES", ",".join(SLUGS)).split(",")
        vars(scheduler)["cards"] = lambda: [replace(card, rhythm=RHYTHM) for card in known if card.slug in chosen]


if __name__ == "__main__":
    hurry(sys.argv[1])
    sys.argv[0] = "zonewatch"
    from zonewatch.cli import main

    main()
