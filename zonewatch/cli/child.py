"""The command by which the product crawls: a process of its own for each source. Nothing that draws for people is loaded."""

from __future__ import annotations

import json
from datetime import date, datetime

import click

from domain.errors import ZonewatchError
from zonewatch import lifeline
from zonewatch.cli import installation, main
from zonewatch.crawls import crawl_here, not_begun, report_json


@main.command("crawl-one", hidden=True)
@click.argument("slug")
@click.option("--since", type=click.DateTime(["%Y-%m-%d"]))
@click.option("--full", is_flag=True)
@click.option("--dry-run", is_flag=True)
@click.option("--parent", type=int)
def crawl_one(slug: str, since: datetime | None, full: bool, dry_run: bool, parent: int | None) -> None:
    """Crawl one source in this process and print its report: what ``crawl`` and the scheduler start."""
    lifeline.hold(parent)
    day: date | None = since.date() if since else None
    try:
        report = report_json(crawl_here(installation(), slug, full=full, since=day, dry_run=dry_run))
    except ZonewatchError as error:
        report = not_begun(slug, str(error))
    click.echo(json.dumps(report, ensure_ascii=False))
