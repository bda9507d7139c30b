"""pgsim simulate: one trace on one design, layer by layer."""

from __future__ import annotations

from itertools import combinations
from pathlib import Path

import click
from rich.table import Table

from pgsim import plots
from pgsim.cli.options import (
    ARCH,
    TRACE,
    calibration_option,
    chosen_arch,
    figure_option,
    objective_option,
    settings_option,
    verify_option,
)
from pgsim.cli.output import masks_of, paragraph, show, table
from pgsim.cli.streams import say
from pgsim.errors import InputError
from pgsim.files import check_new_file
from pgsim.model import two_arrays
from pgsim.model.layer import threads_for
from pgsim.model.work_store import WorkStore
from pgsim.results import PARTS_OF_ENERGY, Result, Row
from pgsim.results.numbers import decimal, percent, quantity, scaled, whole
from pgsim.results.reports import REPORTS, write_reports
from pgsim.results.table_files import check_table_path, write_table
from pgsim.study.dram_trace import write_dram_trace
from pgsim.study.nests import explain as explained_nest
from pgsim.study.simulation import simulate
from pgsim.study.timeline import check_timeline_path, write_timeline
from pgsim.text import counted
from pgsim.workload import GateTrace, layers_with_operands, load_trace
from pgsim.writing import check_new_folder

_WITH_OPERANDS = "operands"


def _check_timeline_path(
    ctx: click.Context, param: click.Parameter, path: Path | None
) -> Path | None:
    return path if path is None else check_timeline_path(path)


def _check_trace_path(ctx: click.Context, param: click.Parameter, path: Path | None) -> Path | None:
    return path if path is None else check_new_file(path)


def _check_output(output: Path | None, reports: str | None) -> None:
    """Refuse, before any work is done, what no table can be written to, or no reports."""
    if reports is None:
        if output is not None:
            check_table_path(output)
    elif output is None:
        raise InputError(f"--reports {reports}: expected -o DIR, the folder of the reports")
    else:
        check_new_folder(output)


def _check_apart(files: dict[str, Path]) -> None:
    """Refuse two files of one name; files: by what is written to each."""
    for (what, path), (other, again) in combinations(files.items(), 2):
        if path == again:
            raise InputError(f"{path}: {what} and {other} cannot be one file")


@click.command("simulate")
@click.argument("trace", type=TRACE)
@click.option("--arch", type=ARCH, required=True, help="The design: a file or a shipped name.")
@click.option("--scheme", default="pg", show_default=True, help="See pgsim schemes.")
@settings_option
@calibration_option
@verify_option
@objective_option
@click.option(
    "--layers", metavar="NAMES",
    help="Only these layers: names with commas, or operands: those whose integers the trace has.",
)  # fmt: skip
@click.option("--explain", metavar="LAYER", help="Print the loops of a layer too.")
@click.option("--per-image", is_flag=True, help="Keep images apart in -o; needs batch=1.")
@click.option(
    "-o",
    "--output",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="Write the whole table of layers, as .csv, .parquet or .json; with --reports, their "
    "folder.",
)
@click.option(
    "--reports",
    type=click.Choice(list(REPORTS)),
    help="Write reports as another simulator has them, to the folder that -o names.",
)
@click.option(
    "--timeline",
    type=click.Path(path_type=Path),
    callback=_check_timeline_path,
    metavar="FILE",
    help="Write when passes, transfers and waits begin and end, as a Chrome trace in .json.",
)
@figure_option(
    "--array-use", meaning="Draw how much each PE of the array does, as .png, .svg or .pdf."
)
@click.option(
    "--dram-trace",
    type=click.Path(path_type=Path),
    callback=_check_trace_path,
    metavar="FILE",
    help="Write every request to DRAM, in the format of Ramulator's memory traces.",
)
def command(
    trace: str,
    arch: str,
    scheme: str,
    settings: tuple[str, ...],
    calibration_images: int | None,
    verify: bool,
    objective: str | None,
    layers: str | None,
    explain: str | None,
    per_image: bool,
    output: Path | None,
    reports: str | None,
    timeline: Path | None,
    array_use: Path | None,
    dram_trace: Path | None,
) -> None:
    """Simulate TRACE on a design, layer by layer.

    \b
    The columns that it prints:
      mask %    gates that are open; the network's over its gated layers
      bits      activation bits of an output, over the passes of the scheme
      cycles    of an image, of which
      MSB %       the first pass takes
      LSB %       the later passes take
      bubble %    the array waits for its own pipeline
      stall %     the array waits for SRAM ports or DRAM
      issued %  slots of the later passes that the scheduler issues, of those
                that it would issue if every gate were open
      use %     useful bit operations, of those that the array has room for
      energy    of an image

    PEs that go by the values of operands (MODEL.md, M58) run the images
    whose integers lie beside TRACE, and refuse layers that have none.

    -o writes every column there is, summed over all images; pgsim.COLUMNS
    says what each of them means.

    --reports scalesim writes COMPUTE_REPORT.csv and DETAILED_ACCESS_REPORT.csv,
    of an image; --reports timeloop writes action_counts.yaml of all images,
    with ERT.yaml and ART.yaml (MODEL.md, M51).

    --timeline writes what happens when: open the file at ui.perfetto.dev or in
    another viewer of Chrome traces. Layers follow each other, with all their
    batches. 1 us of the viewer is 1 cycle. What repeats is merged.

    --array-use draws, for the network and each layer, which part of its peak
    each PE does: rows and columns that folds leave unused, and lanes that
    wait for others (MODEL.md, M27).

    --dram-trace writes a line for each burst: its address, R or W, and the
    cycle. Layers follow each other, with all their batches (MODEL.md, M44).
    """
    _check_output(output, reports)
    files = {
        "the table": output,
        "the timeline": timeline,
        "the requests": dram_trace,
        "the map of the array": array_use,
    }
    _check_apart({what: path for what, path in files.items() if path is not None})
    again = timeline is not None or dram_trace is not None  # they run the layers once more
    store = WorkStore() if again else None
    result = simulate(
        _of_layers(load_trace(trace, verify=verify), layers),
        chosen_arch(arch, settings),
        scheme,
        per_image=per_image,
        calibration_images=calibration_images,
        objective=objective,
        store=store,
    )
    nest = [] if explain is None else explained_nest(result, explain)
    if output is not None and reports is None:
        write_table(result.layers, output)
    if output is not None and reports is not None:
        write_reports(result, output, kind=reports)
    if timeline is not None:
        write_timeline(result, timeline, store=store)
    if array_use is not None:
        plots.plot_array_use(result, array_use)
    if dram_trace is not None:
        count = write_dram_trace(result, dram_trace, store=store)
        say(f"{dram_trace}: {count:,} requests, one a line", err=True)
    paragraph(
        f"{result.trace.name} ({masks_of(result.trace)}), {_images(result)}, "
        f"on {result.arch.name}, scheme {scheme};\nper image, {result.arch.mapping.label}:"
    )
    show(layer_table(result))
    paragraph()
    for line in summary_lines(result):
        paragraph(line)
    if nest:
        paragraph()
    for line in nest:
        paragraph(line)
    paragraph("\npgsim simulate --help says what the columns are.")


def _of_layers(trace: GateTrace, names: str | None) -> GateTrace:
    """Return a trace of the layers that a person asked for, or all."""
    if names is None:
        return trace
    if names == _WITH_OPERANDS:
        return layers_with_operands(trace)
    return trace.of_layers(names.split(","))


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
    summary, batch = result.summary, result.arch.batch
    images = summary["images"]
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
