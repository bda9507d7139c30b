"""pgsim schemes: the rules from a layer to its passes."""

from __future__ import annotations

import click

from pgsim.cli.output import show, table
from pgsim.schemes import SCHEMES


@click.command("schemes")
def command() -> None:
    """List the schemes: rules from a layer to its passes."""
    columns = {"scheme": list(SCHEMES), "passes": list(SCHEMES.values())}
    show(table(columns, words=("passes",)))
