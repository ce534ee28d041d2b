"""What the forms of editors say."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from domain.errors import InvalidValue
from webapp.present import MAX_ID
from webapp.security import own_path


class Move(StrEnum):
    """Where a notice of a draft goes."""

    UP = "up"
    DOWN = "down"
    OUT = "out"


_MOVES = [move.value for move in Move]


@dataclass(frozen=True, slots=True)
class DraftForm:
    """Title and comment of a draft; for a new one the zone and the first notice too."""

    title: str
    comment: str
    zone_id: int
    notice_ids: tuple[int, ...]
    preview: bool


@dataclass(frozen=True, slots=True)
class MoveForm:
    """One notice of a draft, what to do with it, and where to go then."""

    notice_id: int
    move: Move
    back: str | None


def draft_form(values: Mapping[str, str]) -> DraftForm:
    """The form as sent."""
    notice_id = _number(values.get("notice", ""))
    return DraftForm(values.get("title", ""), values.get("comment", ""), _number(values.get("zone", "")),
                     (notice_id,) if notice_id else (), "preview" in values)


def move_form(values: Mapping[str, str]) -> MoveForm:
    """The form as sent. Raises InvalidValue when it names no notice."""
    notice_id = _number(values.get("notice", ""))
    move = values.get("move", Move.OUT.value)
    if not notice_id or move not in _MOVES:
        raise InvalidValue("the form names no notice or no move")
    return MoveForm(notice_id, Move(move), own_path(values.get("back")))


def _number(text: str) -> int:
    """A positive id, else 0."""
    return int(text) if text.isascii() and text.isdigit() and len(text) < 11 and int(text) <= MAX_ID else 0
