"""pgsim plot: figures of result tables."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import click
from click.core import ParameterSource

from pgsim.arch import load_arch
from pgsim.cli.options import ARCH, figure_option, where_option, width_option
from pgsim.cli.streams import say
from pgsim.cli.tables import table_of
from pgsim.plots import plot_heat_map, plot_results, plot_roofline


@click.command("plot")
@click.argument("results", type=click.Path(path_type=Path))
@figure_option(
    "-o", "--output", meaning="The figure, as .png, .svg or .pdf.  [default: RESULTS with .png]"
)
@click.option("--x", metavar="COLUMN", help="Draw any column to the right.")
@click.option("--y", metavar="COLUMN", help="Draw any column upwards.")
@click.option(
    "--by",
    metavar="COLUMN",
    default="design",
    show_default=True,
    help="What has colours, or bars: design, layer, or a column such as scheme.",
)
@where_option
@click.option(
    "--facet",
    multiple=True,
    metavar="COLUMN",
    help="A panel for each value; a second one makes a grid.",
)
@click.option(
    "--aggregate",
    metavar="HOW",
    help="mean, sum, min or max of all that axes, --by and --facet do not tell apart.",
)
@click.option(
    "--normalize",
    metavar="ROW",
    help="Divide by the first row of a panel (first), or by a named one, such as scheme=full.",
)
@click.option(
    "--speed-up",
    metavar="ROW",
    help="Divide such a row by every one: more is better, 1 is the row itself. With --x and --y.",
)
@click.option("--log", metavar="AXES", help="x, y, xy or none.  [default: as values need]")
@click.option(
    "--parts",
    multiple=True,
    metavar="WHAT",
    default=["latency", "energy"],
    help="What bars show: latency, energy, dram, sram.  [default: latency, energy]",
)
@click.option(
    "--heat",
    metavar="COLUMN",
    help="A heat map of it over --x and --y.  [default: array.columns, array.rows]",
)
@click.option(
    "--roofline",
    type=ARCH,
    metavar="ARCH",
    help="What layers of this design reach, under its peak and DRAM's bandwidth.",
)
@click.option("--network", is_flag=True, help="The network beside its layers.")
@width_option
@click.pass_context
def command(
    ctx: click.Context,
    /,
    results: Path,
    output: Path | None,
    heat: str | None,
    roofline: str | None,
    **asked: Any,
) -> None:
    """Draw RESULTS, a table that simulate, compare, sweep or pareto wrote.

    Without --x and --y: latency and energy, part by part; of more than 60 designs, energy over
    latency. What is too much for one panel is parted into several. Where RESULTS has no column
    accuracy, it is what shipped traces state.
    """
    if heat is not None and roofline is not None:
        raise click.UsageError("--heat and --roofline are two figures: ask for one of them")
    draw: Callable[..., None] = partial(plot_results, **asked)
    if heat is not None:
        how = _only(ctx, "--heat", asked, ("x", "y", "facet", "aggregate", "normalize"))
        draw = partial(plot_heat_map, value=heat, **how)
    elif roofline is not None:
        how = _only(ctx, "--roofline", asked, ("by",))
        draw = partial(plot_roofline, arch=load_arch(roofline), **how)
    figure = output or results.with_suffix(".png")
    draw(table_of(results), figure)
    say(f"{figure}: written", err=True)


def _only(
    ctx: click.Context, option: str, asked: dict[str, Any], takes: tuple[str, ...]
) -> dict[str, Any]:
    """Return what a person gave of what a figure takes; raises UsageError for anything else."""
    given = {
        name: value
        for name, value in asked.items()
        if ctx.get_parameter_source(name) != ParameterSource.DEFAULT
    }
    for name in given:
        if name not in (*takes, "where", "width"):
            raise click.UsageError(f"{option} takes no --{name}")
    return given
