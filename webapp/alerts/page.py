"""What the subscribe page shows: the criteria in words, how much they find, and the lists to choose from."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta

from domain.criteria import Criteria
from domain.grade import Grade
from domain.kinds import NOTICE_KINDS
from domain.market import MARKETS
from domain.product_type import INDUSTRIES, types_of_industry
from indexer.service import SearchService
from storage.notices import StoredNotice
from webapp import labels
from webapp.alerts.forms import SubscribeForm
from webapp.present import today
from webapp.search.chips import Chip, chips, name_of
from webapp.search.forms import SETS, Param, params

RECENT_DAYS = 30
MOST_RECENT = 100
"""Days that tell a reader how many mails to expect, and the count at which we stop counting."""
PAGE = 100
"""Notices of a mail on one page."""
CHOOSABLE = ("product", "market", "kind", "grade")


@dataclass(frozen=True, slots=True)
class Choice:
    """A value that can be ticked."""

    value: str
    text: str
    chosen: bool


@dataclass(frozen=True, slots=True)
class SubscribePage:
    """Everything the template needs. ``total`` is what the search page says for the same criteria; ``recent`` of those
    are dated within the last RECENT_DAYS, at least that many when it equals MOST_RECENT."""

    form: SubscribeForm
    chips: Sequence[Chip]
    total: int
    recent: int
    products: Sequence[tuple[str, Sequence[Choice]]]
    choices: Mapping[str, Sequence[Choice]]
    kept: Sequence[Param]
    """Parameters that the lists do not choose; they stay as they are."""

    @property
    def is_recent_cut(self) -> bool:
        """Whether there may be more recent ones than counted."""
        return self.recent >= MOST_RECENT


def subscribe_page(service: SearchService, form: SubscribeForm, source_titles: Mapping[str, str]) -> SubscribePage:
    """Put the page together."""
    found = service.search(form.criteria, sort="date", limit=MOST_RECENT)
    since = today() - timedelta(days=RECENT_DAYS)
    dates = [hit.stored.notice.event_date for hit in found.hits]
    return SubscribePage(
        form, chips(form.criteria, source_titles), found.total, sum(on is not None and on > since for on in dates),
        [(labels.industry(each), _choices(form.criteria, "product", [one.id for one in types_of_industry(each)]))
         for each in INDUSTRIES],
        {"market": _choices(form.criteria, "market", list(MARKETS)),
         "kind": _choices(form.criteria, "kind", list(NOTICE_KINDS)),
         "grade": _choices(form.criteria, "grade", [each.value for each in Grade])},
        [pair for pair in params(form.criteria) if pair[0] not in CHOOSABLE])


def _choices(criteria: Criteria, param: str, values: Sequence[str]) -> list[Choice]:
    chosen = getattr(criteria, SETS[param])
    return [Choice(value, name_of(param, value), value in chosen) for value in values]


@dataclass(frozen=True, slots=True)
class ToldPage:
    """A page of the notices that a mail told; ``total`` counts all."""

    notices: Sequence[StoredNotice]
    total: int
    number: int
    pages: int


def told_page(found: Sequence[StoredNotice], number: str) -> ToldPage:
    """The page asked for, the first for what is no number."""
    pages = max(1, -(-len(found) // PAGE))
    wanted = min(pages, max(1, int(number))) if number.isascii() and number.isdigit() and len(number) < 6 else 1
    return ToldPage(found[(wanted - 1) * PAGE:wanted * PAGE], len(found), wanted, pages)
