"""Writing, publishing and reading bulletins. An editor acts in the zones of their associations only."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from domain.bulletin import Bulletin, BulletinState
from domain.errors import Conflict, InvalidValue, NotFound
from domain.organisation import Zone
from storage import audit, bulletins, changes, grade_overrides, notices, organisations
from storage.notices import StoredNotice
from storage.session import Database

MAX_TITLE = 120
MAX_COMMENT = 10_000
MAX_ITEMS = 50
PAGE_SIZE = 20


@dataclass(frozen=True, slots=True)
class Issue:
    """A bulletin as it is read: its zone, its notices as they stand now (with the zone's grades) in the editor's order, and
    how many confirmed readers of the zone's bulletins there are at this moment."""

    bulletin: Bulletin
    zone: Zone
    notices: tuple[StoredNotice, ...]
    readers: int

    @property
    def is_draft(self) -> bool:
        """Whether only editors of its zone see it."""
        return self.bulletin.state is BulletinState.DRAFT


class BulletinService:
    """Bulletins over the store. Everything done by an editor takes their person id and raises NotFound for a bulletin of
    a zone that is not theirs, as if it did not exist."""

    def __init__(self, db: Database) -> None:
        self.db = db

    def zones(self) -> list[Zone]:
        """All zones."""
        with self.db.read() as session:
            return organisations.zones(session)

    def zones_of(self, person_id: int) -> list[Zone]:
        """The zones whose bulletins a person writes."""
        with self.db.read() as session:
            return bulletins.zones_edited(session, person_id)

    def published(self, zone_ids: Sequence[int], page: int = 1) -> list[Bulletin]:
        """A page of the published bulletins of these zones, newest first; one more than PAGE_SIZE when a page follows."""
        with self.db.read() as session:
            return bulletins.published(session, zone_ids, PAGE_SIZE + 1, (page - 1) * PAGE_SIZE)

    def drafts(self, person_id: int) -> list[Bulletin]:
        """The drafts of the zones a person writes for, newest first."""
        with self.db.read() as session:
            return bulletins.drafts(session, self._zone_ids(person_id))

    def read(self, bulletin_id: int, person_id: int | None = None) -> Issue:
        """A bulletin for its readers; a draft exists for the editors of its zone only. Raises NotFound."""
        with self.db.read() as session:
            zones = {zone.id: zone for zone in organisations.zones(session)}
            bulletin = bulletins.by_id(session, zones.keys(), bulletin_id)
            if bulletin.state is BulletinState.DRAFT and bulletin.zone_id not in self._zone_ids(person_id):
                raise NotFound(f"there is no bulletin {bulletin_id}")
            found = grade_overrides.told_in(session, dict.fromkeys(bulletin.notice_ids, (bulletin.zone_id,)),
                                            notices.by_ids(session, bulletin.notice_ids))
            picked = tuple(found[each] for each in bulletin.notice_ids if each in found)
            return Issue(bulletin, zones[bulletin.zone_id], picked, bulletins.readers(session, bulletin.zone_id))

    def draft(self, person_id: int, bulletin_id: int) -> Issue:
        """A draft to work on. Raises NotFound outside the editor's zones, Conflict when it is published."""
        issue = self.read(bulletin_id, person_id)
        if not issue.is_draft:
            raise Conflict("简报已发布，不能再修改")
        return issue

    def create(self, person_id: int, zone_id: int, title: str, comment: str = "", notice_ids: Sequence[int] = ()) -> int:
        """Begin a draft in one of the editor's zones; gives its id. Raises InvalidValue for a blank or long title."""
        title, comment = _checked(title, comment)
        if zone_id not in self._zone_ids(person_id):
            raise NotFound(f"there is no zone {zone_id}")
        with self.db.write() as session:
            bulletin_id = bulletins.create(session, zone_id, person_id, title, comment)
            bulletins.set_items(session, [zone_id], bulletin_id, _items(notice_ids))
            return bulletin_id

    def rewrite(self, person_id: int, bulletin_id: int, title: str, comment: str) -> None:
        """Change title and comment of a draft."""
        title, comment = _checked(title, comment)
        zone_ids = self._zone_ids(person_id)
        with self.db.write() as session:
            bulletins.rewrite(session, zone_ids, bulletin_id, title, comment)

    def add(self, person_id: int, bulletin_id: int, notice_id: int) -> None:
        """Put a notice at the end of a draft; one that is there already stays where it is."""
        self._arrange(person_id, bulletin_id, lambda items: [*items, notice_id])

    def remove(self, person_id: int, bulletin_id: int, notice_id: int) -> None:
        """Take a notice out of a draft."""
        self._arrange(person_id, bulletin_id, lambda items: [each for each in items if each != notice_id])

    def move(self, person_id: int, bulletin_id: int, notice_id: int, step: int) -> None:
        """Move a notice of a draft up (-1) or down (1); at the end it stays."""
        def moved(items: list[int]) -> list[int]:
            at = items.index(notice_id) if notice_id in items else -1
            to = at + step
            if at >= 0 and 0 <= to < len(items):
                items[at], items[to] = items[to], items[at]
            return items
        self._arrange(person_id, bulletin_id, moved)

    def publish(self, person_id: int, bulletin_id: int) -> Bulletin:
        """Make a draft public and let it be mailed to the confirmed readers of its zone's bulletins. Raises Conflict when
        it holds no notice or is published already, so that nobody is mailed twice."""
        zone_ids = self._zone_ids(person_id)
        with self.db.write() as session:
            if not bulletins.by_id(session, zone_ids, bulletin_id).notice_ids:
                raise Conflict("简报中还没有信息，请先加入至少一条")
            bulletin = bulletins.publish(session, zone_ids, bulletin_id)
            changes.add(session, changes.BULLETIN, bulletin_id, alert=True, consumers=(changes.MATCH,))
            audit.add(session, f"person:{person_id}", "publish_bulletin", f"bulletin:{bulletin_id}",
                      {"zone": bulletin.zone_id, "readers": bulletins.readers(session, bulletin.zone_id)})
            return bulletin

    def _arrange(self, person_id: int, bulletin_id: int, change: Callable[[list[int]], list[int]]) -> None:
        zone_ids = self._zone_ids(person_id)
        with self.db.write() as session:
            before = bulletins.by_id(session, zone_ids, bulletin_id)
            bulletins.set_items(session, zone_ids, bulletin_id, _items(change(list(before.notice_ids))))

    def _zone_ids(self, person_id: int | None) -> list[int]:
        return [] if person_id is None else [zone.id for zone in self.zones_of(person_id)]


def _items(notice_ids: Sequence[int]) -> list[int]:
    unique = list(dict.fromkeys(notice_ids))
    if len(unique) > MAX_ITEMS:
        raise InvalidValue("一份简报最多收入 50 条信息")
    return unique


def _checked(title: str, comment: str) -> tuple[str, str]:
    """Title on one line and comment without signs that cannot be seen."""
    title = " ".join(_visible(title).split())
    comment = "\n".join(line.rstrip() for line in _visible(comment).strip().splitlines())
    if not title:
        raise InvalidValue("请填写简报标题")
    if len(title) > MAX_TITLE:
        raise InvalidValue("简报标题不能超过 120 个字")
    if len(comment) > MAX_COMMENT:
        raise InvalidValue("简报评述不能超过 10000 个字")
    return title, comment


def _visible(text: str) -> str:
    return "".join(sign for sign in text if sign.isprintable() or sign.isspace())
