"""Step 3: what the notices are about, with the evidence."""

from __future__ import annotations

from crawlers.items import Page, ReadPage
from storage.ingest import Reading


class Classify:
    """Puts the findings beside each notice."""

    def process_item(self, item: Page) -> ReadPage:
        """Classify a page."""
        from domain.classify import classify  # its vocabulary is loaded only when there is something to read

        return ReadPage(item, [Reading(notice, classify(notice), item.hashes.get(notice.external_id))
                               for notice in item.notices])
