"""pgsim simulate: one trace on one design, layer by layer."""

from __future__ import annotations

from itertools import combinations
from pathlib import Path
from typing import NamedTuple

import click

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
from pgsim.cli.output import paragraph
from pgsim.cli.result_tables import print_result
from pgsim.cli.streams import say
from pgsim.errors import InputError
from pgsim.files import check_new_file
from pgsim.model.work_store import WorkStore
from pgsim.results import Result
from pgsim.results.reports import REPORTS, write_reports
from pgsim.results.table_files import check_table_path, write_table
from pgsim.study.dram_trace import write_dram_trace
from pgsim.study.nests import explain as explained_nest
from pgsim.study.simulation import simulate
from pgsim.study.timeline import check_timeline_path, write_timeline
from pgsim.workload import GateTrace, layers_with_operands, load_trace
from pgsim.writing import check_new_folder

_WITH_OPERANDS = "operands"


def _check_timeline_path(
    ctx: click.Context, param: click.Parameter, path: Path | None
) -> Path | None:
    return path if path is None else check_timeline_path(path)


def _check_trace_path(ctx: click.Context, param: click.Parameter, path: Path | None) -> Path | None:
    return path if path is None else check_new_file(path)


class _Files(NamedTuple):
    """What is written beside what is printed; None where nobody asks for it.

    output: a table, or the folder of reports where some are asked for.
    """

    output: Path | None
    reports: str | None
    timeline: Path | None
    dram_trace: Path | None
    array_use: Path | None

    def check(self) -> None:
        """Refuse, before any work is done, what cannot be written, and two files of one name."""
        if self.reports is None:
            if self.output is not None:
                check_table_path(self.output)
        elif self.output is None:
            raise InputError(
                f"--reports {self.reports}: expected -o DIR, the folder of the reports"
            )
        else:
            check_new_folder(self.output)
        files = {
            "the table": self.output,
            "the timeline": self.timeline,
            "the requests": self.dram_trace,
            "the map of the array": self.array_use,
        }
        asked = {what: path for what, path in files.items() if path is not None}
        for (what, path), (other, again) in combinations(asked.items(), 2):
            if path == again:
                raise InputError(f"{path}: {what} and {other} cannot be one file")

    @property
    def of_all_batches(self) -> bool:
        """Whether the layers run once more for some of them."""
        return self.timeline is not None or self.dram_trace is not None

    def write(self, result: Result, store: WorkStore | None) -> None:
        """Write all that is asked for."""
        if self.output is not None and self.reports is None:
            write_table(result.layers, self.output)
        if self.output is not None and self.reports is not None:
            write_reports(result, self.output, kind=self.reports)
        if self.timeline is not None:
            write_timeline(result, self.timeline, store=store)
        if self.array_use is not None:
            plots.plot_array_use(result, self.array_use)
        if self.dram_trace is not None:
            count = write_dram_trace(result, self.dram_trace, store=store)
            say(f"{self.dram_trace}: {count:,} requests, one a line", err=True)


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
    files = _Files(output, reports, timeline, dram_trace, array_use)
    files.check()
    store = WorkStore() if files.of_all_batches else None
    result = simulate(
        _of_layers(load_trace(trace, verify=verify), layers),
        chosen_arch(arch, settings),
        scheme,
        per_image=per_image,
        calibration_images=calibration_images,
        objective=objective,
        store=store,
    )
    nest = [] if explain is None else ["", *explained_nest(result, explain)]
    files.write(result, store)
    print_result(result, scheme)
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
