"""Commands that look at sources without storing what they hold: record, check."""

from __future__ import annotations

import sys
from datetime import datetime

import click

from domain.source import RunStatus
from storage.runs import RunReport
from zonewatch.cli import installation, main
from zonewatch.settings import KEY_PREFIX, Settings

since_option = click.option("--since", type=click.DateTime(["%Y-%m-%d"]), help="Only what was published since DATE.")


@main.command()
@click.argument("slug")
@since_option
def record(slug: str, since: datetime | None) -> None:
    """Run SLUG live and write its answers with the skeleton of a case into the data folder; nothing is stored in the
    database. Exit status 1 when the run did not end well."""
    from crawlers.record import record as written
    found = installation()
    options = found.crawl_options(slug, since=since.date() if since else None)
    done = written(slug, found.db, found.captures, options, found.settings.data_dir / "recorded" / slug)
    click.echo(f"{done.answers} answers beside {done.case}")
    click.echo("not to be committed: write a case of this shape by hand, with invented content")
    _say(done.report)


@main.command()
@click.option("--live", "slug", metavar="SLUG", help="Ask this source once and say what it saw; nothing is stored.")
@since_option
def check(slug: str | None, since: datetime | None) -> None:
    """Say what is wrong with the cards and spiders, a line each, without asking anybody. Exit status 1 when something is."""
    if slug is None:
        _check_all(Settings())
    else:
        _check_live(slug, since)


def _check_all(settings: Settings) -> None:
    from crawlers.check import check as checked
    from crawlers.check import checkout_cases
    keys = {setting.name.removeprefix(KEY_PREFIX).lower() for setting in settings.everything()
            if setting.name.startswith(KEY_PREFIX) and setting.value}
    findings = checked(keys, checkout_cases())
    for finding in findings:
        click.echo(f"{finding.slug}: {finding.text}")
    if any(finding.wrong for finding in findings):
        sys.exit(1)
    click.echo("nothing is wrong")


def _check_live(slug: str, since: datetime | None) -> None:
    from crawlers.cards import spider
    from crawlers.check import check_live
    found, card = installation(), spider(slug).card
    options = found.crawl_options(slug, since=since.date() if since else None)
    seen = check_live(card, found.db, found.captures, options, "command line")
    part = f"since {seen.since}" if seen.since else f"of all; its floor is {card.expectation.min_items}"
    click.echo(f"{slug}: {seen.report.requests} requests, {seen.report.seen} notices {part}")
    for what, count in seen.report.warnings.items():
        click.echo(f"  warning: {what} × {count}")
    for notice in seen.examples:
        click.echo(f"  {notice.event_date or 'undated'} {notice.external_id} {notice.title}\n    {notice.url}")
    if seen.is_well:
        click.echo("  it reads the real source; noted")
    elif seen.report.status is RunStatus.OK:
        click.echo("  nothing was seen: not noted as checked")
        sys.exit(1)
    _say(seen.report)


def _say(report: RunReport) -> None:
    """The verdict; the process ends with status 1 when it is not a good one."""
    click.echo(f"  {report.status.value}{': ' if report.reason.text() else ''}{report.reason.text()}")
    if report.status is not RunStatus.OK:
        sys.exit(1)
