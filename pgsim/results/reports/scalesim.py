"""`scalesim`: two of SCALE-Sim's reports, with the headers of its version 3.0.0.

Figures are of an image: whole where all images are alike, else their mean. SCALE-Sim's words are of
a byte, so accesses are bytes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

from pgsim.errors import InputError
from pgsim.results.layer_results import LayerResult
from pgsim.results.reports.report import Report
from pgsim.results.rows import Row
from pgsim.results.tables import Result

Cell = Callable[[Row, LayerResult], float | None]


class ScaleSimReports(Report):
    """COMPUTE_REPORT.csv and DETAILED_ACCESS_REPORT.csv, a row a layer."""

    name = "scalesim"
    description = "SCALE-Sim's COMPUTE_REPORT.csv and DETAILED_ACCESS_REPORT.csv"

    def files(self, result: Result) -> Mapping[str, str]:
        """Return both reports; raises InputError for a design of two arrays (M59)."""
        if result.arch.array.predictor_share:
            raise InputError(
                f"{result.arch.name}: array.predictor_share: SCALE-Sim's reports know one array: "
                "expected 0"
            )
        return {name: _text(result, columns) for name, columns in _REPORTS.items()}


def _text(result: Result, columns: Mapping[str, Cell]) -> str:
    """Return a report as SCALE-Sim writes it: with spaces, and a comma at the end of lines."""
    lines = [["LayerID", *columns]]
    layers = zip(result.rows, result.layer_results, strict=True)
    for number, (row, layer) in enumerate(layers):
        lines.append([str(number), *(_shown(cell(row, layer)) for cell in columns.values())])
    return "".join(f"{', '.join(line)},\n" for line in lines)


def _shown(value: float | None) -> str:
    if value is None:
        return ""
    return str(int(value)) if value == int(value) else repr(float(value))


def _of_image(column: str) -> Cell:
    return lambda row, layer: row[column] / row["images"]


def _percent(part: float, whole: float) -> float:
    return 100 * part / whole if whole else 0.0


def _overall(row: Row, layer: LayerResult) -> float:
    """Return the MACs of an image, of those of all PEs in all cycles."""
    return _percent(row["macs"], row["cycles"] * layer.job.arch.pes)


def _mapped(row: Row, layer: LayerResult) -> float:
    """Return the PEs that work, of all, while steps enter the array."""
    return _percent(_busy(row), _steady(row) * layer.job.arch.pes)


def _computing(row: Row, layer: LayerResult) -> float:
    """Return the PEs that work, of all, over the array's cycles."""
    return _percent(_busy(row), (_steady(row) + row["bubble_cycles"]) * layer.job.arch.pes)


def _busy(row: Row) -> int:
    busy: int = row["msb_busy_pe_cycles"] + row["lsb_busy_pe_cycles"]
    return busy


def _steady(row: Row) -> int:
    steady: int = row["msb_cycles"] + row["lsb_cycles"]
    return steady


def _unknown(row: Row, layer: LayerResult) -> None:
    """Return nothing: a result does not tell when the first and the last access were."""


def _accesses() -> Iterable[tuple[str, Cell]]:
    """Yield the columns of accesses: start and stop, which pgsim does not know, and how many."""
    for memory, columns in _ACCESSES.items():
        for operand, column in columns.items():
            yield f"{memory} {operand} Start Cycle", _unknown
            yield f"{memory} {operand} Stop Cycle", _unknown
            way = "Writes" if column.endswith("_write_bytes") else "Reads"
            yield f"{memory} {operand} {way}", _of_image(column)


_ACCESSES = {
    "SRAM": {
        "IFMAP": "activation_sram_read_bytes",
        "Filter": "weight_sram_read_bytes",
        "OFMAP": "output_sram_write_bytes",
    },
    "DRAM": {
        "IFMAP": "dram_activation_read_bytes",
        "Filter": "dram_weight_read_bytes",
        "OFMAP": "dram_write_bytes",
    },
}
_REPORTS: Mapping[str, Mapping[str, Cell]] = {
    "COMPUTE_REPORT.csv": {
        "Total Cycles (incl. prefetch)": _of_image("cycles"),
        "Total Cycles": _of_image("cycles"),
        "Stall Cycles": _of_image("stall_cycles"),
        "Overall Util %": _overall,
        "Mapping Efficiency %": _mapped,
        "Compute Util %": _computing,
    },
    "DETAILED_ACCESS_REPORT.csv": dict(_accesses()),
}
