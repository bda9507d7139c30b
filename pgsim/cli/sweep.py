"""pgsim sweep: every combination of traces, designs, schemes and axes."""

from __future__ import annotations

from pathlib import Path

import click

from pgsim.arch import load_arch
from pgsim.arch.config import BANDWIDTHS
from pgsim.cli.options import table_option
from pgsim.cli.progress import bar
from pgsim.cli.streams import say
from pgsim.files import shipped_names
from pgsim.results.table_files import write_table
from pgsim.study.sweeps import SHIFT, WIDTHS, SweepSpec, load_sweep, sweep, sweep_points

_SHIPPED = shipped_names("arch_configs/sweeps", ".yaml")


@click.command("sweep", epilog=f"Shipped sweeps: {', '.join(_SHIPPED)}.")
@click.argument("spec")
@table_option("Write one row per point and layer")
@click.option(
    "--jobs", type=click.IntRange(min=1), metavar="N", help="Processes.  [default: one per core]"
)
@click.option("--dry-run", is_flag=True, help="Check and count the points, and simulate none.")
@click.pass_context
def command(
    ctx: click.Context, spec: str, output: Path | None, jobs: int | None, dry_run: bool
) -> None:
    """Simulate every combination of traces, designs, schemes and axes of a sweep.

    SPEC is a YAML file, or the name of a shipped sweep; paths in it are relative to the current
    folder. -o is needed except for --dry-run.
    """
    asked = load_sweep(spec)
    if dry_run:
        with bar() as told:
            sweep_points(asked, progress=told("checking"))
        say(f"{spec}: ok: {asked.point_count:,} points ({asked.product})")
    elif output is None:
        missing = next(each for each in ctx.command.params if each.name == "output")
        raise click.MissingParameter(ctx=ctx, param=missing)
    else:
        _note_what_ifs(asked)
        _note_bandwidths(asked)
        with bar() as told:
            frame = sweep(asked, jobs=jobs, progress=told("simulating"), checking=told("checking"))
        write_table(frame, output)
        say(f"{output}: {len(frame):,} rows, one per point and layer", err=True)


def _note_what_ifs(asked: SweepSpec) -> None:
    """Say what a sweep's what-ifs leave out."""
    if widths := [key for key in asked.what_ifs if key in WIDTHS]:
        say(
            f"note: what if {', '.join(widths)} differed: the masks are those of the "
            "trained widths, and no model was trained at these",
            err=True,
        )
    if SHIFT in asked.keys:
        say(
            "note: what if all thresholds were moved: on the images in the margins files, whose "
            "network was not run again; later layers' inputs would change, and accuracy",
            err=True,
        )


def _note_bandwidths(asked: SweepSpec) -> None:
    """Say what stays of DRAM's bandwidth where the clock does not."""
    if "clock_mhz" not in asked.keys or BANDWIDTHS & set(asked.keys):
        return
    stays: dict[str, list[str]] = {}
    for arch in map(load_arch, asked.archs):
        stays.setdefault(arch.memory.dram.bandwidth_key, []).append(arch.name)
    for key, names in stays.items():
        say(f"note: as clock_mhz changes, dram.{key} stays: {', '.join(names)}", err=True)
