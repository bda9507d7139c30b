"""pgsim sweep: every combination of traces, designs, schemes and axes."""

from __future__ import annotations

import sys
from pathlib import Path

import click
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TimeRemainingColumn

from pgsim.cli.options import table_option
from pgsim.cli.output import console
from pgsim.files import shipped_names
from pgsim.results.table_files import write_table
from pgsim.study.sweeps import SHIFT, WIDTHS, load_sweep, sweep

_SHIPPED = shipped_names("arch_configs/sweeps", ".yaml")


@click.command("sweep", epilog=f"Shipped sweeps: {', '.join(_SHIPPED)}.")
@click.argument("spec")
@table_option("Write one row per point and layer", required=True)
@click.option(
    "--jobs", type=click.IntRange(min=1), metavar="N", help="Processes.  [default: one per core]"
)
def command(spec: str, output: Path, jobs: int | None) -> None:
    """Simulate every combination of traces, designs, schemes and axes of a sweep.

    SPEC is a YAML file, or the name of a shipped sweep; paths in it are relative to the current
    folder.
    """
    asked = load_sweep(spec)
    if widths := [key for key in asked.what_ifs if key in WIDTHS]:
        click.echo(
            f"note: what if {', '.join(widths)} differed: the masks are those of the "
            "trained widths, and no model was trained at these",
            err=True,
        )
    if SHIFT in asked.axes:
        click.echo(
            "note: what if all thresholds were moved: on the images in the margins files, whose "
            "network was not run again; later layers' inputs would change, and accuracy",
            err=True,
        )
    shown = (BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    quiet = not sys.stderr.isatty()
    with Progress(*shown, console=console(stderr=True), transient=True, disable=quiet) as bar:
        task = bar.add_task("points", total=None)
        frame = sweep(
            asked,
            jobs=jobs,
            progress=lambda done, total: bar.update(task, completed=done, total=total),
        )
    write_table(frame, output)
    click.echo(f"{output}: {len(frame):,} rows, one per point and layer", err=True)
