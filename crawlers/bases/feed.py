"""Paged Atom and RSS, read by feedparser, which takes anything for a feed; we take only what is one.

feedparser reads the elements that all feeds share. Of a publisher's own elements it keeps the last one of a name wherever
it stands, even inside another, so those are read from the tree.
"""

from __future__ import annotations

import io
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

import feedparser
from lxml import etree
from scrapy.http import Response

from crawlers.base import Output, decoded
from crawlers.bases.newest_first import WHOLE, NewestFirstSpider
from crawlers.errors import NoAnswer, bad_status, field_missing, not_parsable, shape
from crawlers.fields import Fields
from crawlers.text import plain
from domain.notice import Notice
from domain.source import Reason

ATOM = "http://www.w3.org/2005/Atom"
_LANGUAGE = "{http://www.w3.org/XML/1998/namespace}lang"
_MARK = 10
"""Pages of a first load after which it is noted how far it came: a run cut short goes on from there."""


@dataclass(frozen=True, slots=True)
class Form:
    """How a kind of feed is built: its root, where its records stand and what holds its own facts (as of ElementPath)."""

    name: str
    root: str
    records: str
    head: str


ATOM_FORM = Form("Atom", f"{{{ATOM}}}feed", f"{{{ATOM}}}entry", ".")
RSS_FORM = Form("RSS", "rss", "channel/item", "channel")


@dataclass(frozen=True, slots=True)
class Entry:
    """A record of a feed: ``core`` as feedparser reads it, ``elements`` as published, by name."""

    core: Any
    elements: Mapping[str, list[etree._Element]]

    def values(self, name: str, attribute: str) -> list[str]:
        """The attribute of each element of a name, empty ones left out."""
        found = (element.get(attribute, "").strip() for element in self.elements.get(name, ()))
        return [value for value in found if value]

    def by_language(self, name: str, default: str) -> dict[str, str]:
        """The text of an element by language; what names no language is in the ``default`` one. Empty texts are left out."""
        found: dict[str, list[str]] = {}
        for element in self.elements.get(name, ()):
            for part in _spoken(element) or [element]:
                text = _text(part)
                if text := plain(text) if self._is_markup(name) else text:
                    found.setdefault(part.get(_LANGUAGE, default), []).append(text)
        return {language: "\n".join(texts) for language, texts in found.items()}

    def raw(self) -> dict[str, str]:
        """Every element as written: its text, with the markup of one that has markup, behind its attributes."""
        return {name: "\n".join(filter(None, (self._written(name, element) for element in elements)))
                for name, elements in self.elements.items()}

    def _is_markup(self, name: str) -> bool:
        return bool(self.core.get(f"{name}_detail", {}).get("type") != "text/plain")

    def _written(self, name: str, element: etree._Element) -> str:
        if (written := self.core.get(f"{name}_detail", {}).get("value")) is not None:
            return str(written)
        return " ".join(filter(None, (*map(str, element.attrib.values()), _text(element))))


def _text(element: etree._Element) -> str:
    return "".join(element.itertext()).strip()  # type: ignore[arg-type]


def _spoken(element: etree._Element) -> list[etree._Element]:
    """The parts of an element that name their language, those inside others left out."""
    found: list[etree._Element] = []
    for part in element.iterdescendants():
        if _LANGUAGE in part.attrib and not any(outer in found for outer in part.iterancestors()):
            found.append(part)
    return found


@dataclass(frozen=True, slots=True)
class Feed:
    """A page of a feed; ``stated`` holds the texts of its own elements by name."""

    stated: Mapping[str, str]
    entries: list[Entry]
    has_next: bool


class FeedSpider(NewestFirstSpider):
    """Pages of a feed that names its next page. A run goes back to where it finds nothing but what it knows; a first load
    that was cut short is taken up where it stood, since new entries only move old ones to later pages."""

    form: ClassVar[Form] = ATOM_FORM
    namespaces: ClassVar[Mapping[str, str]] = {}
    """The prefixes by which the publisher's own elements are called here, by namespace."""
    head: ClassVar[Fields]
    fields: ClassVar[Fields]
    usual: ClassVar[frozenset[str]] = frozenset()
    """Optional fields that some entry of the newest page always has."""
    page_number: ClassVar[str] = ""
    """The feed's own element that says which page it is, if it says so."""
    more_pages: ClassVar[str] = ""
    """The feed's own element that says how many pages follow, more or less, if it says so."""

    def notice(self, entry: Entry, url: str) -> Notice:
        """The notice of an entry. Raises InvalidValue for one that makes none."""
        raise NotImplementedError

    def names(self, record: Any) -> Iterable[str]:
        """The elements of an entry; what an entry leads to has fields of its own."""
        return record.elements if isinstance(record, Entry) else ()

    def read_page(self, response: Response, number: int) -> Output:
        """One page, and the next one while there is something to find."""
        feed = self.feed(response)
        self._check(feed, response.url, number)
        records = self.each(response, feed.entries, lambda entry: self.notice(entry, response.url))
        following = self._following(feed, records.notices, number)
        yield self.page(response, records, unit=self._unit(feed, number))
        if following:
            yield self.ask_page(following)

    def feed(self, response: Response) -> Feed:
        """An answer as a feed. Raises Blocked, NotParsable or ShapeChanged when it is none, NoAnswer when it is still
        being made."""
        if response.status != 200:
            raise bad_status(response.url, response.status)
        root = self.xml(response, self.form.root)
        body = io.BytesIO(decoded(response, self.form.name).utf8)  # bytes might name a file
        parsed = feedparser.parse(body, resolve_relative_uris=False, sanitize_html=False,
                                  response_headers={"content-type": "application/xml; charset=utf-8"})
        if parsed.bozo:
            raise not_parsable(response.url, self.form.name, parsed.bozo_exception)
        records = root.findall(self.form.records)
        if len(records) != len(parsed.entries):
            raise shape(response.url, f"it holds {len(records)} entries, but {len(parsed.entries)} can be read")
        head = self._elements(root.find(self.form.head))
        stated = {name: (found[0].text or "").strip() for name, found in head.items()}
        entries = [Entry(core, self._elements(record)) for core, record in zip(parsed.entries, records, strict=True)]
        return Feed(stated, entries, any(link.get("rel") == "next" for link in parsed.feed.get("links", ())))

    def _elements(self, parent: Any) -> dict[str, list[etree._Element]]:
        found: dict[str, list[etree._Element]] = {}
        for element in parent if parent is not None else ():
            name = etree.QName(element)
            prefix = "" if name.namespace in (None, ATOM) else self.namespaces.get(name.namespace, name.namespace)
            found.setdefault(f"{prefix}:{name.localname}" if prefix else name.localname, []).append(element)
        return found

    def _check(self, feed: Feed, url: str, number: int) -> None:
        unknown = self.head.check(feed.stated, url, f"page {number}")
        self.warn_of_fields(unknown, url)
        if not feed.entries:
            self._check_empty(unknown, url, number)
        if not feed.has_next and feed.stated.get(self.more_pages, "0") != "0":
            self._more_to_come(url)
        if self.page_number and feed.stated[self.page_number] != str(number):
            raise shape(url, f"{self.page_number} is {feed.stated[self.page_number]!r}, page {number} was asked for")
        for entry in feed.entries:
            where = str(entry.core.get("id", "?"))
            self.warn_of_fields(self.fields.check(entry.elements, url, where), where)
        if number == 1 and feed.entries:
            self._check_newest(feed, url)

    @staticmethod
    def _more_to_come(url: str) -> None:
        why = "it says that more pages follow, and names no next one"
        raise NoAnswer(Reason("no_answer", {"url": url, "why": why}))

    @staticmethod
    def _check_empty(unknown: frozenset[str], url: str, number: int) -> None:
        if unknown:
            raise field_missing(url, "entry", f"nowhere, while {min(unknown)!r} is new")
        if number > 1:
            why = "it holds no entries, though the page before it says that there are more"
            raise NoAnswer(Reason("no_answer", {"url": url, "why": why}))

    def _check_newest(self, feed: Feed, url: str) -> None:
        """The newest page shows what is published today, however few its entries are."""
        present = {name for entry in feed.entries for name in entry.elements}
        if lost := self.usual - present:
            raise field_missing(url, min(lost), "in no entry")
        self.fields.check_all(present, url)

    def _following(self, feed: Feed, notices: list[Notice], number: int) -> int:
        """The page to read next; 0 when there is none."""
        if not feed.has_next or not feed.entries:
            return 0
        if not self.is_old(notices):
            return number + 1
        if self.may_stop():
            return 0
        marks = [int(unit.removeprefix("page ")) for unit in self.job.units if unit.startswith("page ")]
        return max([number + 1, *marks])

    def _unit(self, feed: Feed, number: int) -> str:
        if self.job.options.since or not feed.entries:
            return ""
        if not feed.has_next:
            return WHOLE
        return "" if WHOLE in self.job.units or number % _MARK else f"page {number}"
