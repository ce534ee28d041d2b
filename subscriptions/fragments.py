"""Notices as mails show them, rendered once and kept: what a mail says of a notice is the same for all its readers, but for
the names of their subscriptions.

A fragment is rendered by the templates of the whole mail, with a place for the lines that say why it is told; these are
rendered once for all notices that are told for the same reasons, with places where those names go.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from functools import cached_property, lru_cache
from typing import TypeVar
from zoneinfo import ZoneInfo

from markupsafe import escape

from domain import clock
from domain.criteria import Criteria, Facts, facts
from domain.grade import Graded
from domain.relations import Deadline
from storage.notices import StoredNotice
from storage.publishers import SourceName
from subscriptions.forms import Form, place
from subscriptions.gist import Changed, Line, changes, gist_of, line, today
from subscriptions.news import Told
from subscriptions.phrases import say
from subscriptions.reasons import Why, grouped, reasons
from subscriptions.render import part

KINDS = ("txt", "html")
MOST_NOTICES = 2_000
"""Notices whose fragments are kept; the longest unused goes first."""
MOST_VARIANTS = 200
"""Criteria whose reasons, and readings against which it changed, are kept of one notice."""
SOMEBODY = Why((place("labels"),), ())
Key = TypeVar("Key")
Value = TypeVar("Value")


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
    closes: Deadline | None
    source: SourceName | None
    zone: ZoneInfo
    days: tuple[date, date]


class Fragments:
    """What mails say of notices. ``base_url`` is where the portal is."""

    def __init__(self, base_url: str, most: int = MOST_NOTICES) -> None:
        self._base_url = base_url
        self._most = most
        self._kept: OrderedDict[tuple[int, str, str], OfNotice] = OrderedDict()

    def __len__(self) -> int:
        return len(self._kept)

    def of(self, told: Told, grade: Graded, source: SourceName | None, lang: str, zone: ZoneInfo) -> OfNotice:
        """What mails in a language say of a notice to readers in a time zone."""
        key = told.stored.id, lang, zone.key
        made_of = MadeOf(told.stored, grade, told.closes, source, zone, (today(), clock.now().astimezone(zone).date()))
        found = self._kept.get(key)
        if found is None or found.made_of != made_of:
            found = self._kept[key] = OfNotice(made_of, self._base_url, lang)
            if len(self._kept) > self._most:
                self._kept.popitem(last=False)
        self._kept.move_to_end(key)
        return found


class OfNotice:
    """What was made of one reading of a notice, in one language, for readers in one time zone."""

    def __init__(self, made_of: MadeOf, base_url: str, lang: str) -> None:
        self.made_of = made_of
        self._base_url = base_url
        self._lang = lang
        self._facts: Facts | None = None
        self._reasons: dict[Criteria, tuple[str, ...]] = {}
        self._items: dict[tuple[Changed, ...], tuple[Form, Form]] = {}

    @cached_property
    def line(self) -> Line:
        """The notice on one line."""
        return line(self.made_of.stored, self._base_url, self._lang)

    @cached_property
    def title(self) -> Piece:
        """The notice by its title."""
        return Piece(*(part(f"alert/titles.{kind}", self._lang, titles=[self.line]) for kind in KINDS))

    def item(self, told: Told, labels: Mapping[int, str]) -> Piece:
        """The notice in full, for the person it is told to. ``labels`` says what their subscriptions are called, by id."""
        changed = changes(told, self._lang)
        text, html = self._items.get(changed) or self._rendered(changed)
        said, marked_up = [], []
        for why in grouped(told, labels, self._because):
            names = say("；", self._lang).join(why.labels)
            as_text, as_html = _why(self._lang, why.reasons)
            said.append(as_text.filled({"labels": names}))
            marked_up.append(as_html.filled({"labels": str(escape(names))}))
        return Piece(text.filled({"whys": "".join(said)}), html.filled({"whys": "".join(marked_up)}))

    def _because(self, criteria: Criteria) -> tuple[str, ...]:
        found = self._reasons.get(criteria)
        if found is None:
            stored = self.made_of.stored
            self._facts = self._facts or facts(stored.notice, stored.classification, stored.grade)
            found = _room(self._reasons)[criteria] = reasons(criteria, stored, self._facts, self._lang)
        return found

    def _rendered(self, changed: tuple[Changed, ...]) -> tuple[Form, Form]:
        """Text and HTML; the lines for somebody become a place for those of anybody."""
        made_of = self.made_of
        items = [gist_of(made_of.stored, made_of.closes, made_of.source, self._base_url, self._lang, changed, (SOMEBODY,),
                         made_of.zone)]
        text, html = (Form(part(f"alert/items.{kind}", self._lang, items=items).replace(
            part(f"alert/whys.{kind}", self._lang, whys=[SOMEBODY]), place("whys"))) for kind in KINDS)
        _room(self._items)[changed] = text, html
        return text, html


@lru_cache(maxsize=10_000)
def _why(lang: str, because: tuple[str, ...]) -> tuple[Form, Form]:
    """The lines that say why, with a place for the names of subscriptions."""
    text, html = (Form(part(f"alert/whys.{kind}", lang, whys=[Why(SOMEBODY.labels, because)])) for kind in KINDS)
    return text, html


def _room(kept: dict[Key, Value]) -> dict[Key, Value]:
    """The same, emptied when it is full."""
    if len(kept) >= MOST_VARIANTS:
        kept.clear()
    return kept
