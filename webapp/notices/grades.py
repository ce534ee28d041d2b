"""What the page of a notice shows of the grades that zones gave it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from domain.organisation import Zone
from storage.grade_overrides import Override
from webapp.notices.forms import GradeForm


@dataclass(frozen=True, slots=True)
class Desk:
    """Where an editor gives a notice a grade for a zone: what the zone did before, newest first, and the form, with what was
    wrong with it."""

    zone: Zone
    history: Sequence[Override]
    form: GradeForm
    error: str = ""

    @property
    def standing(self) -> Override | None:
        """The grade that stands."""
        return self.history[0] if self.history and self.history[0].graded else None

    @property
    def stamp(self) -> int:
        """The newest row that the editor sees."""
        return self.history[0].id if self.history else 0

    @property
    def grade(self) -> str:
        """The grade that is chosen at first: the one sent, else the one that stands."""
        found = self.standing.graded if self.standing else None
        return self.form.grade or (found.grade.value if found else "")


def standing(history: Sequence[Override]) -> list[Override]:
    """The grades that stand, one a zone, from a history that is newest first."""
    newest = {each.zone_id: each for each in reversed(history)}
    return [each for each in newest.values() if each.graded]


def desks(history: Sequence[Override], zones: Sequence[Zone], form: GradeForm, error: str) -> list[Desk]:
    """One for each zone of an editor; the form as it was sent stands at that of its zone."""
    return [Desk(zone, [each for each in history if each.zone_id == zone.id],
                 *((form, error) if zone.id == form.zone_id else (GradeForm(), ""))) for zone in zones]
