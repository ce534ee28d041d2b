"""Step 2: texts fit to be stored and shown. What the publisher wrote stays in ``raw``."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from crawlers.items import Page
from crawlers.text import storable, visible
from domain.notice import Notice
from domain.web_address import is_web_address

_LINES = ("title", "product", "brand", "model", "category")


def normalised(notice: Notice) -> Notice:
    """The notice with clean texts and only web addresses among its documents."""
    changes: dict[str, Any] = {"summary": visible(notice.summary)}
    for name in _LINES:
        changes[name] = " ".join(visible(getattr(notice, name)).split())
    for name in ("identifiers", "hs_codes", "ics_codes", "relates_to"):
        if values := getattr(notice, name):
            changes[name] = tuple(dict.fromkeys(filter(None, map(visible, values))))
    if notice.documents:
        changes["documents"] = tuple(url for url in notice.documents if is_web_address(url))
    changes["raw"] = {name: storable(value) for name, value in notice.raw.items()}
    return replace(notice, **changes)


class Normalise:
    """Cleans every notice of a page."""

    def process_item(self, item: Page) -> Page:
        """Normalise a page."""
        return replace(item, notices=[normalised(notice) for notice in item.notices])
