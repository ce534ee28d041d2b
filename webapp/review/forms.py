"""What the forms of the review queue say."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from werkzeug.datastructures import MultiDict

from domain.classification import Confidence
from domain.decision import REASONS, UNDOING, Review, reason
from domain.errors import InvalidValue
from domain.product_type import PRODUCT_TYPES
from domain.regulation import REGULATIONS
from webapp.search.forms import Param, page_number
from webapp.security import own_path

ABOUT, NOTHING = "about", "nothing"
OTHER = "other"
"""The choice of a reason that is written, not chosen."""
LONGEST_NOTE = 300


@dataclass(frozen=True, slots=True)
class QueueForm:
    """What of the queue an editor looks at; empty where everything will do. ``at`` is the notice that stands open."""

    subject: str = ""
    source: str = ""
    confidence: str = ""
    why: str = ""
    page: int = 1
    at: int = 0

    @property
    def pairs(self) -> list[Param]:
        """The parameters without page and open notice."""
        return [(name, value) for name in ("subject", "source", "confidence", "why") if (value := getattr(self, name))]


@dataclass(frozen=True, slots=True)
class Verdict:
    """A decision as it was sent: ``verdict`` says which button was pressed, ``stamp`` the state that was looked at."""

    verdict: str = ""
    product_types: frozenset[str] = frozenset()
    regulations: frozenset[str] = frozenset()
    chosen: str = ""
    note: str = ""
    stamp: str = ""
    back: str | None = None


def queue_form(args: MultiDict[str, str]) -> QueueForm:
    """The form as an address says it; a confidence or a reason to wait that is none is left out."""
    confidence, why, at = args.get("confidence", ""), args.get("why", ""), args.get("at", "")
    return QueueForm(
        args.get("subject", ""), args.get("source", ""), confidence if confidence in list(Confidence) else "",
        why if why in list(Review) else "", page_number(args.get("page", "")),
        int(at) if at.isascii() and at.isdigit() and len(at) < 11 else 0)


def verdict_form(values: MultiDict[str, str]) -> Verdict:
    """The form as sent."""
    note = " ".join("".join(sign for sign in values.get("note", "") if sign.isprintable() or sign.isspace()).split())
    return Verdict(values.get("verdict", ABOUT), frozenset(values.getlist("product")),
                   frozenset(values.getlist("regulation")), values.get("reason", ""), note, values.get("stamp", ""),
                   own_path(values.get("back")))


def subjects(form: Verdict) -> tuple[frozenset[str], frozenset[str]]:
    """The product types and regulations that were decided. Raises InvalidValue when the form decides nothing."""
    if form.verdict == NOTHING:
        return frozenset(), frozenset()
    known = {name for name, rule in REGULATIONS.items() if rule.applies_to}
    if not form.product_types <= PRODUCT_TYPES.keys() or not form.regulations <= known:
        raise InvalidValue("表单中的类别或法规不存在，请刷新后重试")
    if not form.product_types and not form.regulations:
        raise InvalidValue("请勾选产品类别或法规，或按“与我们无关”")
    return form.product_types, form.regulations


def reason_of(form: Verdict, choices: Mapping[str, tuple[str, str]] = REASONS) -> str:
    """The reason as it is kept. Raises InvalidValue when none is given or it is too long."""
    if len(form.note) > LONGEST_NOTE:
        raise InvalidValue("理由不能超过 300 个字")
    found = reason(form.chosen if form.chosen in choices else "", form.note)
    if not found:
        raise InvalidValue("请选择或填写理由")
    return found


def undo_reason_of(form: Verdict) -> str:
    """The reason for undoing a decision. Raises as ``reason_of`` does."""
    return reason_of(form, UNDOING)
