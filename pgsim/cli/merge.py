"""pgsim merge: the table of a sweep that ran in shards."""

from __future__ import annotations

from pathlib import Path

import click

from pgsim.cli.streams import say
from pgsim.study.sweeps import merge_sweep
from pgsim.text import counted


@click.command("merge")
@click.argument("results", type=click.Path(path_type=Path))
@click.option(
    "--partial", is_flag=True, help="Leave out points that are not finished, as those that failed."
)
def command(results: Path, partial: bool) -> None:
    """Write the table of a sweep of which every shard has run.

    RESULTS is what the shards were given as -o: pgsim sweep SPEC -o RESULTS --shard I/N.
    """
    merged = merge_sweep(results, partial=partial)
    lacking = [f"{counted(merged.lacking, 'point')} not finished"] if merged.lacking else []
    lacking += [f"none of shard {each}" for each in merged.missing]
    if lacking:
        say(f"note: {', '.join(lacking)}: the journals of the shards stay", err=True)
    say(f"{results}: {merged.rows:,} rows", err=True)
