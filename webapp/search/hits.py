"""A notice as the list of results shows it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date

from domain.criteria import Criteria
from indexer.highlight import Segment, highlight
from storage.notices import StoredNotice
from webapp.i18n import lang
from webapp.sources.titles import SourceNames

LONGEST_WORD = 30
EXCERPT_SOURCE = 4000
EXCERPT = 180
"""Signs of a summary that are searched for a match, and those shown around the first one."""


@dataclass(frozen=True, slots=True)
class ShownHit:
    """A notice on the list."""

    stored: StoredNotice
    title: Sequence[Segment]
    excerpt: Sequence[Segment]
    source: str
    publisher: str
    deadline: date | None


def shown_hit(stored: StoredNotice, criteria: Criteria, names: SourceNames) -> ShownHit:
    """A notice as the list shows it."""
    notice = stored.notice
    return ShownHit(stored, highlight(notice.title, criteria, lang()), _excerpt(notice.summary, criteria),
                    names.titles.get(notice.source, notice.source), names.publishers.get(notice.source, notice.source),
                    notice.comment_deadline)


def _excerpt(summary: str, criteria: Criteria) -> list[Segment]:
    """The summary around the first match, or its beginning."""
    segments = highlight(" ".join(summary.split())[:EXCERPT_SOURCE], criteria, lang())
    before = ""
    for at, segment in enumerate(segments):
        if segment.marked:
            return _cut([Segment(_lead(before)), *segments[at:]])
        before += segment.text
    return _cut(segments)


def _lead(before: str) -> str:
    """What stands before the first match: the end of it, from the beginning of a word."""
    if len(before) <= EXCERPT // 3:
        return before
    end = before[-EXCERPT // 3:]
    return "…" + (end.split(" ", 1)[1] if " " in end[:-1] else end)


def _whole_words(text: str) -> str:
    """The text without a last word that was cut, unless it is written without blanks."""
    head, blank, tail = text.rpartition(" ")
    return head if blank and len(tail) < LONGEST_WORD else text


def _cut(segments: Sequence[Segment]) -> list[Segment]:
    left = EXCERPT
    found: list[Segment] = []
    for segment in segments:
        if len(segment.text) > left:
            return [*found, replace(segment, text=_whole_words(segment.text[:left]) + "…")]
        found.append(segment)
        left -= len(segment.text)
    return found
