"""pgsim merge: the table of a sweep that ran in shards."""

from __future__ import annotations

from pathlib import Path

import click

from pgsim.cli.streams import say
from pgsim.study.sweeps import merge_sweep


@click.command("merge")
@click.argument("results", type=click.Path(path_type=Path))
def command(results: Path) -> None:
    """Write the table of a sweep of which every shard has run.

    RESULTS is what the shards were given as -o: pgsim sweep SPEC -o RESULTS --shard I/N.
    """
    say(f"{results}: {merge_sweep(results):,} rows", err=True)
