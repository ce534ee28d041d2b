"""The command that checks a list of numbers that a reader must know against the store: coverage."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any, TextIO

import click
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from domain.coverage import Covered, Found, Hit, Hits, cover, read
from domain.health import HealthState
from domain.source import Grade
from storage import sources
from storage.coverage import bearers
from storage.sources import SourceView
from zonewatch.cli import installation, main
from zonewatch.cli.find import utf8_lines

GROUPS = {Found.HELD: "held", Found.OTHER_EDITION: "another edition is held", Found.EXPECTED: "would be held by a source",
          Found.NONE: "no source"}
Views = dict[str, SourceView]


@main.command()
@click.argument("file", type=click.File(encoding="utf-8-sig"))
@click.option("--json", "as_json", is_flag=True, help="Print a list, a row each.")
def coverage(file: TextIO, as_json: bool) -> None:
    """Say which numbers of FILE the store holds, and which source would hold the rest.

    FILE is CSV with the columns number, title, market, kind and basis; - is standard input. Rows of the basis "expert" are
    unverified and marked as such.
    """
    from crawlers.cards import cards
    name = Path(getattr(file, "name", "input")).name
    wanted = read(utf8_lines(file, name), name)
    found = installation()
    sources.save_cards(found.db, cards())
    with found.db.read() as session:
        views = {view.slug: view for view in sources.views(session)}
        rows = cover(wanted, bearers(session), {slug: view.card["numbers"] for slug, view in views.items()})
    if as_json:
        click.echo(json.dumps([_json(row, views) for row in rows], ensure_ascii=False, indent=1))
    else:
        _print(rows, views)


def state(view: SourceView) -> str:
    """The grade of a source with what keeps it from holding anything: off, never run, paused, failing …"""
    grade, health = view.card["grade"], view.health.state
    if grade == Grade.DOCUMENTED and health is HealthState.NEVER_RUN:
        return f"{grade}, off"
    return f"{grade}, {health.value}".replace("_", " ")


def _json(row: Covered, views: Views) -> dict[str, Any]:
    wanted = row.wanted
    return {
        "number": wanted.number, "title": wanted.title, "market": wanted.market, "kind": wanted.kind, "basis": wanted.basis,
        "verified": wanted.is_verified, "status": row.found.value, "held": _hits_json(row.held),
        "other_editions": _hits_json(row.other_editions), "sources": [
            {"slug": slug, "grade": views[slug].card["grade"], "state": views[slug].health.state.value,
             "reason": views[slug].health.reason.text()} for slug in row.sources]}


def _hits_json(hits: Hits) -> dict[str, Any]:
    return {"count": hits.count, "notices": [
        {"source": hit.notice.source, "external_id": hit.notice.external_id, "title": hit.notice.title, "own": hit.is_own}
        for hit in hits.shown()]}


def _print(rows: Sequence[Covered], views: Views) -> None:
    screen = Console()
    for status, title in GROUPS.items():
        if group := [row for row in rows if row.found is status]:
            table = Table("number", "market", "kind", "basis", "what is held, or would hold it",
                          title=f"{title}: {len(group)}", title_justify="left")
            for row in group:
                wanted = row.wanted
                basis = wanted.basis if wanted.is_verified else f"[yellow]{escape(wanted.basis)} (unverified)[/]"
                table.add_row(*map(escape, (wanted.number, wanted.market, wanted.kind)), basis, _said(row, views))
            screen.print(table)
    for column, name in (("market", _market), ("kind", _kind)):
        screen.print(_summary(rows, column, name))
    for line in _notes(rows, views):
        screen.print(line)


def _said(row: Covered, views: Views) -> str:
    hits = row.held if row.found is Found.HELD else row.other_editions
    lines = [_hit(hit) for hit in hits.shown()[:2]]
    if hits.count > len(lines):
        lines.append(f"and {hits.count - len(lines)} more")
    if not any(hit.is_own for hit in hits.shown()) and row.sources:
        lines.extend(f"{slug} ({state(views[slug])})" for slug in row.sources)
    return escape("\n".join(lines)) or "–"


def _hit(hit: Hit) -> str:
    notice = hit.notice
    named = "" if hit.is_own else "named by "
    return f"{named}{notice.source} {notice.external_id}: {notice.title[:80]}"


def _market(row: Covered) -> str:
    return row.wanted.market


def _kind(row: Covered) -> str:
    return row.wanted.kind


def _summary(rows: Sequence[Covered], column: str, name: Callable[[Covered], str]) -> Table:
    table = Table(column, "rows", *GROUPS.values(), "unverified", title=f"by {column}", title_justify="left")
    for value in sorted({name(row) for row in rows}):
        table.add_row(escape(value), *_counts([row for row in rows if name(row) == value]))
    table.add_section()
    table.add_row("all", *_counts(rows))
    return table


def _counts(rows: Sequence[Covered]) -> Iterable[str]:
    count = Counter(row.found for row in rows)
    shares = (f"{count[status]} ({count[status] / len(rows):.0%})" for status in GROUPS)
    return str(len(rows)), *shares, str(sum(not row.wanted.is_verified for row in rows))


def _notes(rows: Sequence[Covered], views: Views) -> Iterable[str]:
    """What the counts do not say."""
    named = sum(row.found is Found.HELD and not row.held.own for row in rows)
    if named:
        yield f"{named} of those held are only named by notices of other numbers."
    unread = sum(row.found is Found.EXPECTED and all(views[slug].card["grade"] == Grade.CARD_ONLY for slug in row.sources)
                 for row in rows)
    if unread:
        yield f"{unread} of those that a source would hold belong to sources that have a card and are not read."
    unverified = [row for row in rows if not row.wanted.is_verified]
    if unverified:
        missing = sum(row.found is not Found.HELD for row in unverified)
        yield f"{len(unverified)} rows are unverified; {missing} of them are not held, and may not exist as written."
