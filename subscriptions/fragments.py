"""Notices as mails show them, rendered once and kept: what a mail says of a notice is the same for all its readers, but for
the names of their subscriptions.

A fragment is rendered by the templates of the whole mail, with a mark where those names go, and is cut there.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import TypeVar
from zoneinfo import ZoneInfo

from markupsafe import escape

from domain import clock
from domain.criteria import Criteria, Facts, facts
from domain.grade import Graded
from storage.notices import StoredNotice
from storage.publishers import SourceName
from subscriptions.gist import Changed, changes, gist_of, line, today
from subscriptions.news import Told
from subscriptions.phrases import say
from subscriptions.reasons import Why, grouped, reasons
from subscriptions.render import part

MOST_NOTICES = 2_000
"""Notices whose fragments are kept; the longest unused goes first."""
MOST_VARIANTS = 200
"""Criteria whose reasons, and combinations of reasons and changes, are kept of one notice."""
Key = TypeVar("Key")
Value = TypeVar("Value")
MARK = "\x00"
"""Where the names of subscriptions go: a sign that ``one_line`` lets nobody bring."""


@dataclass(frozen=True, slots=True)
class Piece:
    """What a mail says of one notice."""

    text: str
    html: str


@dataclass(frozen=True, slots=True)
class MadeOf:
    """Everything that the fragments of a notice show beside what they are kept by: where any of it differs they are made
    anew. The days, of most readers and in the zone, decide how many are left until a deadline."""

    stored: StoredNotice
    grade: Graded
    source: SourceName | None
    zone: ZoneInfo
    days: tuple[date, date]


class Fragments:
    """What mails say of notices. ``base_url`` is where the portal is."""

    def __init__(self, base_url: str, most: int = MOST_NOTICES) -> None:
        self._base_url = base_url
        self._most = most
        self._kept: OrderedDict[tuple[int, str, str], _Notice] = OrderedDict()

    def __len__(self) -> int:
        return len(self._kept)

    def item(self, told: Told, labels: Mapping[int, str], source: SourceName | None, lang: str,
             zone: ZoneInfo) -> Piece:
        """A notice in full, for the person it is told to, who is in ``zone``. ``labels`` says what their subscriptions are
        called, by id."""
        return self._notice(told.stored, source, lang, zone).item(told, labels)

    def title(self, stored: StoredNotice, source: SourceName | None, lang: str, zone: ZoneInfo) -> Piece:
        """A notice by its title."""
        return self._notice(stored, source, lang, zone).title

    def _notice(self, stored: StoredNotice, source: SourceName | None, lang: str, zone: ZoneInfo) -> _Notice:
        key = stored.id, lang, zone.key
        made_of = MadeOf(stored, stored.grade, source, zone, (today(), clock.now().astimezone(zone).date()))
        found = self._kept.get(key)
        if found is None or found.made_of != made_of:
            found = self._kept[key] = _Notice(made_of, self._base_url, lang)
            if len(self._kept) > self._most:
                self._kept.popitem(last=False)
        self._kept.move_to_end(key)
        return found


class _Notice:
    """What was made of one reading of a notice, in one language, for readers in one time zone."""

    def __init__(self, made_of: MadeOf, base_url: str, lang: str) -> None:
        self.made_of = made_of
        self._base_url = base_url
        self._lang = lang
        self._title: Piece | None = None
        self._facts: Facts | None = None
        self._reasons: dict[Criteria, tuple[str, ...]] = {}
        self._items: dict[tuple[tuple[Changed, ...], tuple[tuple[str, ...], ...]], tuple[list[str], list[str]]] = {}

    @property
    def title(self) -> Piece:
        if self._title is None:
            titles = [line(self.made_of.stored, self._base_url, self._lang)]
            self._title = Piece(part("alert/titles.txt", self._lang, titles=titles),
                                part("alert/titles.html", self._lang, titles=titles))
        return self._title

    def item(self, told: Told, labels: Mapping[int, str]) -> Piece:
        whys = grouped(told, labels, self._because)
        key = changes(told, self._lang), tuple(why.reasons for why in whys)
        text, html = self._items.get(key) or self._cut(key)
        names = [say("；", self._lang).join(why.labels) for why in whys]
        return Piece(_filled(text, names), _filled(html, [str(escape(name)) for name in names]))

    def _because(self, criteria: Criteria) -> tuple[str, ...]:
        found = self._reasons.get(criteria)
        if found is None:
            stored = self.made_of.stored
            self._facts = self._facts or facts(stored.notice, stored.classification, stored.grade)
            found = _room(self._reasons)[criteria] = reasons(criteria, stored, self._facts, self._lang)
        return found

    def _cut(self, key: tuple[tuple[Changed, ...], tuple[tuple[str, ...], ...]]) -> tuple[list[str], list[str]]:
        """Text and HTML, cut where the names of subscriptions go."""
        changed, because = key
        whys = tuple(Why((MARK,), each) for each in because)
        made_of = self.made_of
        items = [gist_of(made_of.stored, made_of.source, self._base_url, self._lang, changed, whys, made_of.zone)]
        text, html = (part(f"alert/items.{kind}", self._lang, items=items).split(MARK) for kind in ("txt", "html"))
        _room(self._items)[key] = text, html
        return text, html


def _room(kept: dict[Key, Value]) -> dict[Key, Value]:
    """The same, emptied when it is full."""
    if len(kept) >= MOST_VARIANTS:
        kept.clear()
    return kept


def _filled(pieces: list[str], names: list[str]) -> str:
    """The pieces with a name between each two."""
    return "".join([each for pair in zip(pieces, [*names, ""], strict=True) for each in pair])
