"""pgsim schemes: the rules from a layer to its passes."""

from __future__ import annotations

import click

from pgsim.cli.output import console, table
from pgsim.schemes import SCHEMES


@click.command("schemes")
def command() -> None:
    """List the schemes: rules from a layer to its passes."""
    console().print(table({"scheme": list(SCHEMES), "passes": list(SCHEMES.values())}, names=2))
