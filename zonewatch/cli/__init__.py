"""Command line of zonewatch; each module adds the commands of one kind."""

from __future__ import annotations

import logging
import sys

import click

from domain.errors import ZonewatchError
from zonewatch.settings import Settings
from zonewatch.wiring import Installation


class Installed(click.Group):
    """A group whose commands tell a person's mistakes in one line instead of a traceback."""

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


from zonewatch.cli import collect, cover, find, keep, processes  # noqa: E402 the modules add their commands to ``main``

__all__ = ["collect", "cover", "find", "installation", "keep", "main", "processes"]
