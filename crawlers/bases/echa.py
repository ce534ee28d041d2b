"""What the lists of the European Chemicals Agency share: each entry is a substance, or a group, with its numbers."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from crawlers.base import SourceSpider
from crawlers.text import stated
from domain.notice import Notice, NoticeKind
from domain.source import Publisher

PUBLISHER = Publisher("European Chemicals Agency", "欧洲化学品管理局（ECHA）", "https://echa.europa.eu/", "EU")
LICENCE = "© European Chemicals Agency; reuse permitted with credit to ECHA (its legal notice)"


class EchaSpider(SourceSpider):
    """A spider that reads a list of substances under REACH."""

    def entry(self, numbers: Iterable[str], **values: Any) -> Notice:
        """The notice of an entry with these EC and CAS numbers; those that say that there is none are left out."""
        return Notice(source=self.card.slug, kind=NoticeKind.TECHNICAL_REGULATION, market="EU", hazards=("chemical",),
                      identifiers=tuple(map(stated, numbers)), **values)
