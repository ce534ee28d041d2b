"""Bulletin 简报: picked notices with the editor's comment, published by an association."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class BulletinState(StrEnum):
    """A draft is seen by editors of its zone only."""

    DRAFT = "draft"
    PUBLISHED = "published"


@dataclass(frozen=True, slots=True)
class Bulletin:
    """A bulletin; ``notice_ids`` in the editor's order."""

    id: int
    zone_id: int
    title: str
    comment: str
    state: BulletinState
    notice_ids: tuple[int, ...]
    created_at: datetime
    published_at: datetime | None
