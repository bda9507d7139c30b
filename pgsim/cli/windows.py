"""pgsim windows: what each window costs a gated layer, and which one is chosen."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import click
from rich.table import Table

from pgsim import plots
from pgsim.cli.compare import write_all
from pgsim.cli.options import (
    ARCH,
    TRACE,
    calibration_option,
    chosen_arch,
    figure_option,
    objective_option,
    settings_option,
    table_option,
    verify_option,
)
from pgsim.cli.output import masks_of, paragraph, show, table
from pgsim.cli.progress import bar
from pgsim.results.numbers import percent, scaled, whole
from pgsim.study.window_study import windows
from pgsim.study.window_trade import Point, WindowTrade
from pgsim.text import counted
from pgsim.workload import load_trace

_MOST_ROWS = 24


@click.command("windows", short_help="Set deep windows of a gated layer against many channels.")
@click.argument("trace", type=TRACE)
@click.option("--arch", type=ARCH, required=True, help="The design: a file or a shipped name.")
@click.option("--layer", metavar="NAME", help="[default: the gated layer with most outputs]")
@click.option("--scheme", default="pg", show_default=True, help="See pgsim schemes.")
@settings_option
@calibration_option
@verify_option
@objective_option
@table_option("Write the whole table of windows")
@figure_option("--plot", meaning="Draw every window, as .png, .svg or .pdf.")
def command(
    trace: str,
    arch: str,
    layer: str | None,
    scheme: str,
    settings: tuple[str, ...],
    calibration_images: int | None,
    verify: bool,
    objective: str | None,
    output: Path | None,
    plot: Path | None,
) -> None:
    """Ask what each window costs a gated layer of TRACE, and which one a search chooses.

    A window is a block of a loop nest: deep ones pack better, and leave room for
    fewer channels. For each of them it finds the best order and other blocks, on
    the masks of the first images, as many as mapping.images says (MODEL.md, M41).

    \b
    The columns that it prints, each of an image:
      window      slots of a block; the fixed order's own in its row
      lanes       of a block, and of those whose sums fit beside the window
      cycles      of which MSB, LSB, bubble and stall %, as in pgsim simulate
      issued %    slots of the later passes that the scheduler issues, of those
                  that it would issue if every gate were open
    \b
    Of many windows it prints the best of each doubling. -o and --plot have all.
    """
    what, on = load_trace(trace, verify=verify), chosen_arch(arch, settings)
    with bar() as told:
        found = windows(
            what,
            on,
            layer,
            scheme,
            objective=objective,
            calibration_images=calibration_images,
            progress=told("windows"),
        )
    write_all(lambda: found.table, output, plot, partial(plots.draw_windows, found))
    paragraph(
        f"{found.layer} of {found.trace.name} ({masks_of(found.trace)}), "
        f"{counted(len(found.images), 'image')}, on {found.arch.name}, scheme {scheme}; per image:"
    )
    show(window_table(found))
    paragraph(f"\n{found.finding}")


def window_table(trade: WindowTrade) -> Table:
    """Return the fixed order, and every window, or the best of each doubling where there are many.

    What is chosen is marked.
    """
    shown = [trade.fixed, *_shown(trade)]
    if trade.chosen not in shown:
        shown.insert(1, trade.chosen)
    counts = [each.counts for each in shown]
    names = [_name(trade, each) for each in shown]
    columns = {
        "": names,
        "window": whole(each.slots for each in shown),
        "\nlanes": whole(each.lanes for each in shown),
        "that\nfit": whole(each.room for each in shown),
        "cycles": whole(map(trade.cycles, shown)),
    }
    for head, parts in {
        "MSB\n%": ["msb_cycles"],
        "LSB\n%": ["lsb_cycles"],
        "bubble\n%": ["bubble_cycles"],
        "stall\n%": ["port_stall_cycles", "dram_stall_cycles"],
    }.items():
        columns[head] = percent(
            sum(each[part] for part in parts) / each["cycles"] for each in counts
        )
    columns["issued\n%"] = percent(
        each["lsb_slots_issued"] / each["lsb_slots_dense"] for each in counts
    )
    if not trade.objective.is_cycles:
        unit, values = scaled(map(trade.value, shown), "")
        columns[f"{trade.objective.name}\n{unit} {trade.objective.unit}"] = values
    return table(columns)


def _name(trade: WindowTrade, point: Point) -> str:
    names = [] if point.nest is not None else ["fixed order"]
    if point is trade.chosen:
        names.append("given" if trade.given else "chosen")
    return ", ".join(names)


def _shown(trade: WindowTrade) -> list[Point]:
    """Return every window, or of many the best of each doubling."""
    if len(trade.points) <= _MOST_ROWS:
        return list(trade.points)
    best: dict[int, Point] = {}
    for point in trade.points:
        doubling = point.slots.bit_length()
        if doubling not in best or point.cost < best[doubling].cost:
            best[doubling] = point
    return list(best.values())
