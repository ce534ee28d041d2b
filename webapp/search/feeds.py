"""A search as a feed: its newest notices as Atom and as JSON Feed, for feed readers and for programs."""

from __future__ import annotations

import hashlib
import xml.etree.ElementTree as ET
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from urllib.parse import quote
from uuid import NAMESPACE_URL, uuid5

from flask import Response, json, request

from domain import clock
from domain.classification import Confidence
from domain.criteria import Criteria
from indexer.service import SearchService
from storage.notices import StoredNotice
from webapp import labels
from webapp.i18n import LANGS, gettext, lang
from webapp.present import one_line, web_address
from webapp.search import chips
from webapp.search.forms import address, params
from webapp.sources.titles import SourceNames

ENTRIES = 50
FORM = 1
"""Grows when feeds come to say the same otherwise, so that readers ask for them anew."""
ATOM = "http://www.w3.org/2005/Atom"
LONGEST_TEXT = 600


@dataclass(frozen=True, slots=True)
class Entry:
    """A notice in a feed. ``id`` follows from what the publisher calls it, so it outlives every change of the notice and of
    this installation; a change shows in ``updated``."""

    id: str
    title: str
    url: str
    publisher: str
    publisher_url: str
    text: str
    tags: Sequence[str]
    published: datetime
    updated: datetime


@dataclass(frozen=True, slots=True)
class Feed:
    """A search with its newest notices. ``url`` is the search page, ``own_url`` the feed itself."""

    title: str
    url: str
    own_url: str
    updated: datetime
    entries: Sequence[Entry]


def answer(service: SearchService, criteria: Criteria, names: SourceNames, base_url: str,
           written: Callable[[Feed], Response]) -> Response:
    """The feed, or that it is still the same: it changes with the index, with the day, and with nothing else."""
    tag = _tag(service, criteria, base_url)
    if request.if_none_match.contains_weak(tag):
        response = Response(status=304)
    else:
        response = written(feed(service, criteria, names, base_url))
    response.set_etag(tag, weak=True)
    response.headers["X-Robots-Tag"] = "noindex, nofollow"
    return response


def _tag(service: SearchService, criteria: Criteria, base_url: str) -> str:
    said = (FORM, service.state(), params(criteria), lang(), clock.today(), base_url, request.path)
    return hashlib.sha256(repr(said).encode("utf-8", "replace")).hexdigest()[:32]


def feed(service: SearchService, criteria: Criteria, names: SourceNames, base_url: str) -> Feed:
    """The newest notices that meet the criteria."""
    hits = service.search(criteria, sort="date", limit=ENTRIES, facets=()).hits
    entries = [_entry(hit.stored, names, base_url) for hit in hits]
    spoken = [("lang", "en")] if lang() == "en" else []
    pairs = [*params(criteria), *spoken]
    title = f"{gettext('出口质量安全信息')} – {chips.name(criteria, names.titles)}"
    return Feed(one_line(title), base_url + address("/", pairs), base_url + address(request.path, pairs),
                max((each.updated for each in entries), default=_midnight(clock.today())), entries)


def _entry(stored: StoredNotice, names: SourceNames, base_url: str) -> Entry:
    notice = stored.notice
    name = ":".join(quote(part, safe="", errors="surrogatepass") for part in ("zonewatch", *notice.key))
    return Entry(
        uuid5(NAMESPACE_URL, name).urn, one_line(_title(stored)), f"{base_url}/notices/{stored.id}",
        one_line(names.publishers.get(notice.source, notice.source)), web_address(notice.url), _text(stored),
        [one_line(tag) for tag in (labels.market(notice.market), labels.kind(notice.kind.value), *products(stored))],
        _midnight(notice.event_date) if notice.event_date else stored.first_seen_at, stored.changed_at)


def _title(stored: StoredNotice) -> str:
    notice = stored.notice
    gone = f"[{gettext('已撤回')}] " if stored.withdrawn_at else ""
    what = gettext("、").join(products(stored))
    about = f"{labels.market(notice.market)} · {labels.kind(notice.kind.value)}{' · ' + what if what else ''}"
    return f"{gone}{about} – {notice.title}"


def products(stored: StoredNotice) -> list[str]:
    """What a notice is about, as far as it is sure."""
    found = stored.classification
    return [*(labels.product_type(name) for name, level in found.product_types.items() if level.at_least(Confidence.MEDIUM)),
            *(labels.regulation(name) for name, level in found.horizontal.items() if level.at_least(Confidence.MEDIUM))]


def _text(stored: StoredNotice) -> str:
    notice = stored.notice
    stated = [("", f"{labels.grade(stored.grade.grade.value)} – {labels.grade_reason(stored.grade)}"),
              ("", labels.gist(notice)), (gettext("发布机构编号"), notice.external_id),
              (gettext("评议截止"), _iso(notice.comment_deadline)), (gettext("生效日期"), _iso(notice.effective_on)),
              ("", _short(notice.summary))]
    return "\n".join(one_line(f"{label} {value}") for label, value in stated if value)


def _short(text: str) -> str:
    return text if len(text) <= LONGEST_TEXT else text[:LONGEST_TEXT] + "…"


def _iso(day: date | None) -> str:
    return day.isoformat() if day else ""


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(), UTC)


def atom(found: Feed) -> Response:
    """The feed as RFC 4287 has it."""
    root = ET.Element("feed", {"xmlns": ATOM, "xml:lang": LANGS[lang()]})
    _add(root, "id", found.own_url)
    _add(root, "title", found.title)
    _add(root, "updated", _moment(found.updated))
    ET.SubElement(root, "link", {"rel": "self", "type": "application/atom+xml", "href": found.own_url})
    ET.SubElement(root, "link", {"rel": "alternate", "type": "text/html", "href": found.url})
    for each in found.entries:
        _add_entry(ET.SubElement(root, "entry"), each)
    return Response(ET.tostring(root, encoding="utf-8", xml_declaration=True),
                    content_type="application/atom+xml; charset=utf-8")


def _add_entry(element: ET.Element, entry: Entry) -> None:
    _add(element, "id", entry.id)
    _add(element, "title", entry.title)
    _add(element, "published", _moment(entry.published))
    _add(element, "updated", _moment(entry.updated))
    ET.SubElement(element, "link", {"rel": "alternate", "type": "text/html", "href": entry.url})
    if entry.publisher_url:
        ET.SubElement(element, "link", {"rel": "via", "href": entry.publisher_url})
    _add(ET.SubElement(element, "author"), "name", entry.publisher)
    for tag in entry.tags:
        ET.SubElement(element, "category", {"term": tag})
    _add(element, "summary", entry.text)


def _add(element: ET.Element, name: str, text: str) -> None:
    ET.SubElement(element, name).text = text


def _moment(value: datetime) -> str:
    return value.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def json_feed(found: Feed) -> Response:
    """The feed as JSON Feed 1.1 has it."""
    said = {
        "version": "https://jsonfeed.org/version/1.1", "title": found.title, "home_page_url": found.url,
        "feed_url": found.own_url, "language": LANGS[lang()], "items": [_item(each) for each in found.entries]}
    return Response(json.dumps(said, ensure_ascii=False), content_type="application/feed+json; charset=utf-8")


def _item(entry: Entry) -> dict[str, object]:
    item: dict[str, object] = {
        "id": entry.id, "url": entry.url, "title": entry.title, "content_text": entry.text,
        "date_published": _moment(entry.published), "date_modified": _moment(entry.updated),
        "authors": [{"name": entry.publisher}], "tags": list(entry.tags)}
    return item | ({"external_url": entry.publisher_url} if entry.publisher_url else {})
