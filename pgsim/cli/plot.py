"""pgsim plot: figures of result tables."""

from __future__ import annotations

from pathlib import Path

import click

from pgsim.cli.options import figure_option
from pgsim.cli.streams import say
from pgsim.plots import plot_results
from pgsim.results.table_files import read_table


@click.command("plot")
@click.argument("results", type=click.Path(path_type=Path))
@figure_option(
    "-o", "--output", meaning="The figure, as .png, .svg or .pdf.  [default: RESULTS with .png]"
)
@click.option("--x", metavar="COLUMN", help="Draw points, this column to the right.")
@click.option("--y", metavar="COLUMN", help="Draw points, this column upwards.")
@click.option("--by", type=click.Choice(["design", "layer"]), default="design", show_default=True)
def command(results: Path, output: Path | None, x: str | None, y: str | None, by: str) -> None:
    """Draw RESULTS, a table that simulate, compare or sweep wrote."""
    frame = read_table(results)
    figure = output or results.with_suffix(".png")
    plot_results(frame, figure, x=x, y=y, by=by)
    say(f"{figure}: written", err=True)
