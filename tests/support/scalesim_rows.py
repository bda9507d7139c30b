"""Layers and what SCALE-Sim says of them, as tests/arch/conventions/run_scalesim.py wrote it."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Any, NamedTuple

from designs import design

from pgsim import ArchConfig, GateTrace

_TABLE = Path(__file__).parents[1] / "arch/conventions/scalesim.csv"
_BITS = {"name": "layer", "activation_bits": 8, "weight_bits": 8, "gate": "none"}


class Told(NamedTuple):
    """A layer on an array, and what SCALE-Sim's reports say of it."""

    array: dict[str, Any]
    trace: GateTrace
    total_cycles: int
    overall: float
    mapping: float
    compute: float
    ifmap_reads: int
    filter_reads: int


def told(dataflow: str) -> list[Told]:
    """All layers of a dataflow."""
    with _TABLE.open() as file:
        rows = [row for row in csv.DictReader(file) if row["dataflow"] == dataflow]
    return [_told(row) for row in rows]


def _told(row: dict[str, str]) -> Told:
    keys = {"array.rows": int(row["rows"]), "array.columns": int(row["columns"])}
    layer = _BITS | _LAYERS[row["kind"]](*map(int, row["sizes"].split()))
    return Told(
        keys | {"array.dataflow": row["dataflow"]},
        GateTrace.from_masks({}, [layer], images=1),
        int(row["total_cycles"]),
        *(float(row[name]) for name in ("overall", "mapping", "compute")),
        *(int(row[name]) for name in ("ifmap_reads", "filter_reads")),
    )


def _conv(
    height: int, width: int, rows: int, columns: int, channels: int, filters: int, stride: int
) -> dict[str, Any]:
    """SCALE-Sim rounds an output's size up, for which the input is lengthened here."""
    longer = [-(size - kernel) % stride for size, kernel in ((height, rows), (width, columns))]
    return {
        "op": "conv2d",
        "in_size": [height + longer[0], width + longer[1]],
        "kernel": [rows, columns],
        "stride": [stride, stride],
        "in_channels": channels,
        "out_channels": filters,
    }


def _gemm(m: int, n: int, k: int) -> dict[str, Any]:
    return {"op": "linear", "positions": m, "in_channels": k, "out_channels": n}


_LAYERS = {"conv": _conv, "gemm": _gemm}


def ideal(array: dict[str, Any], **changes: Any) -> ArchConfig:
    """The design of these keys, counted as SCALE-Sim counts, with DRAM that takes no time."""
    return design(
        {"array.convention": "scalesim", "memory.dram.model": "ideal"}
        | {"memory.output_sram.kib": 4096}
        | array
        | changes
    )
