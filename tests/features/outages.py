"""Sources that break and recover, and what the worker does about it once a minute."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from email.message import EmailMessage

from domain import clock
from domain.health import HealthState
from domain.source import Reason, RunStatus, Source
from storage import health, runs
from subscriptions.operator import report, tell
from subscriptions.outage import announce
from tests.builders import notice, source, store
from tests.features.alerts import World

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
BOSS = "boss@zone.example"
S = HealthState
ENDS = {
    S.HEALTHY: (RunStatus.OK, Reason("ok")),
    S.INCOMPLETE: (RunStatus.INCOMPLETE, Reason("listing_short", {"got": "3", "stated": "9"})),
    S.BELOW_FLOOR: (RunStatus.INCOMPLETE, Reason("below_floor", {"got": "3", "floor": "40"})),
    S.BLOCKED: (RunStatus.BLOCKED, Reason("html_instead", {"url": "https://publisher.example", "title": "Sorry"})),
    S.FAILING: (RunStatus.FAILED, Reason("timed_out", {"url": "https://publisher.example/list"})),
    S.HELD: (RunStatus.HELD, Reason("breaker", {"count": "80", "limit": "50"})),
}


def load(here: World, slug: str, market: str = "EU", **card: object) -> Source:
    """A source that holds something."""
    found = source(slug, market=market, **card)
    store(here.db, notice(f"{slug}-1", source=slug, market=market, published_on=clock.today()), card=found)
    return found


def crawl(here: World, card: Source, state: HealthState = S.HEALTHY, created: int = 0) -> int:
    """A crawl that ends so at this moment."""
    run = runs.start(here.db, card)
    runs.finish(here.db, run, *ENDS[state], runs.Tally(created=created))
    return run.id


def watched(here: World, boss: str = BOSS) -> list[EmailMessage]:
    """What the worker does in a minute; gives the mails that arrived."""
    before = len(here.mailbox.mails)
    health.note(here.db)
    announce(here.db)
    tell(here.db, boss, here.composer)
    report(here.db, boss, here.composer)
    here.write()
    here.send()
    return here.mailbox.mails[before:]


def days(here: World, count: float, *crawls: tuple[Source, HealthState], every: timedelta = 12 * HOUR) -> list[EmailMessage]:
    """Let days pass in which sources are crawled and watched; gives the mails that arrived."""
    found = []
    for _ in range(int(count * DAY / every)):
        here.wait(every)
        for card, state in crawls:
            crawl(here, card, state)
        found += watched(here)
    return found


def to(mails: list[EmailMessage], address: str) -> list[EmailMessage]:
    return [mail for mail in mails if str(mail["To"]) == address]


@contextmanager
def no_mail(here: World) -> Iterator[None]:
    before = len(here.mailbox.mails)
    yield
    assert [str(mail["Subject"]) for mail in here.mailbox.mails[before:]] == []
