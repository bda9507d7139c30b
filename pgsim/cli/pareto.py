"""pgsim pareto: the designs of a table that no other is better than."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import click
from rich.table import Table

from pgsim import plots
from pgsim.cli.compare import write_all
from pgsim.cli.options import figure_option, table_option, where_option, width_option
from pgsim.cli.output import paragraph, show, table
from pgsim.cli.tables import table_of
from pgsim.results import COLUMNS, SUMMED
from pgsim.results.designs import in_words
from pgsim.study.pareto import Pareto, pareto


@click.command("pareto")
@click.argument("results", type=click.Path(path_type=Path))
@click.option("--x", metavar="COLUMN", required=True, help="The first column compared.")
@click.option("--y", metavar="COLUMN", required=True, help="The second one.")
@click.option("--z", metavar="COLUMN", help="A third one.")
@click.option(
    "--most",
    multiple=True,
    metavar="COLUMN",
    help="Take more of it for better, as of accuracy, speed-up and utilization. May be repeated.",
)
@where_option
@click.option("--all", "everything", is_flag=True, help="Print the dominated designs too.")
@table_option("Write all designs, and whether each is dominated")
@figure_option("--plot", meaning="Draw all designs, as .png, .svg or .pdf.")
@width_option
def command(
    results: Path,
    x: str,
    y: str,
    z: str | None,
    most: tuple[str, ...],
    where: tuple[str, ...],
    everything: bool,
    output: Path | None,
    plot: Path | None,
    width: str | None,
) -> None:
    """Find the designs of RESULTS that no other is better than.

    RESULTS is a table that simulate, compare, sweep or pareto wrote. A design is dominated by
    one that is worse in no column and better in one. Layers are summed, per image.
    Where RESULTS has no column accuracy, it is what shipped traces state.
    """
    found = pareto(table_of(results), x, y, z, most=most, where=where)
    draw = partial(plots.draw_pareto, found, width=width)
    write_all(lambda: found.designs, output, plot, draw)
    paragraph(f"{found.title}; per image:")
    show(pareto_table(found, everything=everything))
    paragraph(f"\n{found.finding}")


def pareto_table(found: Pareto, *, everything: bool) -> Table:
    """Return the designs that are not dominated, or all of them, with a mark."""
    rows = found.designs if everything else found.front
    columns = {_head(name): [in_words(name, each) for each in rows[name]] for name in found.names}
    words = [_head("mask_source")]
    for name in found.better:
        unit = COLUMNS[name].unit if name in COLUMNS and name in SUMMED else ""
        head = f"{name}\n{unit}" if unit not in ("", name) else name
        columns[head] = _numbers(rows[name].tolist())
    if everything:
        columns["dominated"] = ["yes" if each else "" for each in rows["dominated"]]
    return table(columns, words=words)


def _head(name: str) -> str:
    """Return the name of a column in lines: that of a section of a design, and of a key in it."""
    return name.replace(".", ".\n")


def _numbers(values: list[float]) -> list[str]:
    """Return numbers in digits that tell them apart: whole from 1000 on, else four."""
    large = max(map(abs, values), default=0.0) >= 1000
    return [f"{each:,.0f}" if large else f"{each:.4g}" for each in values]
