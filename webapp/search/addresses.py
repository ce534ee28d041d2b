"""Addresses that add something to a search or take it off again."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from indexer.chips import Chip as Understood
from webapp.search.chips import Chip
from webapp.search.forms import Param, SearchForm, address, form_params, params, with_value, without_value

PARAMS = {"product_type": "product", "regulation": "regulation", "market": "market", "kind": "kind", "year": "year",
          "word": "word", "excluded": "not"}
"""Kinds of what is understood from text, by the parameter that says the same."""
HOME = "/"


class Addresses:
    """Addresses around one search. What was understood from its text goes when its words go from the text; nothing else
    that was typed or chosen is lost."""

    def __init__(self, form: SearchForm, understood: Sequence[Understood]) -> None:
        self.form = form
        self.pairs = form_params(form)
        self.own = frozenset(params(form.criteria))
        self.understood = {(PARAMS[chip.kind], str(value)): chip
                           for chip in understood if chip.kind in PARAMS for value in chip.values}

    def is_chosen(self, param: str, value: str) -> bool:
        """Whether a value is part of the search, chosen or understood."""
        return (param, value) in self.own or (param, value) in self.understood

    def toggled(self, param: str, value: str) -> str:
        """The search with one value added or removed."""
        if (param, value) in self.own:
            return address(HOME, without_value(self.pairs, param, value))
        typed = self.understood.get((param, value))
        if typed is None:
            return address(HOME, with_value(self.pairs, param, value))
        return self._without_text(typed.typed, ((param, str(other)) for other in typed.values if other != value))

    def without(self, chip: Chip) -> str:
        """The search without a chip that was chosen."""
        pairs = self.pairs
        for value in chip.values:
            pairs = without_value(pairs, chip.param, value)
        return address(HOME, pairs)

    def without_typed(self, typed: Understood) -> str:
        """The search without what was understood from some of its text."""
        return self._without_text(typed.typed, ())

    def accepted(self, offer: Understood) -> str:
        """The search with an offer in the place of the words it explains."""
        return self._without_text(offer.typed, ((PARAMS[offer.kind], str(value)) for value in offer.values))

    def _without_text(self, typed: str, instead: Iterable[Param]) -> str:
        text = " ".join(self.form.text.replace(typed, " ", 1).split())
        return address(HOME, [*form_params(replace(self.form, text=text)), *instead])
