"""What the form of a zone's grade says."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from werkzeug.datastructures import MultiDict

from domain.decision import ENDING, RATING
from domain.errors import InvalidValue, NotFound
from domain.grade import Grade
from domain.organisation import Zone
from webapp.review.forms import Verdict, reason_of, verdict_form


@dataclass(frozen=True, slots=True)
class GradeForm:
    """A grade as it was sent, for a zone by its number, with the reason chosen and the editor's own words; ``stamp`` is the
    newest row that the editor saw."""

    zone_id: int = 0
    grade: str = ""
    stamp: int = 0
    chosen: str = ""
    note: str = ""


def grade_form(values: MultiDict[str, str]) -> GradeForm:
    """The form as sent."""
    said = verdict_form(values)
    return GradeForm(_number(values.get("zone", "")), values.get("grade", ""), _number(values.get("stamp", "")),
                     said.chosen, said.note)


def zone_of(form: GradeForm, zones: Sequence[Zone]) -> Zone:
    """The zone for which an editor of ``zones`` decides. Raises NotFound when it is none of theirs."""
    for zone in zones:
        if zone.id == form.zone_id:
            return zone
    raise NotFound(f"no zone {form.zone_id} is theirs")


def rating(form: GradeForm) -> tuple[Grade, str]:
    """The grade and its reason as kept. Raises InvalidValue when either is missing, or the reason too long."""
    if form.grade not in list(Grade):
        raise InvalidValue("请选择级别")
    return Grade(form.grade), _reason(form, RATING)


def ending(form: GradeForm) -> str:
    """The reason for giving a grade up. Raises InvalidValue as ``rating`` does."""
    return _reason(form, ENDING)


def _reason(form: GradeForm, choices: Mapping[str, tuple[str, str]]) -> str:
    return reason_of(Verdict(chosen=form.chosen, note=form.note), choices)


def _number(text: str) -> int:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 11 else 0
