"""Commands that keep an installation: init, member, search-keys, doctor."""

from __future__ import annotations

import sys

import click
from rich.console import Console
from rich.table import Table

from domain.errors import SettingsError
from domain.organisation import Role
from storage import sources
from zonewatch.cli import installation, main
from zonewatch.settings import PREFIX, PURPOSES, Settings
from zonewatch.zones import ZONES, appoint, appoint_operator, establish


@main.command()
def init() -> None:
    """Create the database, the zones with their associations, and the source cards; safe to repeat."""
    from crawlers.cards import cards
    found = installation()
    sources.save_cards(found.db, cards())
    establish(found.db)
    operator = found.settings.text("OPERATOR_EMAIL")
    if operator:
        appoint_operator(found.db, operator)
    click.echo(f"ready: {len(ZONES)} zones, {len(cards())} sources, data in {found.settings.data_dir}")
    if not operator:
        click.echo("no operator yet: set ZONEWATCH_OPERATOR_EMAIL and run init again")


@main.command()
@click.argument("email")
@click.option("--zone", help="Zone, such as fenghua.")
@click.option("--role", type=click.Choice([role.value for role in Role]), default=Role.EDITOR.value, show_default=True)
@click.option("--organisation", help="Name of the organisation; the zone's association when not given.")
@click.option("--reset-totp", is_flag=True, help="Only take away the second factor of EMAIL, whose phone is lost.")
def member(email: str, zone: str | None, role: str, organisation: str | None, reset_totp: bool) -> None:
    """Give EMAIL a role in an organisation of a zone; they sign in by a mail to that address."""
    if reset_totp:
        had = installation().accounts.second.reset(email, "command line")
        click.echo(f"{email} {'signs in without a second factor now' if had else 'has no second factor'}")
        return
    if not zone:
        raise click.UsageError("name a zone: --zone fenghua")
    appoint(installation().db, email, zone, Role(role), organisation)
    click.echo(f"{email} is {role} in {zone}; sign in at /sign-in")


@main.command("search-keys")
@click.option("--master-key", prompt="Master key of the search server", hide_input=True,
              help="Asked for when not given; used once, never kept.")
def search_keys(master_key: str) -> None:
    """Make two keys of the search server with the least rights, one for the worker and one for the portal, and print the
    settings that use them. Asked again it gives the same keys."""
    from indexer.backends.meilisearch.keys import make_keys
    settings = Settings()
    if settings.index_dir:
        raise SettingsError(f"{PREFIX}SEARCH_URL names no search server")
    keys = make_keys(settings.text("SEARCH_URL"), master_key)
    click.echo(f"{PREFIX}SEARCH_KEY={keys.write}\n{PREFIX}SEARCH_READ_KEY={keys.read}")


@main.command()
def doctor() -> None:
    """Say what each setting is, where it came from, and what is wrong. Exit status 1 when something must be mended."""
    from zonewatch.doctor import Finding, findings  # it loads all that may be wrong
    marks = {Finding.GOOD: "[green]✓[/]", Finding.NOTE: "[yellow]![/]", Finding.WRONG: "[red]✗[/]"}
    screen = Console()
    try:
        settings = Settings()
    except SettingsError as error:
        screen.print(f"[red]✗[/] {error}")
        sys.exit(1)
    table = Table("setting", "value", "from", "meaning")
    for setting in settings.everything():
        table.add_row(PREFIX + setting.name, setting.shown or "–", setting.origin,
                      PURPOSES.get(setting.name, "key of a source"))
    screen.print(table)
    found = findings(settings)
    for finding in found:
        screen.print(f"{marks[finding.level]} {finding.text}")
    if any(finding.level == Finding.WRONG for finding in found):
        sys.exit(1)
