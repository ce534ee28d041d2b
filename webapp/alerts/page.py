"""What the subscribe page shows: the criteria in words, how much they find, and the lists to choose from."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from domain.criteria import Criteria, Scope
from domain.grade import Grade
from domain.hazard import HAZARDS
from domain.kinds import NOTICE_KINDS
from domain.market import FROM_CHINA, MARKETS
from domain.product_type import INDUSTRIES, types_of_industry
from domain.regulation import REGULATIONS, binding
from indexer.service import SearchService
from storage.notices import StoredNotice
from subscriptions.estimate import Estimate
from webapp import labels
from webapp.alerts.forms import BETWEEN, ONE_OF, SubscribeForm
from webapp.i18n import N_, gettext
from webapp.search.chips import Chip, chip, chips, foreign_to_most, name_of
from webapp.search.forms import SETS, UNSTATED, Param, params

PAGE = 100
"""Notices of a mail on one page."""
TICKED = ("product", "regulation", "market", "kind", "hazard")
WRITTEN = ("word", "any", "any2", "not")
"""Parameters that the form lets choose from a list, and those that are written into it."""
_GRADES: Mapping[str, frozenset[str]] = {
    N_("全部"): frozenset(), N_("黄色及以上"): frozenset((Grade.RED.value, Grade.YELLOW.value)),
    N_("仅红色"): frozenset((Grade.RED.value,))}
_ORIGINS: Mapping[str, frozenset[str]] = {
    N_("全部"): frozenset(), N_("产自中国（含香港、澳门）或未注明的"): FROM_CHINA | {""},
    N_("仅注明产自中国（含香港、澳门）的"): FROM_CHINA}
"""Most rules state no origin, so who wants to miss none of them takes the second."""


@dataclass(frozen=True, slots=True)
class Choice:
    """A value that can be chosen."""

    value: str
    text: str
    chosen: bool


@dataclass(frozen=True, slots=True)
class Group:
    """Values to choose from, under a title."""

    title: str
    choices: Sequence[Choice]


@dataclass(frozen=True, slots=True)
class SubscribePage:
    """Everything the template needs. ``total`` is what the search page says for the same criteria; ``estimate`` how
    many alerts they would have brought lately. Of ``one_of`` one is chosen;
    ``missing`` rules bind the products but are not asked for."""

    form: SubscribeForm
    chips: Sequence[Chip]
    total: int
    estimate: Estimate
    products: Sequence[Group]
    rules: Sequence[Group]
    choices: Mapping[str, Sequence[Choice]]
    one_of: Mapping[str, Sequence[Choice]]
    written: Mapping[str, str]
    missing: int
    others: Sequence[tuple[Param, Chip]]
    """Conditions that no list of the form has, which can only be given up."""

    @property
    def asks_for_all(self) -> bool:
        """Whether nothing narrows all sources, which nobody can subscribe to."""
        criteria = self.form.criteria
        return criteria.scope is Scope.ALL and replace(criteria, excluded=()).is_everything

    @property
    def foreign_to_most(self) -> Sequence[str]:
        """Words that most publishers never write."""
        return foreign_to_most(self.form.criteria)


def subscribe_page(service: SearchService, form: SubscribeForm, source_titles: Mapping[str, str],
                   estimate: Estimate) -> SubscribePage:
    """Put the page together."""
    criteria = form.criteria
    total = service.search(criteria, limit=0, facets=()).total
    products = [Group(labels.industry(each), _choices(criteria, "product", [one.id for one in types_of_industry(each)]))
                for each in INDUSTRIES]
    rules = [Group(labels.market_asked(market), _choices(criteria, "regulation", names))
             for market, names in _rules_by_market().items()]
    choices = {param: _choices(criteria, param, list(table))
               for param, table in (("market", MARKETS), ("kind", NOTICE_KINDS), ("hazard", HAZARDS))}
    return SubscribePage(
        form, chips(criteria, source_titles), total, estimate,
        products, rules, choices,
        {"grades": _one_of("grade", criteria.grades, _GRADES), "origins": _one_of("origin", criteria.origins, _ORIGINS)},
        _written(criteria), len(binding(criteria.product_types, criteria.markets) - criteria.regulations),
        _others(
            criteria, [*products, *rules, *(Group(param, values) for param, values in choices.items())], source_titles))


def _choices(criteria: Criteria, param: str, values: Sequence[str]) -> list[Choice]:
    chosen = getattr(criteria, SETS[param])
    return [Choice(value, name_of(param, value), value in chosen) for value in values]


def _rules_by_market() -> dict[str, list[str]]:
    """The regulations that bind any of our products, by market."""
    found: dict[str, list[str]] = {}
    for name, rule in REGULATIONS.items():
        if rule.applies_to:
            found.setdefault(rule.market, []).append(name)
    return found


def _one_of(param: str, chosen: frozenset[str], offered: Mapping[str, frozenset[str]]) -> list[Choice]:
    """The choices offered, and what was chosen when it is none of them."""
    own = {} if chosen in offered.values() else {
        gettext("、").join(name_of(param, value or UNSTATED) for value in sorted(chosen)): chosen}
    return [Choice(BETWEEN.join(value or UNSTATED for value in sorted(values)), text, values == chosen)
            for text, values in ({gettext(text): values for text, values in offered.items()} | own).items()]


def _written(criteria: Criteria) -> dict[str, str]:
    """The words by parameter, one a line."""
    groups = dict.fromkeys(WRITTEN, "")
    for param, value in params(criteria):
        if param in groups:
            groups[param] += f"{value}\n"
    return {param: text.rstrip("\n") for param, text in groups.items()}


def _others(criteria: Criteria, offered: Sequence[Group], source_titles: Mapping[str, str]) -> list[tuple[Param, Chip]]:
    listed = {each.value for group in offered for each in group.choices}
    return [((param, value), chip(param, (value,), source_titles)) for param, value in params(criteria)
            if param not in (*WRITTEN, *ONE_OF.values(), "scope") and not (param in TICKED and value in listed)]


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
