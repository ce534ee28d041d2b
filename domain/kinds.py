"""Small controlled lists: kinds of notices, stages and objectives of WTO notifications, stages of documents and cases."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping

from domain.notice import NoticeKind
from domain.text import normalise
from domain.vocabulary import Label, labels

NOTICE_KINDS: Mapping[str, Label] = labels("kinds", "notice_kinds")
"""Labels of ``domain.notice.NoticeKind``."""
TBT_STAGES: Mapping[str, Label] = labels("kinds", "tbt_stages")
TBT_ARTICLES: Mapping[str, Label] = labels("kinds", "tbt_articles")
TBT_OBJECTIVES: Mapping[str, Label] = labels("kinds", "tbt_objectives")
S337_EVENTS: Mapping[str, Label] = labels("kinds", "s337_events")
DOCUMENT_STAGES: Mapping[str, Label] = labels("kinds", "document_stages")
SOURCE_TIERS: Mapping[str, Label] = labels("kinds", "source_tiers")
"""Labels of ``domain.source.SourceTier``."""

_STAGE = re.compile(r"/(Add|Corr|Rev|Suppl)\.\s*\d+", re.IGNORECASE)
_STAGE_IDS = {"add": "addendum", "corr": "corrigendum", "rev": "revision", "suppl": "supplement"}


def kind_of_alert(measures: Collection[str]) -> NoticeKind:
    """What an alert is to an exporter, by the ids of the measures taken."""
    if "import_rejected" in measures:
        return NoticeKind.BORDER_ACTION
    return NoticeKind.RECALL if "recall_end_users" in measures else NoticeKind.FOREIGN_NOTIFICATION


def tbt_stage(symbol: str) -> str:
    """The id of the stage that a WTO document symbol names last: G/TBT/N/EU/9101/Rev.1/Add.2 is an addendum."""
    named = _STAGE.findall(symbol)
    return _STAGE_IDS[named[-1].lower()] if named else "regular"


def objectives_from_raw(texts: Iterable[str]) -> tuple[str, ...]:
    """Ids of the objectives that a WTO notification states, in the order of the list; an unknown text is ``other``.

    A text may hold several objectives in a row, as Chinese copies of the form do.
    """
    found: set[str] = set()
    for text in texts:
        plain = normalise(text)
        if plain:
            found.update([each.id for each in TBT_OBJECTIVES.values() if _states(each, plain)] or ["other"])
    return tuple(name for name in TBT_OBJECTIVES if name in found)


def _states(objective: Label, plain: str) -> bool:
    """Whether normalised text holds one of an objective's names."""
    if objective.id == "other":
        return plain.startswith("other")
    return any(normalise(phrase) in plain for phrase in (objective.en, objective.zh, *objective.source))
