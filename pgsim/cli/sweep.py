"""pgsim sweep: every combination of traces, designs, schemes and axes."""

from __future__ import annotations

from pathlib import Path

import click

from pgsim.arch import load_arch
from pgsim.arch.overriding import BANDWIDTHS
from pgsim.cli.options import missing, table_option
from pgsim.cli.progress import bar
from pgsim.cli.streams import say
from pgsim.files import shipped_names
from pgsim.study.sweeps import (
    SHIFT,
    WIDTHS,
    Outcome,
    Shard,
    SweepSpec,
    load_sweep,
    sweep_into,
    sweep_points,
)
from pgsim.study.sweeps.forecast import forecast_of
from pgsim.study.sweeps.table_rows import TABLE_ROWS

_SHIPPED = shipped_names("arch_configs/sweeps", ".yaml")
_MOST_FAILURES = 20  # that are told each; of the others there is a count


def _shard(ctx: click.Context, param: click.Parameter, text: str | None) -> Shard | None:
    if text is None:
        return None
    index, _, count = text.partition("/")
    if not (index.isdecimal() and count.isdecimal() and 1 <= int(index) <= int(count)):
        raise click.BadParameter(f"{text!r}: expected I/N, such as 1/8 for the first of eight")
    return Shard(int(index), int(count))


@click.command("sweep", epilog=f"Shipped sweeps: {', '.join(_SHIPPED)}.")
@click.argument("spec")
@table_option("Write one row per point and layer, or per point")
@click.option(
    "--jobs", type=click.IntRange(min=1), metavar="N", help="Processes.  [default: one per core]"
)
@click.option(
    "--shard",
    callback=_shard,
    metavar="I/N",
    help="Simulate the I-th of N parts; pgsim merge makes the table of all.",
)
@click.option(
    "--engine",
    type=click.Choice(["local", "dask"]),
    default="local",
    show_default=True,
    help="Processes of this machine, or the workers of a Dask cluster.",
)
@click.option(
    "--scheduler",
    metavar="ADDRESS",
    help="Of the Dask cluster, such as tcp://host:8786, or its scheduler file (.json).",
)
@click.option(
    "--rows", type=click.Choice(list(TABLE_ROWS)), help="What a row is.  [default: as SPEC says]"
)
@click.option(
    "--dry-run",
    is_flag=True,
    help="Check and count the points, and simulate a few to say how long all will take.",
)
@click.pass_context
def command(
    ctx: click.Context,
    spec: str,
    output: Path | None,
    jobs: int | None,
    shard: Shard | None,
    engine: str,
    scheduler: str | None,
    rows: str | None,
    dry_run: bool,
) -> None:
    """Simulate every combination of traces, designs, schemes and axes of a sweep.

    SPEC is a YAML file, or the name of a shipped sweep; paths in it are relative to the current
    folder. -o is needed except for --dry-run. A sweep that was ended goes on when the same command
    is given again.
    """
    if (engine == "dask") != (scheduler is not None):
        raise click.UsageError("--engine dask and --scheduler ADDRESS need each other", ctx)
    asked = load_sweep(spec)
    if rows is not None:
        asked = asked.model_copy(update={"rows": rows})
    if dry_run:
        _say_what_it_is(spec, asked, jobs)
    elif output is None:
        raise missing(ctx, "output")
    else:
        _note_what_ifs(asked)
        _note_bandwidths(asked)
        with bar() as told:
            outcome = sweep_into(
                output,
                asked,
                jobs=jobs,
                scheduler=scheduler,
                shard=shard,
                progress=told("simulating"),
                checking=told("checking"),
                failed=told.fail,
            )
        _say_failures(outcome)
        _say_outcome(output, asked, shard, outcome)
        ctx.exit(1 if outcome.failures else 0)


def _say_what_it_is(spec: str, asked: SweepSpec, jobs: int | None) -> None:
    """Say how many points a sweep has, and about how long and how much memory it takes."""
    with bar() as told:
        points = sweep_points(asked, progress=told("checking"))
    say(f"{spec}: ok: {asked.point_count:,} points ({asked.product})")
    if left_out := asked.point_count - len(points):
        say(f"constraints leave out {left_out:,} of them; {len(points):,} run")
    say(str(forecast_of(points, jobs)))


def _say_failures(outcome: Outcome) -> None:
    """Say which points failed, and why; the first was told when it did."""
    for each in outcome.failures[1:_MOST_FAILURES]:
        say(f"failed: {' '.join(str(each).split())}", err=True)
    if (more := len(outcome.failures) - _MOST_FAILURES) > 0:
        say(f"failed: {more:,} points more", err=True)
    if outcome.failures:
        say(
            f"pgsim: {len(outcome.failures):,} of {outcome.points:,} points failed: the same "
            "command tries them again",
            err=True,
        )


def _say_outcome(output: Path, asked: SweepSpec, shard: Shard | None, outcome: Outcome) -> None:
    """Say what was done."""
    if outcome.before:
        say(f"note: {outcome.before:,} points were finished before", err=True)
    if shard is not None:
        done = outcome.points - len(outcome.failures)
        say(f"{output}: shard {shard}: {done:,} of {outcome.points:,} points", err=True)
        return
    if left_out := asked.point_count - outcome.points:
        say(f"note: constraints leave out {left_out:,} of {asked.point_count:,} points", err=True)
    say(f"{output}: {outcome.rows:,} rows, {asked.table_rows.description}", err=True)


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
