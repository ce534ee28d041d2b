"""What sources are called, for rooms that only name them."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from storage.models import SourceRow


@dataclass(frozen=True, slots=True)
class SourceName:
    """The names of a source and of the authority behind it."""

    title: str
    title_zh: str
    publisher: str
    publisher_zh: str


def names(session: Session) -> dict[str, SourceName]:
    """The names of all sources, by slug."""
    rows = session.execute(select(SourceRow.slug, SourceRow.card))
    return {slug: SourceName(card["title"], card["title_zh"], card["publisher"]["name"], card["publisher"]["name_zh"])
            for slug, card in rows}
