"""A notice on a list of results: its title and a piece of its text, both with marks that show why it was found."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from domain.classification import Classification, Confidence
from domain.criteria import Criteria
from domain.notice import Notice
from domain.text import normalise
from indexer.highlight import Mark, Segment, Terms, asked, marks, segments

LONGEST_TITLE = 300
EXCERPT = 180
LEAD = EXCERPT // 3
"""Signs that are shown of a title, of a text, and of that before its first match."""
SEARCHED = 4000
_WINDOW = 400
_OVERLAP = 80
"""Signs of a text that are searched for a match, at a time, and twice where two windows meet."""
_LONGEST_WORD = 30
_FIELDS = ("title", "product", "brand", "model", "external_id", "identifiers", "category")


@dataclass(frozen=True, slots=True)
class Shown:
    """The title, and an excerpt of the summary: its beginning when the title shows all that was asked for, else what stands
    around the first match of the rest. Where only another field of the notice holds that, the excerpt is of that
    ``field``."""

    title: Sequence[Segment]
    excerpt: Sequence[Segment]
    field: str = "summary"


def shown(notice: Notice, criteria: Criteria, lang: str = "zh", found_in: Classification = Classification()) -> Shown:  # noqa: B008  # frozen
    """A notice as a list of results shows it. ``lang`` is the reader's language, for glosses; a weak term has one where it
    is evidence of what was ``found_in`` the notice."""
    meant = _meant(criteria, found_in)
    title = _short(notice.title)
    found = marks(title, criteria)
    summary = notice.summary[:SEARCHED]
    missing = asked(criteria) - {word for mark in found for word in mark.words}
    around, field = _around(summary, criteria, missing), "summary"
    if missing and around is None:
        field, text = _other_field(notice, title, criteria, missing)
        summary, around = (text, _around(text, criteria, missing)) if text else (summary, None)
    return Shown(_once(segments(title, found, lang, meant)),
                 _once(_excerpt(summary, around, criteria, lang, meant)), field)


def _meant(criteria: Criteria, found: Classification) -> Terms:
    return {(each.subject, normalise(each.what)) for each in found.evidence
            if each.subject in criteria.product_types and each.where in ("title", "product")
            and found.product_types.get(each.subject, Confidence.REVIEW).at_least(Confidence.MEDIUM)}


def _short(title: str) -> str:
    return title if len(title) <= LONGEST_TITLE else _whole_words(title[:LONGEST_TITLE]) + "…"


def _around(text: str, criteria: Criteria, missing: set[str]) -> Mark | None:
    """The first mark in a text that shows something of what is missing."""
    if missing:
        for start, end in _windows(text):
            for mark in marks(text[start:end], criteria):
                if mark.words & missing:
                    return replace(mark, start=start + mark.start, end=start + mark.end)
    return None


def _windows(text: str) -> Iterator[tuple[int, int]]:
    """Pieces of a text, each short passage whole in one of them; they cut no word in two."""
    start = 0
    while True:
        end = start + _WINDOW
        if end >= len(text):
            yield start, len(text)
            return
        end = _blank_before(text, end)
        yield start, end
        start = _blank_before(text, end - _OVERLAP)


def _blank_before(text: str, at: int) -> int:
    blank = text.rfind(" ", at - _LONGEST_WORD, at)
    return blank if blank > 0 else at


def _other_field(notice: Notice, title: str, criteria: Criteria, missing: set[str]) -> tuple[str, str]:
    """A field that holds something of what is missing, and its text; the summary and nothing when none does."""
    for field in _FIELDS:
        value = getattr(notice, field)
        text = value if isinstance(value, str) else ", ".join(value)
        if text and text != title and _around(text[:SEARCHED], criteria, missing):
            return field, text[:SEARCHED]
    return "summary", ""


def _excerpt(text: str, around: Mark | None, criteria: Criteria, lang: str, meant: Terms) -> list[Segment]:
    """The text around a mark, or its beginning; nothing of an empty text."""
    if not text.strip():
        return []
    first = 0
    if around and around.start > LEAD:
        first = around.start - LEAD
        blank = text.find(" ", first, around.start)
        first = blank + 1 if blank >= 0 else first
    piece = " ".join(text[first:first + EXCERPT + _OVERLAP].split())
    found = segments(piece, marks(piece, criteria), lang, meant)
    return _cut([Segment("…"), *found] if first else found)


def _once(found: Sequence[Segment]) -> list[Segment]:
    """The segments with each meaning told where it first stands, not again and again."""
    told: set[str | None] = set()
    kept = []
    for segment in found:
        kept.append(replace(segment, gloss=None) if segment.gloss and segment.gloss in told else segment)
        told.add(segment.gloss)
    return kept


def _whole_words(text: str) -> str:
    """The text without a last word that was cut, unless it is written without blanks."""
    head, blank, tail = text.rpartition(" ")
    return head if blank and len(tail) < _LONGEST_WORD else text


def _cut(found: Sequence[Segment]) -> list[Segment]:
    left = EXCERPT
    kept: list[Segment] = []
    for segment in found:
        if len(segment.text) > left:
            return [*kept, replace(segment, text=_whole_words(segment.text[:left]) + "…")]
        kept.append(segment)
        left -= len(segment.text)
    return kept
