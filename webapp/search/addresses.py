"""Addresses that add something to a search or take it off again."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Sequence
from dataclasses import replace
from urllib.parse import urlencode

from indexer.chips import Chip as Understood
from webapp.search.chips import Chip
from webapp.search.forms import Param, SearchForm, address, form_params, params, without_value

PARAMS = {"product_type": "product", "regulation": "regulation", "market": "market", "kind": "kind", "hazard": "hazard",
          "year": "year", "word": "word", "excluded": "not"}
"""Kinds of what is understood from text, by the parameter that says the same."""
HOME = "/"


class Addresses:
    """Addresses around one search. What was understood from its text goes when its words go from the text; nothing else
    that was typed or chosen is lost."""

    def __init__(self, form: SearchForm, understood: Sequence[Understood]) -> None:
        self.form = form
        self.pairs = form_params(form)
        self._query = f"{urlencode(self.pairs)}&" if self.pairs else ""
        self.own = frozenset(params(form.criteria))
        self._typed = [chip for chip in understood if chip.kind in PARAMS]
        self.understood = frozenset(pair for chip in self._typed for pair in _pairs(chip))

    def chosen(self, param: str) -> list[str]:
        """The values of a parameter that are part of the search, chosen or understood."""
        return sorted({value for name, value in (*self.own, *self.understood) if name == param})

    def is_chosen(self, param: str, *values: str) -> bool:
        """Whether all of these values are part of the search."""
        return all((param, value) in self.own or (param, value) in self.understood for value in values)

    def toggled(self, param: str, *values: str) -> str:
        """The search with these values, or without them when it has them all."""
        if not self.is_chosen(param, *values):
            return self._with((param, value) for value in values if not self.is_chosen(param, value))
        gone = {(param, value) for value in values}
        typed = [chip for chip in self._typed if not gone.isdisjoint(_pairs(chip))]
        return self._without_text([chip.typed for chip in typed],
                                  [pair for chip in typed for pair in _pairs(chip) if pair not in gone], gone)

    def without(self, chip: Chip) -> str:
        """The search without a chip that was chosen."""
        pairs = self.pairs
        for value in chip.values:
            pairs = without_value(pairs, chip.param, value)
        return address(HOME, pairs)

    def without_typed(self, typed: Understood) -> str:
        """The search without what was understood from some of its text."""
        return self._without_text([typed.typed])

    def accepted(self, offer: Understood) -> str:
        """The search with an offer in the place of the words it explains."""
        return self._without_text([offer.typed], _pairs(offer))

    def _with(self, more: Iterable[Param]) -> str:
        return f"{HOME}?{self._query}{urlencode(list(more))}"

    def _without_text(self, typed: Iterable[str], instead: Iterable[Param] = (), gone: Collection[Param] = ()) -> str:
        """Words that stand by themselves go sooner than letters of another word: the gizmo of "gizmotron gizmo"."""
        text = self.form.text
        for words in typed:
            place = re.search(rf"(?<!\w){re.escape(words)}(?!\w)", text) or re.search(re.escape(words), text)
            text = f"{text[:place.start()]} {text[place.end():]}" if place else text
        kept = form_params(replace(self.form, text=" ".join(text.split())))
        return address(HOME, [*(pair for pair in kept if pair not in gone), *instead])


def _pairs(chip: Understood) -> list[Param]:
    return [(PARAMS[chip.kind], str(value)) for value in chip.values]
