"""Sources as kept: cards for rooms that may not import crawlers, what the operator set, units read, health."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from sqlalchemy import Integer, cast, func, select
from sqlalchemy.orm import Session

from domain import clock
from domain.errors import NotFound
from domain.health import Health
from domain.source import RunKind, Source
from storage import audit, health, notices, runs
from storage.locks import alone
from storage.models import NoticeRow, ReadUnit, SourceRow, SourceRunRow
from storage.runs import RunReport
from storage.session import Database


@dataclass(frozen=True, slots=True)
class SourceView:
    """A source as readers see it. ``card`` holds the fields of domain.source.Source as JSON values; ``floor`` is the
    operator's where one is set, else the card's; ``held`` is how many runs wait to be released, whatever the state;
    ``has_key`` whether an API key is kept for it."""

    slug: str
    card: dict[str, Any]
    health: Health
    notices: int
    relevant: int
    newest_on: date | None
    last_run: RunReport | None
    paused_why: str | None
    floor: int
    held: int
    has_key: bool = False


def card_json(source: Source) -> dict[str, Any]:
    """A card as JSON values."""
    return {
        "slug": source.slug, "title": source.title, "title_zh": source.title_zh, "market": source.market, "url": source.url,
        "publisher": {"name": source.publisher.name, "name_zh": source.publisher.name_zh, "url": source.publisher.url,
                      "country": source.publisher.country},
        "licence": source.licence, "listing": source.listing.value, "grade": source.grade.value, "tier": source.tier.value,
        "summary": source.summary, "summary_zh": source.summary_zh, "caveats": list(source.caveats),
        "caveats_zh": list(source.caveats_zh),
        "min_items": source.expectation.min_items, "max_silence_days": source.expectation.max_silence_days,
        "rhythm_hours": source.rhythm / timedelta(hours=1), "delay": source.delay,
        "parser_version": source.parser_version, "needs_key": source.needs_key, "numbers": list(source.numbers),
    }


def save_cards(db: Database, sources: Iterable[Source]) -> None:
    """Bring the kept cards up to date; what the operator set stays."""
    with db.write() as session:
        alone(session, "cards")
        for source in sources:
            row = session.get(SourceRow, source.slug)
            if row is None:
                session.add(SourceRow(slug=source.slug, card=card_json(source)))
            elif row.card != card_json(source):
                row.card = card_json(source)


def set_floor(db: Database, slug: str, min_items: int | None, actor: str) -> None:
    """Replace the floor of a card for this installation; None goes back to the card's. Raises NotFound."""
    with db.write() as session:
        _row(session, slug).min_items = min_items
        audit.add(session, actor, "set_floor", f"source:{slug}", {"min_items": min_items})


def pause(db: Database, slug: str, why: str, actor: str) -> None:
    """Stop crawling a source; readers see why. Raises NotFound."""
    with db.write() as session:
        row = _row(session, slug)
        row.paused_at, row.paused_why = clock.now(), why
        audit.add(session, actor, "pause_source", f"source:{slug}", {"why": why})


def resume(db: Database, slug: str, actor: str) -> None:
    """Crawl a paused source again. Raises NotFound."""
    with db.write() as session:
        row = _row(session, slug)
        row.paused_at, row.paused_why = None, None
        audit.add(session, actor, "resume_source", f"source:{slug}")


def may_run(session: Session, source: Source) -> bool:
    """Whether a source is crawled without being asked for by name: its spider is proven, or was found to read the real
    source, and nobody paused it."""
    row = session.get(SourceRow, source.slug)
    return health.runs_by_itself(source.grade, row) and not (row and row.paused_at)


def mark_checked(db: Database, slug: str, actor: str) -> None:
    """Note that the spider of a source was seen to read the real source. Raises NotFound."""
    with db.write() as session:
        _row(session, slug).checked_at = clock.now()
        audit.add(session, actor, "check_source", f"source:{slug}")


def floor(session: Session, source: Source) -> int:
    """The least number of notices a complete run must see: the operator's, else the card's."""
    row = session.get(SourceRow, source.slug)
    return source.expectation.min_items if row is None or row.min_items is None else row.min_items


def _row(session: Session, slug: str) -> SourceRow:
    row = session.get(SourceRow, slug)
    if row is None:
        raise NotFound(f"there is no source {slug!r}")
    return row


def units(session: Session, source: Source) -> dict[str, ReadUnit]:
    """Units read under the present parser version, by name."""
    return {row.unit: row for row in session.scalars(select(ReadUnit).where(
        ReadUnit.slug == source.slug, ReadUnit.parser_version == source.parser_version))}


def last_started(session: Session) -> dict[str, RunReport]:
    """The newest crawl of every source that ever ran."""
    newest = select(func.max(SourceRunRow.id)).where(SourceRunRow.kind == RunKind.CRAWL.value).group_by(SourceRunRow.slug)
    return {row.slug: runs.report(row) for row in session.scalars(select(SourceRunRow).where(SourceRunRow.id.in_(newest)))}


def views(session: Session) -> list[SourceView]:
    """All sources with their health, by slug."""
    return _views(session, session.scalars(select(SourceRow).order_by(SourceRow.slug)).all())


def view(session: Session, slug: str) -> SourceView:
    """One source. Raises NotFound."""
    return _views(session, [_row(session, slug)])[0]


def _views(session: Session, rows: Sequence[SourceRow]) -> list[SourceView]:
    found = health.present(session, rows)
    held = Counter(run.slug for run in runs.held(session))
    return [_view(session, row, found[row.slug], held[row.slug]) for row in rows]


def _view(session: Session, row: SourceRow, found: Health, held: int) -> SourceView:
    count, relevant = session.execute(select(func.count(), func.sum(cast(NoticeRow.relevant, Integer))).where(
        NoticeRow.source == row.slug)).one()
    last = runs.latest(session, row.slug, 1, RunKind.CRAWL)
    return SourceView(row.slug, row.card, found, count, relevant or 0, notices.watermark(session, row.slug),
                      last[0] if last else None, row.paused_why,
                      int(row.card["min_items"]) if row.min_items is None else row.min_items, held, row.api_key is not None)
