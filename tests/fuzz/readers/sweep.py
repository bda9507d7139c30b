"""Sweep files: traces, designs, schemes and axes, in YAML."""

from __future__ import annotations

from functools import cached_property
from math import prod
from pathlib import Path

from shipped import fixed_order_file

from fuzz.mutators.yaml_edits import YAML_EDITS
from fuzz.reader import Reader
from fuzz.readers.margins import MARGINS
from fuzz.readers.small import gated_trace
from fuzz.rows import check_rows
from pgsim import load_sweep, save_trace, sweep
from pgsim.masks import save_margins
from pgsim.study.sweeps import sweep_points

_MOST_RUN = 8  # points that are simulated
_MOST_CHECKED = 300  # points that are checked
_FILES = (
    b"traces: [tiny]\narchs: [pg_os.yaml]\nschemes: [pg, full]\naxes:\n  array.rows: [4, 8]\n",
    b"traces: [tiny]\narchs:\n  - pg_ws.yaml\naxes:\n  lsb.scheduler: [dense, skip, combine]\n"
    b"  batch: [1, 2]\ncalibration_images: 1\n",
    b"traces: [moved]\narchs: [pg_os]\nschemes: [pg]\naxes: {threshold_shift: [-0.5, 0, 0.5]}\n",
    b"traces: [tiny]\narchs: [pg_serial.yaml]\naxes:\n  weight_bits: [4, null]\n"
    b"  activation_bits: [6]\n  memory.double_buffered: [true, false]\n",
)


class SweepReader(Reader):
    """`load_sweep`, the check of all points, and a run of those that are few."""

    name = "sweep"
    suffix = ".yaml"
    mutators = YAML_EDITS
    plain_inputs = 150

    @cached_property
    def valid(self) -> tuple[bytes, ...]:
        """Sweeps of small traces, with axes of all kinds, mostly of designs in the fixed order."""
        return _FILES

    def prepare(self, folder: Path) -> None:
        """Write the traces, one with margins, and the designs in the fixed order."""
        for name in ("pg_os", "pg_ws", "pg_serial"):
            fixed_order_file(name, folder)
        save_trace(gated_trace(), folder / "tiny")
        trace, margins = MARGINS.cases[1]
        save_trace(trace, folder / "moved")
        save_margins(margins, folder / "moved")

    def use(self, path: Path) -> None:
        """Read a sweep; check its points if they are not too many, and run them if they are few."""
        spec = load_sweep(path)
        sizes = (spec.traces, spec.archs, spec.schemes, *spec.axes.values())
        points = prod(map(len, sizes))
        if points <= _MOST_RUN:
            check_rows(sweep(spec, jobs=1).to_dict("records"))
        elif points <= _MOST_CHECKED:
            sweep_points(spec)


SWEEP = SweepReader()
