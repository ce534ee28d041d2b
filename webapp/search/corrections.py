"""What was not taken as it was typed, in words, each with the search that takes it so."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from indexer.understand import Correction, Understood
from webapp.i18n import gettext, lang
from webapp.search.forms import SearchForm, address, form_params

SHOWN_IGNORED = 60
"""Letters shown of a text that was left out."""


@dataclass(frozen=True, slots=True)
class ShownCorrection:
    """A correction in a sentence; ``url`` leads to the search for the word as it was typed, in quotation marks."""

    text: str
    typed: str
    url: str


def corrections(form: SearchForm, found: Sequence[Correction], path: str) -> list[ShownCorrection]:
    """The corrections of a search."""
    return [ShownCorrection(_sentence(each), each.typed, address(path, form_params(replace(form, text=each.quoted))))
            for each in found]


def _sentence(correction: Correction) -> str:
    taken = correction.en if lang() == "en" else correction.zh
    if correction.kind == "pinyin":
        return gettext("“%(typed)s”按拼音理解为“%(taken)s”", typed=correction.typed, taken=taken)
    return gettext("已将“%(typed)s”更正为“%(taken)s”", typed=correction.typed, taken=taken)


def ignored(form: SearchForm, understood: Understood) -> list[str]:
    """What was typed and left out, cut short."""
    texts = [*(chip.typed for chip in understood.chips if chip.kind == "ignored"), *([form.beyond] if form.beyond else [])]
    return [text[:SHOWN_IGNORED] + "…" if len(text) > SHOWN_IGNORED else text for text in texts]
