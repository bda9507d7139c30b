"""pgsim compare: a gated design beside what one would build instead, and where its saving goes."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import partial
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING

import click
from rich.table import Table

from pgsim import plots
from pgsim.cli.ahead import compiled_ahead
from pgsim.cli.options import (
    calibration_option,
    chosen_arch,
    figure_option,
    settings_option,
    table_option,
    verify_option,
)
from pgsim.cli.output import masks_of, paragraph, show, table
from pgsim.cli.sensitivity import print_sensitivity
from pgsim.cli.streams import say
from pgsim.results.numbers import Scale, decimal, percent, scale_in, scaled, signed, whole
from pgsim.study.comparison import DEFAULT_ARCH, DEFAULT_TRACE, Comparison, Outcome, compare
from pgsim.study.rows import GATED
from pgsim.study.sensitivity import Sensitivity, sensitivity
from pgsim.study.waterfalls import Waterfall
from pgsim.text import counted
from pgsim.workload import load_trace

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure

_NO_CHANGE = "0"


@click.command("compare")
@click.argument("trace", default=DEFAULT_TRACE)
@click.option("--arch", default=DEFAULT_ARCH, show_default=True, help="The gated design.")
@settings_option
@calibration_option
@verify_option
@click.option(
    "--beside",
    multiple=True,
    metavar="WHAT",
    help="Set ARCH, ARCH:SCHEME or TRACE:SCHEME beside it too. May be repeated.",
)
@click.option("--all", "everything", is_flag=True, help="Print every design, and explain steps.")
@click.option("--layers", is_flag=True, help="Account for every layer too.")
@click.option(
    "--sensitivity",
    "varied",
    is_flag=True,
    help="Ask instead which findings hold at other prices and designs.",
)
@table_option("Write the table of designs")
@figure_option("--plot", meaning="Draw the comparison, as .png, .svg or .pdf.")
def command(
    trace: str,
    arch: str,
    settings: tuple[str, ...],
    calibration_images: int | None,
    verify: bool,
    beside: tuple[str, ...],
    everything: bool,
    layers: bool,
    varied: bool,
    output: Path | None,
    plot: Path | None,
) -> None:
    """Set a gated design beside what one would build instead, and say where its saving goes.

    TRACE defaults to the shipped resnet20_pg_4_2.

    \b
    The columns of designs that it prints:
      top-1 %       accuracy that the trace states of the network run so
      bits          activation bits of an output, layers weighted by MACs
      cycles, time  of an image
      energy        of an image
      EDP           energy times time
      logic, area   of PEs and what gates; of buffers too
    \b
    A design in the same logic area has fixed PEs, and the fastest shape.
    """
    if varied and (beside or everything or layers):
        raise click.UsageError("--sensitivity takes neither --beside nor --all nor --layers")
    what, on = load_trace(trace, verify=verify), chosen_arch(arch, settings)
    if varied:
        found = sensitivity(what, on, calibration_images=calibration_images)
        write_all(lambda: found.table, output, plot, partial(_drawn, "draw_sensitivity", found))
        print_sensitivity(found)
        return
    with compiled_ahead(trace, arch, settings):
        comparison = compare(what, on, calibration_images=calibration_images, beside=beside)
    draw = partial(_drawn, "draw_comparison", comparison)
    write_all(lambda: comparison.designs, output, plot, draw)
    print_comparison(comparison, everything=everything, layers=layers)


def _drawn(how: str, found: Comparison | Sensitivity) -> Figure:
    """Return a figure of what was found; what draws is imported where a figure is asked for."""
    figure: Figure = getattr(plots, how)(found)
    return figure


def write_all(
    frame: Callable[[], pd.DataFrame],
    output: Path | None,
    plot: Path | None,
    draw: Callable[[], Figure],
) -> None:
    """Write what is asked for: all of it is made before any of it is written.

    frame, draw: make the table, and the figure, where they are asked for.
    """
    write = []
    if output is not None:
        from pgsim.results.table_files import write_table  # with pandas, which takes its time

        write.append(partial(write_table, frame(), output))
    if plot is not None:
        from pgsim.plots.drawing import write_figure

        write.append(partial(write_figure, draw(), plot))
    for each in write:
        each()


def print_comparison(comparison: Comparison, *, everything: bool, layers: bool) -> None:
    """Print the designs, the accounts, by layer on request, and what was found."""
    gated = comparison.gated
    paragraph(
        f"{gated.trace.name} ({masks_of(gated.trace)}), {counted(gated.images, 'image')}, "
        f"on {gated.arch.name}, {gated.arch.mapping.label}:"
    )
    show(design_table(comparison, everything=everything))
    for said in dict.fromkeys(each for each in comparison.verdicts if each.mark):
        paragraph(f"{said.mark} {said.meaning}")
    gains = {f"{gain:.2f}x": rule for rule, gain in reversed(comparison.promise.items())}
    promise = " or ".join(f"{gain} ({rule})" for gain, rule in reversed(gains.items()))
    paragraph(f"Counting bits promises {promise}. What becomes of it:")
    show(account_table(comparison.waterfalls, gated.images, everything=everything))
    if everything:
        for steps in (comparison.waterfalls[0].steps, comparison.waterfalls[-1].steps):
            paragraph()
            show(table({"step": list(steps), "meaning": list(steps.values())}, words=("meaning",)))
    if layers:
        for each in comparison.waterfalls:
            paragraph(f"\nThe {each.spent} of every layer, in % of those of {each.against}:")
            show(layer_table(each))
    paragraph(f"\n{comparison.finding}")
    for warning in comparison.warnings:
        say(f"warning: {warning}", err=True)


def design_table(comparison: Comparison, *, everything: bool) -> Table:
    """Return the designs beside each other by what they share, time and energy per image."""
    marks = {
        each.row.name: said.mark
        for each, said in zip(comparison.outcomes, comparison.verdicts, strict=True)
    }
    shown = [each for each in comparison.outcomes if everything or each.row.first]
    summaries = [each.result.summary for each in shown]
    time_unit, times = scaled([each.spent.time_us * 1e-6 for each in shown], "s")
    energy_unit, energies = scaled([each.spent.energy_pj * 1e-12 for each in shown], "J")
    product_unit, products = scaled(
        [each["energy_delay_product_pj_s"] * 1e-12 for each in summaries], "J s"
    )
    columns = {
        "design": [_name(each, marks[each.row.name]) for each in shown],
        "top-1\n%": percent(each.row.accuracy for each in shown),
        "bits": decimal((each["mac_average_bits"] for each in summaries), 2),
        "cycles": whole(each["cycles_per_image"] for each in summaries),
        f"time\n{time_unit}": times,
        f"energy\n{energy_unit}": energies,
        f"EDP\n{product_unit}": products,
        "logic\nmm2": decimal((each["logic_area_mm2"] for each in summaries), 3),
        "area\nmm2": decimal((each["area_mm2"] for each in summaries), 3),
    }
    groups = [each.row.group for each in shown]
    return table(_with_headings(columns, groups))


def _name(outcome: Outcome, mark: str) -> str:
    return f"  {outcome.row.name} {mark}".rstrip()


def _with_headings(columns: dict[str, list[str]], groups: list[str]) -> dict[str, list[str]]:
    """Return columns with a row above each run of rows of one group, which says what they share."""
    first, *_ = columns
    made = {header: list(cells) for header, cells in columns.items()}
    for group in reversed(dict.fromkeys(groups)):
        place = groups.index(group)
        for header, cells in made.items():
            cells.insert(place, f"{group}:" if header == first else "")
    return made


def account_table(accounts: Iterable[Waterfall], images: int, *, everything: bool) -> Table:
    """Return the network's accounts of cycles and of energy, those of each quantity side by side.

    Each goes from its baseline's total through signed changes to PG's own total, of an image. Steps
    that change nothing are left out, unless everything is shown.
    """
    columns: dict[str, list[str]] = {}
    for unit, own in groupby(accounts, key=lambda each: each.unit):
        alike = list(own)
        scale = scale_in((float(each.network["baseline"]) / images for each in alike), unit)
        scale = scale._replace(size=images * scale.size)
        cells = [[*alike[0].steps, GATED], *(_changes(each, scale) for each in alike)]
        rows = [row for row in zip(*cells, strict=True) if everything or {*row[1:]} != {_NO_CHANGE}]
        heads = [f"{scale.unit}\n", *(f"{scale.unit} from\n{each.against}" for each in alike)]
        columns |= {
            head: list(column) for head, column in zip(heads, zip(*rows, strict=True), strict=True)
        }
    longest = max(map(len, columns.values()))
    filled = {head: each + [""] * (longest - len(each)) for head, each in columns.items()}
    return table(filled, words=[head for head in filled if head.endswith("\n")])


def _changes(account: Waterfall, scale: Scale) -> list[str]:
    """Return an account's first total, its changes with their signs, and its last total."""
    first, *_, last = (float(each) / scale.size for each in account.network.values())
    changes = signed(
        (float(each) / scale.size for each in account.changes().values()), scale.places
    )
    return [*decimal([first], scale.places), *changes, *decimal([last], scale.places)]


def layer_table(account: Waterfall) -> Table:
    """Return every layer's account, in % of what its baseline spends."""
    steps = list(account.steps)
    columns: dict[str, list[str]] = {"layer": list(account.totals)}
    for step in steps[1:]:
        columns[step.replace(" ", "\n")] = percent(
            float(account.changes(layer)[step] / totals[0])
            for layer, totals in account.totals.items()
        )
    columns["left"] = percent(float(each[-1] / each[0]) for each in account.totals.values())
    return table(columns, total=True)
