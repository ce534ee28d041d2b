"""What the search page shows, put together from a search and its results."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

from domain.criteria import Criteria, Scope
from indexer.chips import Chip as Understood
from indexer.port import Sort
from indexer.service import Results, SearchService
from webapp import labels
from webapp.i18n import N_, gettext, lang
from webapp.search import chips as words
from webapp.search.addresses import HOME, PARAMS, Addresses
from webapp.search.corrections import ShownCorrection, corrections, ignored
from webapp.search.facets import Around, Facet, facets
from webapp.search.folding import Folded, folded
from webapp.search.forms import (
    MAX_PAGE,
    MOST_ROWS,
    PAGE_SIZE,
    Param,
    SearchForm,
    address,
    form_params,
    params,
    with_only,
)
from webapp.search.hits import ShownHit, shown_hit
from webapp.sources.titles import SourceNames

EXAMPLES = {
    "zh": ("墨盒", "硒鼓 欧盟", "气缸", "电磁阀 召回", "RoHS"),
    "en": ("ink cartridge", "toner cartridge EU", "pneumatic cylinder", "solenoid valve recall", "RoHS"),
}
SORTS: Mapping[Sort, str] = {"relevance": N_("相关度"), "date": N_("日期"), "deadline": N_("评议截止")}
LONGEST_CHIP = 60


@dataclass(frozen=True, slots=True)
class ShownChip:
    """A part of the criteria in words, ``full`` where they are cut short. ``url`` leads to the search without it (for an
    offer: with it)."""

    label: str
    text: str
    full: str
    url: str


@dataclass(frozen=True, slots=True)
class SearchPage:
    """Everything the template needs."""

    form: SearchForm
    criteria: Criteria
    name: str
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
    def folded(self) -> Sequence[Folded]:
        """The hits by event."""
        return folded(self.hits, self.criteria)

    @property
    def sorts(self) -> Mapping[str, str]:
        """Orders to choose from; that of comment deadlines where any result has one."""
        has_deadline = self.sort == "deadline" or any(self.results.facets.get("deadline", {}).values())
        return {name: gettext(text) for name, text in SORTS.items() if name != "deadline" or has_deadline}

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

    def file_url(self, name: str, with_order: bool = False) -> str:
        """Where these criteria are found as a feed or a file. Not the words typed: what they are understood as may change,
        a kept address must not."""
        order = [("sort", self.sort)] if with_order else []
        return address(f"/{name}", [*params(self.criteria), *order, *([("lang", "en")] if lang() == "en" else [])])

    @property
    def most_rows(self) -> int:
        """How many notices a file holds at most."""
        return MOST_ROWS

    @property
    def kept(self) -> list[Param]:
        """What the search box carries along: all but its own text."""
        return form_params(replace(self.form, text=""))

    @property
    def foreign_to_most(self) -> Sequence[str]:
        """Words that most publishers never write."""
        return words.foreign_to_most(self.criteria)

    @property
    def subscribe_url(self) -> str:
        """Where these criteria can be subscribed to."""
        return address("/subscribe", params(self.criteria))


def search_page(service: SearchService, form: SearchForm, names: SourceNames) -> SearchPage:
    """Search, and put the page together."""
    understood = service.understand(form.text, form.criteria)
    criteria = understood.criteria
    sort = form.order(criteria)
    results = service.search(criteria, sort=sort, offset=form.offset, limit=PAGE_SIZE)
    narrow = results.total == 0 and criteria.scope is Scope.RELEVANT
    addresses = Addresses(form, understood.chips)
    return SearchPage(
        form=form, criteria=criteria, name=words.name(criteria, names.titles), sort=sort, results=results,
        chips=[*_chosen(form, addresses, names.titles), *_understood(understood.chips, addresses.without_typed)],
        offers=_understood(understood.offers, addresses.accepted),
        corrections=corrections(form, understood.corrections, HOME), ignored=ignored(form, understood),
        facets=facets(Around(results, addresses, lambda param, value: words.name_of(param, value, names.titles),
                             names.publishers)),
        hits=[shown_hit(hit.stored, criteria, names) for hit in results.hits],
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
    if chip.kind == "market":
        text = gettext("、").join(map(labels.market_asked, chip.values))
    return (chip.typed if len(text) > LONGEST_CHIP else text), text
