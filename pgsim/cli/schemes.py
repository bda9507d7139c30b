"""pgsim schemes: the rules from a layer to its passes."""

from __future__ import annotations

import click

from pgsim.cli.output import paragraph, show, table
from pgsim.schemes import SCHEMES


@click.command("schemes")
def command() -> None:
    """List the schemes, which are rules from a layer to its passes, and what runs which system.

    The systems are those of the field, as pgsim systems sets them beside each other. Options are
    those of pgsim simulate.
    """
    from pgsim.study.systems import SYSTEMS

    columns = {"scheme": list(SCHEMES), "passes": list(SCHEMES.values())}
    show(table(columns, words=("passes",)))
    paragraph("\nSystems of the field, and what runs them:")
    asked = {"system": list(SYSTEMS), "run by": [each.asked for each in SYSTEMS.values()]}
    show(table(asked, words=("run by",)))
