"""What pgsim simulate prints of a result: layer by layer, and the network's figures."""

from __future__ import annotations

from rich.table import Table

from pgsim.cli.output import masks_of, paragraph, show, table
from pgsim.model import two_arrays
from pgsim.model.layer import threads_for
from pgsim.results import PARTS_OF_ENERGY, Result, Row
from pgsim.results.numbers import decimal, percent, quantity, scaled, whole
from pgsim.text import counted


def print_result(result: Result, scheme: str) -> None:
    """Print what ran, the table of its layers, and the network's figures."""
    paragraph(
        f"{result.trace.name} ({masks_of(result.trace)}), {_images(result)}, "
        f"on {result.arch.name}, scheme {scheme};\nper image, {result.arch.mapping.label}:"
    )
    show(layer_table(result))
    paragraph()
    for line in summary_lines(result):
        paragraph(line)


def _images(result: Result) -> str:
    """Return of how many images a result is, and that these are all whose operands are known."""
    images = counted(result.images, "image")
    return f"operands of {images}" if result.arch.pe.by_values else images


def layer_table(result: Result) -> Table:
    """Return the most telling columns of every layer, and of the network in the last row.

    Cycles and energy are those of an image.
    """
    rows = result.rows_and_network
    energy_unit, energies = scaled([row["energy_pj"] / result.images * 1e-12 for row in rows], "J")
    columns = {
        "layer": [row["layer"] for row in rows],
        "mask\n%": percent(row["mask_density"] for row in rows),
        "bits": decimal((row["average_bits"] for row in rows), 2),
        "cycles": whole(row["cycles"] / result.images for row in rows),
        "MSB\n%": _shares(rows, "msb_cycles", "cycles"),
        "LSB\n%": _shares(rows, "lsb_cycles", "cycles"),
        "bubble\n%": _shares(rows, "bubble_cycles", "cycles"),
        "stall\n%": _shares(rows, "stall_cycles", "cycles"),
        "issued\n%": _shares(rows, "lsb_slots_issued", "lsb_slots_dense"),
        "use\n%": percent(row["pe_utilization"] for row in rows),
        f"energy\n{energy_unit}": energies,
    }
    return table(columns, total=True)


def summary_lines(result: Result) -> list[str]:
    """Return the network's figures, those of time and energy per image."""
    summary, images = result.summary, result.summary["images"]
    batch = min(result.arch.batch, images)
    spread = f"over batches of {batch}" if batch > 1 else "over images"
    moved = (
        quantity(summary["dram_read_bytes"] / images, "B"),
        quantity(summary["dram_write_bytes"] / images, "B"),
    )
    parts = ", ".join(
        f"{name.removeprefix('energy_').removesuffix('_pj')} "
        f"{summary[name] / summary['energy_pj']:.0%}"
        for name in PARTS_OF_ENERGY
    )
    gated, macs = decimal([summary["gated_average_bits"], summary["mac_average_bits"]], 3)
    return [
        f"cycles/image      {summary['cycles_per_image']:,.1f} "
        f"(median {summary['cycles_per_image_median']:,.1f}, "
        f"p5 {summary['cycles_per_image_p5']:,.1f}, "
        f"p95 {summary['cycles_per_image_p95']:,.1f} {spread})",
        f"time/image        {quantity(summary['time_us'] / images * 1e-6, 's')}",
        f"energy/image      {quantity(summary['energy_pj_per_image'] * 1e-12, 'J')} ({parts})",
        f"energy x delay    {quantity(summary['energy_delay_product_pj_s'] * 1e-12, 'J s')}",
        f"DRAM/image        {moved[0]} read, {moved[1]} written",
        f"average bits      {gated} over gated outputs, {macs} over MACs",
        f"PE utilization    {summary['pe_utilization']:.1%}",
        f"area              {summary['area_mm2']:.3f} mm2",
        *_two_arrays_line(result),
        *_cores_line(result),
    ]


def _two_arrays_line(result: Result) -> list[str]:
    """Return a line on how two arrays wait for each other; none of one array (M59)."""
    if not result.arch.array.predictor_share:
        return []
    both, predictor, executor = (
        result.summary[each.column] / result.cycles for each in two_arrays.COUNTS
    )
    return [
        f"two arrays        {both:.1%} of cycles at work at once, {predictor:.1%} the predictor "
        f"waits, {executor:.1%} the executor"
    ]


def _cores_line(result: Result) -> list[str]:
    """Return a line that says how many cores simulated a large trace; none of another."""
    threads = threads_for([each.job for each in result.layer_results], result.images)
    return [f"simulated on      {threads} cores, for its masks are large"] if threads > 1 else []


def _shares(rows: list[Row], part: str, whole_part: str) -> list[str]:
    return percent(row[part] / row[whole_part] if row[whole_part] else float("nan") for row in rows)
