"""pgsim compare: a gated design beside what one would build instead, and where its saving goes."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import click
import pandas as pd
from rich.table import Table

from pgsim.cli.options import (
    calibration_option,
    chosen_arch,
    figure_option,
    settings_option,
    table_option,
    verify_option,
)
from pgsim.cli.output import (
    decimal,
    masks_of,
    paragraph,
    percent,
    scaled,
    show,
    signed,
    table,
    whole,
)
from pgsim.cli.streams import say
from pgsim.results.table_files import write_table
from pgsim.study.comparison import DEFAULT_ARCH, DEFAULT_TRACE, Comparison, compare
from pgsim.study.waterfalls import STEPS
from pgsim.workload import load_trace


@click.command("compare")
@click.argument("trace", default=DEFAULT_TRACE)
@click.option("--arch", default=DEFAULT_ARCH, show_default=True, help="The gated design.")
@settings_option
@calibration_option
@verify_option
@click.option("--layers", is_flag=True, help="Account for the cycles of every layer too.")
@table_option("Write the table of designs")
@figure_option("--plot", meaning="Draw the comparison, as .png, .svg or .pdf.")
def command(
    trace: str,
    arch: str,
    settings: tuple[str, ...],
    calibration_images: int | None,
    verify: bool,
    layers: bool,
    output: Path | None,
    plot: Path | None,
) -> None:
    """Set a gated design beside what one would build instead, and say where its saving goes.

    TRACE defaults to the shipped resnet20_pg_4_2.

    \b
    The columns of designs that it prints:
      bits          activation bits of an output, layers weighted by MACs
      cycles, time  of an image
      times faster  than uniform 8,8: 8-bit activations and weights
      energy        of an image; provisional, as are DRAM stalls, for DRAM
                    follows a fixed loop order
      times less    energy than uniform 8,8
      EDP           energy times time
      use %         useful bit operations, of those that there is room for
      area          of PEs, buffers and gating logic
    """
    comparison = compare(
        load_trace(trace, verify=verify),
        chosen_arch(arch, settings),
        calibration_images=calibration_images,
    )
    write = []  # all that is asked for is made before any of it is written
    if output is not None:
        write.append(partial(write_table, comparison.designs, output))
    if plot is not None:
        from pgsim.plots import draw_comparison
        from pgsim.plots.drawing import write_figure

        write.append(partial(write_figure, draw_comparison(comparison), plot))
    for each in write:
        each()
    print_comparison(comparison, layers=layers)


def print_comparison(comparison: Comparison, *, layers: bool) -> None:
    """Print the designs, the account of cycles, by layer on request, and what was found."""
    gated = comparison.gated
    paragraph(
        f"{gated.trace.name} ({masks_of(gated.trace)}), {gated.images:,} images, "
        f"on {gated.arch.name};\nper image, energy and DRAM stalls provisional:"
    )
    show(design_table(comparison.designs))
    promise = ", ".join(f"{gain:.2f}x ({rule})" for rule, gain in comparison.promise.items())
    paragraph(f"\nCounting bits promises {promise}. Where it goes, in cycles of all images:")
    show(waterfall_table(comparison.waterfall))
    if layers:
        paragraph("\nThe same by layer, in % of the cycles of its baseline:")
        show(layer_table(comparison.waterfall))
    paragraph(f"\n{comparison.finding}")
    for warning in comparison.warnings:
        say(f"warning: {warning}", err=True)


def design_table(designs: pd.DataFrame) -> Table:
    """Return the designs beside each other, time and energy per image."""
    time_unit, times = scaled(designs["time_us"] / designs["images"] * 1e-6, "s")
    energy_unit, energies = scaled(designs["energy_pj_per_image"] * 1e-12, "J")
    product_unit, products = scaled(designs["energy_delay_product_pj_s"] * 1e-12, "J s")
    columns = {
        "design": designs["design"].tolist(),
        "bits": decimal(designs["mac_average_bits"], 2),
        "cycles": whole(designs["cycles_per_image"]),
        f"time\n{time_unit}": times,
        "times\nfaster": decimal(designs["speedup"], 2),
        f"energy\n{energy_unit}": energies,
        "times\nless": decimal(designs["energy_ratio"], 2),
        f"EDP\n{product_unit}": products,
        "use\n%": percent(designs["pe_utilization"]),
        "area\nmm2": decimal(designs["area_mm2"], 3),
    }
    return table(columns)


def waterfall_table(account: pd.DataFrame) -> Table:
    """Return the network's account, from the baseline's cycles to the gated design's."""
    steps = account[account["layer"] == "network"]
    columns = {
        "step": steps["step"].tolist(),
        "cycles": whole(steps["total_cycles"]),
        "change": ["", *signed(steps["change_cycles"].iloc[1:])],
        "meaning": steps["meaning"].tolist(),
    }
    return table(columns, words=("meaning",))


def layer_table(account: pd.DataFrame) -> Table:
    """Return every layer's account, in % of the cycles of its baseline."""
    by_layer = account.pivot(index="layer", columns="step", values="change_cycles")
    totals = account.pivot(index="layer", columns="step", values="total_cycles")
    names = list(dict.fromkeys(account["layer"]))
    baseline = totals.loc[names, "baseline"]
    columns = {"layer": names}
    for step in list(STEPS)[1:]:
        columns[step.replace(" ", "\n")] = percent(by_layer.loc[names, step] / baseline)
    columns["left"] = percent(totals.loc[names, list(STEPS)[-1]] / baseline)
    return table(columns, total=True)
