"""pgsim reproduce: published results beside what pgsim computes."""

from __future__ import annotations

import click
from rich.table import Table

from pgsim.cli.output import paragraph, show, table
from pgsim.errors import InputError, nearest
from pgsim.results.numbers import decimal
from pgsim.study.published import PUBLISHED, Figure, Published


@click.command("reproduce", short_help="Set published results beside what pgsim computes.")
@click.argument("names", nargs=-1, metavar="[RESULTS]")
def command(names: tuple[str, ...]) -> None:
    """Compute published RESULTs again, by default all, and print them side by side.

    Each tells who published it, and what is not the same here.
    """
    for name in names:
        if name not in PUBLISHED:
            raise InputError(
                f"{name}: expected some of {', '.join(PUBLISHED)}.{nearest(name, PUBLISHED)}"
            )
    for number, name in enumerate(names or PUBLISHED):
        if number:
            paragraph()
        _print(PUBLISHED[name])


def _print(result: Published) -> None:
    paragraph(f"{result.name}: {result.citation}\n{result.unit}:")
    show(figure_table(result.figures()))
    paragraph(f"What differs: {result.differs}")


def figure_table(figures: tuple[Figure, ...]) -> Table:
    """Return a row for each figure: as published, as computed, and how far apart."""
    columns = {
        "": [each.what for each in figures],
        "published": decimal((each.published for each in figures), 2),
        "computed": decimal((each.computed for each in figures), 2),
        "difference\n%": [f"{100 * each.difference:+.1f}" for each in figures],
    }
    return table(columns)
