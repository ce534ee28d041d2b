"""What relevant notices were found to be about: the few facts of each that overviews count."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from sqlalchemy import select
from sqlalchemy.orm import Session

from domain.classification import Classification, Confidence
from domain.product_type import INDUSTRIES, types_of_industry
from domain.regulation import rules_of_industry
from storage.models import NoticeRow, SourceRow


@dataclass(frozen=True, slots=True)
class Finding:
    """A relevant notice as overviews count it: the core types it names and the horizontal rules it stands under, both with
    at least medium confidence. ``event_on`` is None where the publisher states no date."""

    notice_id: int
    event: str
    market: str
    kind: str
    event_on: date | None
    product_types: frozenset[str]
    regulations: frozenset[str]

    @property
    def year(self) -> str:
        """The year as criteria name it; empty when not stated."""
        return str(self.event_on.year) if self.event_on else ""


@dataclass(frozen=True, slots=True)
class Holding:
    """What a source holds for an industry: notices that name one of its types, and others that only stand under a rule
    that binds some of them."""

    industry: str
    named: int
    ruled: int


def findings(session: Session, source: str | None = None) -> list[Finding]:
    """The findings of all relevant notices, or of those of one source. One query, which reads no others."""
    product_types, regulations = (NoticeRow.classification[part] for part in ("product_types", "horizontal"))
    of_source = NoticeRow.source.in_(select(SourceRow.slug)) if source is None else NoticeRow.source == source
    rows = session.execute(select(
        NoticeRow.id, NoticeRow.event, NoticeRow.data["market"].as_string(), NoticeRow.data["kind"].as_string(),
        NoticeRow.event_on, product_types, regulations,
    ).where(of_source, NoticeRow.relevant.is_(True)))  # both: that is what the index is by
    return [Finding(notice_id, event, market, kind, event_on, *_sure(types, rules))
            for notice_id, event, market, kind, event_on, types, rules in rows]


def _sure(product_types: Mapping[str, str], regulations: Mapping[str, str]) -> tuple[frozenset[str], frozenset[str]]:
    found = Classification(_levels(product_types), _levels(regulations))
    return found.sure_product_types(), found.sure_horizontal()


def _levels(stored: Mapping[str, str]) -> dict[str, Confidence]:
    return {name: Confidence(level) for name, level in stored.items()}


def holdings(session: Session, source: str) -> list[Holding]:
    """What a source holds for each industry."""
    found = findings(session, source)
    return [_holding(industry, found) for industry in INDUSTRIES]


def _holding(industry: str, found: list[Finding]) -> Holding:
    types, rules = {each.id for each in types_of_industry(industry)}, set(rules_of_industry(industry))
    named = sum(bool(types & each.product_types) for each in found)
    return Holding(industry, named, sum(not types & each.product_types and bool(rules & each.regulations) for each in found))
