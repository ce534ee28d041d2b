"""Command line of zonewatch; each module adds the commands of one kind."""

from __future__ import annotations

import logging
import sys
from importlib import import_module

import click

from domain.errors import ZonewatchError
from zonewatch.settings import Settings
from zonewatch.wiring import Installation

MODULES = ("child", "collect", "processes", "keep", "find", "reclassify", "evaluate", "cover", "lineage", "prove")
"""Modules of this package that add commands; those that load quickly first."""


class Installed(click.Group):
    """A group whose commands tell a person's mistakes in one line instead of a traceback. A module of commands is loaded
    when one of its commands, or the list of all, is asked for: a crawl need not load what searches and serves."""

    def list_commands(self, context: click.Context) -> list[str]:
        """All commands."""
        for module in MODULES:
            import_module(f"{__name__}.{module}")
        return super().list_commands(context)

    def get_command(self, context: click.Context, name: str) -> click.Command | None:
        """A command by its name, from the first module that has it."""
        for module in MODULES:
            import_module(f"{__name__}.{module}")
            if found := super().get_command(context, name):
                return found
        return None

    def invoke(self, context: click.Context) -> object:
        """Run the command; exit status 2 for what the user can mend."""
        try:
            return super().invoke(context)
        except (ZonewatchError, OSError) as error:
            click.echo(f"zonewatch: {error}", err=True)
            sys.exit(2)


@click.group(cls=Installed, context_settings={"help_option_names": ["-h", "--help"]})
@click.option("--verbose", is_flag=True, help="Log more.")
@click.pass_context
def main(context: click.Context, verbose: bool) -> None:
    """Quality-safety information for export zones: collect, classify, search, alert."""
    logging.basicConfig(level=logging.INFO if verbose else logging.WARNING, stream=sys.stderr,
                        format="%(asctime)s %(name)s %(levelname)s %(message)s")
    logging.getLogger("zonewatch").setLevel(logging.INFO)
    context.obj = None if context.resilient_parsing else context.obj


def installation() -> Installation:
    """The installation of the present settings. Raises SettingsError."""
    return Installation(Settings())
