"""Commands of lineage: reparse, export-warc, prune, explain."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from rich.console import Console
from rich.markup import escape
from rich.progress import Progress

from domain.source import RunStatus
from zonewatch.cli import installation, main
from zonewatch.wiring import Installation

if TYPE_CHECKING:
    from crawlers.difference import Difference, Some

screen = Console(stderr=True)
MOST_FIELDS = 12
MOST_SHOWN = 5


@main.command()
@click.argument("slugs", nargs=-1)
@click.option("--apply", "applies", is_flag=True, help="Store the difference. Nobody is mailed because of it.")
@click.option("--yes", is_flag=True, help="Do not ask before applying.")
@click.option("--json", "as_json", is_flag=True, help="Print a list of differences.")
def reparse(slugs: Sequence[str], applies: bool, yes: bool, as_json: bool) -> None:
    """Read what was captured of SLUG… (of all sources when none is named) with today's parser and show what differs from the
    store. No publisher is asked. Exit status 1 when something could not be read."""
    found = installation()
    if applies and not yes and not sys.stdin.isatty():
        raise click.UsageError("say --yes where nobody can be asked")
    shown = [_shown(found, slug, applies and yes, as_json) for slug in slugs or _slugs()]
    if applies and not yes and any(not each.is_none for each in shown):
        click.confirm("Store this?", abort=True, err=True)
        shown = [_shown(found, each.slug, True, as_json) for each in shown if not each.is_none]
    if as_json:
        click.echo(json.dumps([_difference_json(each) for each in shown], ensure_ascii=False, indent=1))
    if any(each.status is not RunStatus.OK for each in shown):
        sys.exit(1)


def _slugs() -> list[str]:
    from crawlers.cards import cards
    return [card.slug for card in cards()]


def _shown(found: Installation, slug: str, applies: bool, quiet: bool) -> Difference:
    from crawlers.cards import spider
    from crawlers.reparse import reparse as read_anew
    with Progress(console=screen, transient=True, disable=quiet) as progress:
        bar = progress.add_task(slug, total=None)
        difference = read_anew(spider(slug), found.db, found.captures, apply=applies,
                               progress=lambda done, known: progress.update(bar, completed=done, total=known))
    if not quiet:
        _print(Console(), difference)
    return difference


def _print(console: Console, difference: Difference) -> None:
    done = f"applied by run {difference.run}" if difference.run else "nothing is stored yet"
    verdict = "" if difference.status is RunStatus.OK else f"; {difference.status.value}: {difference.reason.text()}"
    console.print(f"[bold]{difference.slug}[/]  parser {difference.parser_version}, {done}{escape(verdict)}")
    console.print(f"  {difference.captures} captures read: {difference.same} notices the same, {difference.revised} "
                  f"revised, {difference.new.count} new, {difference.withdrawn.count} withdrawn")
    for name, count in difference.fields.most_common(MOST_FIELDS):
        console.print(f"  {count} × {escape(name)}")
        for each in difference.changes[name]:
            console.print(escape(f"      {each.external_id}: {each.old!r} → {each.new!r}"), soft_wrap=True)
    if len(difference.fields) > MOST_FIELDS:
        console.print(f"  and {len(difference.fields) - MOST_FIELDS} more fields")
    for title, some in _parts(difference).items():
        _print_some(console, title, some)
    if difference.unmarked:
        console.print(f"  {difference.unmarked} captures do not say how they are read: they are older than such notes")


def _print_some(console: Console, title: str, some: Some) -> None:
    if not some.count:
        return
    console.print(f"  {some.count} {title}")
    for each in some.examples[:MOST_SHOWN]:
        console.print(escape(f"      {each.what}{': ' if each.why else ''}{each.why}"), soft_wrap=True)
    if some.count > MOST_SHOWN:
        console.print(f"      and {some.count - MOST_SHOWN} more")


def _parts(difference: Difference) -> dict[str, Some]:
    return {
        "new": difference.new, "withdrawn": difference.withdrawn, "captures that cannot be read": difference.unreadable,
        "records that cannot be read": difference.bad_records, "captures whose bytes are no longer kept": difference.gone,
        "notices that no capture gives any more; they stay as they are": difference.unfound,
        "withdrawals that no capture states any more; they stay": difference.unsaid}


def _difference_json(difference: Difference) -> dict[str, Any]:
    some = {name: getattr(difference, name) for name in (
        "new", "withdrawn", "unreadable", "bad_records", "gone", "unfound", "unsaid")}
    return {
        "slug": difference.slug, "parser_version": difference.parser_version, "run": difference.run,
        "status": difference.status.value, "reason": difference.reason.text(), "captures": difference.captures,
        "same": difference.same, "revised": difference.revised, "fields": dict(difference.fields.most_common()),
        "changes": {name: [{"external_id": each.external_id, "old": each.old, "new": each.new} for each in examples]
                    for name, examples in difference.changes.items()},
        **{name: {"count": each.count, "examples": [{"what": told.what, "why": told.why} for told in each.examples]}
           for name, each in some.items()},
        "unmarked": difference.unmarked, "warnings": dict(difference.warnings)}


@main.command("export-warc")
@click.argument("slug")
@click.option("-o", "--output", "path", required=True, type=click.Path(dir_okay=False, path_type=Path),
              help="File to write; compressed when its name ends in .gz.")
@click.option("--since", type=click.DateTime(["%Y-%m-%d"]), help="Only what was captured on DATE or later.")
def export_warc(slug: str, path: Path, since: datetime | None) -> None:
    """Write the captures of SLUG as a WARC file, which web archives keep and replay."""
    from storage.warc import export
    found = installation()
    done = export(found.db, found.captures, slug, path, since.date() if since else None)
    click.echo(f"{path}: {done.responses} answers, {done.revisits} repetitions of them")
    if done.gone:
        click.echo(f"{done.gone} captures are left out: their bytes are no longer kept", err=True)


@main.command()
@click.option("--dry-run", is_flag=True, help="Say what would be removed, remove nothing.")
@click.option("--json", "as_json", is_flag=True, help="Print the counts.")
def prune(dry_run: bool, as_json: bool) -> None:
    """Remove captures that no notice points to, changes that are done, the text of mails and persons whom nothing needs,
    when they are old enough; the scheduler does so daily."""
    from storage.forgetting import forget_personal
    from storage.retention import prune as prune_store
    found = installation()
    removed = prune_store(found.db, found.captures, dry_run=dry_run)
    forgotten = forget_personal(found.db, dry_run=dry_run)
    if as_json:
        click.echo(json.dumps(asdict(removed) | {"personal": asdict(forgotten)}))
        return
    click.echo(f"{'would remove' if dry_run else 'removed'} {removed.text()}")
    click.echo(f"{'would forget' if dry_run else 'forgot'} {forgotten.text()}")


@main.command()
@click.argument("notice")
@click.argument("address", required=False)
@click.option("--json", "as_json", is_flag=True, help="Print the steps as JSON.")
def explain(notice: str, address: str | None, as_json: bool) -> None:
    """Print the way of NOTICE from bytes to index and mails: the address of its page, an id, SOURCE:EXTERNAL_ID, or an
    external id or identifier that only one notice bears. With ADDRESS, why the person there was told of it, or was not."""
    from zonewatch.explain import explain as explained
    found = installation()
    if address:
        return _explain_to(found, notice, address, as_json)
    way = explained(found.db, found.captures, notice)
    if as_json:
        click.echo(json.dumps(way.json, ensure_ascii=False, indent=1))
        return
    for section in way.sections:
        click.echo(section.title)
        for line in section.lines:
            click.echo(f"  {line}")


def _explain_to(found: Installation, notice: str, address: str, as_json: bool) -> None:
    from storage.lineage import find
    from subscriptions.explain import account, person_at
    with found.db.read() as session:
        notice_id = find(session, notice)
    told = account(found.db, notice_id, person_at(found.db, address), "en")
    if as_json:
        click.echo(json.dumps({"notice": notice_id, "verdicts": [asdict(each) for each in told.verdicts]},
                              ensure_ascii=False, indent=1))
        return
    click.echo(told.stored.notice.title)
    for each in told.verdicts:
        click.echo(f"{'met' if each.matched else 'not met'}: {each.label} ({each.criteria})")
        for line in (*each.reasons, *each.steps):
            click.echo(f"  {line}")
    if not told.verdicts:
        click.echo("this address never subscribed to notices")
