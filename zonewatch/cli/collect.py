"""Commands that collect: crawl, sources, release."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from datetime import datetime
from typing import Any

import click
from rich.console import Console
from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn
from rich.table import Column, Table

from domain.errors import NotFound
from domain.source import RunStatus
from storage import runs, sources
from zonewatch.cli import installation, main
from zonewatch.crawls import crawl_many, report_json
from zonewatch.wiring import Installation

COLOURS = {"ok": "green", "incomplete": "yellow", "held": "yellow", "blocked": "red", "failed": "red"}
screen = Console(stderr=True)


@main.command()
@click.argument("slugs", nargs=-1)
@click.option("--all", "everything", is_flag=True, help="All sources that are proven and not paused.")
@click.option("--since", type=click.DateTime(["%Y-%m-%d"]), help="Only what was published since DATE.")
@click.option("--full", is_flag=True, help="Read everything again, whatever was read before.")
@click.option("--dry-run", is_flag=True, help="Fetch and parse, store nothing.")
@click.option("--json", "as_json", is_flag=True, help="Print a list of reports.")
def crawl(slugs: Sequence[str], everything: bool, since: datetime | None, full: bool, dry_run: bool,
          as_json: bool) -> None:
    """Crawl sources now, each in a process of its own. Exit status 1 when any did not end well."""
    found = installation()
    chosen = _chosen(found, slugs, everything)
    arguments = [*(["--since", since.date().isoformat()] if since else []), *(["--full"] if full else []),
                 *(["--dry-run"] if dry_run else [])]
    reports = _with_progress(found, chosen, arguments, quiet=as_json)
    if as_json:
        click.echo(json.dumps(sorted(reports, key=lambda report: str(report["slug"])), ensure_ascii=False, indent=1))
    if any(report["status"] != RunStatus.OK.value for report in reports):
        sys.exit(1)


def _chosen(found: Installation, slugs: Sequence[str], everything: bool) -> list[str]:
    from crawlers.cards import cards
    known = {card.slug: card for card in cards()}
    unknown = sorted(set(slugs) - known.keys())
    if unknown:
        raise NotFound(f"there is no source {', '.join(unknown)}; known: {', '.join(sorted(known))}")
    if not slugs and not everything:
        raise click.UsageError("name sources, or use --all")
    sources.save_cards(found.db, cards())
    with found.db.read() as session:
        return [slug for slug, card in known.items() if sources.may_run(session, card)] if everything else list(slugs)


def _with_progress(found: Installation, slugs: list[str], arguments: list[str], quiet: bool) -> list[dict[str, Any]]:
    reports = []
    with Progress(SpinnerColumn(), TextColumn("{task.description}"), TimeElapsedColumn(), console=screen,
                  disable=quiet) as progress:
        bars = {slug: progress.add_task(f"{slug}  waits", start=False, total=1) for slug in slugs}

        def started(slug: str) -> None:
            progress.start_task(bars[slug])
            progress.update(bars[slug], description=f"{slug}  is crawled")

        for report in crawl_many(found, slugs, arguments, started):
            reports.append(report)
            progress.update(bars[str(report["slug"])], description=_line(report), completed=1)
    return reports


def _line(report: dict[str, Any]) -> str:
    colour = COLOURS[report["status"]]
    counts = ", ".join(f"{report[name]} {name}" for name in ("created", "revised", "unchanged", "withdrawn"))
    reason = f"  {report['reason']}" if report["reason"] else ""
    return f"{report['slug']}  [{colour}]{report['status']}[/]  {counts}{reason}"


@main.command("sources")
@click.option("--json", "as_json", is_flag=True, help="Print a list.")
@click.option("--verbose", "-v", is_flag=True, help="Tell also the title, since when and why it is so, and the last run.")
def list_sources(as_json: bool, verbose: bool) -> None:
    """List the sources with their health."""
    from crawlers.cards import cards
    found = installation()
    sources.save_cards(found.db, cards())
    with found.db.read() as session:
        views = sources.views(session)
    if as_json:
        click.echo(json.dumps([_view_json(view) for view in views], ensure_ascii=False, indent=1))
    elif verbose:
        click.echo("\n\n".join(map(_told, views)))
    else:
        Console().print(_table(views))


def _table(views: Sequence[sources.SourceView]) -> Table:
    """What fits a terminal of 80 columns."""
    table = Table("source", "state", "last good run", Column("notices", justify="right"))
    for view in views:
        table.add_row(view.slug, view.health.state.value, _time(view.health.last_success), str(view.notices))
    return table


def _told(view: sources.SourceView) -> str:
    health, last, reason = view.health, view.last_run, view.health.reason.text()
    return "\n  ".join([
        f"{view.slug}  {health.state.value}" + (f" since {_time(health.since)}" if health.since else ""),
        *([reason] if reason else []), f"{view.card['title']} ({view.card['market']}), {view.notices} notices",
        f"last run {_time(last.started_at if last else None)}, last good one {_time(health.last_success)}"])


def _time(value: datetime | None) -> str:
    return f"{value:%Y-%m-%d %H:%M}" if value else "–"


def _iso(value: datetime | None) -> str | None:
    return value.isoformat(timespec="seconds") if value else None


def _view_json(view: sources.SourceView) -> dict[str, Any]:
    health = view.health
    last = report_json(view.last_run) if view.last_run else None
    names = ("status", "reason", "created", "revised", "unchanged", "withdrawn", "requests", "seconds")
    return {"slug": view.slug, "title": view.card["title"], "market": view.card["market"],
            "state": health.state.value, "since": _iso(health.since), "reason": health.reason.text("en"),
            "reason_zh": health.reason.text("zh"), "last_success": _iso(health.last_success), "floor": view.floor,
            "held_runs": view.held, "paused_why": view.paused_why, "grade": view.card["grade"], "notices": view.notices,
            "last_run": {name: last[name] for name in names} if last else None}


@main.command()
@click.argument("run", type=int)
def release(run: int) -> None:
    """Let a held RUN alert, after you have looked at what it brought."""
    report = runs.release(installation().db, run, "command line")
    click.echo(f"run {run} of {report.slug} is released; its alerts go out now")
