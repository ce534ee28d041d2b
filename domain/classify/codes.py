"""What the HS and ICS codes of a notice say about a product type."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from domain.notice import Notice
from domain.product_type import ADJACENT_TYPES, PRODUCT_TYPES, ProductType
from domain.vocabulary import load

_HS = re.compile(r"[\d.\s]*\d")
_HEADING = 4


@dataclass(frozen=True, slots=True)
class NoticeCodes:
    """Codes of a notice in one form: HS as digits (at least a heading), ICS with dots."""

    hs: tuple[str, ...]
    ics: tuple[str, ...]

    def __bool__(self) -> bool:
        return bool(self.hs or self.ics)

    def exact(self, product_type: ProductType) -> str:
        """A code that means this type and little else, or nothing."""
        codes = product_type.codes
        return _begins(self.hs, codes.hs_exact) or _begins(self.ics, codes.ics_exact)

    def shared(self, product_type: ProductType) -> str:
        """A code that holds this type among other things, or nothing."""
        codes = product_type.codes
        return _begins(self.hs, codes.hs_shared) or _begins(self.ics, codes.ics_shared)

    def telling(self, product_type: ProductType) -> str:
        """A shared code that gives a weak term its sense, or nothing."""
        return _begins(self.hs + self.ics, product_type.codes.telling)

    def wider(self, product_type: ProductType) -> str:
        """A heading or group above the type's own codes (HS 8481, ICS 23.100), or nothing."""
        codes = product_type.codes
        return _begins(codes.hs_exact + codes.hs_shared, self.hs) or _begins(codes.ics_exact + codes.ics_shared, self.ics)

    def of_industry(self, industry: str) -> bool:
        """Whether any code belongs to a type of the industry."""
        return any(self.exact(each) or self.shared(each) or self.wider(each)
                   for each in PRODUCT_TYPES.values() if each.industry == industry)

    def only_foreign(self) -> bool:
        """Whether there are codes and each of them rules our products out."""
        negative = load("negatives")["codes"]
        return bool(self) and all(_begins((code,), negative["hs"]) for code in self.hs) and all(
            _begins((code,), negative["ics"]) for code in self.ics)

    def adjacent(self) -> frozenset[str]:
        """Near neighbours that a code means."""
        return frozenset(each.id for each in ADJACENT_TYPES.values()
                         if _begins(self.hs, each.codes.hs_exact) or _begins(self.ics, each.codes.ics_exact))


def codes_of(notice: Notice) -> NoticeCodes:
    """The codes of a notice, chapters (two digits) left out: they say nothing."""
    hs = (re.sub(r"\D", "", found[0]) for code in notice.hs_codes if (found := _HS.match(code.strip())))
    ics = (found[0] for code in notice.ics_codes if (found := re.match(r"\d{2}\.\d[\d.]*", code.strip())))
    return NoticeCodes(tuple(code for code in hs if len(code) >= _HEADING), tuple(code.rstrip(".") for code in ics))


def _begins(codes: Sequence[str], beginnings: Sequence[str]) -> str:
    """The first code that begins with one of the others, or nothing."""
    return next((code for code in codes if code.startswith(tuple(beginnings))), "")
