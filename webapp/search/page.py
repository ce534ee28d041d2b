"""What the search page shows, put together from a search and its results."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date

from domain.criteria import Criteria, Scope
from indexer.chips import Chip as Understood
from indexer.highlight import Segment, highlight
from indexer.service import Results, SearchService
from storage.notices import StoredNotice
from webapp import labels
from webapp.i18n import gettext, lang
from webapp.search import chips as words
from webapp.search.addresses import HOME, PARAMS, Addresses
from webapp.search.corrections import ShownCorrection, corrections, ignored
from webapp.search.facets import Facet, facets
from webapp.search.forms import (
    MAX_PAGE,
    PAGE_SIZE,
    Param,
    SearchForm,
    Sort,
    address,
    form_params,
    params,
    with_only,
)

EXAMPLES = {
    "zh": ("墨盒", "硒鼓 欧盟", "气缸", "电磁阀 召回", "RoHS"),
    "en": ("ink cartridge", "toner cartridge EU", "pneumatic cylinder", "solenoid valve recall", "RoHS"),
}
LONGEST_CHIP = 60
LONGEST_WORD = 30
EXCERPT_SOURCE = 4000
EXCERPT = 180
"""Signs of a summary that are searched for a match, and those shown around the first one."""


@dataclass(frozen=True, slots=True)
class ShownChip:
    """A part of the criteria in words, ``full`` where they are cut short. ``url`` leads to the search without it (for an
    offer: with it)."""

    label: str
    text: str
    full: str
    url: str


@dataclass(frozen=True, slots=True)
class ShownHit:
    """A notice on the list."""

    stored: StoredNotice
    title: Sequence[Segment]
    excerpt: Sequence[Segment]
    source: str
    deadline: date | None


@dataclass(frozen=True, slots=True)
class SearchPage:
    """Everything the template needs."""

    form: SearchForm
    criteria: Criteria
    sort: Sort
    results: Results
    chips: Sequence[ShownChip]
    offers: Sequence[ShownChip]
    corrections: Sequence[ShownCorrection]
    ignored: Sequence[str]
    facets: Sequence[Facet]
    hits: Sequence[ShownHit]
    in_all: int
    """How many notices the same criteria find in 全部来源, counted only when nothing was found here."""

    @property
    def pages(self) -> int:
        """How many pages there are to turn."""
        return min(-(-self.results.total // PAGE_SIZE), MAX_PAGE)

    @property
    def examples(self) -> Sequence[str]:
        """Searches to try."""
        return EXAMPLES[lang()]

    @property
    def is_start(self) -> bool:
        """Whether nothing was asked for yet."""
        return not self.form.text and self.form.criteria.is_everything

    def url(self, param: str, value: str, path: str = "/") -> str:
        """The address of this search with a parameter set to this value alone; an empty value removes it."""
        return address(path, with_only(form_params(self.form), param, value))

    @property
    def kept(self) -> list[Param]:
        """What the search box carries along: all but its own text."""
        return form_params(replace(self.form, text=""))

    @property
    def subscribe_url(self) -> str:
        """Where these criteria can be subscribed to."""
        return address("/subscribe", params(self.criteria))


def search_page(service: SearchService, form: SearchForm, source_titles: Mapping[str, str]) -> SearchPage:
    """Search, and put the page together."""
    understood = service.understand(form.text, form.criteria)
    criteria = understood.criteria
    sort: Sort = form.sort or ("relevance" if form.text or criteria.words else "date")
    results = service.search(criteria, sort=sort, offset=form.offset, limit=PAGE_SIZE)
    narrow = results.total == 0 and criteria.scope is Scope.RELEVANT
    addresses = Addresses(form, understood.chips)
    return SearchPage(
        form=form, criteria=criteria, sort=sort, results=results,
        chips=[*_chosen(form, addresses, source_titles), *_understood(understood.chips, addresses.without_typed)],
        offers=_understood(understood.offers, addresses.accepted),
        corrections=corrections(form, understood.corrections, HOME), ignored=ignored(form, understood),
        facets=facets(results.facets, addresses.is_chosen, addresses.toggled,
                      lambda param, value: words.name_of(param, value, source_titles)),
        hits=[shown_hit(hit.stored, criteria, source_titles) for hit in results.hits],
        in_all=service.search(replace(criteria, scope=Scope.ALL), limit=1).total if narrow else 0)


def _chosen(form: SearchForm, addresses: Addresses, source_titles: Mapping[str, str]) -> list[ShownChip]:
    return [ShownChip(chip.label, chip.text, chip.text, addresses.without(chip))
            for chip in words.chips(form.criteria, source_titles)]


def _understood(typed: Sequence[Understood], url: Callable[[Understood], str]) -> list[ShownChip]:
    return [ShownChip(gettext(labels.CRITERIA[PARAMS[chip.kind]]), *_told(chip), url(chip))
            for chip in typed if chip.kind in PARAMS]


def _told(chip: Understood) -> tuple[str, str]:
    """What a chip says, and all of it where that is too long to say: then the reader's own words stand for it."""
    text = chip.en if lang() == "en" else chip.zh
    return (chip.typed if len(text) > LONGEST_CHIP else text), text


def shown_hit(stored: StoredNotice, criteria: Criteria, source_titles: Mapping[str, str]) -> ShownHit:
    """A notice as the list shows it."""
    notice = stored.notice
    return ShownHit(stored, highlight(notice.title, criteria, lang()), _excerpt(notice.summary, criteria),
                    source_titles.get(notice.source, notice.source), notice.comment_deadline)


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


