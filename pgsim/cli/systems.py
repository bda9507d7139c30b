"""pgsim systems: the field's precision systems side by side."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from pathlib import Path

import click
from rich.table import Table

from pgsim import plots
from pgsim.cli.compare import write_all
from pgsim.cli.options import (
    chosen_arch,
    figure_option,
    objective_option,
    settings_option,
    table_option,
)
from pgsim.cli.output import paragraph, show, table
from pgsim.results.numbers import percent, scaled, whole
from pgsim.results.system_kinds import UNTRAINED
from pgsim.study.systems import FAMILIES
from pgsim.study.systems.field_table import FieldTable
from pgsim.study.systems.table import DEFAULT_ARCH, systems


@click.command("systems", short_help="Set the field's precision systems side by side.")
@click.argument("family", default="resnet20", metavar=f"[{'|'.join(FAMILIES)}]")
@click.option("--arch", default=DEFAULT_ARCH, show_default=True, help="The reference design.")
@settings_option
@objective_option
@table_option("Write the whole table")
@figure_option("--plot", meaning="Draw energy over time, as .png, .svg or .pdf.")
def command(
    family: str,
    arch: str,
    settings: tuple[str, ...],
    objective: str | None,
    output: Path | None,
    plot: Path | None,
) -> None:
    """Run the field's precision systems on a committed network, as alike as can be.

    All fill the logic area of the reference design, at the bandwidth of its DRAM. Each has its own
    PEs and its own clock, the fastest of arrays with 8, 16, 32 and 64 columns, and runs in the
    fixed order, unless --objective has loop nests searched for.

    \b
    The columns that it prints, each of an image:
      array        rows and columns of its PEs
      top-1 %      accuracy that the trace states of the network run so
      bit-work     MACs x activation bits x weight bits, over all passes
      EDP          energy times time
      to ideal %   cycles beyond those of the ideal scheduler, over these
    """
    found = systems(family, chosen_arch(arch, settings), objective=objective)
    write_all(lambda: found.table, output, plot, partial(plots.draw_systems, found))
    paragraph(
        f"{found.network}, {found.area_mm2:.3f} mm2 of logic, {found.gb_per_s:g} GB/s of DRAM; "
        "per image:"
    )
    show(systems_table(found))
    paragraph()
    _print_reasons("in part, and no part of what was found", found.in_part)
    _print_reasons("left out", found.left_out)
    paragraph(f"\n{found.finding}")


def _print_reasons(head: str, reasons: Mapping[str, str]) -> None:
    """Print each reason once, with the names of all systems that it is of."""
    for reason in dict.fromkeys(reasons.values()):
        names = [name for name, own in reasons.items() if own == reason]
        paragraph(f"{head}: {', '.join(names)}: {reason}")


def systems_table(found: FieldTable) -> Table:
    """Return a row for each system that ran."""
    frame = found.table
    time_unit, times = scaled(frame["time_us_per_image"] * 1e-6, "s")
    energy_unit, energies = scaled(frame["energy_pj_per_image"] * 1e-12, "J")
    product_unit, products = scaled(frame["energy_delay_product_pj_s"] * 1e-12, "J s")
    work_unit, work = scaled(frame["bit_operations_per_image"], "")
    sides = zip(frame["array.rows"], frame["array.columns"], strict=True)
    accuracies = percent(frame["accuracy"])
    columns = {
        "system": frame["system"].tolist(),
        "PEs": [each.replace("_", " ") for each in frame["array.pe.kind"]],
        "array": [f"{rows}x{columns}" for rows, columns in sides],
        "MHz": whole(frame["clock_mhz"]),
        "top-1\n%": [UNTRAINED if each == "-" else each for each in accuracies],
        f"bit-work\n{work_unit}": work,
        "cycles": whole(frame["cycles_per_image"]),
        f"time\n{time_unit}": times,
        f"energy\n{energy_unit}": energies,
        f"EDP\n{product_unit}": products,
        "to ideal\n%": percent(frame["scheduler_gap"]),
    }
    return table(columns)
