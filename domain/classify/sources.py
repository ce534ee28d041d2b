"""What the source says by how it files a notice: categories and publishers that exclude or include our products."""

from __future__ import annotations

import re
from functools import cache, lru_cache

from domain.notice import Notice
from domain.product_type import ProductType
from domain.text import normalise, tokens
from domain.vocabulary import load

_PARTS = re.compile(r"\s*\|\s*|\s+-\s+")


def excluding_category(notice: Notice) -> str:
    """The category or source that rules our products out, or nothing."""
    excluded = _wanted("categories", "excluded")
    part = next((part for part in _parts(notice.category) if part in excluded), "")
    publishers = _wanted("sources", "excluded")
    return part or next((token for token in tokens(notice.source) if token in publishers), "")


def including_category(notice: Notice, product_type: ProductType) -> str:
    """The category that makes a pneumatic term worth more, or nothing."""
    if product_type.industry != "pneumatics":
        return ""
    included = _wanted("categories", "included")
    return next((part for part in _parts(notice.category) if part in included), "")


@lru_cache(maxsize=1024)
def _parts(category: str) -> tuple[str, ...]:
    """A category as a whole and its parts: "Medical devices | Cardiovascular", "Drugs - Food"."""
    whole = normalise(category)
    return (whole, *_PARTS.split(whole)) if whole else ()


@cache
def _wanted(table: str, key: str) -> frozenset[str]:
    return frozenset(map(normalise, load("negatives")[table][key]))
