"""Suggestions while a search is typed, as the script of the page reads them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from indexer.service import SearchService
from indexer.suggest import Suggestion
from webapp import labels
from webapp.i18n import N_, gettext, lang
from webapp.search.addresses import HOME, PARAMS
from webapp.search.forms import Param, SearchForm, address, form_params

LONGEST = 80
"""Letters of a text that is still looked up; a longer one is no beginning of a name."""
NUMBER = N_("编号")


def suggestions(service: SearchService, form: SearchForm) -> list[Mapping[str, str]]:
    """What the text of a search may become: its name, of what kind it is, the term that begins as typed where that is not
    the name, and the address of the search with it."""
    found = service.suggest(form.text) if form.text and len(form.text) <= LONGEST else []
    return [{"label": _name(each), "kind": gettext(labels.CRITERIA[PARAMS[each.kind]] if each.kind != "word" else NUMBER),
             "term": "" if each.term in (each.zh, each.en) else each.term, "url": _url(form, each)} for each in found]


def _name(suggestion: Suggestion) -> str:
    return suggestion.en if lang() == "en" else suggestion.zh


def _url(form: SearchForm, suggestion: Suggestion) -> str:
    """A number is searched for as text, anything else is a criterion beside what else was typed."""
    if suggestion.kind == "word":
        text = f"{suggestion.before} {suggestion.term}".strip()
        return address(HOME, form_params(replace(form, text=text)))
    chosen: list[Param] = [(PARAMS[suggestion.kind], value) for value in suggestion.values]
    return address(HOME, [*form_params(replace(form, text=suggestion.before)), *chosen])
