"""What must have arrived after the kills, worked out by brute force, against what the mail server took.

The matcher's own tables are believed in one thing only: which versions a mail was written about. The words of the mail must
say the same, by the marks in the titles and the links beside them.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from itertools import pairwise

from sqlalchemy import select

from domain import criteria as criterias
from domain.classify import classify
from domain.criteria import Criteria, facts, matches
from domain.notice import from_json
from storage import edits
from storage.models import (
    AddressRow,
    ChangeRow,
    DigestRunRow,
    EmailRow,
    MatchRow,
    NoticeRow,
    NoticeVersionRow,
    SourceRunRow,
    SubscriptionRow,
)
from storage.session import Database
from tests.prove.news import MARK, SLUGS, Item, News
from tests.prove.refusing import Accepted, Refusing

LAG = 0.5
"""Seconds in which the mail server may still take what a worker sent before it was killed."""
Reading = tuple[int, int]
"""A notice and its version."""


@dataclass(frozen=True, slots=True)
class Kill:
    """What was killed, and when; ``of_worker`` when no worker survives that."""

    at: float
    target: str
    of_worker: bool


@dataclass
class Told:
    """What the accepted mails tell: readings by address, and in which mails."""

    by_address: dict[tuple[str, int], set[int]] = field(default_factory=lambda: defaultdict(set))
    mails: dict[tuple[str, Reading], set[str]] = field(default_factory=lambda: defaultdict(set))
    unbacked: list[str] = field(default_factory=list)


class Audit:
    """``first_runs`` is the last run of the first load, which alerts nobody."""

    def __init__(self, db: Database, news: News, mailbox: Refusing, kills: Iterable[Kill], first_runs: int,
                 base_url: str) -> None:
        self.news, self.mailbox, self.first_runs, self.base_url = news, mailbox, first_runs, base_url
        self.kills = list(kills)
        with db.read() as session:
            self.rows = {row.id: row for row in session.scalars(select(NoticeRow))}
            self.versions = {(row.notice_id, row.version): row for row in session.scalars(select(NoticeVersionRow))}
            self.changes = {(row.subject_id, row.version): row for row in session.scalars(
                select(ChangeRow).where(ChangeRow.consumer == "match", ChangeRow.kind == "notice"))}
            self.subscriptions = session.scalars(select(SubscriptionRow)).all()
            self.addresses = {row.person_id: row.email for row in session.scalars(select(AddressRow))}
            self.emails = {row.message_id: row for row in session.scalars(select(EmailRow))}
            self.matches = session.scalars(select(MatchRow)).all()
            self.digests = session.scalars(select(DigestRunRow)).all()
            self.runs = session.scalars(select(SourceRunRow)).all()
            self.edits = edits.of(session, [each.id for each in self.subscriptions])
        self.notices = len(self.rows)

    @cached_property
    def expected(self) -> set[tuple[str, Reading]]:
        """By brute force: every material version since the first load, for every active subscription that was confirmed
        before it and whose criteria it meets, then and ever since."""
        wanted = [each for each in self.subscriptions if each.state == "active"]
        found = set()
        for reading, row in self.versions.items():
            if not row.material or row.run_id <= self.first_runs:
                continue
            notice = from_json(row.data)
            about, at = facts(notice, classify(notice)), self.changes[reading].created_at
            found |= {(self.addresses[each.person_id], reading) for each in wanted
                      if each.confirmed_at and each.confirmed_at <= at
                      and all(matches(asked, about) for asked in self._asked_since(each, at))}
        return found

    def _asked_since(self, subscription: SubscriptionRow, at: datetime) -> list[Criteria]:
        """All that a subscription has asked for since a moment, oldest first."""
        before = [each.before for each in self.edits.get(subscription.id, ()) if at <= each.at]
        return [*before, criterias.from_json(subscription.criteria)]

    @cached_property
    def told(self) -> Told:
        """What every accepted alert tells, by the rows of its Message-ID and by its own words."""
        about = defaultdict(set)
        for each in self.matches:
            about[each.email_id].add((each.notice_id, each.version))
        found = Told()
        for accepted in self.mailbox.accepted:
            row = self.emails.get(accepted.message_id)
            if row is None:
                found.unbacked.append(f"{accepted.message_id}: nobody wrote it")
            elif row.purpose == "alert":
                found.unbacked += self._unlike(accepted, about[row.id])
                for reading in about[row.id]:
                    found.by_address[accepted.address, reading[0]].add(reading[1])
                    found.mails[accepted.address, reading].add(accepted.message_id)
        return found

    def _unlike(self, accepted: Accepted, readings: set[Reading]) -> Iterator[str]:
        """Where the words of a mail differ from what its rows say that it tells."""
        says = {found[0] for found in MARK.finditer(accepted.text)}
        rows = {self._mark(reading) for reading in readings}
        if says != rows:
            yield f"{accepted.message_id} says {sorted(says)}, its rows say {sorted(rows)}"
        links = set(map(int, re.findall(re.escape(self.base_url) + r"/notices/(\d+)", accepted.text)))
        if links != {notice_id for notice_id, _ in readings}:
            yield f"{accepted.message_id} links {sorted(links)}"
        if any(self.versions[reading].status == "withdrawn" for reading in readings) and "撤回" not in accepted.text:
            yield f"{accepted.message_id} does not say that a notice is withdrawn"

    def _mark(self, reading: Reading) -> str:
        found = MARK.search(self.versions[reading].data["title"])
        return found[0] if found else "?"

    def verdict(self) -> tuple[dict[str, object], list[str]]:
        """The figures, and what is broken."""
        missing = [each for each in self.expected
                   if max(self.told.by_address.get((each[0], each[1][0]), {0})) < each[1][1]]
        exact = sum(each[1][1] in self.told.by_address.get((each[0], each[1][0]), ()) for each in self.expected)
        doubles, otherwise = self.doubles()
        again = [each for each, mails in self.told.mails.items() if len(mails) > 1]
        figures: dict[str, object] = {
            "runs": dict(sorted(Counter(run.status for run in self.runs).items())),
            "notices, versions": f"{self.notices}, {len(self.versions)}",
            "mails accepted": len(self.mailbox.accepted),
            "digests cut, mails of digests": f"{len(self.digests)}, {self._of_digests()}",
            "mails refused": dict(sorted((name, count) for name, count in self.mailbox.refused.items() if name)),
            "expected (person, event, version)": len(self.expected),
            "  arrived as that version": exact,
            "  arrived as a later version": len(self.expected) - exact - len(missing),
            "  missing": len(missing),
            "doubled, same Message-ID, worker killed": doubles["killed"],
            "doubled, same Message-ID, answer withheld": doubles["unanswered"],
            "doubled otherwise": doubles["otherwise"] + len(again),
        }
        broken = [(len(missing), f"missing: {self._named(missing)}"), (len(again), f"told twice: {self._named(again)}"),
                  (len(otherwise), f"taken twice for no reason: {otherwise[:5]}"),
                  (not self.expected, "nothing was expected"), (not self._of_digests(), "no digest was mailed"),
                  *((True, what) for what in (*self.told.unbacked[:3], *self.wrong_rows()))]
        return figures, [what for wrong, what in broken if wrong]

    def _of_digests(self) -> int:
        return sum(each.digest_run_id is not None for each in self.emails.values())

    def _named(self, found: list[tuple[str, Reading]]) -> list[str]:
        return [f"{address}: {self._mark(reading)}, version {reading[1]}" for address, reading in found[:5]]

    def doubles(self) -> tuple[Counter[str], list[str]]:
        """Mails that were taken more than once under the same Message-ID, by why; and those without a reason."""
        found, otherwise = Counter[str](), []
        by_id: dict[str, list[Accepted]] = defaultdict(list)
        for each in self.mailbox.accepted:
            by_id[each.message_id].append(each)
        for first, second in (pair for same in by_id.values() for pair in pairwise(same)):
            killed = any(first.at - LAG <= kill.at <= second.at for kill in self.kills if kill.of_worker)
            found["unanswered" if not first.answered else "killed" if killed else "otherwise"] += 1
            if first.answered and not killed:
                near = [f"{kill.target} {kill.at - first.at:+.2f} s" for kill in self.kills if abs(kill.at - first.at) < 30]
                otherwise.append(f"{first.message_id} again after {second.at - first.at:.2f} s; killed: {', '.join(near)}")
        return found, otherwise

    def wrong_rows(self) -> Iterator[str]:
        """What is wrong in the store."""
        silent = [reading for reading, row in self.versions.items()
                  if row.material and row.run_id > self.first_runs and not self.changes[reading].alert]
        if silent:
            yield f"material versions that may not alert: {silent[:5]}"
        if early := [each.id for each in self.matches if self._is_early(each)]:
            yield f"told before their digest was cut: {early[:5]}"
        if unasked := [each.id for each in self.matches if self._is_unasked(each)]:
            yield f"matched although nobody asked for it when it was news: {unasked[:5]}"
        accepted = {each.message_id for each in self.mailbox.accepted}
        if lost := [row.id for row in self.emails.values() if row.state == "sent" and row.message_id not in accepted]:
            yield f"marked as sent, yet never taken: {lost[:5]}"
        if held := [run.id for run in self.runs if run.status in ("held", "running")]:
            yield f"runs that are held or never ended: {held[:5]}"
        yield from self._unlike_published()

    def _is_unasked(self, match: MatchRow) -> bool:
        """Whether a subscription that was edited matched what it did not ask for when that was news, in any reading."""
        asked = {each.id: each for each in self.subscriptions}[match.subscription_id]
        if asked.id not in self.edits:
            return False
        then = self._asked_since(asked, self.changes[match.notice_id, match.material_version].created_at)[0]
        readings = [from_json(row.data) for (notice_id, _), row in self.versions.items() if notice_id == match.notice_id]
        return not any(matches(then, facts(each, classify(each))) for each in readings)

    def _is_early(self, match: MatchRow) -> bool:
        """Whether a person who has one subscription, to a digest that waits for all, was told before it was cut. What
        changed after the cut is told with the notice that was due, as it stands when the mail is written."""
        asked = self._alone.get(match.subscription_id)
        if asked is None or match.email_id is None or asked.frequency == "immediate" or asked.red_at_once:
            return False
        cuts = {each.id: each.cut_at for each in self.digests}
        digest = next(each.digest_run_id for each in self.emails.values() if each.id == match.email_id)
        due = any(each.email_id == match.email_id and each.notice_id == match.notice_id and each.created_at < cuts[digest]
                  for each in self.matches) if digest else False
        return not due

    @cached_property
    def _alone(self) -> dict[int, SubscriptionRow]:
        """Subscriptions that are the only one of their person, by id."""
        count = Counter(each.person_id for each in self.subscriptions)
        return {each.id: each for each in self.subscriptions if count[each.person_id] == 1}

    def _unlike_published(self) -> Iterator[str]:
        """Where the store differs from what the publishers show in the end."""
        stored = {(row.source, row.external_id): row for row in self.rows.values()}
        published: dict[tuple[str, str], Item] = {
            (slug, item.external_id): item for slug in SLUGS.values() for item in self.news.items[slug]}
        if strangers := stored.keys() - published.keys():
            yield f"nobody published {sorted(strangers)[:5]}"
        for key, item in published.items():
            row = stored.get(key)
            if row is None:
                if not item.gone:  # one that came and went between two readings was never seen
                    yield f"{item.mark} is not stored"
            elif (row.status == "withdrawn") != item.gone:
                yield f"{item.mark} is {row.status}"
            elif not item.gone and item.mark not in row.data["title"]:
                yield f"{item.mark} is stored as {row.data['title']}"

    def unlike(self, confirmed: list[str], left: list[str]) -> list[str]:
        """Who confirmed by the portal and is not active, or left and has not ended."""
        state = {self.addresses[each.person_id]: each.state for each in self.subscriptions}
        wanted = {address: "ended" if address in left else "active" for address in confirmed}
        return [address for address, want in wanted.items() if state.get(address) != want]
