"""pgsim plot: figures of result tables."""

from __future__ import annotations

from pathlib import Path

import click

from pgsim.cli.options import figure_option, where_option, width_option
from pgsim.cli.streams import say
from pgsim.plots import plot_results
from pgsim.results.table_files import read_table


@click.command("plot")
@click.argument("results", type=click.Path(path_type=Path))
@figure_option(
    "-o", "--output", meaning="The figure, as .png, .svg or .pdf.  [default: RESULTS with .png]"
)
@click.option("--x", metavar="COLUMN", help="Draw any column to the right ...")
@click.option("--y", metavar="COLUMN", help="... and any column upwards.")
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
@click.option("--log", metavar="AXES", help="x, y, xy or none.  [default: as values need]")
@click.option(
    "--parts",
    multiple=True,
    metavar="WHAT",
    default=["latency", "energy"],
    help="What bars show: latency, energy, dram, sram.  [default: latency, energy]",
)
@click.option("--network", is_flag=True, help="The network beside its layers.")
@width_option
def command(
    results: Path,
    output: Path | None,
    x: str | None,
    y: str | None,
    by: str,
    where: tuple[str, ...],
    facet: tuple[str, ...],
    aggregate: str | None,
    normalize: str | None,
    log: str | None,
    parts: tuple[str, ...],
    network: bool,
    width: str | None,
) -> None:
    """Draw RESULTS, a table that simulate, compare or sweep wrote.

    Without --x and --y: latency and energy, part by part; of more than 60 designs, energy over
    latency. What is too much for one panel is parted into several.
    """
    frame = read_table(results)
    figure = output or results.with_suffix(".png")
    plot_results(
        frame, figure, x=x, y=y, by=by, where=where, facet=facet, aggregate=aggregate,
        normalize=normalize, log=log, parts=parts, network=network, width=width,
    )  # fmt: skip
    say(f"{figure}: written", err=True)
